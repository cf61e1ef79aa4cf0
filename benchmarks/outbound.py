"""Posts to an endpoint: by the server's sender alone, and of runs by HTTP handlers, beside bare httpx."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from ipaddress import ip_network

import httpx
import uvloop

from benchmarks.cost import of_server
from benchmarks.drain import Drained, cost_of, drain, rate_of, warm
from benchmarks.servers import noop_receiver, server
from benchmarks.table import Row, Scale, main, median
from blazy_jobs_server.outbound import signing
from blazy_jobs_server.outbound.sender import GuardedSender

TOGETHER = 20
"""As many as the server has under way to one origin."""
BODY = b'{"run":{"id":"run_0123456789abc","payload":{"userId":"u-123456"}},"attempt":1,"filler":"' + b"x" * 300 + b'"}'


def headers(secret: str) -> dict[str, str]:
    return {
        "content-type": "application/json",
        **signing.sign([secret], "run_0123456789abc", int(time.time()), BODY),
    }


async def together(number: int, post: Callable[[], Awaitable[int]]) -> float:
    left = number

    async def poster() -> None:
        nonlocal left
        while left > 0:
            left -= 1
            assert await post() == 200

    began = time.perf_counter()
    await asyncio.gather(*(poster() for _ in range(TOGETHER)))
    return number / (time.perf_counter() - began)


async def rates(url: str, number: int, rounds: range) -> list[tuple[float, float]]:
    """Of the guard, and of bare httpx, alternately."""
    secret = signing.new_secret()
    guarded = GuardedSender(allow=[ip_network("127.0.0.0/8")])
    limits = httpx.Limits(max_connections=TOGETHER, max_keepalive_connections=TOGETHER)
    async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=30) as bare:

        async def ours() -> int:
            return (await guarded.post(url, headers(secret), BODY, timeout_seconds=30, max_body_bytes=1000)).status

        async def theirs() -> int:
            return (await bare.post(url, headers=headers(secret), content=BODY)).status_code

        try:
            return [(await together(number, ours), await together(number, theirs)) for _ in rounds]
        finally:
            await guarded.close()


def measure(scale: Scale) -> list[Row]:
    number = scale.of(5000, 200)
    turns: list[Drained] = []
    with noop_receiver() as url:
        found = uvloop.run(rates(f"{url}/hook", number, scale.times()))
        with server(workers=0, JOBS_HTTP_ALLOW="127.0.0.0/8") as started, started.client() as client:
            handler = {"kind": "http", "url": f"{url}/hook"}
            client.post("/v1/job-types", json={"name": "posted", "handler": handler}).raise_for_status()
            warm(client, ["posted"], scale.of(200, 10))
            for _ in scale.times():
                turns.append(drain(client, "posted", number, [of_server(started)]))
    ours, theirs = (median(values) for values in zip(*found, strict=True))
    bare, runs = "posts/s, bare httpx", rate_of(turns)
    posts = f"posts to one origin, {TOGETHER} at once"
    drained = f"drain of {number:,} runs by an HTTP handler"
    costs = {f"{drained}, per run": cost_of(turns)}
    return [
        Row(posts, ours, "posts/s", theirs, bare, ours / theirs, target=0.5),
        Row(drained, runs, "runs/s", target=1500, costs=costs),
        Row("the same, against bare httpx", runs, "runs/s", theirs, bare, runs / theirs, target=0.5),
    ]


if __name__ == "__main__":
    main(measure)
