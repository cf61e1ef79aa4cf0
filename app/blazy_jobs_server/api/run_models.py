"""The shapes of runs and of requests that make them, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from blazy_jobs_server.api.fields import (
    Actor,
    Expiry,
    In,
    Instant,
    Metadata,
    Name,
    Omittable,
    Priority,
    RunState,
    Seconds,
    Tags,
    Timeout,
    WaitReason,
)
from blazy_jobs_server.api.job_type_models import RetryField

ListedFields = TypeAliasType("ListedFields", Literal["brief"])


class DispatchIn(In):
    """A run to dispatch. Omitted fields are taken from the job type."""

    payload: Any
    queue: Omittable[Name] = None
    priority: Omittable[Priority] = None
    delay_seconds: Seconds | None = None
    run_at: Instant | None = None
    retry: Omittable[RetryField] = None
    timeout_seconds: Omittable[Timeout] = None
    expires_seconds: Expiry | None = None
    dedupe_key: Annotated[str, StringConstraints(min_length=1, max_length=255)] | None = None
    tags: Tags = []
    metadata: Metadata = {}

    @model_validator(mode="after")
    def _one_time(self) -> DispatchIn:
        if self.delay_seconds is not None and self.run_at is not None:
            raise PydanticCustomError("exclusive", "delay_seconds and run_at are mutually exclusive")
        return self


class BatchItem(DispatchIn):
    job_type: Name


class BatchIn(In):
    runs: Annotated[list[BatchItem], Field(min_length=1, max_length=10_000)]


class CancelIn(In):
    reason: Annotated[str, StringConstraints(max_length=1024)] | None = None


class ReplayIn(In):
    payload: Any = None


class RunError(BaseModel):
    code: str
    type: str | None
    message: str
    traceback: str | None
    status: int | None = None
    group: str | None = None


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
    created_by: Actor | None
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    cancel_requested: bool
    worker_id: str | None
    schedule: str | None
    replay_of: str | None
    dedupe_key: str | None
    tags: list[str]
    metadata: Metadata
    cancel_reason: str | None
    wait_reason: WaitReason | None
    resolved: bool
    resolved_at: AwareDatetime | None


class ListedRun(Run):
    payload: Any = None
    result: Any = None
    metadata: Metadata = {}


class Searched(BaseModel):
    runs: int
    complete: bool
    cursor: str | None


class RunPage(BaseModel):
    data: list[ListedRun]
    next_cursor: str | None
    searched: Searched | None = None


class RunCount(BaseModel):
    count: int
    at_least: bool


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
    trace_id: str


class AttemptPage(BaseModel):
    data: list[Attempt]
    next_cursor: str | None
