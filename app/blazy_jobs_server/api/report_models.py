"""What a worker takes and what it says of it, as the OpenAPI document shows it."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints
from typing_extensions import TypeAliasType

from blazy_jobs_server.api.fields import WHOLE, In, Instant, Omittable, Seconds
from blazy_jobs_server.api.run_models import Run


class ClaimIn(In):
    max: Annotated[int, Field(ge=1, le=1000, strict=True), WHOLE] = 10
    wait_seconds: Annotated[float, Field(ge=0, le=3600, allow_inf_nan=False)] = 30
    columns: Annotated[bool, Field(strict=True)] = False


class Lease(BaseModel):
    run: Run
    attempt: int
    claim: int
    lease_token: str
    lease_until: AwareDatetime
    deadline_at: AwareDatetime
    alone: bool


class LeaseColumns(BaseModel):
    """Runs of one job type and queue in their first attempt, leased together. The lists are as long as `run_ids`."""

    job_type: str
    job_type_version: int
    queue: str
    attempt: int
    max_attempts: int
    timeout_seconds: float
    lease_token: str
    lease_until: AwareDatetime
    deadline_at: AwareDatetime
    run_ids: list[str]
    payloads: list[Any]
    tags: list[list[str]] = []
    metadata: list[dict[str, str]] = []


class Leases(BaseModel):
    data: list[Lease]
    columns: list[LeaseColumns] = []


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
    percent: float | None = None
    message: str | None = None
    data: Any = None


class LogReport(ReportFacts):
    type: Literal["log"]
    level: str | None = None
    message: str | None = None
    fields: dict[str, Any] | None = None
    dropped: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    written_at: Instant | None = None


class ProgressWord(In):
    type: Literal["progress"]
    percent: float | None = None
    message: str | None = None
    data: Any = None


class LogWord(In):
    type: Literal["log"]
    level: str | None = None
    message: str | None = None
    fields: dict[str, Any] | None = None
    dropped: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    written_at: Instant | None = None


Word = TypeAliasType(
    "Word",
    Annotated[
        ProgressWord | LogWord,
        Field(discriminator="type", description="A `progress` or `log` report of a run that is named beside it."),
    ],
)


class CompletedReport(ReportFacts):
    type: Literal["completed"]
    result: Any = None


class FailedReport(ReportFacts):
    type: Literal["failed"]
    error: ReportErrorIn
    retryable: bool | None = None
    retry_after_seconds: Seconds | None = None


class ReleasedReport(ReportFacts):
    """The run is returned to the queue; no attempt is spent."""

    type: Literal["released"]
    reason: str | None = None
    alone: bool | None = None


class SnoozedReport(ReportFacts):
    """The run is due again later; no attempt is spent."""

    type: Literal["snoozed"]
    delay_seconds: Seconds | None = None
    due_at: Instant | None = None


class CancelledReport(ReportFacts):
    """The handler has stopped after a cancel."""

    type: Literal["cancelled"]
    reason: str | None = None


class LostReport(ReportFacts):
    """The process with the run died, and it is unknown whether this run was the cause."""

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
        Field(discriminator="type", description="One report of a worker about a run that it has claimed."),
    ],
)


class CompletedIn(In):
    """Runs that were leased under one token and have completed."""

    lease_token: str
    attempt: Annotated[int, Field(ge=0, le=2**53 - 1)]
    run_ids: Annotated[list[str], Field(max_length=10_000)]
    results: Annotated[list[Any], Field(max_length=10_000)] | None = None


class SaidIn(In):
    """Progress and log lines of runs that were leased under one token."""

    lease_token: str
    attempt: Annotated[int, Field(ge=0, le=2**53 - 1)]
    run_ids: Annotated[list[str], Field(max_length=10_000)]
    words: Annotated[list[list[Word] | list[Any]], Field(max_length=10_000)]
    before: Annotated[list[Annotated[int, Field(ge=0, le=2**53 - 1)]], Field(max_length=10_000)] | None = None


class ReportIn(In):
    reports: Annotated[list[ReportItem], Field(max_length=10_000)] | Annotated[list[Any], Field(max_length=10_000)] = []
    holding: Annotated[list[str], Field(max_length=10_000)] = []
    completed: Annotated[list[CompletedIn], Field(max_length=10_000)] = []
    said: Annotated[list[SaidIn], Field(max_length=10_000)] = []


class Reported(BaseModel):
    """The outcome of the report at the same position. `run_id` and `attempt` are null if those of the report were
    invalid."""

    run_id: str | None
    attempt: int | None
    status: Literal["accepted", "lease_lost", "rejected"]
    error: str | None
    cancel_requested: bool


class HeldRun(BaseModel):
    run_id: str
    held: bool
    cancel_requested: bool


class NotAccepted(BaseModel):
    """A run of `completed` that was not accepted, or whose cancel was requested."""

    run_id: str
    status: Literal["accepted", "lease_lost", "rejected"]
    error: str | None
    cancel_requested: bool


class NotHeard(NotAccepted):
    """A run of `said` whose words were not accepted, or whose cancel was requested; or one word that was rejected."""

    place: int | None


class ReportOut(BaseModel):
    data: list[Reported]
    holding: list[HeldRun]
    drain: bool
    completed: list[list[NotAccepted]] = []
    said: list[list[NotHeard]] = []


class RunWord(In):
    run_id: Omittable[str] = None
    attempt: Omittable[Annotated[int, Field(ge=0, le=2**53 - 1)]] = None


class RunProgress(RunWord):
    type: Literal["progress"]
    percent: float | None = None
    message: str | None = None
    data: Any = None


class RunLog(RunWord):
    type: Literal["log"]
    level: str | None = None
    message: str | None = None
    fields: dict[str, Any] | None = None
    dropped: Annotated[int, Field(ge=0, le=2**53 - 1)] | None = None
    written_at: Instant | None = None


class RunCompleted(RunWord):
    type: Literal["completed"]
    result: Any = None


class RunFailed(RunWord):
    type: Literal["failed"]
    error: ReportErrorIn
    retryable: bool | None = None
    retry_after_seconds: Seconds | None = None


class RunReleased(RunWord):
    type: Literal["released"]
    reason: str | None = None
    alone: bool | None = None


class RunSnoozed(RunWord):
    type: Literal["snoozed"]
    delay_seconds: Seconds | None = None
    due_at: Instant | None = None


class RunCancelled(RunWord):
    type: Literal["cancelled"]
    reason: str | None = None


class RunLost(RunWord):
    type: Literal["lost"]


RunReportItem = TypeAliasType(
    "RunReportItem",
    Annotated[
        RunProgress | RunLog | RunCompleted | RunFailed | RunReleased | RunSnoozed | RunCancelled | RunLost,
        Field(discriminator="type", description="One report of an HTTP handler about its run."),
    ],
)


class RunReportIn(In):
    reports: Annotated[list[RunReportItem], Field(max_length=1000)] | Annotated[list[Any], Field(max_length=1000)] = []


class RunReportOut(BaseModel):
    data: list[Reported]
    cancel_requested: bool
