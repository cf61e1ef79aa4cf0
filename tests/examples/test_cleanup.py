from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from blazy_jobs.testing import run_job

from examples import cleanup
from examples.cleanup import cleanup_old_data
from examples.demo.material import count_rows


@pytest.fixture(autouse=True)
def _small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleanup, "CHUNK_ROWS", 10)
    monkeypatch.setattr(cleanup, "PAUSE_SECONDS", 0)


@pytest.fixture
def log_table(shop_database: Path) -> Path:
    """25 rows of 40 days ago, 15 of 20 days ago."""
    days_ago = [40] * 25 + [20] * 15
    with closing(sqlite3.connect(shop_database)) as db, db:
        db.execute("CREATE TABLE log (id INTEGER PRIMARY KEY, at TEXT NOT NULL, message TEXT NOT NULL)")
        rows = [((datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="seconds"), "x") for days in days_ago]
        db.executemany("INSERT INTO log (at, message) VALUES (?, ?)", rows)
    return shop_database


def test_only_old_rows_go_in_chunks_with_progress(log_table: Path) -> None:
    outcome = run_job(cleanup_old_data, {})
    assert outcome.result == {"deleted": 25, "kept": 15}
    assert outcome.percents == [40, 80, 100]
    assert outcome.messages == ["cleaned up"]
    assert count_rows(log_table, "log") == 15


def test_a_second_run_finds_nothing_to_do(log_table: Path) -> None:
    run_job(cleanup_old_data, {})
    assert run_job(cleanup_old_data, {}).result == {"deleted": 0, "kept": 15}


def test_the_age_is_the_payloads(log_table: Path) -> None:
    assert run_job(cleanup_old_data, {"older_than_days": 10}).result == {"deleted": 40, "kept": 0}


def test_told_to_stop_it_keeps_what_is_done_and_leaves_the_rest(log_table: Path) -> None:
    outcome = run_job(cleanup_old_data, {}, cancel_when=lambda progress: progress["percent"] > 0)
    assert outcome.state == "cancelled"
    assert count_rows(log_table, "log") == 30


def test_a_payload_that_would_delete_everything_is_refused(log_table: Path) -> None:
    outcome = run_job(cleanup_old_data, {"older_than_days": 0})
    assert outcome.error is not None
    assert outcome.error["code"] == "invalid_payload"
    assert count_rows(log_table, "log") == 40
