"""Each state and each reason, in words."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from msgspec.json import encode

from blazy_jobs_server.api.fields import WaitReason
from blazy_jobs_server.domain.explaining import MOST_AHEAD, Explanation, Pause, Situation, clock, explain, span
from blazy_jobs_server.domain.ids import run_id
from blazy_jobs_server.domain.job_type import Settings
from blazy_jobs_server.domain.limits import Limits, Rate
from blazy_jobs_server.domain.retry import RetryPolicy
from blazy_jobs_server.domain.run import Error, Run, State

SECOND = 1_000_000
MINUTE = 60 * SECOND
NOW = 1_795_860_060 * SECOND
"""2026-11-28T10:01:00Z"""
BOOM = Error("handler_error", "no such mailbox")
RUN_ID = run_id(1024)


def made(state: State, **fields: Any) -> Run:
    settings = Settings(RetryPolicy(max_attempts=4), 300, 86_400, 86_400)
    run = Run(1024, 1, "resize-photo", "photos", 1, 2, settings, state, 0, NOW, NOW - 4 * MINUTE, "{}")
    for name, value in fields.items():
        setattr(run, name, value)
    return run


def told(state: State, seen: dict[str, Any] | None = None, **fields: Any) -> Explanation:
    return explain(made(state, **fields), Situation(now=NOW, **(seen or {})))


def queued(reason: str | None, **seen: Any) -> Explanation:
    return told(State.QUEUED, {"reason": reason, **seen}, due_at=NOW - 4 * MINUTE)


FAILED = {"error": encode(BOOM).decode(), "finished_at": NOW - MINUTE, "attempt": 4, "claims": 4}

QUEUED: list[tuple[str | None, dict[str, Any], str]] = [
    (None, {}, "Waits 4 min. Nothing holds it back; it is about to start."),
    (None, {"ahead": 3}, "Waits 4 min. Nothing holds it back but the runs ahead."),
    (None, {"others": True}, "Waits 4 min. Workers of others take it from its queue in Redis."),
    (
        None,
        {"workers": 3, "slots": 200, "busy": 200},
        "Waits 4 min. All 200 slots of the 3 workers that serve it are busy.",
    ),
    (
        None,
        {"workers": 1, "slots": 1, "busy": 1},
        "Waits 4 min. The only slot of the 1 worker that serves it is busy.",
    ),
    (
        "paused",
        {"job_type_paused": Pause(NOW - 60 * MINUTE, "ci")},
        "Waits 4 min. The job type `resize-photo` is paused since 09:01:00 UTC, by `ci`.",
    ),
    ("paused", {"queue_paused": Pause()}, "Waits 4 min. The queue `photos` is paused."),
    ("paused", {}, "Waits 4 min. Its job type or its queue is paused."),
    ("no_worker", {}, "Waits 4 min. No worker that is here serves `resize-photo` in `photos`."),
    (
        "no_worker",
        {"left_at": NOW - 2 * MINUTE},
        "Waits 4 min. No worker that is here serves `resize-photo` in `photos`; the last one left at 09:59:00 UTC.",
    ),
    (
        "no_worker",
        {"outdated": 2},
        "Waits 4 min. The 2 workers that are here have older code than the run: `resize-photo` in version 2.",
    ),
    (
        "concurrency_limit",
        {"limit": 5, "running": 5},
        "Waits 4 min. The limit of `resize-photo` is reached: 5 of 5 run.",
    ),
    (
        "destination_unavailable",
        {"destination": "https://shop.example/jobs"},
        "Waits 4 min. Its HTTP handler (https://shop.example/jobs) refuses connections.",
    ),
    (
        "queue_unavailable",
        {},
        "Waits 4 min. The Redis of the queue `photos` cannot be reached, or refuses what it is asked.",
    ),
    (
        "waiting_children",
        {},
        "Waits 4 min. Its job in Redis is the parent of a flow, and waits for its children.",
    ),
    (
        "concurrency_limit",
        {"queue_limits": Limits(concurrency=2), "running_in_queue": 2},
        "Waits 4 min. The limit of the queue `photos` is reached: 2 of 2 run.",
    ),
    (
        "rate_limit",
        {"queue_limits": Limits(rate_limit=Rate(5, 60)), "opens_at": NOW + MINUTE},
        "Waits 4 min. The rate limit of the queue `photos` is reached: 5 starts in any 60 seconds.",
    ),
    ("rate_limit", {}, "Waits 4 min. The rate limit of the queue `photos` is reached."),
    ("a_new_one", {}, "Waits 4 min. It is held back: a new one."),
]


@pytest.mark.parametrize(("reason", "seen", "summary"), QUEUED)
def test_why_a_queued_run_waits(reason: str | None, seen: dict[str, Any], summary: str) -> None:
    found = queued(reason, **seen)
    assert found.summary == summary
    assert found.since == NOW - 4 * MINUTE
    assert [one.reason for one in found.blocking] == [reason or "workers_busy"] * bool(reason or seen.get("slots"))
    assert all(one.detail in summary for one in found.blocking)


def test_each_wait_reason_is_in_the_table() -> None:
    literal, *_ = get_args(WaitReason.__value__)
    assert len(get_args(literal)) > 5
    assert set(get_args(literal)) <= {reason for reason, _, _ in QUEUED}, "explain it"


@pytest.mark.parametrize("reason", [reason for reason, _, _ in QUEUED if reason not in (None, "a_new_one")])
def test_each_reason_says_what_to_do_or_what_comes_next(reason: str) -> None:
    found = queued(reason, queue_paused=Pause())
    assert found.suggestions or found.next
    if reason == "paused":
        assert (found.next, found.suggestions) == (None, ("To let it start: POST /v1/queues/photos/resume.",))


def test_both_pauses_are_told_with_their_links() -> None:
    found = queued("paused", job_type_paused=Pause(), queue_paused=Pause())
    assert [one.link for one in found.blocking] == ["/v1/job-types/resize-photo", "/v1/queues/photos"]
    assert len(found.suggestions) == 2


def test_a_pause_is_told_before_the_run_is_due() -> None:
    for state in (State.SCHEDULED, State.RETRYING):
        found = told(state, {"queue_paused": Pause()}, due_at=NOW + MINUTE)
        assert [one.reason for one in found.blocking] == ["paused"]


@pytest.mark.parametrize(
    ("ahead", "fact"),
    [
        (1, "1 run of its job type and queue is ahead."),
        (3, "3 runs of its job type and queue are ahead."),
        (MOST_AHEAD, "At least 1000 runs of its job type and queue are ahead."),
    ],
)
def test_how_many_are_ahead(ahead: int, fact: str) -> None:
    assert fact in queued("no_worker", ahead=ahead).facts


@pytest.mark.parametrize(
    ("state", "seen", "fields", "summary"),
    [
        (
            State.SCHEDULED,
            {},
            {"due_at": NOW + 90 * MINUTE},
            "Waits for its time. It is to start in 90 min.",
        ),
        (
            State.SCHEDULED,
            {},
            {"due_at": NOW + 30 * SECOND, "claims": 1},
            "Waits for its time. Its handler asked to be called again in 30 s.",
        ),
        (
            State.RETRYING,
            {},
            {"due_at": NOW + 40 * SECOND, "attempt": 2, "error": encode(BOOM).decode()},
            "Attempt 2 of 4 failed. The next one is due in 40 s.",
        ),
        (
            State.RUNNING,
            {"worker": "w1/2"},
            {"attempt": 1, "started_at": NOW - 8 * SECOND, "worker_id": 5},
            "Attempt 1 of 4 has run for 8 s on worker `w1/2`.",
        ),
        (
            State.RUNNING,
            {},
            {"attempt": 1, "started_at": NOW - 8 * SECOND, "worker_id": 5},
            "Attempt 1 of 4 has run for 8 s on wrk_0000000000005.",
        ),
        (
            State.RUNNING,
            {},
            {"attempt": 1, "started_at": NOW - 8 * SECOND},
            "Attempt 1 of 4 has run for 8 s at its HTTP handler, which reports by itself.",
        ),
        (
            State.RUNNING,
            {},
            {"attempt": 1, "started_at": NOW - 8 * SECOND, "followed": 1},
            "Attempt 1 of 4 has run for 8 s with a worker of others.",
        ),
        (
            State.RUNNING,
            {"worker": "w", "cancel_asked_at": NOW - 8 * SECOND},
            {"attempt": 1, "started_at": NOW - 20 * SECOND, "worker_id": 5, "cancel_requested": True},
            "Its cancel was asked 8 s ago, and its handler has not ended yet. Attempt 1 of 4 has run for 20 s on "
            "worker `w`.",
        ),
        (
            State.COMPLETED,
            {},
            {"attempt": 1, "started_at": NOW - 3 * MINUTE, "finished_at": NOW - MINUTE},
            "Completed at 10:00:00 UTC, in attempt 1, which took 2 min.",
        ),
        (
            State.FAILED,
            {},
            FAILED,
            "Failed at 10:00:00 UTC after 4 of 4 attempts: handler_error: no such mailbox",
        ),
        (State.CANCELLED, {}, {"finished_at": NOW - MINUTE}, "Cancelled at 10:00:00 UTC, before it started."),
        (
            State.CANCELLED,
            {},
            {"finished_at": NOW - MINUTE, "claims": 1, "attempt": 1},
            "Cancelled at 10:00:00 UTC, in attempt 1.",
        ),
    ],
)
def test_each_state(state: State, seen: dict[str, Any], fields: dict[str, Any], summary: str) -> None:
    assert told(state, seen, **fields).summary == summary


@pytest.mark.parametrize("state", list(State))
def test_every_state_is_explained_from_the_least_that_may_be_known(state: State) -> None:
    found = told(state)
    assert found.summary.strip()
    assert all(text.strip() for text in (*found.facts, *found.suggestions))


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        ({"losses": 2, "alone": True}, "It runs alone until an attempt ends by itself."),
        ({"losses": 1}, "Its worker was lost once; at 3 losses it fails."),
        ({"expires_at": NOW + 20 * SECOND}, "It expires in 20 s if it has not started by then."),
        ({"schedule": "nightly"}, "The schedule `nightly` made it."),
        ({"replay_of": 1024}, f"It replays {RUN_ID}."),
        ({"error": encode(BOOM).decode()}, "The last error: handler_error: no such mailbox"),
        ({"logs_dropped": 1}, "1 line of its log was dropped."),
    ],
)
def test_what_else_is_known_of_it(fields: dict[str, Any], fact: str) -> None:
    assert any(fact in text for text in told(State.QUEUED, **fields).facts)


@pytest.mark.parametrize(
    ("fields", "fact"),
    [
        ({}, "No attempts are left."),
        ({"attempt": 1}, "The error is not one to be tried again."),
        ({"error": encode(Error("expired", "x")).decode()}, "It was not started in time."),
        ({"error": encode(Error("lease_lost", "x")).decode(), "losses": 3}, "Its workers were lost."),
    ],
)
def test_why_a_failure_is_final(fields: dict[str, Any], fact: str) -> None:
    assert fact in told(State.FAILED, **(FAILED | fields)).facts


def test_what_can_be_done_about_a_failure_until_it_is_resolved() -> None:
    found = told(State.FAILED, **FAILED, delete_at=NOW + 3600 * SECOND)
    assert [text.rpartition("POST ")[2] for text in found.suggestions] == [
        f"/v1/runs/{RUN_ID}/replay.",
        f"/v1/runs/{RUN_ID}/resolve.",
    ]
    assert found.next == "It is deleted in 60 min."
    resolved = told(State.FAILED, **FAILED, resolved_at=NOW)
    assert resolved.suggestions == ()
    assert "It was resolved at 10:01:00 UTC." in resolved.facts


def test_a_long_message_is_cut_and_on_one_line() -> None:
    error = encode(Error("handler_error", "a\n" * 5000)).decode()
    assert len(told(State.FAILED, **(FAILED | {"error": error})).summary) < 300


@pytest.mark.parametrize(
    ("microseconds", "text"),
    [
        (-5, "0 s"),
        (1_500_000, "1.5 s"),
        (8 * SECOND, "8 s"),
        (119 * SECOND, "119 s"),
        (120 * SECOND, "2 min"),
        (119 * MINUTE, "119 min"),
        (120 * MINUTE, "2 h"),
        (48 * 60 * MINUTE, "2 days"),
    ],
)
def test_lengths_of_time(microseconds: int, text: str) -> None:
    assert span(microseconds) == text


def test_an_instant_of_another_day_is_told_with_its_date() -> None:
    assert clock(NOW, NOW) == "10:01:00 UTC"
    assert clock(NOW - 86_400 * SECOND, NOW) == "2026-11-27 10:01:00 UTC"
