"""The shapes of schedules, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from blazy_jobs_server.api.fields import WHOLE, YEAR_SECONDS, In, Instant, Name, Omittable, Priority, Tags

Overlap = TypeAliasType("Overlap", Literal["allow", "skip", "cancel_running"])
CatchUp = TypeAliasType("CatchUp", Literal["none", "latest", "all"])
Timezone = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Hour = Annotated[int, Field(ge=0, le=23, strict=True), WHOLE]
Minute = Annotated[int, Field(ge=0, le=59, strict=True), WHOLE]
Step = Annotated[int, Field(ge=0, le=10_000, strict=True), WHOLE]


class CronTriggerIn(In):
    """Five fields in the schedule's time zone, or `@hourly`, `@daily`, `@weekly`, `@monthly`, `@yearly`."""

    kind: Literal["cron"]
    expression: Annotated[str, StringConstraints(min_length=1, max_length=256)]


class IntervalTriggerIn(In):
    """At a fixed interval from `start_at`, or from the schedule's creation; it first fires one interval later."""

    kind: Literal["interval"]
    every_seconds: Annotated[float, Field(ge=1, le=10 * YEAR_SECONDS, allow_inf_nan=False)]


class EveryIn(In):
    months: Step = 0
    weeks: Step = 0
    days: Step = 0

    @model_validator(mode="after")
    def _some(self) -> EveryIn:
        if not (self.months or self.weeks or self.days):
            raise PydanticCustomError("invalid_schedule", "must be at least one day")
        return self


class CalendarTriggerIn(In):
    """At a local time on days counted from `start_at` or creation; months without that day are skipped."""

    kind: Literal["calendar"]
    every: EveryIn
    hour: Hour = 0
    minute: Minute = 0


class DateTriggerIn(In):
    """Once."""

    kind: Literal["date"]
    at: Instant


TriggerIn = TypeAliasType(
    "TriggerIn",
    Annotated[CronTriggerIn | IntervalTriggerIn | CalendarTriggerIn | DateTriggerIn, Field(discriminator="kind")],
)


class SchedulePatch(In):
    """The fields of a schedule to change; omitted fields are not changed."""

    job_type: Omittable[Name] = None
    payload: Any = None
    timezone: Omittable[Timezone] = None
    trigger: Omittable[TriggerIn] = None
    overlap: Omittable[Overlap] = None
    catch_up: Omittable[CatchUp] = None
    jitter_seconds: Omittable[Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]] = None
    paused: Omittable[bool] = None
    start_at: Instant | None = None
    end_at: Instant | None = None
    queue: Name | None = None
    priority: Priority | None = None
    tags: Omittable[Tags] = None


class SchedulePut(SchedulePatch):
    """A complete schedule; the name is that in the path and may be omitted."""

    name: Name | None = None
    job_type: Name
    trigger: TriggerIn


class ScheduleIn(SchedulePatch):
    """A schedule to create."""

    name: Name
    job_type: Name
    trigger: TriggerIn


class PreviewIn(In):
    """A trigger to preview. `after` is exclusive and defaults to now."""

    trigger: TriggerIn
    timezone: Timezone = "UTC"
    count: Annotated[int, Field(ge=1, le=1000, strict=True), WHOLE] = 10
    after: Instant | None = None
    start_at: Instant | None = None
    end_at: Instant | None = None


class CronTriggerOut(BaseModel):
    kind: Literal["cron"]
    expression: str


class IntervalTriggerOut(BaseModel):
    kind: Literal["interval"]
    every_seconds: float


class Every(BaseModel):
    months: int
    weeks: int
    days: int


class CalendarTriggerOut(BaseModel):
    kind: Literal["calendar"]
    every: Every
    hour: int
    minute: int


class DateTriggerOut(BaseModel):
    kind: Literal["date"]
    at: AwareDatetime


TriggerOut = TypeAliasType(
    "TriggerOut",
    Annotated[CronTriggerOut | IntervalTriggerOut | CalendarTriggerOut | DateTriggerOut, Field(discriminator="kind")],
)


class Schedule(BaseModel):
    name: str
    job_type: str
    payload: Any
    timezone: str
    trigger: TriggerOut
    overlap: Overlap
    catch_up: CatchUp
    jitter_seconds: float
    paused: bool
    orphaned: bool
    start_at: AwareDatetime | None
    end_at: AwareDatetime | None
    queue: str | None
    priority: int | None
    tags: list[str]
    next_fire_at: AwareDatetime | None
    last_fire_at: AwareDatetime | None
    last_run_id: str | None
    last_skipped_at: AwareDatetime | None
    missed: int
    source: Literal["api", "code", "config"]
    created_at: AwareDatetime
    updated_at: AwareDatetime


class SchedulePage(BaseModel):
    data: list[Schedule]
    next_cursor: str | None


class FireTimes(BaseModel):
    data: list[AwareDatetime]
