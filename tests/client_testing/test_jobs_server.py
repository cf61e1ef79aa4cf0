"""`JobsServer`: a real server, and handlers that are closures of the test."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import psutil
import pytest
from blazy_jobs import CallNext, Client, Job, JobContext, Jobs, MiddlewareRun, RunFailed, Stopped
from blazy_jobs.testing import JobsServer, ServerFailed, ServerNotInstalled
from blazy_jobs.testing import process as server_process
from blazy_jobs.worker.modules import CannotLoad

from tests.support.programs import running

log = logging.getLogger(__name__)


def alive(pid: int) -> bool:
    return psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE


@pytest.fixture(scope="module")
def served() -> Iterator[JobsServer]:
    with JobsServer(env={"JOBS_STOP_GRACE_SECONDS": "1"}) as server:
        yield server


def lines(run: Any) -> list[str]:
    return [event.data["message"] for event in run.events(timeout=20) if event.type == "log"]


@pytest.mark.system
class TestServed:
    def test_closures_of_every_kind_are_run(self, served: JobsServer) -> None:
        jobs, seen = Jobs(), []

        @jobs.middleware
        async def around(run: MiddlewareRun, call_next: CallNext) -> Any:
            log.info("around")
            return [await call_next(run)]

        async def handle(payload: int, ctx: JobContext) -> int:
            ctx.progress(50, "half")
            log.info("inside")
            seen.append(payload)
            return payload * 2

        def handle_sync(payload: int, ctx: JobContext) -> int:
            ctx.progress(50, "half")
            log.info("inside")
            seen.append(payload)
            return payload * 2

        jobs.add(Job("closure-async", handle))
        jobs.add(Job("closure-process", handle_sync))
        jobs.add(Job("closure-thread", handle_sync, isolation="thread"))
        jobs.add(Job("closure-async-process", handle, isolation="process"))
        served.serve(jobs)
        for number, job in enumerate(jobs):
            run = served.client.dispatch(job, number)
            assert run.result(timeout=20) == [number * 2]
            events = list(run.events(timeout=20))
            assert [event.type for event in events] == ["queued", "started", "log", "log", "progress", "completed"] or [
                event.type for event in events
            ] == ["queued", "started", "log", "progress", "log", "completed"]
            assert lines(run) == ["around", "inside"]
        assert seen == [0, 1, 2, 3]

    def test_failures_are_told_and_retried(self, served: JobsServer) -> None:
        jobs = Jobs()
        tried = []

        @jobs.job("flaky", retry={"max_attempts": 3, "backoff": "fixed", "initial_seconds": 0.01})
        def flaky(payload: Any, ctx: JobContext) -> str:
            tried.append(ctx.attempt)
            if ctx.attempt < payload:
                raise ConnectionError("no")
            return "got it"

        served.serve(jobs)
        assert served.client.dispatch(flaky, 3).result(timeout=20) == "got it"
        with pytest.raises(RunFailed, match="no") as failed:
            served.client.dispatch(flaky, 9).result(timeout=20)
        assert failed.value.error["type"] == "ConnectionError"
        assert "raise ConnectionError" in failed.value.error["traceback"]
        assert tried == [1, 2, 3, 1, 2, 3]

    @pytest.mark.parametrize("isolation", ["async", "process", "thread"])
    @pytest.mark.parametrize("reason", ["cancel", "timeout"])
    def test_cancels_and_timeouts_reach_the_handler(self, served: JobsServer, isolation: Any, reason: str) -> None:
        jobs = Jobs()
        ended: list[str] = []

        async def wait(payload: Any, ctx: JobContext) -> None:
            try:
                ctx.progress(1)
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                ended.append("told")
                raise

        def wait_sync(payload: Any, ctx: JobContext) -> None:
            try:
                while not (ctx.cancelled and isolation == "thread"):
                    ctx.progress(1)
                    time.sleep(0.01)
                ctx.raise_if_cancelled()
            except Stopped:
                ended.append("told")
                raise

        handler = wait if isolation == "async" else wait_sync
        timeout = 0.3 if reason == "timeout" else 60
        job = jobs.add(Job(f"wait-{isolation}-{reason}", handler, timeout=timeout, isolation=isolation, retry=0))
        served.serve(jobs)
        run = served.client.dispatch(job)
        if reason == "cancel":
            next(event for event in run.events(timeout=20) if event.type == "progress")
            run.cancel()
        run.wait(timeout=20)
        assert ended == ["told"]
        assert (run.state, (run.error or {}).get("code")) == (
            ("failed", "timeout") if reason == "timeout" else ("cancelled", None)
        )

    @pytest.mark.parametrize("isolation", ["async", "process"])
    def test_who_does_not_end_is_given_up(
        self, served: JobsServer, isolation: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("JOBS_STOP_GRACE_SECONDS", "0.1")
        jobs, gate = Jobs(), threading.Event()

        async def stubborn() -> None:
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(60)
            await asyncio.sleep(60)

        def stubborn_sync(payload: Any, ctx: JobContext) -> None:
            gate.wait(30)
            ctx.progress(1)

        handler = stubborn if isolation == "async" else stubborn_sync
        job = jobs.add(Job(f"stubborn-{isolation}", handler, timeout=0.1, isolation=isolation, retry=0))
        served.serve(jobs)
        run = served.client.dispatch(job).wait(timeout=20)
        gate.set()
        assert (run.state, run.error and run.error["code"]) == ("failed", "timeout")

    def test_what_is_defined_later_is_served_too(self, served: JobsServer) -> None:
        jobs = Jobs()
        served.serve(jobs)

        @jobs.job
        async def defined_later() -> int:
            return 1

        assert served.client.dispatch(defined_later).result(timeout=20) == 1

    def test_a_name_is_served_once(self, served: JobsServer) -> None:
        one, other = Jobs(), Jobs()
        one.add(Job("taken", lambda: 1))
        other.add(Job("taken", lambda: 2))
        served.serve(one)
        with pytest.raises(CannotLoad, match="taken"):
            served.serve(other)
        served._collections.remove(other)

    def test_it_is_the_one_that_is_dispatched_to(self, served: JobsServer) -> None:
        jobs = Jobs()

        @jobs.job
        async def child(payload: int) -> int:
            return payload + 1

        @jobs.job
        async def parent(payload: int) -> int:
            run = await child.dispatch(payload)
            return int(await run.result(timeout=20))

        served.serve(jobs)
        with Client() as client:
            assert client.url == served.url == os.environ["JOBS_URL"]
            assert client.dispatch(parent, 1).result(timeout=20) == 2


@pytest.mark.system
def test_killed_and_started_again_it_loses_nothing() -> None:
    jobs, gate = Jobs(), threading.Event()

    @jobs.job
    async def wait(payload: Any, ctx: JobContext) -> int:
        ctx.progress(1)
        await asyncio.to_thread(gate.wait, 30)
        return ctx.attempt

    with JobsServer(jobs) as server:
        run, other = server.client.dispatch(wait), server.client.dispatch(wait, delay=0.5)
        next(event for event in run.events(timeout=20) if event.type == "progress")
        url = server.url
        server.restart()
        assert server.url == url
        gate.set()
        assert run.result(timeout=20) == 1
        assert other.result(timeout=20) == 1
        folder = server._running.folder
        assert server.log.count("\n") > 1
    assert not folder.exists()


@pytest.mark.system
async def test_async_and_nothing_is_left() -> None:
    threads, handlers, url = set(threading.enumerate()), list(logging.root.handlers), os.environ.get("JOBS_URL")
    jobs = Jobs()

    @jobs.job
    async def answer() -> int:
        return 42

    @jobs.job
    async def stay() -> None:
        await asyncio.sleep(60)

    server = JobsServer(jobs)
    with pytest.raises(RuntimeError, match="not been started"):
        _ = server.client
    async with server:
        assert os.environ["JOBS_URL"] == server.url
        assert server._running._process is not None
        pid = server._running._process.pid
        run = await server.async_client.dispatch(answer)
        assert await run.result(timeout=20) == 42
        await server.async_client.dispatch(stay)
    assert not alive(pid)
    assert list(logging.root.handlers) == handlers
    assert os.environ.get("JOBS_URL") == url
    left = [thread.name for thread in set(threading.enumerate()) - threads if not thread.name.startswith("asyncio")]
    assert left == []
    server.close()


@pytest.mark.system
def test_it_ends_with_the_process_that_started_it(tmp_path: Path) -> None:
    code = (
        "from blazy_jobs.testing import JobsServer\n"
        "server = JobsServer().start()\n"
        "print(server._running._process.pid, server._running.folder, flush=True)\n"
        "input()\n"
    )
    with running([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        pid, folder = parent.stdout.readline().decode().split()
        server = psutil.Process(int(pid))
        parent.send_signal(signal.SIGKILL)
        parent.wait(10)
        server.wait(10)
    subprocess.run(["rm", "-r", folder], check=True)


def test_without_the_server_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server_process, "entry_points", lambda group: [])
    with pytest.raises(ServerNotInstalled, match="pip install blazy-jobs-server"), JobsServer():
        pass
    assert entry_points(group=server_process.COMMANDS)


@pytest.mark.system
def test_a_start_that_fails_has_the_servers_reason() -> None:
    before = set(Path("/tmp").glob("blazy-jobs-test-*"))
    with pytest.raises(ServerFailed, match="JOBS_LOG_LEVEL"), JobsServer(env={"JOBS_LOG_LEVEL": "loud"}):
        pass
    assert set(Path("/tmp").glob("blazy-jobs-test-*")) <= before


def test_only_jobs_can_be_served() -> None:
    with pytest.raises(TypeError, match="takes Jobs"):
        JobsServer(Job("x", lambda: 1))  # type: ignore[arg-type]
