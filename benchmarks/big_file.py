"""A file with 1,000,000 finished runs and 100,000 waiting ones that nobody serves, against an empty one.

`--finished-runs 10000000` for a larger one; it takes some 6 GB of the temporary folder's disk.
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
from benchmarks.fill import copy_runs
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


def fill(data: Path, finished: int, waiting: int) -> float:
    """One of each through the front door, the others as their copies; the seconds that copying took."""
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
    began = time.monotonic()
    copy_runs(path, {run_id: waiting if job == "unserved" else finished for run_id, job in found})
    return time.monotonic() - began


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


def both_rows(figure: str, rates: Sequence[float], costs: Sequence[dict[str, float]], reach: float) -> list[Row]:
    """Of the full and the empty file: what was done a second, and the CPU time of it."""
    full, empty = rates
    shown = {f"{figure}, per run": costs[0], f"{figure.replace('full', 'empty')}, per run": costs[1]}
    rows = [Row(figure, full, "runs/s", empty, "runs/s, empty file", full / empty, reach, costs=shown)]
    if all(costs):
        used, used_empty = (sum(cost.values()) for cost in costs)
        name = "µs, empty file"
        rows.append(
            Row(f"{figure}: CPU", used, "µs per run", used_empty, name, used / used_empty, 1 / reach, lower=True)
        )
    return rows


def rows_of(full: Findings, empty: Findings, reach: float) -> list[Row]:
    both = (full, empty)
    dispatch_rates, drain_rates = [median(each.accepted) for each in both], [rate_of(each.drained) for each in both]
    dispatch_costs = [median_cost(each.accept_costs) for each in both]
    drain_costs = [cost_of(each.drained) for each in both]
    rows = [
        *both_rows("dispatch, one request per run, full file", dispatch_rates, dispatch_costs, reach),
        *both_rows("drain, full file", drain_rates, drain_costs, reach),
    ]
    for share in (0.5, 0.99):
        value, baseline = (quantile(each.milliseconds, share) for each in both)
        figure = f"idle dispatch → handler start, full file, p{share * 100:g}"
        rows.append(Row(figure, value, "ms", baseline, "ms, empty file", value / baseline, 1 / reach, lower=True))
    return rows


def measure(scale: Scale) -> list[Row]:
    finished, waiting = scale.of(scale.finished_runs, 2000), scale.of(100_000, 500)
    with tempfile.TemporaryDirectory(prefix="blazy-bench-") as folder:
        data = Path(folder) / "full"
        seconds = fill(data, finished, waiting)
        size = (data / "jobs.db").stat().st_size
        full, empty = compare(data, scale)
    contents = f"{finished:,} finished runs and {waiting:,} that nobody serves"
    return [
        *rows_of(full, empty, 0.9 if finished <= 1_000_000 else 0.85),
        Row(f"full file, {contents}: its size", size / GIB, "GiB"),
        Row("full file: filled by SQL in", seconds, "s"),
    ]


if __name__ == "__main__":
    main(measure)
