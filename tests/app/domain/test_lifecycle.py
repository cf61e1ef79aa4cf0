"""The life of a run, verb by verb, and over random lives."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.error_groups import group_of
from blazy_jobs_server.domain.event import Event, EventType
from blazy_jobs_server.domain.ids import worker_id
from blazy_jobs_server.domain.instants import LATEST, SECOND, after, rfc3339
from blazy_jobs_server.domain.job_type import Settings
from blazy_jobs_server.domain.lifecycle import MOVES, IllegalMove, Lease, Transition
from blazy_jobs_server.domain.retry import RetryPolicy
from blazy_jobs_server.domain.run import Error, Run, State

NOW = 1_767_225_600 * SECOND
LATER = NOW + 7 * SECOND
BOOM = Error("handler_error", "boom", "ValueError", "Traceback ...")
PLAIN = RetryPolicy(backoff="fixed", initial_seconds=10, jitter=False)

Move = Callable[[Run], Transition]


def order(*, retry: RetryPolicy = PLAIN, due_at: int = 0, **fields: Any) -> Run:
    settings = Settings(retry, timeout_seconds=30, retention_seconds=60, retention_failed_seconds=90)
    run = Run(1, 1, "greet", "mail", 1, 1, settings, State.QUEUED, 0, due_at, 0, "{}")
    for name, value in fields.items():
        setattr(run, name, value)
    return run


def queued(**fields: Any) -> Run:
    return lifecycle.create(order(**fields), NOW).run


def scheduled(**fields: Any) -> Run:
    return lifecycle.create(order(due_at=NOW + 60 * SECOND, **fields), NOW).run


def lease(token: str = "t1") -> Lease:
    return Lease(5, token, NOW + 15 * SECOND)


def started(run: Run) -> Run:
    return lifecycle.start(run, NOW, lease()).run


def running(**fields: Any) -> Run:
    return started(queued(**fields))


def cancelling(**fields: Any) -> Run:
    return lifecycle.cancel(running(**fields), NOW, "enough").run


def retrying(**fields: Any) -> Run:
    return lifecycle.fail(running(**fields), NOW, BOOM).run


def finished(state: State) -> Run:
    ends: dict[State, Move] = {
        State.COMPLETED: lambda run: lifecycle.complete(run, NOW, "1"),
        State.FAILED: lambda run: lifecycle.fail(run, NOW, BOOM, retryable=False),
        State.CANCELLED: lambda run: lifecycle.stop(run, NOW),
    }
    run = ends[state](running()).run
    assert run.state is state
    return run


IN_STATE: dict[State, Callable[[], Run]] = {
    State.SCHEDULED: scheduled,
    State.QUEUED: queued,
    State.RUNNING: running,
    State.RETRYING: retrying,
    State.COMPLETED: lambda: finished(State.COMPLETED),
    State.FAILED: lambda: finished(State.FAILED),
    State.CANCELLED: lambda: finished(State.CANCELLED),
}

VERBS: dict[str, Move] = {
    "promote": lifecycle.promote,
    "run_now": lambda run: lifecycle.run_now(run, LATER),
    "start": lambda run: lifecycle.start(run, LATER, lease("t2")),
    "progress": lambda run: lifecycle.progress(run, LATER, '{"percent":40}'),
    "log": lambda run: lifecycle.log(run, LATER, '{"level":"info"}'),
    "complete": lambda run: lifecycle.complete(run, LATER, '{"ok":true}'),
    "fail": lambda run: lifecycle.fail(run, LATER, BOOM),
    "release": lambda run: lifecycle.release(run, LATER),
    "snooze": lambda run: lifecycle.snooze(run, LATER, LATER + 20 * SECOND),
    "detach": lambda run: lifecycle.detach(run, LATER, 60),
    "lose": lambda run: lifecycle.lose(run, LATER),
    "cancel": lambda run: lifecycle.cancel(run, LATER, "enough"),
    "stop": lambda run: lifecycle.stop(run, LATER),
    "expire": lambda run: lifecycle.expire(run, LATER),
}


def only(transition: Transition) -> Event:
    assert len(transition.events) == 1, transition.events
    return transition.events[0]


def said(transition: Transition) -> Any:
    return orjson.loads(only(transition).data)


# -- the table


def test_every_verb_of_the_table_is_tried_here() -> None:
    assert {"create", *VERBS} == set(MOVES)


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("state", State)
def test_a_verb_moves_a_run_where_the_table_says_and_is_a_bug_elsewhere(verb: str, state: State) -> None:
    run = IN_STATE[state]()
    before = copy(run)
    if state in MOVES[verb]:
        moved = VERBS[verb](run)
        assert moved.run.state in MOVES[verb][state]
        assert moved.run.seq == run.seq + len(moved.events)
    else:
        with pytest.raises(IllegalMove, match=f"cannot {verb} a run that is {state.name.lower()}"):
            VERBS[verb](run)
    assert run == before, "the run that was given is a value, and stays as it was"


def test_a_timeout_is_illegal_where_a_failure_is() -> None:
    with pytest.raises(IllegalMove):
        lifecycle.time_out(queued(), LATER, 0.0)


# -- create


def test_a_run_that_is_due_is_queued_at_once() -> None:
    created = lifecycle.create(order(due_at=NOW - SECOND), NOW)
    assert (created.run.state, created.run.due_at, created.run.created_at) == (State.QUEUED, NOW, NOW)
    assert only(created).type is EventType.QUEUED
    assert said(created) == {"due_at": rfc3339(NOW)}
    assert created.run.expires_at is None


def test_what_a_run_is_made_from_stays_as_it_was() -> None:
    asked = order(due_at=NOW + SECOND)
    before = copy(asked)
    lifecycle.create(asked, NOW, 5)
    assert asked == before


def test_a_run_that_is_due_later_is_scheduled() -> None:
    created = lifecycle.create(order(due_at=NOW + 1), NOW, expires_seconds=2.5)
    assert (created.run.state, created.run.due_at) == (State.SCHEDULED, NOW + 1)
    assert created.run.expires_at == NOW + 2_500_000, "expiry counts from the dispatch, not from the due time"
    assert only(created).type is EventType.QUEUED


def test_the_coming_of_its_time_is_the_one_change_without_an_event() -> None:
    for run in (scheduled(), retrying()):
        promoted = lifecycle.promote(run)
        assert (promoted.run.state, promoted.events) == (State.QUEUED, ())
        assert (promoted.run.due_at, promoted.run.seq) == (run.due_at, run.seq)


def test_a_run_that_waits_for_its_time_need_not() -> None:
    for run in (scheduled(), retrying()):
        event = only(hurried := lifecycle.run_now(run, LATER))
        assert (hurried.run.state, hurried.run.due_at, hurried.run.attempt) == (State.QUEUED, LATER, run.attempt)
        assert (event.type, event.seq, event.state) == (EventType.QUEUED, run.seq + 1, State.QUEUED)
        assert orjson.loads(event.data) == {"due_at": rfc3339(LATER)}


# -- start, progress, log


def test_a_start_counts_the_attempt_and_takes_the_lease() -> None:
    begun = lifecycle.start(queued(), LATER, Lease(9, "t", LATER + 1))
    run = begun.run
    assert (run.attempt, run.claims, run.started_at) == (1, 1, LATER)
    assert (run.worker_id, run.lease_token, run.lease_until) == (9, "t", LATER + 1)
    assert run.deadline_at == LATER + (30 + lifecycle.DEADLINE_SLACK_SECONDS) * SECOND
    event = only(begun)
    assert (event.type, event.attempt, event.state) == (EventType.STARTED, 1, State.RUNNING)
    assert said(begun) == {"worker_id": worker_id(9)}


def test_progress_and_lines_are_events_of_the_attempt() -> None:
    progressed = lifecycle.progress(running(), LATER, '{"percent":40}')
    assert (progressed.run.progress, only(progressed).type) == ('{"percent":40}', EventType.PROGRESS)
    logged = lifecycle.log(progressed.run, LATER, '{"level":"info"}')
    assert (logged.run.logs, only(logged).type, only(logged).seq) == (1, EventType.LOG, 4)
    assert (logged.run.lease_token, logged.run.lease_until) == ("t1", NOW + 15 * SECOND)


# -- the ends


def test_a_completion_keeps_the_result_and_forgets_the_last_error() -> None:
    run = started(lifecycle.promote(retrying()).run)
    assert run.error is not None
    completed = lifecycle.complete(run, LATER, '{"ok":true}')
    assert (completed.run.state, completed.run.result, completed.run.error) == (State.COMPLETED, '{"ok":true}', None)
    assert completed.run.finished_at == LATER
    assert completed.run.delete_at == LATER + 60 * SECOND
    assert said(completed) == {"result": {"ok": True}}
    assert only(completed).final


def test_a_finished_run_is_kept_at_least_as_long_as_its_idempotency_key() -> None:
    keep = LATER + 3600 * SECOND
    assert lifecycle.complete(running(keep_until=keep), LATER, "1").run.delete_at == keep
    assert lifecycle.complete(running(keep_until=NOW), LATER, "1").run.delete_at == LATER + 60 * SECOND


def test_the_end_of_the_lease_leaves_its_token_behind() -> None:
    for end in ("complete", "fail", "release", "snooze", "lose", "stop"):
        run = VERBS[end](running()).run
        assert (run.lease_token, run.lease_until, run.deadline_at) == ("t1", None, None), end


@pytest.mark.parametrize(
    ("backoff", "waits"), [("exponential", [10, 20, 35, 35]), ("linear", [10, 20, 30, 35]), ("fixed", [10] * 4)]
)
def test_a_failed_attempt_is_tried_again_after_the_backoff(backoff: Any, waits: list[int]) -> None:
    retry = RetryPolicy(max_attempts=5, backoff=backoff, initial_seconds=10, factor=2, max_seconds=35, jitter=False)
    run = running(retry=retry)
    for n, seconds in enumerate(waits, 1):
        failed = lifecycle.fail(run, LATER, BOOM)
        assert (failed.run.state, failed.run.attempt) == (State.RETRYING, n)
        assert failed.run.due_at == LATER + seconds * SECOND
        assert failed.run.worker_id is None
        assert said(failed) == {"error": orjson.loads(failed.run.error or ""), "due_at": rfc3339(failed.run.due_at)}
        run = started(lifecycle.promote(failed.run).run)
    last = lifecycle.fail(run, LATER, BOOM)
    assert (last.run.state, last.run.attempt, only(last).type) == (State.FAILED, 5, EventType.FAILED)
    assert orjson.loads(last.run.error or "") == {
        "code": "handler_error",
        "message": "boom",
        "type": "ValueError",
        "traceback": "Traceback ...",
        "group": group_of(BOOM),
    }


@given(draw=st.floats(0, 1, exclude_max=True), attempt=st.integers(1, 3))
def test_jitter_waits_from_half_of_the_backoff_to_all_of_it(draw: float, attempt: int) -> None:
    retry = RetryPolicy(max_attempts=4, backoff="linear", initial_seconds=8, jitter=True)
    run = running(retry=retry)
    run.attempt = attempt
    due_at = lifecycle.fail(run, LATER, BOOM, draw=draw).run.due_at
    assert 4 * attempt * SECOND <= due_at - LATER <= 8 * attempt * SECOND


def test_a_handler_may_name_the_wait_itself() -> None:
    failed = lifecycle.fail(running(), LATER, BOOM, retry_after_seconds=0.25)
    assert (failed.run.state, failed.run.due_at) == (State.RETRYING, LATER + 250_000)
    assert lifecycle.fail(running(), LATER, BOOM, retry_after_seconds=1e12).run.due_at == LATEST


def test_naming_a_wait_buys_no_further_attempt() -> None:
    run = running(retry=RetryPolicy(max_attempts=1))
    assert lifecycle.fail(run, LATER, BOOM, retry_after_seconds=1).run.state is State.FAILED


def test_what_cannot_succeed_is_not_tried_again() -> None:
    failed = lifecycle.fail(running(), LATER, BOOM, retryable=False)
    assert (failed.run.state, failed.run.finished_at) == (State.FAILED, LATER)


def test_a_timeout_is_a_failed_attempt() -> None:
    late = lifecycle.time_out(running(), LATER, 0.0)
    assert late.run.state is State.RETRYING
    assert said(late)["error"] == {
        "code": "timeout",
        "message": "Ran longer than 30 seconds.",
        "type": None,
        "traceback": None,
        "group": late.run.error_group,
    }
    last = lifecycle.time_out(running(retry=RetryPolicy(max_attempts=1)), LATER, 0.0)
    assert (last.run.state, said(last)["error"]["code"]) == (State.FAILED, "timeout")


def test_a_timeout_uses_the_draw_it_is_given() -> None:
    run = running(retry=RetryPolicy(backoff="fixed", initial_seconds=10, jitter=True))
    assert lifecycle.time_out(run, LATER, 0.5).run.due_at == LATER + 7_500_000


def test_an_unstarted_run_expires() -> None:
    for run in (
        lifecycle.create(order(), NOW, 5).run,
        lifecycle.create(order(due_at=NOW + 60 * SECOND), NOW, 5).run,
    ):
        expired = lifecycle.expire(run, LATER)
        assert expired.run.state is State.FAILED
        assert said(expired)["error"]["code"] == "expired"
        assert said(expired)["error"]["message"] == f"Not started by {rfc3339(NOW + 5 * SECOND)}."


# -- given back


def test_a_release_costs_no_attempt_and_is_queued_at_once() -> None:
    released = lifecycle.release(running(), LATER)
    run = released.run
    assert (run.state, run.attempt, run.claims, run.losses, run.due_at) == (State.QUEUED, 0, 1, 0, LATER)
    assert (run.worker_id, run.alone) == (None, False)
    assert said(released) == {"reason": "released", "due_at": rfc3339(LATER)}
    assert only(released).type is EventType.INTERRUPTED


def test_a_snooze_costs_no_attempt_and_comes_again_later() -> None:
    snoozed = lifecycle.snooze(running(), LATER, LATER + 20 * SECOND)
    assert (snoozed.run.state, snoozed.run.attempt, snoozed.run.losses) == (State.SCHEDULED, 0, 0)
    assert said(snoozed) == {"reason": "snoozed", "due_at": rfc3339(LATER + 20 * SECOND)}
    at_once = lifecycle.snooze(running(), LATER, NOW)
    assert (at_once.run.state, at_once.run.due_at) == (State.QUEUED, LATER)


def test_giving_back_never_uses_the_attempts_up() -> None:
    run = queued(retry=RetryPolicy(max_attempts=1))
    for n in range(1, 20):
        run = lifecycle.release(started(run), LATER).run
        assert (run.state, run.attempt, run.claims) == (State.QUEUED, 0, n)
    assert lifecycle.fail(started(run), LATER, BOOM).run.state is State.FAILED


# -- lost


def test_a_loss_costs_no_attempt_and_goes_on_alone() -> None:
    lost = lifecycle.lose(running(), LATER)
    run = lost.run
    assert (run.state, run.attempt, run.losses, run.alone, run.due_at) == (State.QUEUED, 0, 1, True, LATER)
    assert said(lost) == {"reason": "lost", "due_at": rfc3339(LATER)}


def test_the_third_loss_fails_the_run() -> None:
    run = queued(retry=RetryPolicy(max_attempts=100))
    for _ in range(lifecycle.MAX_LOSSES - 1):
        run = lifecycle.lose(started(run), LATER).run
        assert run.state is State.QUEUED
    lost = lifecycle.lose(started(run), LATER)
    assert (lost.run.state, lost.run.losses) == (State.FAILED, 3)
    assert said(lost)["error"]["code"] == "lease_lost"
    assert said(lost)["error"]["message"] == "Its worker was lost 3 times."


def test_a_job_that_must_not_run_again_fails_at_its_first_loss() -> None:
    lost = lifecycle.lose(running(retry=RetryPolicy(on_lost="fail")), LATER)
    assert (lost.run.state, lost.run.losses) == (State.FAILED, 1)
    assert said(lost)["error"]["message"] == "Its worker was lost once."


@pytest.mark.parametrize(
    ("verb", "alone"), [("fail", False), ("snooze", False), ("complete", False), ("release", True), ("lose", True)]
)
def test_leases_are_alone_until_an_attempt_ends_by_itself(verb: str, alone: bool) -> None:
    run = started(lifecycle.lose(running(), LATER).run)
    assert run.alone
    assert VERBS[verb](run).run.alone is alone


# -- cancel


@pytest.mark.parametrize("state", [State.SCHEDULED, State.QUEUED, State.RETRYING])
def test_a_run_that_does_not_run_is_cancelled_at_once(state: State) -> None:
    cancelled = lifecycle.cancel(IN_STATE[state](), LATER, "enough")
    run = cancelled.run
    assert (run.state, run.finished_at, run.cancel_requested) == (State.CANCELLED, LATER, True)
    assert said(cancelled) == {"reason": "enough"}
    assert only(cancelled).type is EventType.CANCELLED


def test_a_running_handler_is_asked() -> None:
    asked = lifecycle.cancel(running(), LATER, "enough")
    assert (asked.run.state, asked.run.cancel_requested) == (State.RUNNING, True)
    assert (asked.run.lease_token, asked.run.deadline_at) == (running().lease_token, running().deadline_at)
    assert (only(asked).type, said(asked)) == (EventType.CANCELLING, {"reason": "enough"})


def test_asking_twice_changes_nothing() -> None:
    again = lifecycle.cancel(cancelling(), LATER, "another reason")
    assert (again.run, again.events) == (cancelling(), ())


def test_what_completes_after_a_cancel_was_asked_stays_completed() -> None:
    completed = lifecycle.complete(cancelling(), LATER, "1")
    assert (completed.run.state, only(completed).type) == (State.COMPLETED, EventType.COMPLETED)


@pytest.mark.parametrize("verb", ["fail", "release", "snooze", "lose", "stop"])
def test_any_other_end_after_a_cancel_was_asked_is_cancelled(verb: str) -> None:
    ended = VERBS[verb](cancelling())
    assert (ended.run.state, ended.run.finished_at) == (State.CANCELLED, LATER)
    assert (only(ended).type, said(ended)) == (EventType.CANCELLED, {"reason": "enough"})


def test_a_timeout_after_a_cancel_was_asked_is_cancelled_and_keeps_its_error() -> None:
    late = lifecycle.time_out(cancelling(), LATER, 0.0)
    assert late.run.state is State.CANCELLED
    assert orjson.loads(late.run.error or "")["code"] == "timeout"


def test_a_loss_after_a_cancel_was_asked_is_counted_too() -> None:
    assert lifecycle.lose(cancelling(), LATER).run.losses == 1


# -- dropped lines


@pytest.mark.parametrize("verb", ["complete", "stop", "lose"])
def test_dropped_lines_are_counted_before_the_final_event(verb: str) -> None:
    run = running(retry=RetryPolicy(on_lost="fail"))
    run.logs_dropped = 12
    ended = VERBS[verb](run)
    line, final = ended.events
    assert (line.type, line.seq, line.state) == (EventType.LOG, run.seq + 1, State.RUNNING)
    assert orjson.loads(line.data) == {"level": "warning", "message": "12 lines dropped", "fields": {"dropped": 12}}
    assert (final.final, final.seq, ended.run.seq) == (True, run.seq + 2, run.seq + 2)
    assert ended.run.logs_dropped == 0


def test_dropped_lines_are_kept_over_a_retry_for_the_final_event() -> None:
    run = running()
    run.logs_dropped = 12
    failed = lifecycle.fail(run, LATER, BOOM)
    assert (len(failed.events), failed.run.logs_dropped) == (1, 12)


# -- whole lives

LIVES = st.lists(
    st.tuples(st.sampled_from([*VERBS, "time_out"]), st.integers(0, 5_000_000), st.booleans()), max_size=40
)


@given(
    lives=LIVES,
    max_attempts=st.integers(1, 4),
    on_lost=st.sampled_from(["retry", "fail"]),
    delay_seconds=st.sampled_from([0, 3]),
)
def test_every_life_keeps_the_promises(
    lives: list[tuple[str, int, bool]], max_attempts: int, on_lost: Any, delay_seconds: int
) -> None:
    """No order of verbs leaves the table, skips a number, finishes twice or spends more attempts than there are."""
    policy = RetryPolicy(max_attempts=max_attempts, initial_seconds=1, on_lost=on_lost)
    created = lifecycle.create(order(retry=policy, due_at=after(NOW, delay_seconds)), NOW)
    run, events, now = created.run, [*created.events], NOW
    for verb, passed, dropped in lives:
        now += passed
        name = "fail" if verb == "time_out" else verb
        legal = run.state in MOVES[name]
        before = copy(run)
        if legal and dropped and run.state is State.RUNNING:
            run = copy(run)
            run.logs_dropped += 1
        try:
            moved = lifecycle.time_out(run, now, 0.5) if verb == "time_out" else VERBS[verb](run)
        except IllegalMove:
            assert not legal
            assert run == before
            continue
        assert legal
        assert moved.run.state in MOVES[name][run.state]
        run = moved.run
        events += moved.events
        assert 0 <= run.attempt <= min(run.claims, max_attempts)
        assert run.losses <= lifecycle.MAX_LOSSES
        assert (run.state is State.RUNNING) == (run.lease_until is not None) == (run.deadline_at is not None)
        assert (run.finished_at is not None) == run.state.final == (run.delete_at is not None)
    assert [event.seq for event in events] == list(range(1, run.seq + 1))
    finals = [event.seq for event in events if event.final]
    assert finals == ([run.seq] if run.state.final else [])
    assert all(orjson.loads(event.data) is not None for event in events)


# -- many at once

SETTINGS = st.builds(
    Settings,
    st.builds(RetryPolicy, max_attempts=st.integers(1, 5)),
    timeout_seconds=st.floats(0.1, 86_400),
    retention_seconds=st.floats(0, 10**7),
)
PLAIN_RUNS = st.builds(
    lambda settings, made, priority, tags, keep: (
        lifecycle.create(
            Run(1, 1, "greet", "mail", 1, 1, settings, State.QUEUED, priority, 0, 0, "{}", tags, keep_until=keep), made
        ).run
    ),
    SETTINGS,
    st.integers(NOW - 10**12, NOW),
    st.integers(-100, 100),
    st.sampled_from(["[]", '["a"]']),
    st.none() | st.integers(NOW, NOW + 10**12),
)
NOT_PLAIN = {
    "cancel_requested": True,
    "overrides": "{}",
    "followed": 0,
    "claims": 1,
    "seq": 2,
    "state": State.SCHEDULED,
}


@given(run=PLAIN_RUNS, words=st.lists(st.sampled_from(["progress", "log"]), max_size=3), result=st.sampled_from("12"))
def test_what_many_become_together_each_becomes_by_itself(run: Run, words: list[str], result: str) -> None:
    assert lifecycle.is_plain(run)
    together = lifecycle.start_many(NOW, run.settings, 5)
    alone = lifecycle.start(run, NOW, lease())
    [event] = alone.events
    assert (event.type, event.seq, event.state, event.attempt) == (EventType.STARTED, together.seq, together.state, 1)
    assert event.data == together.data
    expected = copy(run)
    for name in ("state", "seq", "attempt", "claims", "deadline_at"):
        setattr(expected, name, getattr(together, name))
    expected.started_at, expected.worker_id, expected.lease_token, expected.lease_until = NOW, 5, "t1", lease().until
    assert alone.run == expected

    before = alone.run
    for word in words:
        before = getattr(lifecycle, word)(before, NOW, "{}").run
    ended = lifecycle.complete_many(LATER, run.settings)
    completed = lifecycle.complete(before, LATER, result)
    [event] = completed.events
    assert (event.type, event.seq, event.attempt) == (EventType.COMPLETED, before.seq + 1, ended.attempt)
    assert event.data == lifecycle.completed_data(result)
    expected = copy(before)
    expected.state, expected.finished_at, expected.seq = ended.state, ended.finished_at, before.seq + 1
    expected.delete_at = max(ended.delete_at, run.keep_until or 0)
    expected.result, expected.lease_until, expected.deadline_at = result, None, None
    assert completed.run == expected


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_what_has_something_of_its_own_is_not_plain(name: str) -> None:
    run = queued()
    setattr(run, name, NOT_PLAIN[name])
    assert not lifecycle.is_plain(run)
