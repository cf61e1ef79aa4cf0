"""Job schedulers of BullMQ whose jobs our workers take: the next is made as Node's own worker makes it."""

from __future__ import annotations

import hashlib
import json
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from blazy_jobs_server.queues import node_cron
from tests.bullmq.node_agent import NodeAgent
from tests.bullmq.scene import QUEUE, Scene

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
StartScene = Callable[..., Scene]
TWIN = "twin"
"""A queue of the same, with a worker in Node."""


def completed(stage: Scene, count: int, name: str = "noop") -> list[Any]:
    """At least so many completed runs, oldest first."""
    stage.until(lambda: len(stage.runs(job_type=name, state="completed")) >= count, f"{count} runs are completed", 60)
    return list(reversed(stage.runs(job_type=name, state="completed")))


def waiting(node: NodeAgent, queue: str = QUEUE) -> list[Any]:
    found: list[Any] = node.ask("jobs", queue=queue, states=["delayed", "wait", "prioritized", "active"])
    return found


def test_an_interval_goes_on_while_ours_take_its_jobs(scene: StartScene, node: NodeAgent) -> None:
    stage = scene()
    node.ask("scheduler", queue=QUEUE, id="beat", repeat={"every": 400}, template={"name": "noop", "data": {"n": 1}})
    runs = completed(stage, 4)
    assert all(stage.run(run["id"])["payload"] == {"n": 1} for run in runs[:4])
    [scheduler] = node.ask("schedulers", queue=QUEUE)
    assert scheduler["iterationCount"] >= 4
    node.ask("removeScheduler", queue=QUEUE, id="beat")
    stage.until(lambda: not waiting(node), "nothing follows")


def test_a_pattern_with_seconds_goes_on(scene: StartScene, node: NodeAgent) -> None:
    stage = scene()
    node.ask("scheduler", queue=QUEUE, id="second", repeat={"pattern": "* * * * * *"}, template={"name": "noop"})
    completed(stage, 3)
    [following] = [job for job in waiting(node) if job["name"] == "noop"][:1]
    assert int(following["id"].rsplit(":", 1)[1]) % 1000 == 0


REPEATS: list[dict[str, Any]] = [
    {"pattern": "0 30 9 * * 1", "tz": "Europe/Berlin"},
    {"pattern": "15 10 L * *"},
    {"pattern": "0 0 6 * * MON-FRI", "tz": "America/New_York", "limit": 2},
    {"pattern": "0 0 12 1 1 *", "endDate": 4102444800000},
    {"pattern": "0 3 * * *", "immediately": True, "tz": "Asia/Tokyo"},
    {"every": 3_600_000, "limit": 5},
    {"every": 86_400_000, "offset": 1_000},
]
TEMPLATE = {"name": "noop", "data": {"a": ["ü", 1]}, "opts": {"attempts": 3, "priority": 5, "removeOnFail": True}}
MOVING = {"delay", "timestamp", "jobId", "prevMillis", "repeat"}


def test_the_next_job_is_the_one_that_node_makes(scene: StartScene, node: NodeAgent) -> None:
    stage = scene()
    node.ask("work", queue=TWIN)
    for n, repeat in enumerate(REPEATS):
        ours, theirs = (next_of(stage, node, queue, f"s{n}", repeat) for queue in (QUEUE, TWIN))
        if "pattern" in repeat:
            assert ours["id"] == theirs["id"], repeat
        for name in ("name", "data", "repeatJobKey"):
            assert ours[name] == theirs[name], (name, repeat)
        assert chosen(ours["opts"]) == chosen(theirs["opts"]), repeat
        assert chosen(ours["opts"]["repeat"]) == chosen(theirs["opts"]["repeat"]), repeat
        counts = [
            next(s["iterationCount"] for s in node.ask("schedulers", queue=queue) if s["key"] == f"s{n}")
            for queue in (QUEUE, TWIN)
        ]
        assert counts[0] == counts[1], repeat


def next_of(stage: Scene, node: NodeAgent, queue: str, scheduler: str, repeat: dict[str, Any]) -> Any:
    """The job that was made when the first one had begun."""
    first = node.ask("scheduler", queue=queue, id=scheduler, repeat=repeat, template=TEMPLATE)
    if any(job["id"] == first and job["delay"] for job in waiting(node, queue)):
        node.ask("promote", queue=queue, id=first)
    stage.until(lambda: (node.ask("job", queue=queue, id=first) or {}).get("state") == "completed", f"{repeat} began")

    def following() -> list[Any]:
        return [job for job in waiting(node, queue) if job["repeatJobKey"] == scheduler]

    [found] = stage.until(following, f"{repeat} goes on")
    return found


def chosen(opts: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in opts.items() if value is not None and name not in MOVING}


def test_a_limit_ends_it(scene: StartScene, node: NodeAgent) -> None:
    stage = scene()
    node.ask("scheduler", queue=QUEUE, id="thrice", repeat={"every": 200, "limit": 3}, template={"name": "noop"})
    completed(stage, 3)
    stage.until(lambda: not waiting(node), "nothing is left")
    assert len(stage.runs(job_type="noop")) == 3


def test_an_attempt_that_comes_again_makes_no_second_next(scene: StartScene, node: NodeAgent) -> None:
    stage = scene()
    repeat = {"every": 3_600_000}
    template = {"name": "flaky", "opts": {"attempts": 3, "backoff": {"type": "fixed", "delay": 100}}}
    node.ask("scheduler", queue=QUEUE, id="hourly", repeat=repeat, template=template)
    [run] = completed(stage, 1, "flaky")
    assert run["attempt"] == 3
    stage.until(lambda: node.ask("counts", queue=QUEUE)["completed"] == 1, "the job has ended, too")
    assert len(waiting(node)) == 1


def test_the_scheduler_outlives_a_killed_server(scene: StartScene, node: NodeAgent) -> None:
    stage = scene()
    node.ask("scheduler", queue=QUEUE, id="beat", repeat={"every": 300}, template={"name": "noop"})
    completed(stage, 2)
    stage.server.kill()
    stage.server.start()
    stage.again()
    before = len(stage.runs(job_type="noop", state="completed"))
    completed(stage, before + 3)


def test_a_repeatable_job_from_before_job_schedulers_goes_on(scene: StartScene, node: NodeAgent) -> None:
    """As BullMQ 3 and 4 wrote them; newer workers in Node refuse them."""
    stage = scene()
    key = "noop::::*/1 * * * * *"
    now = int(time.time() * 1000) // 1000 * 1000 + 1000
    job_id = f"repeat:{hashlib.md5(key.encode()).hexdigest()}:{now}"
    opts = {"attempts": 1, "repeat": {"pattern": "*/1 * * * * *", "count": 1}, "jobId": job_id, "prevMillis": now}
    with stage.redis.client() as client:
        client.zadd(f"bull:{QUEUE}:repeat", {key: now})
        fields = {"name": "noop", "data": "{}", "opts": json.dumps(opts), "timestamp": now, "rjk": key, "priority": 0}
        client.hset(f"bull:{QUEUE}:{job_id}", mapping=fields)
        client.zadd(f"bull:{QUEUE}:delayed", {job_id: now * 0x1000})
        client.zadd(f"bull:{QUEUE}:marker", {"1": now})
        client.xadd(f"bull:{QUEUE}:events", {"event": "added", "jobId": job_id, "name": "noop"})
        completed(stage, 3)
        assert client.zscore(f"bull:{QUEUE}:repeat", key) > now
        # Removed, as its owner does.
        client.zrem(f"bull:{QUEUE}:repeat", key)
    stage.until(lambda: not waiting(node), "nothing follows")


PATTERNS = (
    "* * * * *", "30 2 * * *", "0 0 9 * * MON-FRI", "*/7 5-9 * * *", "0 0 L * *", "0 12 * * 5#2", "0 12 * * 1L",
    "15 */6 1,15 * 3", "0 0 29 2 *", "@monthly", "@weekdays", "1/10 * * * * *", "59 59 23 31 12 ?",
)  # fmt: skip
ZONES = (None, "UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "America/Havana")


def test_times_of_patterns_are_those_of_node(node: NodeAgent) -> None:
    """Also around the days on which clocks change."""
    chance = random.Random(34)
    days = [1774731600000, 1793070000000, 1772951400000, 1793512000000]
    for pattern in PATTERNS:
        for zone in ZONES:
            begin = chance.choice(days) + chance.randint(-40, 40) * 3_600_000 + chance.choice([0, 500])
            theirs = node.ask("cronTimes", pattern=pattern, tz=zone, **{"from": begin}, count=6)
            ours, at = [], begin
            for _ in theirs:
                at = node_cron.next_time(pattern, at, zone) or 0
                ours.append(at)
            assert ours == theirs, (pattern, zone, begin)


@pytest.mark.parametrize(
    "pattern", ["61 * * * *", "x * * * *", "1 2 3 4 5 6 7", "1,1 * * * *", "5-1 * * * *", "L * * * *"]
)
def test_what_is_no_pattern_is_an_error(pattern: str) -> None:
    with pytest.raises(ValueError):
        node_cron.next_time(pattern, 0, None)
