"""The history, as the OpenAPI document shows it."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel, Field


class Durations(BaseModel):
    count: int
    mean_seconds: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None
    buckets: list[int]


class SeriesTotal(BaseModel):
    started: int | None
    completed: int | None
    failed: int | None
    cancelled: int | None
    retried: int | None
    lost: int | None
    deepest: int | None
    oldest_due_seconds: float | None
    waited: Durations | None
    ran: Durations | None


class SeriesPoint(SeriesTotal):
    at: AwareDatetime


class Series(BaseModel):
    from_: AwareDatetime = Field(alias="from")
    to: AwareDatetime
    step_seconds: int
    bounds: list[float]
    total: SeriesTotal
    data: list[SeriesPoint]
