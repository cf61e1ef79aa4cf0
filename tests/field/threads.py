"""Jobs that use threads."""

import asyncio
import time
from typing import Any

from blazy_jobs import JobContext, Jobs

jobs = Jobs()
HANG_SECONDS = 3600


@jobs.job(retry=0, isolation="thread")
def takes_in_a_thread(payload: float) -> str:
    time.sleep(payload)
    return "taken"


@jobs.job(retry=0)
async def hangs_in_a_thread(payload: Any) -> None:
    await asyncio.to_thread(time.sleep, HANG_SECONDS)


@jobs.job(retry=0)
async def uses_a_thread(payload: Any) -> Any:
    return await asyncio.to_thread(lambda: payload)


@jobs.job(retry=0)
async def waits(payload: Any, ctx: JobContext) -> None:
    ctx.progress(1, "begun")
    await asyncio.sleep(HANG_SECONDS)
