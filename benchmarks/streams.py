"""A thousand readers of one stream: events delivered a second, and the memory that a stream takes."""

from __future__ import annotations

import httpx
import psutil

from benchmarks.load import hammer
from benchmarks.readers import Order, Reading
from benchmarks.servers import dispatch_request, register, server
from benchmarks.table import Row, Scale, main, median
from tests.support.server import Server

KIB = 1024
WRITERS = 8


def unshared(pid: int) -> int:
    return int(psutil.Process(pid).memory_full_info().uss)


def follow(started: Server, readers: int, runs: int) -> tuple[float, float, float]:
    """Deliveries a second, and KiB a stream before and after. Each run's `queued` is the one event that is read."""
    before = unshared(started.pid)
    reading = Reading(Order(started.url, ["/v1/events?job_type=noop"] * readers, expect=runs))
    idle = (unshared(started.pid) - before) / readers / KIB
    found = hammer(started.url, [dispatch_request()], connections=WRITERS, total=runs).expect(202)
    delivered = reading.finish(stop=False)
    busy = (unshared(started.pid) - before) / readers / KIB
    return delivered.events / (delivered.last_at - found.began_at), idle, busy


def warm(client: httpx.Client) -> None:
    register(client, "noop")
    client.post("/v1/job-types/noop/runs", json={"payload": {}}).raise_for_status()


def measure(scale: Scale) -> list[Row]:
    readers, runs = scale.of(1000, 20), scale.of(1000, 50)
    rates: list[float] = []
    single: list[float] = []
    idle: list[float] = []
    busy: list[float] = []
    with server(workers=0) as started, started.client() as client:
        warm(client)
        for _ in scale.times():
            single.append(follow(started, 1, runs)[0])
            rate, at_rest, at_work = follow(started, readers, runs)
            rates.append(rate)
            idle.append(at_rest)
            busy.append(at_work)
    return [
        Row(
            f"{readers:,} readers of one stream",
            median(rates),
            "deliveries/s",
            median(single),
            "deliveries/s, one reader",
            target=40_000,
        ),
        Row("memory per stream, idle", max(idle), "KiB", target=16, lower=True),
        Row("memory per stream, after the events", max(busy), "KiB", target=16, lower=True),
    ]


if __name__ == "__main__":
    main(measure)
