"""The shapes of queues, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, Field

from blazy_jobs_server.api.fields import WHOLE, YEAR_SECONDS, In, Name, Omittable, QueueEngine


class RateLimit(In):
    limit: Annotated[int, Field(ge=1, le=1_000_000, strict=True), WHOLE]
    per_seconds: Annotated[float, Field(gt=0, le=YEAR_SECONDS, allow_inf_nan=False)]


class Bullmq(In):
    """The settings of a queue in Redis."""

    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9._:{}-]{1,64}$")] = "bull"
    consume: Annotated[bool, Field(strict=True)] = True
    """False: others' workers deliver it, and our runs only follow."""


class QueueLimits(In):
    concurrency: Annotated[int, Field(ge=1, le=1_000_000, strict=True), WHOLE] | None = None
    rate_limit: RateLimit | None = None
    max_queued: Annotated[int, Field(ge=1, le=1_000_000_000, strict=True), WHOLE] | None = None


class QueueIn(QueueLimits):
    """The settings of a queue. An omitted engine is not changed."""

    name: Name | None = None
    engine: QueueEngine = "database"
    paused: Omittable[bool] = None
    bullmq: Bullmq | None = None


class QueuePatch(QueueLimits):
    """What is left out is not changed."""

    paused: Omittable[bool] = None


class StateCounts(BaseModel):
    scheduled: int
    queued: int
    running: int
    retrying: int
    completed: int
    failed: int
    cancelled: int


class BullmqOut(BaseModel):
    """The settings of the queue in Redis; null for queues in the database."""

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
