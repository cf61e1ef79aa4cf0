"""A run that follows a job: whatever is seen of it, and in whatever order, the run's life is one that the table allows,
and ends where the job ended."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.following import STALLED, UNKNOWN, JobSeen, follow, stale
from blazy_jobs_server.domain.job_type import Settings
from blazy_jobs_server.domain.lifecycle import Lease
from blazy_jobs_server.domain.retry import RetryPolicy
from blazy_jobs_server.domain.run import Run, State
from tests.app.clock import SECOND, START

FINAL = (EventType.COMPLETED, EventType.FAILED, EventType.CANCELLED)


def fresh(**retry: Any) -> Run:
    settings = Settings(RetryPolicy(**({"max_attempts": 50} | retry)), 300, 604800, 604800)
    run = Run(1, 1, "greet", "emails", 1, 1, settings, State.QUEUED, 0, 0, 0, "{}", followed=0)
    return lifecycle.create(run, START).run


def kinds(run: Run, seen: JobSeen, now: int = START) -> tuple[Run, list[str]]:
    after = follow(run, now, seen)
    return after.run, [event.type.name.lower() for event in after.events]


def test_a_job_that_ended_and_is_gone_ends_the_run() -> None:
    run, told = kinds(fresh(), JobSeen(stage="completed", starts=UNKNOWN, result="7"))
    assert (run.state, run.result, told) == (State.COMPLETED, "7", ["started", "completed"])


def test_a_failed_attempt_and_a_job_given_back_are_told_apart() -> None:
    running, _ = kinds(fresh(), JobSeen(stage="active", starts=1, token="t"))
    failed, told = kinds(running, JobSeen(stage="delayed", starts=1, failures=1, error="x", due_at=START + SECOND))
    assert (failed.state, failed.attempt, told) == (State.RETRYING, 1, ["retrying"])
    back, told = kinds(running, JobSeen(stage="waiting", starts=1))
    assert (back.state, back.attempt, told) == (State.QUEUED, 0, ["interrupted"])
    snoozed, told = kinds(running, JobSeen(stage="delayed", starts=1, due_at=START + SECOND))
    assert (snoozed.state, snoozed.attempt, told) == (State.SCHEDULED, 0, ["interrupted"])
    lost, told = kinds(running, JobSeen(stage="waiting", starts=1, stalls=1))
    assert (lost.state, lost.losses, told) == (State.QUEUED, 1, ["interrupted"])


def test_what_stalled_too_often_is_a_loss() -> None:
    run, _ = kinds(fresh(), JobSeen(stage="failed", starts=3, failures=1, error=STALLED))
    assert '"lease_lost"' in (run.error or "")


def test_a_lease_that_was_asked_for_is_the_start() -> None:
    lease = Lease(7, "blazy-1", START + 15 * SECOND)
    run = follow(fresh(), START, JobSeen(stage="active", starts=4, token="blazy-1"), lease).run
    assert (run.worker_id, run.lease_token, run.followed, run.attempt) == (7, "blazy-1", 4, 1)
    assert run.deadline_at is not None


@pytest.mark.parametrize("on_lost", ["retry", "fail"])
def test_no_further_attempt_where_a_loss_is_the_end(on_lost: str) -> None:
    running, _ = kinds(fresh(on_lost=on_lost), JobSeen(stage="active", starts=1))
    run, _ = kinds(running, JobSeen(stage="active", starts=2, stalls=1))
    assert run.state is (State.RUNNING if on_lost == "retry" else State.FAILED)


class Job:
    """What BullMQ does with one job, in its own counts."""

    def __init__(self) -> None:
        self.stage: Any = "waiting"
        self.starts = self.failures = self.stalls = 0

    def step(self, word: str) -> None:
        if self.stage in ("completed", "failed"):
            return
        if word == "take" and self.stage != "active":
            self.stage, self.starts = "active", self.starts + 1
        elif self.stage == "active" and word in ("complete", "fail"):
            self.stage, self.failures = {"complete": "completed", "fail": "failed"}[word], self.failures + 1
        elif self.stage == "active" and word == "retry":
            self.stage, self.failures = "delayed", self.failures + 1
        elif self.stage == "active" and word == "back":
            self.stage = "waiting"
        elif self.stage == "active" and word == "stall" and self.stalls < 2:
            self.stage, self.stalls = "waiting", self.stalls + 1
        elif self.stage == "delayed" and word == "promote":
            self.stage = "waiting"

    def seen(self) -> JobSeen:
        return JobSeen(
            stage=self.stage,
            starts=self.starts,
            failures=self.failures,
            stalls=self.stalls,
            token=f"t{self.starts}",
            error="no luck" if self.failures else None,
            due_at=START + SECOND if self.stage == "delayed" else 0,
        )


WORDS = st.sampled_from(["take", "take", "complete", "fail", "retry", "back", "stall", "promote"])


@given(st.lists(st.tuples(WORDS, st.sampled_from(["look", "miss", "twice", "keep"])), max_size=40))
def test_looks_at_any_times_tell_one_life(steps: list[tuple[str, str]]) -> None:
    """`keep`: that look arrives again at the end, late."""
    job, run = Job(), fresh()
    events, late = [], []

    def see(seen: JobSeen) -> None:
        nonlocal run
        was_stale = stale(run, seen)
        after = follow(run, START, seen)
        assert not (was_stale and after.events)
        run = after.run
        events.extend(after.events)

    for word, how in steps:
        job.step(word)
        if how != "miss":
            see(job.seen())
        if how == "twice":
            before = run.seq
            see(job.seen())
            assert run.seq == before, "a second look at the same tells nothing"
        if how == "keep":
            late.append(job.seen())
    see(job.seen())
    before = run.seq
    for old in late:
        if old.starts < job.starts or old == job.seen():
            see(old)
    assert run.seq == before, "an older look tells nothing"
    assert [event.seq for event in events] == list(range(2, run.seq + 1))
    assert [event.type in FINAL for event in events].count(True) == int(run.state.final)
    expected = {
        "completed": State.COMPLETED,
        "failed": State.FAILED,
        "active": State.RUNNING,
        "delayed": State.RETRYING,
        "waiting": State.QUEUED,
    }
    assert run.state is expected[job.stage]
    assert run.attempt == job.failures + (job.stage == "active")
