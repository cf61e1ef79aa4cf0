"""A worker that is stopped past its lease and then goes on cannot write anything."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.faults.checker import check
from tests.faults.history import Asked, History, read_trace
from tests.support.server import Server, wait_until
from tests.system.hostility import events_of, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]

LEASE_SECONDS = 2.0
JOBS = ["nap", "grind"]


def holder(server: Server, client: httpx.Client, run: str) -> psutil.Process:
    """The control process of the worker that holds the run."""
    worker = client.get(f"/v1/runs/{run}").json()["worker_id"]
    name = next(w["name"] for w in client.get("/v1/workers").json()["data"] if w["id"] == worker)
    return next(p for p in server.controls() if name.partition("/")[0] in p.cmdline())


def alive(processes: list[psutil.Process]) -> list[psutil.Process]:
    return [p for p in processes if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]


def judge(client: httpx.Client, run: str, trace: Path, frozen: set[int]) -> dict[str, Any]:
    """The run, after the checker has found nothing wrong with it."""
    body = wait_for(client, run, 30)
    history = History(frozen=frozen, trace=read_trace(trace))
    nonce = body["payload"]["nonce"]
    history.asked[nonce] = Asked(nonce, body["job_type"])
    history.answers.append((nonce, run))
    history.runs[run] = body
    history.events[run] = events_of(client, run)
    history.attempts[run] = client.get(f"/v1/runs/{run}/attempts").json()["data"]
    assert [str(violation) for violation in check(history)] == []
    return body


@pytest.fixture
def stage(tmp_path: Path, serve: Callable[..., Server]) -> tuple[Server, Path]:
    env = {
        "JOBS_LEASE_SECONDS": f"{LEASE_SECONDS:g}",
        "JOBS_HEARTBEAT_SECONDS": "0.5",
        "FAULTS_TRACE": str(tmp_path / "trace"),
    }
    return serve("tests.faults.jobs", workers=2, env=env), tmp_path / "trace"


def begin(client: httpx.Client, trace: Path, job: str, seconds: float) -> str:
    """A run whose handler is at work."""
    payload = {"nonce": f"stopped-{job}", "seconds": seconds}
    run: str = client.post(f"/v1/job-types/{job}/runs", json={"payload": payload}).json()["id"]
    wait_until(lambda: any(mark.run == run for mark in read_trace(trace)), "the handler has begun")
    return run


@pytest.mark.parametrize("job", JOBS)
def test_a_worker_that_was_stopped_past_its_lease_cannot_write(stage: tuple[Server, Path], job: str) -> None:
    server, trace = stage
    with server.client() as client:
        run = begin(client, trace, job, 4)
        control = holder(server, client, run)
        stopped = [control, *control.children(recursive=True)]
        for process in stopped:
            process.suspend()
        try:
            wait_until(lambda: _moved_on(client, run), "the run goes on elsewhere", 40)
        finally:
            for process in stopped:
                os.kill(process.pid, signal.SIGCONT) if process.is_running() else None
        body = judge(client, run, trace, {process.pid for process in stopped})
        assert body["state"] == "completed"
        assert body["attempt"] == 1
        events = [event for event in events_of(client, run) if event["type"] not in ("progress", "log")]
        assert [event["type"] for event in events][:4] == ["queued", "started", "interrupted", "started"]
        # Released where a claim of the stopped worker still waits, else lost; and on a busy machine the next holder may
        # give it back once more before it begins.
        reasons = [event["data"]["reason"] for event in events if event["type"] == "interrupted"]
        assert set(reasons) <= {"lost", "released"}
        for n in range(20):
            quick = client.post("/v1/job-types/quick/runs", json={"payload": {"nonce": str(n)}}).json()["id"]
            assert wait_for(client, quick)["state"] == "completed"


def _moved_on(client: httpx.Client, run: str) -> bool:
    return sum(event["type"] == "started" for event in events_of(client, run)) >= 2


@pytest.mark.parametrize("job", JOBS)
def test_handlers_whose_control_process_is_stopped_end_before_another_begins(
    stage: tuple[Server, Path], job: str
) -> None:
    """Nobody renews their lease: they must be gone when it is given to another."""
    server, trace = stage
    with server.client() as client:
        run = begin(client, trace, job, 6)
        control = holder(server, client, run)
        children = control.children(recursive=True)
        control.suspend()
        try:
            wait_until(lambda: _moved_on(client, run), "the run goes on elsewhere", 40)
            wait_until(lambda: not alive(children), "its own handlers have ended", 5)
        finally:
            if control.is_running():
                control.resume()
        body = judge(client, run, trace, set())
        assert (body["state"], body["attempt"]) == ("completed", 1)
