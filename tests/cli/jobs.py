"""The jobs that the command line's tests run on a real server."""

import asyncio

from blazy_jobs import JobContext, Jobs, NonRetryable
from pydantic import BaseModel

jobs = Jobs()


class Greeting(BaseModel, extra="forbid"):
    name: str


@jobs.job(retry=0)
async def greet(payload: Greeting, ctx: JobContext) -> dict[str, str]:
    """Greets somebody."""
    ctx.progress(50, "half \x1b[31mway\x9b2J")
    ctx.log("a line \x1b]0;title\x07", to=payload.name)
    return {"text": f"hello {payload.name}"}


@jobs.job(retry=0)
async def refuse(payload: object) -> None:
    raise NonRetryable("not\nthis \x1b[2J")


@jobs.job(retry=0, timeout=300)
async def wait(payload: object, ctx: JobContext) -> None:
    ctx.progress(10, "waiting")
    await asyncio.sleep(120)
