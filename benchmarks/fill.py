"""Fills a database file by copying rows within it: a fixture of a size that would take long through the front door."""

from __future__ import annotations

import sqlite3
from pathlib import Path

CHUNK = 50_000


def columns(connection: sqlite3.Connection, table: str) -> list[str]:
    return [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]


def copy_run(path: Path, run_id: int, copies: int) -> None:
    """As many more runs like that one, with their events, all older than everything in the file."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    events = [row[0] for row in connection.execute("SELECT id FROM events WHERE run_id = ? ORDER BY seq", (run_id,))]
    (first_run,) = connection.execute("SELECT min(id) FROM runs").fetchone()
    (first_event,) = connection.execute("SELECT min(id) FROM events").fetchone()
    run_columns = ", ".join(name for name in columns(connection, "runs") if name != "id")
    event_columns = ", ".join(name for name in columns(connection, "events") if name not in ("id", "run_id"))
    numbers = "WITH RECURSIVE n(n) AS (SELECT ? UNION ALL SELECT n + 1 FROM n WHERE n < ?)"
    # Far enough below the first of each that no copy of another run meets them.
    for begin in range(1, copies + 1, CHUNK):
        span = (begin, min(copies, begin + CHUNK - 1))
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            f"{numbers} INSERT INTO runs (id, {run_columns}) SELECT ? - n, {run_columns} FROM n, runs WHERE id = ?",
            (*span, first_run, run_id),
        )
        connection.execute(
            f"{numbers} INSERT INTO run_tags (tag, run_id) SELECT tag, ? - n FROM n, run_tags WHERE run_id = ?",
            (*span, first_run, run_id),
        )
        for place, event in enumerate(events):
            connection.execute(
                f"{numbers} INSERT INTO events (id, run_id, {event_columns}) "
                f"SELECT ? - n * ? + ?, ? - n, {event_columns} FROM n, events WHERE id = ?",
                (*span, first_event - 1, len(events), place, first_run, event),
            )
        connection.execute("COMMIT")
    lane, state = connection.execute("SELECT lane_id, state FROM runs WHERE id = ?", (run_id,)).fetchone()
    connection.execute("UPDATE run_counts SET runs = runs + ? WHERE lane_id = ? AND state = ?", (copies, lane, state))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
