"""`run_job` makes of a handler what a worker makes of it."""

from __future__ import annotations

import asyncio
import contextvars
import dataclasses
import logging
import threading
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from blazy_jobs import (
    CallNext,
    HandlerFailed,
    Job,
    JobContext,
    Jobs,
    MiddlewareRun,
    NonRetryable,
    RetryAfter,
    Snooze,
)
from blazy_jobs.testing import arun_job, run_job
from pydantic import BaseModel

jobs = Jobs()
log = logging.getLogger(__name__)


class Greeting(BaseModel, extra="forbid"):
    name: str
    at: datetime | None = None


@jobs.job(retry=3)
async def greet(payload: Greeting, ctx: JobContext) -> dict[str, Any]:
    ctx.progress(10, "thinking")
    ctx.progress(50)
    ctx.progress(120, data={"n": 1})
    ctx.log("greeted", name=payload.name)
    log.warning("by the way", extra={"attempt": ctx.attempt})
    return {"text": f"hello {payload.name}", "attempt": ctx.attempt, "of": ctx.max_attempts}


@jobs.job(retry=3)
def greet_sync(payload: Greeting, ctx: JobContext) -> dict[str, Any]:
    ctx.progress(10, "thinking")
    ctx.log("greeted", name=payload.name)
    log.warning("by the way", extra={"attempt": ctx.attempt})
    return {"text": f"hello {payload.name}", "attempt": ctx.attempt, "of": ctx.max_attempts}


@jobs.job
async def fail(payload: str) -> Any:
    match payload:
        case "for good":
            raise NonRetryable("no use")
        case "later":
            raise RetryAfter(7, "busy")
        case "not now":
            raise Snooze(30)
        case "object":
            return object()
        case "exit":
            raise SystemExit(3)
    raise ValueError(payload)


def test_it_is_completed_with_all_that_it_said() -> None:
    outcome = run_job(greet, {"name": "Ada"}, attempt=2)
    assert (outcome.state, outcome.error, outcome.exception) == ("completed", None, None)
    assert outcome.result == {"text": "hello Ada", "attempt": 2, "of": 4}
    assert (outcome.attempt, outcome.max_attempts) == (2, 4)
    assert outcome.progress == [
        {"percent": 10, "message": "thinking", "data": None},
        {"percent": 50, "message": None, "data": None},
        {"percent": 100, "message": None, "data": {"n": 1}},
    ]
    assert outcome.percents == [10, 50, 100]
    assert outcome.logs == [
        {"level": "info", "message": "greeted", "fields": {"name": "Ada"}},
        {"level": "warning", "message": "by the way", "fields": {"logger": __name__, "attempt": 2}},
    ]


def test_a_sync_handler_does_the_same_in_the_threads_of_the_test() -> None:
    here = threading.get_ident()

    @Jobs().job
    def where() -> dict[str, Any]:
        assert asyncio.run(answer()) == 7  # as in a process of its own, no loop is in the way
        return {"here": threading.get_ident() == here}

    async def answer() -> int:
        return 7

    assert run_job(where).result == {"here": True}
    outcome = run_job(greet_sync, {"name": "Ada"}, attempt=2)
    assert outcome.result == {"text": "hello Ada", "attempt": 2, "of": 4}
    assert outcome.messages == ["greeted", "by the way"]


async def test_in_a_running_loop_it_is_awaited_or_waited_for() -> None:
    for job in (greet, greet_sync):
        outcome = await arun_job(job, {"name": "Ada"})
        assert outcome == replace_id(run_job(job, {"name": "Ada"}), outcome)
    assert (await arun_job(greet, {"name": "Ada"})).messages == ["greeted", "by the way"]


def replace_id(outcome: Any, other: Any) -> Any:
    return dataclasses.replace(outcome, run_id=other.run_id, seconds=other.seconds)


async def test_awaited_it_runs_on_the_loop_of_the_test() -> None:
    gate = asyncio.Event()

    @Jobs().job
    async def pass_gate() -> bool:
        return await gate.wait()

    asyncio.get_running_loop().call_later(0.01, gate.set)
    assert (await arun_job(pass_gate)).result is True


def test_the_run_is_as_it_is_said_to_be() -> None:
    @Jobs().job(queue="mail", retry={"max_attempts": 2})
    async def tell(ctx: JobContext) -> dict[str, Any]:
        return {
            "id": ctx.run_id,
            "tags": ctx.tags,
            "metadata": ctx.metadata,
            "max": ctx.max_attempts,
            "left": (ctx.deadline - datetime.now(UTC)).total_seconds(),
        }

    outcome = run_job(tell, run_id="run_x", tags=["a"], metadata={"k": "v"}, retry=7, timeout=60)
    result = outcome.result
    assert (result["id"], result["tags"], result["metadata"], result["max"]) == ("run_x", ["a"], {"k": "v"}, 8)
    assert 50 < result["left"] <= 60
    assert run_job(tell).run_id != run_job(tell).run_id


def test_the_payload_goes_through_json_and_the_handlers_type() -> None:
    @dataclass
    class Pair:
        left: int
        right: tuple[int, ...] = ()

    @Jobs().job
    async def raw(payload: Any) -> str:
        return f"{payload!r}"

    assert run_job(raw, Pair(1, (2, 3))).result == "{'left': 1, 'right': [2, 3]}"
    outcome = run_job(greet, {"name": 1, "more": 2})
    assert outcome.state == "failed"
    assert outcome.error is not None
    assert (outcome.error["code"], outcome.error["traceback"]) == ("invalid_payload", None)
    assert "/name" in outcome.error["message"]
    with pytest.raises(ValueError, match="NaN"):
        run_job(raw, float("nan"))


def test_each_way_to_fail() -> None:
    outcome = run_job(fail, "oh")
    assert (outcome.state, outcome.due_in_seconds, outcome.retry_after_seconds) == ("retrying", 1, None)
    assert isinstance(outcome.exception, ValueError)
    assert outcome.error is not None
    assert (outcome.error["code"], outcome.error["type"], outcome.error["message"]) == (
        "handler_error",
        "ValueError",
        "oh",
    )
    assert "raise ValueError(payload)" in outcome.error["traceback"]
    assert "blazy_jobs" not in outcome.error["traceback"]

    assert run_job(fail, "oh", attempt=3).due_in_seconds == 4
    assert run_job(fail, "oh", attempt=3, jitter=0).due_in_seconds == 2
    assert (run_job(fail, "oh", attempt=4).state, run_job(fail, "oh", retry=0).state) == ("failed", "failed")

    outcome = run_job(fail, "for good")
    assert outcome.error is not None
    assert (outcome.state, outcome.error["code"]) == ("failed", "non_retryable")

    outcome = run_job(fail, "later")
    assert (outcome.state, outcome.due_in_seconds, outcome.retry_after_seconds) == ("retrying", 7, 7)

    outcome = run_job(fail, "not now")
    assert (outcome.state, outcome.due_in_seconds, outcome.error) == ("snoozed", 30, None)
    assert isinstance(outcome.exception, Snooze)

    outcome = run_job(fail, "object")
    assert outcome.error is not None
    assert (outcome.state, outcome.error["code"]) == ("failed", "invalid_result")

    outcome = run_job(fail, "exit")
    assert outcome.error is not None
    assert (outcome.state, outcome.error["type"]) == ("retrying", "SystemExit")


@pytest.mark.parametrize("job", ["async", "sync"])
def test_what_ends_a_test_is_no_failure_of_the_handler(job: str) -> None:
    async def interrupted() -> None:
        raise KeyboardInterrupt

    def interrupted_sync() -> None:
        pytest.fail("in a handler")

    handler = interrupted if job == "async" else interrupted_sync
    with pytest.raises((KeyboardInterrupt, pytest.fail.Exception)):
        run_job(Job("interrupted", handler))


class TestMiddleware:
    def wrapped(self, seen: list[Any]) -> Jobs:
        jobs = Jobs()

        @jobs.middleware
        async def outer(run: MiddlewareRun, call_next: CallNext) -> Any:
            seen.append(("outer", run.job_type, run.queue, run.attempt, run.payload))
            log.info("around")
            try:
                return {"got": await call_next(run)}
            except Exception as error:
                seen.append((type(error).__name__, str(error)))
                raise

        @jobs.middleware
        async def inner(run: MiddlewareRun, call_next: CallNext) -> Any:
            if run.payload == "refuse":
                raise Snooze(5)
            if run.payload == "answer":
                return "at once"
            run.payload = f"{run.payload}!"
            return await call_next(run)

        return jobs

    @pytest.mark.parametrize("isolation", ["async", "process", "thread", "async process"])
    def test_it_is_around_handlers_of_every_kind(self, isolation: str) -> None:
        seen: list[Any] = []
        jobs = self.wrapped(seen)

        def shout(payload: str, ctx: JobContext) -> list[str]:
            ctx.progress(1)
            log.info("inside")
            if payload == "fail!":
                raise ValueError("no")
            return [payload]

        async def shout_async(payload: str, ctx: JobContext) -> list[str]:
            return shout(payload, ctx)

        handler: Any = shout_async if isolation.startswith("async") else shout
        job = jobs.add(Job("shout", handler, isolation=isolation.removeprefix("async ")))  # type: ignore[arg-type]

        outcome = run_job(job, "hey")
        assert (outcome.result, outcome.messages) == ({"got": ["hey!"]}, ["around", "inside"])
        assert outcome.percents == [1]
        assert seen == [("outer", "shout", "default", 1, "hey")]
        assert run_job(job, "answer").result == {"got": "at once"}
        assert run_job(job, "refuse").due_in_seconds == 5

        outcome = run_job(job, "fail")
        assert outcome.error is not None
        assert (outcome.error["type"], outcome.error["message"]) == ("ValueError", "no")
        assert isinstance(outcome.exception, ValueError)
        in_a_process = isolation.endswith("process")
        assert seen[-1] == (HandlerFailed.__name__ if in_a_process else "ValueError", "no")

    def test_what_crosses_to_a_process_handler_is_as_with_a_process(self) -> None:
        jobs = Jobs()
        user = contextvars.ContextVar("user", default="nobody")

        @jobs.middleware
        async def sign_in(run: MiddlewareRun, call_next: CallNext) -> Any:
            user.set("ada")
            run.payload = (1, 2)
            return repr(await call_next(run))

        def whoami(payload: Any) -> Any:
            return (user.get(), payload)

        async def whoami_async(payload: Any) -> Any:
            return (user.get(), payload)

        assert run_job(jobs.add(Job("a", whoami))).result == "['nobody', [1, 2]]"
        assert run_job(jobs.add(Job("b", whoami_async, isolation="process"))).result == "['nobody', [1, 2]]"
        assert run_job(jobs.add(Job("c", whoami_async))).result == "('ada', (1, 2))"

    def test_whose_it_is_must_be_clear(self) -> None:
        seen: list[Any] = []
        wrapped, plain = self.wrapped(seen), Jobs()
        job = plain.add(wrapped.add(Job("echo", _echo)))
        with pytest.raises(ValueError, match="several Jobs"):
            run_job(job, "x")
        assert run_job(job, "x", jobs=wrapped).result == {"got": "x!"}
        assert run_job(job, "x", jobs=plain).result == "x"
        assert run_job(Job("echo", _echo), "x").result == "x"

    def test_what_it_mends_is_no_exception_of_the_run(self) -> None:
        jobs = Jobs()

        @jobs.middleware
        async def mend(run: MiddlewareRun, call_next: CallNext) -> Any:
            try:
                return await call_next(run)
            except ValueError:
                return "mended"

        outcome = run_job(jobs.add(Job("fail", fail.handler)), "oh")
        assert (outcome.state, outcome.result, outcome.exception) == ("completed", "mended", None)


async def _echo(payload: Any) -> Any:
    return payload


def test_options_that_cannot_be_are_refused() -> None:
    for options in ({"attempt": 0}, {"jitter": 2.0}, {"timeout": -1}, {"cancel_after": float("nan")}):
        with pytest.raises(ValueError):
            run_job(greet, {"name": "Ada"}, **options)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="takes a Job"):
        run_job(_echo)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="tiemout"):
        run_job(greet, tiemout=3)  # type: ignore[call-arg]


def test_nothing_is_left_behind() -> None:
    threads = set(threading.enumerate())
    level, handlers = logging.root.level, list(logging.root.handlers)

    @Jobs().job(isolation="thread")
    def in_a_thread() -> None: ...

    for job in (greet, greet_sync):
        run_job(job, {"name": "Ada"})
    run_job(in_a_thread)
    for thread in set(threading.enumerate()) - threads:
        thread.join(5)
    assert set(threading.enumerate()) == threads
    assert (logging.root.level, logging.root.handlers) == (level, handlers)


def test_runs_in_several_threads_keep_their_words_apart() -> None:
    outcomes: dict[str, Any] = {}

    def run(name: str) -> None:
        outcomes[name] = run_job(greet_sync, {"name": name})

    threads = [threading.Thread(target=run, args=(name,)) for name in ("Ada", "Bob", "Eve")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {name: outcome.logs[0]["fields"]["name"] for name, outcome in outcomes.items()} == {
        "Ada": "Ada",
        "Bob": "Bob",
        "Eve": "Eve",
    }
    assert all(len(outcome.logs) == 2 for outcome in outcomes.values())
