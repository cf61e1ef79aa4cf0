"""The history as points of equal distance: what happened, how deep and how late it got, and how long runs waited and
ran."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

from blazy_jobs_server.domain.history import (
    ALL,
    DAY_SECONDS,
    DEEDS,
    KEPT_SECONDS,
    MINUTE_SECONDS,
    QUARTER_SECONDS,
    STEPS,
    Durations,
    Row,
    added,
    together,
)
from blazy_jobs_server.ports import Store
from blazy_jobs_server.ports.history import HistoryFilter

MOST_POINTS = 2000
USUAL_POINTS = 400
ROUND_STEPS = (60, 300, 900, 3600, 6 * 3600, DAY_SECONDS, 7 * DAY_SECONDS)
"""Of which one is taken where none is asked for."""


class Point(Struct, frozen=True, kw_only=True):
    """`at` in seconds since the epoch. `known` is false where no server was there to tell."""

    at: int
    known: bool
    counts: tuple[int, ...] = (0,) * DEEDS
    deepest: int = 0
    oldest: int = 0
    waited: Durations | None = None
    ran: Durations | None = None


class Series(Struct, frozen=True, kw_only=True):
    step: int
    points: list[Point]
    total: Point


def usual_step(start: int, end: int) -> int:
    """The finest round one with few enough points."""
    return next((step for step in ROUND_STEPS if (end - start) <= step * USUAL_POINTS), ROUND_STEPS[-1])


def kept_step(start: int, now: int) -> int:
    """The shortest span of which rows are kept for so long."""
    return next((step for step in STEPS if start >= now - KEPT_SECONDS[step]), STEPS[-1])


async def series(store: Store, where: HistoryFilter, start: int, end: int, step: int, now: int) -> Series:
    """From `start` (rounded down to the step) up to `end`, in seconds since the epoch. The step is a longer one where
    what is so old is kept in longer spans only. Raises StoreUnavailable."""
    kept = kept_step(start, now)
    if step % kept:
        step = (step // kept + 1) * kept
    first = start // step * step
    rows = await _rows(store, where, first, end, step)
    groups: dict[int, list[Row]] = {}
    for row in rows:
        groups.setdefault(row.at // step * step, []).append(row)
    points = [_point(at, groups.get(at, []), where) for at in range(first, end, step)]
    return Series(step=step, points=points, total=_point(first, rows, where))


async def _rows(store: Store, where: HistoryFilter, start: int, end: int, step: int) -> list[Row]:
    """Of the longest spans that fit, and after the last of these of shorter ones."""
    found: list[Row] = []
    at = start
    for span in (DAY_SECONDS, QUARTER_SECONDS):
        bounds = await store.history_ends(span) if step % span == 0 else None
        if bounds is not None and bounds[1] + span > at:
            until = min(end, bounds[1] + span)
            found += await store.history(span, where, at, until)
            at = max(at, until)
    if at < end:
        found += await store.history(MINUTE_SECONDS, where, at, end)
    return found


def _point(at: int, rows: list[Row], where: HistoryFilter) -> Point:
    if not rows:
        return Point(at=at, known=False)
    counted = [row for row in rows if where.is_whole or row.pair != (ALL, ALL)]
    counts: tuple[int, ...] = (0,) * DEEDS
    for row in counted:
        counts = added(counts, row.counts)
    return Point(
        at=at,
        known=True,
        counts=counts,
        deepest=_deepest(counted),
        oldest=max((row.oldest for row in counted), default=0),
        waited=together(row.waited for row in counted),
        ran=together(row.ran for row in counted),
    )


def _deepest(rows: Iterable[Row]) -> int:
    """Of the queue that was deepest in any span: the sum of its job types there, of each the most that a server saw."""
    seen: dict[tuple[int, str, str], int] = {}
    for row in rows:
        place = (row.at, row.queue, row.job_type)
        seen[place] = max(seen.get(place, 0), row.deepest)
    depths: dict[tuple[int, str], int] = {}
    for (at, queue, _), depth in seen.items():
        depths[at, queue] = depths.get((at, queue), 0) + depth
    return max(depths.values(), default=0)
