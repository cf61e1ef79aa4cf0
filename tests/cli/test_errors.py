"""`blazy-jobs errors` and `blazy-jobs resolve`."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import Call
from tests.cli.stub import Answer, Stub

RUN = "run_06a1b2c3d4e5f"


def group(**changes: Any) -> dict[str, Any]:
    told = {
        "group": "5f0c2a9d3b7e6148",
        "code": "handler_error",
        "type": "SMTPError",
        "message": "no such mailbox",
        "job_types": ["mail", "news"],
        "count": 1204,
        "first_at": "2026-11-28T10:00:00.000000Z",
        "last_at": "2026-11-28T11:00:00.000000Z",
        "sample_run_id": RUN,
    }
    return told | changes


def test_filters_are_sent_and_a_pipe_gets_lines_of_json(stub: Stub, call: Call) -> None:
    stub.on("GET /v1/errors", Answer(200, {"data": [group()], "next_cursor": None}))
    words = "--state retrying --job-type mail --queue slow --limit 5"
    called = call("errors", *words.split(), "--url", stub.url, "--json")
    assert called.code == 0, called.err
    assert [json.loads(line) for line in called.lines] == [group()]
    [asked] = stub.asked
    assert asked.query == {"state": ["retrying"], "job_type": ["mail"], "queue": ["slow"], "limit": ["5"]}


def test_runs_are_resolved_and_a_refusal_keeps_none_back(stub: Stub, call: Call) -> None:
    stub.on(f"POST /v1/runs/{RUN}/resolve", Answer(200, {"id": RUN, "resolved": True}))
    called = call("resolve", "run_0000000000000", RUN, "--url", stub.url, "--json")
    assert called.code == 1
    assert [json.loads(line) for line in called.lines] == [{"id": RUN, "resolved": True}]
    assert "run_0000000000000" in called.err
