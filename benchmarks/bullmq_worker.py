"""`python -m benchmarks.bullmq_worker URL N`: the seconds in which BullMQ's own Python worker drains N no-ops."""

from __future__ import annotations

import asyncio
import sys
import time
from typing import Any

from bullmq import Queue, Worker

from benchmarks.servers import BATCH, PAYLOAD

CONCURRENCY = 100
QUEUE = "theirs"


async def drain(url: str, number: int) -> float:
    queue: Any = Queue(QUEUE, {"connection": url})
    for first in range(0, number, BATCH):
        await queue.addBulk([{"name": "noop", "data": PAYLOAD, "opts": {}}] * min(BATCH, number - first))
    left, done = number, asyncio.Event()

    async def noop(job: Any, token: str) -> None:
        return None

    def completed(job: Any, result: Any) -> None:
        nonlocal left
        left -= 1
        if not left:
            done.set()

    worker: Any = Worker(QUEUE, noop, {"connection": url, "concurrency": CONCURRENCY, "autorun": False})
    worker.on("completed", completed)
    began = time.monotonic()
    running = asyncio.create_task(worker.run())
    await done.wait()
    seconds = time.monotonic() - began
    await worker.close()
    await running
    await queue.close()
    return seconds


if __name__ == "__main__":
    print(asyncio.run(drain(sys.argv[1], int(sys.argv[2]))))
