"""`blazy-jobs audit`."""

from __future__ import annotations

import json
from typing import Any

from tests.cli.conftest import Call
from tests.cli.stub import Answer, Stub


def entry(**changes: Any) -> dict[str, Any]:
    told = {
        "id": "aud_0000000000001",
        "time": "2026-11-28T10:00:00.000000Z",
        "actor": {"id": "7fK2mPq9Xa", "name": "ci"},
        "action": "job_type.update",
        "target": "mail",
        "changed": ["priority"],
        "address": "192.0.2.7",
        "outcome": "done",
        "count": 1,
    }
    return told | changes


def test_filters_are_sent_and_a_pipe_gets_lines_of_json(stub: Stub, call: Call) -> None:
    stub.on("GET /v1/audit", Answer(200, {"data": [entry()], "next_cursor": None}))
    words = "--actor 7fK2mPq9Xa --action job_type.update --target mail --outcome done --limit 5"
    called = call("audit", *words.split(), "--url", stub.url, "--json")
    assert called.code == 0, called.err
    assert [json.loads(line) for line in called.lines] == [entry()]
    [asked] = stub.asked
    assert asked.query == {
        "actor": ["7fK2mPq9Xa"],
        "action": ["job_type.update"],
        "target": ["mail"],
        "outcome": ["done"],
        "limit": ["5"],
    }
