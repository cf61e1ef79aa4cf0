"""`client.webhooks`."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Unpack

from blazy_jobs.client import calls
from blazy_jobs.client.sync.connection import Connection
from blazy_jobs.client.webhook_fields import (
    Delivery,
    DeliveryState,
    MessageType,
    NewWebhook,
    Webhook,
    WebhookChanges,
    WebhookFields,
    WebhookTest,
)
from blazy_jobs.options import Seconds


class Webhooks:
    """`client.webhooks`: who is told what became of runs. Webhooks and deliveries are dicts with the API's names."""

    def __init__(self, client: Connection) -> None:
        self._client = client

    def list(self) -> Iterator[Webhook]:
        """Newest first, page by page."""
        yield from self._client.pages("/v1/webhooks", {})

    def get(self, name: str) -> Webhook:
        """Raises ApiError `webhook_not_found`, as all that follow do."""
        return self._client.ask(calls.get_webhook(name))

    def create(self, name: str, url: str, **fields: Unpack[WebhookFields]) -> NewWebhook:
        """Told of what happens from now on; its secret is in `secret` and nowhere else. Not tried again where its
        answer is lost. Raises ApiError `webhook_exists` and `blocked_destination`."""
        return self._client.ask(calls.create_webhook(name, url, fields))

    def put(self, name: str, url: str, **fields: Unpack[WebhookFields]) -> Webhook | NewWebhook:
        """Makes it, then with its `secret`, or replaces what it is; what is left out is the server's default, but for
        `enabled`. Where the answer of a creation was lost, what comes is without its secret: give it another one."""
        return self._client.ask(calls.put_webhook(name, url, fields))

    def change(self, name: str, **fields: Unpack[WebhookChanges]) -> Webhook:
        """Changes only these fields; `enabled=True` starts again one that the server has disabled."""
        return self._client.ask(calls.change_webhook(name, fields))

    def delete(self, name: str) -> None:
        """With its deliveries."""
        self._client.ask(calls.delete_webhook(name))

    def rotate_secret(self, name: str, *, overlap: Seconds | None = None) -> NewWebhook:
        """With a new secret in `secret`. The one before signs too for `overlap`, a day where nothing is said; 0 ends it
        at once. Raises ApiError `rotation_pending` where two secrets sign."""
        return self._client.ask(calls.rotate_webhook_secret(name, overlap))

    def forget_previous_secret(self, name: str) -> None:
        """Only the present one signs from now on."""
        self._client.ask(calls.forget_webhook_secret(name))

    def deliveries(
        self,
        name: str,
        *,
        state: DeliveryState | None = None,
        type: MessageType | None = None,  # the parameter's name
        run_id: str | None = None,
    ) -> Iterator[Delivery]:
        """Those of which the first attempt failed and none has succeeded since, newest first, page by page."""
        filters = calls.delivery_filters({"state": state, "type": type, "run_id": run_id})
        yield from self._client.pages(calls.path_of_webhook(name, "/deliveries"), filters)

    def retry(self, name: str, delivery_id: str) -> Delivery:
        """At once. Raises ApiError `delivery_not_found`."""
        return self._client.ask(calls.retry_delivery(name, delivery_id))

    def recover(self, name: str, since: datetime | str) -> int:
        """All whose first attempt failed then or later, at once; how many."""
        return self._client.ask(calls.recover_deliveries(name, since))

    def test(self, name: str) -> WebhookTest:
        """Sends one message that is about no run, and tells what came of it."""
        return self._client.ask(calls.test_webhook(name))
