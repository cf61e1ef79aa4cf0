"""The store on one SQLite file, which one server owns."""

from __future__ import annotations

import fcntl
import os
import random
import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import UNSET, UnsetType
from msgspec.structs import replace
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool, StaticPool

from blazy_jobs_server.domain.audit import AuditEntry
from blazy_jobs_server.domain.bulk import Bulk
from blazy_jobs_server.domain.declaration import Declaration, Started
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.history import Row
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
from blazy_jobs_server.store.auditing import act_of
from blazy_jobs_server.store.backup import finish_restore
from blazy_jobs_server.store.bulks import LeaseBulk
from blazy_jobs_server.store.claiming import Claims
from blazy_jobs_server.store.definitions import KeepSecrets, PauseJobType, SaveJobType, SaveQueue
from blazy_jobs_server.store.dispatching import Dispatch
from blazy_jobs_server.store.following import Follow, SavePlace
from blazy_jobs_server.store.history import PruneHistory
from blazy_jobs_server.store.keys import SaveKey
from blazy_jobs_server.store.membership import GiveUp, Register, Unknown
from blazy_jobs_server.store.migrations import UnknownSchema, migrate
from blazy_jobs_server.store.owning import give_to_owner
from blazy_jobs_server.store.reading import Reader
from blazy_jobs_server.store.reporting import Cancel, Reports
from blazy_jobs_server.store.retention import Prune
from blazy_jobs_server.store.scheduling import SaveSchedule
from blazy_jobs_server.store.session import VERBS, SqliteSession
from blazy_jobs_server.store.unusable import DatabaseUnusable
from blazy_jobs_server.store.webhooks import LeaseWebhook, RetryDeliveries, SaveWebhook
from blazy_jobs_server.store.writer import Writer


class DatabaseInUse(DatabaseUnusable):
    """Another server owns the file, and the folder that it is in."""

    def __init__(self, path: Path, owner: str) -> None:
        who = f" (process {owner})" if owner else ""
        super().__init__(
            f"{path.parent} is in use by another server{who}. One server owns a data folder: stop that one, "
            "or give this one a folder of its own with --data."
        )


class SqliteStore:
    """Implements `ports.Store`."""

    neighbours: Neighbours | None = None

    def __init__(
        self,
        path: Path,
        clock: Clock,
        *,
        lease_seconds: float,
        draw: Callable[[], float] = random.random,
        on_batch: Callable[[int, float], None] = lambda size, seconds: None,
    ) -> None:
        self._path = Path(os.path.realpath(path))
        self._clock = clock
        self._draw = draw
        self._lease_seconds = lease_seconds
        self._on_batch = on_batch
        self._lock: int | None = None
        self.on_commit: Callable[[Commit], None] = lambda commit: None

    # -- opening and closing

    async def open(self) -> None:
        """Takes the file, brings its schema up to date. Raises DatabaseUnusable."""
        self._lock = _lock(self._path)
        try:
            upgrade(self._path)
        except DatabaseUnusable:
            os.close(self._lock)
            self._lock = None
            raise
        writing = writing_engine(self._path)
        self._reader = Reader(_reading_engine(self._path), self._path)
        self._session = SqliteSession(writing, self._clock, self._draw, self._lease_seconds)
        self._writer: Writer[Commit] = Writer(self._session, self._committed, answered_first="claim")

    async def close(self) -> None:
        if self._lock is None:
            return
        await self._writer.close()
        self._reader.close()
        self._session.close()
        os.close(self._lock)
        self._lock = None

    def _committed(self, commit: Commit, batch: int, seconds: float) -> None:
        self._on_batch(batch, seconds)
        self.on_commit(commit)

    async def _write(self, verb: str, argument: Any) -> Any:
        act = act_of(verb, acting.get())
        return await self._writer.submit(VERBS[verb].order, verb, argument, act=act)

    async def ping(self) -> None:
        await self._write("ping", None)

    # -- definitions

    async def job_types(self) -> list[JobType]:
        return (await self._reader.on_thread(self._reader.definitions))[0]

    async def queues(self) -> list[Queue]:
        return (await self._reader.on_thread(self._reader.definitions))[1]

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

    async def counts(self) -> dict[tuple[str, str, State], int]:
        return await self._reader.on_thread(self._reader.counts)

    # -- runs

    async def dispatch(self, orders: Sequence[Order] | Many, idempotency: IdempotencyKey | None) -> Dispatched:
        if isinstance(orders, Many):
            argument, requests = Dispatch((), idempotency, orders), orders.requests
        else:
            argument, requests = Dispatch(tuple(orders), idempotency), 1
        act = act_of("dispatch", acting.get())
        dispatched: Dispatched = await self._writer.submit(VERBS["dispatch"].order, "dispatch", argument, requests, act)
        return dispatched

    async def run(self, run_id: int) -> Run | None:
        return await self._reader.on_thread(self._reader.run, run_id)

    async def runs(self, where: RunFilter, before: int | None, limit: int, *, brief: bool = False) -> Listed:
        return await self._reader.on_lister(self._reader.runs, where, before, limit, brief=brief)

    async def found(self, where: RunFilter, before: int | None, limit: int) -> tuple[list[int], int | None]:
        return await self._reader.on_lister(self._reader.found, where, before, limit)

    async def count(self, where: RunFilter, most: int) -> Counted:
        return await self._reader.on_lister(self._reader.count, where, most)

    async def tally(self, where: RunFilter, before: int | None, seconds: float) -> Tally:
        return await self._reader.on_lister(self._reader.tally, where, before, seconds)

    async def events(self, run_id: int, after: int, limit: int) -> list[Event]:
        return await self._reader.on_thread(self._reader.events, run_id, after, limit)

    async def attempt_events(self, run_id: int) -> list[Event]:
        return await self._reader.on_thread(self._reader.attempt_events, run_id)

    async def feed(self, after: int, where: EventFilter, limit: int) -> tuple[list[Event], int]:
        return await self._reader.on_thread(self._reader.feed, after, where, limit)

    async def feed_bounds(self, where: EventFilter) -> tuple[int, int]:
        return await self._reader.on_thread(self._reader.feed_bounds, where)

    async def was_lost(self, after: int | None) -> bool:
        return await self._reader.on_thread(self._reader.was_lost, after)

    # -- queues of other engines

    async def follow(self, sightings: Sequence[Sighting], lease_seconds: float) -> list[Followed]:
        followed: list[Followed] = await self._write("follow", Follow(tuple(sightings), lease_seconds))
        return followed

    async def save_place(self, queue: str, place: str) -> None:
        await self._write("save_place", SavePlace(queue, place))

    async def place(self, queue: str) -> str | None:
        return await self._reader.on_thread(self._reader.place, queue)

    async def runs_of(self, run_ids: Sequence[int]) -> list[Run]:
        return await self._reader.on_thread(self._reader.runs_of, run_ids)

    async def unfinished(self, queue: str, after: int, limit: int) -> tuple[list[Run], bool]:
        return await self._reader.on_thread(self._reader.unfinished, queue, after, limit)

    # -- schedules

    async def schedules(self, before: int | None, limit: int) -> tuple[list[tuple[int, Schedule]], bool]:
        return await self._reader.on_thread(self._reader.schedules, before, limit)

    async def schedule(self, name: str) -> Schedule | None:
        return await self._reader.on_thread(self._reader.schedule, name)

    async def schedules_of_app(self, app: str) -> list[Schedule]:
        return await self._reader.on_thread(self._reader.schedules_of_app, app)

    async def due_schedules(self, now: int, limit: int, offset: int = 0, since: int = EARLIEST) -> list[Schedule]:
        return await self._reader.on_thread(self._reader.due_schedules, now, limit, offset, since)

    async def schedules_by_older_rules(self, rules: str) -> list[Schedule]:
        return await self._reader.on_thread(self._reader.schedules_by_older_rules, rules)

    async def next_wake(self, after: int) -> int | None:
        return await self._reader.on_thread(self._reader.next_wake, after)

    async def save_schedule(self, schedule: Schedule, *, expect: int | None) -> Schedule | None:
        saved: Schedule | None = await self._write("save_schedule", SaveSchedule(schedule, expect))
        return saved

    async def delete_schedule(self, name: str) -> bool:
        deleted: bool = await self._write("delete_schedule", name)
        return deleted

    async def fire(self, fires: Sequence[Fire]) -> list[Fired]:
        fired: list[Fired] = await self._write("fire", tuple(fires))
        return fired

    async def claim(self, claims: Sequence[Claim], lease_seconds: float) -> list[Leased]:
        leased: list[Leased] = await self._write("claim", Claims(tuple(claims), lease_seconds))
        return leased

    async def report(
        self,
        worker_id: int,
        reports: Sequence[Report],
        holding: Sequence[int],
        lease_seconds: float,
        completed: Sequence[Completed] = (),
        said: Sequence[Said] = (),
    ) -> Judged:
        argument = Reports(worker_id, tuple(reports), tuple(holding), lease_seconds, tuple(completed), tuple(said))
        answer: Judged = await self._write("report", argument)
        return answer

    async def cancel(self, run_id: int, reason: str | None) -> Run | None:
        run: Run | None = await self._write("cancel", Cancel(run_id, reason))
        return run

    async def run_now(self, run_id: int) -> Run | None:
        run: Run | None = await self._write("run_now", run_id)
        return run

    async def ahead(self, run: Run, most: int) -> int:
        return await self._reader.on_thread(self._reader.ahead, run, most)

    async def resolve(self, run_id: int) -> Run | None:
        resolved: Run | None = await self._write("resolve", run_id)
        return resolved

    async def error_groups(
        self, where: ErrorFilter, before: GroupPlace | None, limit: int
    ) -> tuple[list[ErrorGroup], GroupPlace | None]:
        return await self._reader.grouped(where, before, limit)

    async def erase(self, run_id: int) -> bool:
        erased: bool = await self._write("erase", run_id)
        return erased

    async def sweep(self) -> Swept:
        swept: Swept = await self._write("sweep", None)
        return swept

    async def prune(self, limit: int, until: int | None = None) -> int:
        pruned: int = await self._write("prune", Prune(limit, until))
        return pruned

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
        return await self._reader.on_thread(self._reader.bulk, bulk_id)

    async def bulks(self, before: int | None, limit: int) -> list[Bulk]:
        return await self._reader.on_thread(self._reader.bulks, before, limit)

    async def running_bulks(self) -> list[Bulk]:
        return await self._reader.on_thread(self._reader.running_bulks)

    # -- API keys

    async def keys(self) -> list[ApiKey]:
        return await self._reader.on_thread(self._reader.keys)

    async def revision(self) -> int:
        return await self._reader.on_thread(self._reader.revision)

    async def save_key(self, key: ApiKey, *, before: ApiKey | None) -> bool:
        saved: bool = await self._write("save_key", SaveKey(key, before))
        return saved

    async def note_used(self, used: Mapping[str, int]) -> None:
        await self._write("note_used", used)

    # -- sessions of browsers

    async def sessions(self, session_id: str | None = None) -> list[BrowserSession]:
        return await self._reader.on_thread(self._reader.sessions, session_id)

    async def save_session(self, session: BrowserSession) -> None:
        await self._write("save_session", session)

    async def end_sessions(self, session_ids: Collection[str]) -> None:
        await self._write("end_sessions", session_ids)

    async def note_sessions(self, used: Mapping[str, int]) -> None:
        await self._write("note_sessions", used)

    # -- webhooks

    async def webhooks(self) -> list[Webhook]:
        return await self._reader.on_thread(self._reader.webhooks)

    async def webhook(self, name: str) -> Webhook | None:
        return await self._reader.on_thread(self._reader.webhook, name)

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
        return await self._reader.on_thread(self._reader.happened, after, wanted, limit)

    async def due_deliveries(self, webhook_id: int, now: int, limit: int) -> tuple[list[Delivery], int | None]:
        return await self._reader.on_thread(self._reader.due_deliveries, webhook_id, now, limit)

    async def deliveries(
        self, webhook_id: int, where: DeliveryFilter, before: int | None, limit: int
    ) -> tuple[list[Delivery], bool]:
        return await self._reader.on_thread(self._reader.deliveries, webhook_id, where, before, limit)

    async def delivery(self, webhook_id: int, event_id: int) -> Delivery | None:
        return await self._reader.on_thread(self._reader.delivery, webhook_id, event_id)

    # -- the audit log

    async def audit(self, where: AuditFilter, before: int | None, limit: int) -> list[AuditEntry]:
        return await self._reader.on_thread(self._reader.audit, where, before, limit)

    async def note_audit(self, entries: Sequence[AuditEntry]) -> None:
        await self._write("note_audit", tuple(entries))

    # -- workers

    async def register_worker(self, worker: WorkerRecord, declares: Sequence[Declaration] = ()) -> WorkerRecord:
        registered: WorkerRecord = await self._write("register_worker", Register(worker, declares))
        return registered

    async def give_up_worker(self, worker_id: int, *, lost: bool) -> int:
        given: int = await self._write("give_up_worker", GiveUp(worker_id, lost))
        return given

    async def drain_worker(self, worker_id: int) -> bool:
        found: bool = await self._write("drain_worker", worker_id)
        return found

    async def in_hand(self, worker_ids: Collection[int], most: int) -> dict[int, Hand]:
        return await self._reader.on_thread(self._reader.in_hand, worker_ids, most)

    async def note_unknown(self, worker_id: int, unknown: Collection[int]) -> None:
        await self._write("note_unknown", Unknown(worker_id, list(unknown)))

    async def retired_job_types(self) -> list[Definition]:
        return await self._reader.on_thread(self._reader.retired_job_types)

    async def versions(self, job_type: str) -> list[Version]:
        return await self._reader.on_thread(self._reader.versions, job_type)

    async def started(self) -> list[Started]:
        return await self._reader.on_thread(self._reader.started)

    async def declarations(self, numbers: Collection[int]) -> dict[int, tuple[Started, Declaration]]:
        return await self._reader.on_thread(self._reader.declarations, numbers)

    async def workers(self) -> list[WorkerRecord]:
        return await self._reader.on_thread(self._reader.workers)

    async def sealing_keys(self) -> set[str]:
        return await self._reader.on_thread(self._reader.sealing_keys)

    async def next_deletable(self) -> int | None:
        return await self._reader.on_thread(self._reader.next_deletable)

    # -- history

    async def save_history(self, rows: Sequence[Row]) -> None:
        await self._write("save_history", tuple(rows))

    async def prune_history(self, step: int, before: int) -> None:
        await self._write("prune_history", PruneHistory(step, before))

    async def history(self, step: int, where: HistoryFilter, start: int, end: int) -> list[Row]:
        return await self._reader.on_thread(self._reader.history, step, where, start, end)

    async def history_of_all(self, step: int, start: int, end: int) -> list[Row]:
        return await self._reader.on_thread(self._reader.history_of_all, step, start, end)

    async def history_ends(self, step: int) -> tuple[int, int] | None:
        return await self._reader.on_thread(self._reader.history_ends, step)

    async def rates(self) -> dict[Scope, RateWindow]:
        return await self._reader.on_thread(self._reader.rates)

    async def oldest_due(self) -> dict[tuple[str, str], int]:
        return await self._reader.on_thread(self._reader.oldest_due)

    async def sizes(self) -> dict[str, int]:
        return await self._reader.on_thread(self._reader.sizes)


def upgrade(path: Path) -> bool:
    """Brings the schema up to date; False where it was already. Raises DatabaseUnusable."""
    engine = writing_engine(path)
    try:
        with engine.connect() as connection:
            connection.exec_driver_sql("BEGIN IMMEDIATE")
            changed = migrate(connection)
            connection.commit()
            return changed
    except (DBAPIError, sqlite3.Error, UnknownSchema) as error:
        raise DatabaseUnusable(f"{path}: {getattr(error, 'orig', None) or error}") from error
    finally:
        engine.dispose()


@contextmanager
def hold(path: Path) -> Iterator[None]:
    """No server uses the file, which need not be there, or its folder meanwhile. Raises DatabaseUnusable."""
    descriptor = _lock(path)
    try:
        yield
    finally:
        os.close(descriptor)


def _lock(path: Path) -> int:
    """An advisory lock beside the file, which the kernel lets go of when the process ends, however it does.

    Not on the file itself: closing any descriptor of it would drop SQLite's own locks (POSIX fcntl).
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = path.with_name(path.name + ".lock")
        descriptor = os.open(lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        give_to_owner(lock)
    except OSError as error:
        raise DatabaseUnusable(f"{path.parent} cannot be used as the data folder: {error.strerror}") from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        owner = os.pread(descriptor, 32, 0).decode(errors="replace").strip()
        os.close(descriptor)
        raise DatabaseInUse(path, owner) from None
    try:
        finish_restore(path)
    except OSError as error:
        os.close(descriptor)
        raise DatabaseUnusable(f"{path}: a restore cannot be finished: {error.strerror}") from error
    try:
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    except OSError:
        # A full disk: the lock holds all the same, only its owner's name is missing.
        return descriptor
    return descriptor


ANY_THREAD = {"check_same_thread": False}


def writing_engine(path: Path) -> Engine:
    engine = create_engine(f"sqlite:///{path}", poolclass=StaticPool, connect_args=ANY_THREAD, hide_parameters=True)

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None  # we say BEGIN IMMEDIATE ourselves
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA journal_size_limit = 67108864")
        os.chmod(path, 0o600)
        give_to_owner(path)

    return engine


def _reading_engine(path: Path) -> Engine:
    engine = create_engine(
        f"sqlite:///{path}", poolclass=QueuePool, pool_size=8, connect_args=ANY_THREAD, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def configure(connection: sqlite3.Connection, _: Any) -> None:
        connection.isolation_level = None
        connection.execute("PRAGMA query_only = 1")
        connection.execute("PRAGMA wal_autocheckpoint = 0")

    return engine
