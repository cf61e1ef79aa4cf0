"""Schedules through kills: each of their times makes one run, and none is lost."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.support.server import Server, wait_until
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

GOOD = "tests.system.jobs.good"
SCHEDULES = 10
KILLS = 4


def runs_of(client: httpx.Client, name: str) -> list[datetime]:
    """The times for which the schedule has made runs, the oldest first."""
    found: list[datetime] = []
    cursor: dict[str, str] = {}
    while True:
        page = client.get("/v1/runs", params={"schedule": name, "limit": "200", **cursor}).json()
        found += [time_of(client, run) for run in page["data"]]
        if page["next_cursor"] is None:
            return sorted(found)
        cursor = {"cursor": page["next_cursor"]}


def fired(client: httpx.Client, name: str) -> float:
    """How many of its times have come, by what the schedule says."""
    schedule = client.get(f"/v1/schedules/{name}").json()
    if schedule["last_fire_at"] is None:
        return 0
    since = datetime.fromisoformat(schedule["last_fire_at"]) - datetime.fromisoformat(schedule["created_at"])
    return since.total_seconds()


def time_of(client: httpx.Client, run: dict[str, Any]) -> datetime:
    """Its `due_at`; of one that was given back when its server was killed, and is due anew, the one before that."""
    due_at: str = run["due_at"]
    if due_at > run["created_at"]:
        events = client.get(f"/v1/runs/{run['id']}/events", headers={"Accept": "application/json"}).json()["data"]
        due_at = events[0]["data"]["due_at"]
    return datetime.fromisoformat(due_at)


def test_each_time_makes_one_run_through_kills(serve: Callable[..., Server]) -> None:
    """With `catch_up: all`, from the first time to the last not one is missing or there twice."""
    server = serve(GOOD, workers=1)
    with server.client() as client:
        for n in range(SCHEDULES):
            body: dict[str, Any] = {"name": f"s{n}", "job_type": "good-async", "payload": {"n": n}, "catch_up": "all"}
            body["trigger"] = {"kind": "interval", "every_seconds": 1}
            assert client.post("/v1/schedules", json=body).status_code == 201
    for _ in range(KILLS):
        time.sleep(random.uniform(0.5, 1.5))
        server.restart()
    with server.client() as client:
        names = [f"s{n}" for n in range(SCHEDULES)]
        wait_until(lambda: all(fired(client, name) >= 9 for name in names), "all have fired", 60, 0.2)
        for name in names:
            assert client.post(f"/v1/schedules/{name}/pause").status_code == 200
        for name in names:
            times = runs_of(client, name)
            known = client.get(f"/v1/schedules/{name}").json()
            first = datetime.fromisoformat(known["created_at"]) + timedelta(seconds=1)
            assert times == [first + timedelta(seconds=n) for n in range(len(times))], name
            assert len(times) >= 9
            assert (known["missed"], datetime.fromisoformat(known["last_fire_at"])) == (0, times[-1])


def test_the_timer_is_on_time(serve: Callable[..., Server]) -> None:
    """A run begins soon after its time, by the timer and not by the look at the table that comes every few seconds."""
    server = serve(GOOD, workers=1)
    with server.client() as client:
        body: dict[str, Any] = {"name": "tick", "job_type": "good-async", "payload": {"n": 1}}
        body["trigger"] = {"kind": "interval", "every_seconds": 2}
        assert client.post("/v1/schedules", json=body).status_code == 201
        wait_until(lambda: len(runs_of(client, "tick")) >= 2, "it has fired twice", 15)
        [run, *_] = client.get("/v1/runs", params={"schedule": "tick"}).json()["data"]
        late = datetime.fromisoformat(run["created_at"]) - datetime.fromisoformat(run["due_at"])
        assert timedelta(0) <= late < timedelta(seconds=min(4, stretched(1)))
