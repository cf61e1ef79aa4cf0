"""What a run leaves behind is not the next one's: in its process, its threads and tasks, the children it forks."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import Any

import pytest
from blazy_jobs.testing import run_job

from tests.client.conftest import Start
from tests.client.peer import Peer
from tests.field.jobs import leaves
from tests.support.speed import stretched

pytestmark = pytest.mark.system
LEAVES = leaves.__file__


def said(peer: Peer, run: str) -> list[str]:
    return [line["message"] for line in peer.said(run, "log")]


async def result(peer: Peer, job: str, payload: Any = None, **run: Any) -> Any:
    outcome = await peer.outcome(await peer.add(job, payload, **run))
    assert outcome["type"] == "completed", outcome
    return outcome["result"]


@pytest.mark.parametrize("suffix", ["", "-wrapped"])
async def test_a_slot_is_as_it_was_before_each_run(peer: Peer, start: Start, suffix: str) -> None:
    await start(LEAVES, JOBS_WORKER_SLOTS=1)
    before = await result(peer, f"looks{suffix}")
    await result(peer, f"pollutes{suffix}")
    after = await result(peer, f"looks{suffix}")
    assert after == before, "in the same process"


async def test_a_slot_that_cannot_be_as_it_was_is_replaced(peer: Peer, start: Start) -> None:
    await start(LEAVES, JOBS_WORKER_SLOTS=1)
    before = await result(peer, "looks")
    await result(peer, "lowers-a-limit-for-good")
    after = await result(peer, "looks")
    assert after.pop("pid") != before.pop("pid")
    assert after == before


async def test_an_alone_slot_is_as_it_was_too(peer: Peer, start: Start) -> None:
    await start(LEAVES)
    before = await result(peer, "looks", alone=True)
    await result(peer, "pollutes", alone=True)
    after = await result(peer, "looks", alone=True)
    assert {**after, "pid": 0} == {**before, "pid": 0}


async def test_a_thread_that_is_left_behind_does_not_speak_for_the_next_run(
    peer: Peer, start: Start, tmp_path: Path
) -> None:
    worker = await start(LEAVES, JOBS_WORKER_SLOTS=1)
    first = await peer.add("leaves-a-thread", str(tmp_path))
    await peer.outcome(first)
    second = await peer.add("wakes-it", str(tmp_path))
    await peer.outcome(second)
    assert (said(peer, first), said(peer, second)) == ([], ["its own"])
    assert peer.said(second, "progress") == []
    lines = [line for line in worker.words().splitlines() if "from a thread left behind" in line]
    assert len(lines) == 1
    assert first in lines[0]
    assert "from its context" in worker.words()


async def test_a_pool_that_is_kept_speaks_for_the_run_that_uses_it(peer: Peer, start: Start) -> None:
    await start(LEAVES, JOBS_WORKER_SLOTS=1)
    for word in ("one", "two", "three"):
        run = await peer.add("logs-in-a-pool", word)
        await peer.outcome(run)
        assert said(peer, run) == [word]


async def test_a_task_that_outlives_its_run_speaks_on_stderr(peer: Peer, start: Start, tmp_path: Path) -> None:
    worker = await start(LEAVES)
    run = await peer.add("outlived-by-a-task", str(tmp_path))
    await peer.outcome(run)
    (tmp_path / "go").touch()
    async with asyncio.timeout(stretched(20)):
        while not (tmp_path / "spoke").exists():  # noqa: ASYNC110  # a file tells nobody
            await asyncio.sleep(0.01)
    assert said(peer, run) == ["begun"]
    for word in ("from a task that outlived its run", "from its context"):
        assert [run in line for line in worker.words().splitlines() if word in line] == [True]


@pytest.mark.parametrize("job", ["forks", "forks-async", "forks-thread"])
async def test_a_forked_child_speaks_on_stderr(peer: Peer, start: Start, job: str) -> None:
    worker = await start(LEAVES)
    run = await peer.add(job)
    assert (await peer.outcome(run))["result"] == 0
    assert said(peer, run) == []
    for word in ("from a forked child", "from the child's context"):
        assert [run in line for line in worker.words().splitlines() if word in line] == [True]


@pytest.mark.parametrize("job", ["terminates", "terminates-async", "terminates-thread", "terminates-alone"])
async def test_children_of_a_handler_obey_signals(peer: Peer, start: Start, job: str) -> None:
    await start(LEAVES)
    outcome = await peer.outcome(await peer.add(job, timeout_seconds=60), seconds=50)
    assert outcome.get("result") == [-15, 7, 1, 2], outcome


def test_a_rehearsed_run_leaves_the_test_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ada")

    @leaves.Jobs().job
    def pollutes() -> None:
        leaves.user.set("ada")
        os.chdir("/")
        os.environ["LEFT_BEHIND"] = "yes"
        del os.environ["HOME"]

    before = leaves.state()
    assert run_job(pollutes).state == "completed"
    assert leaves.state() == before
