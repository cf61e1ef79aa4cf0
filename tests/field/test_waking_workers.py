"""A worker that stood still past its leases begins nothing that others may have begun since."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from pathlib import Path
from typing import Any

import orjson
import psutil
import pytest
from blazy_jobs.worker.held import Held, JobInfo
from blazy_jobs.worker.http import Endpoint
from blazy_jobs.worker.lane import Lane
from blazy_jobs.worker.session import Session

from tests.client.conftest import Start
from tests.client.peer import Peer
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

JOBS = "tests/field/waking.py"


async def still(pid: int) -> None:
    async with asyncio.timeout(stretched(10)):
        while psutil.Process(pid).status() != psutil.STATUS_STOPPED:  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("job", ["notes", "notes-sync"])
@pytest.mark.parametrize("late_seconds", [0.05, 0.4, 3.0])
async def test_a_run_that_was_claimed_before_it_stood_still_does_not_begin(
    peer: Peer, start: Start, tmp_path: Path, job: str, late_seconds: float
) -> None:
    """The claim's answer lies in the socket of the stopped worker for the lease's time, and is read when it wakes."""
    peer.lease_seconds, peer.heartbeat_seconds = 3.0, 1.0
    worker = await start(JOBS)
    first = await peer.add(job, str(tmp_path / "first"))
    assert (await peer.outcome(first))["type"] == "completed"
    await peer.until(lambda: len([claim for claim in peer.claims if claim["worker"].endswith(lane(job))]) > 1)
    tree = [worker.process.pid, *(child.pid for child in psutil.Process(worker.process.pid).children())]
    for pid in tree:
        os.kill(pid, signal.SIGSTOP)
        await still(pid)
    stale = await peer.add(job, str(tmp_path / "stale"))
    await peer.until(lambda: stale in peer.leases)
    await asyncio.sleep(peer.lease_seconds + late_seconds)
    del peer.leases[stale]  # as the server does: the lease has ended, and another worker completes the run
    for pid in tree:
        os.kill(pid, signal.SIGCONT)
    again = await completed(peer, job, str(tmp_path / "again"))
    assert again["type"] == "completed"
    assert not (tmp_path / "stale").exists(), "it began a run whose lease had ended"


class Silent(Session):
    """Its server has answered one claim; reports are kept here."""

    def __init__(self, answer: bytes) -> None:
        super().__init__(Endpoint("http://127.0.0.1:9"), {"name": "tested", "job_types": []}, lambda: None)
        self.answers = [answer]
        self.said: list[dict[str, Any]] = []
        self.told = asyncio.Event()

    async def claim(self, most: int) -> bytes | None:
        if self.answers:
            return self.answers.pop()
        await asyncio.Event().wait()
        return None

    async def report(self, reports: Any, holding: Any, renew: bool = True, **columns: bytes) -> dict[str, Any]:
        self.said += [orjson.loads(report) for report in reports]
        self.told.set()
        self.renewed_at = time.monotonic()
        await asyncio.sleep(0)
        return {"data": [{"status": "accepted", "cancel_requested": False} for _ in reports], "holding": []}


class Beginner:
    """Stands for the worker around a lane: `told` when a run begins."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self.told = asyncio.Event()

    def begin(self, runs: list[Held], raw: bytes | None) -> None:
        self.begun += [held.run_id for held in runs]
        if runs:
            self.told.set()

    def stop(self, held: Held, reason: str) -> None: ...
    def renewed(self) -> None: ...
    def said_something(self) -> None: ...
    def drain(self, reason: str) -> None: ...


@pytest.mark.parametrize(
    ("claimed", "renewed", "begins"), [(20, 15.2, False), (20, 14.6, False), (20, 5, True), (3, 60, True)]
)
async def test_leases_are_begun_only_while_they_hold_for_sure(claimed: float, renewed: float, begins: bool) -> None:
    """Seconds since the claim was sent and since the last answered renewal was; leases hold for 15."""
    lease = {"run": {"id": "run_1", "job_type": "work", "timeout_seconds": 30}, "attempt": 1, "lease_token": "t"}
    session, keeper = Silent(orjson.dumps({"data": [lease]})), Beginner()
    session.claimed_at, session.renewed_at = time.monotonic() - claimed, time.monotonic() - renewed
    lane = Lane(keeper, session, {"work": JobInfo("work", "async", False)}, lambda: 5)
    tasks = [asyncio.create_task(lane.claim()), asyncio.create_task(lane.report())]
    async with asyncio.timeout(stretched(20)):
        await (keeper.told if begins else session.told).wait()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert keeper.begun == (["run_1"] if begins else [])
    assert begins or [report["type"] for report in session.said] == ["released"]


def lane(job: str) -> str:
    return "process" if job.endswith("sync") else "async"


async def completed(peer: Peer, job: str, payload: Any) -> dict[str, Any]:
    while (outcome := await peer.outcome(await peer.add(job, payload), 60))["type"] == "released":
        pass
    return outcome
