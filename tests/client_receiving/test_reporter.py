"""Reports from anywhere that has a run's address and token, said both ways."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from blazy_jobs import ApiError, ConnectionFailed
from blazy_jobs.receiving import AsyncReporter, AttemptOver, Heard, ReportAddress, Reporter, ReportRefused

from tests.client_receiving.support import TOKEN, Desk, cancelling, over

Ask = Callable[..., Any]


@pytest.fixture(params=["sync", "async"])
def ask(request: pytest.FixtureRequest, desk: Desk) -> Ask:
    """Calls a method of either reporter by its name."""
    address = ReportAddress(desk.url, TOKEN)
    reporter = Reporter(address) if request.param == "sync" else AsyncReporter(address)

    async def call(name: str, *args: Any, **options: Any) -> Any:
        value = getattr(reporter, name)(*args, **options)
        return await value if inspect.isawaitable(value) else value

    return call


@pytest.mark.parametrize(
    ("name", "args", "options", "item"),
    [
        (
            "progress",
            (40, "120 of 300"),
            {},
            {"type": "progress", "percent": 40.0, "message": "120 of 300", "data": None},
        ),
        (
            "progress",
            (400,),
            {"data": {"a": 1}},
            {"type": "progress", "percent": 100.0, "message": None, "data": {"a": 1}},
        ),
        ("log", ("sent",), {"to": "ada"}, {"type": "log", "level": "info", "message": "sent", "fields": {"to": "ada"}}),
        ("complete", ({"a": 1},), {}, {"type": "completed", "result": {"a": 1}}),
        ("complete", (), {}, {"type": "completed", "result": None}),
        ("snooze", (timedelta(minutes=1),), {}, {"type": "snoozed", "delay_seconds": 60.0}),
        ("release", (), {}, {"type": "released"}),
        ("cancelled", (), {}, {"type": "cancelled"}),
    ],
)
async def test_each_report_is_one_item(ask: Ask, desk: Desk, name: str, args: Any, options: Any, item: Any) -> None:
    assert await ask(name, *args, **options) == Heard(cancel_requested=False)
    assert desk.requests == [[item]]
    assert desk.authorizations == [f"Bearer {TOKEN}"]


async def test_a_failure_says_why_and_what_comes_next(ask: Ask, desk: Desk) -> None:
    await ask("fail", "no such photo")
    await ask("fail", ValueError("bad"), retryable=False)
    await ask("fail", "busy", code="upstream_busy", retry_after=60)
    plain, raised, later = desk.items
    assert plain == {
        "type": "failed",
        "error": {"code": "handler_error", "type": None, "message": "no such photo"},
        "retryable": True,
    }
    assert (raised["error"]["code"], raised["error"]["type"]) == ("non_retryable", "ValueError")
    assert (later["error"]["code"], later["retry_after_seconds"]) == ("upstream_busy", 60.0)


async def test_a_heartbeat_brings_the_cancel(ask: Ask, desk: Desk) -> None:
    desk.answer = cancelling
    assert (await ask("heartbeat")).cancel_requested
    assert (await ask("progress", 1)).cancel_requested
    assert desk.requests[0] == []


@pytest.mark.parametrize(
    "answer", [over, lambda _: (401, {}), lambda _: (404, {}), lambda _: (409, {}), lambda _: (410, {})]
)
async def test_an_attempt_that_is_over(ask: Ask, desk: Desk, answer: Any) -> None:
    desk.answer = answer
    with pytest.raises(AttemptOver):
        await ask("progress", 50)


async def test_a_report_that_is_refused(ask: Ask, desk: Desk) -> None:
    desk.answer = lambda items: (
        200,
        {"data": [{"status": "rejected", "error": "percent: not a number", "cancel_requested": False}]},
    )
    with pytest.raises(ReportRefused, match="percent: not a number"):
        await ask("progress", 50)
    desk.answer = lambda items: (422, {"code": "invalid_request", "detail": "no"})
    with pytest.raises(ApiError, match="invalid_request"):
        await ask("progress", 50)


async def test_it_is_sent_again_where_the_answer_is_lost(ask: Ask, desk: Desk) -> None:
    answers = iter([None, (503, {}), (200, {"data": [{"status": "accepted", "cancel_requested": False}]})])
    desk.answer = lambda items: next(answers)
    await ask("complete", 1)
    assert desk.requests == [[{"type": "completed", "result": 1}]] * 3


async def test_what_cannot_be_said_is_an_error_here(ask: Ask, desk: Desk) -> None:
    for name, args, options in (
        ("complete", (float("nan"),), {}),
        ("progress", (float("nan"),), {}),
        ("snooze", (-1,), {}),
        ("fail", ("x",), {"retry_after": 10**9}),
    ):
        with pytest.raises(ValueError):
            await ask(name, *args, **options)
    assert desk.requests == []


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("blazy_jobs.client.tries.REQUEST_SECONDS", 0.3)
    with pytest.raises(ConnectionFailed):
        Reporter(ReportAddress("http://127.0.0.1:1/report", TOKEN)).progress(1)


def test_a_token_is_not_shown() -> None:
    address = ReportAddress("https://jobs.example/v1/runs/run_1/report", TOKEN)
    assert TOKEN not in repr(address)
    assert json.dumps({"url": address.url, "token": address.token})


def test_the_twins_are_one() -> None:
    names = [name for name in vars(Reporter) if not name.startswith("_")]
    assert names == [name for name in vars(AsyncReporter) if not name.startswith("_")]
    for name in names:
        assert inspect.signature(getattr(Reporter, name)) == inspect.signature(getattr(AsyncReporter, name))
        assert inspect.iscoroutinefunction(getattr(AsyncReporter, name))
        assert name == "send" or getattr(Reporter, name).__doc__ == getattr(AsyncReporter, name).__doc__
