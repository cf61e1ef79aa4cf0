"""Which webhooks this server delivers for: one courier each, under a lease, so that of several servers one does."""

from __future__ import annotations

import asyncio
import random
import secrets as tokens
from collections import Counter
from collections.abc import Callable

import structlog

from blazy_jobs_server.domain.instants import LATEST, SECOND
from blazy_jobs_server.domain.signing_secrets import SigningSecrets
from blazy_jobs_server.domain.webhook import Webhook
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.engine.loop import Alarm, Tasks
from blazy_jobs_server.ports import Clock, Commit, Elsewhere, Store
from blazy_jobs_server.ports.outbound import Sender
from blazy_jobs_server.ports.sealing import Sealer
from blazy_jobs_server.webhooks.attempts import Attempts
from blazy_jobs_server.webhooks.courier import Courier, Tools
from blazy_jobs_server.webhooks.pace import Pace

log = structlog.get_logger("webhooks")

LEASE_SECONDS, RENEW_SECONDS = 15, 5
NEWS_SECONDS = 0.02
"""What happens within so long is read together."""
SEALED_SECONDS = 30
HELD_SECONDS = 86_400
"""Retention waits for webhooks for so long at most."""


def purpose_of(name: str) -> str:
    return f"webhook/{name}/secret"


def open_secrets(sealer: Sealer, webhook: Webhook) -> SigningSecrets:
    purpose = purpose_of(webhook.name)
    previous = None if webhook.previous_secret is None else sealer.unseal(webhook.previous_secret, purpose)
    return SigningSecrets(sealer.unseal(webhook.secret, purpose), previous, webhook.previous_until)


class Deliverer:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        sender: Sender,
        sealer: Sealer,
        *,
        redacts: Callable[[str], tuple[str, ...]] = lambda job_type: (),
        draw: Callable[[], float] = random.random,
        news_seconds: float = NEWS_SECONDS,
        pace: Pace | None = None,
    ) -> None:
        self._store = store
        self._now = clock.now
        self._sealer = sealer
        self.attempts = Attempts(sender, clock)
        self.outcomes: Counter[str] = Counter()
        self._pace = Pace() if pace is None else pace
        self._pace.on_turn = self._go_on
        self._tools = Tools(store, clock, self.attempts, draw, redacts, self._pace, self.outcomes)
        self._news_seconds = news_seconds
        self._known: list[Webhook] = []
        self._couriers: dict[int, Courier] = {}
        self._ended: list[Courier] = []
        self._sealed: set[int] = set()
        """Those whose secrets could not be opened."""
        self._nudging: asyncio.TimerHandle | None = None
        self._alarm = Alarm(clock.now)
        self._tasks = Tasks()

    def attach(self, jobs: Jobs) -> None:
        """It is told what happens there."""
        jobs.on_commit = self.on_commit
        jobs.neighbourhood.on_elsewhere = self.on_elsewhere
        jobs.neighbourhood.also.append(self._look_again)
        jobs.sweeper.prune_until = self.prune_until

    async def _look_again(self) -> None:
        self.fresh()

    async def start(self) -> None:
        self._alarm.ring()
        self._tasks.keep("webhooks", self._look)

    async def stop(self) -> None:
        """What is on its way is sent by the next server, or by another one. Stopping twice is harmless."""
        await self._tasks.stop()
        self._alarm.clear()
        self._pace.stop()
        if self._nudging is not None:
            self._nudging.cancel()
            self._nudging = None
        await asyncio.gather(*(self._stop(courier) for courier in [*self._couriers.values(), *self._ended]))

    async def _stop(self, courier: Courier) -> None:
        await courier.stop()
        if self._couriers.get(courier.webhook.id) is courier:
            del self._couriers[courier.webhook.id]

    # -- what happens

    def fresh(self) -> None:
        """A webhook may have been made, changed or deleted, or deliveries may have become due."""
        self._alarm.ring()

    def on_commit(self, commit: Commit) -> None:
        if self._couriers and commit.events:
            self._pace.note_commit()
            self._nudge_soon()

    def on_elsewhere(self, news: Elsewhere) -> None:
        if self._couriers and news.runs != frozenset():
            self._nudge_soon()

    def _nudge_soon(self) -> None:
        if self._nudging is None:
            self._nudging = asyncio.get_running_loop().call_later(self._news_seconds, self._nudge)

    def _nudge(self) -> None:
        self._nudging = None
        for courier in self._couriers.values():
            courier.wake()

    def _go_on(self) -> None:
        for courier in self._couriers.values():
            courier.go_on()

    def lags(self) -> dict[str, float]:
        """By the names of webhooks that this server delivers for: the age of the oldest event on its way."""
        return {courier.webhook.name: courier.lag_seconds() for courier in self._couriers.values()}

    # -- what this server delivers for

    async def _look(self) -> None:
        while True:
            await self._alarm.wait()
            self._alarm.clear()
            try:
                await self._reconcile()
            except BaseException:
                self._alarm.set(self._now() + SECOND)
                raise
            # Another server may end, or a lease of one be over.
            if self._known and self._store.neighbours is not None:
                self._alarm.set(self._now() + RENEW_SECONDS * SECOND)

    async def _reconcile(self) -> None:
        ended, self._ended = self._ended, []
        for courier in ended:
            await self._stop(courier)
        self._known = await self._store.webhooks()
        there = {webhook.id: webhook for webhook in self._known if webhook.enabled}
        for courier in [courier for key, courier in self._couriers.items() if key not in there]:
            await self._stop(courier)
        for webhook in there.values():
            await self._deliver_for(webhook)

    async def _deliver_for(self, webhook: Webhook) -> None:
        courier = self._couriers.get(webhook.id)
        try:
            secrets = open_secrets(self._sealer, webhook)
        except Exception:  # another keyring, or none: the others go on, and it is tried again
            if webhook.id not in self._sealed:
                log.exception("the secret of a webhook cannot be opened", webhook=webhook.name)
            self._sealed.add(webhook.id)
            self._alarm.set(self._now() + SEALED_SECONDS * SECOND)
            return
        self._sealed.discard(webhook.id)
        if courier is not None:
            courier.look_again(webhook, secrets)
            if self._store.neighbours is not None:
                courier.renew(self._lease_until())
            return
        lease, until = tokens.token_hex(8), self._lease_until()
        leased = await self._store.lease_webhook(webhook.id, lease, until)
        if leased is not None:
            courier = Courier(leased, lease, until, secrets, self._tools, self._on_end)
            self._couriers[webhook.id] = courier
            courier.start()

    def _lease_until(self) -> int:
        """One who has the database alone keeps it for ever."""
        return LATEST if self._store.neighbours is None else self._now() + LEASE_SECONDS * SECOND

    def _on_end(self, courier: Courier) -> None:
        if self._couriers.get(courier.webhook.id) is courier:
            del self._couriers[courier.webhook.id]
        self._ended.append(courier)
        self._alarm.ring()

    # -- retention

    async def prune_until(self) -> int | None:
        """Runs whose retention was over by then may be deleted: no webhook waits for an event of theirs, or it does for
        longer than HELD_SECONDS. None: all."""
        if not self._known:
            return None
        now = self._now()
        next_at = await self._store.next_deletable()
        if next_at is None or next_at > now:
            return None
        read = [webhook.read_until for webhook in await self._store.webhooks() if webhook.enabled]
        until = max(min(read, default=now), now - HELD_SECONDS * SECOND)
        if next_at > until:
            for courier in self._couriers.values():
                courier.touch()
        return until
