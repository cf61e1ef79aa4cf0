"""What our workers do in these tests."""

from __future__ import annotations

import asyncio
from typing import Any

from blazy_jobs import JobContext, Jobs, NonRetryable, RetryAfter, Snooze

jobs = Jobs()


@jobs.job("echo")
async def echo(payload: Any, ctx: JobContext) -> Any:
    ctx.progress(50, "half way")
    ctx.log("said", length=len(str(payload)))
    return {"echo": payload, "attempt": ctx.attempt}


@jobs.job("flaky", retry={"max_attempts": 3, "backoff": "fixed", "initial_seconds": 0.2, "jitter": False})
async def flaky(payload: Any, ctx: JobContext) -> Any:
    if ctx.attempt < 3:
        raise ValueError(f"no luck ✗ {ctx.attempt}")
    return ctx.attempt


@jobs.job("hopeless", retry=3)
async def hopeless(payload: Any) -> None:
    raise NonRetryable("never")


@jobs.job("again")
async def again(payload: Any, ctx: JobContext) -> Any:
    raise RetryAfter(0.1) if ctx.attempt == 1 else Snooze(3600)


@jobs.job("slow", timeout=60)
async def slow(payload: Any, ctx: JobContext) -> str:
    ctx.progress(1, "begun")
    await asyncio.sleep(payload or 600)
    return "slept"


@jobs.job("hasty", timeout=0.3, retry=0)
async def hasty(payload: Any) -> None:
    await asyncio.sleep(600)


@jobs.job("noop-sync")
def noop_sync(payload: Any) -> None:
    return None


@jobs.job("noop")
async def noop(payload: Any) -> None:
    return None
