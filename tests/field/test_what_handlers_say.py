"""Whatever a handler says on its way, and whatever the code of that does: it is kept as JSON, and nothing waits."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from blazy_jobs import Jobs
from blazy_jobs.readable import MAX_PARTS, encode_anyway, readable
from blazy_jobs.testing import Outcome, run_job
from blazy_jobs.worker.outbox import Outbox

from tests.client.conftest import Start
from tests.client.peer import Peer
from tests.field.jobs import says

KINDS = ("say-async", "say-in-thread", "say-in-process")
SAYS = says.__file__


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", says.NAMES)
def test_a_rehearsed_run_says_any_value_and_completes(kind: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])  # pytest's own cannot bear all of them
    outcome: Outcome = run_job(says.jobs[kind], name)
    assert (outcome.state, outcome.result) == ("completed", name)
    said = [line["fields"]["value"] for line in outcome.logs if line["message"] in (name, "said")]
    assert len(said) == 2
    assert type(said[0]) is type(outcome.progress[0]["data"])
    assert outcome.progress[-1]["data"] == {"list": [1]}, "what it was when it was said"
    assert len(json.dumps(outcome.logs)) < 200_000
    assert "hunter2" not in json.dumps(outcome.logs)


@pytest.mark.system
@pytest.mark.parametrize("kind", KINDS)
async def test_a_worker_reports_any_value_and_the_run_after_it(kind: str, peer: Peer, start: Start) -> None:
    await start(SAYS)
    for name in says.NAMES:
        run = await peer.add(kind, name)
        outcome = await peer.outcome(run)
        assert (outcome["type"], outcome.get("result")) == ("completed", name), outcome
        said = peer.said(run, "log")
        assert name in [line["message"] for line in said]
        assert peer.said(run, "progress")[-1]["data"] == {"list": [1]}


@pytest.mark.system
async def test_a_slot_still_speaks_as_it_goes_after_a_run_with_odd_data(peer: Peer, start: Start) -> None:
    await start(SAYS, JOBS_WORKER_SLOTS=1)
    for name in ("dataclass", "model", "logs"):
        await peer.outcome(await peer.add("say-in-process", name))
    run = await peer.add("speaks-as-it-goes", {"n": 1})
    await peer.until(lambda: peer.said(run, "progress"))
    assert peer.said(run, "progress")[0]["data"] == {"n": 1}


def test_what_can_be_read_is_read() -> None:
    assert readable(says.Holds("ada", {1})) == {"name": "ada", "what": [1]}
    assert readable(says.Raw(name="ada", data=b"\xff")) == {"name": "ada", "data": "b'\\xff'"}
    assert readable({1: says.Refuses()}) == {"1": "<Refuses that cannot be printed: SystemExit>"}
    assert readable(says.in_itself()) == {"list": ["<dict within itself>"] * 2 + ["<list within itself>"]}
    whole = {"at": says.values()["datetime"], "price": says.values()["decimal"]}
    assert json.loads(encode_anyway(whole, 1000)) == {"at": "2026-01-02T00:00:00Z", "price": "1.10"}


@pytest.mark.parametrize("levels", [20, 200])
def test_reading_is_linear_and_bounded_however_often_parts_are_shared(levels: int) -> None:
    class Counted:
        printed = 0

        def __str__(self) -> str:
            Counted.printed += 1
            return "counted"

    value: Any = {"end": Counted()}
    for _ in range(levels):
        value = {"left": value, "right": value, "list": [value, value]}
    assert len(encode_anyway(value, 16 * 1024)) <= 16 * 1024
    assert Counted.printed <= MAX_PARTS


def test_speaking_from_within_a_speech_ends() -> None:
    outbox = Outbox(lambda: outbox.log("info", "woken", {}) if outbox.due_at() is None else None)

    class Speaks:
        def __str__(self) -> str:
            outbox.log("info", "from within", {"self": self})
            outbox.progress(1, None, self)
            return "spoke"

    outbox.log("info", "outer", {"value": Speaks()})
    messages = [str(report.get("message")) for report in outbox.take(0.0, last=True)]
    assert messages.count("from within") < 50
    assert "outer" in messages


def test_a_record_that_logs_itself_while_it_is_printed_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    outcome = run_job(says.jobs["say-async"], "logs")
    assert 1 < len(outcome.messages) < 200


def test_a_record_whose_arguments_do_not_fit_is_a_line_that_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])

    @Jobs().job
    def misprints() -> None:
        logging.getLogger("shop").warning("%d of %d", 1)

    assert run_job(misprints).messages == ["%d of %d (its arguments cannot be printed: TypeError)"]


class Spoken:
    """What an outbox hands on, as pairs of a type and a text."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 1000.0
        monkeypatch.setattr("blazy_jobs.worker.outbox.time.monotonic", lambda: self.now)
        self.outbox = Outbox(lambda: None, "run_1")

    def say(self, *words: float | str) -> None:
        for word in words:
            if isinstance(word, str):
                self.outbox.log("info", word, {})
            else:
                self.outbox.progress(word, None, None)

    def take(self, *, last: bool = False) -> list[float | str]:
        return [report.get("percent", report.get("message")) for report in self.outbox.take(self.now, last=last)]


def test_progress_comes_before_the_lines_that_were_logged_after_it(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = Spoken(monkeypatch)
    spoken.say(50, "rendered", 60, 70, "sent")
    assert spoken.take() == [50, "rendered", "sent"], "one progress in 100 ms"
    spoken.now += 0.1
    spoken.say("closed")
    assert spoken.take() == [70, "closed"]
    spoken.say(80)
    assert spoken.take() == []
    assert spoken.take(last=True) == [80]


def test_lines_between_them_let_no_more_progress_through(monkeypatch: pytest.MonkeyPatch) -> None:
    spoken = Spoken(monkeypatch)
    for percent in range(100):
        spoken.say(percent, f"at {percent}")
        spoken.now += 0.01
    told = spoken.take(last=True)
    percents = [word for word in told if not isinstance(word, str)]
    assert 9 <= len(percents) <= 12
    assert told[:2] == [0, "at 0"]
    assert percents[-1] == 99


@pytest.mark.system
@pytest.mark.parametrize("kind", KINDS)
async def test_a_worker_reports_progress_and_lines_in_the_order_of_the_calls(
    kind: str, peer: Peer, start: Start
) -> None:
    await start(SAYS)
    run = await peer.add(kind.replace("say", "alternate"), None)
    assert (await peer.outcome(run))["type"] == "completed"
    told = [report["type"] for report in peer.reports[run]]
    assert told == ["progress", "log", "completed"]
