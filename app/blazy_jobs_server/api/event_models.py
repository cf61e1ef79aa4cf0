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
    """Dispatched, also when due later."""

    type: Literal["queued"]
    data: QueuedData


class StartedEvent(EventFacts):
    """An attempt starts."""

    type: Literal["started"]
    data: StartedData


class ProgressEvent(EventFacts):
    """The handler says how far it is; at most ten a second, the newest always kept."""

    type: Literal["progress"]
    data: Progress


class LogEvent(EventFacts):
    """The handler writes a line."""

    type: Literal["log"]
    data: LogData


class RetryingEvent(EventFacts):
    """An attempt failed, another follows."""

    type: Literal["retrying"]
    data: RetryingData


class InterruptedEvent(EventFacts):
    """Given back by a stopping worker, snoozed, or lost with its worker; no attempt is spent."""

    type: Literal["interrupted"]
    data: InterruptedData


class CancellingEvent(EventFacts):
    """A cancel was asked of a running handler."""

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
