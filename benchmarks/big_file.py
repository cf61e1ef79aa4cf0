"""Claim and dispatch with 1,000,000 finished runs in the file and 100,000 waiting ones that nobody serves."""

from __future__ import annotations

import sqlite3
import tempfile
from pathlib import Path

from benchmarks.accept import CONNECTIONS
from benchmarks.drain import drain_rates
from benchmarks.fill import copy_run
from benchmarks.load import hammer
from benchmarks.servers import dispatch_many, dispatch_request, register, server, until_completed
from benchmarks.table import Row, Scale, main, median


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


def dispatch_rates(data: Path | None, total: int, times: range) -> list[float]:
    """To a file that has `noop` already, or to an empty one."""
    with server(workers=0, data=data) as started, started.client() as client:
        if data is None:
            register(client, "noop")
        order = [dispatch_request()]
        return [hammer(started.url, order, connections=CONNECTIONS, total=total).expect(202).rate for _ in times]


def measure(scale: Scale) -> list[Row]:
    runs, total = scale.of(10_000, 100), scale.of(20_000, 200)
    finished, waiting = scale.of(1_000_000, 2000), scale.of(100_000, 500)
    with tempfile.TemporaryDirectory(prefix="blazy-bench-") as folder:
        big = Path(folder) / "big"
        fill(big, finished, waiting)
        drained, drained_empty, accepted, accepted_empty = [], [], [], []
        for _ in scale.times():
            # In turn, so that a change of the machine's mood hits both; the first of each warms up.
            drained_empty += drain_rates("noop", runs, scale.times(2))[-1:]
            drained += drain_rates("noop", runs, scale.times(2), data=big)[-1:]
        for _ in scale.times():
            accepted_empty += dispatch_rates(None, total, scale.times(2))[-1:]
            accepted += dispatch_rates(big, total, scale.times(2))[-1:]
    name = "runs/s, empty file"
    claim, claim_empty = median(drained), median(drained_empty)
    dispatch, dispatch_empty = median(accepted), median(accepted_empty)
    return [
        Row("drain, full file", claim, "runs/s", claim_empty, name, claim / claim_empty, 0.85),
        Row("dispatch, full file", dispatch, "runs/s", dispatch_empty, name, dispatch / dispatch_empty, 0.85),
    ]


if __name__ == "__main__":
    main(measure)
