"""Idle dispatch → handler start: from before the POST until the handler's first line, on one machine's clock.

With pauses of several lengths between dispatches: after a pause processors and processes wake first, which alone
lifts the answer of the empty route.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable

from benchmarks.servers import empty_app, server
from benchmarks.table import Row, Scale, main, quantile
from tests.support.wire import Session

PAUSES_MS = (0, 2, 10)
BLOCKS = 5
TARGETS = {0.5: 1.5, 0.99: 4.0}
"""Milliseconds, with the longest pause."""

Measurement = Callable[[Session], Awaitable[float]]


async def start(session: Session) -> float:
    """Milliseconds from the dispatch to the start."""
    sent = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    run = (await session.ask("POST", "/v1/job-types/clock/runs", {"payload": None})).json()
    while run["state"] != "completed":
        run = (await session.ask("GET", f"/v1/runs/{run['id']}?wait_seconds=10")).json()
    return float(run["result"] - sent) / 1e6


async def answer(session: Session) -> float:
    """Milliseconds that the empty route takes to answer."""
    sent = time.perf_counter()
    await session.ask("POST", "/v1/job-types/clock/runs", {"payload": {}})
    return (time.perf_counter() - sent) * 1e3


async def one_by_one(url: str, measurement: Measurement, number: int, pause_ms: float) -> list[float]:
    session = Session(url)
    found = []
    for _ in range(number):
        if pause_ms:
            await asyncio.sleep(pause_ms / 1000)
        found.append(await measurement(session))
    session.close()
    return found


def starts(url: str, number: int, pause_ms: float = PAUSES_MS[-1]) -> list[float]:
    return asyncio.run(one_by_one(url, start, number, pause_ms))


def answers(url: str, number: int, pause_ms: float = PAUSES_MS[-1]) -> list[float]:
    return asyncio.run(one_by_one(url, answer, number, pause_ms))


def rows_of(pause_ms: int, ours: list[float], theirs: list[float]) -> list[Row]:
    rows = []
    for share, target in TARGETS.items():
        value, baseline = quantile(ours, share), quantile(theirs, share)
        label = f"idle dispatch → handler start, pause {pause_ms} ms, p{share * 100:g}"
        reach = target if pause_ms == PAUSES_MS[-1] else None
        rows.append(Row(label, value, "ms", baseline, "ms, answer of the empty route", target=reach, lower=True))
    return rows


def measure(scale: Scale) -> list[Row]:
    number, blocks = scale.of(100, 5), range(scale.of(BLOCKS, 1))
    rows = []
    with server(workers=1) as started, empty_app() as empty:
        starts(started.url, 10)
        for pause_ms in PAUSES_MS:
            ours, theirs = [], []
            for _ in blocks:
                ours += starts(started.url, number, pause_ms)
                theirs += answers(empty, number, pause_ms)
            rows += rows_of(pause_ms, ours, theirs)
    return rows


if __name__ == "__main__":
    main(measure)
