"""Two jobs that take their time: what cancel and timeout do to an async handler and to a sync one.

    blazy-jobs serve examples.long_running
    write-report   {"pages": 500}
    find-primes    {"below": 1000000}

Both write to a file of the run in REPORTS_DIR as they go, so one can see that they work and that they stopped.
"""

import asyncio
import math
import os
import tempfile
from pathlib import Path
from typing import TextIO

from blazy_jobs import JobContext, Jobs
from pydantic import BaseModel, Field

jobs = Jobs()


class Report(BaseModel, extra="forbid"):
    pages: int = Field(default=100, ge=1, le=100_000)
    seconds_a_page: float = Field(default=0.05, ge=0, le=60)


@jobs.job(retry=3, timeout=3600, tags=["report"])
async def write_report(payload: Report, ctx: JobContext) -> dict[str, int | str]:
    """Writes page after page. A new attempt goes on where the last one stopped."""
    with report_path(ctx.run_id).open("a+", buffering=1) as report:
        written = whole_pages(report)
        try:
            while written < payload.pages:
                await asyncio.sleep(payload.seconds_a_page)  # where a page would be rendered; a cancel arrives here
                written += 1
                report.write(f"page {written}\n")
                ctx.progress(100 * written / payload.pages, f"page {written} of {payload.pages}")
        except asyncio.CancelledError:
            ctx.log("told to stop", pages_written=written)
            raise  # a handler that goes on all the same is killed after JOBS_STOP_GRACE_SECONDS
        return {"pages": written, "path": report.name}


def whole_pages(report: TextIO) -> int:
    """How many pages earlier attempts wrote. What a killed one wrote by half is cut off."""
    report.seek(0)
    whole, _, _ = report.read().rpartition("\n")
    report.truncate(len(f"{whole}\n".encode()) if whole else 0)
    return len(whole.splitlines())


class Primes(BaseModel, extra="forbid"):
    below: int = Field(ge=3, le=10**12)


@jobs.job(retry=1, timeout=60, tags=["numbers"])
def find_primes(payload: Primes, ctx: JobContext) -> dict[str, int]:
    """Computes without a pause and never asks whether to stop: its process is ended when its time is over."""
    found = 0
    with report_path(ctx.run_id).open("a", buffering=1) as report:
        report.write(f"attempt {ctx.attempt} in process {os.getpid()}\n")
        for number in range(2, payload.below):
            found += is_prime(number)
            if number % 1_000 == 0:
                report.write(f"{found} primes up to {number}\n")
                ctx.progress(100 * number / payload.below, f"{found:,} primes up to {number:,}")
    return {"primes": found}


def is_prime(number: int) -> bool:
    return all(number % divisor for divisor in range(2, math.isqrt(number) + 1))


def report_path(run_id: str) -> Path:
    folder = Path(os.environ.get("REPORTS_DIR", tempfile.gettempdir()))
    return folder / f"{run_id}.txt"
