"""What servers on one database tell each other: hints, and the events of all runs in one order.

Hints go by LISTEN/NOTIFY, over polling. One is sent after the commit, outside of its transaction (a NOTIFY inside of
each one makes commits wait for each other), at most one each twenty milliseconds. One that is lost with its server, or
while the listener's connection is down, costs a second: whatever hints tell is also looked for that often.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

import asyncpg
import msgspec
import structlog

from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.event import Event, EventColumn
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.domain.topics import ALL_TOPICS, Topic
from blazy_jobs_server.ports import Clock, Commit, Elsewhere, WorkerRecord
from blazy_jobs_server.store.ledger import Ledger
from blazy_jobs_server.store.postgres import connecting
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.membership import to_worker
from blazy_jobs_server.store.postgres.reading import Reader
from blazy_jobs_server.store.postgres.session import Catalogue, Told

log = structlog.get_logger("store")

CHANNEL = "blazy_jobs"
HINT_SECONDS = 0.02
POLL_SECONDS = 1.0
RETRY_SECONDS = 0.5
MAX_NAMED = 200
"""Runs that one hint names; of more it says only that there are some. A NOTIFY has 8000 bytes."""
MAX_MOVED = 80
"""Places (a lane and a state) that one hint names."""
MAX_CANCELLING = 100
"""Workers that one hint names. All are looked for each second."""
STATES = len(State)
TAIL_STEP = 500
TIME_SECONDS = 60.0
FORGET_SERVERS_SECONDS = 3600


OTHERS = (
    "SELECT l.pid FROM pg_locks AS l JOIN pg_database AS d ON d.oid = l.database "
    f"WHERE l.locktype = 'advisory' AND l.classid = {sql.LOCK_CLASS} AND l.objid >= {sql.LOCK_SHARD} "
    "AND l.pid <> pg_backend_pid() AND d.datname = current_database()"
)
"""Of each server on the database, the process of the connection that holds its shard."""


NOWHERE: frozenset[tuple[str, str, State]] | None = frozenset()


class Hint(msgspec.Struct, omit_defaults=True):
    """One NOTIFY. `server` sent it. `runs` None: more than can be named."""

    server: int
    runs: list[int] | None = []
    cancelling: list[int] = []
    ready: bool = False
    definitions: bool = False
    due_at: int | None = None
    fire_at: int | None = None
    topics: int = 0
    moved: list[int] | None = []
    """Lanes and states as one number; None: more than can be named."""

    def add(self, told: Told, ledger: Ledger | None) -> None:
        commit = told.commit
        self.topics |= commit.topics
        self._add_moved(commit, ledger)
        if self.runs is not None:
            named = set(self.runs)
            for event in commit.events:
                named.update(event.run_ids if isinstance(event, EventColumn) else (event.run_id,))
            self.runs = list(named) if len(named) <= MAX_NAMED else None
        self.cancelling = [*{*self.cancelling, *told.cancelling}][:MAX_CANCELLING]
        self.ready = self.ready or bool(commit.ready)
        self.definitions = self.definitions or told.definitions
        self.due_at = _earlier(self.due_at, commit.due_at)
        self.fire_at = _earlier(self.fire_at, commit.fire_at)

    def _add_moved(self, commit: Commit, ledger: Ledger | None) -> None:
        if self.moved is None or not (commit.events or commit.errors):
            return
        places = {(event.job_type, event.queue, event.state) for event in commit.events}
        places.update((job_type, queue, state) for _, job_type, queue, state in commit.errors)
        lanes = {} if ledger is None else ledger.lane_ids
        if len(places) > MAX_MOVED or any((job_type, queue) not in lanes for job_type, queue, _ in places):
            self.moved = None
            return
        moved = {*self.moved, *(lanes[job_type, queue] * STATES + state for job_type, queue, state in places)}
        self.moved = list(moved) if len(moved) <= MAX_MOVED else None

    def places(self, ledger: Ledger | None) -> frozenset[tuple[str, str, State]] | None:
        """What has moved; None where that is not known here."""
        if self.moved is None:
            return None
        lanes = {} if ledger is None else ledger.lanes
        found = [divmod(place, STATES) for place in self.moved]
        if any(lane_id not in lanes for lane_id, _ in found):
            return None
        return frozenset((*lanes[lane_id].pair, State(state)) for lane_id, state in found)

    @property
    def empty(self) -> bool:
        told = self.runs is None or self.runs or self.cancelling or self.ready or self.definitions
        return (
            not (told or self.topics or self.moved is None or self.moved)
            and self.due_at is None
            and self.fire_at is None
        )


def _earlier(one: int | None, other: int | None) -> int | None:
    return min((at for at in (one, other) if at is not None), default=None)


class PostgresNeighbours:
    """Implements `ports.Neighbours`."""

    def __init__(
        self,
        database: connecting.Database,
        clock: Clock,
        reader: Reader,
        catalogue: Catalogue,
        home: str,
        on_time: Callable[[int], None],
    ) -> None:
        self._database = database
        self._clock = clock
        self._reader = reader
        self._catalogue = catalogue
        self._home = home
        self._on_time = on_time
        self.server = secrets.randbits(62)
        self.about: Callable[[], str] = lambda: "{}"
        self.on_elsewhere: Callable[[Elsewhere], None] = lambda news: None
        self.on_feed: Callable[[list[Event], int], None] = lambda events, reached: None
        self.on_feed_torn: Callable[[], None] = lambda: None
        self._connection: asyncpg.Connection | None = None
        self._hint = Hint(self.server)
        self._hinting = asyncio.Event()
        self._following = False
        self._place: int | None = None
        self._tailing = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self.alone = True
        """No other server is there: nobody to be told."""
        self._others: frozenset[int] = frozenset()
        """Their connections' processes."""
        self._departed = False

    # -- opening and closing

    async def open(self) -> bool:
        """Whether this server is the only one."""
        await self._connect()
        loop = asyncio.get_running_loop()
        for name, work in self._services():
            self._tasks.append(loop.create_task(self._keep(name, work), name=name))
        return self.alone

    def _services(self) -> tuple[tuple[str, Callable[[], Coroutine[Any, Any, None]]], ...]:
        return (("listen", self._listen), ("hint", self._send_hints), ("tail", self._tail), ("time", self._keep_time))

    async def _keep(self, name: str, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Begun again after an error that nobody thought of: without it this server would be deaf or dumb for good."""
        while True:
            try:
                await work()
            except Exception:
                log.exception("task failed, restarting it", task=name)
                await asyncio.sleep(RETRY_SECONDS)
                self._place = None
                self._tailing.set()

    async def _keep_time(self) -> None:
        while True:
            await asyncio.sleep(TIME_SECONDS)
            with contextlib.suppress(StoreUnavailable):  # it will be asked again
                self._on_time(await self._reader.ahead())

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        connection, self._connection = self._connection, None
        if connection is not None:
            with contextlib.suppress(Exception):
                await connection.close(timeout=1)

    async def _connect(self) -> None:
        """Listens, and takes a shard: its lock lives as long as this connection."""
        connection = await self._database.connect()
        try:
            shard = await connection.fetchval(
                f"SELECT n FROM generate_series(0, {sql.MAX_SHARDS - 1}) AS n "
                f"WHERE pg_try_advisory_lock({sql.LOCK_CLASS}, {sql.LOCK_SHARD} + n) LIMIT 1"
            )
            await connection.add_listener(CHANNEL, self._on_hint)
            await self._meet_others(connection)
        except BaseException:
            connection.terminate()
            raise
        # With more servers than shards some share one, which only makes them wait for each other now and then.
        self._catalogue.shard = shard if shard is not None else self.server % sql.MAX_SHARDS
        self._catalogue.keys.share(self._catalogue.shard, sql.MAX_SHARDS)
        self._connection = connection

    async def _meet_others(self, connection: asyncpg.Connection) -> None:
        rows = await connection.fetch(OTHERS)
        others = frozenset(row[0] for row in rows)
        self._departed = self._departed or not self._others <= others
        self._others = others
        self.alone = not others

    async def _listen(self) -> None:
        """Looks after the connection; says each second that it may be anything."""
        while True:
            await asyncio.sleep(POLL_SECONDS)
            try:
                topics, moved = Topic(0), NOWHERE
                if self._connection is None or self._connection.is_closed():
                    await self._connect()
                    log.info("listening to other servers again")
                    topics, moved = ALL_TOPICS, None  # what was said meanwhile was not heard
                async with asyncio.timeout(connecting.ANSWER_SECONDS):
                    assert self._connection is not None
                    await self._meet_others(self._connection)
                    cancelling = frozenset(row[0] for row in await self._connection.fetch(sql.CANCELLING))
            except Exception as error:
                if not connecting.away(error):
                    log.exception("cannot listen to other servers")
                else:
                    log.warning("cannot listen to other servers", reason=str(error))
                self._drop()
            else:
                self._tailing.set()
                departed, self._departed = self._departed, False
                self.on_elsewhere(Elsewhere(cancelling=cancelling, departed=departed, topics=topics, moved=moved))

    def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.terminate()

    # -- hints

    def committed(self, told: Told) -> None:
        self._tailing.set()
        if not self.alone:
            self._hint.add(told, self._catalogue.ledger)
            if not self._hint.empty:
                self._hinting.set()

    async def _send_hints(self) -> None:
        while True:
            await self._hinting.wait()
            self._hinting.clear()
            hint, self._hint = self._hint, Hint(self.server)
            try:
                await self._reader.value("SELECT pg_notify($1, $2)", CHANNEL, msgspec.json.encode(hint).decode())
            except StoreUnavailable:
                continue  # the others look for themselves
            await asyncio.sleep(HINT_SECONDS)

    def _on_hint(self, *arguments: Any) -> None:
        hint = msgspec.json.decode(arguments[-1], type=Hint)
        if hint.server == self.server:
            return
        self._tailing.set()
        self.on_elsewhere(
            Elsewhere(
                runs=None if hint.runs is None else frozenset(hint.runs),
                cancelling=frozenset(hint.cancelling),
                ready=hint.ready,
                definitions=hint.definitions,
                due_at=hint.due_at,
                fire_at=hint.fire_at,
                topics=hint.topics,
                moved=hint.places(self._catalogue.ledger),
            )
        )

    # -- the events of all runs

    def follow_feed(self, wanted: bool) -> None:
        if wanted and not self._following:
            self._place = None
            self._tailing.set()
        self._following = wanted

    async def _tail(self) -> None:
        while True:
            await self._tailing.wait()
            self._tailing.clear()
            if not self._following:
                self._place = None
                continue
            try:
                await self._follow_on()
            except StoreUnavailable:
                await asyncio.sleep(RETRY_SECONDS)
                self._tailing.set()
            else:
                await asyncio.sleep(HINT_SECONDS / 4)

    async def _follow_on(self) -> None:
        if self._place is None:
            # Whoever reads along reads up to here, and further, from the store.
            self._place = await self._reader.newest()
            self.on_feed_torn()
        place = self._place
        events, reached, more = await self._reader.tail(place, TAIL_STEP)
        if not self._following or self._place != place:
            return  # the last reader left meanwhile; one that came after it begins anew
        self._place = reached
        self.on_feed(events, reached)
        if more or events:
            self._tailing.set()

    # -- what is asked of the others

    async def revision(self) -> int:
        revision: int = await self._reader.value("SELECT revision FROM shared WHERE id = 1")
        return revision

    async def standing(self, run_ids: Sequence[int]) -> dict[int, tuple[int, bool]]:
        rows = await self._reader.rows(sql.STANDING, list(run_ids))
        return {row[0]: (row[1], State(row[2]).final) for row in rows}

    async def worker(self, worker_id: int) -> WorkerRecord | None:
        return await self._reader.worker(worker_id)

    async def heard(self, seen_at: Mapping[int, int]) -> list[int]:
        try:
            await self._reader.rows(sql.SERVER_IS_THERE, self.server, self._clock.now(), self.about())
            if not seen_at:
                return []
            rows = await self._reader.rows(sql.HEARD, list(seen_at), list(seen_at.values()), self.server)
        except StoreUnavailable:
            self._catalogue.unheard = True
            raise
        return list(seen_at.keys() - {row[0] for row in rows})

    async def silent_workers(self, seconds: float) -> list[tuple[WorkerRecord, bool]]:
        """A worker of a pool speaks to its own server only, so without that one there was nobody to hear it.

        None where the database was away: others could not write down either whom they heard. The next transaction
        gives all of them a full term.
        """
        if self._catalogue.unheard:
            return []
        now = self._clock.now()
        limit = now - int(seconds * SECOND)
        await self._reader.rows(sql.FORGET_SERVERS, now - FORGET_SERVERS_SECONDS * SECOND)
        rows = await self._reader.rows(sql.SILENT, limit, now - int(seconds / 2 * SECOND))
        return [(worker, row["served"] or not worker.pool) for row in rows for worker in [to_worker(row)]]

    async def servers(self, since: int) -> list[tuple[int, int, str | None]]:
        return [(row[0], row[1], row[2]) for row in await self._reader.rows(sql.SERVERS, since)]

    def at_home(self, worker: WorkerRecord) -> bool:
        return worker.pool and worker.home == self._home
