"""The Python client: how much it costs over bare httpx on the same route, and over 100 runs followed at once."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

import httpx
from blazy_jobs import AsyncClient, Client

from benchmarks.servers import PAYLOAD, dispatch_request, register, server
from benchmarks.table import Row, Scale, main, median

TOGETHER = 32
LINES = 20


def one_after_another(number: int, send: Callable[[], object]) -> float:
    began = time.perf_counter()
    for _ in range(number):
        send()
    return number / (time.perf_counter() - began)


async def together(number: int, send: Callable[[], Awaitable[object]]) -> float:
    left = number

    async def sender() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            await send()

    began = time.perf_counter()
    await asyncio.gather(*(sender() for _ in range(TOGETHER)))
    return number / (time.perf_counter() - began)


def blocking_rates(url: str, number: int) -> tuple[float, float]:
    """Of the client, and of bare httpx."""
    _, path, body = dispatch_request()
    with Client(url) as client, httpx.Client(base_url=url, trust_env=False) as bare:
        ours = one_after_another(number, lambda: client.dispatch("noop", PAYLOAD))
        theirs = one_after_another(number, lambda: bare.post(path, json=body).json())
    return ours, theirs


async def async_rates(url: str, number: int) -> tuple[float, float]:
    _, path, body = dispatch_request()
    limits = httpx.Limits(max_connections=TOGETHER)
    async with AsyncClient(url) as client, httpx.AsyncClient(base_url=url, trust_env=False, limits=limits) as bare:
        ours = await together(number, lambda: client.dispatch("noop", PAYLOAD))
        theirs = await together(number, lambda: bare.post(path, json=body))
    return ours, theirs


def many_rate(url: str, number: int) -> float:
    with Client(url) as client:
        runs = [("noop", PAYLOAD)] * number
        began = time.perf_counter()
        client.dispatch_many(runs)
        return number / (time.perf_counter() - began)


async def follow(url: str, runs: int) -> tuple[float, float]:
    """Events a second over all followers, and the client's CPU microseconds an event."""
    async with AsyncClient(url) as client:
        followed = [await client.dispatch("ticks", {"lines": LINES}) for _ in range(runs)]
        began, cpu = time.perf_counter(), time.process_time()
        counts = await asyncio.gather(*(_count(run) for run in followed))
        seconds, used = time.perf_counter() - began, time.process_time() - cpu
    return sum(counts) / seconds, used / sum(counts) * 1e6


async def _count(run: object) -> int:
    return sum([1 async for _ in run.events(timeout=60)])  # type: ignore[attr-defined]


def measure(scale: Scale) -> list[Row]:
    number, batch, runs = scale.of(1000, 50), scale.of(50_000, 500), scale.of(100, 10)
    blocking: list[tuple[float, float]] = []
    asynchronous: list[tuple[float, float]] = []
    many: list[float] = []
    with server(workers=0) as started, started.client() as client:
        register(client, "noop")
        for _ in scale.times():
            blocking.append(blocking_rates(started.url, number))
            asynchronous.append(asyncio.run(async_rates(started.url, number)))
            many.append(many_rate(started.url, batch))
    with server(workers=1) as started:
        events, cost = zip(*(asyncio.run(follow(started.url, runs)) for _ in scale.times()), strict=True)
    rows = []
    for name, rates in (("Client", blocking), (f"AsyncClient, {TOGETHER} at once", asynchronous)):
        ours, theirs = median(rate for rate, _ in rates), median(rate for _, rate in rates)
        rows.append(Row(f"{name}: dispatch", ours, "runs/s", theirs, "requests/s, bare httpx", ratio=ours / theirs))
    return [
        *rows,
        Row("Client: dispatch_many", median(many), "runs/s", median(rate for rate, _ in blocking), "runs/s one by one"),
        Row(f"AsyncClient: {runs} runs followed at once", median(events), "events/s"),
        Row("the same, client CPU per event", median(cost), "µs"),
    ]


if __name__ == "__main__":
    main(measure)
