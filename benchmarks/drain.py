"""Drain of waiting no-op runs: async handlers in one worker process, and sync ones in two killable slots."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.servers import completed, dispatch_many, server, sqlite_rows, until_completed
from benchmarks.table import Row, Scale, main, median


def drain_rates(job: str, number: int, times: range, *, workers: int = 1, data: Path | None = None) -> list[float]:
    """Runs a second from the moment that their job type is resumed until the last is completed."""
    rates = []
    with server(workers=workers, data=data) as started, started.client() as client:
        done = completed(client)
        for _ in times:
            client.post(f"/v1/job-types/{job}/pause").raise_for_status()
            dispatch_many(client, job, number)
            began = time.monotonic()
            client.post(f"/v1/job-types/{job}/resume").raise_for_status()
            done += number
            rates.append(number / (until_completed(client, done) - began))
    return rates


def measure(scale: Scale) -> list[Row]:
    number = scale.of(10_000, 200)
    bare = sqlite_rows(a_commit=100, rows=scale.of(50_000, 1000))
    name = "rows/s, bare SQLite FULL by 100"
    loop = median(drain_rates("noop", number, scale.times(5)))
    slots = median(drain_rates("noop-sync", number, scale.times(5)))
    return [
        Row("drain of 10,000 async no-ops, one worker", loop, "runs/s", bare, name, target=20_000),
        Row("drain of 10,000 sync no-ops, two slots", slots, "runs/s", bare, name, target=10_000),
    ]


if __name__ == "__main__":
    main(measure)
