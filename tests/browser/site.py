"""A server with one of everything, some of it hostile, that the tests of this folder share. None of them changes what
another one reads: each makes what it acts on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.browser.hostile import HOSTILE, SHORT
from tests.support.server import Server, wait_until

ROOT_KEY = "a-root-key-of-some-length"
MODULE = "tests.browser.jobs"
FINAL = ("completed", "failed", "cancelled")


@dataclass
class Site:
    server: Server
    http: httpx.Client
    reader: str = ""
    """A key with `runs:read` only."""
    runs: dict[str, str] = field(default_factory=dict)
    """Ids by what they are for."""
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    @property
    def url(self) -> str:
        return self.server.url

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.http.request(method, path, json=body)
        assert answer.is_success, f"{method} {path}: {answer.status_code} {answer.text}"
        return answer.json() if answer.content else None

    def dispatch(self, job_type: str, payload: Any = None, **settings: Any) -> str:
        return str(self.ask("POST", f"/v1/job-types/{job_type}/runs", {"payload": payload, **settings})["id"])

    def run(self, run_id: str) -> Any:
        return self.ask("GET", f"/v1/runs/{run_id}")

    def until(self, run_id: str, *states: str) -> str:
        wait_until(lambda: self.run(run_id)["state"] in states, f"{run_id} is {' or '.join(states)}")
        return run_id

    def name(self, what: str) -> str:
        """One that no other test has."""
        return f"{what}-{next(self.numbers)}"


UNSERVED = {"name": "unserved", "description": HOSTILE, "handler": {"kind": "worker"}}


def fill(site: Site) -> None:
    ask = site.ask
    wait_until(lambda: ask("GET", "/v1/workers")["data"], "a worker has registered")
    ask("PUT", "/v1/job-types/unserved", UNSERVED)
    everything = {
        "tags": [HOSTILE[:128], "mail"],
        "metadata": {SHORT: HOSTILE, "customer": "c_481"},
        "dedupe_key": SHORT,
    }
    site.runs = {
        "hostile": site.dispatch("fails", "hostile", **everything),
        "failed": site.dispatch("fails"),
        "completed": site.dispatch("completes", {SHORT: [HOSTILE, None, 1.5], "to": "ada@example.org"}),
        "running": site.dispatch("waits"),
        "queued": site.dispatch("unserved", HOSTILE),
        "scheduled": site.dispatch("completes", delay_seconds=86_400),
        "cancelled": site.dispatch("unserved"),
    }
    ask("POST", f"/v1/runs/{site.runs['cancelled']}/cancel", {"reason": HOSTILE})
    ask("PUT", "/v1/queues/held", {"paused": True})
    every_hour = {"job_type": "completes", "trigger": {"kind": "cron", "expression": "0 * * * *"}}
    ask("PUT", "/v1/schedules/hourly", {**every_hour, "payload": {SHORT: HOSTILE}, "tags": [SHORT]})
    ask("PUT", "/v1/webhooks/told", {"url": "http://127.0.0.1:9/told?a=%3Cimg%3E", "events": ["run.failed"]})
    ask("POST", "/v1/keys", {"name": SHORT, "scopes": ["runs:read"]})
    nothing = {"action": "cancel", "filter": {"job_type": "unserved", "tag": "none"}, "dry_run": False}
    ask("POST", "/v1/runs/bulk", nothing)
    site.reader = ask("POST", "/v1/keys", {"name": "only reads", "scopes": ["runs:read"]})["key"]
    for name in ("hostile", "failed", "completed"):
        site.until(site.runs[name], *FINAL)
    site.until(site.runs["running"], "running")


def addresses(site: Site, pattern: str) -> str:
    """The address of a page by its pattern in core/routes.js."""
    first, *rest = pattern.split("/")
    if first == "compare":
        return f"compare?a={site.runs['hostile']}&b={site.runs['completed']}"
    if not rest:
        return pattern
    listed: dict[str, tuple[str, str]] = {
        "errors": ("/v1/errors", "group"),
        "workers": ("/v1/workers", "id"),
        "bulk": ("/v1/bulk", "id"),
        "servers": ("/v1/servers", "id"),
    }
    named = {"runs": site.runs["hostile"], "queues": "default", "job-types": "completes"}
    named |= {"schedules": "hourly", "webhooks": "told"}
    if first in named:
        return "/".join([first, named[first], *rest[1:]])
    path, name = listed[first]
    answer = site.http.get(path)
    rows = answer.json()["data"] if answer.is_success else []
    return "/".join([first, str(rows[0][name]) if rows else "none", *rest[1:]])
