"""Exchanging sealed values in a SQLite file."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from blazy_jobs_server.store.sealed import SealedColumn, columns
from blazy_jobs_server.store.sqlite import DatabaseInUse, hold, upgrade
from blazy_jobs_server.store.unusable import DatabaseUnusable

BUSY_SECONDS = 60.0
"""A server's transactions are short, and between two of them there is a turn for others."""


def reseal(path: Path, exchange: Callable[[str, str], str], *, alone: bool) -> int:
    """In one transaction, also while a server uses the file unless `alone`; how many values changed. None where there
    is no file. Raises DatabaseUnusable."""
    if not path.exists():
        return 0
    try:
        with hold(path):
            upgrade(path)
            return _reseal_all(path, exchange)
    except DatabaseInUse:
        if alone:
            raise
        return _reseal_all(path, exchange)


def _reseal_all(path: Path, exchange: Callable[[str, str], str]) -> int:
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=rw", uri=True, timeout=BUSY_SECONDS)) as connection:
            connection.isolation_level = None
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            connection.execute("BEGIN IMMEDIATE")
            changed = sum(_reseal(connection, column, exchange) for column in columns())
            connection.execute("COMMIT")
            return changed
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{path}: {error}") from error


def _reseal(connection: sqlite3.Connection, column: SealedColumn, exchange: Callable[[str, str], str]) -> int:
    where = " AND ".join(f"{key} = ?" for key in column.keys)
    changes = []
    for row in connection.execute(column.select).fetchall():
        new = exchange(row[0], column.purpose_of(row))
        if new != row[0]:
            changes.append((new, *row[1 : 1 + len(column.keys)]))
    connection.executemany(f"UPDATE {column.table} SET {column.column} = ? WHERE {where}", changes)
    return len(changes)
