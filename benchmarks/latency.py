"""Idle dispatch → handler start: from before the POST until the handler's first line, on one machine's clock."""

from __future__ import annotations

import asyncio
import time

from benchmarks.servers import empty_app, server
from benchmarks.table import Row, Scale, main, quantile
from tests.support.wire import Session

PAUSE_SECONDS = 0.01


async def starts(url: str, number: int) -> list[float]:
    """Milliseconds from the dispatch to the start, one run at a time."""
    session = Session(url)
    found = []
    for _ in range(number):
        await asyncio.sleep(PAUSE_SECONDS)
        sent = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        answer = await session.ask("POST", "/v1/job-types/clock/runs", {"payload": None})
        run = answer.json()
        while run["state"] != "completed":
            run = (await session.ask("GET", f"/v1/runs/{run['id']}?wait_seconds=10")).json()
        found.append((run["result"] - sent) / 1e6)
    session.close()
    return found


async def answers(url: str, number: int) -> list[float]:
    """Milliseconds that the empty route takes to answer."""
    session = Session(url)
    found = []
    for _ in range(number):
        await asyncio.sleep(PAUSE_SECONDS)
        sent = time.perf_counter()
        await session.ask("POST", "/v1/job-types/clock/runs", {"payload": {}})
        found.append((time.perf_counter() - sent) * 1e3)
    session.close()
    return found


def measure(scale: Scale) -> list[Row]:
    number = scale.of(500, 20)
    with server(workers=1) as started, empty_app() as empty:
        asyncio.run(starts(started.url, 10))
        ours = asyncio.run(starts(started.url, number))
        theirs = asyncio.run(answers(empty, number))
    name = "ms, answer of the empty route"
    rows = []
    for share, target in ((0.5, 2.5), (0.99, 8.0)):
        value, baseline = quantile(ours, share), quantile(theirs, share)
        label = f"idle dispatch → handler start, p{share * 100:g}"
        rows.append(Row(label, value, "ms", baseline, name, target=target, lower=True))
    return rows


if __name__ == "__main__":
    main(measure)
