"""The shapes of job types, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints
from typing_extensions import TypeAliasType

from blazy_jobs_server.api.fields import (
    WHOLE,
    YEAR_SECONDS,
    Actor,
    Backoff,
    Expiry,
    In,
    JsonSchema,
    Name,
    Omittable,
    OnLost,
    Pointers,
    Priority,
    Seconds,
    Tags,
    Timeout,
)


class WorkerHandlerIn(In):
    """Workers that serve this job type claim the runs."""

    kind: Literal["worker"]


Completion = TypeAliasType("Completion", Literal["response", "report"])
HeaderValue = Annotated[str, StringConstraints(max_length=4096)]


class HttpHandlerIn(In):
    """The server sends each run to `url` with POST. Writing it needs a key with the scope `admin`."""

    kind: Literal["http"]
    url: Annotated[str, StringConstraints(min_length=1, max_length=2048)]
    headers: Omittable[Annotated[dict[str, HeaderValue], Field(max_length=20)]] = None
    completion: Omittable[Completion] = None
    heartbeat_seconds: Timeout | None = None


HandlerIn = TypeAliasType("HandlerIn", Annotated[WorkerHandlerIn | HttpHandlerIn, Field(discriminator="kind")])


Retention = Annotated[float, Field(ge=0, le=10 * YEAR_SECONDS, allow_inf_nan=False)]


class RetryIn(In):
    """The retry policy. Omitted fields get their defaults; in a dispatch, those of the job type."""

    max_attempts: Omittable[Annotated[int, Field(ge=1, le=1000, strict=True), WHOLE]] = None
    backoff: Omittable[Backoff] = None
    initial_seconds: Omittable[Seconds] = None
    factor: Omittable[Annotated[float, Field(ge=1, le=100, allow_inf_nan=False)]] = None
    max_seconds: Omittable[Seconds] = None
    jitter: Omittable[bool] = None
    on_lost: Omittable[OnLost] = None


Retries = Annotated[
    int,
    Field(ge=0, le=999, strict=True, description="The number of retries: one less than the number of attempts."),
    WHOLE,
]
RetryField = RetryIn | Retries


class JobTypePatch(In):
    """The fields of a job type to change; omitted fields are not changed."""

    description: Omittable[Annotated[str, Field(max_length=4096)]] = None
    handler: Omittable[HandlerIn] = None
    queue: Omittable[Name] = None
    priority: Omittable[Priority] = None
    retry: Omittable[RetryField] = None
    timeout_seconds: Omittable[Timeout] = None
    expires_seconds: Expiry | None = None
    payload_schema: JsonSchema | None = None
    result_schema: JsonSchema | None = None
    retention_seconds: Omittable[Retention] = None
    retention_failed_seconds: Retention | None = None
    concurrency: Annotated[int, Field(ge=1, le=1_000_000, strict=True), WHOLE] | None = None
    paused: Omittable[bool] = None
    tags: Omittable[Tags] = None
    redact: Omittable[Pointers] = None


class JobTypePut(JobTypePatch):
    """A complete definition; the name is that in the path and may be omitted."""

    name: Name | None = None
    handler: HandlerIn


class JobTypeIn(JobTypePatch):
    """A definition to register."""

    name: Name
    handler: HandlerIn


class WorkerHandlerOut(BaseModel):
    kind: Literal["worker"]


class HttpHandlerOut(BaseModel):
    kind: Literal["http"]
    url: str
    headers: dict[str, str]
    completion: Completion
    heartbeat_seconds: float | None


HandlerOut = TypeAliasType("HandlerOut", Annotated[WorkerHandlerOut | HttpHandlerOut, Field(discriminator="kind")])


class RetryOut(BaseModel):
    max_attempts: int
    backoff: Backoff
    initial_seconds: float
    factor: float
    max_seconds: float
    jitter: bool
    on_lost: OnLost


class JobType(BaseModel):
    name: str
    description: str
    handler: HandlerOut
    queue: str
    priority: int
    retry: RetryOut
    timeout_seconds: float
    expires_seconds: float | None
    payload_schema: JsonSchema | None
    result_schema: JsonSchema | None
    retention_seconds: float
    retention_failed_seconds: float | None
    concurrency: int | None
    paused: bool
    tags: list[str]
    redact: list[str]
    version: int
    source: Literal["api", "code", "config"]
    created_at: AwareDatetime
    updated_at: AwareDatetime


class JobTypeVersion(BaseModel):
    version: int
    changed: list[str]
    created_at: AwareDatetime | None
    created_by: Actor | None
    name: str
    description: str
    handler: HandlerOut
    queue: str
    priority: int
    retry: RetryOut
    timeout_seconds: float
    expires_seconds: float | None
    payload_schema: JsonSchema | None
    result_schema: JsonSchema | None
    retention_seconds: float
    retention_failed_seconds: float | None
    concurrency: int | None
    tags: list[str]
    redact: list[str]


class JobTypeVersionPage(BaseModel):
    data: list[JobTypeVersion]
    next_cursor: str | None


class RegisteredJobType(JobType):
    secret: str | None = None


class JobTypeSecret(BaseModel):
    secret: str
    previous_until: AwareDatetime | None


class JobTypePage(BaseModel):
    data: list[JobType]
    next_cursor: str | None
