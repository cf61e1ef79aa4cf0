"""Delivers for one webhook, under a lease: reads events after its cursor, sends them, tries those again that were not
received, and notes how far it is."""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable

import structlog
from msgspec import Struct
from msgspec.structs import replace

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.instants import SECOND, rfc3339
from blazy_jobs_server.domain.signing_secrets import SigningSecrets
from blazy_jobs_server.domain.webhook import (
    Delivery,
    DisabledReason,
    Happened,
    Webhook,
    has_been_failing,
    next_attempt,
)
from blazy_jobs_server.engine.loop import Alarm, Tasks
from blazy_jobs_server.ports import Clock, Store
from blazy_jobs_server.ports.webhooks import Progress, Retried, Wanted
from blazy_jobs_server.webhooks.attempts import Attempts, Failure
from blazy_jobs_server.webhooks.message import RESULT, body_of
from blazy_jobs_server.webhooks.pace import Pace
from blazy_jobs_server.webhooks.window import Window

log = structlog.get_logger("webhooks")

CONCURRENCY = 20
"""Requests at once."""
RETRYING = 5
"""Further attempts at once, beside those."""
PAGE = 200
LOW = CONCURRENCY
"""With fewer events at hand, more are read."""
MAX_WINDOW = 5000
"""Events between the oldest that is still on its way and the newest."""
CAREFUL_AFTER, CAREFUL = 5, 2
"""After so many failures in a row only so many requests at once."""
HOLD_AFTER = 100
"""After so many failures in a row the endpoint is down: what happens waits behind the cursor, not in rows."""
HOLD_SECONDS, MAX_HOLD_SECONDS = 1.0, 60.0
SETTLED_SECONDS = 10
"""An event is in the feed so long after its time at the latest."""


class Tools(Struct, frozen=True):
    store: Store
    clock: Clock
    attempts: Attempts
    draw: Callable[[], float]
    redacts: Callable[[str], tuple[str, ...]]
    """What is not shown of the results of a job type, as JSON Pointers."""
    pace: Pace
    outcomes: Counter[str]
    """Of attempts: `delivered`, `failed` (and tried again), `given_up`."""


class Courier:
    """`on_end` is told when it has lost its lease, or disabled its webhook."""

    def __init__(
        self,
        webhook: Webhook,
        lease: str,
        lease_until: int,
        secrets: SigningSecrets,
        tools: Tools,
        on_end: Callable[[Courier], None],
    ) -> None:
        self.webhook = webhook
        self._lease = lease
        self._lease_until = lease_until
        self._secrets = secrets
        self._tools = tools
        self._now = tools.clock.now
        self._on_end = on_end
        self._window = Window(webhook.cursor)
        self._events: deque[Happened] = deque()
        self._sending = 0
        self._failures = 0
        self._held_until = 0
        self._hold_seconds = HOLD_SECONDS
        self._failing_since = webhook.failing_since
        self._last_success_at = webhook.last_success_at
        self._expired_key = webhook.expired_key
        self._read_until = webhook.read_until
        self._disabled_reason: DisabledReason | None = None
        self._behind = True
        """There may be events that were not read."""
        self._level_at: int | None = None
        """All that had happened by then was read."""
        self._retrying: dict[int, Delivery] = {}
        """From the reading of a delivery until it is noted what came of it."""
        self._retried: list[Retried] = []
        self._unwritten: Progress | None = None
        self._renewed_until: int | None = None
        self._touched = False
        self._moved = asyncio.Event()
        self._dirty = asyncio.Event()
        self._due = Alarm(self._now)
        self._hold = Alarm(self._now)
        self._tasks = Tasks()

    def start(self) -> None:
        name = self.webhook.name
        self._due.ring()
        for work, what in ((self._read, "read"), (self._retry, "retry"), (self._note, "note"), (self._release, "hold")):
            self._tasks.keep(f"webhook {name}: {what}", work)

    async def stop(self) -> None:
        """What was received is noted, as far as the store allows, and the lease is given back."""
        self._due.clear()
        self._hold.clear()
        await self._tasks.stop()
        try:
            if self._unwritten is not None:
                await self._write(self._unwritten)
            await self._write(replace(self._progress(), release=True))
        except StoreUnavailable as error:
            log.warning("a webhook's place could not be noted", webhook=self.webhook.name, reason=error.detail)

    # -- what it is told

    def wake(self) -> None:
        """Something has happened."""
        self._behind = True
        self._moved.set()

    def go_on(self) -> None:
        """It may send again."""
        if self._events:
            self._moved.set()

    def look_again(self, webhook: Webhook, secrets: SigningSecrets) -> None:
        """It may have been changed, and its deliveries may have become due."""
        self.webhook, self._secrets = webhook, secrets
        self._due.ring()

    def renew(self, until: int) -> None:
        """Its lease is to hold until then."""
        self._renewed_until = until
        self._dirty.set()

    def touch(self) -> None:
        """It is to be noted how far it is, also where it had nothing to deliver."""
        self._touched = True
        self.wake()

    def lag_seconds(self) -> float:
        """The age of the oldest event that is still on its way for the first time."""
        oldest = self._window.oldest_at
        return 0.0 if oldest is None else max(0, self._now() - oldest) / SECOND

    # -- new events

    async def _read(self) -> None:
        while True:
            self._moved.clear()
            if self._behind and len(self._events) < LOW and len(self._window) < MAX_WINDOW - PAGE:
                await self._read_page()
                self._moved.set()
            self._send_some()
            await self._moved.wait()

    async def _read_page(self) -> None:
        self._behind = False
        now, after, webhook = self._now(), self._window.reached, self.webhook
        wanted = Wanted(webhook.types, webhook.within, RESULT in webhook.include)
        try:
            page = await self._tools.store.happened(after, wanted, PAGE)
        except BaseException:
            self._behind = True
            raise
        if page.expired > max(after, self._expired_key):
            self._tell_expired(page.expired)
        self._window.add(page.events, page.reached)
        self._events.extend(page.events)
        if page.reached == after:
            self._level_at = now
            if self._touched:
                self._touched = False
                self._dirty.set()
        else:
            self._behind, self._level_at = True, None
        if not self._window:
            self._window.move()

    def _tell_expired(self, key: int) -> None:
        self._expired_key = key
        self._dirty.set()
        log.warning(
            "events were deleted by retention before the webhook got them",
            webhook=self.webhook.name,
            up_to=ids.event_id(key),
        )

    def _send_some(self) -> None:
        while self._events and self._sending < self._limit() and self._tools.pace.may_send(self.lag_seconds()):
            self._sending += 1
            self._tasks.spawn(f"webhook {self.webhook.name}: send", self._send(self._events.popleft()))

    def _limit(self) -> int:
        if self._has_ended():
            return 0
        if self._failures >= HOLD_AFTER:
            return 1 if self._now() >= self._held_until else 0
        return CAREFUL if self._failures >= CAREFUL_AFTER else CONCURRENCY

    def _has_ended(self) -> bool:
        """Its lease has run out, or its webhook is disabled."""
        return self._now() >= self._lease_until or self._disabled_reason is not None

    async def _send(self, event: Happened) -> None:
        try:
            body = body_of(event, self.webhook.include, self._tools.redacts(event.job_type))
            failure = await self._try(event.id, body)
        finally:
            self._sending -= 1
        failed = None
        if failure is not None:
            now = self._now()
            failed = Delivery(
                webhook_id=self.webhook.id,
                event_id=event.id,
                run_id=event.run_id,
                type=event.name,
                body=body,
                attempts=1,
                next_at=next_attempt(1, now, self._tools.draw(), failure.retry_after_seconds),
                created_at=now,
                tried_at=now,
                error_code=failure.code,
                error_message=failure.message,
                status=failure.status,
            )
        if self._window.finish(event.id, failed):
            self._dirty.set()
        self._moved.set()

    async def _try(self, event_id: int, body: str) -> Failure | None:
        secrets = self._secrets.holding(self._now())
        _, failure = await self._tools.attempts.once(self.webhook.url, secrets, ids.event_id(event_id), body)
        if failure is None:
            self._succeeded()
        else:
            self._failed(failure)
        return failure

    def _succeeded(self) -> None:
        self._tools.outcomes["delivered"] += 1
        self._last_success_at, self._failing_since = self._now(), None
        self._failures, self._hold_seconds = 0, HOLD_SECONDS
        self._moved.set()

    def _failed(self, failure: Failure) -> None:
        now = self._now()
        self._tools.outcomes["failed"] += 1
        self._failing_since = now if self._failing_since is None else self._failing_since
        self._failures += 1
        if self._failures >= HOLD_AFTER and now >= self._held_until:
            self._held_until = now + round(self._hold_seconds * SECOND)
            self._hold.set(self._held_until)
            self._hold_seconds = min(2 * self._hold_seconds, MAX_HOLD_SECONDS)
        if failure.is_gone:
            self._disable("gone")
        elif has_been_failing(self._failing_since, now):
            self._disable("failing")

    def _disable(self, reason: DisabledReason) -> None:
        if self._disabled_reason is None:
            self._disabled_reason = reason
            self._dirty.set()
            since = None if self._failing_since is None else rfc3339(self._failing_since)
            log.warning("webhook disabled", webhook=self.webhook.name, reason=reason, failing_since=since)

    async def _release(self) -> None:
        """An endpoint that is down is tried again."""
        while True:
            await self._hold.wait()
            self._hold.clear()
            self._moved.set()

    # -- further attempts

    async def _retry(self) -> None:
        self._due.ring()
        while True:
            await self._due.wait()
            self._due.clear()
            free = RETRYING - len(self._retrying)
            if free <= 0 or self._has_ended():
                continue
            due, following = await self._tools.store.due_deliveries(self.webhook.id, self._now(), RETRYING)
            for delivery in due:
                if delivery.event_id not in self._retrying and len(self._retrying) < RETRYING:
                    self._retrying[delivery.event_id] = delivery
                    self._tasks.spawn(f"webhook {self.webhook.name}: retry", self._send_again(delivery))
            if following is not None:
                self._due.set(following)

    async def _send_again(self, delivery: Delivery) -> None:
        after: Delivery | None = None
        failure: Failure | None = None
        if delivery.is_within(self.webhook.within):
            failure = await self._try(delivery.event_id, delivery.body)
        if failure is not None:
            attempts, now = delivery.attempts + 1, self._now()
            after = replace(
                delivery,
                attempts=attempts,
                next_at=next_attempt(attempts, now, self._tools.draw(), failure.retry_after_seconds),
                tried_at=now,
                error_code=failure.code,
                error_message=failure.message,
                status=failure.status,
            )
            if after.next_at is None:
                self._tools.outcomes["given_up"] += 1
        self._retried.append(Retried(delivery, after))
        self._dirty.set()

    # -- how far it is

    async def _note(self) -> None:
        while True:
            if self._unwritten is None:
                await self._dirty.wait()
                await asyncio.sleep(self._tools.pace.pause_seconds(self.lag_seconds()))
                self._dirty.clear()
                self._unwritten = self._progress()
            held = await self._write(self._unwritten)
            self._unwritten = None
            if not held:
                self._lease_until = 0
                self._on_end(self)
                await asyncio.Event().wait()  # until it is stopped

    def _progress(self) -> Progress:
        failed = self._window.move()
        retried, self._retried = self._retried, []
        level = self._level_at is not None and not self._window
        until = self._level_at if level else self._window.passed_at
        self._read_until = max(self._read_until, (until or 0) - SETTLED_SECONDS * SECOND)
        renewed, self._renewed_until = self._renewed_until, None
        return Progress(
            webhook_id=self.webhook.id,
            lease=self._lease,
            cursor=self._window.cursor,
            read_until=self._read_until,
            expired_key=self._expired_key,
            failing_since=self._failing_since,
            last_success_at=self._last_success_at,
            failed=tuple(failed),
            retried=tuple(retried),
            disabled_reason=self._disabled_reason,
            lease_until=renewed,
        )

    async def _write(self, progress: Progress) -> bool:
        """What is written is done with; where the store was not there, it is written again."""
        if not await self._tools.store.record_webhook(progress):
            return False
        if progress.lease_until is not None:
            if self._now() >= self._lease_until:
                self._due.ring()
            self._lease_until = progress.lease_until
            self._moved.set()
        nexts = [delivery.next_at for delivery in progress.failed]
        for retried in progress.retried:
            self._retrying.pop(retried.before.event_id, None)
            nexts.append(None if retried.after is None else retried.after.next_at)
        if progress.retried:
            self._due.ring()
        for at in nexts:
            if at is not None:
                self._due.set(at)
        return progress.disabled_reason is None
