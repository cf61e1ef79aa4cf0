"""API p99 while 1,000 streams are followed and runs finish at half the drain rate, against that without streams."""

from __future__ import annotations

import time

import httpx

from benchmarks.drain import drain, rate_of
from benchmarks.load import Findings, Loading, Order
from benchmarks.readers import Order as ReadersOrder
from benchmarks.readers import Reading
from benchmarks.servers import batch_request, completed, dispatch_request, server
from benchmarks.table import Row, Scale, main, median

BATCH_EVERY_SECONDS = 0.1
TICKERS = 50
PROBES = 4
PROBE_EVERY_SECONDS = 0.02


def tickers(client: httpx.Client, number: int, seconds: float) -> list[str]:
    """Runs that go on and say so; the streams follow them."""
    items = [{"job_type": "ticker", "payload": {"seconds": seconds}} for _ in range(number)]
    return [run["id"] for run in client.post("/v1/runs/batch", json={"runs": items}).json()["data"]]


def probe(url: str, client: httpx.Client, followed: str, seconds: float, rate: float) -> tuple[Findings, float]:
    """What an API user sees meanwhile, and the rate at which runs finish."""
    size = max(1, int(rate * BATCH_EVERY_SECONDS))
    before, began = completed(client), time.monotonic()
    feeding = Loading(
        Order(url, [batch_request(size=size)], connections=1, seconds=seconds, every_seconds=BATCH_EVERY_SECONDS)
    )
    requests = [("GET", f"/v1/runs/{followed}", None), dispatch_request(), ("GET", "/v1/runs?limit=20", None)]
    probing = Loading(Order(url, requests, connections=PROBES, seconds=seconds, every_seconds=PROBE_EVERY_SECONDS))
    found = probing.findings().expect(200, 202)
    feeding.findings().expect(202)
    return found, (completed(client) - before) / (time.monotonic() - began)


def measure(scale: Scale) -> list[Row]:
    readers, seconds = scale.of(1000, 20), scale.of(8, 1)
    without, with_streams, finished = [], [], []
    with server(workers=1) as started, started.client() as client:
        rate = rate_of([drain(client, "noop", scale.of(10_000, 200), ()) for _ in scale.times()]) / 2
        followed = tickers(client, TICKERS, 3600)
        probe(started.url, client, followed[0], seconds / 4, rate)
        for _ in scale.times():
            without.append(probe(started.url, client, followed[0], seconds, rate)[0].quantile(0.99))
            paths = [f"/v1/runs/{followed[n % TICKERS]}/events" for n in range(readers)]
            reading = Reading(ReadersOrder(started.url, paths))
            found, ended = probe(started.url, client, followed[0], seconds, rate)
            with_streams.append(found.quantile(0.99))
            finished.append(ended)
            reading.finish(stop=True)
    value, baseline = median(with_streams), median(without)
    label = f"API p99, {readers:,} streams, {median(finished):,.0f} runs/s finish"
    return [Row(label, value, "ms", baseline, "ms, without streams", value / baseline, 3.0, lower=True)]


if __name__ == "__main__":
    main(measure)
