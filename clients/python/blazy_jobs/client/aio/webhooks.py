"""`client.webhooks` of the asynchronous client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Unpack

from blazy_jobs.client import calls
from blazy_jobs.client.aio.connection import AsyncConnection
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


class AsyncWebhooks:
    """`client.webhooks`: who is told what became of runs. Webhooks and deliveries are dicts with the API's names."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client

    async def list(self) -> AsyncIterator[Webhook]:
        """Newest first, page by page."""
        async for webhook in self._client.pages("/v1/webhooks", {}):
            yield webhook

    async def get(self, name: str) -> Webhook:
        """Raises ApiError `webhook_not_found`, as all that follow do."""
        return await self._client.ask(calls.get_webhook(name))

    async def create(self, name: str, url: str, **fields: Unpack[WebhookFields]) -> NewWebhook:
        """Told of what happens from now on; its secret is in `secret` and nowhere else. Not tried again where its
        answer is lost. Raises ApiError `webhook_exists` and `blocked_destination`."""
        return await self._client.ask(calls.create_webhook(name, url, fields))

    async def put(self, name: str, url: str, **fields: Unpack[WebhookFields]) -> Webhook | NewWebhook:
        """Makes it, then with its `secret`, or replaces what it is; what is left out is the server's default, but for
        `enabled`. Where the answer of a creation was lost, what comes is without its secret: give it another one."""
        return await self._client.ask(calls.put_webhook(name, url, fields))

    async def change(self, name: str, **fields: Unpack[WebhookChanges]) -> Webhook:
        """Changes only these fields; `enabled=True` starts again one that the server has disabled."""
        return await self._client.ask(calls.change_webhook(name, fields))

    async def delete(self, name: str) -> None:
        """With its deliveries."""
        await self._client.ask(calls.delete_webhook(name))

    async def rotate_secret(self, name: str, *, overlap: Seconds | None = None) -> NewWebhook:
        """With a new secret in `secret`. The one before signs too for `overlap`, a day where nothing is said; 0 ends it
        at once. Raises ApiError `rotation_pending` where two secrets sign."""
        return await self._client.ask(calls.rotate_webhook_secret(name, overlap))

    async def forget_previous_secret(self, name: str) -> None:
        """Only the present one signs from now on."""
        await self._client.ask(calls.forget_webhook_secret(name))

    async def deliveries(
        self,
        name: str,
        *,
        state: DeliveryState | None = None,
        type: MessageType | None = None,  # the parameter's name
        run_id: str | None = None,
    ) -> AsyncIterator[Delivery]:
        """Those of which the first attempt failed and none has succeeded since, newest first, page by page."""
        filters = calls.delivery_filters({"state": state, "type": type, "run_id": run_id})
        async for delivery in self._client.pages(calls.path_of_webhook(name, "/deliveries"), filters):
            yield delivery

    async def retry(self, name: str, delivery_id: str) -> Delivery:
        """At once. Raises ApiError `delivery_not_found`."""
        return await self._client.ask(calls.retry_delivery(name, delivery_id))

    async def recover(self, name: str, since: datetime | str) -> int:
        """All whose first attempt failed then or later, at once; how many."""
        return await self._client.ask(calls.recover_deliveries(name, since))

    async def test(self, name: str) -> WebhookTest:
        """Sends one message that is about no run, and tells what came of it."""
        return await self._client.ask(calls.test_webhook(name))
