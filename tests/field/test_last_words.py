"""A run ends with its handler's last word, also where the server does not take that word."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from blazy_jobs import RetryAfter, Snooze
from blazy_jobs.worker.outcome import instead_of, of_error

from tests.client.conftest import Start
from tests.client.peer import Peer
from tests.support.fixtures import StartServer

YEAR_SECONDS = 366 * 86_400
BAD = [
    1_790_000_000,
    YEAR_SECONDS + 1,
    math.nan,
    math.inf,
    -1,
    -math.inf,
    10**400,
    True,
    "60",
    b"60",
    None,
    [],
    timedelta.max,
]
JOBS = "tests/field/last_words.py"


@pytest.mark.parametrize("kind", [RetryAfter, Snooze])
@pytest.mark.parametrize("seconds", [*BAD, timedelta(days=-1)])
def test_a_time_that_the_server_would_not_take_is_refused_where_it_is_raised(
    kind: Callable[[Any], BaseException], seconds: object
) -> None:
    with pytest.raises(ValueError, match="takes seconds of 0 to 31,622,400"):
        kind(seconds)


@pytest.mark.parametrize("seconds", [0, 0.5, YEAR_SECONDS, timedelta(days=366), timedelta(milliseconds=5)])
def test_a_time_that_the_server_takes_is_taken(seconds: float | timedelta) -> None:
    wanted = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
    assert of_error(Snooze(seconds), None) == {"type": "snoozed", "delay_seconds": wanted}
    assert of_error(RetryAfter(seconds), None)["retry_after_seconds"] == wanted


@pytest.mark.parametrize("kind", [RetryAfter, Snooze])
@pytest.mark.parametrize("seconds", BAD)
def test_a_time_that_was_changed_afterwards_fails_the_attempt(kind: Any, seconds: object) -> None:
    error = kind(1)
    error.seconds = seconds
    report = of_error(error, None)
    assert (report["type"], report["error"]["type"]) == ("failed", "ValueError")


@pytest.mark.parametrize("kind", [RetryAfter, Snooze])
@pytest.mark.parametrize("seconds", BAD)
def test_a_changed_time_within_a_group_fails_the_attempt_and_can_be_retried(kind: Any, seconds: object) -> None:
    error = kind(1)
    error.seconds = seconds
    alone = of_error(ExceptionGroup("one", [error]), None)
    assert (alone["type"], alone["error"]["type"], alone["retryable"]) == ("failed", "ValueError", True)
    beside = of_error(ExceptionGroup("two", [error, Snooze(1)]), None)
    assert (beside["type"], beside["error"]["type"], beside["retryable"]) == ("failed", "ExceptionGroup", True)


class Unset(Snooze):
    """A subclass that never says how long."""

    def __init__(self) -> None:
        Exception.__init__(self, "later")


class Hostile(Unset):
    """A subclass whose seconds cannot be read."""

    def __getattribute__(self, name: str) -> Any:
        if name == "seconds":
            raise RuntimeError("not today")
        return super().__getattribute__(name)


@pytest.mark.parametrize("wrap", [lambda error: error, lambda error: ExceptionGroup("group", [error])])
@pytest.mark.parametrize("make", [Unset, Hostile])
def test_a_subclass_without_its_time_ends_the_attempt(wrap: Any, make: Any) -> None:
    report = of_error(wrap(make()), None)
    assert (report["type"], report["error"]["code"], report["retryable"]) == ("failed", "handler_error", True)


def test_the_longest_time_of_a_group_that_only_snoozes_holds() -> None:
    group = ExceptionGroup("all", [Snooze(3), ExceptionGroup("inner", [Snooze(7)])])
    assert of_error(group, None) == {"type": "snoozed", "delay_seconds": 7}


def test_what_is_said_instead_names_the_reason_and_the_handlers_own_error() -> None:
    refused = {"type": "failed", "error": {"type": "KeyError", "message": "'id'"}, "retry_after_seconds": -1}
    report = instead_of(refused, "must be from 0 to a year")
    assert (report["error"]["code"], report["retryable"]) == ("invalid_report", False)
    assert "must be from 0 to a year" in report["error"]["message"]
    assert "KeyError: 'id'" in report["error"]["message"]
    assert instead_of({"type": "released", "alone": True}, "unknown field") == {"type": "released"}


@pytest.mark.system
@pytest.mark.parametrize("kind", ["completed", "snoozed", "failed"])
async def test_a_refused_last_word_is_followed_by_one_that_ends_the_run(peer: Peer, start: Start, kind: str) -> None:
    await start(JOBS)
    peer.refuse = lambda report: "not like this" if report["type"] == kind and "invalid" not in str(report) else None
    outcome = await peer.outcome(await peer.add("ends", kind))
    assert outcome["type"] == "failed"
    assert outcome["error"]["code"] == ("invalid_result" if kind == "completed" else "invalid_report")
    assert "not like this" in outcome["error"]["message"]
    assert outcome["retryable"] is False


@pytest.mark.system
async def test_a_server_that_refuses_everything_is_not_asked_for_ever(peer: Peer, start: Start) -> None:
    worker = await start(JOBS)
    refused: list[str] = []

    def refuse(report: dict[str, Any]) -> str | None:
        if report["run_id"] == bad:
            refused.append(report["type"])
        return "no" if report["run_id"] == bad else None

    bad = "run_00000000bad00"
    peer.refuse = refuse
    await peer.add("ends", "snoozed", id=bad)
    for _ in range(3):
        assert (await peer.outcome(await peer.add("ends", "completed")))["type"] == "completed"
    assert refused == ["snoozed", "failed"]
    assert worker.words().count("the server refused a report") == 2


@pytest.mark.system
def test_a_handler_that_asks_for_too_much_fails_once_and_for_good(serve: StartServer) -> None:
    server = serve(JOBS, env={"JOBS_LEASE_SECONDS": "3", "JOBS_HEARTBEAT_SECONDS": "1"})
    with server.client() as client:
        for kind, code in (
            ("too late", "handler_error"),
            ("changed", "handler_error"),
            ("too late sync", "handler_error"),
        ):
            job = "ends-sync" if kind.endswith("sync") else "ends"
            run = client.post(f"/v1/job-types/{job}/runs", json={"payload": kind.removesuffix(" sync")}).json()["id"]
            ended = client.get(f"/v1/runs/{run}", params={"wait_seconds": 30}).json()
            assert (ended["state"], ended["error"]["code"], ended["attempt"]) == ("failed", code, 1), ended
            assert "takes seconds of" in ended["error"]["message"]
