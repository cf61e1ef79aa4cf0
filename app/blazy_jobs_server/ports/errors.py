"""Groups of errors, read."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from msgspec import Struct

from blazy_jobs_server.domain.keys import EVERYTHING, Within
from blazy_jobs_server.domain.run import State


class ErrorFilter(Struct, frozen=True, kw_only=True):
    """Which groups a list has: of runs in `state` (failed and not resolved, or retrying), of those that the rest lets
    through. `within` is what whoever asks is restricted to."""

    state: State = State.FAILED
    job_type: str | None = None
    queue: str | None = None
    group: str | None = None
    within: Within = EVERYTHING


class GroupPlace(NamedTuple):
    """Where a group stands in a list, newest first."""

    last_at: int
    group: str


class ErrorGroup(Struct, frozen=True, kw_only=True):
    """Failures that are the same problem. `first_at` and `last_at` are when an attempt failed so, while there were runs
    in the group; the rest is of the newest run in it."""

    group: str
    code: str
    type: str | None
    message: str
    job_types: tuple[str, ...]
    count: int
    first_at: int
    last_at: int
    sample_run_id: int

    @property
    def place(self) -> GroupPlace:
        return GroupPlace(self.last_at, self.group)


class ErrorStore(Protocol):
    async def error_groups(
        self, where: ErrorFilter, before: GroupPlace | None, limit: int
    ) -> tuple[list[ErrorGroup], GroupPlace | None]:
        """The last failed first, from `before` (exclusive), and the `before` of the next page; None where this is the
        last. Ends early after a few seconds of looking, then perhaps without any group. Raises ReadTimeout."""
        ...
