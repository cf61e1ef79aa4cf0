"""The writing transactions: how they begin and end, and every verb that runs in one."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, TypeVar

import asyncpg

from blazy_jobs_server.domain.audit import Act
from blazy_jobs_server.domain.ids import KeyMaker
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.topics import Topic
from blazy_jobs_server.ports import Clock, Commit
from blazy_jobs_server.store.auditing import DEEDS, entry
from blazy_jobs_server.store.ledger import Ledger
from blazy_jobs_server.store.postgres import (
    applying,
    at_once,
    auditing,
    bulks,
    claiming,
    connecting,
    definitions,
    dispatching,
    errors,
    following,
    history,
    keys,
    membership,
    reporting,
    retention,
    scheduling,
    sessions,
    sweeping,
    waiting,
    webhooks,
)
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.at_once import Done
from blazy_jobs_server.store.postgres.definitions import load_ledger, make_lanes, unmade_lanes
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.topics import TOPICS

T = TypeVar("T")


class Verb(NamedTuple):
    """As in the session of SQLite. `defines`: it changes definitions, so nobody else may be writing meanwhile."""

    order: int
    function: Callable[[Transaction, list[Any]], Awaitable[list[Any]]]
    defines: bool = False


async def _ping(tx: Transaction, arguments: list[None]) -> list[None]:
    await tx.execute("UPDATE shared SET revision = revision WHERE id = 1")
    return [None] * len(arguments)


HOT = {
    "dispatch": Verb(1, dispatching.dispatch),
    "report": Verb(2, reporting.report),
    "cancel": Verb(3, reporting.cancel),
    "claim": Verb(5, claiming.claim),
}
"""What many ask for at once: they share transactions."""

REST = {
    "save_job_type": Verb(0, definitions.save_job_type, defines=True),
    "retire_job_type": Verb(0, definitions.retire_job_type, defines=True),
    "pause_job_type": Verb(0, definitions.pause_job_type, defines=True),
    "keep_secrets": Verb(0, definitions.keep_secrets, defines=True),
    "save_queue": Verb(0, definitions.save_queue, defines=True),
    "apply": Verb(0, applying.apply, defines=True),
    "register_worker": Verb(0, membership.register_worker),
    "note_unknown": Verb(0, membership.note_unknown),
    "drain_worker": Verb(0, membership.drain_worker),
    "save_schedule": Verb(0, scheduling.save_schedule),
    "delete_schedule": Verb(0, scheduling.delete_schedule),
    "give_up_worker": Verb(3, membership.give_up_worker),
    "save_key": Verb(0, keys.save_key),
    "note_used": Verb(0, keys.note_used),
    "save_session": Verb(0, sessions.save_session),
    "end_sessions": Verb(0, sessions.end_sessions),
    "note_sessions": Verb(0, sessions.note_sessions),
    "note_audit": Verb(0, auditing.note_audit),
    "save_place": Verb(0, following.save_place),
    "save_webhook": Verb(0, webhooks.save_webhook),
    "delete_webhook": Verb(0, webhooks.delete_webhook),
    "lease_webhook": Verb(0, webhooks.lease_webhook),
    "follow": Verb(2, following.follow),
    "fire": Verb(3, scheduling.fire),
    "sweep": Verb(4, sweeping.sweep),
    "resolve": Verb(3, errors.resolve),
    "run_now": Verb(3, waiting.run_now),
    "create_bulk": Verb(0, bulks.create_bulk),
    "lease_bulk": Verb(0, bulks.lease_bulk),
    "cancel_bulk": Verb(0, bulks.cancel_bulk),
    "advance_bulk": Verb(3, bulks.advance_bulk),
    "fold_errors": Verb(6, errors.fold),
    "record_webhook": Verb(5, webhooks.record_webhook),
    "retry_deliveries": Verb(5, webhooks.retry_deliveries),
    "erase": Verb(6, retention.erase),
    "prune": Verb(6, retention.prune),
    "save_history": Verb(7, history.save_history),
    "prune_history": Verb(7, history.prune_history),
    "ping": Verb(7, _ping),
}
"""Each in a transaction of its own, beside the hot ones: they lock rows in other orders."""


class Work(NamedTuple):
    verb: str
    argument: Any
    future: asyncio.Future[Any]
    act: Act | None = None
    """For whom, where the audit log is to tell of it."""


class Told(NamedTuple):
    """What a commit changed, for the engine and for the other servers."""

    commit: Commit
    cancelling: set[int]
    definitions: bool


class Catalogue:
    """What the connections of this server share: the ledger as of a revision, and the keys that it draws."""

    def __init__(self) -> None:
        self.ledger: Ledger | None = None
        self.revision = -1
        self.keys = KeyMaker()
        self.shard = 0
        self.unheard = False
        """For a while nobody could write down which workers it had heard."""

    def forget(self) -> None:
        self.ledger = None

    async def of(self, connection: asyncpg.Connection, revision: int) -> Ledger:
        """The ledger at that revision, or a newer one."""
        if self.ledger is None or self.revision < revision:
            ledger = await load_ledger(connection)
            ledger.keys = self.keys
            self.ledger, self.revision = ledger, revision
        return self.ledger


async def give_a_full_term(connection: Any, now: int, lease_seconds: float) -> None:
    """Nobody could renew a lease, or be heard, while nobody could write it down."""
    await connection.execute(sql.HEAR_ALL, now)
    await connection.execute(sql.EXTEND, after(now, lease_seconds))
    await connection.execute(sql.EXTEND_DETACHED, now)


class Session:
    """One connection that writes. `perform` may be called by one task at a time."""

    def __init__(
        self,
        database: connecting.Database,
        clock: Clock,
        catalogue: Catalogue,
        verbs: dict[str, Verb],
        *,
        draw: Callable[[], float],
        lease_seconds: float,
    ) -> None:
        self._database = database
        self._clock = clock
        self._catalogue = catalogue
        self._verbs = verbs
        self._draw = draw
        self._lease_seconds = lease_seconds
        self._connection: asyncpg.Connection | None = None

    async def perform(self, works: list[Work]) -> tuple[list[Any], Told]:
        """All in one transaction; answers in the order of `works`.

        What raises was rolled back, or its end is unknown because the connection broke.
        """
        return await self._within_time(self._perform(works))

    async def perform_at_once(self, works: list[Work]) -> tuple[Done, Told] | None:
        """All that one statement can do. None where nothing was done. Raises as `perform` does."""
        catalogue = self._catalogue
        if catalogue.ledger is None or catalogue.unheard or not all(work.verb in ("report", "claim") for work in works):
            return None
        reports = [work.argument for work in works if work.verb == "report"]
        asked = at_once.plan(catalogue.ledger, reports, [work.argument for work in works if work.verb == "claim"])
        return None if asked is None else await self._within_time(self._at_once(catalogue.ledger, asked))

    async def _at_once(self, ledger: Ledger, asked: at_once.Plan) -> tuple[Done, Told] | None:
        connection = await self._connected()
        catalogue = self._catalogue
        now = self._clock.now()
        found = await at_once.perform(connection, ledger, catalogue.revision, now, catalogue.shard, self._draw, asked)
        if found is None:
            return None
        done, tx = found
        return done, Told(tx.news, tx.cancelling, tx.definitions)

    async def _within_time(self, work: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(connecting.TRANSACTION_SECONDS):
                return await work
        except BaseException as error:
            if connecting.away(error):
                self._catalogue.unheard = True
            await self._roll_back(hangs=isinstance(error, TimeoutError))
            raise

    async def _perform(self, works: list[Work]) -> tuple[list[Any], Told]:
        connection = await self._connected()
        await self._prepare(connection, works)
        await connection.execute("BEGIN")
        if any(self._verbs[work.verb].defines for work in works):
            await connection.execute(sql.LOCK, sql.LOCK_DEFINITIONS)
        # One way to the database less for claims, whose runs somebody is waiting for.
        claims = [claim for work in works if work.verb == "claim" for claim in work.argument.claims]
        claimers = list({claim.worker_id for claim in claims})
        begin = (sql.BEGIN_CLAIMING, self._clock.now(), claimers) if claims else (sql.BEGIN,)
        [(revision, feed_base, tx_id, due, workers)] = await connection.fetch(*begin)
        ledger = await self._catalogue.of(connection, revision)
        now = self._clock.now()
        tx = Transaction(
            connection,
            ledger,
            now,
            self._draw,
            number=tx_id,
            first_event=feed_base + (tx_id << sql.EVENT_BITS),
            shard=self._catalogue.shard,
            due=due,
            workers=frozenset(workers),
        )
        extending = self._catalogue.unheard
        if extending:
            await give_a_full_term(connection, now, self._lease_seconds)
        answers = await self._run(tx, works)
        await tx.finish()
        await connection.execute("COMMIT")
        if extending:
            self._catalogue.unheard = False
        if tx.definitions:
            self._catalogue.forget()
        return answers, Told(tx.news, tx.cancelling, tx.definitions)

    async def _run(self, tx: Transaction, works: list[Work]) -> list[Any]:
        await reporting.lock(
            tx,
            [work.argument for work in works if work.verb == "report"],
            [work.argument for work in works if work.verb == "cancel"],
            [work.argument for work in works if work.verb == "dispatch"],
        )
        groups: dict[tuple[int, str], list[int]] = {}
        for place, work in enumerate(works):
            groups.setdefault((self._verbs[work.verb].order, work.verb), []).append(place)
        answers: list[Any] = [None] * len(works)
        for (_, verb), places in sorted(groups.items(), key=lambda item: item[0]):
            tx.news.topics |= TOPICS.get(verb, 0)
            if any(works[place].act for place in places):
                results = [await self._audited(tx, works[place]) for place in places]
            else:
                results = await self._verbs[verb].function(tx, [works[place].argument for place in places])
            for place, result in zip(places, results, strict=True):
                answers[place] = result
        return answers

    async def _audited(self, tx: Transaction, work: Work) -> Any:
        deed = DEEDS[work.verb]
        before = deed.before(tx.ledger, work.argument)
        if deed.schedule is not None:
            before = await scheduling.read(tx, deed.schedule(work.argument))
        elif deed.webhook is not None:
            before = await webhooks.read(tx, deed.webhook(work.argument))
        [answer] = await self._verbs[work.verb].function(tx, [work.argument])
        if work.act is not None:
            told = deed.told(work.argument, before, answer)
            if told:
                tx.news.topics |= Topic.AUDIT
            await auditing.note_audit(tx, [[entry(work.act, one, tx.now) for one in told]])
        return answer

    async def _connected(self) -> asyncpg.Connection:
        if self._connection is None or self._connection.is_closed():
            self._connection = await self._database.connect()
        return self._connection

    async def _prepare(self, connection: asyncpg.Connection, works: list[Work]) -> None:
        """Makes the lanes that the orders need, so that none appears while other transactions are under way; and finds
        out without a transaction where a claim has nothing to find."""
        pairs: set[tuple[str, str]] = set()
        for work in works:
            if work.verb == "dispatch":
                pairs |= work.argument.pairs
            elif work.verb == "fire":
                pairs.update((order.job_type, order.queue) for item in work.argument for order in item.orders)
            elif work.verb == "advance_bulk":
                pairs.update((order.job_type, order.queue) for order in work.argument.orders.values())
            elif work.verb == "follow":
                orders = [sighting.order for sighting in work.argument.sightings if sighting.order is not None]
                pairs.update((order.job_type, order.queue) for order in orders)
            elif work.verb == "save_job_type":
                pairs.add((work.argument.definition.name, work.argument.definition.queue))
            elif work.verb == "apply":
                written = [write.definition for write in work.argument.job_types]
                pairs.update((definition.name, definition.queue) for definition in written)
        if not pairs:
            return
        ledger = self._catalogue.ledger
        missing = pairs if ledger is None else pairs - ledger.lane_ids.keys()
        if missing and (missing := await unmade_lanes(connection, missing)):
            await make_lanes(connection, missing, self._clock.now())
            self._catalogue.forget()

    async def _roll_back(self, *, hangs: bool) -> None:
        """With the connection, whatever its state; the ledger may have noted what now never happened."""
        self._catalogue.forget()
        connection, self._connection = self._connection, None
        if connection is None or connection.is_closed():
            return
        if hangs:
            connection.terminate()
            return
        try:
            async with asyncio.timeout(1):
                await connection.execute("ROLLBACK")
        except Exception:  # noqa: BLE001  # gone with all that it had open
            connection.terminate()
        else:
            self._connection = connection

    async def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None and not connection.is_closed():
            try:
                await connection.close(timeout=1)
            except Exception:  # noqa: BLE001  # it is given up in any case
                connection.terminate()
