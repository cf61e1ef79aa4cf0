"""A file with 1,000,000 finished runs and 100,000 waiting ones that nobody serves, against an empty one.

`--finished-runs 10000000` for a larger one; it takes some 10 GB of the temporary folder's disk.
"""

from __future__ import annotations

import sqlite3
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from benchmarks.accept import CONNECTIONS
from benchmarks.cost import Meter, of_server
from benchmarks.drain import Drained, cost_of, rate_of, resume, warm
from benchmarks.fill import copy_run
from benchmarks.latency import starts
from benchmarks.load import hammer
from benchmarks.servers import (
    completed,
    dispatch_many,
    dispatch_request,
    register,
    server,
    until_completed,
)
from benchmarks.table import Row, Scale, main, median, median_cost, quantile
from tests.support.server import Server

GIB = 1024**3


def fill(data: Path, finished: int, waiting: int) -> None:
    """One of each through the front door, the others as their copies."""
    with server(workers=1, data=data) as started, started.client() as client:
        register(client, "unserved")
        dispatch_many(client, "unserved", 1)
        dispatch_many(client, "noop", 1)
        until_completed(client, 1)
        started.stop()
    path = data / "jobs.db"
    connection = sqlite3.connect(path)
    found = connection.execute(
        "SELECT runs.id, lanes.job_type FROM runs JOIN lanes ON lanes.id = runs.lane_id ORDER BY runs.id"
    ).fetchall()
    connection.close()
    for run_id, job in found:
        copy_run(path, run_id, waiting if job == "unserved" else finished)


@dataclass
class Findings:
    accepted: list[float] = field(default_factory=list)
    accept_costs: list[dict[str, float]] = field(default_factory=list)
    drained: list[Drained] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)


def turn(started: Server, client: httpx.Client, total: int, starting: int, found: Findings) -> None:
    """Runs are accepted while their job type is paused, and drained then."""
    wanted = completed(client) + total
    client.post("/v1/job-types/noop/pause").raise_for_status()
    meter = Meter(of_server(started))
    load = hammer(started.url, [dispatch_request()], connections=CONNECTIONS, total=total).expect(202)
    found.accept_costs.append(meter.microseconds(total))
    found.accepted.append(load.rate)
    found.drained.append(resume(client, "noop", total, wanted, [of_server(started)]))
    found.milliseconds += starts(started.url, starting)


def compare(full_data: Path, scale: Scale) -> tuple[Findings, Findings]:
    """The full file and the empty one: both servers are up, and measured in turn."""
    total, starting = scale.of(10_000, 100), scale.of(100, 3)
    full, empty = Findings(), Findings()
    with (
        server(workers=1, data=full_data) as on_full,
        server(workers=1) as on_empty,
        on_full.client() as full_client,
        on_empty.client() as empty_client,
    ):
        for client in (full_client, empty_client):
            warm(client, ["noop"], scale.of(200, 10))
        for _ in scale.times(5):
            turn(on_empty, empty_client, total, starting, empty)
            turn(on_full, full_client, total, starting, full)
    return full, empty


def ratio(figure: str, full: float, empty: float, unit: str, *, lower: bool = False, **costs: dict[str, float]) -> Row:
    reach = 1 / 0.9 if lower else 0.9
    row_costs = {f"{figure}, {name.replace('_', ' ')}, per run": cost for name, cost in costs.items()}
    return Row(figure, full, unit, empty, f"{unit}, empty file", full / empty, reach, lower, row_costs)


def rows_of(full: Findings, empty: Findings) -> Sequence[Row]:
    accept_costs = [median_cost(found.accept_costs) for found in (full, empty)]
    drain_costs = [cost_of(found.drained) for found in (full, empty)]
    return [
        ratio(
            "dispatch, one request per run, full file",
            median(full.accepted),
            median(empty.accepted),
            "runs/s",
            full_file=accept_costs[0],
            empty_file=accept_costs[1],
        ),
        ratio(
            "drain, full file",
            rate_of(full.drained),
            rate_of(empty.drained),
            "runs/s",
            full_file=drain_costs[0],
            empty_file=drain_costs[1],
        ),
        *(
            ratio(
                f"idle dispatch → handler start, full file, p{share * 100:g}",
                quantile(full.milliseconds, share),
                quantile(empty.milliseconds, share),
                "ms",
                lower=True,
            )
            for share in (0.5, 0.99)
        ),
    ]


def measure(scale: Scale) -> list[Row]:
    finished, waiting = scale.of(scale.finished_runs, 2000), scale.of(100_000, 500)
    with tempfile.TemporaryDirectory(prefix="blazy-bench-") as folder:
        data = Path(folder) / "full"
        began = time.monotonic()
        fill(data, finished, waiting)
        seconds, size = time.monotonic() - began, (data / "jobs.db").stat().st_size
        full, empty = compare(data, scale)
    contents = f"{finished:,} finished runs and {waiting:,} that nobody serves"
    return [
        *rows_of(full, empty),
        Row(f"full file, {contents}: its size", size / GIB, "GiB"),
        Row("full file: filled by SQL in", seconds, "s"),
    ]


if __name__ == "__main__":
    main(measure)
