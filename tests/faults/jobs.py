"""The jobs of the campaign. Each leaves marks in a file, so that what ran when is known without asking the server."""

import asyncio
import os
import random
import time
from typing import Any

from blazy_jobs import JobContext, Jobs, NonRetryable, Retry, Snooze

jobs = Jobs()
BEAT_SECONDS = 0.02
SOON = Retry(max_attempts=4, backoff="fixed", initial_seconds=0.05, jitter=False)

_trace = os.open(os.environ.get("FAULTS_TRACE", os.devnull), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def mark(ctx: JobContext, kind: str) -> None:
    boot, wall = time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns()
    os.write(_trace, f"{ctx.run_id} {ctx.attempt} {kind} {boot} {wall} {os.getpid()}\n".encode())


def answer(payload: dict[str, Any]) -> dict[str, Any]:
    return {"nonce": payload["nonce"]}


@jobs.job(retry=SOON, timeout=60)
async def quick(payload: dict[str, Any], ctx: JobContext) -> dict[str, Any]:
    mark(ctx, "begin")
    await asyncio.sleep(random.random() * 0.005)
    mark(ctx, "end")
    return answer(payload)


@jobs.job(retry=SOON, timeout=60)
async def nap(payload: dict[str, Any], ctx: JobContext) -> dict[str, Any]:
    """Goes on for `seconds`, with progress."""
    mark(ctx, "begin")
    try:
        until = time.monotonic() + payload["seconds"]
        while (left := until - time.monotonic()) > 0:
            await asyncio.sleep(BEAT_SECONDS)
            mark(ctx, "beat")
            ctx.progress(100 * (1 - max(0, left) / payload["seconds"]), "napping")
    finally:
        mark(ctx, "end")
    return answer(payload)


@jobs.job(retry=SOON, timeout=60)
def grind(payload: dict[str, Any], ctx: JobContext) -> dict[str, Any]:
    """The same in a process of its own."""
    mark(ctx, "begin")
    until = time.monotonic() + payload["seconds"]
    while time.monotonic() < until:
        time.sleep(BEAT_SECONDS)
        mark(ctx, "beat")
        ctx.log("grinding", left=round(until - time.monotonic(), 3))
    mark(ctx, "end")
    return answer(payload)


@jobs.job(retry=SOON, timeout=60)
async def flaky(payload: dict[str, Any], ctx: JobContext) -> dict[str, Any]:
    """Fails its first `failures` attempts; more than there are attempts, and it fails for good."""
    mark(ctx, "begin")
    await asyncio.sleep(0.01)
    mark(ctx, "end")
    if ctx.attempt <= payload["failures"]:
        raise ValueError(f"attempt {ctx.attempt} fails")
    if payload.get("hopeless"):
        raise NonRetryable("never will")
    return answer(payload)


@jobs.job(retry=SOON, timeout=60)
async def dozer(payload: dict[str, Any], ctx: JobContext) -> dict[str, Any]:
    """Comes again until the wall clock says `until`."""
    mark(ctx, "begin")
    mark(ctx, "end")
    if time.time() < payload["until"]:
        raise Snooze(0.2)
    return answer(payload)
