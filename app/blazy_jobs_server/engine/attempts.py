"""How attempts end: counted from each commit for the metrics, and told in the log where they fail."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple

import orjson
import structlog

from blazy_jobs_server.domain.event import Event, EventColumn, EventType, one_by_one
from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports import Commit

log = structlog.get_logger("attempts")

OUTCOMES = ("completed", "failed", "cancelled", "lost", "released", "snoozed")
LEASE_LOST = "lease_lost"
MAX_CODES = 20
"""Of a job type, counted by themselves: workers choose the codes of their errors."""
OTHER = "_other"


class Failure(NamedTuple):
    """An event `retrying` or `failed`, with the error in it."""

    event: Event
    error: dict[str, Any]

    @property
    def code(self) -> str:
        code: str = self.error["code"]
        return code

    @property
    def is_of_attempt(self) -> bool:
        """Not of a run that never started."""
        return self.event.attempt > 0


def failures_of(events: Iterable[Event | EventColumn]) -> list[Failure]:
    """Those of a commit. What is read of its events is read once, for all who want it."""
    failed = [event for event in events if event.type is EventType.FAILED or event.type is EventType.RETRYING]
    return [Failure(event, orjson.loads(event.data)["error"]) for event in one_by_one(failed)]


class Attempts:
    def __init__(self) -> None:
        self.ended: Counter[tuple[str, str, str]] = Counter()
        """Attempts that have ended here, by job type, queue and outcome."""
        self.errors: dict[str, Counter[str]] = {}
        """Failed attempts and runs, by job type and code."""

    @property
    def lost(self) -> int:
        return sum(n for (_, _, outcome), n in self.ended.items() if outcome == "lost")

    def on_commit(self, commit: Commit, failures: list[Failure]) -> None:
        told_by_events = False
        for (job_type, queue, state), durations in commit.ran.items():
            if state is State.COMPLETED:
                self.ended[job_type, queue, "completed"] += durations.count
            elif state is State.CANCELLED:
                self.ended[job_type, queue, "cancelled"] += durations.count
            else:
                told_by_events = True
        if told_by_events:
            self._count_interrupted(commit.events)
        for failure in failures:
            self._count_failure(failure)

    def _count_interrupted(self, events: list[Event | EventColumn]) -> None:
        """Given back: only the event says why."""
        for event in one_by_one(event for event in events if event.type is EventType.INTERRUPTED):
            self.ended[event.job_type, event.queue, orjson.loads(event.data)["reason"]] += 1

    def _count_failure(self, failure: Failure) -> None:
        event, code = failure.event, failure.code
        if failure.is_of_attempt:
            outcome = "lost" if code == LEASE_LOST and event.type is EventType.FAILED else "failed"
            self.ended[event.job_type, event.queue, outcome] += 1
        codes = self.errors.setdefault(event.job_type, Counter())
        codes[code if code in codes or len(codes) < MAX_CODES else OTHER] += 1


def tell(failures: list[Failure]) -> None:
    """A line for each attempt that failed. Not what its error says: that quotes what the handler was given."""
    for event, error in failures:
        if event.attempt > 0:
            log.info(
                "attempt failed",
                run_id=public_run_id(event.run_id),
                job_type=event.job_type,
                queue=event.queue,
                attempt=event.attempt,
                code=error["code"],
                error_type=error.get("type"),
                retried=event.type is EventType.RETRYING,
            )
