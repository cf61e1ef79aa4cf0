"""Drain of waiting no-op runs: async handlers in one worker process, and sync ones in two killable slots."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from benchmarks.cost import Meter, Source, of_server
from benchmarks.servers import PAYLOAD, completed, dispatch_many, server, sqlite_rows, until_completed
from benchmarks.table import Row, Scale, main, median, median_cost


@dataclass(frozen=True)
class Drained:
    rate: float
    cost: dict[str, float]
    """Microseconds of processor time a run, by activity."""


def drain(client: httpx.Client, job: str, number: int, sources: Sequence[Source], payload: Any = PAYLOAD) -> Drained:
    """From the moment that the job type is resumed until the last of its runs is completed."""
    client.post(f"/v1/job-types/{job}/pause").raise_for_status()
    wanted = completed(client) + number
    dispatch_many(client, job, number, payload)
    return resume(client, job, number, wanted, sources)


def resume(client: httpx.Client, job: str, number: int, wanted: int, sources: Sequence[Source]) -> Drained:
    """Until `wanted` runs are completed, of which `number` wait for the job type."""
    meter, began = Meter(*sources), time.monotonic()
    client.post(f"/v1/job-types/{job}/resume").raise_for_status()
    rate = number / (until_completed(client, wanted) - began)
    return Drained(rate, meter.microseconds(number))


def warm(client: httpx.Client, jobs: Sequence[str], number: int = 200) -> None:
    """Processes start, code is compiled, caches fill."""
    for job in jobs:
        drain(client, job, number, ())


def rate_of(turns: Sequence[Drained]) -> float:
    return median(turn.rate for turn in turns)


def cost_of(turns: Sequence[Drained]) -> dict[str, float]:
    return median_cost([turn.cost for turn in turns])


def measure(scale: Scale) -> list[Row]:
    number = scale.of(10_000, 200)
    bare = sqlite_rows(a_commit=100, rows=scale.of(50_000, 1000))
    found: dict[str, list[Drained]] = {"noop": [], "noop-sync": []}
    with server(workers=1) as started, started.client() as client:
        warm(client, list(found), scale.of(200, 10))
        for _ in scale.times(5):
            for job, turns in found.items():
                turns.append(drain(client, job, number, [of_server(started)]))
    labels = {"noop": ("async no-ops, one worker", 20_000), "noop-sync": ("sync no-ops, two slots", 10_000)}
    rows = []
    for job, turns in found.items():
        label, target = labels[job]
        figure = f"drain of 10,000 {label}"
        costs = {f"{figure}, per run": cost_of(turns)}
        name = "rows/s, bare SQLite FULL by 100"
        rows.append(Row(figure, rate_of(turns), "runs/s", bare, name, target=target, costs=costs))
    return rows


if __name__ == "__main__":
    main(measure)
