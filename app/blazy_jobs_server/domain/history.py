"""What has happened in a span of time, kept as one row for each job type and queue, and put together into longer spans.

Everything in a row adds up: counts and histograms by sum, depth and lateness by the greatest.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct

MINUTE_SECONDS, QUARTER_SECONDS, DAY_SECONDS = 60, 900, 86_400
STEPS = (MINUTE_SECONDS, QUARTER_SECONDS, DAY_SECONDS)
"""How long the spans are that rows are kept of, the finest first."""
KEPT_SECONDS = {MINUTE_SECONDS: 48 * 3600, QUARTER_SECONDS: 30 * DAY_SECONDS, DAY_SECONDS: 400 * DAY_SECONDS}
DEEDS = 6
"""Counts in a row: started, completed, failed, cancelled, retried, lost."""

OTHER = "_other"
"""In place of the names of job types and queues that had no row of their own; no name begins so."""
ALL = ""
"""In place of a name: all."""


class Durations(Struct, frozen=True):
    """A histogram: numbers by bucket (`domain.durations.BOUNDS`), and the sum of all in seconds."""

    buckets: list[int]
    total_seconds: float

    @property
    def count(self) -> int:
        return sum(self.buckets)


class Row(Struct, frozen=True, kw_only=True):
    """What was in the span of `step` seconds from `at` (seconds since the epoch) on, of a job type and queue.

    `server` wrote it; 0: it was put together from all of them. Of `ALL` job types and queues there is a row whenever a
    server was there, and of a queue, with all its job types, whenever there is one of the queue.
    """

    step: int
    job_type: str
    queue: str
    at: int
    server: int
    counts: tuple[int, ...] = (0,) * DEEDS
    deepest: int = 0
    """Most runs that waited at once: of a job type and queue, or of a queue; of all, in that queue where most did."""
    oldest: int = 0
    """For how long at most the first run that waited had been due, in microseconds."""
    waited: Durations | None = None
    ran: Durations | None = None

    @property
    def pair(self) -> tuple[str, str]:
        return (self.job_type, self.queue)


def added(one: Sequence[int], other: Sequence[int]) -> tuple[int, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def together(found: Iterable[Durations | None]) -> Durations | None:
    """None without any."""
    total: Durations | None = None
    for durations in found:
        if durations is None:
            continue
        if total is None:
            total = durations
        else:
            buckets = [a + b for a, b in zip(total.buckets, durations.buckets, strict=True)]
            total = Durations(buckets, total.total_seconds + durations.total_seconds)
    return total


def rolled_up(rows: Iterable[Row], step: int, at: int) -> list[Row]:
    """All rows of the span of `step` seconds from `at` on as one for each job type and queue.

    Two servers that roll up the same rows write the same.
    """
    groups: dict[tuple[str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault(row.pair, []).append(row)
    return [_one(pair, group, step, at) for pair, group in sorted(groups.items())]


def _one(pair: tuple[str, str], rows: list[Row], step: int, at: int) -> Row:
    counts: tuple[int, ...] = (0,) * DEEDS
    for row in rows:
        counts = added(counts, row.counts)
    return Row(
        step=step,
        job_type=pair[0],
        queue=pair[1],
        at=at,
        server=0,
        counts=counts,
        deepest=max(row.deepest for row in rows),
        oldest=max(row.oldest for row in rows),
        waited=together(row.waited for row in rows),
        ran=together(row.ran for row in rows),
    )
