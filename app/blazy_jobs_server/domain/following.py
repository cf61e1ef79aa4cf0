"""A run that follows a job of another engine, which owns it: what was seen of the job becomes moves of the run.

What is seen is the job as it is, not what happened to it, so seeing it twice, late or out of order does no harm: a
sighting that is older than what the run knows is told by its count of starts, and what was missed between two
sightings is made up for from the job's own counts. Every move is one of lifecycle.py.
"""

from __future__ import annotations

from copy import copy
from typing import Literal

from msgspec import Struct

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.lifecycle import Lease, Transition
from blazy_jobs_server.domain.run import Error, Run, State

Stage = Literal["missing", "waiting", "delayed", "active", "completed", "failed"]
STALLED = "job stalled more than allowable limit"
"""BullMQ's own words for a job whose workers were lost too often."""
REMOVED = "its job was removed from the queue by others"
VANISHED = "its job is no longer in the queue"
UNKNOWN = -1
UNSAID = "What the handler threw is no error, and has no message."
UNSEEN = "The attempt failed while nobody here could see it."


class JobSeen(Struct, frozen=True, kw_only=True):
    """A job as it is. `starts` counts those that it ever had (UNKNOWN of one that ended and is gone), `failures` the
    attempts that have ended (of a finished job its last one too), `stalls` the workers that were lost with it."""

    stage: Stage
    starts: int = 0
    failures: int = 0
    stalls: int = 0
    due_at: int = 0
    token: str | None = None
    """Of the lock that is on it."""
    result: str = "null"
    error: str | None = None
    error_code: str = "handler_error"
    error_type: str | None = None
    traceback: str | None = None
    removed: bool = False
    """It is missing because someone removed it."""
    has_children: bool = False
    """It waits for jobs that must end before it can be taken."""

    @property
    def final(self) -> bool:
        return self.stage in ("completed", "failed")

    @property
    def failed_before(self) -> int:
        """Failed attempts before the last one of a finished job; else all of them."""
        return max(self.failures - 1, 0) if self.final else self.failures

    def says(self) -> Error:
        if self.error == STALLED:
            return Error("lease_lost", "Its workers were lost too often.")
        return Error(self.error_code, self.error or UNSAID, self.error_type, self.traceback)


def stale(run: Run, seen: JobSeen) -> bool:
    """Whether the run knows better already."""
    return run.state.final or (seen.stage != "missing" and UNKNOWN < seen.starts < (run.followed or 0))


def follow(run: Run, now: int, seen: JobSeen, lease: Lease | None = None) -> Transition:
    """The run as its job shows it. A start that the run does not know is `lease`'s; without one, that of a worker of
    others, of which no deadline is known."""
    if stale(run, seen):
        return Transition(run, ())
    return _Following(run, now, seen, lease).done()


class _Following:
    def __init__(self, run: Run, now: int, seen: JobSeen, lease: Lease | None) -> None:
        self.run = run
        self.now = now
        self.seen = seen
        self.lease = lease
        self.events: list[Event] = []

    def _take(self, transition: Transition) -> None:
        self.run = transition.run
        self.events.extend(transition.events)

    def done(self) -> Transition:
        seen = self.seen
        if seen.stage == "missing":
            self._gone()
            return self._transition()
        news = seen.starts > (self.run.followed or 0)
        if self.run.state is State.RUNNING and (news or seen.stage in ("waiting", "delayed")):
            self._end_attempt(0 if news else max(0, seen.due_at - self.now))
        while not self.run.state.final and self.run.attempt < seen.failed_before and not self._runs():
            self._fail_unseen()
        if not self.run.state.final:
            self._arrive(news)
        return self._transition(None if seen.starts == UNKNOWN else seen.starts)

    def _transition(self, followed: int | None = None) -> Transition:
        if followed is not None and followed != self.run.followed:
            self.run = copy(self.run)
            self.run.followed = followed
        return Transition(self.run, tuple(self.events))

    def _runs(self) -> bool:
        return self.run.state is State.RUNNING

    def _end_attempt(self, wait: int) -> None:
        """The attempt that the run is in has ended, and the job went on."""
        seen = self.seen
        if seen.failed_before >= self.run.attempt:
            self._fail(seen.says(), wait)
        elif seen.stalls > self.run.losses:
            self._take(lifecycle.lose(self.run, self.now))
        elif seen.stage == "delayed" and wait:
            self._take(lifecycle.snooze(self.run, self.now, self.now + wait))
        else:
            self._take(lifecycle.release(self.run, self.now))

    def _fail(self, error: Error, wait: int) -> None:
        self._take(lifecycle.fail(self.run, self.now, error, retry_after_seconds=wait / SECOND))

    def _fail_unseen(self) -> None:
        last = self.run.attempt + 1 == self.seen.failed_before
        self._start(None)
        self._fail(self.seen.says() if last else Error("handler_error", UNSEEN), 0)

    def _start(self, lease: Lease | None) -> None:
        if self.run.state in (State.SCHEDULED, State.RETRYING):
            self._take(lifecycle.promote(self.run))
        self._take(lifecycle.start(self.run, self.now, lease or Lease(None, self.seen.token or "", 0)))
        if lease is None:
            self.run.lease_until = self.run.deadline_at = None

    def _arrive(self, news: bool) -> None:
        seen = self.seen
        if seen.stage == "active":
            if news and not self._runs():
                self._start(self.lease)
        elif seen.final:
            if not self._runs():
                self._start(None)
            if seen.stage == "completed":
                self._take(lifecycle.complete(self.run, self.now, seen.result))
            else:
                self._take(lifecycle.fail(self.run, self.now, seen.says(), retryable=False))
        elif seen.stage == "waiting" and self.run.state in (State.SCHEDULED, State.RETRYING):
            self._take(lifecycle.promote(self.run))

    def _gone(self) -> None:
        """Of our own jobs, one that nobody removed was lost by its engine, which is given it anew."""
        run, seen = self.run, self.seen
        if seen.removed or run.job_id is not None:
            self._take(lifecycle.cancel(run, self.now, REMOVED if seen.removed else VANISHED))
            if self._runs():
                self._take(lifecycle.stop(self.run, self.now))
        elif run.state is State.RUNNING and run.worker_id is None:
            self._take(lifecycle.release(run, self.now))
