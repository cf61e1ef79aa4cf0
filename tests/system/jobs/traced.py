"""Jobs whose spans are looked at."""

from __future__ import annotations

from typing import Any

from blazy_jobs import JobContext, Jobs

jobs = Jobs()


def current() -> str:
    """The span that this code runs in."""
    from opentelemetry import trace

    found = trace.get_current_span().get_span_context()
    return f"{found.trace_id:032x}-{found.span_id:016x}"


@jobs.job("flaky", retry={"max_attempts": 2, "backoff": "fixed", "initial_seconds": 0.01})
async def flaky(payload: Any, ctx: JobContext) -> str:
    if ctx.attempt == 1:
        raise ValueError("not yet")
    return current()


@jobs.job("sync", isolation="process")
def sync(payload: Any) -> str:
    return current()


@jobs.job("light", isolation="thread")
def light(payload: Any) -> str:
    return current()
