"""The shapes of requests and answers, as the OpenAPI document shows them. Unknown fields of a request are refused."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Tags = Annotated[list[Tag], Field(max_length=20)]
Priority = Annotated[int, Field(ge=-100, le=100, strict=True)]
YEAR_SECONDS = 366 * 86_400
Seconds = Annotated[float, Field(ge=0, le=YEAR_SECONDS, allow_inf_nan=False)]
Timeout = Annotated[float, Field(gt=0, le=30 * 86_400, allow_inf_nan=False)]
StateName = Literal["scheduled", "queued", "running", "retrying", "completed", "failed", "cancelled"]
EventTypeName = Literal[
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


RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _instant(value: object) -> object:
    if not isinstance(value, str) or not RFC3339.fullmatch(value):
        raise ValueError("must be an RFC 3339 instant, such as 2026-01-31T12:00:00Z")
    return value


Instant = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_instant)]


class In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


# -- problems


class ProblemError(BaseModel):
    path: str = Field(description="JSON Pointer (RFC 6901) of the field")
    message: str
    code: str


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemError] | None = None


# -- job types


class HandlerIn(In):
    kind: Literal["worker", "http"]
    url: str | None = Field(None, max_length=2048)


class RetryIn(In):
    max_attempts: Annotated[int, Field(ge=1, le=1000, strict=True)] | None = None
    backoff: Literal["exponential", "linear", "fixed"] | None = None
    initial_seconds: Seconds | None = None
    factor: Annotated[float, Field(ge=1, le=100, allow_inf_nan=False)] | None = None
    max_seconds: Seconds | None = None
    jitter: bool | None = None
    on_lost: Literal["retry", "fail"] | None = None


Retries = Annotated[int, Field(ge=0, le=999, strict=True, description="the number of retries: one less than attempts")]
RetryField = RetryIn | Retries


class _NoNull(In):
    """Fields that may be left out but not be null."""

    @field_validator(
        "queue",
        "priority",
        "retry",
        "timeout_seconds",
        "retention_seconds",
        "tags",
        "paused",
        "description",
        mode="before",
        check_fields=False,
    )
    @classmethod
    def _no_null(cls, value: object) -> object:
        if value is None:
            raise ValueError("may be left out, but not be null")
        return value


class JobTypePatch(_NoNull):
    """Fields of a job type to change; those left out stay."""

    description: Annotated[str, Field(max_length=4096)] | None = None
    handler: HandlerIn | None = None
    queue: Name | None = None
    priority: Priority | None = None
    retry: RetryField | None = None
    timeout_seconds: Timeout | None = None
    expires_seconds: Annotated[float, Field(gt=0, le=YEAR_SECONDS, allow_inf_nan=False)] | None = None
    payload_schema: dict[str, Any] | bool | None = None
    result_schema: dict[str, Any] | bool | None = None
    retention_seconds: Annotated[float, Field(ge=0, le=10 * YEAR_SECONDS, allow_inf_nan=False)] | None = None
    concurrency: Annotated[int, Field(ge=1, le=1_000_000, strict=True)] | None = None
    paused: bool | None = None
    tags: Tags | None = None


class JobTypePut(JobTypePatch):
    """A whole definition; the name comes from the path and may be left out."""

    name: Name | None = None
    handler: HandlerIn


class JobTypeIn(JobTypePatch):
    """A definition to register."""

    name: Name
    handler: HandlerIn


class HandlerOut(BaseModel):
    kind: Literal["worker", "http"]


class RetryOut(BaseModel):
    max_attempts: int
    backoff: Literal["exponential", "linear", "fixed"]
    initial_seconds: float
    factor: float
    max_seconds: float
    jitter: bool
    on_lost: Literal["retry", "fail"]


class JobType(BaseModel):
    name: str
    description: str
    handler: HandlerOut
    queue: str
    priority: int
    retry: RetryOut
    timeout_seconds: float
    expires_seconds: float | None
    payload_schema: dict[str, Any] | bool | None
    result_schema: dict[str, Any] | bool | None
    retention_seconds: float
    concurrency: int | None
    paused: bool
    tags: list[str]
    version: int
    source: Literal["api", "code"]
    created_at: AwareDatetime
    updated_at: AwareDatetime


class JobTypePage(BaseModel):
    data: list[JobType]
    next_cursor: str | None


# -- runs


class DispatchIn(_NoNull):
    payload: Any
    queue: Name | None = None
    priority: Priority | None = None
    delay_seconds: Seconds | None = None
    run_at: Instant | None = Field(None, description="at most a year ahead; not together with delay_seconds")
    retry: RetryField | None = None
    timeout_seconds: Timeout | None = None
    expires_seconds: Annotated[float, Field(gt=0, le=YEAR_SECONDS, allow_inf_nan=False)] | None = None
    dedupe_key: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    tags: Tags = []
    metadata: Annotated[
        dict[Annotated[str, StringConstraints(max_length=128)], Annotated[str, StringConstraints(max_length=4096)]],
        Field(max_length=50),
    ] = {}

    @model_validator(mode="after")
    def _one_time(self) -> DispatchIn:
        if self.delay_seconds is not None and self.run_at is not None:
            raise ValueError("delay_seconds and run_at exclude each other")
        return self


class BatchItem(DispatchIn):
    job_type: Name


class BatchIn(In):
    runs: Annotated[list[BatchItem], Field(min_length=1, max_length=10_000)]


class CancelIn(In):
    reason: Annotated[str, StringConstraints(max_length=1024)] | None = None


class RunError(BaseModel):
    code: str
    type: str | None
    message: str
    traceback: str | None


class Progress(BaseModel):
    percent: float | None
    message: str | None
    data: Any = None


class Run(BaseModel):
    id: str
    job_type: str
    job_type_version: int
    queue: str
    state: StateName
    priority: int
    payload: Any
    result: Any
    error: RunError | None
    progress: Progress | None
    attempt: int
    max_attempts: int
    losses: int
    timeout_seconds: float
    due_at: AwareDatetime
    expires_at: AwareDatetime | None
    created_at: AwareDatetime
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    cancel_requested: bool
    worker_id: str | None
    schedule: str | None
    replay_of: str | None
    dedupe_key: str | None
    tags: list[str]
    metadata: dict[str, str]
    wait_reason: Literal["paused", "no_worker", "concurrency_limit", "rate_limit"] | None


class RunPage(BaseModel):
    data: list[Run]
    next_cursor: str | None


class RunBrief(BaseModel):
    id: str
    state: StateName


class Batch(BaseModel):
    data: list[RunBrief]


class Attempt(BaseModel):
    number: int
    attempt: int
    worker_id: str
    started_at: AwareDatetime
    finished_at: AwareDatetime | None
    outcome: Literal["completed", "failed", "cancelled", "released", "snoozed", "lost"] | None
    error: RunError | None


class AttemptPage(BaseModel):
    data: list[Attempt]
    next_cursor: str | None


class Event(BaseModel):
    id: str
    seq: int
    type: EventTypeName
    time: AwareDatetime
    run_id: str
    job_type: str
    queue: str
    state: StateName
    attempt: int
    data: dict[str, Any]


class EventPage(BaseModel):
    data: list[Event]
    next_cursor: str | None


# -- queues


class QueueIn(_NoNull):
    name: Name | None = None
    engine: Literal["database", "bullmq"] = "database"
    paused: bool | None = None
    concurrency: int | None = None
    rate_limit: dict[str, Any] | None = None
    max_queued: int | None = None
    bullmq: dict[str, Any] | None = None


class StateCounts(BaseModel):
    scheduled: int
    queued: int
    running: int
    retrying: int
    completed: int
    failed: int
    cancelled: int


class Queue(BaseModel):
    name: str
    engine: Literal["database", "bullmq"]
    paused: bool
    concurrency: int | None
    rate_limit: dict[str, Any] | None
    max_queued: int | None
    counts: StateCounts


class QueuePage(BaseModel):
    data: list[Queue]
    next_cursor: str | None


# -- workers


class DeclaresIn(In):
    app: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    declared_at: Instant
    job_types: Annotated[list[JobTypeIn], Field(max_length=1000)] = []
    schedules: list[Any] = []


class WorkerIn(In):
    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    job_types: Annotated[list[Name], Field(max_length=1000)]
    queues: Annotated[list[Name], Field(max_length=1000)] | None = None
    concurrency: Annotated[int, Field(ge=1, le=10_000, strict=True)] = 10
    declares: DeclaresIn | Annotated[list[DeclaresIn], Field(max_length=100)] | None = None


class ConflictOut(BaseModel):
    kind: Literal["job_type", "schedule"]
    name: str
    reason: str


class WorkerRegistered(BaseModel):
    id: str
    lease_seconds: float
    heartbeat_seconds: float
    conflicts: list[ConflictOut]


class Worker(BaseModel):
    id: str
    name: str
    job_types: list[str]
    queues: list[str] | None
    concurrency: int
    registered_at: AwareDatetime
    seen_at: AwareDatetime


class WorkerPage(BaseModel):
    data: list[Worker]
    next_cursor: str | None


class ClaimIn(In):
    max: Annotated[int, Field(ge=1, le=1000, strict=True)] = 10
    wait_seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 30


class Lease(BaseModel):
    run: Run
    attempt: int
    lease_token: str
    lease_until: AwareDatetime
    deadline_at: AwareDatetime
    alone: bool


class Leases(BaseModel):
    data: list[Lease]


class ReportErrorIn(In):
    message: str
    code: Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,63}$")] = "handler_error"
    type: str | None = None
    traceback: str | None = None


class ReportItem(In):
    """One thing that a worker says of a run it holds; which fields belong to it depends on `type`."""

    run_id: str
    attempt: int
    lease_token: str
    type: Literal["progress", "log", "completed", "failed", "released", "snoozed", "cancelled", "lost"]
    percent: float | None = Field(None, description="progress: 0 to 100")
    message: str | None = Field(None, description="progress, log")
    data: Any = Field(None, description="progress")
    level: str | None = Field(None, description="log")
    fields: dict[str, Any] | None = Field(None, description="log")
    dropped: Annotated[int, Field(ge=0)] | None = Field(None, description="log: lines that the worker did not send")
    result: Any = Field(None, description="completed")
    error: ReportErrorIn | None = Field(None, description="failed")
    retryable: bool | None = Field(None, description="failed")
    retry_after_seconds: Seconds | None = Field(None, description="failed")
    delay_seconds: Seconds | None = Field(None, description="snoozed")
    due_at: Instant | None = Field(None, description="snoozed: instead of delay_seconds")
    reason: str | None = Field(None, description="released, cancelled")


class ReportIn(In):
    reports: Annotated[list[ReportItem], Field(max_length=10_000)] = []
    holding: Annotated[list[str], Field(max_length=10_000)] = []


class Reported(BaseModel):
    run_id: str
    attempt: int
    status: Literal["accepted", "lease_lost", "rejected"]
    error: str | None
    cancel_requested: bool


class HeldRun(BaseModel):
    run_id: str
    held: bool
    cancel_requested: bool


class ReportOut(BaseModel):
    data: list[Reported]
    holding: list[HeldRun]
    drain: bool


# -- operations


class Health(BaseModel):
    status: Literal["ok"]


class Latency(BaseModel):
    count: int
    mean_seconds: float | None
    p50_seconds: float | None
    p99_seconds: float | None


class Stats(BaseModel):
    counts: StateCounts
    finished_last_minute: int
    started_last_minute: int
    waited: Latency
    ran: Latency
    workers: int
    open_streams: int
    database_bytes: int
    wal_bytes: int
    free_bytes: int
    oldest: dict[str, AwareDatetime]


class EmptyIn(In):
    """No field is known here."""
