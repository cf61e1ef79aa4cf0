"""Completion in the shell: names from the server, quickly and without a word about what goes wrong."""

from __future__ import annotations

import time

import pytest

from tests.cli.conftest import Call
from tests.cli.stub import Answer, Stub, problem, run
from tests.support.speed import stretched


def complete(call: Call, monkeypatch: pytest.MonkeyPatch, line: str) -> list[str]:
    monkeypatch.setenv("_BLAZY_JOBS_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", line)
    monkeypatch.setenv("COMP_CWORD", str(len(line.split(" ")) - 1))
    called = call()
    assert (called.code, called.err) == (0, "")
    return [line for line in called.lines if line]  # of nothing, one empty line


def test_commands_are_completed(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    assert complete(call, monkeypatch, "blazy-jobs di") == ["dispatch"]
    assert complete(call, monkeypatch, "blazy-jobs job-types re") == ["resume", "retire"]
    assert complete(call, monkeypatch, "blazy-jobs runs --state f") == ["failed"]


def test_names_of_job_types_come_from_the_server(stub: Stub, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_URL", stub.url)
    monkeypatch.setenv("JOBS_API_KEY", "key")
    stub.on("GET /v1/job-types", Answer(body={"data": [{"name": "greet"}, {"name": "send"}], "next_cursor": "c=1"}))
    stub.on("GET /v1/job-types", Answer(body={"data": [{"name": "grow"}], "next_cursor": None}))
    assert complete(call, monkeypatch, "blazy-jobs dispatch gr") == ["greet", "grow"]
    assert stub.asked[1].query["cursor"] == ["c=1"]
    assert stub.asked[0].headers["Authorization"] == "Bearer key"


def test_the_address_may_be_on_the_line(stub: Stub, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    stub.page("/v1/job-types", [{"name": "greet"}])
    stub.page("/v1/queues", [{"name": "emails"}])
    stub.page("/v1/runs", [run()])
    for line, found in (("runs --job-type ", "greet"), ("queues pause ", "emails"), ("watch ", run()["id"])):
        assert complete(call, monkeypatch, f"blazy-jobs --url {stub.url} {line}") == [found]


def test_what_is_no_name_does_not_reach_the_shell(stub: Stub, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_URL", stub.url)
    stub.page("/v1/job-types", [{"name": "$(rm -rf ~)"}, {"name": "a\nb"}, {"name": "\x1b[2J"}, {"name": "fine"}])
    assert complete(call, monkeypatch, "blazy-jobs dispatch ") == ["fine"]


@pytest.mark.parametrize(
    "answer", [problem(401, "unauthorized", "no"), Answer(raw=b"<html>"), Answer(body={"data": [{}]}), Answer(500)]
)
def test_a_failure_is_silence(answer: Answer, stub: Stub, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_URL", stub.url)
    stub.on("GET /v1/job-types", answer)
    assert complete(call, monkeypatch, "blazy-jobs dispatch ") == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "nonsense", "http://h:99999"])
def test_no_server_is_silence(url: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_URL", url)
    assert complete(call, monkeypatch, "blazy-jobs dispatch ") == []


def test_a_slow_server_is_not_waited_for(stub: Stub, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blazy_jobs.cli.completion.TIMEOUT_SECONDS", 0.2)
    monkeypatch.setenv("JOBS_URL", stub.url)
    stub.on("GET /v1/job-types", Answer(hangs=True))
    began = time.monotonic()
    assert complete(call, monkeypatch, "blazy-jobs dispatch ") == []
    assert time.monotonic() - began < stretched(5)


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_for_the_shell_is_shown(shell: str, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_BLAZY_JOBS_COMPLETE", f"source_{shell}")
    called = call()
    assert called.code == 0
    assert "_BLAZY_JOBS_COMPLETE" in called.out
