"""A store on the stage: its clock moved by hand, what it told of its commits, and its verbs in few words."""

from __future__ import annotations

import asyncio
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import orjson

from blazy_jobs_server.domain.durations import BucketCounts
from blazy_jobs_server.domain.event import EVENT_NAMES, EVENT_TYPES, Event, one_by_one
from blazy_jobs_server.domain.job_type import NO_OVERRIDES, Definition, Handler, JobType
from blazy_jobs_server.domain.run import STATE_NAMES, Run, State
from blazy_jobs_server.ports import (
    Claim,
    Clock,
    Commit,
    Completed,
    Dispatched,
    EventFilter,
    Held,
    IdempotencyKey,
    Leased,
    Many,
    Order,
    Report,
    Reported,
    RunFilter,
    Said,
    Store,
    Verdict,
    WorkerRecord,
)
from blazy_jobs_server.ports.errors import ErrorFilter, ErrorGroup, GroupPlace
from blazy_jobs_server.store import resealing
from blazy_jobs_server.store.postgres import PostgresStore, sealed
from blazy_jobs_server.store.sqlite import SqliteStore
from tests.app.clock import SECOND, HandClock
from tests.support.postgres import Postgres

LEASE_SECONDS = 15.0
DRAW = 0.5
"""What the jitter of every store here is drawn as."""


MAKE_UP = (
    "INSERT INTO workers (id, name, job_types, concurrency, registered_at, pool, seen_at) "
    "SELECT n, 'made up', '[]', 1, 0, false, 1::bigint << 62 FROM generate_series({}, {}) AS n ON CONFLICT DO NOTHING"
)
"""Workers by whose numbers, from one to another, tests claim without registering any, and who never fall silent."""


class Place(Protocol):
    """Where an implementation keeps its data."""

    columns: bool
    """Whether all is claimed and completed by columns where it can be."""

    def store(self, clock: Clock) -> Store:
        """A store over what is here, not yet open."""
        ...

    def as_after_a_crash(self) -> Place:
        """What is durable now, seen as by the server that comes after one that was killed."""
        ...

    async def reseal(self, exchange: Callable[[str, str], str], *, now: int, alone: bool = False) -> int:
        """As `blazy-jobs keyring rotate` does."""
        ...


class SqlitePlace:
    """A folder with one file. `empty` is a migrated one, to be copied: migrating takes longer than most tests."""

    def __init__(self, folder: Path, empty: Path | None, columns: bool = False) -> None:
        self._folder = folder
        self.columns = columns
        folder.mkdir(parents=True)
        if empty is not None:
            shutil.copy(empty, folder / "jobs.db")

    def store(self, clock: Clock) -> Store:
        return SqliteStore(self._folder / "jobs.db", clock, lease_seconds=LEASE_SECONDS, draw=lambda: DRAW)

    def as_after_a_crash(self) -> Place:
        copied = SqlitePlace(self._folder.with_name(self._folder.name + "+"), None, self.columns)
        for name in ("jobs.db", "jobs.db-wal"):
            if (self._folder / name).exists():
                shutil.copy(self._folder / name, copied._folder / name)
        return copied

    async def reseal(self, exchange: Callable[[str, str], str], *, now: int, alone: bool = False) -> int:
        return await asyncio.to_thread(resealing.reseal, self._folder / "jobs.db", exchange, alone=alone)


class PostgresPlace:
    """A database of its own, made from a migrated one."""

    def __init__(self, server: Postgres, empty: str, columns: bool = False) -> None:
        self._server = server
        self.columns = columns
        self.database = server.borrow(empty)

    def store(self, clock: Clock) -> Store:
        return PostgresStore(
            self._server.url(self.database),
            clock,
            lease_seconds=LEASE_SECONDS,
            draw=lambda: DRAW,
        )

    def as_after_a_crash(self) -> Place:
        """All connections are cut, as when the server's host dies."""
        self._server.psql(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{self.database}'")
        return self

    async def reseal(self, exchange: Callable[[str, str], str], *, now: int, alone: bool = False) -> int:
        return await sealed.reseal(self._server.url(self.database), exchange, now=now, alone=alone)


def _is_plain(report: Report) -> bool:
    """Whether it can be said by columns."""
    return report.kind == "completed" and report.verdict is None and not report.dropped


def _is_word(report: Report) -> bool:
    return report.kind in ("progress", "log") and not report.dropped


class Stage:
    """`async with` opens and closes the store, and at the end holds all that it has to `sound`."""

    def __init__(self, place: Place, clock: HandClock | None = None) -> None:
        self.place = place
        self.clock = clock or HandClock()
        self.types: dict[str, JobType] = {}
        self.told: list[Commit] = []
        self.takes_columns: Callable[[Claim], bool] = lambda claim: self.place.columns
        self._tokens = 0

    async def __aenter__(self) -> Stage:
        await self._open()
        return self

    async def _open(self) -> None:
        self.store = self.place.store(self.clock)
        await self.store.open()
        self.store.on_commit = self._hear
        await self.make_up_workers()

    async def __aexit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                await self.sound()
        finally:
            await self.store.close()

    async def reopen(self, *, crashed: bool = False) -> None:
        """The next server on the same data, after a good end or none."""
        if crashed:
            self.place = self.place.as_after_a_crash()
        await self.store.close()
        await self._open()
        await self.store.ping()

    def _hear(self, commit: Commit) -> None:
        """By columns or run by run, it is the same that is told."""
        self.told.append(msgspec.structs.replace(commit, events=list(one_by_one(commit.events))))

    async def make_up_workers(self) -> None:
        if isinstance(self.store, PostgresStore):
            async with self.store._reader.connection() as connection:
                await connection.execute(MAKE_UP.format(0, 100))

    # -- the verbs

    async def define(self, name: str = "greet", *, paused: bool | None = None, **fields: Any) -> JobType:
        """Registers, or replaces what there is."""
        known = self.types.get(name)
        saved = await self.store.save_job_type(
            Definition(name=name, handler=Handler("worker"), **fields),
            expect=known and known.version,
            source="api",
            declarer=None,
            paused=paused,
        )
        assert saved is not None
        self.types[name] = saved
        return saved

    def order(self, name: str = "greet", *, delay_seconds: float = 0, **fields: Any) -> Order:
        job_type = self.types[name]
        definition = job_type.definition
        given: dict[str, Any] = {
            "queue": definition.queue,
            "priority": definition.priority,
            "payload": "{}",
            "expires_seconds": definition.expires_seconds,
        }
        if delay_seconds:
            given["due_at"] = self.clock.now() + round(delay_seconds * SECOND)
        return Order(
            job_type=name,
            definition_id=job_type.definition_id,
            version=job_type.version,
            settings=NO_OVERRIDES.settings(definition),
            **(given | fields),
        )

    async def dispatch(self, *orders: Order, key: str | None = None, body: str = "body") -> Dispatched:
        idempotency = None if key is None else IdempotencyKey("scope", key, body)
        many = self._many(orders) if self.place.columns else None
        if many is None:
            return await self.store.dispatch(orders, idempotency)
        dispatched = await self.store.dispatch(many, idempotency)
        if dispatched.columns is None:
            return dispatched
        runs = [await self.read(run_id) for run_id in dispatched.columns]
        return Dispatched(runs, [True] * len(runs))

    def _many(self, orders: tuple[Order, ...]) -> Many | None:
        """The same asked for by columns, where it can be."""
        if not orders or orders[0].job_type not in self.types:
            return None
        first = orders[0]
        makers = [order.created_by for order in orders]
        many = Many(
            job_type=first.job_type,
            definition_id=first.definition_id,
            version=first.version,
            settings=first.settings,
            queue=first.queue,
            priority=first.priority,
            payloads=[order.payload for order in orders],
            created_by=makers[0] if len(set(makers)) == 1 else makers,
        )
        return many if many.orders() == orders else None

    async def run_of(self, name: str = "greet", **fields: Any) -> Run:
        """A new run."""
        [run] = (await self.dispatch(self.order(name, **fields))).runs
        return run

    async def worker(self, name: str = "w") -> int:
        record = WorkerRecord(id=0, name=name, job_types=("greet",), queues=None, concurrency=10, registered_at=0)
        return (await self.store.register_worker(record)).id

    def asks(self, worker: int = 7, *names: str, queues: set[str] | None = None, limit: int = 100) -> Claim:
        """A claim; of all job types where none is named."""
        self._tokens += 1
        kept = None if queues is None else frozenset(queues)
        return Claim(worker, frozenset(names or self.types), kept, limit, f"token-{self._tokens}")

    async def claim(self, *claims: Claim) -> list[list[Run]]:
        claims = tuple(msgspec.structs.replace(claim, columns=self.takes_columns(claim)) for claim in claims)
        answers = await self.store.claim(claims, LEASE_SECONDS)
        assert None not in answers
        return [await self._singly(leased) for leased in answers if leased is not None]

    async def _singly(self, leased: Leased) -> list[Run]:
        """Runs that were leased by columns, as if each had been leased by itself."""
        found = list(leased.runs)
        for batch in leased.batches:
            payloads = orjson.loads(f"[{batch.payloads}]")
            for run_id, payload in zip(batch.run_ids, payloads, strict=True):
                run = await self.read(run_id)
                assert orjson.loads(run.payload) == payload
                assert (run.lease_token, run.worker_id, run.attempt) == (batch.token, batch.worker_id, 1)
                assert (run.started_at, run.deadline_at) == (batch.started_at, batch.deadline_at)
                assert (run.job_type, run.queue, run.version) == (batch.job_type, batch.queue, batch.version)
                assert (run.tags, run.metadata) == (batch.tags.get(run_id, "[]"), batch.metadata.get(run_id, "{}"))
                assert run.settings == batch.settings
                run.lease_until = batch.lease_until
                found.append(run)
        return sorted(found, key=lambda run: (-run.priority, run.due_at, run.id))

    async def workers(self) -> list[WorkerRecord]:
        """Those that registered, oldest first."""
        return sorted((w for w in await self.store.workers() if w.name != "made up"), key=lambda worker: worker.id)

    async def take(self, worker: int = 7, *names: str, queues: set[str] | None = None, limit: int = 100) -> list[Run]:
        [runs] = await self.claim(self.asks(worker, *names, queues=queues, limit=limit))
        return runs

    async def claim_of(self, number: int, worker: int = 7, name: str = "greet") -> list[Run]:
        """New runs, leased to the worker together."""
        made = (await self.dispatch(*(self.order(name) for _ in range(number)))).runs
        runs = await self.take(worker, name)
        assert [run.id for run in runs] == [run.id for run in made]
        return runs

    async def started(self, worker: int = 7, name: str = "greet", **fields: Any) -> Run:
        """A new run, leased to the worker."""
        made = await self.run_of(name, **fields)
        [run] = await self.take(worker, name)
        assert run.id == made.id
        return run

    async def report(
        self, worker: int, *reports: Report, holding: tuple[int, ...] = ()
    ) -> tuple[list[Reported], list[Held]]:
        words, singly = 0, len(reports)
        while self.place.columns and words < singly and _is_word(reports[words]):
            words += 1
        while self.place.columns and singly > words and _is_plain(reports[singly - 1]):
            singly -= 1
        said, completed = self._said(reports[:words]), self._columns(reports[singly:])
        judged = await self.store.report(worker, reports[words:singly], holding, LEASE_SECONDS, completed, said)
        heard = [
            refused.get(run_id, Reported("accepted"))
            for item, refused in zip(said, judged.said, strict=True)
            for run_id, start, end in item.entries()
            for _ in range(start, end)
        ]
        answers = [
            refused.get(run_id, Reported("accepted"))
            for item, refused in zip(completed, judged.completed, strict=True)
            for run_id in item.run_ids
        ]
        return heard + judged.reported + answers, judged.held

    def _said(self, reports: tuple[Report, ...]) -> list[Said]:
        """Words, which say the same by columns."""
        found: list[Said] = []
        for (token, attempt), same in groupby(reports, key=lambda report: (report.token, report.attempt)):
            item = Said(token, attempt, [], [], [], [])
            for run_id, of_run in groupby(same, key=lambda report: report.run_id):
                words = list(of_run)
                item.run_ids.append(run_id)
                item.numbers.append(len(words))
                item.kinds.extend(EVENT_TYPES[word.kind] for word in words)
                item.data.extend(word.data for word in words)
            found.append(item)
        return found

    def _columns(self, reports: tuple[Report, ...]) -> list[Completed]:
        """Completions, which say the same by columns."""
        said: list[tuple[str, int, list[int], list[str]]] = []
        for item in reports:
            if not said or said[-1][:2] != (item.token, item.attempt):
                said.append((item.token, item.attempt, [], []))
            said[-1][2].append(item.run_id)
            said[-1][3].append(item.data)
        nulls = [set(results) == {"null"} for *_, results in said]
        return [Completed(*item[:3], None if null else item[3]) for item, null in zip(said, nulls, strict=True)]

    async def say(self, lease: Run, kind: str, **fields: Any) -> Reported:
        """One report by the holder of that lease."""
        assert lease.worker_id is not None
        [reported], _ = await self.report(lease.worker_id, says(lease, kind, **fields))
        return reported

    async def complete(self, lease: Run, result: str = "null", verdict: Verdict | None = None) -> None:
        assert (await self.say(lease, "completed", data=result, verdict=verdict)).status == "accepted"

    async def fail(self, lease: Run, **fields: Any) -> None:
        assert (await self.say(lease, "failed", **fields)).status == "accepted"

    async def finished(self, name: str = "greet", **fields: Any) -> Run:
        lease = await self.started(name=name, **fields)
        await self.complete(lease)
        return await self.read(lease)

    async def sweep_at(self, seconds: float) -> int | None:
        """Sweeps that much later; says when the next sweep is due."""
        self.clock.move(seconds)
        return (await self.store.sweep()).due_at

    # -- what it has

    async def read(self, run: Run | int) -> Run:
        found = await self.store.run(run if isinstance(run, int) else run.id)
        assert found is not None
        return found

    async def state(self, run: Run | int) -> str:
        return STATE_NAMES[(await self.read(run)).state]

    async def events(self, run: Run | int) -> list[Event]:
        return await self.store.events(run if isinstance(run, int) else run.id, 0, 10_000)

    async def log(self, run: Run | int) -> list[str]:
        """The types of a run's events."""
        return [EVENT_NAMES[event.type] for event in await self.events(run)]

    async def all_runs(self) -> list[Run]:
        """Newest first."""
        found: list[Run] = []
        page, before, _ = await self.store.runs(RunFilter(), None, 50)
        found += page
        while before is not None:
            page, before, _ = await self.store.runs(RunFilter(), before, 50)
            found += page
        return found

    async def all_events(self, where: EventFilter = EventFilter(), after: int = 0) -> list[Event]:
        """In the order of commits."""
        found: list[Event] = []
        while True:
            page, looked = await self.store.feed(after, where, 100)
            found += page
            if looked == after:
                return found
            after = looked

    async def groups(self, page: int = 3, **where: Any) -> list[ErrorGroup]:
        """All groups of errors, page by page."""
        found: list[ErrorGroup] = []
        before: GroupPlace | None = None
        while True:
            groups, before = await self.store.error_groups(ErrorFilter(**where), before, page)
            found += groups
            if before is None:
                return found

    async def sound(self) -> None:
        """What must hold after anything."""
        runs, events = await self.stored_soundly()
        counted = _counted(runs)
        told = Counter[tuple[str, str, State]]()
        for commit in self.told:
            told.update(commit.counts)
        assert {place: n for place, n in told.items() if n} == dict(counted), "the counts that the commits told"
        kept = {run.id for run in runs}
        spoken = [event for commit in self.told for event in commit.events]
        assert [event.id for event in spoken] == sorted({event.id for event in spoken}), "told in order, and once"
        assert [event for event in spoken if event.run_id in kept] == events, "what was told is what is stored"

    async def _whole_feed(self, runs: list[Run]) -> list[Event]:
        """Where several servers share a database, an event is told when all transactions from before have ended: those
        of the database's own housekeeping too."""
        for _ in range(500):
            events = await self.all_events()
            if len(events) >= sum(run.seq for run in runs):
                break
            await asyncio.sleep(0.01)
        return events

    async def stored_soundly(self) -> tuple[list[Run], list[Event]]:
        """All that is stored, which fits together."""
        runs = await self.all_runs()
        assert [run.id for run in runs] == sorted((run.id for run in runs), reverse=True)
        assert await self.store.counts() == dict(_counted(runs)), "the counts are those of the rows"
        for state in (State.FAILED, State.RETRYING):
            groups = {group.group: group.count for group in await self.groups(state=state)}
            assert groups == _grouped(runs, state), "the groups of errors are those of the rows"
        events = await self._whole_feed(runs)
        logs: dict[int, list[Event]] = {run.id: [] for run in runs}
        for event in events:
            logs[event.run_id].append(event)
        for run in runs:
            log = logs[run.id]
            assert [event.seq for event in log] == list(range(1, run.seq + 1)), run
            assert [event.seq for event in log if event.final] == ([run.seq] if run.state.final else []), run
            assert 0 <= run.attempt <= min(run.claims, run.settings.retry.max_attempts), run
        return runs, events


def _counted(runs: list[Run]) -> Counter[tuple[str, str, State]]:
    return Counter((run.job_type, run.queue, run.state) for run in runs)


def _grouped(runs: list[Run], state: State) -> dict[str, int]:
    return dict(Counter(run.open_error for run in runs if run.state is state and run.open_error is not None))


def says(lease: Run, kind: str, **fields: Any) -> Report:
    """What the holder of that lease would send."""
    assert lease.lease_token is not None
    given: dict[str, Any] = {"run_id": lease.id, "attempt": lease.attempt, "token": lease.lease_token}
    return Report(kind=kind, **(given | fields))


_Place = TypeVar("_Place")


def shown(durations: Mapping[_Place, BucketCounts]) -> dict[_Place, tuple[int, int]]:
    """Of each place, the sum of the durations in microseconds, and how many they are."""
    return {place: (counts.microseconds, counts.count) for place, counts in durations.items()}


def ids(runs: list[Run]) -> list[int]:
    return [run.id for run in runs]
