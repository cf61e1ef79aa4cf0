"""Schedules: how fast 10,000 due at once fire, how late runs start, and what many cost in memory and at startup."""

from __future__ import annotations

import contextlib
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx

from benchmarks.servers import batch_request, register, server, until_completed
from benchmarks.streams import KIB, unshared
from benchmarks.table import Row, Scale, main, median, quantile
from tests.support.server import wait_until

TOGETHER = 100
"""Runs a POST of the baseline: as many as the server fires at once."""
LEAD_SECONDS = 4
TICK_SECONDS = 0.02
MIDNIGHT = {"kind": "cron", "expression": "0 0 * * *"}


def fill(folder: Path, *sizes: int) -> list[Path]:
    """Data folders with so many schedules: one of them through the front door, the others as its copies."""
    first = folder / "first"
    with server(workers=0, data=first) as started, started.client() as client:
        register(client, "noop")
        body = {"job_type": "noop", "payload": {"userId": "u-123456"}, "trigger": MIDNIGHT}
        client.put("/v1/schedules/s0", json=body).raise_for_status()
        started.stop()
    filled = []
    for size in sizes:
        filled.append(folder / str(size))
        shutil.copytree(first, filled[-1])
        _copy_schedule(filled[-1], size)
    return filled


def _copy_schedule(data: Path, size: int) -> None:
    with _database(data) as connection:
        names = [row[1] for row in connection.execute("PRAGMA table_info(schedules)")]
        kept = ", ".join(name for name in names if name not in ("id", "name", "body"))
        connection.execute(
            "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?) "
            f"INSERT INTO schedules (name, body, {kept}) SELECT 's' || n, json_set(body, '$.name', 's' || n), {kept} "
            "FROM n, schedules WHERE n < ? AND name = 's0'",
            (size, size),
        )
        if not size:
            connection.execute("DELETE FROM schedules")


def make_due(data: Path, at: datetime) -> None:
    """Sets the next time of all of them."""
    with _database(data) as connection:
        moment = int(at.timestamp() * 1e6)
        connection.execute("UPDATE schedules SET next_fire_at = ?, wake_at = ?", (moment, moment))


@contextlib.contextmanager
def _database(data: Path) -> Iterator[sqlite3.Connection]:
    with contextlib.closing(sqlite3.connect(data / "jobs.db")) as connection, connection:
        yield connection


def waiting(client: httpx.Client) -> int:
    counts: dict[str, int] = client.get("/v1/queues/default").json()["counts"]
    return counts["queued"]


def seconds_between(run: dict[str, Any], first: str, last: str) -> float:
    return (datetime.fromisoformat(run[last]) - datetime.fromisoformat(run[first])).total_seconds()


def fire_rate(data: Path, schedules: int, lead_seconds: float = LEAD_SECONDS) -> tuple[float, float]:
    """Ticks a second when all are due in one moment, and the KiB that the server has grown by for each of them."""
    at = datetime.now(UTC) + timedelta(seconds=lead_seconds)
    make_due(data, at)
    with server(workers=0, data=data) as started, started.client() as client:
        before, runs_before = unshared(started.pid), waiting(client)
        if datetime.now(UTC) < at:
            wait_until(lambda: waiting(client) >= runs_before + schedules, "all have fired", 120, 0.05)
            grown = (unshared(started.pid) - before) / schedules / KIB
            last = client.get("/v1/runs", params={"limit": 1}).json()["data"][0]
            return schedules / seconds_between(last, "due_at", "created_at"), grown
    return fire_rate(data, schedules, 2 * lead_seconds)  # the server was not there in time


def batch_rate(data: Path, runs: int) -> tuple[float, float]:
    """The same runs, dispatched in batches: a second, and the KiB that the server has grown by for each."""
    with server(workers=0, data=data) as started, started.client() as client:
        before = unshared(started.pid)
        body = batch_request(size=TOGETHER)[2]
        began = time.perf_counter()
        for _ in range(runs // TOGETHER):
            client.post("/v1/runs/batch", json=body).raise_for_status()
        rate = runs / (time.perf_counter() - began)
        return rate, (unshared(started.pid) - before) / runs / KIB


def lateness(ticks: int) -> list[float]:
    """Milliseconds from due to started."""
    with server(workers=1) as started, started.client() as client:
        first = datetime.now(UTC) + timedelta(seconds=2 + ticks * TICK_SECONDS)
        for n in range(ticks):
            at = first + timedelta(seconds=n * TICK_SECONDS)
            body = {"job_type": "noop", "payload": None, "trigger": {"kind": "date", "at": at.isoformat()}}
            client.put(f"/v1/schedules/s{n}", json=body).raise_for_status()
        if datetime.now(UTC) > first:
            raise RuntimeError("they took too long to be made")
        until_completed(client, ticks)
        return delays(client)


def delays(client: httpx.Client) -> list[float]:
    found: list[float] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/v1/runs", params={"limit": "200", **cursor}).json()
        found += [1e3 * seconds_between(run, "due_at", "started_at") for run in page["data"]]
        if page["next_cursor"] is None:
            return found
        cursor = {"cursor": page["next_cursor"]}


def start_seconds(data: Path) -> tuple[float, int]:
    """Until it is ready, and its memory then."""
    began = time.perf_counter()
    with server(workers=0, data=data) as started:
        return time.perf_counter() - began, unshared(started.pid)


def measure(scale: Scale) -> list[Row]:
    fired, kept, ticks = scale.of(10_000, 200), scale.of(100_000, 1000), scale.of(500, 20)
    with tempfile.TemporaryDirectory(prefix="blazy-bench-") as folder:
        none, some, many = fill(Path(folder), 0, fired, kept)
        rates, batches, starts, starts_without = [], [], [], []
        grown, grown_by_runs, at_rest = [], [], []
        for _ in scale.times():
            rate, growth = fire_rate(some, fired)
            rates.append(rate)
            grown.append(growth)
            rate, growth = batch_rate(none, fired)
            batches.append(rate)
            grown_by_runs.append(growth)
        for _ in scale.times(5):
            seconds_without, bytes_without = start_seconds(none)
            seconds, size = start_seconds(many)
            starts.append(seconds)
            starts_without.append(seconds_without)
            at_rest.append((size - bytes_without) / kept / KIB)
    late = lateness(ticks)
    rate, baseline = median(rates), median(batches)
    begin, begin_without = median(starts), median(starts_without)
    return [
        Row(
            f"{fired:,} schedules due at once",
            rate,
            "fires/s",
            baseline,
            f"runs/s, batches of {TOGETHER}",
            rate / baseline,
        ),
        *(
            Row(f"schedule due → run started, p{share * 100:g}", quantile(late, share), "ms", lower=True)
            for share in (0.5, 0.99)
        ),
        Row("memory per schedule, waiting", median(at_rest), "KiB", lower=True),
        Row(
            "memory per schedule, fired",
            median(grown),
            "KiB",
            median(grown_by_runs),
            "KiB per dispatched run",
            lower=True,
        ),
        Row(
            f"startup with {kept:,} schedules",
            1e3 * begin,
            "ms",
            1e3 * begin_without,
            "ms, with none",
            begin / begin_without,
            lower=True,
        ),
    ]


if __name__ == "__main__":
    main(measure)
