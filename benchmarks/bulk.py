"""Bulk operations in a file with 1,000,000 waiting runs: how long a dry run takes, how many runs a second they reach,
and what others see of the API meanwhile."""

from __future__ import annotations

import json
import shutil
import sqlite3
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx

from benchmarks.cost import Meter, of_server
from benchmarks.fill import copy_runs
from benchmarks.load import Loading, Order
from benchmarks.servers import dispatch_request, register, server
from benchmarks.table import Row, Scale, main, median, quantile
from tests.support.server import Server

STEP = 500
"""Runs in a transaction of a bulk operation."""
PROBES = 2
PROBE_EVERY_SECONDS = 0.02
POLL_SECONDS = 0.05
MOST_SECONDS = 600.0


def fill(data: Path, waiting: int, others: int) -> None:
    """`cancelled` has so many runs that wait, `moved` so many that are scheduled."""
    with server(workers=0, data=data) as started, started.client() as client:
        for name, delay_seconds in (("cancelled", 0), ("moved", 86_400)):
            register(client, name)
            body = {"payload": {"userId": "u-123456"}, "delay_seconds": delay_seconds}
            client.post(f"/v1/job-types/{name}/runs", json=body).raise_for_status()
        register(client, "noop")
        started.stop()
    connection = sqlite3.connect(data / "jobs.db")
    found = connection.execute(
        "SELECT lanes.job_type, runs.id FROM runs JOIN lanes ON lanes.id = runs.lane_id"
    ).fetchall()
    connection.close()
    runs = dict(found)
    copy_runs(data / "jobs.db", {runs["cancelled"]: waiting - 1, runs["moved"]: others - 1})


def bare_rate(path: Path, number: int) -> float:
    """Runs a second that SQLite alone changes so in a copy of the file: a row and an event of each, 500 a commit."""
    copy = path.with_name("bare.db")
    shutil.copy(path, copy)
    connection = sqlite3.connect(copy, isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    newest = connection.execute(
        "SELECT runs.id FROM lanes JOIN runs ON runs.lane_id = lanes.id WHERE lanes.job_type = 'cancelled' "
        "ORDER BY runs.id DESC LIMIT ?",
        (number,),
    )
    keys = [row[0] for row in newest]
    (event,) = connection.execute("SELECT max(id) FROM events").fetchone()
    began = time.perf_counter()
    for start in range(0, len(keys), STEP):
        some = json.dumps(keys[start : start + STEP])
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "UPDATE runs SET state = 6, cancel_requested = 1, seq = seq + 1, finished_at = 1, delete_at = 1 "
            "WHERE id IN (SELECT value FROM json_each(?))",
            (some,),
        )
        connection.execute(
            "INSERT INTO events (id, run_id, seq, type, state, attempt, time, data) "
            "SELECT ? + key, value, 2, 9, 6, 0, 1, '{\"reason\":null}' FROM json_each(?)",
            (event + 1 + start, some),
        )
        connection.execute("COMMIT")
    seconds = time.perf_counter() - began
    connection.close()
    for suffix in ("", "-wal", "-shm"):
        copy.with_name(f"{copy.name}{suffix}").unlink(missing_ok=True)
    return len(keys) / seconds


# -- through the front door


def seconds_of(client: httpx.Client, path: str, body: Any = None) -> tuple[float, Any]:
    """How long a request takes, and its answer."""
    began = time.perf_counter()
    answer = client.get(path) if body is None else client.post(path, json=body)
    seconds = time.perf_counter() - began
    return seconds, answer.raise_for_status().json()


def moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


def ended(client: httpx.Client, path: str) -> Any:
    deadline = time.monotonic() + MOST_SECONDS
    while True:
        bulk = client.get(path).raise_for_status().json()
        if bulk["state"] != "running":
            return bulk
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} is at {bulk}")
        time.sleep(POLL_SECONDS)


def rate_of(bulk: Mapping[str, Any]) -> float:
    if bulk["state"] != "completed" or bulk["failed"]:
        raise RuntimeError(f"it went wrong: {bulk}")
    return float(bulk["done"] / (moment(bulk["finished_at"]) - moment(bulk["created_at"])))


def done(started: Server, client: httpx.Client, action: str, **body: Any) -> tuple[float, dict[str, float]]:
    """Runs a second, and microseconds of processor time for each."""
    meter = Meter(of_server(started))
    asked = client.post("/v1/runs/bulk", json={"action": action, **body}).raise_for_status()
    bulk = ended(client, asked.headers["location"])
    return rate_of(bulk), meter.microseconds(bulk["done"])


@dataclass
class Waits:
    """Milliseconds that the API's users wait for answers."""

    reads: list[float] = field(default_factory=list)
    dispatches: list[float] = field(default_factory=list)

    def probe(self, url: str, run_id: str, seconds: float) -> None:
        pace: dict[str, Any] = {"connections": PROBES, "seconds": seconds, "every_seconds": PROBE_EVERY_SECONDS}
        reading = Loading(Order(url, [("GET", f"/v1/runs/{run_id}", None)], **pace))
        dispatching = Loading(Order(url, [dispatch_request()], **pace))
        self.reads += reading.findings().expect(200).milliseconds
        self.dispatches += dispatching.findings().expect(202).milliseconds


def cancel_beside_others(started: Server, client: httpx.Client, run_id: str, seconds: float) -> tuple[Row, Waits]:
    """All of `cancelled`, while others read a run and dispatch."""
    waits = Waits()
    meter = Meter(of_server(started))
    body = {"action": "cancel", "filter": {"job_type": "cancelled"}}
    path = client.post("/v1/runs/bulk", json=body).raise_for_status().headers["location"]
    while client.get(path).raise_for_status().json()["state"] == "running":
        waits.probe(started.url, run_id, seconds)
    bulk = ended(client, path)
    if not waits.reads:
        waits.probe(started.url, run_id, seconds)
    figure = f"bulk cancel of {bulk['done']:,} waiting runs, beside 200 requests/s"
    costs = {f"{figure}, per run": meter.microseconds(bulk["done"])}
    return Row(figure, rate_of(bulk), "runs/s", target=20_000, costs=costs), waits


def dry_runs(client: httpx.Client, waiting: int, times: range) -> list[Row]:
    """Of a filter that the counters know, and of one that they do not."""
    rows = []
    by_counters = {"job_type": "cancelled", "state": "queued"}
    by_looking = by_counters | {"created_after": "2020-01-01T00:00:00Z"}
    for name, where in (("by job type and state", by_counters), ("by time too", by_looking)):
        body = {"action": "cancel", "filter": where, "dry_run": True}
        found = [seconds_of(client, "/v1/runs/bulk", body) for _ in times]
        matched, at_least = found[-1][1]["matched"], found[-1][1]["at_least"]
        if not at_least and matched != waiting:
            raise RuntimeError(f"{matched} of {waiting} were counted")
        figure = f"dry run {name}, {waiting:,} waiting runs ({'at least ' * at_least}{matched:,} counted)"
        rows.append(Row(figure, median(seconds for seconds, _ in found), "s", target=1, lower=True))
    counted = [
        seconds_of(client, f"/v1/runs/count?{httpx.QueryParams(where)}")[0] * 1000
        for where in (by_counters, by_looking)
        for _ in times
    ]
    return [*rows, Row("count of the same, the slower one", max(counted), "ms")]


def others(started: Server, client: httpx.Client, number: int) -> list[Row]:
    """The other actions, on the runs of `moved`."""
    rows = []
    where = {"filter": {"job_type": "moved"}}
    replayed = {"filter": {"job_type": "moved", "state": "cancelled"}}
    for action, body in (
        ("reprioritise", where | {"priority": 5}),
        ("run_now", where),
        ("cancel", where),
        ("replay", replayed),
        ("erase", replayed),
    ):
        rate, cost = done(started, client, action, **body)
        figure = f"bulk {action} of {number:,}"
        rows.append(Row(figure, rate, "runs/s", costs={f"{figure}, per run": cost}))
    return rows


def measure(scale: Scale) -> list[Row]:
    waiting, moved, seconds = (
        scale.of(scale.finished_runs, 2000),
        scale.of(scale.finished_runs // 10, 1000),
        scale.of(5, 1),
    )
    with tempfile.TemporaryDirectory(prefix="blazy-bench-") as folder:
        data = Path(folder) / "full"
        fill(data, waiting, moved)
        bare = bare_rate(data / "jobs.db", scale.of(100_000, 1000))
        with server(workers=0, data=data) as started, started.client() as client:
            run_id = client.get("/v1/runs", params={"job_type": "moved", "limit": 1}).json()["data"][0]["id"]
            rows = dry_runs(client, waiting, scale.times())
            without = Waits()
            without.probe(started.url, run_id, seconds)
            without.probe(started.url, run_id, seconds)
            cancelled, beside = cancel_beside_others(started, client, run_id, seconds)
            rows.append(cancelled)
            name = "runs/s, bare SQLite FULL by 500, a row and an event of each"
            rows.append(
                Row("the same, against bare SQLite", cancelled.value, "runs/s", bare, name, cancelled.value / bare)
            )
            for figure, values, usual in (
                ("GET /v1/runs/{id}", beside.reads, without.reads),
                ("dispatch", beside.dispatches, without.dispatches),
            ):
                value, baseline = quantile(values, 0.99), quantile(usual, 0.99)
                label = f"{figure} beside a bulk cancel, p99"
                rows.append(Row(label, value, "ms", baseline, "ms, without it", target=100, lower=True))
            rows += others(started, client, moved)
    return rows


if __name__ == "__main__":
    main(measure)
