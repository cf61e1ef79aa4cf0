"""BullMQ's limits of a whole queue: they hold for our workers, and hold them up no longer than that."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import pytest

from tests.bullmq.node_agent import NodeAgent
from tests.bullmq.scene import QUEUE, Scene

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
StartScene = Callable[..., Scene]


def spans(stage: Scene, run_ids: list[str]) -> list[tuple[datetime, datetime]]:
    runs = [stage.finished(run_id, 60) for run_id in run_ids]
    assert {run["state"] for run in runs} == {"completed"}
    found = [(datetime.fromisoformat(r["started_at"]), datetime.fromisoformat(r["finished_at"])) for r in runs]
    return sorted(found)


def most_at_once(found: list[tuple[datetime, datetime]]) -> int:
    marks = sorted([(begin, 1) for begin, _ in found] + [(end, -1) for _, end in found])
    most = now = 0
    for _, change in marks:
        now += change
        most = max(most, now)
    return most


@pytest.mark.parametrize("limit", [1, 3])
def test_global_concurrency_is_kept_and_filled(scene: StartScene, node: NodeAgent, limit: int) -> None:
    stage = scene()
    node.ask("limit", queue=QUEUE, concurrency=limit)
    found = spans(stage, stage.batch("noop", 40))
    assert most_at_once(found) <= limit
    # One job each five seconds would be 200 s, or 66 s.
    assert (found[-1][1] - found[0][0]).total_seconds() < 25


def test_what_others_end_makes_room_for_ours(scene: StartScene, node: NodeAgent) -> None:
    stage = scene()
    stage.know("theirs")
    node.ask("limit", queue=QUEUE, concurrency=2)
    node.ask("work", queue=QUEUE)
    jobs = [node.ask("add", queue=QUEUE, name="echo", data={"sleep": 50, "n": n}) for n in range(30)]
    stage.until(lambda: len(stage.runs(state="completed")) == len(jobs), "all are done", 25)


def test_a_rate_limit_is_kept_and_filled(scene: StartScene, node: NodeAgent) -> None:
    stage = scene()
    node.ask("limit", queue=QUEUE, max=5, duration=1000)
    found = spans(stage, stage.batch("noop", 20))
    took = (found[-1][0] - found[0][0]).total_seconds()
    assert 2.5 <= took < 12, took


def test_both_limits_and_delayed_jobs_together(scene: StartScene, node: NodeAgent) -> None:
    stage = scene()
    node.ask("limit", queue=QUEUE, concurrency=1, max=10, duration=1000)
    later = [stage.dispatch("noop", n, delay_seconds=1) for n in range(5)]
    found = spans(stage, [*stage.batch("noop", 15), *later])
    assert most_at_once(found) == 1
    assert (found[-1][1] - found[0][0]).total_seconds() < 25
