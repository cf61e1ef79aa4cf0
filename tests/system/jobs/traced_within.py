"""A job within middleware that runs in another process."""

from __future__ import annotations

from typing import Any

from blazy_jobs import Jobs

from tests.system.jobs.traced import current

jobs = Jobs()


@jobs.use
async def around(run: Any, call_next: Any) -> Any:
    return [current(), await call_next(run)]


@jobs.job("wrapped", isolation="process")
def wrapped(payload: Any) -> str:
    return current()
