"""The store's verbs of webhooks."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

from msgspec import Struct

from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.keys import Within
from blazy_jobs_server.domain.webhook import Delivery, Happened, Webhook


class Wanted(Struct, frozen=True):
    """Which events a webhook is about, and whether it takes results along."""

    types: frozenset[EventType]
    within: Within
    results: bool


class Page(Struct, frozen=True):
    """Matching events in the order of keys; `reached`: there are and will be no others up to this key. `expired`: the
    newest key that retention has deleted, of the job types and queues that are wanted; 0: none after the place."""

    events: list[Happened]
    reached: int
    expired: int


class DeliveryFilter(Struct, frozen=True, kw_only=True):
    """Left out means all."""

    pending: bool | None = None
    type: str | None = None
    run_id: int | None = None


class Retried(Struct, frozen=True):
    """A further attempt of a delivery: as it was before, and after it; None: it was received."""

    before: Delivery
    after: Delivery | None


class Progress(Struct, frozen=True, kw_only=True):
    """What the holder of a lease on a webhook has done since the last time. Writing it twice is harmless.

    `failing_since` and `last_success_at` as in `Webhook`, as they are now. `release`: it gives the lease back.
    """

    webhook_id: int
    lease: str
    cursor: int
    read_until: int
    expired_key: int
    failing_since: int | None
    last_success_at: int | None
    failed: tuple[Delivery, ...] = ()
    """First attempts that failed, of events up to the cursor."""
    retried: tuple[Retried, ...] = ()
    disabled_reason: str | None = None
    """It is disabled, which ends the lease too."""
    lease_until: int | None = None
    """None: as it was."""
    release: bool = False


class WebhookStore(Protocol):
    async def webhooks(self) -> list[Webhook]:
        """The newest first."""
        ...

    async def webhook(self, name: str) -> Webhook | None: ...
    async def save_webhook(self, webhook: Webhook, *, before: Webhook | None) -> Webhook | None:
        """Makes it, with a new id, from its own cursor on; or changes what it is from what it was `before`, and leaves
        how it stands. None where that is not what is there, or the name is taken."""
        ...

    async def delete_webhook(self, webhook_id: int) -> bool:
        """With its deliveries."""
        ...

    async def lease_webhook(self, webhook_id: int, lease: str, until: int) -> Webhook | None:
        """As it is now, if it is enabled and no other lease on it is valid: the one who holds this one reads its events
        and tries its deliveries."""
        ...

    async def record_webhook(self, progress: Progress) -> bool:
        """All in one: the cursor and what stays behind it. False where the lease is not held any more, and nothing
        was written."""
        ...

    async def happened(self, after: int, wanted: Wanted, limit: int) -> Page:
        """Of the events after that key. Looks at some thousands at most."""
        ...

    async def due_deliveries(self, webhook_id: int, now: int, limit: int) -> tuple[list[Delivery], int | None]:
        """Those that are due, the longest first; and when the next one of the others is."""
        ...

    async def deliveries(
        self, webhook_id: int, where: DeliveryFilter, before: int | None, limit: int
    ) -> tuple[list[Delivery], bool]:
        """By the keys of their events, the newest first, from that key (exclusive), and whether more follow. Ends early
        at 4 MiB."""
        ...

    async def delivery(self, webhook_id: int, event_id: int) -> Delivery | None: ...
    async def retry_deliveries(self, webhook_id: int, *, event_ids: Collection[int] | None, since: int) -> int:
        """Makes them due at once, those that have failed for good with all attempts anew: of those named, or of all
        (None), the ones whose first attempt failed at `since` or later. Returns how many."""
        ...
