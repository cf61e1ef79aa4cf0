"""Two servers' stores on one database, one clock for both, and a connection that is nobody's."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, TypeVar
from zlib import crc32

import asyncpg

from blazy_jobs_server.ports import Elsewhere, Neighbours, RunFilter
from blazy_jobs_server.store.postgres import PostgresStore
from blazy_jobs_server.store.postgres import statements as sql
from tests.app.clock import HandClock
from tests.contract.stage import PostgresPlace, Stage
from tests.support.postgres import Postgres

T = TypeVar("T")
SOON = 10.0


class Site(Stage):
    """The stage of one of them. `news` is what it hears of the other."""

    store: PostgresStore
    news: asyncio.Queue[Elsewhere]

    async def _open(self) -> None:
        await super()._open()
        self.news = asyncio.Queue()
        self.neighbours.on_elsewhere = self.news.put_nowait

    @property
    def neighbours(self) -> Neighbours:
        assert self.store.neighbours is not None
        return self.store.neighbours

    async def hears(self, what: Callable[[Elsewhere], bool]) -> Elsewhere:
        """The first news that is so."""
        async with asyncio.timeout(SOON):
            while True:
                news = await self.news.get()
                if what(news):
                    return news

    async def hears_that_it_may_be_anything(self) -> Elsewhere:
        return await self.hears(lambda news: news.runs is None)


class Pair:
    """`async with` opens both, the first one first, and at the end holds what they have to `sound`."""

    def __init__(self, server: Postgres, empty: str, columns: bool = False) -> None:
        self._server = server
        self.place = PostgresPlace(server, empty, columns)
        self.url = server.url(self.place.database)
        self.clock = HandClock()
        self.one = Site(self.place, self.clock)
        self.other = Site(self.place, self.clock)
        self.both = (self.one, self.other)
        self.other.types = self.one.types
        self.tells_all = True
        """Unless a connection broke: what commits then is not told."""

    async def __aenter__(self) -> Pair:
        self._deadlocks_before = 0
        self._deadlocks_before = self.deadlocks()
        self.raw: asyncpg.Connection = await asyncpg.connect(self.url)
        for site in self.both:
            await site._open()
        await self.one.define("greet")
        return self

    async def __aexit__(self, kind: object, *_: object) -> None:
        try:
            if kind is None:
                await self._sound()
        finally:
            for site in self.both:
                await site.store.close()
            await self.raw.close()

    async def _sound(self) -> None:
        """What the commits of both told, in the order of keys, is what there is."""
        if not self.tells_all:
            await self.one.stored_soundly()
            return
        told = self.one.told + self.other.told
        self.one.told = sorted(told, key=lambda commit: commit.events[0].id if commit.events else 0)
        await self.one.sound()

    # -- what nobody's connection does

    async def lock(self, number: int) -> None:
        """Held until `unlock`, by no transaction."""
        await self.raw.execute("SELECT pg_advisory_lock($1, $2)", sql.LOCK_CLASS, number)

    async def unlock(self, number: int) -> None:
        assert await self.raw.fetchval("SELECT pg_advisory_unlock($1, $2)", sql.LOCK_CLASS, number)

    async def waiting(self, number: int = 1) -> list[int]:
        """The backends that wait for a lock, as soon as there are so many."""
        async with asyncio.timeout(SOON):
            while True:
                rows = await self.raw.fetch("SELECT DISTINCT pid FROM pg_locks WHERE NOT granted")
                if len(rows) >= number:
                    return [row[0] for row in rows]
                await asyncio.sleep(0.005)

    async def listeners(self) -> list[int]:
        """The backends that hold the servers' shards, in the order of shards."""
        rows = await self.raw.fetch(
            "SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = $1 AND objid >= $2 "
            "AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) ORDER BY objid",
            sql.LOCK_CLASS,
            sql.LOCK_SHARD,
        )
        return [row[0] for row in rows]

    async def cut(self, *backends: int) -> None:
        for pid in backends:
            await self.raw.execute("SELECT pg_terminate_backend($1)", pid)

    @asynccontextmanager
    async def away(self) -> AsyncIterator[None]:
        """The database is, for both of them."""
        administrator = await asyncpg.connect(self._server.url())
        await administrator.execute(f"ALTER DATABASE {self.place.database} ALLOW_CONNECTIONS false")
        await administrator.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = $1 AND pid <> $2",
            self.place.database,
            self.raw.get_server_pid(),
        )
        try:
            yield
        finally:
            await administrator.execute(f"ALTER DATABASE {self.place.database} ALLOW_CONNECTIONS true")
            await administrator.close()

    def deadlocks(self) -> int:
        """That PostgreSQL has found since both were opened; whoever was in one has tried again, and says nothing."""
        return (self._server.folder / "log").read_bytes().count(b"deadlock detected") - self._deadlocks_before

    # -- both at once

    async def at_once(self, do: Callable[[Site], Awaitable[T]], *, times: int = 1) -> list[T]:
        return await asyncio.gather(*(do(site) for _ in range(times) for site in self.both))

    async def runs(self, **where: Any) -> int:
        return len((await self.one.store.runs(RunFilter(**where), None, 200))[0])


def dedupe_stripe(name: str, key: str) -> int:
    """The lock that a dispatch under this dedupe key takes."""
    return sql.LOCK_DEDUPE + crc32(f"{name}\0{key}".encode()) % sql.DEDUPE_STRIPES


def limit_stripe(name: str) -> int:
    """The lock that a claim takes where this job type has a limit."""
    return sql.LOCK_LIMITED + crc32(name.encode()) % sql.LIMITED_STRIPES


def fresh_key() -> str:
    return secrets.token_hex(8)
