"""CPU of an idle server and two workers, as a share of one core."""

from __future__ import annotations

import time

from benchmarks.cost import Meter, of_server
from benchmarks.servers import dispatch_many, server, until_completed
from benchmarks.table import Row, Scale, main

WORKERS = 2


def measure(scale: Scale) -> list[Row]:
    with server(workers=WORKERS) as started, started.client() as client:
        dispatch_many(client, "noop", 10)
        dispatch_many(client, "noop-sync", 10)
        until_completed(client, 20)
        client.close()
        time.sleep(scale.of(3, 0))  # what the last runs left to do is over
        meter, began = Meter(of_server(started)), time.monotonic()
        time.sleep(scale.of(20, 1))  # doing nothing is what is measured
        cost = meter.microseconds(time.monotonic() - began)
    figure = "idle server and two workers: CPU"
    percent = sum(cost.values()) / 1e6 * 100
    return [Row(figure, percent, "% of a core", target=0.5, lower=True, costs={f"{figure}, per second": cost})]


if __name__ == "__main__":
    main(measure)
