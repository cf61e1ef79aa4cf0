"""The digest, as the OpenAPI document shows it."""

from __future__ import annotations

from typing import Literal

from pydantic import AwareDatetime, BaseModel

from blazy_jobs_server.api.fields import Omittable
from blazy_jobs_server.api.queue_models import StateCounts


class SomeCounts(BaseModel):
    """States of which there is no run are left out."""

    scheduled: Omittable[int] = None
    queued: Omittable[int] = None
    running: Omittable[int] = None
    retrying: Omittable[int] = None
    completed: Omittable[int] = None
    failed: Omittable[int] = None
    cancelled: Omittable[int] = None


class LaneCounts(BaseModel):
    job_type: str
    queue: str
    counts: SomeCounts


class OtherCounts(BaseModel):
    lanes: int
    counts: StateCounts


class Rates(BaseModel):
    started: float
    completed: float
    failed: float
    cancelled: float
    retried: float
    lost: float


class LateQueue(BaseModel):
    name: str
    queued: int
    unserved: int
    oldest_due_at: AwareDatetime | None
    paused: bool


class WorkersNow(BaseModel):
    connected: int
    draining: int
    slots: int
    busy: int


class RunVersions(StateCounts):
    pass


class ListVersions(BaseModel):
    runs: RunVersions
    errors: int
    job_types: int
    queues: int
    schedules: int
    workers: int
    webhooks: int
    bulk: int
    servers: int
    keys: Omittable[int] = None
    audit: Omittable[int] = None


class NewError(BaseModel):
    group: str
    code: str
    type: str | None
    message: str
    job_type: str
    first_at: AwareDatetime


class Digest(BaseModel):
    at: AwareDatetime
    server: str
    counts: StateCounts
    rates: Rates
    workers: WorkersNow
    trouble: list[Literal["store", "redis"]]
    versions: ListVersions
    queues: list[LateQueue]
    queues_left_out: int
    new_errors: list[NewError]
    lanes: list[LaneCounts]
    other: OtherCounts | None
