"""One POST a run, 64 connections: by an API key among a thousand, and by ten of them in turn, against the key of the
settings."""

from __future__ import annotations

import httpx

from benchmarks.accept import CONNECTIONS
from benchmarks.load import hammer
from benchmarks.servers import dispatch_request, register, server
from benchmarks.table import Row, Scale, main, median

ROOT = "a-root-key-of-some-length"
IN_TURN = 10


def bearer(key: str) -> dict[str, str]:
    return {"authorization": f"Bearer {key}"}


def make(client: httpx.Client, number: int) -> list[str]:
    keys = []
    for place in range(number):
        answer = client.post("/v1/keys", json={"name": f"service {place}", "scopes": ["runs:write"]})
        answer.raise_for_status()
        keys.append(answer.json()["key"])
    return keys


def measure(scale: Scale) -> list[Row]:
    total = scale.of(8_000, 300)
    with server(workers=0, JOBS_API_KEY=ROOT) as started:
        with started.client(headers=bearer(ROOT)) as client:
            register(client, "noop")
            keys = make(client, scale.of(1000, 20))

        def rate(given: list[str]) -> float:
            requests = [dispatch_request()]
            headers = [bearer(key) for key in given]
            return hammer(started.url, requests, headers=headers, connections=CONNECTIONS, total=total).expect(202).rate

        root: list[float] = []
        one: list[float] = []
        several: list[float] = []
        for turn in scale.times(16):
            measured = [(root, [ROOT]), (one, keys[:1]), (several, keys[:IN_TURN])]
            # Whoever always came first would always have the smaller database.
            for rates, given in measured if turn % 2 == 0 else reversed(measured):
                rates.append(rate(given))
    return [
        _row("dispatch by one of 1,000 API keys", one, root, 0.97),
        _row("dispatch by ten API keys in turn", several, root),
    ]


def _row(figure: str, rates: list[float], root: list[float], target: float | None = None) -> Row:
    """The ratio is the median over neighbours in time: the pace of the machine changes more than the figures differ."""
    ratio = median([rate / base for rate, base in zip(rates, root, strict=True)])
    return Row(figure, median(rates), "runs/s", median(root), "runs/s, key of the settings", ratio, target)


if __name__ == "__main__":
    main(measure)
