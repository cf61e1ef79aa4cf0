"""Middleware: what wraps every job of a `Jobs`, outermost first.

    blazy-jobs serve examples.middleware
    quote-shipping  {"grams": 1200, "country": "DE"}

While the file named by MAINTENANCE_FILE exists, runs of these jobs are put off: no attempt is spent.
"""

import logging
import os
import time
from pathlib import Path
from typing import Any

from blazy_jobs import CallNext, Jobs, MiddlewareRun, Snooze
from pydantic import BaseModel, Field

jobs = Jobs()
log = logging.getLogger(__name__)


@jobs.middleware
async def log_duration(run: MiddlewareRun, call_next: CallNext) -> Any:
    started = time.perf_counter()
    try:
        return await call_next(run)
    finally:
        # A record of `logging` that is made around a handler is a log event of its run.
        log.info("took %.3f s", time.perf_counter() - started)


@jobs.middleware
async def wait_for_maintenance(run: MiddlewareRun, call_next: CallNext) -> Any:
    if in_maintenance():
        raise Snooze(30)
    return await call_next(run)


def in_maintenance() -> bool:
    flag = os.environ.get("MAINTENANCE_FILE", "")
    return flag != "" and Path(flag).exists()


class Parcel(BaseModel, extra="forbid"):
    grams: int = Field(ge=1, le=30_000)
    country: str = Field(pattern=r"^[A-Z]{2}$")


@jobs.job(retry=0, timeout=5, tags=["shop"])
async def quote_shipping(payload: Parcel) -> dict[str, int]:
    """Says what a parcel costs. It needs no context, so it takes none."""
    abroad = 0 if payload.country == "DE" else 900
    return {"cents": 490 + abroad + 20 * (payload.grams // 500)}
