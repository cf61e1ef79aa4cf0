from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from tests.client.peer import Peer
from tests.support.speed import stretched

ROOT = Path(__file__).parents[2]
HANDLERS = str(Path(__file__).with_name("handlers.py"))
Start = Callable[..., Awaitable["Worker"]]


class Worker:
    """A worker process, its log in `log`."""

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.process = process
        self.log = log

    def words(self) -> str:
        return self.log.read_text(errors="replace")

    async def ended(self, seconds: float = 15.0) -> int:
        async with asyncio.timeout(stretched(seconds)):
            return await self.process.wait()


@pytest.fixture(params=[False, True], ids=["leases", "columns"])
async def peer(request: pytest.FixtureRequest) -> AsyncIterator[Peer]:
    peer = Peer(columns=request.param)
    await peer.start()
    yield peer
    await peer.stop()


@pytest.fixture
async def start(peer: Peer, tmp_path: Path) -> AsyncIterator[Start]:
    """Starts workers for the peer; they are killed with their sessions when the test is over."""
    workers: list[Worker] = []

    async def begin(*modules: str, **env: Any) -> Worker:
        log = tmp_path / f"worker-{len(workers)}.log"
        known = {name: value for name, value in os.environ.items() if not name.startswith("JOBS_")}
        given = {"JOBS_STOP_GRACE_SECONDS": "0.5", "JOBS_LOG_FORMAT": "json"} | {k: str(v) for k, v in env.items()}
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "blazy_jobs.worker", *(modules or (HANDLERS,)), "--url", peer.url),
                *("--name", "tested"),
                stdout=output,
                stderr=output,
                cwd=ROOT,
                env=known | given,
                start_new_session=True,
            )
        workers.append(Worker(process, log))
        return workers[-1]

    yield begin
    for worker in workers:
        if worker.process.returncode is None:
            with suppress(ProcessLookupError):
                worker.process.send_signal(signal.SIGKILL)
            await worker.process.wait()
        print(worker.words())
