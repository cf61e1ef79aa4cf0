"""Write, run, dispatch and watch jobs of a Blazy Jobs server."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from blazy_jobs import schedule
from blazy_jobs.context import CallNext, JobContext, Middleware, MiddlewareRun
from blazy_jobs.errors import (
    ApiError,
    ConnectionFailed,
    DefinitionError,
    HandlerFailed,
    JobsError,
    NonRetryable,
    RetryAfter,
    RunCancelled,
    RunFailed,
    Snooze,
    Stopped,
)
from blazy_jobs.job import Job
from blazy_jobs.jobs import Jobs, JobsQueue
from blazy_jobs.retry import Retry

if TYPE_CHECKING:
    from blazy_jobs.client.aio.client import AsyncClient
    from blazy_jobs.client.aio.run import AsyncRun
    from blazy_jobs.client.event import Event
    from blazy_jobs.client.sync.client import Client
    from blazy_jobs.client.sync.run import Run

__all__ = [
    "ApiError",
    "AsyncClient",
    "AsyncRun",
    "CallNext",
    "Client",
    "ConnectionFailed",
    "DefinitionError",
    "Event",
    "HandlerFailed",
    "Job",
    "JobContext",
    "Jobs",
    "JobsError",
    "JobsQueue",
    "Middleware",
    "MiddlewareRun",
    "NonRetryable",
    "Retry",
    "RetryAfter",
    "Run",
    "RunCancelled",
    "RunFailed",
    "Snooze",
    "Stopped",
    "schedule",
]

# A worker's processes have no use for the client and its HTTP library, which take most of the time of an import.
_LATER = {
    "AsyncClient": "client.aio.client",
    "AsyncRun": "client.aio.run",
    "Client": "client.sync.client",
    "Run": "client.sync.run",
    "Event": "client.event",
}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"blazy_jobs.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
