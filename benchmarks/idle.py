"""CPU of an idle server and two workers, as a share of one core."""

from __future__ import annotations

import time

import psutil

from benchmarks.servers import dispatch_many, server, until_completed
from benchmarks.table import Row, Scale, main
from tests.support.server import Server

WORKERS = 2


def cpu_seconds(started: Server) -> float:
    total = 0.0
    for process in [psutil.Process(started.pid), *started.processes()]:
        times = process.cpu_times()
        total += times.user + times.system
    return total


def measure(scale: Scale) -> list[Row]:
    seconds = scale.of(20, 1)
    with server(workers=WORKERS) as started, started.client() as client:
        dispatch_many(client, "noop", 10)
        dispatch_many(client, "noop-sync", 10)
        until_completed(client, 20)
        client.close()
        time.sleep(scale.of(3, 0))
        before, began = cpu_seconds(started), time.monotonic()
        time.sleep(seconds)
        share = (cpu_seconds(started) - before) / (time.monotonic() - began)
    return [Row("idle server and two workers: CPU", 100 * share, "% of a core", target=1.0, lower=True)]


if __name__ == "__main__":
    main(measure)
