"""From the time on a wall to instants, where clocks change.

A local time that clocks skip (a gap) stands for the first instant after the gap; one that they show twice (a fold)
stands for the first of the two. So a fixed local time stands for exactly one instant of its day.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

SECOND = timedelta(seconds=1)
DAY = timedelta(days=1)
FIRST = datetime.min.replace(tzinfo=UTC)
LAST = datetime.max.replace(tzinfo=UTC)


def local_of(instant: datetime, zone: ZoneInfo) -> datetime:
    """What a wall clock shows, without a zone; the first or last of all times where it shows another year than 1 to
    9999."""
    try:
        return instant.astimezone(zone).replace(tzinfo=None)
    except OverflowError:
        return (FIRST if instant.year == 1 else LAST).replace(tzinfo=None)


def instant_of(local: datetime, zone: ZoneInfo) -> datetime:
    """The one instant (in UTC) that a local time, given without a zone, stands for; the first of all instants where it
    lies before that. Raises OverflowError past the last one."""
    try:
        first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    except OverflowError:
        if local.year > 1:
            raise
        return FIRST
    if local_of(first, zone) == local:
        return first
    # In a gap the first reading, by the offset from before it, lies after the change, and the second one before it.
    return change_between(zone, local.replace(tzinfo=zone, fold=1).astimezone(UTC), first)


def first_change(zone: ZoneInfo, start: datetime, end: datetime) -> datetime | None:
    """The first instant after `start` and up to `end` (UTC) at which the zone's offset changes.

    Looked for day by day: two changes within one day that cancel each other are not seen, and no zone has them.
    """
    here = start
    offset = offset_at(zone, start)
    while here < end:
        there = here + DAY if end - here > DAY else end
        if offset_at(zone, there) != offset:
            return change_between(zone, here, there)
        here = there
    return None


def offset_at(zone: ZoneInfo, instant: datetime) -> timedelta:
    # No clock changes on the first and the last of all days, where the local time may be of no year at all.
    offset = min(max(instant, FIRST + DAY), LAST - DAY).astimezone(zone).utcoffset()
    assert offset is not None
    return offset


def change_between(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first whole second with the offset of `after`, where that of `before` is another one."""
    offset = offset_at(zone, before)
    low, high = before.replace(microsecond=0), after
    while high - low > SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle == low:
            middle += SECOND
        if offset_at(zone, middle) == offset:
            low = middle
        else:
            high = middle
    return high.replace(microsecond=0)
