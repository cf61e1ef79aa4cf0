"""`blazy-jobs top`, the history of `stats`, and `workers drain`."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from blazy_jobs.cli import board, tables
from rich.console import Console

from tests.cli.conftest import Call
from tests.cli.stub import Answer, Stub

STATES = ("scheduled", "queued", "running", "retrying", "completed", "failed", "cancelled")


def digest(**changes: Any) -> dict[str, Any]:
    told = {
        "at": "2026-11-28T10:00:00.000000Z",
        "server": "srv_31jh8a0q5d2ne",
        "counts": dict.fromkeys(STATES, 0) | {"queued": 12_345, "failed": 2},
        "rates": dict.fromkeys(("started", "completed", "failed", "cancelled", "retried", "lost"), 1.5),
        "workers": {"connected": 3, "draining": 1, "slots": 30, "busy": 7},
        "trouble": [],
        "versions": {},
        "queues": [
            {
                "name": "mail",
                "queued": 12_345,
                "unserved": 45,
                "oldest_due_at": "2026-11-28T09:00:00.000000Z",
                "paused": True,
            }
        ],
        "queues_left_out": 0,
        "new_errors": [],
        "lanes": [{"job_type": f"job-{n}", "queue": "mail", "counts": {"queued": n}} for n in range(40)],
        "other": {"lanes": 5, "counts": {}},
    }
    return told | changes


def shown(told: dict[str, Any], width: int = 100, height: int = 24) -> str:
    file = io.StringIO()
    console = Console(file=file, width=width, color_system=None)
    for part in board.whole(told, width, height):
        console.print(part)
    return file.getvalue()


def test_a_pipe_gets_each_digest_as_a_line_of_json(stub: Stub, call: Call) -> None:
    frames = [f"id: {n}\nevent: digest\ndata: {json.dumps(digest(queues_left_out=n))}\n\n".encode() for n in (1, 2)]
    refusal = {"type": "about:blank", "title": "Gone", "status": 401, "detail": "ended", "code": "unauthorized"}
    stub.on("GET /v1/live", Answer(blocks=frames), Answer(401, refusal))
    called = call("top", "--url", stub.url)
    assert called.code != 0, "the key was refused when it came back"
    assert [json.loads(line)["queues_left_out"] for line in called.lines] == [1, 2]
    assert stub.asked[1].headers["Last-Event-ID"] == "2"


@pytest.mark.parametrize(("width", "height"), [(80, 24), (120, 40), (100, 12)])
def test_a_person_sees_no_more_lines_than_the_terminal_has(width: int, height: int) -> None:
    lines = shown(digest(), width, height).splitlines()
    assert len(lines) <= max(height, 13)
    assert all(len(line) <= width for line in lines)


def test_a_person_sees_what_waits_and_who_works() -> None:
    text = shown(digest(trouble=["store"]))
    for told in ("3 workers (1 draining)", "7 of 30", "trouble: store", "queued 12,345", "failed 2", "completed 1.5"):
        assert told in text
    assert "paused, no worker for 45" in text
    assert "more" in text
    assert "no runs yet" in shown(digest(counts=dict.fromkeys(STATES, 0), queues=[], lanes=[], other=None))


def test_a_hostile_name_cannot_move_the_cursor() -> None:
    told = digest(lanes=[{"job_type": "x\x1b[2J", "queue": "q\x07", "counts": {"queued": 1}}])
    assert "\x1b" not in shown(told)
    assert "\x07" not in shown(told)


def test_the_history_is_asked_for_and_a_pipe_gets_it_as_it_is(stub: Stub, call: Call) -> None:
    answer = {"from": "x", "to": "y", "step_seconds": 900, "bounds": [], "total": {}, "data": []}
    stub.on("GET /v1/stats/series", Answer(body=answer))
    words = "--since 24h --step 15m --job-type mail --queue slow"
    called = call("stats", *words.split(), "--url", stub.url)
    assert (called.code, json.loads(called.out)) == (0, answer)
    [asked] = stub.asked
    assert asked.query.pop("from")
    assert asked.query == {"step": ["900"], "job_type": ["mail"], "queue": ["slow"]}


@pytest.mark.parametrize("width", [80, 120])
def test_a_person_sees_the_history_as_a_table_with_gaps(width: int) -> None:
    durations = {"count": 1, "p50_seconds": 0.25, "p99_seconds": 1800, "mean_seconds": 1}
    counts = dict.fromkeys(("started", "completed", "failed", "cancelled", "retried", "lost", "deepest"), 12_345)
    point = {"at": "2026-11-28T10:00:00Z", **counts, "waited": durations, "ran": durations}
    gap = dict.fromkeys(point) | {"at": "2026-11-28T10:01:00Z"}
    file = io.StringIO()
    Console(file=file, width=width, color_system=None).print(tables.series([point, gap], point, width))
    lines = file.getvalue().splitlines()
    assert len(lines) == 4
    assert "…" not in file.getvalue(), "nothing is cut"
    assert lines[1].count("12,345") == (5 if width == 80 else 7)


def test_a_worker_is_drained(stub: Stub, call: Call) -> None:
    stub.on("POST /v1/workers/wrk_1/drain", Answer(body={"id": "wrk_1", "busy": 2, "draining": True}))
    called = call("workers", "drain", "wrk_1", "--url", stub.url)
    assert (called.code, json.loads(called.out)["draining"]) == (0, True)
    assert call("workers", "drain", "../keys", "--url", stub.url).code == 2
