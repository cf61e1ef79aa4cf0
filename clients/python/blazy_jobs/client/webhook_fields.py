"""Webhooks and their deliveries, by the API's names, as type checkers know them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, TypedDict

MessageType = Literal["run.completed", "run.failed", "run.cancelled", "run.retrying"]
Include = Literal["result"]
DeliveryState = Literal["pending", "failed"]


class WebhookFields(TypedDict, total=False):
    """What a webhook is told of, where it is restricted: names of job types and queues, or their beginnings before a
    `*`; None stands for all."""

    events: Sequence[MessageType]
    job_types: Sequence[str] | None
    queues: Sequence[str] | None
    include: Sequence[Include]
    enabled: bool


class WebhookChanges(WebhookFields, total=False):
    """Those of a webhook, and where its messages go."""

    url: str


class Webhook(TypedDict):
    """A webhook as the server shows it: without its secret. Times are RFC 3339 text."""

    name: str
    url: str
    events: list[MessageType]
    job_types: list[str] | None
    queues: list[str] | None
    include: list[Include]
    enabled: bool
    disabled_reason: Literal["gone", "failing"] | None
    failing_since: str | None
    last_success_at: str | None
    previous_secret_until: str | None
    source: str
    created_at: str
    updated_at: str


class NewWebhook(Webhook):
    """One that was made, or given another secret, just now. `secret` signs its messages; it is not shown again."""

    secret: str


class DeliveryError(TypedDict):
    """`status` is that of the endpoint's answer, where there was one."""

    code: str
    message: str
    status: int | None


class Delivery(TypedDict):
    """A message whose first attempt failed. `id` is that of the event."""

    id: str
    type: MessageType
    run_id: str
    state: DeliveryState
    attempts: int
    next_attempt_at: str | None
    last_attempt_at: str
    error: DeliveryError
    created_at: str


class WebhookTest(TypedDict):
    """What came of a test message."""

    delivered: bool
    status: int | None
    error: DeliveryError | None
    duration_seconds: float
