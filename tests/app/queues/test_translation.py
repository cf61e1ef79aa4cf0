"""Between our words and BullMQ's."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from blazy_jobs_server.domain.following import UNSAID, JobSeen
from blazy_jobs_server.domain.retry import RetryPolicy
from blazy_jobs_server.queues import translation as words


def test_priorities_keep_their_order_and_come_back() -> None:
    theirs = [words.to_priority(ours) for ours in range(-100, 101)]
    assert theirs == sorted(theirs, reverse=True)
    assert (min(theirs), max(theirs)) == (1, 201)
    assert [words.from_priority(value) for value in theirs] == list(range(-100, 101))
    assert [words.from_priority(value) for value in (0, 202, 2**21)] == [0, -100, -100]


@pytest.mark.parametrize(
    ("retry", "expected"),
    [
        (RetryPolicy(), {"type": "exponential", "delay": 1000, "jitter": 0.5}),
        (RetryPolicy(backoff="fixed", initial_seconds=0.25, jitter=False), {"type": "fixed", "delay": 250}),
        (RetryPolicy(backoff="linear", initial_seconds=2, jitter=False), {"type": "fixed", "delay": 2000}),
    ],
)
def test_our_backoff_in_their_words(retry: RetryPolicy, expected: Any) -> None:
    assert words.to_backoff(retry) == expected
    assert words.options(retry, 0, 0)["attempts"] == 4


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [
        ("40", {"percent": 40, "message": None, "data": None}),
        ("40.5", {"percent": 40.5, "message": None, "data": None}),
        ("-3", {"percent": 0, "message": None, "data": None}),
        ("1e9", {"percent": 100, "message": None, "data": None}),
        ('{"percent":7,"message":"m","data":[1]}', {"percent": 7, "message": "m", "data": [1]}),
        ('{"progress":7,"step":"é"}', {"percent": 7, "message": None, "data": {"progress": 7, "step": "é"}}),
        ('"half way"', {"percent": None, "message": "half way", "data": None}),
        ("true", {"percent": None, "message": "true", "data": None}),
        ("null", {"percent": None, "message": None, "data": None}),
        ("no JSON", {"percent": None, "message": "no JSON", "data": None}),
    ],
)
def test_their_progress_in_our_words(theirs: str, expected: Any) -> None:
    assert orjson.loads(words.from_progress(theirs)) == expected


def test_our_progress_in_their_words() -> None:
    assert words.to_progress('{"percent":40,"message":null,"data":null}') == 40
    said = {"percent": 40, "message": "m", "data": None}
    assert words.to_progress(orjson.dumps(said).decode()) == said


def test_large_progress_is_cut_and_says_so() -> None:
    cut = orjson.loads(words.from_progress(orjson.dumps({"rows": ["x" * 100] * 1000}).decode()))
    assert cut["data"]["cut"] is True
    assert len(orjson.loads(words.from_line("é" * 10_000))["message"].encode()) <= words.MAX_MESSAGE_BYTES


@pytest.mark.parametrize(
    ("theirs", "expected"),
    [(None, None), ("", None), ('{"a":[1.5,"✓"]}', {"a": [1.5, "✓"]}), ("NaN", "NaN"), ("a\x00b", "a\ufffdb")],
)
def test_their_results(theirs: str | None, expected: Any) -> None:
    assert orjson.loads(words.from_result(theirs)) == expected


def test_a_result_that_is_too_large_is_a_failure() -> None:
    fits = JobSeen(stage="completed", starts=1, failures=1, result='"é"')
    assert words.bounded(fits, 4) is fits
    cut = words.bounded(fits, 3)
    assert (cut.stage, cut.says().code, cut.result, cut.failures) == ("failed", "invalid_result", "null", 1)


@pytest.mark.parametrize("reason", [None, "null", "undefined"])
def test_their_failures_without_a_word(reason: str | None) -> None:
    assert JobSeen(stage="failed", **words.from_failure(reason, "[]")).says().message == UNSAID


@pytest.mark.parametrize(
    ("opts", "expected"), [({}, "abc"), ({"stackTraceLimit": 2}, "bc"), ({"stackTraceLimit": 0}, "")]
)
def test_stack_traces_of_all_attempts_are_kept(opts: dict[str, int], expected: str) -> None:
    assert orjson.loads(words.stacks_of('["a","b"]', opts, "c")) == list(expected)


def test_their_failures() -> None:
    stack = "TypeError: no luck\n    at Worker.processFn (file.js:1:2)"
    failure = words.from_failure("no luck", orjson.dumps(["Error: before", stack]).decode())
    assert failure == {"error": "no luck", "error_type": "TypeError", "traceback": stack}
    python = "Traceback (most recent call last):\n  File x\nValueError: no luck"
    assert words.from_failure("no luck", orjson.dumps([python]).decode())["error_type"] == "ValueError"
    assert words.from_failure("no luck", "[null]") == {"error": "no luck", "error_type": None, "traceback": None}
