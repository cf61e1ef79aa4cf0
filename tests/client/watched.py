"""The jobs that the clients' tests dispatch to a real server."""

import time
from typing import Any

from blazy_jobs import JobContext, Jobs, NonRetryable

jobs = Jobs()


@jobs.job
async def greet(payload: dict[str, Any], ctx: JobContext) -> dict[str, Any]:
    """Says hello in as many steps as asked."""
    for step in range(payload.get("steps", 0)):
        ctx.progress(step, f"step {step}")
        ctx.log(f"line {step}")
    return {"hello": payload.get("name", "nobody")}


@jobs.job(retry=0)
async def refuse(payload: Any) -> None:
    raise NonRetryable("never")


@jobs.job(retry=0)
def count(payload: dict[str, Any], ctx: JobContext) -> int:
    """One log line at a time, slowly enough for connections to be cut between."""
    for n in range(payload["lines"]):
        ctx.log(str(n))
        time.sleep(payload["pause"])
    return payload["lines"]
