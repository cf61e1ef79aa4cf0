"""The store on PostgreSQL."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import asyncpg
import structlog
from msgspec import UNSET, UnsetType
from msgspec.structs import replace

from blazy_jobs_server.domain.audit import AuditEntry
from blazy_jobs_server.domain.bulk import Bulk
from blazy_jobs_server.domain.declaration import Declaration, Started
from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.history import Row
from blazy_jobs_server.domain.ids import COUNTER_BITS
from blazy_jobs_server.domain.instants import EARLIEST
from blazy_jobs_server.domain.job_type import Bullmq, Declarer, Definition, JobType, Queue, Source, Version
from blazy_jobs_server.domain.keys import ApiKey
from blazy_jobs_server.domain.limits import Limits, RateWindow, Scope
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.domain.sessions import BrowserSession
from blazy_jobs_server.domain.webhook import Delivery, Webhook
from blazy_jobs_server.ports import (
    Claim,
    Clock,
    Commit,
    Completed,
    Counted,
    Dispatched,
    EventFilter,
    Fire,
    Fired,
    Followed,
    Hand,
    IdempotencyKey,
    Judged,
    Leased,
    Listed,
    Many,
    Neighbours,
    Order,
    Report,
    RunFilter,
    Said,
    Sighting,
    Swept,
    Tally,
    WorkerRecord,
)
from blazy_jobs_server.ports.audit import AuditFilter, acting, acting_as
from blazy_jobs_server.ports.bulk import Advance, Advanced
from blazy_jobs_server.ports.config import Changed, Changes
from blazy_jobs_server.ports.errors import ErrorFilter, ErrorGroup, GroupPlace
from blazy_jobs_server.ports.history import HistoryFilter
from blazy_jobs_server.ports.webhooks import DeliveryFilter, Page, Progress, Wanted
from blazy_jobs_server.store import restoring
from blazy_jobs_server.store.auditing import act_of, to_entry
from blazy_jobs_server.store.bulks import RUNNING, LeaseBulk, to_bulk
from blazy_jobs_server.store.claiming import Claims
from blazy_jobs_server.store.definitions import KeepSecrets, PauseJobType, SaveJobType, SaveQueue
from blazy_jobs_server.store.dispatching import Dispatch
from blazy_jobs_server.store.following import Follow, SavePlace
from blazy_jobs_server.store.history import PruneHistory, to_row
from blazy_jobs_server.store.keys import KEYS, SaveKey, to_key
from blazy_jobs_server.store.limiting import windows
from blazy_jobs_server.store.listing import MAX_KEY
from blazy_jobs_server.store.membership import GiveUp, Unknown
from blazy_jobs_server.store.migrations import HEAD, UnknownSchema, migrate
from blazy_jobs_server.store.postgres import auditing, bulks, connecting, history
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.claiming import takers
from blazy_jobs_server.store.postgres.membership import Register
from blazy_jobs_server.store.postgres.neighbours import PostgresNeighbours
from blazy_jobs_server.store.postgres.reading import Reader
from blazy_jobs_server.store.postgres.session import HOT, REST, Catalogue, Session, Told, Verb, give_a_full_term
from blazy_jobs_server.store.postgres.sessions import SESSION
from blazy_jobs_server.store.postgres.surveying import survey
from blazy_jobs_server.store.postgres.writer import Writer
from blazy_jobs_server.store.reporting import Cancel, Reports
from blazy_jobs_server.store.retention import Prune
from blazy_jobs_server.store.scheduling import SaveSchedule
from blazy_jobs_server.store.sealed import key_ids_sql
from blazy_jobs_server.store.sessions import SESSIONS, to_session
from blazy_jobs_server.store.statements import NEXT_DELETABLE
from blazy_jobs_server.store.unusable import DatabaseUnusable
from blazy_jobs_server.store.webhooks import WEBHOOKS, LeaseWebhook, RetryDeliveries, SaveWebhook

log = structlog.get_logger("store")

TOGETHER = 256
"""Hot verbs that share a transaction at most."""
NUL = "\0"
"""No text of PostgreSQL has it, and no name."""
PLACE_PARAMETERS = ("host", "port", "dbname", "database", "user", "service")


class PostgresStore:
    """Implements `ports.Store`.

    `home` names the place of this server, the same after a restart. `on_time` is told how far the database's clock is
    ahead of ours (microseconds), at the start and every minute.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        *,
        lease_seconds: float,
        home: str = "",
        on_time: Callable[[int], None] = lambda ahead: None,
        draw: Callable[[], float] = random.random,
        on_batch: Callable[[int, float], None] = lambda size, seconds: None,
    ) -> None:
        self._url = url
        self._database = connecting.Database(url)
        self._clock = clock
        self._draw = draw
        self._lease_seconds = lease_seconds
        self._on_batch = on_batch
        self._home = home
        self._on_time = on_time
        self._opened = False
        self._something_ready = True
        self.neighbours: Neighbours | None = None
        self.on_commit: Callable[[Commit], None] = lambda commit: None

    # -- opening and closing

    async def open(self) -> None:
        """Brings the schema up to date. Raises DatabaseUnusable."""
        with usable(self._url):
            await self._migrate()
            self._catalogue = Catalogue()
            self._reader = Reader(self._database, self._clock.now)
            await self._reader.open()
            self._on_time(await self._reader.ahead())
            await self._take_keys()
            self.neighbours = self._others = PostgresNeighbours(
                self._database, self._clock, self._reader, self._catalogue, self._home, self._on_time
            )
            await self._join()
        self._hot = self._writer(HOT, TOGETHER)
        self._rest = self._writer(REST, 1)
        self._opened = True

    def _writer(self, verbs: dict[str, Verb], together: int) -> Writer:
        session = Session(
            self._database,
            self._clock,
            self._catalogue,
            verbs,
            draw=self._draw,
            lease_seconds=self._lease_seconds,
        )
        return Writer(session, self._committed, together=together)

    async def upgrade(self) -> bool:
        """Brings the schema up to date; False where it was already. Raises DatabaseUnusable."""
        with usable(self._url):
            return await self._migrate()

    async def _migrate(self) -> bool:
        await survey(self._database)
        connection = await self._database.connect()
        try:
            there = await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL")
            if there and await connection.fetchval("SELECT version_num FROM alembic_version") == HEAD:
                return False  # as nearly always, without what takes longer than the rest of the start
        finally:
            await connection.close()
        engine = self._database.migrating_engine()
        try:
            async with engine.begin() as migrating:
                # Servers that start at once take turns.
                await migrating.exec_driver_sql(f"SELECT pg_advisory_xact_lock({sql.LOCK_CLASS}, {sql.LOCK_MIGRATION})")
                return await migrating.run_sync(migrate)
        finally:
            await engine.dispose()

    async def _take_keys(self) -> None:
        """Keys go on after all that are there, although the clock went back, or the cluster is another one."""
        async with self._reader.connection() as connection, connection.transaction():
            await connection.execute(sql.LOCK, sql.LOCK_DEFINITIONS)
            newest = await connection.fetchval(
                "SELECT greatest((SELECT max(id) FROM runs), (SELECT max(id) FROM workers), "
                "(SELECT max(id) FROM audit), erased_key) "
                "FROM shared WHERE id = 1"
            )
            self._catalogue.keys.last = max(newest, 1 << COUNTER_BITS)
            latest = await connection.fetchval(
                "SELECT greatest((SELECT max(id) FROM events), (SELECT max(pruned_event) FROM lanes), 0)"
            )
            feed_base, tx = await connection.fetchrow(
                "SELECT feed_base, pg_current_xact_id()::text::bigint FROM shared WHERE id = 1"
            )
            if feed_base + (tx << sql.EVENT_BITS) <= latest or feed_base == 0:
                base = max(latest + 1, self._clock.now() << COUNTER_BITS) - (tx << sql.EVENT_BITS)
                await connection.execute("UPDATE shared SET feed_base = $1 WHERE id = 1", base)

    async def _join(self) -> None:
        """Servers come one after the other: when the next one looks at leases and workers, the first one, before which
        nobody could renew a lease or be heard, has given them a full term."""
        async with self._reader.connection() as connection, connection.transaction():
            await connection.execute(sql.LOCK, sql.LOCK_OPENING)
            if await self._others.open():
                await give_a_full_term(connection, self._clock.now(), self._lease_seconds)

    async def close(self) -> None:
        if not self._opened:
            return
        self._opened = False
        await self._hot.close()
        await self._rest.close()
        await self._others.close()
        await self._reader.close()

    def _committed(self, told: Told, batch: int, seconds: float) -> None:
        self._on_batch(batch, seconds)
        if told.commit.ready:
            self._something_ready = True
        self._others.committed(told)
        self.on_commit(told.commit)

    async def _write(self, verb: str, argument: Any) -> Any:
        return await (self._hot if verb in HOT else self._rest).submit(verb, argument, act_of(verb, acting.get()))

    async def ping(self) -> None:
        await self._write("ping", None)

    # -- definitions

    async def job_types(self) -> list[JobType]:
        return (await self._reader.definitions())[0]

    async def queues(self) -> list[Queue]:
        return (await self._reader.definitions())[1]

    async def save_job_type(
        self,
        definition: Definition,
        *,
        expect: int | None,
        source: Source,
        declarer: Declarer | None,
        paused: bool | None,
        secrets: str | UnsetType | None = UNSET,
    ) -> JobType | None:
        saved: JobType | None = await self._write(
            "save_job_type", SaveJobType(definition, expect, source, declarer, paused, secrets=secrets, by=acting_as())
        )
        return saved

    async def retire_job_type(self, name: str) -> bool:
        retired: bool = await self._write("retire_job_type", name)
        return retired

    async def keep_secrets(self, name: str, secrets: str, *, before: str | None) -> JobType | None:
        job_type: JobType | None = await self._write("keep_secrets", KeepSecrets(name, before, secrets))
        return job_type

    async def pause_job_type(self, name: str, paused: bool) -> JobType | None:
        job_type: JobType | None = await self._write("pause_job_type", PauseJobType(name, paused))
        return job_type

    async def save_queue(
        self,
        name: str,
        paused: bool | None,
        bullmq: Bullmq | UnsetType | None = UNSET,
        limits: Limits | None = None,
    ) -> Queue:
        queue: Queue = await self._write("save_queue", SaveQueue(name, paused, bullmq, limits))
        return queue

    async def apply(self, changes: Changes) -> Changed | None:
        changed: Changed | None = await self._write("apply", replace(changes, by=acting_as()))
        return changed

    # -- queues of other engines

    async def follow(self, sightings: Sequence[Sighting], lease_seconds: float) -> list[Followed]:
        followed: list[Followed] = await self._write("follow", Follow(tuple(sightings), lease_seconds))
        return followed

    async def save_place(self, queue: str, place: str) -> None:
        await self._write("save_place", SavePlace(queue, place))

    async def place(self, queue: str) -> str | None:
        place: str | None = await self._reader.value(sql.PLACE, queue)
        return place

    async def runs_of(self, run_ids: Sequence[int]) -> list[Run]:
        return await self._reader.runs_by(sql.RUNS_BY_ID, list(run_ids))

    async def unfinished(self, queue: str, after: int, limit: int) -> tuple[list[Run], bool]:
        return await self._reader.unfinished(queue, after, limit)

    async def counts(self) -> dict[tuple[str, str, State], int]:
        return await self._reader.counts()

    # -- runs

    async def dispatch(self, orders: Sequence[Order] | Many, idempotency: IdempotencyKey | None) -> Dispatched:
        self._something_ready = True  # for a claim that comes with it
        asked = Dispatch((), idempotency, orders) if isinstance(orders, Many) else Dispatch(tuple(orders), idempotency)
        dispatched: Dispatched = await self._write("dispatch", asked)
        return dispatched

    async def run(self, run_id: int) -> Run | None:
        return await self._reader.run(run_id)

    async def runs(self, where: RunFilter, before: int | None, limit: int, *, brief: bool = False) -> Listed:
        return await self._reader.runs(where, before, limit, brief=brief)

    async def found(self, where: RunFilter, before: int | None, limit: int) -> tuple[list[int], int | None]:
        return await self._reader.found(where, before, limit)

    async def count(self, where: RunFilter, most: int) -> Counted:
        return await self._reader.count(where, most)

    async def tally(self, where: RunFilter, before: int | None, seconds: float) -> Tally:
        return await self._reader.tally(where, before, seconds)

    async def events(self, run_id: int, after: int, limit: int) -> list[Event]:
        return await self._reader.events(run_id, after, limit)

    async def attempt_events(self, run_id: int) -> list[Event]:
        return await self._reader.attempt_events(run_id)

    async def feed(self, after: int, where: EventFilter, limit: int) -> tuple[list[Event], int]:
        return await self._reader.feed(after, where, limit)

    async def feed_bounds(self, where: EventFilter) -> tuple[int, int]:
        return await self._reader.feed_bounds(where)

    async def was_lost(self, after: int | None) -> bool:
        lost: bool = await (
            self._reader.value(restoring.ANY)
            if after is None
            else self._reader.value(restoring.WAS_LOST.format("$1", "$1"), after)
        )
        return lost

    # -- bulk operations

    async def create_bulk(self, bulk: Bulk) -> Bulk:
        created: Bulk = await self._write("create_bulk", bulk)
        return created

    async def lease_bulk(self, bulk_id: int, lease: str, until: int) -> Bulk | None:
        leased: Bulk | None = await self._write("lease_bulk", LeaseBulk(bulk_id, lease, until))
        return leased

    async def advance_bulk(self, step: Advance) -> Advanced | None:
        advanced: Advanced | None = await self._write("advance_bulk", step)
        return advanced

    async def cancel_bulk(self, bulk_id: int) -> Bulk | None:
        cancelled: Bulk | None = await self._write("cancel_bulk", bulk_id)
        return cancelled

    async def bulk(self, bulk_id: int) -> Bulk | None:
        rows = await self._reader.rows(bulks.BULK, bulk_id)
        return to_bulk(rows[0]) if rows else None

    async def bulks(self, before: int | None, limit: int) -> list[Bulk]:
        return [to_bulk(row) for row in await self._reader.rows(bulks.PAGE, before or MAX_KEY, limit)]

    async def running_bulks(self) -> list[Bulk]:
        return [to_bulk(row) for row in await self._reader.rows(RUNNING)]

    # -- the audit log

    async def audit(self, where: AuditFilter, before: int | None, limit: int) -> list[AuditEntry]:
        statement, parameters = auditing.listed(where, before, limit)
        return [to_entry(row) for row in await self._reader.rows(statement, *parameters)]

    async def note_audit(self, entries: Sequence[AuditEntry]) -> None:
        await self._write("note_audit", tuple(entries))

    # -- schedules

    async def schedules(self, before: int | None, limit: int) -> tuple[list[tuple[int, Schedule]], bool]:
        return await self._reader.schedules(before, limit)

    async def schedule(self, name: str) -> Schedule | None:
        return None if NUL in name else await self._reader.schedule(name)

    async def schedules_of_app(self, app: str) -> list[Schedule]:
        return await self._reader.schedules_by(sql.SCHEDULES_OF_APP, app)

    async def due_schedules(self, now: int, limit: int, offset: int = 0, since: int = EARLIEST) -> list[Schedule]:
        return await self._reader.schedules_by(sql.DUE_SCHEDULES, since, now, limit, offset)

    async def schedules_by_older_rules(self, rules: str) -> list[Schedule]:
        return await self._reader.schedules_by(sql.SCHEDULES_BY_OLDER_RULES, rules)

    async def next_wake(self, after: int) -> int | None:
        at: int | None = await self._reader.value(sql.NEXT_WAKE, after)
        return at

    async def save_schedule(self, schedule: Schedule, *, expect: int | None) -> Schedule | None:
        saved: Schedule | None = await self._write("save_schedule", SaveSchedule(schedule, expect))
        return saved

    async def delete_schedule(self, name: str) -> bool:
        deleted: bool = await self._write("delete_schedule", name)
        return deleted

    async def fire(self, fires: Sequence[Fire]) -> list[Fired]:
        fired: list[Fired] = await self._write("fire", tuple(fires))
        return fired

    # -- leases

    async def claim(self, claims: Sequence[Claim], lease_seconds: float) -> list[Leased | None]:
        if not await self._may_find(tuple(claims)):
            return [Leased() for _ in claims]
        self._something_ready = False
        leased: list[Leased | None] = await self._write("claim", Claims(tuple(claims), lease_seconds))
        if any(lease and lease.number == claim.limit for lease, claim in zip(leased, claims, strict=True)):
            self._something_ready = True
        return leased

    async def _may_find(self, claims: tuple[Claim, ...]) -> bool:
        """Looks before a transaction is begun: most claims of idle workers find nothing."""
        ledger = self._catalogue.ledger
        if self._something_ready or ledger is None:
            return True
        known = self._catalogue.revision
        lanes = list(takers(ledger, claims))
        return bool(await self._reader.value(sql.ANY_READY, lanes, self._clock.now(), known))

    async def report(
        self,
        worker_id: int,
        reports: Sequence[Report],
        holding: Sequence[int],
        lease_seconds: float,
        completed: Sequence[Completed] = (),
        said: Sequence[Said] = (),
    ) -> Judged:
        singly = [item.reports() for item in said]
        everything = (*chain.from_iterable(singly), *reports)
        argument = Reports(worker_id, everything, tuple(holding), lease_seconds, tuple(completed))
        answer: Judged = await self._write("report", argument)
        return answer.apart(singly) if said else answer

    async def cancel(self, run_id: int, reason: str | None) -> Run | None:
        run: Run | None = await self._write("cancel", Cancel(run_id, reason))
        return run

    async def run_now(self, run_id: int) -> Run | None:
        run: Run | None = await self._write("run_now", run_id)
        return run

    async def ahead(self, run: Run, most: int) -> int:
        ahead: int = await self._reader.value(sql.AHEAD, run.lane_id, -run.priority, run.due_at, run.id, most)
        return ahead

    async def resolve(self, run_id: int) -> Run | None:
        resolved: Run | None = await self._write("resolve", run_id)
        return resolved

    async def error_groups(
        self, where: ErrorFilter, before: GroupPlace | None, limit: int
    ) -> tuple[list[ErrorGroup], GroupPlace | None]:
        return await self._reader.error_groups(where, before, limit)

    async def erase(self, run_id: int) -> bool:
        erased: bool = await self._write("erase", run_id)
        return erased

    async def sweep(self) -> Swept:
        swept: Swept = await self._write("sweep", None)
        return swept

    async def prune(self, limit: int, until: int | None = None) -> int:
        pruned: int = await self._write("prune", Prune(limit, until))
        await self._write("fold_errors", None)
        return pruned

    # -- API keys

    async def keys(self) -> list[ApiKey]:
        return [to_key(row) for row in await self._reader.rows(KEYS)]

    async def revision(self) -> int:
        return await self._others.revision()

    async def save_key(self, key: ApiKey, *, before: ApiKey | None) -> bool:
        saved: bool = await self._write("save_key", SaveKey(key, before))
        return saved

    async def note_used(self, used: Mapping[str, int]) -> None:
        await self._write("note_used", used)

    # -- sessions of browsers

    async def sessions(self, session_id: str | None = None) -> list[BrowserSession]:
        query = (SESSIONS,) if session_id is None else (SESSION, session_id)
        return [to_session(row) for row in await self._reader.rows(*query)]

    async def save_session(self, session: BrowserSession) -> None:
        await self._write("save_session", session)

    async def end_sessions(self, session_ids: Collection[str]) -> None:
        await self._write("end_sessions", session_ids)

    async def note_sessions(self, used: Mapping[str, int]) -> None:
        await self._write("note_sessions", used)

    # -- webhooks

    async def webhooks(self) -> list[Webhook]:
        return await self._reader.webhooks(f"{WEBHOOKS} ORDER BY id DESC")

    async def webhook(self, name: str) -> Webhook | None:
        found = [] if NUL in name else await self._reader.webhooks(f"{WEBHOOKS} WHERE name = $1", name)
        return found[0] if found else None

    async def save_webhook(self, webhook: Webhook, *, before: Webhook | None) -> Webhook | None:
        saved: Webhook | None = await self._write("save_webhook", SaveWebhook(webhook, before))
        return saved

    async def delete_webhook(self, webhook_id: int) -> bool:
        deleted: bool = await self._write("delete_webhook", webhook_id)
        return deleted

    async def lease_webhook(self, webhook_id: int, lease: str, until: int) -> Webhook | None:
        leased: Webhook | None = await self._write("lease_webhook", LeaseWebhook(webhook_id, lease, until))
        return leased

    async def record_webhook(self, progress: Progress) -> bool:
        recorded: bool = await self._write("record_webhook", progress)
        return recorded

    async def retry_deliveries(self, webhook_id: int, *, event_ids: Collection[int] | None, since: int) -> int:
        retried: int = await self._write("retry_deliveries", RetryDeliveries(webhook_id, event_ids, since))
        return retried

    async def happened(self, after: int, wanted: Wanted, limit: int) -> Page:
        return await self._reader.happened(after, wanted, limit)

    async def due_deliveries(self, webhook_id: int, now: int, limit: int) -> tuple[list[Delivery], int | None]:
        return await self._reader.due_deliveries(webhook_id, now, limit)

    async def deliveries(
        self, webhook_id: int, where: DeliveryFilter, before: int | None, limit: int
    ) -> tuple[list[Delivery], bool]:
        return await self._reader.deliveries(webhook_id, where, before, limit)

    async def delivery(self, webhook_id: int, event_id: int) -> Delivery | None:
        return await self._reader.delivery(webhook_id, event_id)

    # -- workers

    async def register_worker(self, worker: WorkerRecord, declares: Sequence[Declaration] = ()) -> WorkerRecord:
        argument = Register(worker, declares, self._others.server, self._home)
        registered: WorkerRecord = await self._write("register_worker", argument)
        return registered

    async def give_up_worker(self, worker_id: int, *, lost: bool) -> int:
        given: int = await self._write("give_up_worker", GiveUp(worker_id, lost))
        return given

    async def drain_worker(self, worker_id: int) -> bool:
        found: bool = await self._write("drain_worker", worker_id)
        return found

    async def in_hand(self, worker_ids: Collection[int], most: int) -> dict[int, Hand]:
        return await self._reader.in_hand(worker_ids, most)

    async def note_unknown(self, worker_id: int, unknown: Collection[int]) -> None:
        await self._write("note_unknown", Unknown(worker_id, list(unknown)))

    async def retired_job_types(self) -> list[Definition]:
        return await self._reader.retired_job_types()

    async def versions(self, job_type: str) -> list[Version]:
        return await self._reader.versions(job_type)

    async def started(self) -> list[Started]:
        return await self._reader.started()

    async def declarations(self, numbers: Collection[int]) -> dict[int, tuple[Started, Declaration]]:
        return await self._reader.declarations(numbers)

    async def workers(self) -> list[WorkerRecord]:
        return await self._reader.workers()

    async def sealing_keys(self) -> set[str]:
        sql = key_ids_sql()
        return {row[0] for row in await self._reader.rows(sql)} if sql is not None else set()

    async def next_deletable(self) -> int | None:
        at: int | None = await self._reader.value(NEXT_DELETABLE)
        return at

    # -- history

    async def save_history(self, rows: Sequence[Row]) -> None:
        await self._write("save_history", tuple(rows))

    async def prune_history(self, step: int, before: int) -> None:
        await self._write("prune_history", PruneHistory(step, before))

    async def history(self, step: int, where: HistoryFilter, start: int, end: int) -> list[Row]:
        return await self._reader.history(step, where, start, end)

    async def history_of_all(self, step: int, start: int, end: int) -> list[Row]:
        return [to_row(values) for values in await self._reader.rows(history.OF_ALL, step, start, end)]

    async def history_ends(self, step: int) -> tuple[int, int] | None:
        [(first, last)] = await self._reader.rows(history.ENDS, step)
        return None if first is None else (first, last)

    async def rates(self) -> dict[Scope, RateWindow]:
        return windows(await self._reader.rows(sql.RATES))

    async def oldest_due(self) -> dict[tuple[str, str], int]:
        return await self._reader.oldest_due()

    async def sizes(self) -> dict[str, int]:
        return await self._reader.sizes()


@contextmanager
def usable(url: str) -> Iterator[None]:
    """Raises DatabaseUnusable."""
    try:
        yield
    except Exception as error:
        cause = error if isinstance(error, DatabaseUnusable) else connecting.cause(error)
        known = UnknownSchema | DatabaseUnusable | StoreUnavailable | asyncpg.PostgresError
        if isinstance(cause, known) or connecting.away(cause):
            raise DatabaseUnusable(f"{described(url)}: {cause or type(cause).__name__}") from error
        raise


def described(url: str) -> str:
    """Without what may be secret: of the user's part the name, of the parameters those that say where it is."""
    parts = urlsplit(url)
    user, at, hosts = parts.netloc.rpartition("@")
    place = [pair for pair in parse_qsl(parts.query) if pair[0] in PLACE_PARAMETERS]
    return parts._replace(
        netloc=f"{user.partition(':')[0]}{at}{hosts}", query=urlencode(place, safe="/,:"), fragment=""
    ).geturl()
