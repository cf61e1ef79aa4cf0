"""The events, as the OpenAPI document shows them: one shape for each type."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field
from typing_extensions import TypeAliasType

from blazy_jobs_server.api.fields import RunState
from blazy_jobs_server.api.run_models import Progress, RunError

EventType = TypeAliasType(
    "EventType",
    Literal[
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
    ],
)
LogLevel = TypeAliasType("LogLevel", Literal["debug", "info", "warning", "error", "critical"])


class QueuedData(BaseModel):
    due_at: AwareDatetime


class StartedData(BaseModel):
    worker_id: str | None
    """None where a worker of others took it from a queue of another engine."""


class LogData(BaseModel):
    level: LogLevel
    message: str
    fields: dict[str, Any]


class RetryingData(BaseModel):
    error: RunError
    due_at: AwareDatetime


class InterruptedData(BaseModel):
    reason: Literal["released", "snoozed", "lost"]
    due_at: AwareDatetime


class CancellingData(BaseModel):
    reason: str | None


class CompletedData(BaseModel):
    result: Any


class FailedData(BaseModel):
    error: RunError


class CancelledData(BaseModel):
    reason: str | None


class EventFacts(BaseModel):
    id: str
    seq: int
    time: AwareDatetime
    run_id: str
    job_type: str
    queue: str
    state: RunState
    attempt: int


class QueuedEvent(EventFacts):
    """The run was dispatched; it may be due later."""

    type: Literal["queued"]
    data: QueuedData


class StartedEvent(EventFacts):
    """A worker has claimed the run; an attempt starts."""

    type: Literal["started"]
    data: StartedData


class ProgressEvent(EventFacts):
    """Progress of the handler; at most ten events per second, and always the latest."""

    type: Literal["progress"]
    data: Progress


class LogEvent(EventFacts):
    """A log line of the handler."""

    type: Literal["log"]
    data: LogData


class RetryingEvent(EventFacts):
    """An attempt failed, and will be followed by another."""

    type: Literal["retrying"]
    data: RetryingData


class InterruptedEvent(EventFacts):
    """The run was released, snoozed, or lost with its worker, and is requeued; no attempt is spent."""

    type: Literal["interrupted"]
    data: InterruptedData


class CancellingEvent(EventFacts):
    """A running handler was told to stop."""

    type: Literal["cancelling"]
    data: CancellingData


class CompletedEvent(EventFacts):
    """Final: the last event."""

    type: Literal["completed"]
    data: CompletedData


class FailedEvent(EventFacts):
    """Final: the last event."""

    type: Literal["failed"]
    data: FailedData


class CancelledEvent(EventFacts):
    """Final: the last event."""

    type: Literal["cancelled"]
    data: CancelledData


Event = TypeAliasType(
    "Event",
    Annotated[
        QueuedEvent
        | StartedEvent
        | ProgressEvent
        | LogEvent
        | RetryingEvent
        | InterruptedEvent
        | CancellingEvent
        | CompletedEvent
        | FailedEvent
        | CancelledEvent,
        Field(discriminator="type", description="One change of a run, or one line of its log."),
    ],
)


class EventPage(BaseModel):
    data: list[Event]
    next_cursor: str | None
