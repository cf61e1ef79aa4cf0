"""A thousand readers of one stream: events delivered a second, and the memory that a stream takes."""

from __future__ import annotations

import time

import psutil

from benchmarks.readers import Order, Reading
from benchmarks.servers import batch_request, register, server
from benchmarks.table import Row, Scale, main, median

KIB = 1024


def unshared(pid: int) -> int:
    return int(psutil.Process(pid).memory_full_info().uss)


def measure(scale: Scale) -> list[Row]:
    readers, runs = scale.of(1000, 20), scale.of(400, 20)
    rates: list[float] = []
    memory: list[float] = []
    single: list[float] = []
    with server(workers=0) as started, started.client() as client:
        register(client, "noop")
        for few in (True, False):
            for _ in scale.times():
                number = 1 if few else readers
                before = unshared(started.pid)
                reading = Reading(Order(started.url, ["/v1/events?job_type=noop"] * number, expect=runs))
                held = (unshared(started.pid) - before) / number / KIB
                began = time.monotonic()
                client.post("/v1/runs/batch", json=batch_request(size=runs)[2]).raise_for_status()
                delivered = reading.finish(stop=False)
                rate = delivered.events / (delivered.last_at - began)
                held = max(held, (unshared(started.pid) - before) / number / KIB)
                (single if few else rates).append(rate)
                if not few:
                    memory.append(held)
    rate, alone = median(rates), median(single)
    return [
        Row("1,000 readers of one stream", rate, "deliveries/s", alone, "deliveries/s, one reader", target=40_000),
        Row("memory a stream", max(memory), "KiB", target=40, lower=True),
    ]


if __name__ == "__main__":
    main(measure)
