"""The commands against a server of a few lines: what they ask, what they print in a pipe, how they end."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from tests.cli.conftest import Call
from tests.cli.stub import COMPLETED, FAILED, Answer, Stub, block, event, problem, run

RUN_ID = "run_0000000000001"
DISPATCH = "POST /v1/job-types/greet/runs"


def read(lines: list[str]) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines]


# -- dispatch


def test_a_dispatch_prints_its_run_as_a_line_of_json(stub: Stub, call: Call) -> None:
    stub.on(DISPATCH, Answer(202, run()))
    called = call("dispatch", "greet", '{"name": "Ada"}', "--url", stub.url)
    assert (called.code, called.err) == (0, "")
    assert read(called.lines) == [run()]
    [asked] = stub.asked
    assert asked.body == {"payload": {"name": "Ada"}}
    assert asked.headers["Idempotency-Key"]


def test_each_option_of_a_dispatch_is_sent(stub: Stub, call: Call) -> None:
    stub.on(DISPATCH, Answer(202, run()))
    words = "--queue q --priority -5 --delay 10m --retry 0 --timeout 1.5 --expires 1h --dedupe-key d"
    more = "--tag a --tag b --metadata k=v --metadata x=y=z --idempotency-key key-1"
    assert call("dispatch", "greet", *words.split(), *more.split(), "--url", stub.url).code == 0
    [asked] = stub.asked
    assert asked.headers["Idempotency-Key"] == "key-1"
    assert asked.body == {
        "payload": None,
        "queue": "q",
        "priority": -5,
        "delay_seconds": 600,
        "retry": 0,
        "timeout_seconds": 1.5,
        "expires_seconds": 3600,
        "dedupe_key": "d",
        "tags": ["a", "b"],
        "metadata": {"k": "v", "x": "y=z"},
    }


def test_a_time_is_sent_as_utc(stub: Stub, call: Call) -> None:
    stub.on(DISPATCH, Answer(202, run(state="scheduled")))
    assert call("dispatch", "greet", "--run-at", "2027-01-31T09:00:00+01:00", "--url", stub.url).code == 0
    assert stub.asked[0].body["run_at"] == "2027-01-31T08:00:00Z"


def test_a_payload_may_begin_with_a_dash(stub: Stub, call: Call) -> None:
    stub.on(DISPATCH, Answer(202, run()))
    assert call("dispatch", "--url", stub.url, "greet", "--", "-5").code == 0
    assert stub.asked[0].body == {"payload": -5}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["greet", "{}", "--watch", "--wait"], "give one"),
        (["greet", "--delay", "5", "--run-at", "2027-01-01T00:00:00Z"], "give one"),
        (["greet", "--run-at", "2027-01-01T00:00:00"], "not a time with a time zone"),
        (["greet", "--run-at", "tomorrow"], "not a time with a time zone"),
        (["greet", "--metadata", "novalue"], "not of the form name=value"),
        (["greet", "--metadata", "a=1", "--metadata", "a=2"], "'a' is there twice"),
        (["greet", "--priority", "101"], "--priority"),
        (["greet", "--delay", "soon"], "not a duration"),
        (["greet", "--idempotency-key", "ü"], "printable ASCII"),
        (["greet", "{"], "line 1, column 2"),
        (["no/name"], "'no/name' is not the name of a job type"),
        (["greet", "{}", "--pirority", "1"], "No such option"),
        ([], "Missing argument"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_exit_code_2(words: list[str], said: str, call: Call) -> None:
    called = call("dispatch", *words, "--url", "http://127.0.0.1:1")
    assert (called.code, called.out) == (2, "")
    assert said in called.err
    assert called.err.count("\n") == 1
    assert called.err.startswith("blazy-jobs: ")


# -- following


def test_watch_prints_the_events_as_the_api_shows_them(stub: Stub, call: Call) -> None:
    events = [event(1, "queued", {"due_at": None}, state="queued"), event(2, "started", {"worker_id": "w"}), COMPLETED]
    stub.on(f"GET /v1/runs/{RUN_ID}", Answer(body=run()))
    stub.on(f"GET /v1/runs/{RUN_ID}/events", Answer(blocks=[block(item) for item in events]))
    called = call("watch", RUN_ID, "--url", stub.url)
    assert (called.code, called.err) == (0, "")
    assert read(called.lines) == events


def test_watch_begins_after_an_event(stub: Stub, call: Call) -> None:
    stub.on(f"GET /v1/runs/{RUN_ID}", Answer(body=run()))
    stub.on(f"GET /v1/runs/{RUN_ID}/events", Answer(blocks=[block(COMPLETED)]))
    assert call("watch", RUN_ID, "--after", "2", "--url", stub.url).code == 0
    assert stub.asked[1].headers["Last-Event-ID"] == "2"


def test_a_run_that_failed_is_exit_code_1_and_a_line_on_stderr(stub: Stub, call: Call) -> None:
    stub.on(DISPATCH, Answer(202, run()))
    stub.on(f"GET /v1/runs/{RUN_ID}/events", Answer(blocks=[block(FAILED)]))
    called = call("dispatch", "greet", "--watch", "--url", stub.url)
    assert (called.code, read(called.lines)) == (1, [FAILED])
    assert called.err == f"blazy-jobs: {RUN_ID} failed: handler_error: ValueError: no\n"


def test_wait_prints_the_finished_run_and_nothing_else(stub: Stub, call: Call) -> None:
    ended = run(state="cancelled", finished_at="2026-11-24T10:00:01.000000Z")
    stub.on(DISPATCH, Answer(202, run()))
    cancelled = event(2, "cancelled", {"reason": "no"}, state="cancelled")
    stub.on(f"GET /v1/runs/{RUN_ID}/events", Answer(blocks=[block(cancelled)]))
    stub.on(f"GET /v1/runs/{RUN_ID}", Answer(body=ended))
    called = call("dispatch", "greet", "--wait", "--url", stub.url)
    assert (called.code, read(called.lines)) == (1, [ended])
    assert "was cancelled" in called.err


def test_a_run_whose_events_were_all_read_ends_by_its_state(stub: Stub, call: Call) -> None:
    stub.on(f"GET /v1/runs/{RUN_ID}", Answer(body=run(state="failed")))
    stub.on(f"GET /v1/runs/{RUN_ID}/events", Answer(204, raw=b""))
    called = call("watch", RUN_ID, "--after", "9", "--url", stub.url)
    assert (called.code, called.out) == (1, "")


def test_a_lost_stream_is_taken_up_again_and_said_once(stub: Stub, call: Call) -> None:
    stub.on(f"GET /v1/runs/{RUN_ID}", Answer(body=run()))
    first = event(1, "queued", {"due_at": None}, state="queued")
    away = Answer(503, {"code": "draining", "detail": "stopping"})
    streams = [Answer(blocks=[block(first)]), away, away, Answer(blocks=[block(COMPLETED)])]
    stub.on(f"GET /v1/runs/{RUN_ID}/events", *streams)
    called = call("watch", RUN_ID, "--url", stub.url)
    assert (called.code, read(called.lines)) == (0, [first, COMPLETED])
    assert [line.split(" (")[0] for line in called.err.splitlines()] == [
        f"blazy-jobs: lost {stub.url}",
        f"blazy-jobs: connected to {stub.url} again",
    ]
    assert stub.asked[-1].headers["Last-Event-ID"] == "1"


def test_a_stream_that_stays_lost_is_given_up(stub: Stub, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blazy_jobs.cli.line.LOST_SECONDS", 0.2)
    stub.on(f"GET /v1/runs/{RUN_ID}", Answer(body=run()))
    stub.on(f"GET /v1/runs/{RUN_ID}/events", Answer(503, {"code": "draining", "detail": "stopping"}))
    called = call("watch", RUN_ID, "--url", stub.url)
    assert called.code == 3
    assert f"cannot reach {stub.url}: lost for" in called.err


LIVE = b": live\n\n"


@pytest.mark.parametrize("end", [[LIVE], [LIVE[:4], LIVE[4:]], [b"\n", LIVE, block(event(4, "queued", {}))]])
def test_events_end_where_the_server_goes_live(stub: Stub, call: Call, end: list[bytes]) -> None:
    stub.on("GET /v1/events", Answer(blocks=[block(COMPLETED), block(FAILED), *end], hangs=True))
    called = call("events", "--type", "failed", "--type", "completed", "--tag", "t", "--url", stub.url)
    assert (called.code, read(called.lines)) == (0, [COMPLETED, FAILED])
    assert stub.asked[0].query == {"type": ["failed", "completed"], "tag": ["t"], "from": ["start"]}


def test_events_that_broke_off_are_no_end(stub: Stub, call: Call) -> None:
    stub.on("GET /v1/events", Answer(blocks=[block(COMPLETED)]), Answer(blocks=[block(FAILED), LIVE], hangs=True))
    assert read(call("events", "--url", stub.url).lines) == [COMPLETED, FAILED]


# -- lists and changes


def test_runs_are_listed_by_their_filters_as_far_as_the_limit(stub: Stub, call: Call) -> None:
    pages = [[run(f"run_{n:013}") for n in range(200)], [run(f"run_{n:013}") for n in range(200, 250)]]
    stub.on("GET /v1/runs", Answer(body={"data": pages[0], "next_cursor": "c"}))
    stub.on("GET /v1/runs", Answer(body={"data": pages[1], "next_cursor": "d"}))
    words = "--state failed --state cancelled --job-type greet --queue q --tag t --limit 250"
    called = call("runs", *words.split(), "--url", stub.url)
    assert (called.code, len(called.lines)) == (0, 250)
    filters = {"state": ["failed", "cancelled"], "job_type": ["greet"], "queue": ["q"], "tag": ["t"]}
    assert [asked.query for asked in stub.asked] == [
        {**filters, "limit": ["200"]},
        {**filters, "limit": ["50"], "cursor": ["c"]},
    ]


def test_all_runs_are_all_pages(stub: Stub, call: Call) -> None:
    stub.on("GET /v1/runs", Answer(body={"data": [run()], "next_cursor": "c"}))
    stub.on("GET /v1/runs", Answer(body={"data": [run()], "next_cursor": None}))
    assert len(call("runs", "--all", "--url", stub.url).lines) == 2


def test_no_runs_are_no_lines(stub: Stub, call: Call) -> None:
    stub.page("/v1/runs", [])
    called = call("runs", "--url", stub.url)
    assert (called.code, called.out, called.err) == (0, "", "")


def test_a_run_is_shown_with_its_attempts_and_last_events(stub: Stub, call: Call) -> None:
    events = [event(seq, "log", {"level": "info", "message": "m", "fields": None}) for seq in range(1, 31)]
    stub.on(f"GET /v1/runs/{RUN_ID}", Answer(body=run()))
    stub.page(f"/v1/runs/{RUN_ID}/attempts", [{"number": 1}])
    stub.on(f"GET /v1/runs/{RUN_ID}/events", Answer(body={"data": events[:15], "next_cursor": "c"}))
    stub.on(f"GET /v1/runs/{RUN_ID}/events", Answer(body={"data": events[15:], "next_cursor": None}))
    [shown] = read(call("run", RUN_ID, "--url", stub.url).lines)
    assert shown == {**run(), "attempts": [{"number": 1}], "events": events[10:]}


def test_cancel_sends_its_reason(stub: Stub, call: Call) -> None:
    stub.on(f"GET /v1/runs/{RUN_ID}", Answer(body=run()))
    stub.on(f"POST /v1/runs/{RUN_ID}/cancel", Answer(body=run(state="cancelled")))
    called = call("cancel", RUN_ID, "--reason", "wrong file", "--url", stub.url)
    assert (called.code, read(called.lines)[0]["state"]) == (0, "cancelled")
    assert stub.asked[-1].body == {"reason": "wrong file"}


def test_replay_makes_a_new_run(stub: Stub, call: Call) -> None:
    stub.on(f"GET /v1/runs/{RUN_ID}", Answer(body=run(state="failed")))
    again = run("run_0000000000002", replay_of=RUN_ID)
    stub.on(f"POST /v1/runs/{RUN_ID}/replay", Answer(202, again))
    called = call("replay", RUN_ID, "--idempotency-key", "k", "--url", stub.url)
    assert (called.code, read(called.lines)) == (0, [again])
    assert stub.asked[-1].headers["Idempotency-Key"] == "k"


@pytest.mark.parametrize(
    ("options", "changes"),
    [
        (["--concurrency", "20"], {"concurrency": 20}),
        (["--rate", "100/m"], {"rate_limit": {"limit": 100, "per_seconds": 60}}),
        (["--rate", "3/10s", "--max-queued", "7"], {"rate_limit": {"limit": 3, "per_seconds": 10}, "max_queued": 7}),
        (
            ["--rate", "none", "--concurrency", "none", "--max-queued", "none"],
            {"rate_limit": None, "concurrency": None, "max_queued": None},
        ),
    ],
)
def test_limits_of_a_queue_are_set(options: list[str], changes: dict[str, Any], stub: Stub, call: Call) -> None:
    stub.on("PATCH /v1/queues/mail", Answer(body={"name": "mail", "paused": False} | changes))
    assert read(call("queues", "set", "mail", *options, "--url", stub.url).lines)[0]["name"] == "mail"
    assert stub.asked[-1].body == changes


@pytest.mark.parametrize(
    "options",
    [[], ["--rate", "100"], ["--rate", "0/m"], ["--rate", "5/0s"], ["--rate", "5/w"], ["--concurrency", "0"],
     ["--concurrency", "x"], ["--max-queued", "-1"]],
)  # fmt: skip
def test_a_limit_that_is_none_is_refused(options: list[str], stub: Stub, call: Call) -> None:
    assert call("queues", "set", "mail", *options, "--url", stub.url).code == 2
    assert not stub.asked


@pytest.mark.parametrize("path", ["job-types", "queues"])
def test_definitions_are_listed_shown_paused_and_resumed(path: str, stub: Stub, call: Call) -> None:
    item = {"name": "greet", "paused": False}
    stub.page(f"/v1/{path}", [item])
    stub.on(f"GET /v1/{path}/greet", Answer(body=item))
    stub.on(f"POST /v1/{path}/greet/pause", Answer(body=item | {"paused": True}))
    stub.on(f"POST /v1/{path}/greet/resume", Answer(body=item))
    assert read(call(path, "--url", stub.url).lines) == [item]
    assert read(call(path, "--url", stub.url, "show", "greet").lines) == [item]
    assert read(call(path, "pause", "greet", "--url", stub.url).lines) == [item | {"paused": True}]
    assert read(call("--url", stub.url, path, "resume", "greet").lines) == [item]


def test_a_job_type_is_retired(stub: Stub, call: Call) -> None:
    stub.on("DELETE /v1/job-types/greet", Answer(204, raw=b""))
    called = call("job-types", "retire", "greet", "--url", stub.url)
    assert read(called.lines) == [{"name": "greet", "retired": True}]


def test_a_schedule_is_worked_with_by_either_name_of_the_command(stub: Stub, call: Call) -> None:
    item, time = {"name": "nightly", "paused": False}, "2027-01-01T03:00:00.000000Z"
    stub.page("/v1/schedules", [item])
    stub.on("POST /v1/schedules/nightly/pause", Answer(body=item | {"paused": True}))
    stub.on("POST /v1/schedules/nightly/resume", Answer(body=item))
    stub.on("POST /v1/schedules/nightly/trigger", Answer(202, run()))
    stub.on("GET /v1/schedules/nightly/next", Answer(body={"data": [time]}))
    for command in ("schedule", "schedules"):
        assert read(call(command, "--url", stub.url).lines) == [item]
        assert read(call(command, "pause", "nightly", "--url", stub.url).lines) == [item | {"paused": True}]
        assert read(call("--url", stub.url, command, "resume", "nightly").lines) == [item]
        assert read(call(command, "trigger", "nightly", "--url", stub.url).lines) == [run()]
        assert read(call(command, "next", "nightly", "--url", stub.url).lines) == [{"at": time}]


@pytest.mark.parametrize("path", ["job-types", "queues", "schedules"])
def test_one_of_them_can_be_called_one(path: str, stub: Stub, call: Call) -> None:
    item = {"name": "greet", "paused": False}
    stub.on(f"GET /v1/{path}/greet", Answer(body=item))
    assert read(call(path.removesuffix("s"), "show", "greet", "--url", stub.url).lines) == [item]


# -- options of every command


def test_the_key_and_address_come_from_the_environment(stub: Stub, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_URL", f"{stub.url}/")
    monkeypatch.setenv("JOBS_API_KEY", "from-the-environment")
    stub.page("/v1/queues", [])
    assert call("queues").code == 0
    assert stub.asked[0].headers["Authorization"] == "Bearer from-the-environment"


def test_the_nearest_option_wins(stub: Stub, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_API_KEY", "one")
    stub.page("/v1/queues", [])
    assert call("--url", "http://127.0.0.1:1", "--api-key", "two", "queues", "--url", stub.url).code == 0
    assert call("--api-key", "two", "queues", "--api-key", "three", "--url", stub.url).code == 0
    assert [asked.headers["Authorization"] for asked in stub.asked] == ["Bearer two", "Bearer three"]


@pytest.mark.parametrize(
    "url", ["127.0.0.1:8000", "ftp://host", "http://", "http://h:99999", "http://h/?a=1", "http://hö", ""]
)
def test_what_is_no_address_is_exit_code_2(url: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_URL", url or "x")
    called = call("runs")
    assert called.code == 2
    assert "is not the address of a server" in called.err


def test_secrets_are_not_echoed(call: Call) -> None:
    for words in (
        ["--url", "http://me:hunter2@127.0.0.1:1"],
        ["--url", "http://127.0.0.1:1", "--api-key", "hunter2\r"],
    ):
        called = call("runs", *words)
        assert called.code == 2
        assert "hunter2" not in called.err


# -- what goes wrong


def test_a_problem_is_one_line_with_its_code_and_each_path(stub: Stub, call: Call) -> None:
    errors = [{"path": f"/payload/{n}", "message": f"bad {n}", "code": "type"} for n in range(8)]
    stub.on(DISPATCH, problem(422, "invalid_payload", "/payload/0: bad 0 (and 7 more)", errors))
    called = call("dispatch", "greet", "--url", stub.url)
    assert (called.code, called.out) == (1, "")
    places = "; ".join(f"/payload/{n}: bad {n}" for n in range(8))
    assert called.err == f"blazy-jobs: invalid_payload: {places}\n"


def test_a_hostile_problem_does_nothing_to_the_terminal(stub: Stub, call: Call) -> None:
    stub.on(DISPATCH, problem(409, "co\x1b[2Jde", "one\ntwo\x9b31m\u202e"))
    assert call("dispatch", "greet", "--url", stub.url).err == "blazy-jobs: co\\x1b[2Jde: one\\ntwo\\x9b31m\\u202e\n"


def test_no_server_is_exit_code_3(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blazy_jobs.client.tries.MAX_TRIES", 1)
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        called = call("runs", "--url", f"http://127.0.0.1:{held.getsockname()[1]}")
    assert (called.code, called.out) == (3, "")
    assert "cannot reach http://127.0.0.1:" in called.err
    assert "refused" in called.err


@pytest.mark.parametrize(
    "answer",
    [Answer(raw=b"<html>hello"), Answer(body=[]), Answer(body={"data": 5}), Answer(502, raw=b"<html>"), Answer(504)],
)
def test_another_server_is_exit_code_3_without_a_traceback(answer: Answer, stub: Stub, call: Call) -> None:
    stub.on("GET /v1/runs", answer)
    called = call("runs", "--url", stub.url)
    assert called.code == 3
    assert called.err.count("\n") == 1


def test_a_missing_key_says_where_it_is_read_from(stub: Stub, call: Call) -> None:
    stub.on("GET /v1/runs", problem(401, "unauthorized", "A key is needed."))
    called = call("runs", "--url", stub.url)
    assert (called.code, called.err) == (
        1,
        "blazy-jobs: unauthorized: A key is needed. (the key is read from JOBS_API_KEY or JOBS_API_KEY_FILE)\n",
    )


def test_an_unknown_command_is_exit_code_2_with_a_guess(call: Call) -> None:
    called = call("dispach", "greet")
    assert called.code == 2
    assert "Did you mean 'dispatch'?" in called.err


def test_no_command_is_help_on_stderr_and_exit_code_2(call: Call) -> None:
    called = call()
    assert (called.code, called.out) == (2, "")
    assert "Commands:" in called.err
