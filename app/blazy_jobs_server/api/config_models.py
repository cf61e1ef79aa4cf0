"""The shapes of configurations, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field
from pydantic.json_schema import SkipJsonSchema
from typing_extensions import TypeAliasType

from blazy_jobs_server.api.fields import In, JsonSchema, Name, Omittable, QueueEngine
from blazy_jobs_server.api.job_type_models import HandlerOut, JobTypeIn, RetryOut
from blazy_jobs_server.api.queue_models import BullmqOut, QueueIn, RateLimit
from blazy_jobs_server.api.schedule_models import CatchUp, Overlap, ScheduleIn, TriggerOut
from blazy_jobs_server.api.webhook_models import WebhookEventType, WebhookIn, WebhookInclude

MAX_ITEMS = 5000
MAX_WEBHOOKS = 100
ConfigSource = TypeAliasType("ConfigSource", Literal["api", "code", "config"])
ConfigKind = TypeAliasType("ConfigKind", Literal["job_type", "queue", "schedule", "webhook"])
ConfigAction = TypeAliasType("ConfigAction", Literal["create", "update", "delete"])


class ConfigJobTypeIn(JobTypeIn):
    source: ConfigSource | None = None
    owner: Name | None = None


class ConfigQueueIn(QueueIn):
    name: Name


class ConfigScheduleIn(ScheduleIn):
    source: ConfigSource | None = None
    owner: Name | None = None


class ConfigWebhookIn(WebhookIn):
    source: ConfigSource | None = None
    owner: Name | None = None


class ConfigIn(In):
    owner: Name | None = None
    prune: Omittable[bool] = None
    job_types: Omittable[Annotated[list[ConfigJobTypeIn], Field(max_length=MAX_ITEMS)]] = None
    queues: Omittable[Annotated[list[ConfigQueueIn], Field(max_length=MAX_ITEMS)]] = None
    schedules: Omittable[Annotated[list[ConfigScheduleIn], Field(max_length=MAX_ITEMS)]] = None
    webhooks: Omittable[Annotated[list[ConfigWebhookIn], Field(max_length=MAX_WEBHOOKS)]] = None


class ConfigJobType(BaseModel):
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
    paused: bool | SkipJsonSchema[None] = None
    source: ConfigSource
    owner: str | None


class ConfigQueue(BaseModel):
    name: str
    engine: QueueEngine
    concurrency: int | None
    rate_limit: RateLimit | None
    max_queued: int | None
    bullmq: BullmqOut | None
    paused: bool | SkipJsonSchema[None] = None


class ConfigSchedule(BaseModel):
    name: str
    job_type: str
    payload: Any
    timezone: str
    trigger: TriggerOut
    overlap: Overlap
    catch_up: CatchUp
    jitter_seconds: float
    start_at: AwareDatetime | None
    end_at: AwareDatetime | None
    queue: str | None
    priority: int | None
    tags: list[str]
    paused: bool | SkipJsonSchema[None] = None
    source: ConfigSource
    owner: str | None


class ConfigWebhook(BaseModel):
    name: str
    url: str
    events: list[WebhookEventType]
    job_types: list[str] | None
    queues: list[str] | None
    include: list[WebhookInclude]
    enabled: bool | SkipJsonSchema[None] = None
    source: ConfigSource
    owner: str | None


class Config(BaseModel):
    owner: str | SkipJsonSchema[None] = None
    job_types: list[ConfigJobType]
    queues: list[ConfigQueue]
    schedules: list[ConfigSchedule]
    webhooks: list[ConfigWebhook]


class ConfigField(BaseModel):
    path: str
    before: Any
    after: Any


class ConfigChange(BaseModel):
    kind: ConfigKind
    name: str
    action: ConfigAction
    fields: list[ConfigField]
    secret: str | SkipJsonSchema[None] = None


class ConfigDifference(BaseModel):
    owner: str
    dry_run: bool
    changes: list[ConfigChange]
    unchanged: int
