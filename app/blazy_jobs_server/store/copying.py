"""Moves everything from a SQLite file into an empty PostgreSQL database."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import Boolean, Table

from blazy_jobs_server.domain.run import State
from blazy_jobs_server.store.postgres import connecting
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.surveying import survey
from blazy_jobs_server.store.sqlite import hold, upgrade
from blazy_jobs_server.store.tables import metadata
from blazy_jobs_server.store.unusable import DatabaseUnusable

TABLES = (
    "job_type_versions",
    "job_types",
    "queues",
    "lanes",
    "runs",
    "events",
    "idempotency_keys",
    "run_counts",
    "error_counts",
    "schedules",
    "declarations",
    "builds",
    "api_keys",
    "sessions",
    "lost_events",
    "webhooks",
    "webhook_deliveries",
    "bulks",
    "audit",
    "history",
)
"""Workers are left out: they register again. What they had in hand is given back when its lease is over."""
NUMBERED = ("job_type_versions", "lanes", "schedules", "declarations", "builds", "lost_events")
CHUNK = 5000


async def copy(path: Path, url: str, told: Callable[[str, int], None] = lambda table, rows: None) -> None:
    """All or nothing: one transaction. `told` hears of each table and its rows as they arrive.

    Raises DatabaseUnusable where the file is in use, or the database is not empty.
    """
    with hold(path):
        upgrade(path)
        database = connecting.Database(url)
        await survey(database)
        connection = await database.connect(connecting.PATIENT, answer_seconds=None)
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as source:
                async with connection.transaction():
                    await connection.execute(sql.LOCK, sql.LOCK_DEFINITIONS)
                    await _copy(source, connection, told)
            await connection.execute("ANALYZE")
        finally:
            await connection.close()


async def _copy(source: sqlite3.Connection, connection: asyncpg.Connection, told: Callable[[str, int], None]) -> None:
    for name in TABLES:
        if await connection.fetchval(f"SELECT EXISTS (SELECT 1 FROM {name})"):
            raise DatabaseUnusable(f"the database is not empty: it already has {name.replace('_', ' ')}")
    for name in TABLES:
        table = metadata.tables[name]
        columns = [column.name for column in table.columns]
        copied = 0
        for chunk in _chunks(source, table, columns):
            await connection.copy_records_to_table(name, records=chunk, columns=columns)
            copied += len(chunk)
        told(name, copied)
    for name in NUMBERED:
        await connection.execute(
            f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT max(id) FROM {name})) FROM {name} LIMIT 1"
        )
    # A server that has the file for itself delivers for its webhooks for ever; the next one begins anew.
    await connection.execute("UPDATE webhooks SET lease_token = NULL, lease_until = NULL")
    erased = source.execute("SELECT erased_key FROM shared").fetchone()
    await connection.execute("UPDATE shared SET erased_key = $1, revision = revision + 1 WHERE id = 1", erased[0])
    # As far as a lease goes: it is no more than what the database says, so it says that each is over, and the first
    # server gives all of them a full term.
    await connection.execute(
        f"UPDATE runs SET lease_until = 0 WHERE state = {int(State.RUNNING)} AND worker_id IS NOT NULL"
    )


def _chunks(source: sqlite3.Connection, table: Table, columns: list[str]) -> Iterator[list[tuple[Any, ...]]]:
    booleans = [place for place, column in enumerate(table.columns) if isinstance(column.type, Boolean)]
    cursor = source.execute(f"SELECT {', '.join(columns)} FROM {table.name}")
    while rows := cursor.fetchmany(CHUNK):
        if booleans:
            rows = [_with_booleans(row, booleans) for row in rows]
        yield rows


def _with_booleans(row: tuple[Any, ...], places: list[int]) -> tuple[Any, ...]:
    values = list(row)
    for place in places:
        values[place] = bool(values[place])
    return tuple(values)
