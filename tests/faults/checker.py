"""Judges a history. Each rule is a function that yields what breaks it; `check` asks them all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise
from typing import Any, NamedTuple

from tests.faults.history import FINAL, History, Mark

MAX_LOSSES = 3
EXPECTED_ERRORS = {"lease_lost", "crashed", "handler_error", "non_retryable"}


class Violation(NamedTuple):
    rule: str
    subject: str
    detail: str

    def __str__(self) -> str:
        return f"{self.rule}: {self.subject}: {self.detail}"


Rule = Callable[[History], Iterator[Violation]]
RULES: list[Rule] = []


def rule(check: Rule) -> Rule:
    RULES.append(check)
    return check


def check(history: History) -> list[Violation]:
    return [violation for each in RULES for violation in each(history)]


def seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


@rule
def what_was_acknowledged_is_there(history: History) -> Iterator[Violation]:
    for nonce, run in history.answers:
        if run not in history.runs:
            yield Violation("lost", run, f"acknowledged for {nonce}, now unknown")


@rule
def every_run_is_final(history: History) -> Iterator[Violation]:
    for run in history.runs.values():
        if run["state"] not in FINAL:
            yield Violation("unfinished", run["id"], f"still {run['state']} ({run['wait_reason']})")


@rule
def one_answer_for_one_key(history: History) -> Iterator[Violation]:
    told: dict[str, set[str]] = defaultdict(set)
    for nonce, run in history.answers:
        told[nonce].add(run)
    for nonce, runs in told.items():
        if len(runs) > 1:
            yield Violation("answer_changed", nonce, f"was said to be {sorted(runs)}")


@rule
def one_run_for_one_request(history: History) -> Iterator[Violation]:
    made: dict[str, list[str]] = defaultdict(list)
    replays: Counter[str] = Counter()
    for run in history.runs.values():
        if run["replay_of"] is None:
            made[run["payload"]["nonce"]].append(run["id"])
        else:
            replays[run["replay_of"]] += 1
    for nonce, asked in history.asked.items():
        if asked.once and asked.replay_of is None and len(made[nonce]) > 1:
            yield Violation("made_twice", nonce, f"made {made[nonce]}")
    wanted = Counter(asked.replay_of for asked in history.asked.values() if asked.replay_of)
    for original, number in replays.items():
        if number > wanted[original]:
            yield Violation("made_twice", original, f"replayed {number} times, asked {wanted[original]} times")


@rule
def a_batch_is_all_or_none(history: History) -> Iterator[Violation]:
    made = {run["payload"]["nonce"] for run in history.runs.values()}
    batches: dict[str, list[str]] = defaultdict(list)
    for asked in history.asked.values():
        if asked.batch:
            batches[asked.batch].append(asked.nonce)
    for batch, nonces in batches.items():
        missing = [nonce for nonce in nonces if nonce not in made]
        if missing and len(missing) < len(nonces):
            yield Violation("half_batch", batch, f"{len(missing)} of {len(nonces)} missing")


@rule
def logs_have_no_gaps_and_end_once(history: History) -> Iterator[Violation]:
    for run, events in history.events.items():
        numbers = [event["seq"] for event in events]
        if numbers != list(range(1, len(numbers) + 1)):
            yield Violation("gap", run, f"events numbered {numbers}")
        kinds = [event["type"] for event in events]
        if not kinds or kinds[0] != "queued":
            yield Violation("first_event", run, f"begins with {kinds[:1]}")
        finals = [kind for kind in kinds if kind in FINAL]
        if len(finals) != 1 or kinds[-1] not in FINAL:
            yield Violation("final_event", run, f"final events {finals}, the last event is {kinds[-1:]}")


@rule
def run_and_log_agree(history: History) -> Iterator[Violation]:
    for run in history.runs.values():
        events = history.events.get(run["id"], [])
        if not events or run["state"] not in FINAL:
            continue
        last = events[-1]
        if (last["type"], last["state"]) != (run["state"], run["state"]):
            yield Violation("log_disagrees", run["id"], f"{run['state']}, but its log ends with {last['type']}")
        elif run["state"] == "completed" and last["data"]["result"] != run["result"]:
            yield Violation("log_disagrees", run["id"], "another result in its log")
        times = [seconds(event["time"]) for event in events]
        if any(later < earlier - history.clock_seconds for earlier, later in pairwise(times)):
            yield Violation("time_runs_back", run["id"], f"{[event['time'] for event in events]}")


@rule
def attempts_follow_each_other(history: History) -> Iterator[Violation]:
    for run, events in history.events.items():
        attempt, underway = 0, False
        for event in events:
            kind = event["type"]
            if kind == "started":
                if underway:
                    yield Violation("overlap", run, f"event {event['seq']} starts an attempt beside another")
                attempt, underway = attempt + 1, True
            elif kind in ("retrying", "interrupted", "progress", "cancelling", "completed") and not underway:
                yield Violation("not_running", run, f"event {event['seq']} is {kind}, but no attempt is under way")
            if kind in ("retrying", "interrupted"):
                attempt, underway = attempt - (kind == "interrupted"), False
            if kind not in FINAL and event["attempt"] != attempt:
                yield Violation("attempt_number", run, f"event {event['seq']} says {event['attempt']}, not {attempt}")


@rule
def attempts_and_losses_are_bounded(history: History) -> Iterator[Violation]:
    for run in history.runs.values():
        events = history.events.get(run["id"], [])
        lost = sum(e["type"] == "interrupted" and e["data"]["reason"] == "lost" for e in events)
        third = run["state"] == "failed" and run["error"]["code"] == "lease_lost"
        if run["attempt"] > run["max_attempts"]:
            yield Violation("attempts", run["id"], f"{run['attempt']} of at most {run['max_attempts']}")
        if run["losses"] > MAX_LOSSES or (third and run["losses"] != MAX_LOSSES):
            yield Violation("losses", run["id"], f"{run['losses']} losses, {run['state']}")
        if run["losses"] not in (lost, lost + 1) or (third and run["losses"] != lost + 1):
            yield Violation("losses", run["id"], f"{run['losses']} losses, but its log says lost {lost} times")
        claims = sum(event["type"] == "started" for event in events)
        listed = history.attempts.get(run["id"])
        if listed is not None and [a["number"] for a in listed] != list(range(1, claims + 1)):
            yield Violation("attempts", run["id"], f"{claims} started, but listed {[a['number'] for a in listed]}")


@rule
def outcomes_have_a_cause(history: History) -> Iterator[Violation]:
    asked_to_stop = {run for run, _ in history.cancels}
    ended = {(mark.run, mark.attempt) for mark in history.trace if mark.kind == "end"}
    for run in history.runs.values():
        error = run["error"] or {}
        if run["state"] == "cancelled" and run["id"] not in asked_to_stop:
            yield Violation("uncalled_cancel", run["id"], "cancelled, but nobody asked")
        if run["state"] == "failed":
            code, spent = error.get("code"), run["attempt"] >= run["max_attempts"]
            if code not in EXPECTED_ERRORS or not (spent or code in ("lease_lost", "non_retryable")):
                yield Violation("unexpected_failure", run["id"], f"attempt {run['attempt']}: {error}")
        if run["state"] == "completed":
            if (run["id"], run["attempt"]) not in ended:
                yield Violation("unfounded_completion", run["id"], f"attempt {run['attempt']} never reached its end")
            if (run["result"] or {}).get("nonce") != run["payload"]["nonce"]:
                yield Violation("wrong_result", run["id"], f"{run['result']} for {run['payload']}")


@rule
def cancels_hold(history: History) -> Iterator[Violation]:
    for run_id, status in history.cancels:
        run = history.runs.get(run_id)
        if run is None or status is None:
            continue
        allowed = {200: ("cancelled",), 202: ("cancelled", "completed"), 409: FINAL}.get(status)
        if allowed is None:
            yield Violation("cancel_answer", run_id, f"status {status}")
        elif run["state"] not in allowed:
            yield Violation("cancel_ignored", run_id, f"answered {status}, now {run['state']}")


@rule
def final_is_final(history: History) -> Iterator[Violation]:
    for run_id, state in history.seen_final:
        now = history.runs.get(run_id, {}).get("state")
        if now != state:
            yield Violation("final_changed", run_id, f"was read as {state}, now {now}")


@rule
def dedupe_keys_hold(history: History) -> Iterator[Violation]:
    spans: dict[tuple[str, str], list[tuple[float, float, str]]] = defaultdict(list)
    for run in history.runs.values():
        if run["dedupe_key"] is not None and run["finished_at"]:
            span = (seconds(run["created_at"]), seconds(run["finished_at"]), run["id"])
            spans[run["job_type"], run["dedupe_key"]].append(span)
    for (_, key), runs in spans.items():
        runs.sort()
        for (_, end, first), (begin, _, second) in pairwise(runs):
            if begin < end - history.overlap_seconds:
                yield Violation("dedupe_overlap", key, f"{first} and {second} were unfinished together")


@rule
def executions_do_not_overlap(history: History) -> Iterator[Violation]:
    """An execution lives from its `begin` to the last that was heard of it. Its process and attempt tell it apart."""
    by_run: dict[str, list[Mark]] = defaultdict(list)
    for mark in history.trace:
        if mark.pid not in history.frozen:
            by_run[mark.run].append(mark)
    for run, marks in by_run.items():
        marks.sort(key=lambda mark: mark.boot_ns)
        current: Mark | None = None
        over: set[tuple[int, int]] = set()
        for mark in marks:
            if mark.kind == "begin":
                if current is not None:
                    over.add((current.pid, current.attempt))
                current = mark
                over.discard((mark.pid, mark.attempt))
            elif (mark.pid, mark.attempt) in over:
                yield Violation("overlap", run, f"attempt {mark.attempt} in {mark.pid} lived on beside the next")
            if (
                mark.kind == "end"
                and current is not None
                and (mark.pid, mark.attempt) == (current.pid, current.attempt)
            ):
                current = None


@rule
def nothing_runs_unclaimed_or_after_the_end(history: History) -> Iterator[Violation]:
    begun: Counter[tuple[str, int]] = Counter()
    last: dict[str, int] = {}
    for mark in history.trace:
        if mark.pid in history.frozen:
            continue
        begun[mark.run, mark.attempt] += mark.kind == "begin"
        last[mark.run] = max(last.get(mark.run, 0), mark.wall_ns)
    claimed: Counter[tuple[str, int]] = Counter()
    for run, events in history.events.items():
        claimed.update((run, event["attempt"]) for event in events if event["type"] == "started")
        if events and events[-1]["type"] in FINAL and run in last:
            late = last[run] / 1e9 - seconds(events[-1]["time"])
            if late > history.clock_seconds:
                yield Violation("after_final", run, f"its handler lived {late:.3f} s after the final event")
    for (run, attempt), number in begun.items():
        if number > claimed[run, attempt]:
            yield Violation("unclaimed", run, f"attempt {attempt} began {number} of {claimed[run, attempt]} times")


@rule
def readers_saw_every_event_once(history: History) -> Iterator[Violation]:
    every = {event["id"]: event for events in history.events.values() for event in events}
    for stream in history.streams:
        name = stream.run or "all runs"
        if stream.problem:
            yield Violation("stream_problem", name, stream.problem)
        ids = [event["id"] for event in stream.events]
        if len(set(ids)) < len(ids):
            twice = [event for event, number in Counter(ids).items() if number > 1]
            yield Violation("stream_repeats", name, f"{len(twice)} events twice, {every.get(twice[0], twice[0])}")
        yield from _in_order(name, stream.events)
        wanted = every if stream.run is None else {e["id"]: e for e in history.events.get(stream.run, [])}
        if strange := [event for event in stream.events if every.get(event["id"]) != event]:
            yield Violation("stream_invents", name, f"{len(strange)} events differ from the log, {strange[0]}")
        if stream.whole and (missing := set(wanted) - set(ids)):
            yield Violation("stream_misses", name, f"{len(missing)} of {len(wanted)}, {wanted[min(missing)]}")


def _in_order(name: str, events: list[dict[str, Any]]) -> Iterator[Violation]:
    at: dict[str, int] = {}
    for event in events:
        run, seq = event["run_id"], event["seq"]
        if seq <= at.get(run, 0):
            yield Violation("stream_disorder", name, f"{run}: event {seq} after {at[run]}")
            return
        at[run] = seq


@rule
def no_client_was_refused(history: History) -> Iterator[Violation]:
    for refusal in history.refusals:
        yield Violation("refused", "client", refusal)
