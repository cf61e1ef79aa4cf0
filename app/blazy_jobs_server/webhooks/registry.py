"""Webhooks, as their users make, change and delete them."""

from __future__ import annotations

import secrets as tokens
from collections.abc import Callable, Mapping

import structlog
from msgspec import Struct
from msgspec.structs import replace

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import (
    BlockedDestination,
    DeliveryNotFound,
    InvalidRequest,
    RotationPending,
    StoreUnavailable,
    TooManyWebhooks,
    WebhookExists,
    WebhookNotFound,
)
from blazy_jobs_server.domain.instants import after, rfc3339
from blazy_jobs_server.domain.webhook import Delivery, Webhook
from blazy_jobs_server.outbound import signing
from blazy_jobs_server.ports import Clock, EventFilter, Store
from blazy_jobs_server.ports.outbound import DestinationBlocked, Sender, UrlRefused
from blazy_jobs_server.ports.sealing import Sealer
from blazy_jobs_server.webhooks.attempts import Failure
from blazy_jobs_server.webhooks.deliverer import Deliverer, open_secrets, purpose_of
from blazy_jobs_server.webhooks.message import body_of_test

log = structlog.get_logger("webhooks")

MAX_WEBHOOKS = 100
TRIES = 12


class Tried(Struct, frozen=True):
    """What came of a test."""

    status: int | None
    failure: Failure | None
    seconds: float


class Webhooks:
    def __init__(self, store: Store, clock: Clock, sender: Sender, sealer: Sealer, deliverer: Deliverer) -> None:
        self._store = store
        self._clock = clock
        self._sender = sender
        self._sealer = sealer
        self._deliverer = deliverer

    @property
    def outcomes(self) -> Mapping[str, int]:
        """Of this server's attempts since its start: `delivered` and `failed`; and `given_up`, of messages."""
        return self._deliverer.outcomes

    def lags(self) -> dict[str, float]:
        """As of the deliverer."""
        return self._deliverer.lags()

    # -- reading

    async def get(self, name: str) -> Webhook:
        """Raises WebhookNotFound."""
        webhook = await self._store.webhook(name)
        if webhook is None:
            raise WebhookNotFound(name)
        return webhook

    # -- writing

    async def create(self, wanted: Webhook) -> tuple[Webhook, str]:
        """From what happens from now on; and its secret. Raises WebhookExists, TooManyWebhooks, InvalidRequest and
        BlockedDestination."""
        if await self._store.webhook(wanted.name) is not None:
            raise WebhookExists(wanted.name)
        await self.check(wanted.url)
        made = await self._make(wanted)
        if made is None:
            raise WebhookExists(wanted.name)
        return made

    async def put(self, wanted: Webhook, enabled: bool | None) -> tuple[Webhook, str | None]:
        """Makes it, or replaces what it is; the secret of a new one. `enabled` None leaves it. Raises as `create`."""
        for _ in range(TRIES):
            known = await self._store.webhook(wanted.name)
            if known is None:
                await self.check(wanted.url)
                made = await self._make(replace(wanted, enabled=enabled is not False))
                if made is not None:
                    return made
            elif (saved := await self._save(known, replaced(known, wanted), enabled)) is not None:
                return saved, None
        raise StoreUnavailable("the webhook keeps changing")

    async def change(self, name: str, change: Callable[[Webhook], Webhook], enabled: bool | None) -> Webhook:
        """Raises WebhookNotFound, InvalidRequest and BlockedDestination."""
        for _ in range(TRIES):
            known = await self.get(name)
            if (saved := await self._save(known, change(known), enabled)) is not None:
                return saved
        raise StoreUnavailable("the webhook keeps changing")

    async def delete(self, name: str) -> None:
        """With its deliveries. Raises WebhookNotFound."""
        webhook = await self.get(name)
        if not await self._store.delete_webhook(webhook.id):
            raise WebhookNotFound(name)
        log.info("webhook deleted", name=name)
        self._deliverer.fresh()

    async def _make(self, wanted: Webhook) -> tuple[Webhook, str] | None:
        if len(await self._store.webhooks()) >= MAX_WEBHOOKS:
            raise TooManyWebhooks(MAX_WEBHOOKS)
        sealed, secret = self.with_secret(wanted)
        made = await self._store.save_webhook(replace(sealed, cursor=await self.newest()), before=None)
        if made is None:
            return None
        log.info("webhook created", name=made.name)
        self._deliverer.fresh()
        return made, secret

    async def _save(self, known: Webhook, webhook: Webhook, enabled: bool | None) -> Webhook | None:
        if enabled is not None:
            webhook = replace(webhook, enabled=enabled)
        if webhook.enabled or enabled is False:
            webhook = replace(webhook, disabled_reason=None)
        if webhook == known:
            return known
        if is_other(known, webhook):
            webhook = replace(webhook, source="api", owner=None)
        if webhook.url != known.url or (webhook.enabled and not known.enabled):
            await self.check(webhook.url)
        saved = await self._store.save_webhook(webhook, before=known)
        self._deliverer.fresh()
        return saved

    async def check(self, url: str, path: str = "") -> None:
        """Of a webhook that stands at `path` of the request. Raises InvalidRequest and BlockedDestination."""
        try:
            await self._sender.check(url)
        except UrlRefused as error:
            raise InvalidRequest.at(f"{path}/url", str(error), "invalid_url") from None
        except DestinationBlocked:
            message = "leads to an address that the server does not send to"
            raise BlockedDestination.at(f"{path}/url", message, "blocked_destination") from None

    def with_secret(self, wanted: Webhook) -> tuple[Webhook, str]:
        """One that is new, with a secret of its own."""
        secret = signing.new_secret()
        return replace(wanted, secret=self._sealer.seal(secret, purpose_of(wanted.name))), secret

    async def newest(self) -> int:
        """The place from which a new one is told what happens."""
        cursor, _ = await self._store.feed_bounds(EventFilter())
        return cursor

    def applied(self) -> None:
        """Some were made, changed or deleted by a configuration."""
        self._deliverer.fresh()

    # -- secrets

    async def rotate(self, name: str, overlap_seconds: float) -> tuple[Webhook, str]:
        """The secret before signs too for so long. Raises WebhookNotFound, and RotationPending while the one before the
        last does, unless none is to sign any longer."""
        for _ in range(TRIES):
            known = await self.get(name)
            now = self._clock.now()
            if overlap_seconds and known.previous_until is not None and now < known.previous_until:
                raise RotationPending(rfc3339(known.previous_until))
            secret = signing.new_secret()
            rotated = replace(
                known,
                secret=self._sealer.seal(secret, purpose_of(name)),
                previous_secret=known.secret if overlap_seconds else None,
                previous_until=after(now, overlap_seconds) if overlap_seconds else None,
            )
            saved = await self._store.save_webhook(rotated, before=known)
            if saved is not None:
                self._deliverer.fresh()
                return saved, secret
        raise StoreUnavailable("the webhook keeps changing")

    async def forget_previous(self, name: str) -> None:
        """Only the present secret signs from now on. Raises WebhookNotFound."""
        for _ in range(TRIES):
            known = await self.get(name)
            if known.previous_secret is None:
                return
            without = replace(known, previous_secret=None, previous_until=None)
            if await self._store.save_webhook(without, before=known) is not None:
                self._deliverer.fresh()
                return
        raise StoreUnavailable("the webhook keeps changing")

    # -- deliveries

    async def find_delivery(self, name: str, delivery_id: str) -> Delivery:
        """Raises WebhookNotFound and DeliveryNotFound."""
        webhook = await self.get(name)
        key = ids.parse_event_id(delivery_id)
        delivery = None if key is None else await self._store.delivery(webhook.id, key)
        if delivery is None:
            raise DeliveryNotFound(delivery_id)
        return delivery

    async def retry(self, name: str, delivery_id: str) -> Delivery:
        """At once. Raises WebhookNotFound and DeliveryNotFound."""
        delivery = await self.find_delivery(name, delivery_id)
        await self._store.retry_deliveries(delivery.webhook_id, event_ids=[delivery.event_id], since=0)
        self._deliverer.fresh()
        attempts = delivery.attempts if delivery.is_pending else 0
        return replace(delivery, attempts=attempts, next_at=self._clock.now())

    async def recover(self, name: str, since: int) -> int:
        """All that was not received since then, at once; how many. Raises WebhookNotFound."""
        webhook = await self.get(name)
        recovered = await self._store.retry_deliveries(webhook.id, event_ids=None, since=since)
        self._deliverer.fresh()
        return recovered

    async def test(self, name: str) -> Tried:
        """One message that is about no run, at once and once. Raises WebhookNotFound."""
        webhook = await self.get(name)
        begun = self._clock.now()
        secrets = open_secrets(self._sealer, webhook).holding(begun)
        message_id = f"test_{tokens.token_hex(8)}"
        body = body_of_test(name, begun)
        status, failure = await self._deliverer.attempts.once(webhook.url, secrets, message_id, body)
        return Tried(status, failure, (self._clock.now() - begun) / 1_000_000)


def is_other(known: Webhook, webhook: Webhook) -> bool:
    """Whether it is told of something else, or elsewhere."""
    return replaced(known, webhook) != known


def replaced(known: Webhook, wanted: Webhook) -> Webhook:
    """What it is as `wanted`, and the rest as it is."""
    return replace(known, url=wanted.url, events=wanted.events, within=wanted.within, include=wanted.include)
