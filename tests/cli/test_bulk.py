"""`blazy-jobs bulk` and `blazy-jobs count`, and the filters that they share with `runs`."""

from __future__ import annotations

import io
import json
import sys
from typing import Any

import pytest

from tests.cli.conftest import Call
from tests.cli.stub import Answer, Stub, run

PREVIEW = {"matched": 3, "at_least": False, "by_state": {"failed": 2, "queued": 1}, "sample": []}
BULK = "blk_06a1b2c3d4e5f"


def bulk(**changes: Any) -> dict[str, Any]:
    told = {"id": BULK, "action": "replay", "state": "completed", "matched": 3, "done": 3, "skipped": 0, "failed": 0}
    return told | changes


def test_filters_are_those_of_the_api(stub: Stub, call: Call) -> None:
    stub.on("GET /v1/runs", Answer(200, {"data": [], "next_cursor": None}))
    words = "--state failed --error-group 5f0c --unresolved --worker wrk_1 --attempts 2 -q needle"
    times = "--since 2026-01-31T12:00:00Z --finished-until 2026-02-01T00:00:00+01:00"
    called = call("runs", *words.split(), *times.split(), "--url", stub.url, "--json")
    assert called.code == 0, called.err
    [asked] = stub.asked
    assert asked.query == {
        "state": ["failed"],
        "error_group": ["5f0c"],
        "resolved": ["false"],
        "worker_id": ["wrk_1"],
        "attempt_min": ["2"],
        "q": ["needle"],
        "created_after": ["2026-01-31T12:00:00Z"],
        "finished_before": ["2026-01-31T23:00:00Z"],
        "limit": ["20"],
    }


def searched(runs: int, cursor: str | None, *found: dict[str, Any]) -> Answer:
    told = {"runs": runs, "complete": cursor is None, "cursor": cursor}
    return Answer(200, {"data": list(found), "next_cursor": cursor, "searched": told})


def test_a_search_says_where_it_stopped_and_how_to_go_on(stub: Stub, call: Call) -> None:
    answers = searched(100_000, "c1"), searched(20_000, "c2", run()), searched(5, None, run())
    stub.on("GET /v1/runs", *answers)
    called = call("runs", "-q", "needle", "--limit", "1", "--url", stub.url)
    assert (called.code, [json.loads(line)["id"] for line in called.lines]) == (0, [run()["id"]])
    told = "blazy-jobs: searched the newest 120,000 runs, not all of them: go on with --cursor c2"
    assert called.err.startswith(told)
    called = call("runs", "-q", "needle", "--cursor", "c2", "--url", stub.url)
    assert (called.code, len(called.lines), called.err) == (0, 1, "")
    assert [asked.query.get("cursor") for asked in stub.asked] == [None, ["c1"], ["c2"]]


def test_runs_are_counted(stub: Stub, call: Call) -> None:
    stub.on("GET /v1/runs/count", Answer(200, {"count": 10000, "at_least": True}))
    called = call("count", "--job-type", "mail", "--url", stub.url, "--json")
    assert [json.loads(line) for line in called.lines] == [{"count": 10000, "at_least": True}]
    assert stub.asked[0].query == {"job_type": ["mail"]}


def test_a_dry_run_only_says_what_would_be_done(stub: Stub, call: Call) -> None:
    stub.on("POST /v1/runs/bulk", Answer(200, PREVIEW))
    called = call("bulk", "replay", "--state", "failed", "--dry-run", "--url", stub.url, "--json")
    assert called.code == 0, called.err
    assert [json.loads(line) for line in called.lines] == [PREVIEW]
    assert [asked.body for asked in stub.asked] == [
        {"action": "replay", "dry_run": True, "all": False, "filter": {"state": ["failed"]}}
    ]


def test_what_is_asked_for_is_followed_to_its_end(stub: Stub, call: Call) -> None:
    stub.on(
        "POST /v1/runs/bulk",
        Answer(200, PREVIEW),
        Answer(202, bulk(state="running", done=0)),
    )
    stub.on(f"GET /v1/bulk/{BULK}", Answer(200, bulk()))
    called = call("bulk", "replay", "--job-type", "mail", "--yes", "--url", stub.url, "--json")
    assert called.code == 0, called.err
    assert [json.loads(line) for line in called.lines] == [bulk()]


def test_without_an_answer_nothing_is_done(stub: Stub, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.on("POST /v1/runs/bulk", Answer(200, PREVIEW))
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    called = call("bulk", "cancel", "--job-type", "mail", "--url", stub.url)
    assert called.code == 2, "it was not Ctrl-C"
    assert "--yes" in called.err
    monkeypatch.setattr(sys, "stdin", io.StringIO("n\n"))
    called = call("bulk", "cancel", "--job-type", "mail", "--url", stub.url)
    assert called.code == 1
    assert {asked.body["dry_run"] for asked in stub.asked} == {True}


def test_where_nothing_matches_nothing_is_asked(stub: Stub, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    stub.on("POST /v1/runs/bulk", Answer(200, {"matched": 0, "at_least": False, "by_state": {}, "sample": []}))
    called = call("bulk", "cancel", "--job-type", "mail", "--url", stub.url)
    assert (called.code, called.err) == (0, "blazy-jobs: cancel: 0 runs\n")
    assert len(stub.asked) == 1


def test_priority_is_for_reprioritise(stub: Stub, call: Call) -> None:
    assert call("bulk", "cancel", "--all", "--priority", "3", "--url", stub.url).code == 2
    assert call("bulk", "reprioritise", "--all", "--url", stub.url).code == 2
    assert stub.asked == []
