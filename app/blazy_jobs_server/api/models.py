"""The shapes of requests and answers, as the OpenAPI document shows them. Unknown fields of a request are refused."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

T = TypeVar("T")


def _not_null(value: object) -> object:
    if value is None:
        raise PydanticCustomError("null_value", "may be left out, but not be null")
    return value


Omittable = Annotated[T | SkipJsonSchema[None], BeforeValidator(_not_null)]
"""May be left out, but not be null."""


def _whole(value: object) -> object:
    return int(value) if type(value) is float and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""JSON Schema calls 3.0 an integer, and so do we."""

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Tags = Annotated[list[Tag], Field(max_length=20)]
Priority = Annotated[int, Field(ge=-100, le=100, strict=True), WHOLE]
YEAR_SECONDS = 366 * 86_400
Seconds = Annotated[float, Field(ge=0, le=YEAR_SECONDS, allow_inf_nan=False)]
Timeout = Annotated[float, Field(gt=0, le=30 * 86_400, allow_inf_nan=False)]
Expiry = Annotated[float, Field(gt=0, le=YEAR_SECONDS, allow_inf_nan=False)]

# Names of their own in the document, so that generated code has one type for each.
RunState = TypeAliasType(
    "RunState", Literal["scheduled", "queued", "running", "retrying", "completed", "failed", "cancelled"]
)
Backoff = TypeAliasType("Backoff", Literal["exponential", "linear", "fixed"])
OnLost = TypeAliasType("OnLost", Literal["retry", "fail"])
WaitReason = TypeAliasType("WaitReason", Literal["paused", "no_worker", "concurrency_limit", "rate_limit"])
QueueEngine = TypeAliasType("QueueEngine", Literal["database", "bullmq"])
JsonSchema = TypeAliasType(
    "JsonSchema",
    Annotated[
        dict[str, Any] | bool,
        Field(description="JSON Schema 2020-12, at most 64 KiB, with `#`-local `$ref` and linear-time patterns only"),
    ],
)
Metadata = TypeAliasType(
    "Metadata",
    Annotated[
        dict[Annotated[str, StringConstraints(max_length=128)], Annotated[str, StringConstraints(max_length=4096)]],
        Field(max_length=50, description="the caller's own words about a run"),
    ],
)

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


class WorkerHandlerIn(In):
    """A worker process that serves this name takes the runs."""

    kind: Literal["worker"]


class HttpHandlerIn(In):
    """The server POSTs each run to `url`. A server that cannot yet answers `422 not_supported`."""

    kind: Literal["http"]
    url: Annotated[str, StringConstraints(min_length=1, max_length=2048)]


HandlerIn = TypeAliasType("HandlerIn", Annotated[WorkerHandlerIn | HttpHandlerIn, Field(discriminator="kind")])


class RetryIn(In):
    """What is left out comes from the default, or in a dispatch from the job type."""

    max_attempts: Omittable[Annotated[int, Field(ge=1, le=1000, strict=True), WHOLE]] = None
    backoff: Omittable[Backoff] = None
    initial_seconds: Omittable[Seconds] = None
    factor: Omittable[Annotated[float, Field(ge=1, le=100, allow_inf_nan=False)]] = None
    max_seconds: Omittable[Seconds] = None
    jitter: Omittable[bool] = None
    on_lost: Omittable[OnLost] = None


Retries = Annotated[
    int,
    Field(ge=0, le=999, strict=True, description="the number of retries: one less than attempts"),
    WHOLE,
]
RetryField = RetryIn | Retries


class JobTypePatch(In):
    """Fields of a job type to change; those left out stay."""

    description: Omittable[Annotated[str, Field(max_length=4096)]] = None
    handler: Omittable[HandlerIn] = None
    queue: Omittable[Name] = None
    priority: Omittable[Priority] = None
    retry: Omittable[RetryField] = None
    timeout_seconds: Omittable[Timeout] = None
    expires_seconds: Expiry | None = None
    payload_schema: JsonSchema | None = None
    result_schema: JsonSchema | None = None
    retention_seconds: Omittable[Annotated[float, Field(ge=0, le=10 * YEAR_SECONDS, allow_inf_nan=False)]] = None
    concurrency: Annotated[int, Field(ge=1, le=1_000_000, strict=True), WHOLE] | None = None
    paused: Omittable[bool] = None
    tags: Omittable[Tags] = None


class JobTypePut(JobTypePatch):
    """A whole definition; the name comes from the path and may be left out."""

    name: Name | None = None
    handler: HandlerIn


class JobTypeIn(JobTypePatch):
    """A definition to register."""

    name: Name
    handler: HandlerIn


class WorkerHandlerOut(BaseModel):
    kind: Literal["worker"]


class HttpHandlerOut(BaseModel):
    kind: Literal["http"]
    url: str


HandlerOut = TypeAliasType("HandlerOut", Annotated[WorkerHandlerOut | HttpHandlerOut, Field(discriminator="kind")])


class RetryOut(BaseModel):
    max_attempts: int
    backoff: Backoff
    initial_seconds: float
    factor: float
    max_seconds: float
    jitter: bool
    on_lost: OnLost


class JobType(BaseModel):
    name: str
    description: str
    handler: HandlerOut
    queue: str
    priority: int
    retry: RetryOut
    timeout_seconds: float
    expires_seconds: float | None
    payload_schema: JsonSchema | None
    result_schema: JsonSchema | None
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


class DispatchIn(In):
    """What is left out comes from the job type."""

    payload: Any
    queue: Omittable[Name] = None
    priority: Omittable[Priority] = None
    delay_seconds: Seconds | None = None
    run_at: Instant | None = Field(None, description="at most a year ahead; not together with delay_seconds")
    retry: Omittable[RetryField] = None
    timeout_seconds: Omittable[Timeout] = None
    expires_seconds: Expiry | None = None
    dedupe_key: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    tags: Tags = []
    metadata: Metadata = {}

    @model_validator(mode="after")
    def _one_time(self) -> DispatchIn:
        if self.delay_seconds is not None and self.run_at is not None:
            raise PydanticCustomError("exclusive", "delay_seconds and run_at exclude each other")
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
    data: Any


class Run(BaseModel):
    id: str
    job_type: str
    job_type_version: int
    queue: str
    state: RunState
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
    metadata: Metadata
    cancel_reason: str | None = Field(description="what was said when a cancel was asked for")
    wait_reason: WaitReason | None


class RunPage(BaseModel):
    data: list[Run]
    next_cursor: str | None


class RunBrief(BaseModel):
    id: str
    state: RunState


class Batch(BaseModel):
    data: list[RunBrief]


class Attempt(BaseModel):
    number: int
    attempt: int
    worker_id: str | None
    started_at: AwareDatetime
    finished_at: AwareDatetime | None
    outcome: Literal["completed", "failed", "cancelled", "released", "snoozed", "lost"] | None
    error: RunError | None


class AttemptPage(BaseModel):
    data: list[Attempt]
    next_cursor: str | None


# -- queues


class RateLimit(In):
    limit: Annotated[int, Field(ge=1, le=1_000_000, strict=True), WHOLE]
    per_seconds: Annotated[float, Field(gt=0, le=YEAR_SECONDS, allow_inf_nan=False)]


class Bullmq(In):
    """How a queue lives in Redis."""

    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:{}-]{1,64}$")] = "bull"
    consume: Annotated[bool, Field(strict=True)] = True
    """False: others' workers deliver it, and our runs only follow."""


class QueueIn(In):
    """A setting that a server does not have yet is answered with `422 not_supported`. An engine that is left out stays
    as it is."""

    name: Name | None = None
    engine: QueueEngine = "database"
    paused: Omittable[bool] = None
    concurrency: Annotated[int, Field(ge=1, le=1_000_000, strict=True), WHOLE] | None = None
    rate_limit: RateLimit | None = None
    max_queued: Annotated[int, Field(ge=1, le=1_000_000_000, strict=True), WHOLE] | None = None
    bullmq: Bullmq | None = None


class StateCounts(BaseModel):
    scheduled: int
    queued: int
    running: int
    retrying: int
    completed: int
    failed: int
    cancelled: int


class BullmqOut(BaseModel):
    """How the queue lives in Redis; null where it is the database's own."""

    prefix: str
    consume: bool


class Queue(BaseModel):
    name: str
    engine: QueueEngine
    paused: bool
    concurrency: int | None
    rate_limit: RateLimit | None
    max_queued: int | None
    bullmq: BullmqOut | None
    counts: StateCounts


class QueuePage(BaseModel):
    data: list[Queue]
    next_cursor: str | None


# -- workers


class ConflictOut(BaseModel):
    kind: Literal["job_type", "schedule", "queue"]
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
    max: Annotated[int, Field(ge=1, le=1000, strict=True), WHOLE] = 10
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


class ReportFacts(In):
    run_id: str
    attempt: Annotated[int, Field(ge=0, le=2**53 - 1)]
    lease_token: str


class ProgressReport(ReportFacts):
    type: Literal["progress"]
    percent: float | None = Field(None, description="clamped to 0 to 100")
    message: str | None = None
    data: Any = None


class LogReport(ReportFacts):
    type: Literal["log"]
    level: str | None = Field(None, description="debug, info (also for an unknown one), warning, error or critical")
    message: str | None = None
    fields: dict[str, Any] | None = None
    dropped: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = Field(
        None, description="lines that the worker did not send"
    )


class CompletedReport(ReportFacts):
    type: Literal["completed"]
    result: Any = None


class FailedReport(ReportFacts):
    type: Literal["failed"]
    error: ReportErrorIn
    retryable: bool | None = Field(None, description="true where it is left out")
    retry_after_seconds: Seconds | None = None


class ReleasedReport(ReportFacts):
    """Given back unfinished, at no attempt's cost."""

    type: Literal["released"]
    reason: str | None = None


class SnoozedReport(ReportFacts):
    """Given back, to come again later, at no attempt's cost."""

    type: Literal["snoozed"]
    delay_seconds: Seconds | None = None
    due_at: Instant | None = Field(None, description="instead of delay_seconds")


class CancelledReport(ReportFacts):
    """The handler has ended because its cancel was asked."""

    type: Literal["cancelled"]
    reason: str | None = None


class LostReport(ReportFacts):
    """The process that held the run died, and nobody knows whether this run did it."""

    type: Literal["lost"]


ReportItem = TypeAliasType(
    "ReportItem",
    Annotated[
        ProgressReport
        | LogReport
        | CompletedReport
        | FailedReport
        | ReleasedReport
        | SnoozedReport
        | CancelledReport
        | LostReport,
        Field(discriminator="type", description="one thing that a worker says of a run it holds"),
    ],
)


class ReportIn(In):
    reports: Annotated[list[ReportItem], Field(max_length=10_000)] = []
    holding: Annotated[list[str], Field(max_length=10_000)] = []


class Reported(BaseModel):
    """What was made of the report at the same place. `run_id` and `attempt` are null where its own were none."""

    run_id: str | None
    attempt: int | None
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
    redis: Literal["up", "down"] | None = None
    """Whether the Redis of BullMQ queues answers; left out where there is none, and of `healthz`."""


class Latency(BaseModel):
    count: int
    mean_seconds: float | None
    p50_seconds: float | None
    p99_seconds: float | None


class Oldest(BaseModel):
    """When the oldest run in each state came into it; left out where there is none."""

    scheduled: Omittable[AwareDatetime] = None
    queued: Omittable[AwareDatetime] = None
    running: Omittable[AwareDatetime] = None
    retrying: Omittable[AwareDatetime] = None
    completed: Omittable[AwareDatetime] = None
    failed: Omittable[AwareDatetime] = None
    cancelled: Omittable[AwareDatetime] = None


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
    oldest: Oldest


class EmptyIn(In):
    """No field is known here."""
