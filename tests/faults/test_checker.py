"""The checker itself: a clean history passes, and each class of damage is found, by name."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.faults.checker import RULES, check
from tests.faults.history import Asked, History, Journal, Mark, Stream, read_journals, read_trace

EPOCH = datetime(2026, 11, 24, 12, 0, 0, tzinfo=UTC).timestamp()


def at(second: float) -> str:
    return datetime.fromtimestamp(EPOCH + second, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Story:
    """Tells a history event by event, as a faultless server would have it."""

    def __init__(self) -> None:
        self.history = History()
        self.clock = 0.0
        self.order: list[dict[str, Any]] = []

    def run(self, run_id: str, *, nonce: str | None = None, **asked: Any) -> Story:
        nonce = nonce or f"n-{run_id}"
        if asked.get("replay_of") is None:
            self.history.asked.setdefault(nonce, Asked(nonce, "nap", **asked))
        else:
            self.history.asked[f"replay-{run_id}"] = Asked(f"replay-{run_id}", "nap", **asked)
        self.history.answers.append((nonce if asked.get("replay_of") is None else f"replay-{run_id}", run_id))
        self.history.runs[run_id] = {
            "id": run_id,
            "job_type": "nap",
            "state": "queued",
            "payload": {"nonce": nonce},
            "attempt": 0,
            "max_attempts": 4,
            "losses": 0,
            "result": None,
            "error": None,
            "wait_reason": None,
            "replay_of": asked.get("replay_of"),
            "dedupe_key": asked.get("dedupe"),
            "created_at": at(self.clock),
            "finished_at": None,
        }
        self.history.events[run_id] = []
        return self.event(run_id, "queued", {"due_at": at(self.clock)}, state="queued")

    def event(self, run_id: str, kind: str, data: dict[str, Any] | None = None, state: str = "running") -> Story:
        self.clock += 0.1
        run, log = self.history.runs[run_id], self.history.events[run_id]
        run["state"] = state
        event = {
            "id": f"evt_{len(self.order):06}",
            "seq": len(log) + 1,
            "type": kind,
            "time": at(self.clock),
            "run_id": run_id,
            "state": state,
            "attempt": run["attempt"],
            "data": data or {},
        }
        log.append(event)
        self.order.append(event)
        return self

    def start(self, run_id: str, pid: int = 100) -> Story:
        self.history.runs[run_id]["attempt"] += 1
        self.event(run_id, "started", {"worker_id": "wrk_1"})
        return self.mark(run_id, "begin", pid)

    def mark(self, run_id: str, kind: str, pid: int = 100, attempt: int | None = None) -> Story:
        self.clock += 0.01
        attempt = attempt or self.history.runs[run_id]["attempt"]
        wall = int((EPOCH + self.clock) * 1e9)
        self.history.trace.append(Mark(run_id, attempt, kind, int(self.clock * 1e9), wall, pid))
        return self

    def interrupt(self, run_id: str, reason: str = "lost") -> Story:
        run = self.history.runs[run_id]
        run["attempt"] -= 1
        run["losses"] += reason == "lost"
        return self.event(run_id, "interrupted", {"reason": reason}, state="queued")

    def retry(self, run_id: str) -> Story:
        return self.event(run_id, "retrying", {"error": {"code": "handler_error"}}, state="retrying")

    def complete(self, run_id: str, pid: int = 100) -> Story:
        self.mark(run_id, "end", pid)
        result = {"nonce": self.history.runs[run_id]["payload"]["nonce"]}
        self.event(run_id, "completed", {"result": result}, state="completed")
        self.history.runs[run_id].update(result=result, finished_at=at(self.clock))
        return self

    def fail(self, run_id: str, code: str) -> Story:
        error = {"code": code, "message": "it failed"}
        self.event(run_id, "failed", {"error": error}, state="failed")
        self.history.runs[run_id].update(error=error, finished_at=at(self.clock))
        return self

    def cancel(self, run_id: str, status: int = 200) -> Story:
        self.history.cancels.append((run_id, status))
        self.event(run_id, "cancelled", {"reason": None}, state="cancelled")
        self.history.runs[run_id]["finished_at"] = at(self.clock)
        return self

    def read(self) -> Story:
        """Readers of every run and of all runs, and the attempts as the server lists them."""
        for run, events in self.history.events.items():
            self.history.streams.append(Stream(run, list(events), [str(e["seq"]) for e in events], True))
            started = sum(event["type"] == "started" for event in events)
            self.history.attempts[run] = [{"number": n + 1} for n in range(started)]
        self.history.streams.append(Stream(None, list(self.order), [e["id"] for e in self.order], True))
        return self


def clean() -> Story:
    story = Story()
    story.run("a").start("a").mark("a", "beat").complete("a")
    story.run("b").start("b").interrupt("b").start("b", 200).interrupt("b", "released").start("b", 200).complete(
        "b", 200
    )
    story.run("c").start("c").retry("c").start("c").complete("c")
    story.run("d").cancel("d")
    story.run("e").start("e").mark("e", "end").cancel("e", 202)
    story.run("f").start("f").interrupt("f").start("f").interrupt("f").start("f")
    story.history.runs["f"]["losses"] = 3
    story.fail("f", "lease_lost")
    story.run("g", nonce="n-a", replay_of="a").start("g").complete("g")
    for n in range(3):
        story.run(f"h{n}", batch="batch").start(f"h{n}").complete(f"h{n}")
    story.run("i", dedupe="k").start("i").complete("i").run("j", dedupe="k").start("j").complete("j")
    story.history.seen_final += [("a", "completed"), ("d", "cancelled")]
    return story


def rules_broken(history: History) -> set[str]:
    return {violation.rule for violation in check(history)}


def test_a_clean_history_passes() -> None:
    assert check(clean().read().history) == []


def _renumber(story: Story) -> None:
    del story.history.events["a"][1]


def _two_finals(story: Story) -> None:
    story.event("a", "completed", {"result": story.history.runs["a"]["result"]}, state="completed")


def _no_final(story: Story) -> None:
    story.history.events["a"].pop()


def _change_result(story: Story) -> None:
    story.history.events["a"][-1] = {**story.history.events["a"][-1], "data": {"result": {"nonce": "other"}}}


def _late_mark(story: Story) -> None:
    story.clock += 1
    story.mark("c", "beat")


def _twin(story: Story) -> None:
    story.run("twin", nonce="n-a").start("twin").complete("twin")


def _second_replay(story: Story) -> None:
    story.run("twin", nonce="n-a", replay_of="a").start("twin").complete("twin")
    del story.history.asked["replay-twin"]


def _overlap_in_the_log(story: Story) -> None:
    story.run("x").start("x").start("x").complete("x")


def _overlap_in_the_trace(story: Story) -> None:
    story.run("x").start("x", 100).interrupt("x").start("x", 200).mark("x", "beat", 100).complete("x", 200)


def _unclaimed(story: Story) -> None:
    story.run("x").mark("x", "begin", attempt=1).mark("x", "end", attempt=1).start("x").complete("x")


def _half_batch(story: Story) -> None:
    for part in (story.history.runs, story.history.events):
        del part["h1"]
    story.history.answers = [(n, r) for n, r in story.history.answers if r != "h1"]


def _dedupe(story: Story) -> None:
    story.run("x", dedupe="z").run("y", dedupe="z").start("x").complete("x").start("y").complete("y")


def _four_losses(story: Story) -> None:
    story.history.runs["b"]["losses"] = 4


def _five_attempts(story: Story) -> None:
    story.run("x")
    for _ in range(4):
        story.start("x").retry("x")
    story.start("x").fail("x", "handler_error")


def _final_then_back(story: Story) -> None:
    story.history.seen_final.append(("b", "failed"))


def _attempt_number(story: Story) -> None:
    story.history.events["c"][3]["attempt"] = 1


DAMAGE: list[tuple[str, Callable[[Story], object]]] = [
    ("lost", lambda s: s.history.answers.append(("n-x", "x"))),
    ("unfinished", lambda s: s.run("x").start("x")),
    ("answer_changed", lambda s: s.history.answers.append(("n-a", "b"))),
    ("made_twice", _twin),
    ("made_twice", _second_replay),
    ("half_batch", _half_batch),
    ("gap", _renumber),
    ("final_event", _two_finals),
    ("final_event", _no_final),
    ("first_event", lambda s: s.history.events["d"].pop(0)),
    ("log_disagrees", _change_result),
    ("log_disagrees", lambda s: s.history.runs["d"].update(state="completed")),
    ("time_runs_back", lambda s: s.history.events["a"][0].update(time=at(500))),
    ("overlap", _overlap_in_the_log),
    ("overlap", _overlap_in_the_trace),
    ("not_running", lambda s: s.run("x").event("x", "progress").start("x").complete("x")),
    ("attempt_number", _attempt_number),
    ("attempts", _five_attempts),
    ("losses", _four_losses),
    ("losses", lambda s: s.history.runs["c"].update(losses=2)),
    ("uncalled_cancel", lambda s: s.history.cancels.clear()),
    ("unexpected_failure", lambda s: s.run("x").start("x").fail("x", "timeout")),
    ("unexpected_failure", lambda s: s.run("x").start("x").fail("x", "handler_error")),
    ("unfounded_completion", lambda s: s.history.trace.clear()),
    ("wrong_result", lambda s: s.history.runs["a"].update(result={"nonce": "n-b"})),
    ("cancel_ignored", lambda s: s.history.cancels.append(("a", 200))),
    ("cancel_answer", lambda s: s.history.cancels.append(("a", 500))),
    ("final_changed", _final_then_back),
    ("dedupe_overlap", _dedupe),
    ("after_final", _late_mark),
    ("unclaimed", _unclaimed),
    ("refused", lambda s: s.history.refusals.append("dispatch: 500 oops")),
]


@pytest.mark.parametrize(("rule", "damage"), DAMAGE, ids=[f"{rule}-{n}" for n, (rule, _) in enumerate(DAMAGE)])
def test_each_class_of_damage_is_found(rule: str, damage: Callable[[Story], object]) -> None:
    story = clean()
    damage(story)
    assert rule in rules_broken(story.read().history)


def _swap(events: list[dict[str, Any]]) -> None:
    first, second = [n for n, event in enumerate(events) if event["run_id"] == "b"][:2]
    events[first], events[second] = events[second], events[first]


STREAM_DAMAGE: list[tuple[str, Callable[[list[dict[str, Any]]], object]]] = [
    ("stream_misses", lambda events: events.pop(5)),
    ("stream_misses", lambda events: events.pop()),
    ("stream_repeats", lambda events: events.insert(5, events[4])),
    ("stream_disorder", _swap),
    ("stream_invents", lambda events: events.append({**events[0], "id": "evt_x", "seq": 99})),
    ("stream_invents", lambda events: events.__setitem__(3, {**events[3], "data": {"other": 1}})),
]


@pytest.mark.parametrize(("rule", "damage"), STREAM_DAMAGE)
def test_what_a_reader_missed_or_saw_twice_is_found(
    rule: str, damage: Callable[[list[dict[str, Any]]], object]
) -> None:
    history = clean().read().history
    damage(history.streams[-1].events)
    assert rule in rules_broken(history)


def test_a_reader_that_was_cut_off_may_miss_the_rest_only() -> None:
    history = clean().read().history
    stream = history.streams[-1]
    stream.events, stream.whole = stream.events[:7], False
    assert check(history) == []


def test_what_a_frozen_process_does_is_not_held_against_the_server() -> None:
    story = clean()
    _overlap_in_the_trace(story)
    story.history.frozen = {100}
    story.history.trace.append(Mark("a", 1, "end", 1, 1, 300))
    assert "overlap" not in rules_broken(story.read().history)


def test_every_rule_has_a_case() -> None:
    shown = {rule for rule, _ in DAMAGE} | {rule for rule, _ in STREAM_DAMAGE}
    assert len(RULES) <= len(shown)


def test_journals_and_traces_are_read_back(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "c.jsonl")
    journal.write("asked", nonce="n", job="nap", batch="b")
    journal.write("answered", nonce="n", run="r")
    journal.write("cancel", run="r", status=None)
    journal.write("final", run="r", state="cancelled")
    journal.write("refused", what="dispatch", status=500, body="oops")
    journal.close()
    history = History()
    read_journals(history, [tmp_path / "c.jsonl"])
    assert history.asked == {"n": Asked("n", "nap", batch="b")}
    assert history.answers == [("n", "r")]
    assert history.cancels == [("r", None)]
    assert history.seen_final == [("r", "cancelled")]
    assert history.refusals == ["dispatch: 500 oops"]
    (tmp_path / "trace").write_text("run_1 2 begin 30 40 5\nrun_1 2 be")
    assert read_trace(tmp_path / "trace") == [Mark("run_1", 2, "begin", 30, 40, 5)]
