"""What is asked and told of lists of runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from msgspec import Struct

from blazy_jobs_server.domain.keys import EVERYTHING, Within
from blazy_jobs_server.domain.run import Run, State


class RunFilter(Struct, frozen=True, kw_only=True):
    """What a list has; left out means all. `within` is what whoever asks is restricted to."""

    ids: frozenset[int] | None = None
    states: frozenset[State] = frozenset()
    job_type: str | None = None
    queue: str | None = None
    tag: str | None = None
    schedule: str | None = None
    error_group: str | None = None
    error_code: str | None = None
    resolved: bool | None = None
    worker_id: int | None = None
    attempt_min: int | None = None
    created_after: int | None = None
    created_before: int | None = None
    finished_after: int | None = None
    finished_before: int | None = None
    q: str | None = None
    """Text in what is shown of a run, whatever the case of A to Z."""
    hides: Callable[[str], tuple[str, ...]] | None = None
    """What of runs of a job type whoever asks is not shown (JSON Pointers), and so does not find; None: nothing."""
    within: Within = EVERYTHING

    @property
    def comparisons(self) -> list[tuple[str, str, int]]:
        """Columns of runs, how they are compared, and with what: what no index leads to."""
        asked = (
            ("worker_id", "=", self.worker_id),
            ("attempt", ">=", self.attempt_min),
            ("finished_at", ">=", self.finished_after),
            ("finished_at", "<", self.finished_before),
        )
        return [(column, comparison, value) for column, comparison, value in asked if value is not None]

    @property
    def asks_of_each(self) -> bool:
        """Whether each run must be looked at, however few its indexes lead to."""
        return bool(self.comparisons) or self.resolved is not None or self.q is not None

    @property
    def is_counted(self) -> bool:
        """Whether the numbers by job type, queue and state say how many there are."""
        named = (self.ids, self.tag, self.schedule, self.error_group, self.error_code)
        others = (*named, self.created_after, self.created_before)
        return not self.asks_of_each and all(other is None for other in others)

    @property
    def names_lanes(self) -> bool:
        """Whether it leaves out some pairs of job type and queue."""
        return bool(self.job_type or self.queue or not self.within.is_everything)

    def admits_lane(self, job_type: str, queue: str) -> bool:
        return self.job_type in (None, job_type) and self.queue in (None, queue) and self.within.admits(job_type, queue)


class Listed(NamedTuple):
    """A page of runs, newest first, and the key before which the next one begins; None where this is the last."""

    runs: list[Run]
    before: int | None
    looked: int = 0
    """Of a search for text: how many runs' texts were looked at for this page."""


class Counted(NamedTuple):
    runs: int
    at_least: bool
    """Whether there may be more."""


class Tally(NamedTuple):
    by_state: dict[State, int]
    complete: bool
    """Whether these are all; else they are those that were counted in the time given."""
