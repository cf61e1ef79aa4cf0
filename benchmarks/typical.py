"""Drain of typical runs: such as log and report progress, and such as carry data, beside no-ops in the same server."""

from __future__ import annotations

from typing import Any

from benchmarks.cost import of_server
from benchmarks.drain import Drained, cost_of, drain, rate_of, warm
from benchmarks.servers import PAYLOAD, server
from benchmarks.table import Row, Scale, main

LARGE_PAYLOAD = {"text": "x" * 4000}
KINDS = {
    "noop": ("no-ops", PAYLOAD),
    "tells": ("that log twice and report progress", PAYLOAD),
    "large": ("with 4 KB of payload and 1 KB of result", LARGE_PAYLOAD),
}
PLACES = {"": "async, one worker", "-sync": "sync, two slots"}


def measure(scale: Scale) -> list[Row]:
    number = scale.of(10_000, 50)
    found: dict[str, list[Drained]] = {f"{kind}{place}": [] for place in PLACES for kind in KINDS}
    with server(workers=1) as started, started.client() as client:
        warm(client, list(found), scale.of(200, 5))
        for _ in scale.times():
            for job, turns in found.items():
                payload: Any = KINDS[job.removesuffix("-sync")][1]
                turns.append(drain(client, job, number, [of_server(started)], payload))
    return [row(kind, place, found) for place in PLACES for kind in KINDS if kind != "noop"]


def row(kind: str, place: str, found: dict[str, list[Drained]]) -> Row:
    turns, noops = found[f"{kind}{place}"], found[f"noop{place}"]
    figure = f"drain of 10,000 {KINDS[kind][0]}, {PLACES[place]}"
    costs = {
        f"{figure}, per run": cost_of(turns),
        f"drain of 10,000 no-ops beside them, {PLACES[place]}, per run": cost_of(noops),
    }
    rate, baseline = rate_of(turns), rate_of(noops)
    return Row(figure, rate, "runs/s", baseline, "runs/s, no-ops", rate / baseline, costs=costs)


if __name__ == "__main__":
    main(measure)
