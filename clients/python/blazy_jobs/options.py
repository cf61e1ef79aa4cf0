"""The options of a job, of a dispatch and of a list, as type checkers know them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict

from blazy_jobs.declared import JobName
from blazy_jobs.retry import RetryOption
from blazy_jobs.schedule import Schedule

Seconds = float | timedelta
Isolation = Literal["async", "process", "thread"]
RunState = Literal["scheduled", "queued", "running", "retrying", "completed", "failed", "cancelled"]
EventType = Literal[
    "queued",
    "started",
    "progress",
    "log",
    "retrying",
    "interrupted",
    "cancelling",
    "completed",
    "failed",
    "cancelled",
]


class JobOptions(TypedDict, total=False):
    """`timeout`, `expires`, `retention` and `retention_failed` are seconds or a timedelta. What is left out is the
    server's default."""

    queue: str | None
    priority: int | None
    retry: RetryOption
    timeout: Seconds | None
    expires: Seconds | None
    payload_schema: Mapping[str, Any] | None
    result_schema: Mapping[str, Any] | None
    retention: Seconds | None
    retention_failed: Seconds | None
    concurrency: int | None
    schedule: Schedule | Mapping[str, Schedule] | None
    tags: Sequence[str]
    redact: Sequence[str]
    description: str | None
    isolation: Isolation | None


class RunOptions(TypedDict, total=False):
    """Durations in seconds or as timedelta, also by the API's names; `run_at` with its time zone."""

    queue: str | None
    priority: int | None
    delay: Seconds | None
    run_at: datetime | str | None
    retry: RetryOption
    timeout: Seconds | None
    expires: Seconds | None
    dedupe_key: str | None
    tags: Sequence[str] | None
    metadata: Mapping[str, str] | None
    delay_seconds: Seconds | None
    timeout_seconds: Seconds | None
    expires_seconds: Seconds | None


class DispatchOptions(RunOptions, total=False):
    """Those of a run, and `idempotency_key`: the same key makes no second run."""

    idempotency_key: str | None


BulkAction = Literal["cancel", "replay", "erase", "reprioritise", "run_now", "resolve"]


class RunChoice(TypedDict, total=False):
    """Which runs: those that fit all of these. `q` is text in payload, result, error, tags or metadata. Times are
    datetimes with a time zone, or RFC 3339 text."""

    id: str | Sequence[str] | None
    state: RunState | Sequence[RunState] | None
    job_type: JobName | None
    queue: str | None
    tag: str | None
    schedule: str | None
    error_code: str | None
    error_group: str | None
    resolved: bool | None
    worker_id: str | None
    attempt_min: int | None
    created_after: datetime | str | None
    created_before: datetime | str | None
    finished_after: datetime | str | None
    finished_before: datetime | str | None
    q: str | None


class RunFilters(RunChoice, total=False):
    """`limit` is that of a page."""

    limit: int | None
