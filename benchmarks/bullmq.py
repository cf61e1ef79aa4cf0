"""Drain of a BullMQ queue: our workers, by claims over HTTP, against the official Python package's own worker."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import httpx

from benchmarks.servers import BATCH, batch_request, server
from benchmarks.table import Row, Scale, main, median
from tests.support.redis import RedisServer, running
from tests.support.server import REPO, wait_until

QUEUE = "drained"


def ours(url: str, number: int, times: range) -> list[float]:
    """Runs a second from the moment that the queue is resumed until the last is completed here."""
    rates = []
    with server(workers=1, JOBS_REDIS_URL=url) as started, started.client() as client:
        _ok(client.put(f"/v1/queues/{QUEUE}", json={"engine": "bullmq"}))
        done = 0
        for _ in times:
            _ok(client.post(f"/v1/queues/{QUEUE}/pause"))
            for first in range(0, number, BATCH):
                body = batch_request(size=min(BATCH, number - first))[2]
                _ok(client.post("/v1/runs/batch", json={"runs": [run | {"queue": QUEUE} for run in body["runs"]]}))
            wait_until(lambda: _counts(client)["queued"] == number, "all jobs are in Redis", 120)
            began = time.monotonic()
            _ok(client.post(f"/v1/queues/{QUEUE}/resume"))
            done += number
            wait_until(lambda wanted=done: _counts(client)["completed"] >= wanted, "all are completed", 120, 0.01)
            rates.append(number / (time.monotonic() - began))
    return rates


def _counts(client: httpx.Client) -> dict[str, int]:
    counts: dict[str, int] = client.get(f"/v1/queues/{QUEUE}").json()["counts"]
    return counts


def _ok(answer: httpx.Response) -> None:
    if not answer.is_success:
        raise RuntimeError(answer.text)


def theirs(url: str, number: int, times: range) -> list[float]:
    rates = []
    for _ in times:
        said = subprocess.run(
            [sys.executable, "-m", "benchmarks.bullmq_worker", url, str(number)],
            cwd=REPO,
            check=True,
            capture_output=True,
            text=True,
        )
        rates.append(number / float(said.stdout))
    return rates


def measure(scale: Scale) -> list[Row]:
    number = scale.of(10_000, 200)
    with tempfile.TemporaryDirectory(prefix="blazy-bench-") as folder:
        redis: RedisServer
        with running(Path(folder), durable=False) as redis:
            mine = median(ours(redis.url, number, scale.times()))
            redis.flush()
            official = median(theirs(redis.url, number, scale.times()))
    name = "jobs/s, BullMQ's own Python worker"
    return [
        Row(
            "drain of 10,000 no-ops of a BullMQ queue",
            mine,
            "runs/s",
            official,
            name,
            ratio=mine / official,
            target=0.5,
        )
    ]


if __name__ == "__main__":
    main(measure)
