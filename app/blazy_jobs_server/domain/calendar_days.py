"""The days of a calendar trigger, counted from its first: found by arithmetic, however far off they are."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Iterator
from datetime import MAXYEAR, date, timedelta

from blazy_jobs_server.domain.schedule import Every


class CalendarDays:
    """Each lies `every.months` after the one before, or twice that and so on where that month lacks its day, and then
    `every.weeks` and `every.days`."""

    def __init__(self, every: Every, start: date) -> None:
        self._start = start
        self._months = every.months
        self._step = timedelta(weeks=every.weeks, days=every.days)
        self._reached = start

    def since(self, wanted: date) -> Iterator[date]:
        """From `wanted` on; up to a step's days before it may come too."""
        day: date | None = self._near(wanted)
        while day is not None:
            yield day
            day = self._following(day)

    def _near(self, wanted: date) -> date:
        """The first day not before `wanted`, or one before that."""
        start = self._start
        if wanted <= start:
            return start
        if not self._months:
            return start + (wanted - start) // self._step * self._step
        return self._walk(wanted) if self._step else self._of_months(wanted)

    def _of_months(self, wanted: date) -> date:
        begin = _month_of(self._start)
        month = begin + (_month_of(wanted) - begin) // self._months * self._months
        while not _has(month, self._start.day):
            month -= self._months
        return _date(month, self._start.day)

    def _walk(self, wanted: date) -> date:
        """Months and days together have no formula: each day of the month leads to another. Goes on from where the last
        walk ended."""
        day = self._reached if self._reached <= wanted else self._start
        while (following := self._following(day)) is not None and following <= wanted:
            day = following
        self._reached = day
        return day

    def _following(self, day: date) -> date | None:
        """None past the year 9999."""
        month = _month_of(day) + self._months
        while not _has(month, day.day):
            month += self._months
        if month // 12 > MAXYEAR:
            return None
        found = _date(month, day.day)
        return found + self._step if date.max - found >= self._step else None


def _month_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def _has(month: int, day: int) -> bool:
    year, rest = divmod(month, 12)
    return day <= 28 or year > MAXYEAR or day <= monthrange(year, rest + 1)[1]


def _date(month: int, day: int) -> date:
    return date(month // 12, month % 12 + 1, day)
