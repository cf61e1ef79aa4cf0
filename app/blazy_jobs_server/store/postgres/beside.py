"""The keys in a PostgreSQL database, for commands beside its servers, which look for changes each second."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import asyncpg

from blazy_jobs_server.domain.keys import ApiKey
from blazy_jobs_server.ports import Clock
from blazy_jobs_server.ports.audit import acting
from blazy_jobs_server.store.auditing import DEEDS, NOBODY, audit_row, entry, key_beside
from blazy_jobs_server.store.keys import KEYS, REVISION, SaveKey, to_key
from blazy_jobs_server.store.migrations import HEAD
from blazy_jobs_server.store.postgres import auditing, connecting
from blazy_jobs_server.store.postgres.keys import save
from blazy_jobs_server.store.postgres.store import PostgresStore, usable
from blazy_jobs_server.store.postgres.surveying import survey
from blazy_jobs_server.store.unusable import DatabaseUnusable


class KeysBeside:
    """Implements `ports.KeyStore`, within `opened`."""

    def __init__(self, connection: asyncpg.Connection, now: Callable[[], int]) -> None:
        self._connection = connection
        self._now = now

    async def keys(self) -> list[ApiKey]:
        return [to_key(list(row)) for row in await self._connection.fetch(KEYS)]

    async def revision(self) -> int:
        revision: int = await self._connection.fetchval(REVISION)
        return revision

    async def save_key(self, key: ApiKey, *, before: ApiKey | None) -> bool:
        async with self._connection.transaction():
            asked = SaveKey(key, before)
            saved = await save(_Plain(self._connection), asked)
            act, told = acting.get(), DEEDS["save_key"].told(asked, None, saved)
            for one in told:
                now = self._now()
                row = audit_row(key_beside(now), entry(act or NOBODY, one, now))
                await self._connection.execute(auditing.INSERT, *row)
            return saved

    async def note_used(self, used: Mapping[str, int]) -> None:
        """They are used at servers only."""
        raise NotImplementedError  # no command uses a key


class _Plain:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def rows(self, statement: str, *parameters: Any) -> list[Any]:
        found: list[Any] = await self._connection.fetch(statement, *parameters)
        return found

    async def execute(self, statement: str, *parameters: Any) -> int:
        status = await self._connection.execute(statement, *parameters)
        return int(status.rpartition(" ")[2])


@asynccontextmanager
async def opened(url: str, clock: Clock) -> AsyncIterator[KeysBeside]:
    """The database, whose tables are made where there are none. Raises DatabaseUnusable."""
    database = connecting.Database(url)
    connection: asyncpg.Connection | None = None
    with usable(url):
        try:
            await survey(database)
            connection = await database.connect()
            if not await connection.fetchval("SELECT to_regclass('alembic_version') IS NOT NULL"):
                await PostgresStore(url, clock, lease_seconds=1).upgrade()
            elif await connection.fetchval("SELECT version_num FROM alembic_version") != HEAD:
                raise DatabaseUnusable("its schema is of another version of Blazy Jobs; see `blazy-jobs migrate`")
            yield KeysBeside(connection, clock.now)
        finally:
            if connection is not None:
                connection.terminate()
