"""The fields of job types, queues, schedules and keys, by the API's names, as type checkers know them.

A name that is not here is an error to a type checker only: it is sent, as a newer server may know it; one that does not
answers ApiError `invalid_request` with the field's place.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal, NotRequired, TypedDict

from blazy_jobs.client.bodies import instant
from blazy_jobs.declared import Declared, JobName
from blazy_jobs.options import Seconds
from blazy_jobs.retry import Retry, retry_settings
from blazy_jobs.schedule import CatchUp, Overlap

JsonSchema = Mapping[str, Any] | bool


class WorkerHandler(TypedDict):
    """Workers take its runs."""

    kind: Literal["worker"]


class HttpHandler(TypedDict):
    """The server posts its runs to this address; `headers` are shown as names only."""

    kind: Literal["http"]
    url: str
    headers: NotRequired[Mapping[str, str]]
    completion: NotRequired[Literal["response", "report"]]
    heartbeat_seconds: NotRequired[float | None]


class JobTypeSecret(TypedDict):
    """The signing secret of an HTTP handler, which is not shown again. `previous_until`: until when the one before
    signs too (RFC 3339); None where it does not."""

    secret: str
    previous_until: str | None


class JobTypeFields(TypedDict, total=False):
    """None stands for no bound, no schema."""

    description: str
    handler: WorkerHandler | HttpHandler
    queue: str
    priority: int
    retry: int | Retry | Mapping[str, Any]
    timeout_seconds: Seconds
    expires_seconds: Seconds | None
    payload_schema: JsonSchema | None
    result_schema: JsonSchema | None
    retention_seconds: Seconds
    retention_failed_seconds: Seconds | None
    concurrency: int | None
    paused: bool
    tags: Sequence[str]
    redact: Sequence[str]


class RateLimit(TypedDict):
    """At most `limit` starts in `per_seconds`."""

    limit: int
    per_seconds: float


class Bullmq(TypedDict, total=False):
    """Where a queue lives in Redis, and whether this server's workers take its jobs."""

    prefix: str
    consume: bool


class QueueChanges(TypedDict, total=False):
    """None stands for no limit."""

    paused: bool
    concurrency: int | None
    rate_limit: RateLimit | None
    max_queued: int | None


class QueueFields(QueueChanges, total=False):
    engine: Literal["database", "bullmq"]
    bullmq: Bullmq | None


class CronTrigger(TypedDict):
    kind: Literal["cron"]
    expression: str


class IntervalTrigger(TypedDict):
    kind: Literal["interval"]
    every_seconds: float


class Every(TypedDict, total=False):
    months: int
    weeks: int
    days: int


class CalendarTrigger(TypedDict):
    """At a local time, every so many days, weeks or months."""

    kind: Literal["calendar"]
    every: Every
    hour: NotRequired[int]
    minute: NotRequired[int]


class DateTrigger(TypedDict):
    """Once; `at` is RFC 3339 text."""

    kind: Literal["date"]
    at: str


class ScheduleFields(TypedDict, total=False):
    """What is given here wins over the same in a `Schedule`. Datetimes have a time zone."""

    payload: Any
    timezone: str
    trigger: CronTrigger | IntervalTrigger | CalendarTrigger | DateTrigger
    overlap: Overlap
    catch_up: CatchUp
    jitter_seconds: Seconds
    paused: bool
    start_at: datetime | str | None
    end_at: datetime | str | None
    queue: str | None
    priority: int | None
    tags: Sequence[str]


class ScheduleChanges(ScheduleFields, total=False):
    """Those of a schedule, and the job that it runs."""

    job_type: JobName


Scope = Literal["runs:read", "runs:write", "runs:reveal", "workers", "config", "metrics", "admin"]


class KeyFields(TypedDict, total=False):
    """What restricts a key, for good: names of job types and queues, or their beginnings before a `*`; when it expires;
    how many runs it may make. None stands for no bound."""

    job_types: Sequence[str] | None
    queues: Sequence[str] | None
    expires_at: datetime | str | None
    rate_limit: RateLimit | None


class OwnKey(TypedDict):
    """What the caller's key allows. `id` is `root` for the key of the server's settings."""

    id: str
    name: str
    scopes: list[Scope]
    job_types: list[str] | None
    queues: list[str] | None


class Key(OwnKey):
    """An API key as the server shows it: without its secret. Times are RFC 3339 text."""

    rate_limit: RateLimit | None
    created_at: str
    created_by: str
    expires_at: str | None
    last_used_at: str | None
    revoked_at: str | None
    previous_until: str | None


class NewKey(Key):
    """One that was made or rotated just now. `key` is what goes into `Authorization: Bearer`; it is not shown again."""

    key: str


class Actor(TypedDict):
    """An API key, by its id and name."""

    id: str
    name: str


class ErrorGroup(TypedDict):
    """Failures that are the same problem: how many runs have it, and the newest of them. Times are RFC 3339 text."""

    group: str
    code: str
    type: str | None
    message: str
    job_types: list[str]
    count: int
    first_at: str
    last_at: str
    sample_run_id: str


class Blocking(TypedDict):
    """What holds a run back."""

    reason: str
    scope: str
    name: str | None
    detail: str
    link: str | None


class Explanation(TypedDict):
    """Why a run is where it is, in plain words. `since` is RFC 3339 text."""

    run_id: str
    summary: str
    facts: list[str]
    since: str | None
    blocking: list[Blocking]
    next: str | None
    suggestions: list[str]


class ErrorFields(TypedDict, total=False):
    """Which groups of errors: of runs in this state (`failed` unless it is said), of this job type or queue, or one."""

    state: Literal["failed", "retrying"]
    job_type: JobName
    queue: str
    group: str


class AuditEntry(TypedDict):
    """A change and by whose key it was made; or, by the minute, how many requests were refused. Times are RFC 3339
    text."""

    id: str
    time: str
    actor: Actor | None
    action: str
    target: str | None
    changed: list[str]
    address: str | None
    outcome: str
    count: int


class AuditFields(TypedDict, total=False):
    """Which entries of the audit log: of the key with this id, of this action, and so on."""

    actor: str
    action: str
    target: str
    outcome: str


def sent(fields: Mapping[str, Any]) -> dict[str, Any]:
    """As the API takes them; what it cannot take is left to the server. Raises ValueError."""
    return {name: _sent(name, value) for name, value in fields.items()}


def _sent(name: str, value: Any) -> Any:
    match value:
        case Retry():
            return retry_settings(value)
        case timedelta() if name.endswith("_seconds"):
            return value.total_seconds()
        case datetime() if name.endswith("_at"):
            return instant(value, name)
        case Declared() if name == "job_type":
            return value.name
        case _:
            return value
