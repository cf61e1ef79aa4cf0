"""Handlers that do nothing, so that what is measured is the way there and back."""

import asyncio
import time
from typing import Any

from blazy_jobs import JobContext, Jobs

jobs = Jobs()


@jobs.job
async def noop(payload: Any) -> None:
    return None


@jobs.job
def noop_sync(payload: Any) -> None:
    return None


@jobs.job
async def tells(payload: Any, ctx: JobContext) -> None:
    """What a typical run says of itself."""
    ctx.log("began")
    ctx.progress(50, "half way")
    ctx.log("ended")


@jobs.job
def tells_sync(payload: Any, ctx: JobContext) -> None:
    ctx.log("began")
    ctx.progress(50, "half way")
    ctx.log("ended")


LARGE_RESULT = {"text": "x" * 1000}


@jobs.job
async def large(payload: Any) -> dict[str, str]:
    return LARGE_RESULT


@jobs.job
def large_sync(payload: Any) -> dict[str, str]:
    return LARGE_RESULT


@jobs.job
async def clock(payload: Any) -> int:
    """When it began, in nanoseconds of the machine's monotonic clock."""
    return time.clock_gettime_ns(time.CLOCK_MONOTONIC)


@jobs.job(timeout=3600)
async def ticker(payload: Any, ctx: JobContext) -> None:
    """Says so five times a second that it is still there."""
    until = time.monotonic() + payload["seconds"]
    while time.monotonic() < until:
        await asyncio.sleep(0.2)
        ctx.progress(50, "still here")


@jobs.job
async def ticks(payload: Any, ctx: JobContext) -> None:
    for n in range(payload["lines"]):
        ctx.log(f"line {n}")
        await asyncio.sleep(0.01)
