"""What a worker says of itself and of its code, and what the server knows of it, as the OpenAPI document shows it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints

from blazy_jobs_server.api.fields import WHOLE, In, Instant, Name
from blazy_jobs_server.api.job_type_models import JobTypeIn
from blazy_jobs_server.api.queue_models import Bullmq
from blazy_jobs_server.api.schedule_models import ScheduleIn

Label = Annotated[str, StringConstraints(min_length=1, max_length=255)]


class QueueDeclared(In):
    """A queue in Redis that is declared in code. `redis` is refused unless it is the server's."""

    name: Name
    engine: Literal["bullmq"]
    bullmq: Bullmq = Bullmq()
    redis: Annotated[str, StringConstraints(max_length=1000)] | None = None


class DeclaresIn(In):
    """The declarations in the code of an app. Those of the connected workers that were started last apply."""

    app: Label
    declared_at: Instant | None = None
    build: Label | None = None
    start: Label | None = None
    modules: Annotated[list[Label], Field(max_length=100)] = []
    job_types: Annotated[list[JobTypeIn], Field(max_length=1000)] = []
    schedules: Annotated[list[ScheduleIn], Field(max_length=1000)] = []
    queues: Annotated[list[QueueDeclared], Field(max_length=100)] = []


class WorkerIn(In):
    name: Annotated[str, StringConstraints(min_length=1, max_length=255)]
    job_types: Annotated[list[Name], Field(max_length=1000)]
    queues: Annotated[list[Name], Field(max_length=1000)] | None = None
    concurrency: Annotated[int, Field(ge=1, le=10_000, strict=True), WHOLE] = 10
    host: Label | None = None
    pid: Annotated[int, Field(ge=1, le=2**31 - 1, strict=True), WHOLE] | None = None
    version: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    declares: DeclaresIn | Annotated[list[DeclaresIn], Field(max_length=100)] | None = None


class ConflictOut(BaseModel):
    kind: Literal["job_type", "schedule", "queue"]
    name: str
    reason: str


class WorkerRegistered(BaseModel):
    id: str
    lease_seconds: float
    columns: bool
    said: bool
    heartbeat_seconds: float
    conflicts: list[ConflictOut]


class RunInHand(BaseModel):
    run_id: str
    job_type: str
    queue: str
    attempt: int
    started_at: AwareDatetime


class Worker(BaseModel):
    id: str
    name: str
    job_types: list[str]
    queues: list[str] | None
    concurrency: int
    slots: int
    busy: int
    running: list[RunInHand]
    draining: bool
    host: str | None
    pid: int | None
    version: str | None
    server: str
    registered_at: AwareDatetime
    seen_at: AwareDatetime
    last_seen_at: AwareDatetime


class WorkerPage(BaseModel):
    data: list[Worker]
    next_cursor: str | None
