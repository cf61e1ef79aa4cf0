"""Fills a database file by copying rows within it: a fixture of a size that would take long through the front door."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from pathlib import Path

CHUNK = 50_000
CACHE_KIB = 256 * 1024


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def copy_runs(path: Path, copies: Mapping[int, int]) -> None:
    """As many more runs like each of these, with their events, all older than everything in the file.

    Without a log and with the indexes made anew at the end: a crash meanwhile spoils the file.
    """
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode = OFF")
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute(f"PRAGMA cache_size = -{CACHE_KIB}")
    indexes = _drop_indexes(connection)
    for run_id, number in copies.items():
        _copy(connection, run_id, number)
    for index in indexes:
        connection.execute(index)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.close()


def _drop_indexes(connection: sqlite3.Connection) -> list[str]:
    """The statements that make them again. Those that a table's own constraints make stay."""
    found = connection.execute(
        "SELECT name, sql FROM sqlite_schema "
        "WHERE type = 'index' AND tbl_name IN ('runs', 'events') AND sql IS NOT NULL"
    ).fetchall()
    for name, _ in found:
        connection.execute(f"DROP INDEX {name}")
    return [sql for _, sql in found]


def _copy(connection: sqlite3.Connection, run_id: int, copies: int) -> None:
    events = [row[0] for row in connection.execute("SELECT id FROM events WHERE run_id = ? ORDER BY seq", (run_id,))]
    (first_run,) = connection.execute("SELECT min(id) FROM runs").fetchone()
    (first_event,) = connection.execute("SELECT min(id) FROM events").fetchone()
    # The place of the first copy; they follow one another up to the first of each that is there.
    run, event = first_run - copies, first_event - copies * len(events)
    run_columns = ", ".join(name for name in columns(connection, "runs") if name != "id")
    event_columns = ", ".join(
        f"events.{name}" for name in columns(connection, "events") if name not in ("id", "run_id")
    )
    into_columns = event_columns.replace("events.", "")
    numbers = "WITH RECURSIVE n(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM n WHERE n < ?)"
    for begin in range(0, copies, CHUNK):
        span = (begin, min(copies, begin + CHUNK) - 1)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            f"{numbers} INSERT INTO runs (id, {run_columns}) SELECT ? + n, {run_columns} FROM n, runs WHERE id = ?",
            (*span, run, run_id),
        )
        connection.execute(
            f"{numbers} INSERT INTO run_tags (tag, run_id) SELECT tag, ? + n FROM n, run_tags WHERE run_id = ?",
            (*span, run, run_id),
        )
        connection.execute(
            f"{numbers} INSERT INTO events (id, run_id, {into_columns}) "
            f"SELECT ? + n * ? + copied.key, ? + n, {event_columns} "
            f"FROM n CROSS JOIN json_each(?) AS copied JOIN events ON events.id = copied.value",
            (*span, event, len(events), run, json.dumps(events)),
        )
        connection.execute("COMMIT")
    lane, state = connection.execute("SELECT lane_id, state FROM runs WHERE id = ?", (run_id,)).fetchone()
    connection.execute("UPDATE run_counts SET runs = runs + ? WHERE lane_id = ? AND state = ?", (copies, lane, state))
