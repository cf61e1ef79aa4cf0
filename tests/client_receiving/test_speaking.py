"""What goes out when, step by step and without a network."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from blazy_jobs import ApiError, ConnectionFailed, Job
from blazy_jobs.client.facts import RunFacts
from blazy_jobs.receiving import AttemptOver, HandlerCall, Heard, ReportAddress, ReportRefused
from blazy_jobs.receiving.attempt import Attempt
from blazy_jobs.receiving.speaking import MAX_ITEMS, Send, Speech, Wait

HEARD = Heard(cancel_requested=False)
VERDICT = {"type": "completed", "result": 1}


def nothing() -> None: ...


def attempt(seconds: float = 60) -> Attempt:
    at = datetime.now(UTC)
    run = RunFacts({"id": "run_1", "job_type": "x", "payload": None, "attempt": 1, "timeout_seconds": seconds})
    deadline_at = datetime.fromtimestamp(at.timestamp() + seconds, UTC)
    call = HandlerCall("run_1", run, 1, deadline_at, ReportAddress("http://jobs.example/report", "t"), at)
    return Attempt(call, Job("x", nothing))


class Line:
    """The other end: each step, with what is answered to it."""

    def __init__(self, speech: Speech) -> None:
        self._steps = speech.steps()
        self.step: Any = next(self._steps)

    def answer(self, heard: Any = None) -> Any:
        """The next step; None: it has ended."""
        try:
            self.step = self._steps.send(heard)
        except StopIteration:
            self.step = None
        return self.step


def types(step: Any) -> list[str]:
    assert isinstance(step, Send)
    return [item["type"] for item in step.items]


def test_it_waits_for_words_and_beats_in_silence() -> None:
    one = attempt()
    line = Line(Speech(one, beat_seconds=3600))
    assert isinstance(line.step, Wait)
    assert 3500 < line.step.seconds <= 3600
    one.context.progress(1)
    assert types(line.answer()) == ["progress"]
    assert isinstance(line.answer(HEARD), Wait)
    assert types(Line(Speech(one, beat_seconds=0)).step) == []


def test_what_was_not_heard_is_said_again_before_what_follows() -> None:
    one = attempt()
    speech = Speech(one, beat_seconds=3600)
    line = Line(speech)
    one.context.log("first")
    assert types(line.answer()) == ["log"]
    assert isinstance(line.answer(ConnectionFailed("no")), Wait)
    one.context.log("second")
    speech._not_before = 0.0
    assert [item["message"] for item in line.answer().items] == ["first", "second"]


def test_more_than_a_request_takes_goes_in_several() -> None:
    one = attempt()
    speech = Speech(one, beat_seconds=3600)
    speech._unsent = [{"type": "log", "message": str(number)} for number in range(2 * MAX_ITEMS + 1)]
    line = Line(speech)
    assert line.step.items[0]["message"] == "0"
    assert line.answer(HEARD).items[0]["message"] == str(MAX_ITEMS)
    assert isinstance(line.answer(ConnectionFailed("no")), Wait)
    speech._not_before = 0.0
    assert [item["message"] for item in line.answer().items][:1] == [str(MAX_ITEMS)]
    assert [item["message"] for item in line.answer(HEARD).items] == [str(2 * MAX_ITEMS)]


def test_a_verdict_goes_with_the_last_words_and_again_without_those_that_were_heard() -> None:
    one = attempt()
    speech = Speech(one, beat_seconds=3600)
    speech._unsent = [{"type": "log", "message": str(number)} for number in range(MAX_ITEMS)]
    speech.closing, speech.verdict = True, VERDICT
    line = Line(speech)
    assert len(line.step.items) == MAX_ITEMS
    assert types(line.answer(HEARD)) == ["completed"]
    assert isinstance(line.answer(ConnectionFailed("no")), Wait)
    assert types(line.answer()) == ["completed"]
    assert line.answer(HEARD) is None


def test_without_a_verdict_the_last_words_are_tried_once() -> None:
    one = attempt()
    one.context.log("last")
    speech = Speech(one, beat_seconds=3600)
    speech.closing = True
    line = Line(speech)
    assert types(line.step) == ["log"]
    assert line.answer(ConnectionFailed("no")) is None


def test_a_verdict_is_given_up_after_the_deadline() -> None:
    speech = Speech(attempt(seconds=-60), beat_seconds=3600)
    speech.closing, speech.verdict = True, VERDICT
    speech.attempt.deadline -= 60
    line = Line(speech)
    assert types(line.step) == ["completed"]
    assert line.answer(ConnectionFailed("no")) is None


def test_a_verdict_that_is_refused_twice_is_given_up() -> None:
    speech = Speech(attempt(), beat_seconds=3600)
    speech.closing, speech.verdict = True, VERDICT
    line = Line(speech)
    assert isinstance(line.answer(ReportRefused("no")), Wait)
    assert types(line.answer()) == ["failed"]
    assert line.answer(ApiError(422, "invalid_request", "no")) is None


def test_an_attempt_that_is_over_says_nothing_more() -> None:
    one = attempt()
    stopped: list[str] = []
    one.on_stop = lambda: stopped.append("stopped")
    speech = Speech(one, beat_seconds=0)
    line = Line(speech)
    assert line.answer(AttemptOver("over")) is None
    assert (one.over, stopped) == (True, ["stopped"])
    speech.closing, speech.verdict = True, VERDICT
    assert list(speech.steps()) == []
