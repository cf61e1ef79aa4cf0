"""Tests of jobs: `run_job` runs a handler with its middleware in this process, `JobsServer` is a real server.

Neither needs pytest; with it, the fixture `jobs_server` is there (see `blazy_jobs.testing.plugin`).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from blazy_jobs.testing.clock import Clock
from blazy_jobs.testing.outcome import LogLine, Outcome, Progress
from blazy_jobs.testing.rehearsal import arun_job, run_job

if TYPE_CHECKING:
    from blazy_jobs.testing.process import ServerFailed, ServerNotInstalled
    from blazy_jobs.testing.server import JobsServer

__all__ = [
    "Clock",
    "JobsServer",
    "LogLine",
    "Outcome",
    "Progress",
    "ServerFailed",
    "ServerNotInstalled",
    "arun_job",
    "run_job",
]

# The client and its HTTP library take most of the time of an import; `run_job` has no use for them.
_LATER = {"JobsServer": "server", "ServerFailed": "process", "ServerNotInstalled": "process"}


def __getattr__(name: str) -> Any:
    if name in _LATER:
        return getattr(import_module(f"blazy_jobs.testing.{_LATER[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
