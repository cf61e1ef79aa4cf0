"""The server and its baselines, started as they are started elsewhere, and the few requests that benchmarks share."""

from __future__ import annotations

import contextlib
import os
import select
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import httpx

from tests.support.server import REPO, Server, allow_open_files

MODULE = "benchmarks.jobs"
PAYLOAD = {"userId": "u-123456", "template": "welcome", "attempts": 3}
BATCH = 1000


@contextlib.contextmanager
def server(
    *, workers: int, modules: Sequence[str] = (MODULE,), data: Path | None = None, **env: str
) -> Iterator[Server]:
    """A server on a throw-away folder, or on `data`. The system knows the names of its threads."""
    allow_open_files()
    with tempfile.TemporaryDirectory(prefix="blazy-bench-") as folder:
        started = Server(
            data or Path(folder) / "data",
            modules if workers else (),
            workers=workers,
            env={"JOBS_LOG_LEVEL": "warning", **env},
            launcher=(sys.executable, "-m", "benchmarks.named_threads", "serve"),
        )
        try:
            yield started.start()
        finally:
            started.close()


def empty_app() -> AbstractContextManager[str]:
    """The URL of the empty route."""
    return _told_by("benchmarks.empty_app")


def noop_receiver() -> AbstractContextManager[str]:
    """The URL of what answers every POST."""
    return _told_by("benchmarks.noop_receiver")


@contextlib.contextmanager
def _told_by(module: str) -> Iterator[str]:
    """The URL that a process tells."""
    ready, told = os.pipe()
    process = subprocess.Popen([sys.executable, "-m", module, str(told)], cwd=REPO, pass_fds=(told,))
    os.close(told)
    try:
        readable, _, _ = select.select([ready], [], [], 30)
        if not readable:
            raise RuntimeError(f"{module} never came up")
        yield os.read(ready, 200).decode().strip()
    finally:
        os.close(ready)
        process.kill()
        process.wait()


def dispatch_request(job: str = "noop") -> tuple[str, str, Any]:
    return "POST", f"/v1/job-types/{job}/runs", {"payload": PAYLOAD}


def batch_request(job: str = "noop", size: int = BATCH, payload: Any = PAYLOAD) -> tuple[str, str, Any]:
    return "POST", "/v1/runs/batch", {"runs": [{"job_type": job, "payload": payload}] * size}


def register(client: httpx.Client, name: str) -> None:
    answer = client.post("/v1/job-types", json={"name": name, "handler": {"kind": "worker"}})
    if answer.status_code != 201:
        raise RuntimeError(answer.text)


def dispatch_many(client: httpx.Client, job: str, number: int, payload: Any = PAYLOAD) -> None:
    while number > 0:
        size = min(number, BATCH)
        answer = client.post("/v1/runs/batch", json=batch_request(job, size, payload)[2])
        if answer.status_code != 202:
            raise RuntimeError(answer.text)
        number -= size


def completed(client: httpx.Client, job: str = "noop") -> int:
    """Of all job types in the queue; benchmarks have one at a time."""
    counts: dict[str, int] = client.get("/v1/queues/default").json()["counts"]
    return counts["completed"]


def until_completed(client: httpx.Client, number: int, timeout: float = 120.0) -> float:
    """Waits, and says when it was: seconds of the monotonic clock."""
    deadline = time.monotonic() + timeout
    while completed(client) < number:
        if time.monotonic() > deadline:
            raise TimeoutError(f"{completed(client)} of {number} completed in {timeout:g} s")
        time.sleep(0.01)
    return time.monotonic()


def sqlite_rows(*, a_commit: int, rows: int) -> float:
    """Rows a second that bare SQLite makes durable, `a_commit` in each transaction."""
    with tempfile.TemporaryDirectory(prefix="blazy-bench-") as folder:
        connection = sqlite3.connect(Path(folder) / "bare.db", isolation_level=None)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE runs (id INTEGER PRIMARY KEY, state INTEGER, payload TEXT)")
        began = time.perf_counter()
        for first in range(0, rows, a_commit):
            connection.execute("BEGIN IMMEDIATE")
            values = [(n, 1, '{"userId":"u-123456"}') for n in range(first, min(rows, first + a_commit))]
            connection.executemany("INSERT INTO runs VALUES (?, ?, ?)", values)
            connection.execute("COMMIT")
        seconds = time.perf_counter() - began
        connection.close()
        return rows / seconds
