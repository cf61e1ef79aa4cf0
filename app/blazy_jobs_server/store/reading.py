"""The reading side of SQLite: snapshots on connections of their own, on a few threads, beside the writer."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Collection, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

import orjson
from sqlalchemy import Connection, Engine, select
from sqlalchemy.exc import DBAPIError
from sqlmodel import col

from blazy_jobs_server.domain.audit import AuditEntry
from blazy_jobs_server.domain.bulk import Bulk
from blazy_jobs_server.domain.declaration import Declaration, Started
from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.history import Row
from blazy_jobs_server.domain.job_type import Definition, JobType, Queue, Version
from blazy_jobs_server.domain.keys import ApiKey
from blazy_jobs_server.domain.limits import RateWindow, Scope
from blazy_jobs_server.domain.run import UNFINISHED, Run, State
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.domain.sessions import BrowserSession
from blazy_jobs_server.domain.webhook import Delivery, Webhook
from blazy_jobs_server.ports import Counted, EventFilter, Hand, Listed, RunFilter, Tally, WorkerRecord
from blazy_jobs_server.ports.audit import AuditFilter
from blazy_jobs_server.ports.errors import ErrorFilter, ErrorGroup, GroupPlace
from blazy_jobs_server.ports.history import HistoryFilter
from blazy_jobs_server.ports.webhooks import DeliveryFilter, Page, Wanted
from blazy_jobs_server.store import auditing, bulks, history, restoring, sessions
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.declaring import DECLARATIONS, STARTED_BY_WORKERS, to_declarations, to_started
from blazy_jobs_server.store.definitions import (
    RETIRED,
    VERSIONS,
    decode_definition,
    load_definitions,
    load_queues,
    to_versions,
)
from blazy_jobs_server.store.grouping import grouped
from blazy_jobs_server.store.keys import KEYS, REVISION, to_key
from blazy_jobs_server.store.ledger import Lane, Ledger
from blazy_jobs_server.store.limiting import windows
from blazy_jobs_server.store.listing import MAX_KEY, Found, counted, cut, hidden_lanes, search, summed, tally
from blazy_jobs_server.store.membership import IN_HAND
from blazy_jobs_server.store.rows import (
    BRIEF_COLUMNS,
    PAGE_BYTES,
    RUN_COLUMNS,
    earliest,
    first_due,
    pack,
    to_event,
    to_hands,
    to_run,
)
from blazy_jobs_server.store.scheduling import schedules_page, to_schedule
from blazy_jobs_server.store.sealed import key_ids_sql
from blazy_jobs_server.store.tables import CountRow, WorkerRow
from blazy_jobs_server.store.walking import Place, Question
from blazy_jobs_server.store.webhooks import (
    DELIVERIES,
    WEBHOOKS,
    read_deliveries,
    read_due,
    read_page,
    to_delivery,
    to_webhook,
)

FEED_STEP = 500
BOUNDARIES = "(1, 4, 5, 7, 8, 9)"
"""The event types that begin or end an attempt: started, retrying, interrupted and the final ones."""


class _Lists:
    """`walking.Dialect` of SQLite, where CROSS JOIN keeps the order of its sides."""

    mark = "?"
    ahead = "runs AS r INDEXED BY runs_ahead"

    def looked_at(self, walk: str, key: str, conditions: str, wanted: str) -> str:
        return (
            f"SELECT {wanted} FROM (SELECT {key} AS id FROM {walk} ORDER BY {key} DESC) AS h "
            f"CROSS JOIN runs AS r ON r.id = h.id WHERE {conditions}"
        )

    def ranges(self, places: Sequence[Place], conditions: str, limit: int) -> list[str]:
        return [
            f"SELECT r.id FROM runs AS r WHERE r.lane_id = {place.lane_id} AND r.state = {int(place.state)} "
            f"AND {conditions} ORDER BY r.id DESC LIMIT {limit}"
            for place in places
        ]

    def edge(self, places: Sequence[Place], conditions: str, offset: int) -> str:
        return (
            f"SELECT max((SELECT r.id FROM runs AS r {self._OF_PLACE} AND {conditions} "
            f"ORDER BY r.id DESC LIMIT 1 OFFSET {offset})) FROM {self._values(places)} AS h"
        )

    def in_places(self, places: Sequence[Place], conditions: str, wanted: str) -> str:
        return (
            f"SELECT {wanted} FROM {self._values(places)} AS h CROSS JOIN runs AS r INDEXED BY runs_listed "
            f"{self._OF_PLACE} AND {conditions}"
        )

    _OF_PLACE = "WHERE r.lane_id = h.column1 AND r.state = h.column2"

    @staticmethod
    def _values(places: Sequence[Place]) -> str:
        return f"(VALUES {', '.join(f'({place.lane_id}, {int(place.state)})' for place in places)})"

    def has_text(self, column: str) -> str:
        return f"{column} LIKE {{}} ESCAPE '\\'"

    def needle(self, text: str) -> str:
        escaped = text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        return f"%{escaped}%"


LISTS = _Lists()


class _Groups:
    """`grouping.Dialect` of SQLite."""

    def newest(self, lanes: Collection[int], state: State, before: GroupPlace, limit: int) -> list[Question]:
        return [Question(sql.NEWEST_ERRORS, [lane_id, int(state), *before, limit]) for lane_id in lanes]

    def counted(self, groups: Sequence[str], state: State) -> Question:
        return Question(sql.ERRORS_COUNTED, [pack(groups), int(state)])

    def samples(self, pairs: Sequence[tuple[str, int]], state: State) -> Question:
        return Question(sql.ERROR_SAMPLES, [int(state), pack(pairs)])

    def errors(self, run_ids: Sequence[int]) -> Question:
        return Question(sql.ERRORS_OF, [pack(run_ids)])


GROUPS = _Groups()

P = ParamSpec("P")
T = TypeVar("T")


class Reader:
    """Its methods block; `await reader.on_thread(method, ...)` runs one on a thread."""

    def __init__(self, engine: Engine, path: Path, threads: int = 4) -> None:
        self._engine = engine
        self._path = path
        self._directory = Ledger()
        self._own = threading.local()
        """`connection`: the one that a thread keeps."""
        self._kept: set[sqlite3.Connection] = set()
        """Those of all threads."""
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="reader")
        self._lists = ThreadPoolExecutor(2, thread_name_prefix="lister")

    async def on_thread(self, method: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._pool, lambda: method(*arguments, **keywords))

    async def on_lister(self, method: Callable[P, T], *arguments: P.args, **keywords: P.kwargs) -> T:
        """On a thread of those that nobody but lists waits for: one may look for long."""
        return await asyncio.get_running_loop().run_in_executor(self._lists, lambda: method(*arguments, **keywords))

    def close(self) -> None:
        self._pool.shutdown()
        self._lists.shutdown()
        for connection in self._kept:
            connection.close()
        self._kept.clear()
        self._engine.dispose()

    @contextmanager
    def _snapshot(self) -> Iterator[tuple[Connection, sqlite3.Cursor]]:
        """One consistent view. Errors of the database come out as StoreUnavailable."""
        try:
            with self._engine.connect() as connection:
                driver = connection.connection.driver_connection
                assert isinstance(driver, sqlite3.Connection)
                connection.exec_driver_sql("BEGIN")
                yield connection, driver.cursor()
                connection.rollback()
        except (DBAPIError, sqlite3.Error) as error:
            raise StoreUnavailable(str(getattr(error, "orig", None) or error)) from error

    @contextmanager
    def _statement(self) -> Iterator[sqlite3.Cursor]:
        """For one statement, which is a consistent view by itself, on a connection that the thread keeps: nothing is
        fetched, begun and given back. After an error of the database the next read has a new one. Errors as above."""
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        try:
            if connection is None:
                connection = self._own.connection = self._keep()
            cursor = connection.cursor()
            try:
                yield cursor
            finally:
                cursor.close()
        except (DBAPIError, sqlite3.Error) as error:
            self._own.connection = None
            if connection is not None:
                self._kept.discard(connection)
                connection.close()
            raise StoreUnavailable(str(getattr(error, "orig", None) or error)) from error

    def _keep(self) -> sqlite3.Connection:
        pooled = self._engine.raw_connection()
        connection = pooled.driver_connection
        assert isinstance(connection, sqlite3.Connection)
        pooled.detach()  # it shall not count among those that snapshots take turns with
        self._kept.add(connection)
        return connection

    def _known(self, cursor: sqlite3.Cursor, lane_id: int, definition_id: int) -> Ledger:
        """Lanes and definitions never change; they are read again when an unknown one is met."""
        if lane_id not in self._directory.lanes or definition_id not in self._directory.versions:
            directory = Ledger()
            load_definitions(cursor, directory)
            self._directory = directory
        return self._directory

    def _lanes(self, cursor: sqlite3.Cursor) -> dict[int, Lane]:
        newest = cursor.execute("SELECT coalesce(max(id), 0), count(*) FROM lanes").fetchone()
        if newest[1] != len(self._directory.lanes):
            directory = Ledger()
            load_definitions(cursor, directory)
            self._directory = directory
        return self._directory.lanes

    def _to_run(self, cursor: sqlite3.Cursor, row: Any) -> Run:
        return to_run(row, self._known(cursor, row[1], row[2]))

    # -- runs

    def run(self, run_id: int) -> Run | None:
        kept = getattr(self._own, "connection", None) is not None
        try:
            return self._run(run_id)
        except StoreUnavailable:
            if not kept:
                raise
            return self._run(run_id)  # the kept connection may be from before a fault that is over by now

    def _run(self, run_id: int) -> Run | None:
        with self._statement() as cursor:
            row = cursor.execute(sql.RUN, (run_id,)).fetchone()
            # What else may be read here never changes.
            return None if row is None else self._to_run(cursor, row)

    def runs(self, where: RunFilter, before: int | None, limit: int, *, brief: bool = False) -> Listed:
        with self._snapshot() as (_, cursor):
            found = self._searched(cursor, where, before, limit + 1)
            page, following = self._page(cursor, found, limit, BRIEF_COLUMNS if brief else RUN_COLUMNS)
            return Listed(page, following, found.looked)

    def found(self, where: RunFilter, before: int | None, limit: int) -> tuple[list[int], int | None]:
        with self._snapshot() as (_, cursor):
            found = self._searched(cursor, where, before, limit + 1)
            return cut(found, limit)

    def count(self, where: RunFilter, most: int) -> Counted:
        with self._snapshot() as (_, cursor):
            if where.is_counted:
                return Counted(sum(place.runs for place in self._all_places(cursor, where)), False)
            return counted(self._searched(cursor, where, None, most + 1), most)

    def tally(self, where: RunFilter, before: int | None, seconds: float) -> Tally:
        with self._snapshot() as (_, cursor):
            if where.is_counted:
                return summed(self._all_places(cursor, where))
            return self._asked(cursor, tally(LISTS, where, before, self._places(cursor, where), seconds))

    def _searched(self, cursor: sqlite3.Cursor, where: RunFilter, before: int | None, limit: int) -> Found:
        hidden = hidden_lanes(self._lanes(cursor), where)
        return self._asked(cursor, search(LISTS, where, before, limit, self._places(cursor, where), hidden=hidden))

    @staticmethod
    def _asked(cursor: sqlite3.Cursor, looking: Generator[Question, list[Any], T]) -> T:
        try:
            question = next(looking)
            while True:
                question = looking.send(cursor.execute(*question).fetchall())
        except StopIteration as end:
            answer: T = end.value
            return answer

    async def grouped(
        self, where: ErrorFilter, before: GroupPlace | None, limit: int
    ) -> tuple[list[ErrorGroup], GroupPlace | None]:
        """`error_groups`, as `listed`."""
        return await asyncio.get_running_loop().run_in_executor(self._lists, self.error_groups, where, before, limit)

    def ahead(self, run: Run, most: int) -> int:
        with self._statement() as cursor:
            place = (run.lane_id, -run.priority, run.due_at, run.id, most)
            ahead: int = cursor.execute(sql.AHEAD, place).fetchone()[0]
            return ahead

    def error_groups(
        self, where: ErrorFilter, before: GroupPlace | None, limit: int
    ) -> tuple[list[ErrorGroup], GroupPlace | None]:
        runs = RunFilter(
            states=frozenset({where.state}), job_type=where.job_type, queue=where.queue, within=where.within
        )
        with self._snapshot() as (_, cursor):
            known = self._lanes(cursor)
            lanes = {place.lane_id: known[place.lane_id] for place in self._places(cursor, runs) or ()}
            found = self._asked(cursor, grouped(GROUPS, where, before, limit, lanes))
            return found.groups, found.before

    def _places(self, cursor: sqlite3.Cursor, where: RunFilter) -> list[Place] | None:
        return self._all_places(cursor, where) if where.states or where.names_lanes else None

    def _all_places(self, cursor: sqlite3.Cursor, where: RunFilter) -> list[Place]:
        lanes = {lane.id for lane in self._lanes(cursor).values() if where.admits_lane(lane.job_type, lane.queue)}
        counts = cursor.execute("SELECT lane_id, state, runs FROM run_counts WHERE runs > 0")
        places = [Place(*row) for row in counts.fetchall()]
        return [
            place for place in places if place.lane_id in lanes and (not where.states or place.state in where.states)
        ]

    def _page(
        self, cursor: sqlite3.Cursor, found: Found, limit: int, columns: Sequence[str] = RUN_COLUMNS
    ) -> tuple[list[Run], int | None]:
        page: list[Run] = []
        size = 0
        statement = f"SELECT {', '.join(columns)} FROM runs WHERE id = ?"
        for run_id in found.keys[:limit]:
            run = self._to_run(cursor, cursor.execute(statement, (run_id,)).fetchone())
            size += len(run.payload) + len(run.result or "") + len(run.error or "") + 1024
            if page and size > PAGE_BYTES:
                return page, page[-1].id
            page.append(run)
        return page, page[-1].id if len(found.keys) > limit else found.before

    # -- followed queues

    def runs_of(self, run_ids: Sequence[int]) -> list[Run]:
        with self._snapshot() as (_, cursor):
            rows = orjson.loads(cursor.execute(sql.RUNS_BY_ID, (pack(run_ids),)).fetchone()[0])
            return [self._to_run(cursor, row) for row in rows]

    def unfinished(self, queue: str, after: int, limit: int) -> tuple[list[Run], bool]:
        with self._snapshot() as (_, cursor):
            found: list[int] = []
            for lane in self._lanes(cursor).values():
                if lane.queue == queue:
                    for state in UNFINISHED:
                        rows = cursor.execute(sql.UNFINISHED_OF_LANE, (lane.id, int(state), after, limit + 1))
                        found.extend(row[0] for row in rows.fetchall())
            page, following = self._page(cursor, Found(sorted(found)[: limit + 1], None), limit)
            return page, following is not None

    def place(self, queue: str) -> str | None:
        with self._snapshot() as (_, cursor):
            row = cursor.execute(sql.PLACE, (queue,)).fetchone()
            return None if row is None else row[0]

    # -- schedules

    def schedule(self, name: str) -> Schedule | None:
        found = self._schedules(sql.SCHEDULE, name)
        return found[0] if found else None

    def schedules_of_app(self, app: str) -> list[Schedule]:
        return self._schedules(sql.SCHEDULES_OF_APP, app)

    def schedules_by_older_rules(self, rules: str) -> list[Schedule]:
        return self._schedules(sql.SCHEDULES_BY_OLDER_RULES, rules)

    def due_schedules(self, now: int, limit: int, offset: int, since: int) -> list[Schedule]:
        return self._schedules(sql.DUE_SCHEDULES, since, now, limit, offset)

    def _schedules(self, statement: str, *parameters: Any) -> list[Schedule]:
        with self._snapshot() as (_, cursor):
            return [to_schedule(row) for row in cursor.execute(statement, parameters)]

    def next_wake(self, after: int) -> int | None:
        with self._snapshot() as (_, cursor):
            row = cursor.execute(sql.NEXT_WAKE, (after,)).fetchone()
            return None if row is None else row[0]

    def schedules(self, before: int | None, limit: int) -> tuple[list[tuple[int, Schedule]], bool]:
        with self._snapshot() as (_, cursor):
            rows = cursor.execute(sql.SCHEDULES_PAGE, (MAX_KEY if before is None else before, limit + 1)).fetchall()
            return schedules_page(rows, limit)

    # -- events

    def events(self, run_id: int, after: int, limit: int) -> list[Event]:
        return self._events(run_id, "", after, limit)

    def attempt_events(self, run_id: int) -> list[Event]:
        return self._events(run_id, f"AND e.type IN {BOUNDARIES}", 0, -1)

    def _events(self, run_id: int, condition: str, after: int, limit: int) -> list[Event]:
        with self._snapshot() as (_, cursor):
            run = cursor.execute(
                "SELECT lane_id, definition_id, tags, result, error FROM runs WHERE id = ?", (run_id,)
            ).fetchone()
            if run is None:
                return []
            lane = self._known(cursor, run[0], run[1]).lanes[run[0]]
            rows = cursor.execute(
                f"SELECT e.id, e.run_id, e.seq, e.type, e.state, e.attempt, e.time, e.data FROM events AS e "
                f"WHERE e.run_id = ? AND e.seq > ? {condition} ORDER BY e.seq LIMIT ?",
                (run_id, after, limit),
            )
            events: list[Event] = []
            size = 0
            for row in rows:
                event = to_event(row, lane.job_type, lane.queue, run[2], run[3], run[4])
                size += len(event.data) + 256
                if events and size > PAGE_BYTES and limit > 0:
                    break
                events.append(event)
            return events

    def feed(self, after: int, where: EventFilter, limit: int) -> tuple[list[Event], int]:
        """Looks at FEED_STEP events at most, and stops at 4 MiB."""
        events: list[Event] = []
        size = 0
        with self._snapshot() as (_, cursor):
            lanes = self._lanes(cursor)
            for row in cursor.execute(sql.FEED, (after, FEED_STEP)):
                lane = lanes[row[8]]
                event = to_event(row, lane.job_type, lane.queue, row[9], row[10], row[11])
                if where.admits(event):
                    size += len(event.data) + 256
                    if events and size > PAGE_BYTES:
                        break
                    events.append(event)
                after = event.id
                if len(events) >= limit:
                    break
        return events, after

    def feed_bounds(self, where: EventFilter) -> tuple[int, int]:
        with self._snapshot() as (_, cursor):
            newest = cursor.execute("SELECT coalesce(max(id), 0) FROM events").fetchone()[0]
            rows = cursor.execute("SELECT job_type, queue, pruned_event FROM lanes").fetchall()
            matching = [pruned for job_type, queue, pruned in rows if where.admits_lane(job_type, queue)]
            return max([newest, *(row[2] for row in rows)]), max(matching, default=0)

    def was_lost(self, after: int | None) -> bool:
        with self._statement() as cursor:
            asked = (restoring.ANY, ()) if after is None else (restoring.WAS_LOST.format("?1", "?1"), (after,))
            return bool(cursor.execute(*asked).fetchone()[0])

    # -- bulk operations

    def bulk(self, bulk_id: int) -> Bulk | None:
        found = self._bulks(f"{bulks.BULKS} WHERE id = ?", bulk_id)
        return found[0] if found else None

    def bulks(self, before: int | None, limit: int) -> list[Bulk]:
        return self._bulks(f"{bulks.BULKS} WHERE id < ? ORDER BY id DESC LIMIT ?", before or MAX_KEY, limit)

    def running_bulks(self) -> list[Bulk]:
        return self._bulks(bulks.RUNNING)

    def _bulks(self, statement: str, *parameters: Any) -> list[Bulk]:
        with self._statement() as cursor:
            return [bulks.to_bulk(row) for row in cursor.execute(statement, parameters).fetchall()]

    # -- webhooks

    def webhooks(self) -> list[Webhook]:
        with self._statement() as cursor:
            return [to_webhook(row) for row in cursor.execute(f"{WEBHOOKS} ORDER BY id DESC").fetchall()]

    def webhook(self, name: str) -> Webhook | None:
        with self._statement() as cursor:
            row = cursor.execute(f"{WEBHOOKS} WHERE name = ?", (name,)).fetchone()
            return None if row is None else to_webhook(row)

    def happened(self, after: int, wanted: Wanted, limit: int) -> Page:
        with self._snapshot() as (_, cursor):
            return read_page(cursor, self._lanes(cursor), after, wanted, limit)

    def due_deliveries(self, webhook_id: int, now: int, limit: int) -> tuple[list[Delivery], int | None]:
        with self._snapshot() as (_, cursor):
            return read_due(cursor, webhook_id, now, limit)

    def deliveries(
        self, webhook_id: int, where: DeliveryFilter, before: int | None, limit: int
    ) -> tuple[list[Delivery], bool]:
        with self._statement() as cursor:
            return read_deliveries(cursor, webhook_id, where, MAX_KEY if before is None else before, limit)

    def delivery(self, webhook_id: int, event_id: int) -> Delivery | None:
        with self._statement() as cursor:
            row = cursor.execute(
                f"{DELIVERIES} WHERE webhook_id = ? AND event_id = ?", (webhook_id, event_id)
            ).fetchone()
            return None if row is None else to_delivery(row)

    # -- the rest

    def keys(self) -> list[ApiKey]:
        with self._snapshot() as (_, cursor):
            return [to_key(row) for row in cursor.execute(KEYS).fetchall()]

    def revision(self) -> int:
        with self._statement() as cursor:
            revision: int = cursor.execute(REVISION).fetchone()[0]
            return revision

    def sessions(self, session_id: str | None) -> list[BrowserSession]:
        with self._snapshot() as (_, cursor):
            return sessions.find(cursor, session_id)

    def definitions(self) -> tuple[list[JobType], list[Queue]]:
        with self._snapshot() as (_, cursor):
            ledger = Ledger()
            load_definitions(cursor, ledger)
            load_queues(cursor, ledger)
            return list(ledger.job_types.values()), list(ledger.queues.values())

    def counts(self) -> dict[tuple[str, str, State], int]:
        with self._snapshot() as (connection, cursor):
            lanes = self._lanes(cursor)
            return {
                (*lanes[row.lane_id].pair, State(row.state)): row.runs
                for row in connection.execute(select(col(CountRow.lane_id), col(CountRow.state), col(CountRow.runs)))
                if row.runs
            }

    def retired_job_types(self) -> list[Definition]:
        with self._snapshot() as (_, cursor):
            return [decode_definition(row[0]) for row in cursor.execute(RETIRED)]

    def versions(self, job_type: str) -> list[Version]:
        with self._snapshot() as (_, cursor):
            return to_versions(cursor.execute(f"{VERSIONS} = ? ORDER BY version", (job_type,)))

    def started(self) -> list[Started]:
        with self._snapshot() as (_, cursor):
            return [to_started(row) for row in cursor.execute(STARTED_BY_WORKERS)]

    def declarations(self, numbers: Collection[int]) -> dict[int, tuple[Started, Declaration]]:
        with self._snapshot() as (_, cursor):
            return to_declarations(cursor.execute(DECLARATIONS, (pack(list(numbers)),)))

    def audit(self, where: AuditFilter, before: int | None, limit: int) -> list[AuditEntry]:
        compared, values = auditing.conditions(where, before)
        having = " AND ".join(f"{comparison} ?" for comparison in compared) or "1"
        statement = f"SELECT {auditing.AUDIT_LIST} FROM audit WHERE {having} ORDER BY id DESC LIMIT ?"
        with self._snapshot() as (_, cursor):
            return [auditing.to_entry(row) for row in cursor.execute(statement, (*values, limit)).fetchall()]

    def workers(self) -> list[WorkerRecord]:
        with self._snapshot() as (connection, _):
            rows = connection.execute(select(WorkerRow.__table__)).mappings()  # type: ignore[attr-defined]  # SQLModel adds it
            return [
                WorkerRecord(
                    id=row["id"],
                    name=row["name"],
                    job_types=tuple(orjson.loads(row["job_types"])),
                    queues=None if row["queues"] is None else tuple(orjson.loads(row["queues"])),
                    concurrency=row["concurrency"],
                    registered_at=row["registered_at"],
                    pool=bool(row["pool"]),
                    pid=row["pid"],
                    declares=tuple(orjson.loads(row["declares"] or "[]")),
                    unknown=frozenset(orjson.loads(row["unknown"] or "[]")),
                    key_id=row["key_id"],
                    host=row["host"],
                    version=row["version"],
                    draining=bool(row["draining"]),
                )
                for row in rows
            ]

    def sealing_keys(self) -> set[str]:
        with self._snapshot() as (_, cursor):
            sql = key_ids_sql()
            return {row[0] for row in cursor.execute(sql).fetchall()} if sql is not None else set()

    def next_deletable(self) -> int | None:
        with self._statement() as cursor:
            row = cursor.execute(sql.NEXT_DELETABLE).fetchone()
            return None if row is None else row[0]

    def in_hand(self, worker_ids: Collection[int], most: int) -> dict[int, Hand]:
        with self._snapshot() as (_, cursor):
            lanes = self._lanes(cursor)
            return to_hands(cursor.execute(IN_HAND, (pack(list(worker_ids)), most)).fetchall(), lanes)

    def history(self, step: int, where: HistoryFilter, start: int, end: int) -> list[Row]:
        with self._snapshot() as (_, cursor):
            return history.read_history(cursor, self._lanes(cursor).values(), step, where, start, end)

    def history_of_all(self, step: int, start: int, end: int) -> list[Row]:
        with self._snapshot() as (_, cursor):
            return history.read_history_of_all(cursor, step, start, end)

    def history_ends(self, step: int) -> tuple[int, int] | None:
        with self._statement() as cursor:
            first, last = cursor.execute(history.ENDS, (step,)).fetchone()
            return None if first is None else (first, last)

    def rates(self) -> dict[Scope, RateWindow]:
        with self._snapshot() as (_, cursor):
            return windows(cursor.execute(sql.RATES).fetchall())

    def oldest_due(self) -> dict[tuple[str, str], int]:
        with self._snapshot() as (_, cursor):
            lanes = self._lanes(cursor)
            return first_due(cursor.execute(sql.OLDEST_DUE).fetchall(), lanes)

    def sizes(self) -> dict[str, int]:
        """Bytes of the files, rows, and the creation (microseconds since the epoch) of the oldest run in each state."""
        with self._snapshot() as (_, cursor):
            sizes = {
                "database_bytes": self._path.stat().st_size,
                "free_bytes": cursor.execute("PRAGMA freelist_count").fetchone()[0]
                * cursor.execute("PRAGMA page_size").fetchone()[0],
            }
            wal = self._path.with_name(self._path.name + "-wal")
            sizes["wal_bytes"] = wal.stat().st_size if wal.exists() else 0
            due = []
            for lane_id, state in cursor.execute("SELECT lane_id, state FROM run_counts WHERE runs > 0").fetchall():
                due += [(state, row[0]) for row in cursor.execute(sql.DUE_OF_FIRST, (lane_id, state)).fetchall()]
            due += [(State.QUEUED, due_at) for _, due_at in cursor.execute(sql.OLDEST_DUE).fetchall()]
            due += cursor.execute(sql.DUE_NEXT).fetchall()
            sizes.update(earliest(due))
            return sizes
