"""What `run_job` is asked for: the run as the server would hand it out."""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypedDict

import orjson

from blazy_jobs.context import Middleware
from blazy_jobs.errors import seconds_of
from blazy_jobs.job import Job
from blazy_jobs.jobs import Jobs
from blazy_jobs.retry import Retry, RetryOption
from blazy_jobs.strict_json import NotJson, encode
from blazy_jobs.testing.backoff import retry_of
from blazy_jobs.testing.clock import Clock
from blazy_jobs.testing.outcome import Progress
from blazy_jobs.worker.modules import Loaded

DEFAULT_TIMEOUT_SECONDS = 300.0
DEFAULT_GRACE_SECONDS = 5.0

_numbers = itertools.count(1)


def grace_seconds() -> float:
    """How long a handler that was told to stop may take."""
    return float(os.environ.get("JOBS_STOP_GRACE_SECONDS") or DEFAULT_GRACE_SECONDS)


class Options(TypedDict, total=False):
    """What `run_job` takes beside the job and its payload. Durations are seconds or a timedelta."""

    attempt: int
    tags: Sequence[str]
    metadata: Mapping[str, str]
    queue: str
    run_id: str
    retry: RetryOption
    timeout: float | timedelta
    jobs: Jobs
    cancel_after: float | timedelta
    cancel_when: Callable[[Progress], object]
    retries: bool
    jitter: float
    clock: Clock


@dataclass(kw_only=True)
class Plan:
    """Raises TypeError and ValueError for what cannot be."""

    job: Job
    payload: Any
    attempt: int = 1
    tags: Sequence[str] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)
    queue: str | None = None
    run_id: str | None = None
    retry: RetryOption = None
    timeout: float | timedelta | None = None
    jobs: Jobs | None = None
    cancel_after: float | timedelta | None = None
    cancel_when: Callable[[Progress], object] | None = None
    retries: bool = False
    jitter: float | None = None
    clock: Clock | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.job, Job):
            raise TypeError(f"run_job takes a Job, not {self.job!r}")
        if self.attempt < 1:
            raise ValueError(f"attempts are counted from 1, not {self.attempt}")
        if self.jitter is not None and not 0 <= self.jitter <= 1:
            raise ValueError(f"jitter must be a number from 0 to 1, not {self.jitter}")
        try:
            self.raw_payload = encode(self.payload, "payload")
        except NotJson as error:
            raise ValueError(f"cannot be sent as JSON: {error}") from None
        job = self.job
        self.run_id = self.run_id or f"run_{next(_numbers):013}"
        self.settings: Retry = retry_of(self.retry, retry_of(job.retry))
        given = job.timeout_seconds if self.timeout is None else seconds_of(self.timeout, "timeout")
        self.timeout_seconds = DEFAULT_TIMEOUT_SECONDS if given is None else given
        self.cancel_seconds = None if self.cancel_after is None else seconds_of(self.cancel_after, "cancel_after")
        self.grace_seconds = grace_seconds()
        self.loaded = Loaded(jobs={job.name: job}, middlewares={job.name: self._middlewares()})

    def _middlewares(self) -> list[Middleware]:
        if self.jobs is not None:
            return self.jobs.middlewares
        if len(self.job.middlewares) > 1:
            raise ValueError(f"{self.job!r} is in several Jobs: pass `jobs` to choose whose middleware applies")
        return self.job.middlewares[0] if self.job.middlewares else []

    def lease(self, attempt: int) -> dict[str, Any]:
        job = self.job
        run = {
            "id": self.run_id,
            "job_type": job.name,
            "queue": self.queue or job.queue or "default",
            "priority": job.priority or 0,
            "payload": orjson.loads(self.raw_payload),
            "max_attempts": self.settings.max_attempts,
            "timeout_seconds": self.timeout_seconds,
            "tags": list(self.tags),
            "metadata": dict(self.metadata),
        }
        return {"run": run, "attempt": attempt, "lease_token": ""}

    @property
    def needs_a_thread(self) -> bool:
        """A `def` handler of a process is called where no event loop runs, as in its process."""
        return self.job.isolation == "process" and not self.job.is_async
