"""What failed is told whole, within bounds: groups and their members, causes of causes, notes."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest
from blazy_jobs import Jobs, NonRetryable, Retry, RetryAfter, Snooze
from blazy_jobs.testing import Outcome, run_job

jobs = Jobs()


async def fail(error: BaseException) -> None:
    raise error


async def grouped(payload: Any) -> None:
    async with asyncio.TaskGroup() as tasks:
        for error in ERRORS[payload]():
            tasks.create_task(fail(error))


def raised_in_process(payload: Any) -> None:
    raise ExceptionGroup("several", [error for error in ERRORS[payload]() if isinstance(error, Exception)])


jobs.job("grouped", retry=Retry(max_attempts=3, jitter=False))(grouped)
jobs.job("grouped-thread", retry=3, isolation="thread")(raised_in_process)
jobs.job("grouped-process", retry=3)(raised_in_process)

ERRORS = {
    "two": lambda: [ValueError("no such user"), KeyError("plan")],
    "nested": lambda: [ExceptionGroup("inner", [OSError("the disk is full")]), ValueError("no such user")],
    "final": lambda: [NonRetryable("the card was declined"), ValueError("no such user")],
    "final within": lambda: [ExceptionGroup("inner", [NonRetryable("the card was declined")])],
    "later": lambda: [RetryAfter(70), RetryAfter(30), ValueError("no such user")],
    "snoozed": lambda: [Snooze(5), Snooze(9)],
    "snoozed and failed": lambda: [Snooze(5), ValueError("no such user")],
}
KINDS = ["grouped", "grouped-thread", "grouped-process"]


def error_of(outcome: Outcome) -> dict[str, Any]:
    assert outcome.error is not None
    return outcome.error


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("payload", "told"),
    [
        ("two", ["ValueError: no such user", "KeyError: 'plan'"]),
        ("nested", ["OSError: the disk is full", "ValueError: no such user"]),
    ],
)
def test_the_members_of_a_group_are_told(kind: str, payload: str, told: list[str]) -> None:
    outcome = run_job(jobs[kind], payload)
    assert (outcome.state, error_of(outcome)["type"]) == ("retrying", "ExceptionGroup")
    for line in told:
        assert line in error_of(outcome)["message"]
        assert line in error_of(outcome)["traceback"]
    if kind == "grouped":
        assert "in fail" in error_of(outcome)["traceback"], "where each was raised"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("payload", ["final", "final within"])
def test_one_that_says_so_in_a_group_is_not_retried(kind: str, payload: str) -> None:
    outcome = run_job(jobs[kind], payload)
    assert (outcome.state, error_of(outcome)["code"]) == ("failed", "non_retryable")
    assert "NonRetryable: the card was declined" in error_of(outcome)["message"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_group_waits_as_long_as_its_members_ask_for(kind: str) -> None:
    assert run_job(jobs[kind], "later").retry_after_seconds == 70
    snoozed = run_job(jobs[kind], "snoozed")
    assert (snoozed.state, snoozed.due_in_seconds) == ("snoozed", 9)
    assert run_job(jobs[kind], "snoozed and failed").state == "retrying"


def test_a_cause_of_a_cause_and_notes_are_told() -> None:
    @jobs.job("chained")
    def chained() -> None:
        try:
            try:
                try:
                    {}["rate"]
                except KeyError as error:
                    error.add_note("rates are loaded at three")
                    raise LookupError("no rate")  # noqa: B904
            except LookupError as error:
                raise ValueError("no price") from error
        except ValueError as error:
            last = RuntimeError("no invoice")
            last.add_note("invoice 7 of customer 12")
            raise last from error

    error = error_of(run_job(chained))
    assert error["message"] == "no invoice\ninvoice 7 of customer 12"
    places = [
        error["traceback"].find(text)
        for text in (
            "note: invoice 7",
            "caused by ValueError: no price",
            "caused by LookupError: no rate",
            "caused by KeyError: 'rate'",
            "note: rates are loaded at three",
        )
    ]
    assert places == sorted(places)
    assert places[0] >= 0


def test_what_is_told_is_bounded() -> None:
    def deep(levels: int) -> ExceptionGroup[Exception]:
        inner = [ValueError("x" * 10_000) for _ in range(30)]
        return ExceptionGroup("level", [*inner, deep(levels - 1)] if levels else inner)

    @jobs.job("much")
    def much() -> None:
        error: BaseException = ValueError("first")
        for number in range(3000):
            later = ValueError(str(number))
            later.__context__ = error
            error = later
        error.__cause__ = group = deep(30)
        group.__context__ = error
        for _ in range(1000):
            group.add_note("n" * 10_000)
        raise group

    error = error_of(run_job(much))
    assert len(error["message"].encode()) <= 8192
    assert len(error["traceback"].encode()) <= 16 * 1024


def test_the_exception_of_a_record_is_told_in_the_same_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])

    @jobs.job("logs-it")
    async def logs_it() -> None:
        try:
            await grouped("nested")
        except* OSError:
            logging.getLogger("shop").exception("some failed")
        except* ValueError:
            pass

    outcome = run_job(logs_it)
    assert outcome.state == "completed"
    assert "OSError: the disk is full" in outcome.logs[0]["fields"]["exception"]


def test_a_failure_from_another_decides_by_itself() -> None:
    @jobs.job("from-another")
    def from_another() -> None:
        try:
            raise NonRetryable("never")
        except NonRetryable as error:
            raise ConnectionError("the bank hung up") from error

    outcome = run_job(from_another)
    assert (outcome.state, error_of(outcome)["type"]) == ("retrying", "ConnectionError")
    assert "caused by NonRetryable: never" in error_of(outcome)["traceback"]
