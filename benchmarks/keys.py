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
    total = scale.of(20_000, 300)
    with server(workers=0, JOBS_API_KEY=ROOT) as started:
        with started.client(headers=bearer(ROOT)) as client:
            register(client, "noop")
            keys = make(client, scale.of(1000, 20))

        def rate(given: list[str]) -> float:
            requests = [dispatch_request()]
            headers = [bearer(key) for key in given]
            return hammer(started.url, requests, headers=headers, connections=CONNECTIONS, total=total).expect(202).rate

        root, one, several = [], [], []
        for turn in scale.times(6):
            measured = [(root, [ROOT]), (one, keys[:1]), (several, keys[:IN_TURN])]
            # The database grows, so whoever always comes first would always have the smallest.
            for rates, given in measured if turn % 2 == 0 else reversed(measured):
                rates.append(rate(given))
    name, base = "runs/s, key of the settings", median(root)
    return [
        Row("dispatch by one of 1,000 API keys", median(one), "runs/s", base, name, median(one) / base, 0.97),
        Row("dispatch by ten API keys in turn", median(several), "runs/s", base, name, median(several) / base),
    ]


if __name__ == "__main__":
    main(measure)
