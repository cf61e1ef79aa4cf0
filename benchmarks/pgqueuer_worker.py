"""Drains a PgQueuer queue. Run by the Python of PgQueuer's environment; it imports nothing of this project.

Arguments: the database's URL, the number of jobs, the payload, the worker's batch size. It says `ready` once the jobs
wait, begins at a line on standard input, says the seconds until the last job's end was committed, and lives until
standard input ends, so that its processor time can be read.
"""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

import asyncpg
import uvloop
from pgqueuer.db import AsyncpgDriver
from pgqueuer.models import Job
from pgqueuer.qm import QueueManager
from pgqueuer.queries import Queries

FILLED_AT_ONCE = 1000


class Counting(Queries):
    """Knows how many jobs' ends are committed."""

    left = 0
    done: asyncio.Event

    async def log_jobs(self, job_status: list[Any]) -> None:
        await super().log_jobs(job_status)
        self.left -= len(job_status)
        if self.left <= 0:
            self.done.set()


async def drain(url: str, number: int, payload: bytes, batch_size: int) -> None:
    queries = Counting(AsyncpgDriver(await asyncpg.connect(url)))
    queries.left, queries.done = number, asyncio.Event()
    await queries.install()
    for first in range(0, number, FILLED_AT_ONCE):
        size = min(FILLED_AT_ONCE, number - first)
        await queries.enqueue(["noop"] * size, [payload] * size, [0] * size)
    manager = QueueManager(queries)

    @manager.entrypoint("noop")
    async def noop(job: Job) -> None:
        return None

    print("ready", flush=True)
    sys.stdin.readline()
    began = time.monotonic()
    running = asyncio.create_task(manager.run(batch_size=batch_size))
    await asyncio.wait([running, asyncio.create_task(queries.done.wait())], return_when=asyncio.FIRST_COMPLETED)
    if running.done():
        await running
    print(time.monotonic() - began, flush=True)
    sys.stdin.readline()
    manager.shutdown.set()
    await running


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(drain(sys.argv[1], int(sys.argv[2]), sys.argv[3].encode(), int(sys.argv[4])))
