"""Spans of a worker's calls to its server, where `JOBS_TRACE_CALLS` asks for them: claims and reports."""

from __future__ import annotations

import os
import time
from typing import Any

from blazy_jobs.tracing import conventions as names
from blazy_jobs.tracing import setup


def of_control() -> Calls | None:
    """Of the process that makes the calls, which runs no code of the user's. None where nobody wants them."""
    if os.environ.get("JOBS_TRACE_CALLS") != "on" or not setup.is_wanted():
        return None
    return Calls() if setup.start("blazy-jobs-worker") is None else None


class Calls:
    def __init__(self) -> None:
        from opentelemetry import context, trace

        self._nothing = context.Context()
        self._kind = trace.SpanKind.CLIENT
        self._tracer = trace.get_tracer(names.CALLS_SCOPE, schema_url=names.SCHEMA_URL)

    def receive(self, began: float, worker_id: str) -> None:
        """A claim that brought runs, with the time that it waited for them; `began` by the monotonic clock."""
        self._record("receive", began, worker_id, {})

    def settle(self, began: float, worker_id: str, reports: int) -> None:
        """A report, of so many items by themselves."""
        self._record("settle", began, worker_id, {names.REPORTS: reports})

    def _record(self, operation: str, began: float, worker_id: str, further: dict[str, Any]) -> None:
        attributes = {
            names.MESSAGING_SYSTEM: names.SYSTEM,
            names.OPERATION_NAME: operation,
            names.OPERATION_TYPE: operation,
            names.CLIENT_ID: worker_id,
            **further,
        }
        began_ns = time.time_ns() - int((time.monotonic() - began) * 1e9)
        span = self._tracer.start_span(
            operation, context=self._nothing, kind=self._kind, attributes=attributes, start_time=began_ns
        )
        span.end()
