"""The shapes of webhooks, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints
from typing_extensions import TypeAliasType

from blazy_jobs_server.api.fields import In, Instant, Name, Omittable
from blazy_jobs_server.api.key_models import Patterns, RotateIn

WebhookEventType = TypeAliasType(
    "WebhookEventType", Literal["run.completed", "run.failed", "run.cancelled", "run.retrying"]
)
WebhookInclude = TypeAliasType("WebhookInclude", Literal["result"])
DisabledReason = TypeAliasType("DisabledReason", Literal["gone", "failing"])
DeliveryState = TypeAliasType("DeliveryState", Literal["pending", "failed"])
Url = Annotated[str, StringConstraints(min_length=1, max_length=2048)]
EventTypes = Annotated[list[WebhookEventType], Field(min_length=1, max_length=10)]

__all__ = ["RotateIn"]


class WebhookPatch(In):
    """The fields of a webhook to change; omitted fields are not changed."""

    url: Omittable[Url] = None
    events: Omittable[EventTypes] = None
    job_types: Patterns | None = None
    queues: Patterns | None = None
    include: Omittable[Annotated[list[WebhookInclude], Field(max_length=10)]] = None
    enabled: Omittable[bool] = None
    disabled_reason: DisabledReason | None = None


class WebhookPut(WebhookPatch):
    """A complete webhook; the name is that in the path and may be omitted."""

    name: Name | None = None
    url: Url


class WebhookIn(WebhookPatch):
    """A webhook to create."""

    name: Name
    url: Url


class RecoverIn(In):
    since: Instant


class Webhook(BaseModel):
    name: str
    url: str
    events: list[WebhookEventType]
    job_types: list[str] | None
    queues: list[str] | None
    include: list[WebhookInclude]
    enabled: bool
    disabled_reason: DisabledReason | None
    failing_since: AwareDatetime | None
    last_success_at: AwareDatetime | None
    previous_secret_until: AwareDatetime | None
    source: str
    created_at: AwareDatetime
    updated_at: AwareDatetime


class NewWebhook(Webhook):
    secret: str


class WebhookPage(BaseModel):
    data: list[Webhook]
    next_cursor: str | None


class DeliveryError(BaseModel):
    code: str
    message: str
    status: int | None


class Delivery(BaseModel):
    id: str
    type: WebhookEventType
    run_id: str
    state: DeliveryState
    attempts: int
    next_attempt_at: AwareDatetime | None
    last_attempt_at: AwareDatetime
    error: DeliveryError
    created_at: AwareDatetime


class DeliveryPage(BaseModel):
    data: list[Delivery]
    next_cursor: str | None


class Recovered(BaseModel):
    deliveries: int


class WebhookTest(BaseModel):
    delivered: bool
    status: int | None
    error: DeliveryError | None
    duration_seconds: float
