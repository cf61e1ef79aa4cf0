"""`blazy-jobs explain`."""

from __future__ import annotations

import json

from tests.cli.conftest import Call
from tests.cli.stub import Answer, Stub

RUN = "run_06a1b2c3d4e5f"
TOLD = {
    "run_id": RUN,
    "summary": "Waits 4 min. The queue `photos` is paused.",
    "facts": ["3 runs of its job type and queue are ahead."],
    "since": "2026-11-28T10:00:00.000000Z",
    "blocking": [
        {
            "reason": "paused",
            "scope": "queue",
            "name": "photos",
            "detail": "The queue `photos` is paused.",
            "link": "/v1/queues/photos",
        }
    ],
    "next": None,
    "suggestions": ["To let it start: POST /v1/queues/photos/resume."],
}


def test_a_pipe_gets_one_line_of_json(stub: Stub, call: Call) -> None:
    stub.on(f"GET /v1/runs/{RUN}/explain", Answer(200, TOLD))
    called = call("explain", RUN, "--url", stub.url, "--json")
    assert called.code == 0, called.err
    assert [json.loads(line) for line in called.lines] == [TOLD]
