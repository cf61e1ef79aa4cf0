"""The jobs of the TypeScript client's tests: each shows the client something else."""

import asyncio
from pathlib import Path
from typing import Any

from blazy_jobs import JobContext, Jobs, NonRetryable, Retry, Snooze

jobs = Jobs()
SOON = Retry(max_attempts=3, backoff="fixed", initial_seconds=0.05, jitter=False)
snoozed: set[str] = set()


@jobs.job(retry=3, timeout=30, tags=["mail"])
async def send_welcome_email(payload: dict[str, Any], ctx: JobContext) -> dict[str, Any]:
    ctx.progress(50, "rendering", {"template_name": "welcome"})
    ctx.log("sent", to_user=payload["userId"])
    return {"message_id": "42", "to": payload["userId"]}


@jobs.job(retry=SOON)
async def echo(payload: Any) -> Any:
    return payload


@jobs.job(retry=SOON)
async def eventful(payload: Any, ctx: JobContext) -> str:
    """Snoozes once, fails once, then succeeds."""
    if ctx.run_id not in snoozed:
        snoozed.add(ctx.run_id)
        raise Snooze(0.05)
    if ctx.attempt == 1:
        raise RuntimeError("the first attempt fails")
    ctx.progress(100)
    ctx.log("done", level="warning")
    return "at last"


@jobs.job(retry=0)
async def doomed(payload: Any) -> None:
    raise ValueError("it was not to be")


@jobs.job(retry=3)
async def hopeless(payload: Any) -> None:
    raise NonRetryable("never again")


@jobs.job(timeout=60)
async def endless(payload: Any, ctx: JobContext) -> None:
    await asyncio.sleep(3600)


@jobs.job(timeout=60)
async def counting(payload: dict[str, Any], ctx: JobContext) -> int:
    """Writes `lines` lines, and where it has a `gate`, ends when that file is there."""
    for number in range(payload["lines"]):
        ctx.log(f"line {number}", number=number)
        await asyncio.sleep(0.02)
    while "gate" in payload and not Path(payload["gate"]).exists():  # noqa: ASYNC110, ASYNC240
        await asyncio.sleep(0.02)
    return payload["lines"]
