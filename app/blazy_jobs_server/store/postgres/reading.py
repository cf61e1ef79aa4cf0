"""The reading side of PostgreSQL: single statements on a few connections, or a snapshot where several must agree."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Collection, Generator, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

import asyncpg

from blazy_jobs_server.domain.declaration import Declaration, Started
from blazy_jobs_server.domain.errors import ReadTimeout
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.history import Row
from blazy_jobs_server.domain.job_type import Definition, JobType, Queue, Version
from blazy_jobs_server.domain.run import UNFINISHED, Run, State
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.domain.webhook import Delivery, Webhook
from blazy_jobs_server.ports import Counted, EventFilter, Hand, Listed, RunFilter, Tally, WorkerRecord
from blazy_jobs_server.ports.errors import ErrorFilter, ErrorGroup, GroupPlace
from blazy_jobs_server.ports.history import HistoryFilter
from blazy_jobs_server.ports.webhooks import DeliveryFilter, Page, Wanted
from blazy_jobs_server.store.declaring import to_declarations, to_started
from blazy_jobs_server.store.definitions import RETIRED, VERSIONS, decode_definition, to_versions
from blazy_jobs_server.store.grouping import grouped
from blazy_jobs_server.store.history import pairs_of, to_row
from blazy_jobs_server.store.ledger import Lane, Ledger
from blazy_jobs_server.store.listing import MAX_KEY, Found, counted, cut, hidden_lanes, search, summed, tally
from blazy_jobs_server.store.postgres import connecting, history, webhooks
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.declaring import DECLARATIONS, STARTED_BY_WORKERS
from blazy_jobs_server.store.postgres.definitions import load_ledger
from blazy_jobs_server.store.postgres.membership import to_worker
from blazy_jobs_server.store.postgres.transaction import as_run
from blazy_jobs_server.store.reading import BOUNDARIES, FEED_STEP
from blazy_jobs_server.store.rows import PAGE_BYTES, earliest, first_due, to_event, to_hands
from blazy_jobs_server.store.scheduling import schedules_page, to_schedule
from blazy_jobs_server.store.statements import DUE_NEXT, OLDEST_DUE
from blazy_jobs_server.store.walking import Place, Question
from blazy_jobs_server.store.webhooks import deliveries_page, fitting, newest_expired, to_delivery, to_webhook

CONNECTIONS = 8
FIRST_EVENTS = 50
"""So many are read before it is known how long they are: of a result of a megabyte each, many would take for ever."""
SETTLE_SECONDS, SETTLE_STEP_SECONDS = 1.0, 0.005
LIST_SECONDS = 10
LIST_PLAN = {
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
"""A list walks down an index, whatever the statistics say of the tables."""
BEGIN_LIST = "; ".join(
    [
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
        f"SET LOCAL statement_timeout TO '{LIST_SECONDS}s'",
        *(f"SET LOCAL {name} TO '{value}'" for name, value in LIST_PLAN.items()),
    ]
)
T = TypeVar("T")
Connection = asyncpg.pool.PoolConnectionProxy


class _Lists:
    """`walking.Dialect` of PostgreSQL. OFFSET 0 keeps the planner from turning a walk around."""

    mark = "$"
    ahead = "runs AS r"

    def looked_at(self, walk: str, key: str, conditions: str, wanted: str) -> str:
        return (
            f"SELECT {wanted} FROM (SELECT {key} AS id FROM {walk} ORDER BY {key} DESC OFFSET 0) AS h "
            f"CROSS JOIN LATERAL (SELECT r.state FROM runs AS r WHERE r.id = h.id AND {conditions} OFFSET 0) AS r"
        )

    def ranges(self, places: Sequence[Place], conditions: str, limit: int) -> list[str]:
        of_place = self._of_place("r.id", f"{conditions} ORDER BY r.id DESC LIMIT {limit}")
        return [f"SELECT h.id FROM {self._values(places)} CROSS JOIN LATERAL ({of_place}) AS h ORDER BY 1 DESC"]

    def edge(self, places: Sequence[Place], conditions: str, offset: int) -> str:
        of_place = self._of_place("r.id", f"{conditions} ORDER BY r.id DESC LIMIT 1 OFFSET {offset}")
        return f"SELECT max(h.id) FROM {self._values(places)} CROSS JOIN LATERAL ({of_place}) AS h"

    def in_places(self, places: Sequence[Place], conditions: str, wanted: str) -> str:
        of_place = self._of_place("r.id, r.state", f"{conditions} OFFSET 0")
        return f"SELECT {wanted} FROM {self._values(places)} CROSS JOIN LATERAL ({of_place}) AS r"

    @staticmethod
    def _values(places: Sequence[Place]) -> str:
        return f"(VALUES {', '.join(f'({place.lane_id}, {place.state})' for place in places)}) AS p(lane_id, state)"

    @staticmethod
    def _of_place(wanted: str, rest: str) -> str:
        return f"SELECT {wanted} FROM runs AS r WHERE r.lane_id = p.lane_id AND r.state = p.state AND {rest}"

    def has_text(self, column: str) -> str:
        return f'strpos(lower({column} COLLATE "C"), {{}}) > 0'

    def needle(self, text: str) -> str:
        return text


LISTS = _Lists()


class _Groups:
    """`grouping.Dialect` of PostgreSQL."""

    def newest(self, lanes: Collection[int], state: State, before: GroupPlace, limit: int) -> list[Question]:
        return [Question(sql.NEWEST_ERRORS, [list(lanes), int(state), *before, limit])]

    def counted(self, groups: Sequence[str], state: State) -> Question:
        return Question(sql.ERRORS_COUNTED, [list(groups), int(state)])

    def samples(self, pairs: Sequence[tuple[str, int]], state: State) -> Question:
        groups, lanes = zip(*pairs, strict=True)
        return Question(sql.ERROR_SAMPLES, [list(groups), list(lanes), int(state)])

    def errors(self, run_ids: Sequence[int]) -> Question:
        return Question(sql.ERRORS_OF, [list(run_ids)])


GROUPS = _Groups()


class Reader:
    def __init__(self, database: connecting.Database, now: Callable[[], int]) -> None:
        self._pool = database.pool(CONNECTIONS)
        self._now = now
        self._directory = Ledger()
        self._lists = asyncio.Semaphore(CONNECTIONS // 2)

    async def open(self) -> None:
        await self._pool

    async def close(self) -> None:
        self._pool.terminate()

    @asynccontextmanager
    async def connection(self) -> AsyncIterator[Any]:
        """Errors of the database come out as StoreUnavailable."""
        try:
            async with self._pool.acquire(timeout=connecting.ANSWER_SECONDS) as connection:
                try:
                    yield connection
                except TimeoutError:
                    # It hangs, and so may the others: none of them is waited for again.
                    connection.terminate()
                    await self._pool.expire_connections()
                    raise
        except Exception as error:
            if connecting.away(error):
                raise connecting.unavailable(error) from error
            raise

    @asynccontextmanager
    async def _snapshot(self) -> AsyncIterator[Any]:
        async with self.connection() as connection, connection.transaction(isolation="repeatable_read", readonly=True):
            yield connection

    async def _known(self, connection: Any, lanes: set[int], definitions: set[int]) -> Ledger:
        """Lanes and versions never change; they are read again when an unknown one is met."""
        directory = self._directory
        if not (lanes <= directory.lanes.keys() and definitions <= directory.versions.keys()):
            self._directory = directory = await load_ledger(connection)
        return directory

    async def _runs(self, connection: Any, rows: Sequence[Any]) -> list[Run]:
        directory = await self._known(connection, {row[1] for row in rows}, {row[2] for row in rows})
        return [as_run(row, directory) for row in rows]

    async def value(self, statement: str, *parameters: Any) -> Any:
        async with self.connection() as connection:
            return await connection.fetchval(statement, *parameters)

    async def rows(self, statement: str, *parameters: Any) -> list[Any]:
        async with self.connection() as connection:
            found: list[Any] = await connection.fetch(statement, *parameters)
            return found

    async def ahead(self) -> int:
        """How far the database's clock is ahead of ours, in microseconds: by the quickest of a few answers, which was
        asked in the middle of its time (RFC 5905 does so)."""
        found: list[tuple[int, int]] = []
        async with self.connection() as connection:
            for _ in range(5):
                asked = self._now()
                theirs = await connection.fetchval("SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint")
                answered = self._now()
                found.append((answered - asked, theirs - (asked + answered) // 2))
        return min(found)[1]

    # -- runs

    async def run(self, run_id: int) -> Run | None:
        async with self.connection() as connection:
            rows = await connection.fetch(sql.RUNS_BY_ID, [run_id])
            found = await self._runs(connection, rows)
            return found[0] if found else None

    async def runs_by(self, statement: str, *parameters: Any) -> list[Run]:
        async with self.connection() as connection:
            return await self._runs(connection, await connection.fetch(statement, *parameters))

    async def unfinished(self, queue: str, after: int, limit: int) -> tuple[list[Run], bool]:
        states = [int(state) for state in UNFINISHED]
        async with self._snapshot() as connection:
            rows = await connection.fetch(sql.UNFINISHED_OF_QUEUE, queue, states, after, limit + 1)
            return await self._page(connection, [row[0] for row in rows], limit)

    async def runs(self, where: RunFilter, before: int | None, limit: int, *, brief: bool = False) -> Listed:
        async with self._listing() as connection:
            found = await self._searched(connection, where, before, limit + 1)
            statement = sql.BRIEF_BY_ID if brief else sql.RUNS_BY_ID
            page, more = await self._page(connection, found.keys, limit, statement)
            return Listed(page, page[-1].id if more else found.before, found.looked)

    async def found(self, where: RunFilter, before: int | None, limit: int) -> tuple[list[int], int | None]:
        async with self._listing() as connection:
            return cut(await self._searched(connection, where, before, limit + 1), limit)

    async def count(self, where: RunFilter, most: int) -> Counted:
        async with self._listing() as connection:
            if where.is_counted:
                return Counted(sum(place.runs for place in await self._all_places(connection, where)), False)
            return counted(await self._searched(connection, where, None, most + 1), most)

    async def tally(self, where: RunFilter, before: int | None, seconds: float) -> Tally:
        async with self._listing() as connection:
            if where.is_counted:
                return summed(await self._all_places(connection, where))
            places = await self._places(connection, where)
            return await self._asked(connection, tally(LISTS, where, before, places, seconds))

    async def _page(
        self, connection: Any, keys: list[int], limit: int, statement: str = sql.RUNS_BY_ID
    ) -> tuple[list[Run], bool]:
        """At most `limit` of these runs in this order, up to 4 MiB, and whether there are more of them."""
        page: list[Run] = []
        size = 0
        # A few at a time: one may be as large as a page.
        for start in range(0, min(len(keys), limit), 16):
            wanted = keys[start : min(start + 16, limit)]
            read = await self._runs(connection, await connection.fetch(statement, wanted))
            runs = {run.id: run for run in read}
            for key in wanted:
                run = runs[key]
                size += len(run.payload) + len(run.result or "") + len(run.error or "") + 1024
                if page and size > PAGE_BYTES:
                    return page, True
                page.append(run)
        return page, len(keys) > limit

    async def _searched(self, connection: Any, where: RunFilter, before: int | None, limit: int) -> Found:
        places = await self._places(connection, where)
        hidden: dict[int, tuple[str, ...]] = {}
        if where.q is not None and where.hides is not None:
            rows = await connection.fetch("SELECT id FROM lanes")
            hidden = hidden_lanes((await self._known(connection, {row[0] for row in rows}, set())).lanes, where)
        return await self._asked(connection, search(LISTS, where, before, limit, places, hidden=hidden))

    @staticmethod
    async def _asked(connection: Any, looking: Generator[Question, list[Any], T]) -> T:
        try:
            question = next(looking)
            while True:
                rows = await connection.fetch(question.statement, *question.parameters, timeout=LIST_SECONDS + 1)
                question = looking.send(rows)
        except StopIteration as end:
            answer: T = end.value
            return answer

    async def error_groups(
        self, where: ErrorFilter, before: GroupPlace | None, limit: int
    ) -> tuple[list[ErrorGroup], GroupPlace | None]:
        runs = RunFilter(
            states=frozenset({where.state}), job_type=where.job_type, queue=where.queue, within=where.within
        )
        async with self._listing() as connection:
            places = await self._places(connection, runs) or []
            known = (await self._known(connection, {place.lane_id for place in places}, set())).lanes
            lanes = {place.lane_id: known[place.lane_id] for place in places}
            found = await self._asked(connection, grouped(GROUPS, where, before, limit, lanes))
            return found.groups, found.before

    async def _places(self, connection: Any, where: RunFilter) -> list[Place] | None:
        return await self._all_places(connection, where) if where.states or where.names_lanes else None

    async def _all_places(self, connection: Any, where: RunFilter) -> list[Place]:
        rows = await connection.fetch(sql.PLACES, where.job_type, where.queue)
        lanes = (await self._known(connection, {row[0] for row in rows}, set())).lanes
        return [
            Place(*row)
            for row in rows
            if (not where.states or State(row[1]) in where.states) and where.within.admits(*lanes[row[0]].pair)
        ]

    @asynccontextmanager
    async def _listing(self) -> AsyncIterator[Any]:
        """A snapshot for a list, of which only some are made at once: others that read find a connection free."""
        async with self._lists, self.connection() as connection:
            await connection.execute(BEGIN_LIST)
            try:
                yield connection
            except asyncpg.QueryCanceledError as error:
                raise ReadTimeout(LIST_SECONDS) from error
            finally:
                if not connection.is_closed():
                    await connection.execute("ROLLBACK")

    # -- schedules

    async def schedule(self, name: str) -> Schedule | None:
        found = await self.schedules_by(sql.SCHEDULE, name)
        return found[0] if found else None

    async def schedules_by(self, statement: str, *parameters: Any) -> list[Schedule]:
        return [to_schedule(row) for row in await self.rows(statement, *parameters)]

    async def schedules(self, before: int | None, limit: int) -> tuple[list[tuple[int, Schedule]], bool]:
        rows = await self.rows(sql.SCHEDULES_PAGE, 2**31 - 1 if before is None else before, limit + 1)
        return schedules_page(rows, limit)

    # -- events

    async def events(self, run_id: int, after: int, limit: int) -> list[Event]:
        return await self._events(run_id, "", after, limit)

    async def attempt_events(self, run_id: int) -> list[Event]:
        return await self._events(run_id, f"AND e.type IN {BOUNDARIES}", 0, None)

    async def _events(self, run_id: int, condition: str, after: int, limit: int | None) -> list[Event]:
        async with self._snapshot() as connection:
            run = await connection.fetchrow(
                "SELECT lane_id, definition_id, tags, result, error FROM runs WHERE id = $1", run_id
            )
            if run is None:
                return []
            lane = (await self._known(connection, {run[0]}, {run[1]})).lanes[run[0]]
            statement = sql.EVENTS_OF_RUN.replace("ORDER BY", f"{condition} ORDER BY")
            events: list[Event] = []
            size = 0
            async for row in connection.cursor(statement, run_id, after, limit, prefetch=100):
                event = to_event(row, lane.job_type, lane.queue, run[2], run[3], run[4])
                size += len(event.data) + 256
                if events and size > PAGE_BYTES and limit is not None:
                    break
                events.append(event)
            return events

    async def feed(self, after: int, where: EventFilter, limit: int) -> tuple[list[Event], int]:
        """Looks at FEED_STEP events at most, up to the horizon."""
        events: list[Event] = []
        found, _, _ = await self.tail(after, FEED_STEP)
        for event in found:
            after = event.id
            if where.admits(event):
                events.append(event)
                if len(events) >= limit:
                    break
        return events, after

    async def newest(self) -> int:
        """The key of the newest event below the horizon, also of one that retention has deleted."""
        async with self.connection() as connection:
            return await self._newest(connection, await connection.fetchval(sql.HORIZON))

    async def _newest(self, connection: Any, horizon: int) -> int:
        newest: int = await connection.fetchval(sql.NEWEST, horizon)
        return newest

    async def tail(self, after: int, limit: int) -> tuple[list[Event], int, bool]:
        """The next events of all runs, 4 MiB at most; the key of the last one, up to which these are all that there
        will ever be; and whether more are there.

        The horizon itself is no place to stand on: where the database crashes, numbers of transactions that had
        written nothing to its log yet are given again, and their events have keys below a horizon of before.
        """
        async with self.connection() as connection:
            # The horizon first: what is read next has all that lies below it.
            horizon: int = await connection.fetchval(sql.HORIZON)
            events: list[Event] = []
            size, asked = 0, min(FIRST_EVENTS, limit)
            while asked:
                rows = await connection.fetch(sql.FEED, after, horizon, asked)
                directory = await self._known(connection, {row[8] for row in rows}, set())
                for row in rows:
                    event = to_event(row, *directory.lanes[row[8]].pair, row[9], row[10], row[11])
                    size += len(event.data) + 256
                    if events and size > PAGE_BYTES:
                        return events, after, True
                    events.append(event)
                    after = event.id
                if len(rows) < asked:
                    return events, after, False
                asked = min(limit - len(events), max(0, PAGE_BYTES - size) * len(events) // size + 1)
            return events, after, True

    async def feed_bounds(self, where: EventFilter) -> tuple[int, int]:
        """The first is beyond all that was committed before the call, but where a transaction has been open for longer
        than SETTLE_SECONDS."""
        async with self.connection() as connection:
            begun: int = await connection.fetchval(sql.BEGUN)
            until = time.monotonic() + SETTLE_SECONDS
            while (horizon := await connection.fetchval(sql.HORIZON)) < begun and time.monotonic() < until:  # noqa: ASYNC110
                await asyncio.sleep(SETTLE_STEP_SECONDS)
            rows = await connection.fetch("SELECT job_type, queue, pruned_event FROM lanes WHERE pruned_event > 0")
            pruned = max((event for job_type, queue, event in rows if where.admits_lane(job_type, queue)), default=0)
            return await self._newest(connection, horizon), pruned

    # -- webhooks

    async def webhooks(self, statement: str, *parameters: Any) -> list[Webhook]:
        return [to_webhook(row) for row in await self.rows(statement, *parameters)]

    async def happened(self, after: int, wanted: Wanted, limit: int) -> Page:
        async with self._snapshot() as connection:
            horizon: int = await connection.fetchval(sql.HORIZON)
            newest = await connection.fetchval(webhooks.NEWEST_OF_STEP, after, horizon)
            rows = [] if newest is None else await connection.fetch(webhooks.happened(wanted), after, newest, limit)
            expired = newest_expired(await connection.fetch(webhooks.EXPIRED, after), wanted)
            directory = await self._known(connection, {row[2] for row in rows}, set())
            if newest is None:
                return Page([], after, expired)
            reached = rows[-1][0] if len(rows) == limit else newest
            return Page(fitting(rows, directory.lanes, wanted), reached, expired)

    async def due_deliveries(self, webhook_id: int, now: int, limit: int) -> tuple[list[Delivery], int | None]:
        async with self._snapshot() as connection:
            rows = await connection.fetch(webhooks.DUE, webhook_id, now, limit)
            following = await connection.fetchval(webhooks.NEXT_DUE, webhook_id, now)
            return [to_delivery(row) for row in rows], following

    async def deliveries(
        self, webhook_id: int, where: DeliveryFilter, before: int | None, limit: int
    ) -> tuple[list[Delivery], bool]:
        statement, values = webhooks.deliveries(where)
        below = MAX_KEY if before is None else before
        return deliveries_page(await self.rows(statement, webhook_id, below, limit + 1, *values), limit)

    async def delivery(self, webhook_id: int, event_id: int) -> Delivery | None:
        rows = await self.rows(webhooks.DELIVERY, webhook_id, event_id)
        return to_delivery(rows[0]) if rows else None

    # -- the rest

    async def definitions(self) -> tuple[list[JobType], list[Queue]]:
        async with self._snapshot() as connection:
            ledger = await load_ledger(connection)
            return list(ledger.job_types.values()), list(ledger.queues.values())

    async def counts(self) -> dict[tuple[str, str, State], int]:
        async with self._snapshot() as connection:
            rows = await connection.fetch(sql.COUNTS)
            lanes = (await self._known(connection, {row[0] for row in rows}, set())).lanes
            return {(*lanes[lane_id].pair, State(state)): runs for lane_id, state, runs in rows}

    async def retired_job_types(self) -> list[Definition]:
        return [decode_definition(row[0]) for row in await self.rows(RETIRED)]

    async def versions(self, job_type: str) -> list[Version]:
        return to_versions(await self.rows(f"{VERSIONS} = $1 ORDER BY version", job_type))

    async def started(self) -> list[Started]:
        return [to_started(row) for row in await self.rows(STARTED_BY_WORKERS)]

    async def declarations(self, numbers: Collection[int]) -> dict[int, tuple[Started, Declaration]]:
        return to_declarations(await self.rows(DECLARATIONS, list(numbers)))

    async def workers(self) -> list[WorkerRecord]:
        return [to_worker(row) for row in await self.rows(sql.WORKERS)]

    async def worker(self, worker_id: int) -> WorkerRecord | None:
        rows = await self.rows(sql.WORKER, worker_id)
        return to_worker(rows[0]) if rows else None

    async def in_hand(self, worker_ids: Collection[int], most: int) -> dict[int, Hand]:
        async with self._snapshot() as connection:
            rows = await connection.fetch(sql.IN_HAND, list(worker_ids), most)
            return to_hands(rows, (await self._known(connection, {row[3] for row in rows}, set())).lanes)

    async def history(self, step: int, where: HistoryFilter, start: int, end: int) -> list[Row]:
        lanes = [] if where.is_whole else await self._all_lanes()
        job_types, queues = zip(*pairs_of(where, lanes), strict=True)
        found = await self.rows(history.OF_PAIRS, job_types, queues, step, start, end)
        return [to_row(values) for values in found]

    async def _all_lanes(self) -> list[Lane]:
        return [Lane(*row) for row in await self.rows("SELECT id, job_type, queue FROM lanes")]

    async def oldest_due(self) -> dict[tuple[str, str], int]:
        async with self._snapshot() as connection:
            rows = await connection.fetch(OLDEST_DUE)
            return first_due(rows, (await self._known(connection, {row[0] for row in rows}, set())).lanes)

    async def sizes(self) -> dict[str, int]:
        """Bytes, and the creation (microseconds since the epoch) of the oldest run in each state."""
        async with self.connection() as connection:
            sizes: dict[str, int] = {
                "database_bytes": await connection.fetchval("SELECT pg_database_size(current_database())"),
                "free_bytes": 0,
                "wal_bytes": 0,
            }
            due = await connection.fetch(sql.DUE_OF_FIRST)
            due += [(State.QUEUED, due_at) for _, due_at in await connection.fetch(OLDEST_DUE)]
            due += await connection.fetch(DUE_NEXT)
            sizes.update(earliest(due))
            return sizes
