"""What runs say with hostile texts, and runs that end when they are told to."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from blazy_jobs import JobContext, Jobs, NonRetryable
from pydantic import BaseModel, Field

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


class Letter(BaseModel, extra="forbid"):
    mailbox: Path
    after: Path | None = None


@jobs.job(retry=0, queue="post", concurrency=1)
async def delivers(payload: Letter, ctx: JobContext) -> None:
    """Fails where the mailbox is not there; waits first for a file, if one is named."""
    await there(payload.after)
    if not payload.mailbox.exists():
        raise Refused("the mailbox is not there")


class Order(BaseModel, extra="forbid"):
    """What is imported."""

    rows: int = Field(ge=1, le=100, description="How many rows the file has.")
    bad_row: int | None = Field(default=None, ge=1)
    go_on: Path


@jobs.job(retry=0)
async def imports(payload: Order, ctx: JobContext) -> dict[str, int]:
    """Says each row; ends when the file `go_on` is there."""
    for row in range(1, payload.rows + 1):
        ctx.log(f"row {row} is read")
        ctx.progress(100 * row / (payload.rows + 1), f"row {row} of {payload.rows}")
    await there(payload.go_on)
    if payload.bad_row is not None:
        raise Refused(f"row {payload.bad_row} is bad")
    return {"rows": payload.rows}


async def there(file: Path | None) -> None:
    """Returns when another process has made it."""
    while file is not None and not file.exists():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
