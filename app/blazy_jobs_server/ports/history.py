"""What is kept of the past."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from msgspec import Struct

from blazy_jobs_server.domain.history import Row
from blazy_jobs_server.domain.keys import EVERYTHING, Within


class HistoryFilter(Struct, frozen=True):
    """Of what rows are asked for; left out means all together. `within` is what whoever asks is restricted to."""

    job_type: str | None = None
    queue: str | None = None
    within: Within = EVERYTHING

    @property
    def is_whole(self) -> bool:
        """Rows of all together answer it."""
        return self.job_type is None and self.queue is None and self.within.is_everything

    def admits(self, job_type: str, queue: str) -> bool:
        return self.job_type in (None, job_type) and self.queue in (None, queue) and self.within.admits(job_type, queue)


class HistoryStore(Protocol):
    async def save_history(self, rows: Sequence[Row]) -> None:
        """In place of rows of the same step, job type, queue, time and server: writing them again is harmless."""
        ...

    async def history(self, step: int, where: HistoryFilter, start: int, end: int) -> list[Row]:
        """Rows of that step from `start` up to `end` (seconds since the epoch): those that the filter admits, of pairs
        or of a queue, and always those of all together, which say when a server was there."""
        ...

    async def history_of_all(self, step: int, start: int, end: int) -> list[Row]:
        """All rows of that step."""
        ...

    async def history_ends(self, step: int) -> tuple[int, int] | None:
        """When the first and the last span begin of which there are rows of that step; None: there are none."""
        ...

    async def prune_history(self, step: int, before: int) -> None:
        """Deletes the rows of that step of earlier times."""
        ...
