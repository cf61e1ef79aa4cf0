"""What people look for in the command line: workers, stats, several runs at once, times, schedules, versions."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
import typer
from blazy_jobs.worker.settings import read_settings

from blazy_jobs_server import cli as server_cli
from blazy_jobs_server.settings import Settings
from tests.cli.conftest import Call, _plain_environment, call, stub  # noqa: F401
from tests.cli.stub import Answer, Stub, problem, run

ONE, TWO = "run_0000000000001", "run_0000000000002"
WORKER = {
    "id": "wrk_1",
    "name": "pool-1/async",
    "job_types": ["greet"],
    "queues": ["emails"],
    "concurrency": 100,
    "registered_at": "2026-11-24T10:00:00Z",
    "seen_at": "2026-11-24T10:00:00Z",
}


def test_both_versions_are_said(call: Call) -> None:  # noqa: F811
    said = call("--version")
    assert (said.code, said.err) == (0, "")
    assert said.lines == [f"blazy-jobs {version('blazy-jobs')}", f"blazy-jobs-server {version('blazy-jobs-server')}"]


def test_the_workers_are_listed(stub: Stub, call: Call) -> None:  # noqa: F811
    stub.on("GET /v1/workers", Answer(body={"data": [WORKER], "next_cursor": None}))
    said = call("workers", "--url", stub.url)
    assert (said.code, [json.loads(line) for line in said.lines]) == (0, [WORKER])


def test_the_stats_are_shown(stub: Stub, call: Call) -> None:  # noqa: F811
    stub.on("GET /v1/stats", Answer(body={"counts": {"queued": 3}, "wal_bytes": 5}))
    said = call("stats", "--url", stub.url)
    assert (said.code, json.loads(said.out)) == (0, {"counts": {"queued": 3}, "wal_bytes": 5})


def test_several_runs_are_cancelled_and_one_refusal_keeps_none_back(stub: Stub, call: Call) -> None:  # noqa: F811
    stub.on(f"GET /v1/runs/{ONE}", problem(404, "run_not_found", "There is no such run."))
    stub.on(f"GET /v1/runs/{TWO}", Answer(body=run(id=TWO)))
    stub.on(f"POST /v1/runs/{TWO}/cancel", Answer(body=run(id=TWO, state="cancelled")))
    said = call("cancel", ONE, TWO, "--reason", "enough", "--url", stub.url)
    assert said.code == 1
    assert said.err.startswith(f"blazy-jobs: {ONE}: run_not_found")
    assert [json.loads(line)["id"] for line in said.lines] == [TWO]
    assert stub.asked[-1].body == {"reason": "enough"}


def test_nothing_is_cancelled_where_a_word_is_no_id(stub: Stub, call: Call) -> None:  # noqa: F811
    said = call("cancel", ONE, "../etc", "--url", stub.url)
    assert said.code == 2
    assert not stub.asked


def test_runs_are_erased(stub: Stub, call: Call) -> None:  # noqa: F811
    for run_id in (ONE, TWO):
        stub.on(f"DELETE /v1/runs/{run_id}", Answer(204))
    said = call("erase", ONE, TWO, "--url", stub.url)
    assert said.code == 0
    assert [json.loads(line) for line in said.lines] == [{"id": ONE, "erased": True}, {"id": TWO, "erased": True}]


def test_runs_are_listed_by_time(stub: Stub, call: Call) -> None:  # noqa: F811
    stub.on("GET /v1/runs", Answer(body={"data": [], "next_cursor": None}))
    words = ["--since", "2h", "--until", "2027-01-31T09:00:00+01:00", "--schedule", "nightly"]
    before = datetime.now(UTC)
    assert call("runs", *words, "--url", stub.url).code == 0
    after = datetime.now(UTC)
    query = stub.asked[0].query
    assert query["created_before"] == ["2027-01-31T08:00:00Z"]
    assert query["schedule"] == ["nightly"]
    assert before <= datetime.fromisoformat(query["created_after"][0]) + timedelta(hours=2) <= after


@pytest.mark.parametrize("time", ["yesterday", "2027-01-31T09:00:00", "2027-01-31", "99999999999d"])
def test_a_time_that_is_none_is_told(stub: Stub, call: Call, time: str) -> None:  # noqa: F811
    said = call("runs", "--since", time, "--url", stub.url)
    assert said.code == 2
    assert "--since" in said.err


@pytest.mark.parametrize(
    ("words", "trigger"),
    [
        (["--cron", "0 3 * * *"], {"kind": "cron", "expression": "0 3 * * *"}),
        (["--every", "10m"], {"kind": "interval", "every_seconds": 600.0}),
        (["--at", "2027-01-31T09:00:00+01:00"], {"kind": "date", "at": "2027-01-31T08:00:00.000000Z"}),
    ],
)
def test_a_schedule_is_made(stub: Stub, call: Call, words: list[str], trigger: dict[str, Any]) -> None:  # noqa: F811
    made = {"name": "nightly", "next_fire_at": None}
    stub.on("POST /v1/schedules", Answer(201, made))
    stub.on("PUT /v1/schedules/nightly", Answer(200, made))
    more = ["--timezone", "Europe/Berlin", "--overlap", "skip", "--tag", "a", "--jitter", "5s"]
    assert call("schedules", "create", "nightly", "cleanup", '{"n": 1}', *words, *more, "--url", stub.url).code == 0
    assert stub.asked[0].body == {
        "name": "nightly",
        "job_type": "cleanup",
        "payload": {"n": 1},
        "trigger": trigger,
        "timezone": "Europe/Berlin",
        "overlap": "skip",
        "jitter_seconds": 5.0,
        "tags": ["a"],
    }
    assert call("schedule", "create", "nightly", "cleanup", *words, "--replace", "--url", stub.url).code == 0
    assert stub.asked[1].method == "PUT"


@pytest.mark.parametrize("words", [[], ["--cron", "0 3 * * *", "--every", "5"], ["--cron", "soon"], ["--at", "soon"]])
def test_a_schedule_without_one_time_is_told(stub: Stub, call: Call, words: list[str]) -> None:  # noqa: F811
    said = call("schedules", "create", "nightly", "cleanup", *words, "--url", stub.url)
    assert said.code == 2
    assert not stub.asked


def test_the_key_is_read_from_its_file(
    stub: Stub,  # noqa: F811
    call: Call,  # noqa: F811
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (tmp_path / "key").write_text("secret\n")
    stub.on("GET /v1/stats", Answer(body={}))
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(tmp_path / "key"))
    assert call("stats", "--url", stub.url).code == 0
    assert stub.asked[0].headers["Authorization"] == "Bearer secret"
    monkeypatch.setenv("JOBS_API_KEY_FILE", str(tmp_path / "none"))
    said = call("stats", "--url", stub.url)
    assert said.code == 2
    assert "JOBS_API_KEY_FILE" in said.err


def test_the_flags_of_serve_and_worker_show_their_defaults(call: Call) -> None:  # noqa: F811
    command = typer.Typer(add_completion=False)
    command.command()(server_cli.serve)
    known = Settings.model_fields
    for parameter in typer.main.get_command(command).params:
        default = known[parameter.name].default if parameter.name in known else None
        if default not in (None, "") and parameter.name != "modules":
            assert getattr(parameter, "show_default", None) == str(default), parameter.name
    settings = read_settings(("shop",), None, None, None, env={})
    said = call("worker", "--help").out
    for shown in (settings.address.url, settings.concurrency, settings.slots):
        assert f"[default: ({shown})" in " ".join(said.split())


# -- which queues a worker serves, and how much at a time


def test_flags_of_a_worker_win_over_its_environment() -> None:
    env = {"JOBS_WORKER_QUEUES": "a, b", "JOBS_WORKER_CONCURRENCY": "7", "JOBS_WORKER_SLOTS": "3"}
    read: Callable[..., Any] = read_settings
    told = read(("shop",), None, None, None, env=env)
    assert (told.queues, told.concurrency, told.slots) == (("a", "b"), 7, 3)
    flags = {"queues": ["c,d", "c"], "concurrency": 9, "slots": 1}
    given = read(("shop",), None, None, None, env=env, **flags)
    assert (given.queues, given.concurrency, given.slots) == (("c", "d"), 9, 1)
    assert read(("shop",), None, None, None, env={}).queues is None


@pytest.mark.parametrize(
    ("words", "said"), [(["-Q", "no/name"], "no/name"), (["-Q", ","], "--queues"), (["--slots", "0"], "--slots")]
)
def test_what_a_worker_cannot_be_told_is_told(call: Call, words: list[str], said: str) -> None:  # noqa: F811
    called = call("worker", "shop.py", *words)
    assert called.code == 2
    assert said in called.err
