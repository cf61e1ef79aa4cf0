"""Dispatches one hostile run among hundreds of good ones, and says what came of all."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import httpx

from tests.support.server import Server

GOOD = ["tests.system.jobs.good", "tests.system.jobs.hostile"]
BEFORE, AFTER = 150, 150
FINAL = {"completed", "failed", "cancelled"}


@dataclass
class Result:
    run: dict[str, Any]
    events: list[dict[str, Any]]
    good: list[dict[str, Any]]

    @property
    def kinds(self) -> list[str]:
        """The event types of the hostile run, without how far it got and what it said."""
        return [event["type"] for event in self.events if event["type"] not in ("progress", "log")]

    def bad_neighbours(self) -> list[dict[str, Any]]:
        return [run for run in self.good if run["state"] != "completed" or run["result"]["n"] != run["payload"]["n"]]

    def losses(self) -> Counter[int]:
        return Counter(run["losses"] for run in self.good)


def good_item(n: int) -> dict[str, Any]:
    job = "good-sync" if n % 10 == 0 else "good-async"
    return {"job_type": job, "payload": {"n": n}}


def dispatch_among_good(client: httpx.Client, job: str, payload: Any = None) -> tuple[str, list[str]]:
    """In one batch, the hostile one in the middle: its id and those of the others."""
    items = [good_item(n) for n in range(BEFORE + AFTER)]
    items.insert(BEFORE, {"job_type": job, "payload": payload})
    answer = client.post("/v1/runs/batch", json={"runs": items})
    assert answer.status_code == 202, answer.text
    ids = [run["id"] for run in answer.json()["data"]]
    return ids.pop(BEFORE), ids


def wait_for(client: httpx.Client, run: str, seconds: float = 30) -> dict[str, Any]:
    answer = client.get(f"/v1/runs/{run}", params={"wait_seconds": seconds})
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["state"] in FINAL, f"not final within {seconds} s: {body}"
    return body


def events_of(client: httpx.Client, run: str) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    cursor = None
    while True:
        query = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = client.get(f"/v1/runs/{run}/events", params=query, headers={"Accept": "application/json"}).json()
        events += page["data"]
        cursor = page["next_cursor"]
        if cursor is None:
            return events


def endure(server: Server, job: str, payload: Any = None, seconds: float = 30) -> Result:
    with server.client() as client:
        hostile, good = dispatch_among_good(client, job, payload)
        run = wait_for(client, hostile, seconds)
        runs = [wait_for(client, each, seconds) for each in good]
        result = Result(run, events_of(client, hostile), runs)
    assert [event["seq"] for event in result.events] == list(range(1, len(result.events) + 1))
    assert result.bad_neighbours() == []
    return result
