"""The neighbours: short and blameless."""

import asyncio
import os
import time
from typing import Any

from blazy_jobs import JobContext, Jobs

jobs = Jobs()


@jobs.job(retry=0)
async def good_async(payload: dict[str, Any], ctx: JobContext) -> dict[str, Any]:
    await asyncio.sleep(payload.get("seconds", 0.005))
    return {"n": payload["n"], "pid": os.getpid()}


@jobs.job(retry=0)
def good_sync(payload: dict[str, Any], ctx: JobContext) -> dict[str, Any]:
    time.sleep(payload.get("seconds", 0.002))
    return {"n": payload["n"], "pid": os.getpid()}


@jobs.job(retry=0, timeout=300)
async def wait_async(payload: dict[str, Any], ctx: JobContext) -> dict[str, Any]:
    """Says that it has begun, then waits."""
    ctx.progress(1, "begun")
    try:
        await asyncio.sleep(payload["seconds"])
    except asyncio.CancelledError:
        if payload.get("last_words"):
            ctx.log("told to stop")
        raise
    return {"n": payload.get("n")}


@jobs.job(retry=0, timeout=300)
def wait_sync(payload: dict[str, Any], ctx: JobContext) -> dict[str, Any]:
    ctx.progress(1, "begun")
    try:
        time.sleep(payload["seconds"])
    except BaseException:
        if payload.get("last_words"):
            ctx.log("told to stop")
        raise
    return {"n": payload.get("n")}


@jobs.job(retry=0, timeout=300)
async def talkative(payload: dict[str, Any], ctx: JobContext) -> None:
    """Writes a line every `seconds`."""
    for n in range(payload["lines"]):
        ctx.log("line", n=n)
        await asyncio.sleep(payload["seconds"])
