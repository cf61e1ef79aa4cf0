from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
import sqlalchemy

from benchmarks.fill import copy_runs
from blazy_jobs_server.store.tables import metadata

FIRST, SECOND = 5_000_000, 5_000_001


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Two runs: one that is completed, with a tag, and one that waits."""
    path = tmp_path / "jobs.db"
    engine = sqlalchemy.create_engine(f"sqlite:///{path}")
    metadata.create_all(engine)
    engine.dispose()
    connection = sqlite3.connect(path)
    for run, lane, state in ((FIRST, 1, 4), (SECOND, 2, 1)):
        connection.execute(
            "INSERT INTO runs (id, lane_id, definition_id, state, rank, due_at, created_at, seq, payload) "
            "VALUES (?, ?, 1, ?, 0, 7, 7, 1, '{}')",
            (run, lane, state),
        )
        connection.execute("INSERT INTO run_counts (lane_id, state, shard, runs) VALUES (?, ?, 0, 1)", (lane, state))
    connection.execute("INSERT INTO run_tags (tag, run_id) VALUES ('blue', ?)", (FIRST,))
    for event, (run, seq) in enumerate([(FIRST, 1), (SECOND, 1), (FIRST, 2), (FIRST, 3)], start=900_000):
        connection.execute(
            "INSERT INTO events (id, run_id, seq, type, state, attempt, time, data) VALUES (?, ?, ?, 1, 1, 0, 7, ?)",
            (event, run, seq, f"event {seq}"),
        )
    connection.commit()
    connection.close()
    return path


def indexes(path: Path) -> set[tuple[str, str]]:
    connection = sqlite3.connect(path)
    found = set(connection.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'index'"))
    connection.close()
    return found


def test_copies_are_as_their_runs_and_older_than_all_that_was_there(file: Path) -> None:
    before = indexes(file)
    copy_runs(file, {FIRST: 120, SECOND: 30})
    connection = sqlite3.connect(file)
    assert connection.execute("SELECT lane_id, state, count(*) FROM runs GROUP BY 1, 2").fetchall() == [
        (1, 4, 121),
        (2, 1, 31),
    ]
    assert connection.execute("SELECT lane_id, runs FROM run_counts ORDER BY 1").fetchall() == [(1, 121), (2, 31)]
    assert connection.execute("SELECT count(*) FROM runs WHERE id < ?", (FIRST,)).fetchone() == (150,)
    assert connection.execute("SELECT count(*) FROM run_tags WHERE tag = 'blue'").fetchone() == (121,)
    logs = "SELECT group_concat(data, ', ') FROM (SELECT * FROM events ORDER BY run_id, seq, id) GROUP BY run_id"
    assert set(connection.execute(logs)) == {("event 1, event 2, event 3",), ("event 1",)}
    assert connection.execute("SELECT count(*) FROM events WHERE id < 900000").fetchone() == (120 * 3 + 30,)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()
    assert indexes(file) == before


def test_ids_of_a_runs_events_rise_with_their_order(file: Path) -> None:
    copy_runs(file, {FIRST: 120})
    connection = sqlite3.connect(file)
    pairs = "SELECT count(*) FROM events a JOIN events b ON b.run_id = a.run_id AND b.seq > a.seq AND b.id < a.id"
    assert connection.execute(pairs).fetchone() == (0,)
    connection.close()
