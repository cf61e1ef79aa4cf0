"""The shapes of health and statistics, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel

from blazy_jobs_server.api.fields import Omittable
from blazy_jobs_server.api.queue_models import StateCounts


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
    """Since when the first run in each state has been due, or when it will be; omitted if there is none."""

    scheduled: Omittable[AwareDatetime] = None
    queued: Omittable[AwareDatetime] = None
    running: Omittable[AwareDatetime] = None
    retrying: Omittable[AwareDatetime] = None
    completed: Omittable[AwareDatetime] = None
    failed: Omittable[AwareDatetime] = None
    cancelled: Omittable[AwareDatetime] = None


class Stats(BaseModel):
    version: str
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
