"""What runs say with hostile texts, and runs that end when they are told to."""

from __future__ import annotations

import asyncio
from typing import Any

from blazy_jobs import JobContext, Jobs, NonRetryable

from tests.browser.hostile import HOSTILE

jobs = Jobs()


class Refused(NonRetryable):
    pass


@jobs.job(tags=["mail"])
async def completes(payload: Any, ctx: JobContext) -> dict[str, str]:
    """Completes at once."""
    ctx.log("a line", level="info", said=HOSTILE)
    ctx.log(HOSTILE, level="warning")
    return {"text": HOSTILE, HOSTILE: "a name"}


@jobs.job(retry=0)
async def fails(payload: Any, ctx: JobContext) -> None:
    """Fails at once."""
    ctx.log("before it fails")
    raise Refused(HOSTILE if payload == "hostile" else "the mail server refuses")


@jobs.job(timeout=3600)
async def waits(payload: Any, ctx: JobContext) -> None:
    """Runs until it is cancelled."""
    ctx.log("it waits")
    ctx.progress(40, HOSTILE)
    await asyncio.Event().wait()


@jobs.job
async def tells(payload: dict[str, int], ctx: JobContext) -> None:
    """Logs as many lines as it is told to."""
    for number in range(payload["lines"]):
        ctx.log(f"line {number}")
        if number % 200 == 0:
            await asyncio.sleep(0)
