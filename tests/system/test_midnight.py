"""Thousands of schedules of one midnight: each makes its run, and the API answers meanwhile."""

from __future__ import annotations

import re
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from benchmarks.schedules import fill
from benchmarks.table import quantile
from tests.support.server import Server, wait_until
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

SCHEDULES = 4000
LEAD_SECONDS = 6
PAUSE_SECONDS = 0.005
FEW = 10
"""Runs, as many as are dispatched meanwhile."""
MOST_SECONDS = 0.5
"""p99 of the API's answers while they fire and their runs are worked off."""


def latencies(server: Server, since: float, over: threading.Event, method: str, path: str, body: Any) -> list[float]:
    """Seconds of one answer after the other, of those asked for after `since` by the monotonic clock."""
    found = []
    with server.client() as client:
        while not over.wait(PAUSE_SECONDS):
            began = time.monotonic()
            client.request(method, path, json=body).raise_for_status()
            if began >= since:
                found.append(time.monotonic() - began)
    return found


def through_midnight(server: Server, client: httpx.Client, midnight: float) -> dict[str, list[float]]:
    """What the API took to answer from midnight until all was worked off."""
    dispatch = ("POST", "/v1/job-types/noop/runs", {"payload": None, "tags": ["posted"]})
    run_id = client.request(*dispatch[:2], json=dispatch[2]).json()["id"]
    over = threading.Event()
    with ThreadPoolExecutor() as threads:
        try:
            reads = threads.submit(latencies, server, midnight, over, "GET", f"/v1/runs/{run_id}", None)
            posts = threads.submit(latencies, server, midnight, over, *dispatch)
            wait_until(lambda: fired(client) == SCHEDULES, "all have fired", 60, 0.05)
            wait_until(lambda: counts(client)["queued"] < FEW, "most is worked off", 60, 0.05)
        finally:
            over.set()
        measured = {"GET /v1/runs/{id}": reads.result(), "POST a dispatch": posts.result()}
    wait_until(lambda: not (counts(client)["queued"] + counts(client)["running"]), "all is worked off", 30)
    return measured


def fired(client: httpx.Client) -> int:
    found = re.search(r'jobs_schedule_times_total\{outcome="fired"\} (\S+)', client.get("/metrics").text)
    return 0 if found is None else round(float(found[1]))


def counts(client: httpx.Client) -> dict[str, int]:
    found: dict[str, int] = client.get("/v1/queues/default").json()["counts"]
    return found


def completed(client: httpx.Client) -> Iterator[Any]:
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/v1/runs", params={"limit": "200", "state": "completed", **cursor}).json()
        yield from page["data"]
        if page["next_cursor"] is None:
            return
        cursor = {"cursor": page["next_cursor"]}


def test_thousands_of_schedules_of_one_midnight(
    serve: Callable[..., Server], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    [data] = fill(tmp_path, SCHEDULES)
    lead = stretched(LEAD_SECONDS)
    now = datetime.now(UTC)
    midnight = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    shift = (midnight - now).total_seconds() - lead
    at = time.monotonic() + lead
    launcher = (sys.executable, "-m", "tests.support.other_time", str(shift), "serve")
    server = serve("benchmarks.jobs", data=data, launcher=launcher)
    assert time.monotonic() < at, "the server is there before midnight"
    with server.client() as client:
        measured = through_midnight(server, client, at)
        made = [run for run in completed(client) if run["schedule"] is not None]
        seen = client.get("/v1/schedules/s3777").json()
    assert sorted(run["schedule"] for run in made) == sorted(f"s{n}" for n in range(SCHEDULES))
    assert {datetime.fromisoformat(run["due_at"]) for run in made} == {midnight}
    assert datetime.fromisoformat(seen["last_fire_at"]) == midnight
    assert datetime.fromisoformat(seen["next_fire_at"]) == midnight + timedelta(days=1)
    last = max(datetime.fromisoformat(run["created_at"]) for run in made)
    lines = [f"{SCHEDULES:,} schedules fired within {(last - midnight).total_seconds():.2f} s"]
    for name, seconds in measured.items():
        p50, p99 = quantile(seconds, 0.5), quantile(seconds, 0.99)
        lines.append(f"{name}: p50 {p50 * 1e3:.1f} ms, p99 {p99 * 1e3:.1f} ms of {len(seconds)}")
    with capsys.disabled():
        print("\n" + "\n".join(lines))
    for name, seconds in measured.items():
        assert seconds, name
        assert quantile(seconds, 0.99) < stretched(MOST_SECONDS), name
