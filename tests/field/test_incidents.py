"""Trouble is told in the log: when it begins, now and then while it lasts, and when it is over."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Callable, Iterator
from typing import Any

import orjson
import pytest
import structlog

from blazy_jobs_server.domain.event import Event, EventType
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.engine import incidents as module
from blazy_jobs_server.engine.attempts import Failure, failures_of
from blazy_jobs_server.engine.incidents import MAX_JOB_TYPES, Incidents
from tests.app.clock import HandClock
from tests.app.server import Server, problem
from tests.support.server import Server as RealServer
from tests.support.server import wait_until


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, Any]]]:
    with structlog.testing.capture_logs() as captured:
        monkeypatch.setattr(module, "log", structlog.get_logger())
        yield captured


def ended(job_type: str, kind: EventType = EventType.FAILED, code: str = "handler_error") -> Failure:
    data = orjson.dumps({"error": {"code": code}}).decode()
    [failure] = failures_of([Event(1, job_type, "default", "", 2, kind, 0, State.FAILED, 1, data)])
    return failure


def said(lines: list[dict[str, Any]], words: str) -> list[dict[str, Any]]:
    return [line for line in lines if line["event"] == words]


async def test_thousands_of_failed_runs_are_a_few_lines(clock: HandClock, lines: list[dict[str, Any]]) -> None:
    incidents = Incidents(clock)
    incidents.on_failures([ended("mail"), ended("photo", code="timeout")])
    for _ in range(999):
        incidents.on_failures([ended("mail") for _ in range(5)])
        clock.move(0.05)
        incidents.look()
    assert [(line["job_type"], line["failures"]) for line in said(lines, "runs fail")] == [("mail", 1), ("photo", 1)]
    clock.move(15)
    incidents.look()
    again = said(lines, "runs fail")[2:]
    assert [(line["job_type"], line["failures"], line["codes"]) for line in again] == [
        ("mail", 4995, {"handler_error": 4995})
    ]
    clock.move(61)
    incidents.look()
    assert {line["job_type"] for line in said(lines, "no run has failed for a minute")} == {"mail", "photo"}
    clock.move(600)
    incidents.look()
    assert len(lines) == 5


async def test_a_handler_that_dies_is_told_at_each_attempt(clock: HandClock, lines: list[dict[str, Any]]) -> None:
    incidents = Incidents(clock)
    incidents.on_failures([ended("mail", EventType.RETRYING)])
    assert lines == [], "a retry is no failure yet"
    incidents.on_failures([ended("mail", EventType.RETRYING, "crashed")])
    assert said(lines, "runs fail")[0]["codes"] == {"crashed": 1}


async def test_many_job_types_that_fail_are_told_of_together(clock: HandClock, lines: list[dict[str, Any]]) -> None:
    incidents = Incidents(clock)
    incidents.on_failures([ended(f"type-{n}") for n in range(10 * MAX_JOB_TYPES)])
    assert len(lines) == MAX_JOB_TYPES + 1
    assert lines[-1]["job_type"] == "_other"


async def test_a_store_that_refuses_now_and_then_is_one_incident(clock: HandClock, lines: list[dict[str, Any]]) -> None:
    """As a disk that fills: small writes succeed between large ones that do not."""
    incidents = Incidents(clock)
    for _ in range(100):
        incidents.store_failed("write", "disk full")
        clock.move(1)
        incidents.store_worked()
        incidents.look()
        assert incidents.store_is_failing
    assert len(said(lines, "the store is unavailable: requests are refused")) == 1
    assert len(said(lines, "the store is still unavailable")) == 1
    clock.move(5)
    incidents.look()
    assert said(lines, "the store is available again")[0]["refused"] == 100
    assert not incidents.store_is_failing


async def test_descriptors_that_run_out_are_told(
    clock: HandClock, lines: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    incidents = Incidents(clock)
    used = iter((10, 95, 96, 85, 95, 40))
    monkeypatch.setattr(module.resource, "getrlimit", lambda _: (100, 100))
    monkeypatch.setattr(module.os, "listdir", lambda _: ["0"] * next(used))
    for _ in range(6):
        incidents.look()
    assert [(line["log_level"], line["used"]) for line in lines] == [("error", 95), ("info", 40)]


async def test_a_refused_write_is_counted_and_makes_the_server_unready(
    server: Server, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    assert (await server.http.get("/readyz")).status_code == 200

    def full(*_: Any) -> None:
        raise sqlite3.OperationalError("database or disk is full")

    session = server.store._writer._session  # type: ignore[union-attr]
    with monkeypatch.context() as patch:
        patch.setattr(session, "perform", full)
        for path in ("/v1/job-types/greet/runs", "/v1/job-types"):
            body = {"payload": 1} if path.endswith("runs") else {"name": "new", "handler": {"kind": "worker"}}
            problem(await server.http.post(path, json=body), 503, "store_unavailable")
    assert (await server.http.get("/readyz")).status_code == 503, "small writes may succeed, and it is not over yet"
    assert 'jobs_store_errors_total{kind="write"} 2.0' in (await server.http.get("/metrics")).text
    clock.move(6)
    assert (await server.http.get("/readyz")).status_code == 200


@pytest.mark.system
@pytest.mark.timeout(90)
def test_a_closed_terminal_drains(serve: Callable[..., RealServer]) -> None:
    server = serve("tests.system.jobs.good", workers=1)
    with server.client() as client:
        run = client.post("/v1/job-types/wait-async/runs", json={"payload": {"seconds": 300}}).json()["id"]
        wait_until(lambda: client.get(f"/v1/runs/{run}").json()["progress"], "it has begun")
        assert server.process is not None
        for _ in range(3):
            server.process.send_signal(signal.SIGHUP)
        wait_until(lambda: client.get("/readyz").status_code == 503, "it drains")
        server.process.send_signal(signal.SIGHUP)
        assert client.get(f"/v1/runs/{run}").json()["state"] == "running", "the handler goes on"
        client.post(f"/v1/runs/{run}/cancel")
    assert server.process.wait(60) == 0
    found = [orjson.loads(line) for line in server.log_text().splitlines() if b"draining" in line.encode()]
    assert found[0]["signal"] == "SIGHUP"
    assert "second Ctrl-C" in found[0]["hint"]
