"""Exchanging sealed values on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable

import asyncpg

from blazy_jobs_server.store.postgres import connecting
from blazy_jobs_server.store.sealed import SealedColumn, columns
from blazy_jobs_server.store.unusable import DatabaseUnusable

SERVER_GONE_SECONDS = 60


async def reseal(url: str, exchange: Callable[[str, str], str], *, now: int, alone: bool) -> int:
    """In one transaction; how many values changed. A row that a server changes meanwhile is waited for. `alone`: raises
    where a server has been there in the last minute. Raises DatabaseUnusable."""
    try:
        connection = await connecting.Database(url).connect(connecting.PATIENT, answer_seconds=None)
        try:
            async with connection.transaction():
                if alone:
                    await _check_alone(connection, now)
                return sum([await _reseal(connection, column, exchange) for column in columns()])
        finally:
            await connection.close()
    except (asyncpg.PostgresError, OSError, TimeoutError) as error:
        raise DatabaseUnusable(f"the database cannot be read or written: {error}") from error


async def _check_alone(connection: asyncpg.Connection, now: int) -> None:
    since = now - SERVER_GONE_SECONDS * 1_000_000
    if count := await connection.fetchval("SELECT count(*) FROM servers WHERE seen_at > $1", since):
        raise DatabaseUnusable(
            f"{count} server(s) have used the database in the last {SERVER_GONE_SECONDS} s: stop them first"
        )


async def _reseal(connection: asyncpg.Connection, column: SealedColumn, exchange: Callable[[str, str], str]) -> int:
    where = " AND ".join(f"{key} = ${place}" for place, key in enumerate(column.keys, 2))
    changes = []
    for row in await connection.fetch(f"{column.select} ORDER BY {', '.join(column.keys)} FOR UPDATE"):
        new = exchange(row[0], column.purpose_of(row))
        if new != row[0]:
            changes.append((new, *tuple(row)[1 : 1 + len(column.keys)]))
    await connection.executemany(f"UPDATE {column.table} SET {column.column} = $1 WHERE {where}", changes)
    return len(changes)
