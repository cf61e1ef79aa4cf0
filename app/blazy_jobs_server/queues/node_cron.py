"""When a job scheduler of BullMQ is next due by a cron pattern, as Node's workers say it.

This follows the steps of their cron-parser. It differs from cron as schedules here have it: a seconds field may come
first, `L` and `#` are known, and on days when clocks change it has rules of its own.
"""

from __future__ import annotations

import random
import re
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

PREDEFINED = {
    "@yearly": "0 0 0 1 1 *",
    "@annually": "0 0 0 1 1 *",
    "@monthly": "0 0 0 1 * *",
    "@weekly": "0 0 0 * * 0",
    "@daily": "0 0 0 * * *",
    "@hourly": "0 0 * * * *",
    "@minutely": "0 * * * * *",
    "@secondly": "* * * * * *",
    "@weekdays": "0 0 0 * * 1-5",
    "@weekends": "0 0 0 * * 0,6",
}
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
WEEKDAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
NAMES = {name: n for n, name in enumerate(MONTHS, 1)} | {name: n for n, name in enumerate(WEEKDAYS)}
BOUNDS = ((0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
SECOND, MINUTE, HOUR, MONTH_DAY, MONTH, WEEKDAY = range(6)
DEFAULTS = ("0", "*", "*", "*", "*", "*")
MONTH_LENGTHS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
MOST_CHARACTERS = 1024
MOST_VALUES = 256
MOST_STEPS = 10_000
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 — wall time


class Field(NamedTuple):
    values: tuple[int, ...]
    wildcard: bool
    lasts: tuple[str, ...] = ()
    """`L`, and `5L` of weekdays."""
    nth: int = 0
    """Of a weekday: only the so many-th of a month."""


def next_time(pattern: str, after_milliseconds: int, zone_name: str | None = None) -> int | None:
    """The first time later than that, in milliseconds since the epoch; None where there is none in sight. Without a
    zone, the server's own. Raises ValueError for what is no pattern or zone."""
    found = _Search(fields_of(pattern), offsets_of(zone_name), after_milliseconds).run()
    return None if found is None else found * 1000


def offsets_of(zone_name: str | None) -> Callable[[int], int]:
    """Seconds since the epoch → seconds east of Greenwich."""
    if not zone_name:
        return lambda ts: time.localtime(ts).tm_gmtoff
    if fixed := re.fullmatch(r"(?:utc|gmt)(?:([+-]\d{1,2})(?::(\d{2}))?)?", zone_name, re.IGNORECASE):
        minutes = int(fixed[2] or 0)
        hours = int(fixed[1] or 0)
        seconds = (hours * 60 + (-minutes if (fixed[1] or "").startswith("-") else minutes)) * 60
        return lambda ts: seconds
    try:
        zone = ZoneInfo(zone_name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError(f"{zone_name!r} is no time zone") from error

    def offset(ts: int) -> int:
        found = datetime.fromtimestamp(ts, zone).utcoffset()
        assert found is not None
        return round(found.total_seconds())

    return offset


def fields_of(pattern: str) -> list[Field]:
    if len(pattern) > MOST_CHARACTERS:
        raise ValueError("the pattern is too long")
    atoms = (PREDEFINED.get(pattern, pattern) or "0 * * * * *").split()
    if len(atoms) > 6:
        raise ValueError(f"{pattern!r} has too many fields")
    atoms = [*DEFAULTS[: 6 - len(atoms)], *atoms]
    fields = [_field(kind, text) for kind, text in enumerate(atoms)]
    if len(fields[MONTH].values) == 1 and fields[MONTH_DAY].values:
        days = fields[MONTH_DAY]
        length = MONTH_LENGTHS[fields[MONTH].values[0] - 1]
        kept = tuple(day for day in days.values if day <= length)
        if kept or days.lasts:
            fields[MONTH_DAY] = days._replace(values=kept)
    return fields


def _field(kind: int, raw: str) -> Field:
    low, high = BOUNDS[kind]
    text, nth = raw, 0
    if kind == WEEKDAY and "#" in raw:
        text, _, number = raw.partition("#")
        if re.search(r"[,\-/]", raw) or not re.fullmatch(r"[1-5]", number):
            raise ValueError(f"{raw!r} is no weekday of a month")
        nth = int(number)
    if kind in (MONTH, WEEKDAY):
        text = re.sub(r"[A-Za-z]{3}", _named, text)
    if not re.fullmatch(r"[?,*\dLH#/()-]+", text) or ("L" in text and kind not in (MONTH_DAY, WEEKDAY)):
        raise ValueError(f"{raw!r} has characters that mean nothing there")
    text = re.sub(r"[*?]", f"{low}-{high}", text)
    text = _hashed(text, low, high)
    values: list[int] = []
    lasts: list[str] = []
    for atom in text.split(","):
        if "L" in atom:
            lasts.append(atom)
        else:
            values += _range(kind, atom, low, high)
        if len(values) > MOST_VALUES:
            raise ValueError(f"{raw!r} has too many values")
    if len(set(values)) != len(values):
        raise ValueError(f"{raw!r} names a value twice")
    if not values and not lasts:
        raise ValueError(f"{raw!r} has no values")
    return Field(tuple(sorted(values)), raw in ("*", "?"), tuple(lasts), nth)


def _named(found: re.Match[str]) -> str:
    try:
        return str(NAMES[found[0].lower()])
    except KeyError as error:
        raise ValueError(f"{found[0]!r} is no name") from error


def _hashed(text: str, low: int, high: int) -> str:
    """`H` is some value, the same for the whole field."""
    chosen = random.random()

    def put(found: re.Match[str]) -> str:
        first = max(low, int(found[1])) if found[1] else low
        last = min(high, int(found[2])) if found[2] else high
        if first > last:
            raise ValueError(f"{found[0]!r} is an empty range")
        if found[3] is None:
            return str(int(chosen * (last - first + 1)) + first)
        step = int(found[3])
        if step <= 0:
            raise ValueError(f"{found[0]!r} has no step")
        begin = first // step * step + int(chosen * step)
        values = [value for value in range(begin, last + 1, step) if value >= first]
        return ",".join(map(str, values or [int(chosen * (last - first + 1)) + first]))

    return re.sub(r"H(?:\((\d+)-(\d+)\))?(?:/(\d+))?", put, text)


def _range(kind: int, atom: str, low: int, high: int) -> list[int]:
    found = re.fullmatch(r"(\d+)(?:-(\d+))?(?:/(\d+))?", atom)
    if not found:
        raise ValueError(f"{atom!r} is no value, range or step")
    first = int(found[1])
    last = int(found[2]) if found[2] else high if found[3] else first
    step = int(found[3]) if found[3] else 1
    if not low <= first <= last <= high or step <= 0:
        raise ValueError(f"{atom!r} is out of range")
    if found[2] is None and found[3] is None:
        return [first % 7 if kind == WEEKDAY else first]
    values = list(range(first, last + 1, step))
    if kind == WEEKDAY:
        values = sorted({value % 7 for value in values})
    return values


class _Search:
    """One walk from a moment to the first that fits. Instants are whole seconds."""

    def __init__(self, fields: list[Field], offset: Callable[[int], int], after_milliseconds: int) -> None:
        self._fields = fields
        self._offset = offset
        self._start, rest = divmod(after_milliseconds, 1000)
        self._ts = self._start + (1 if rest else 0)
        self._at_start = rest == 0
        self._skipped: tuple[int, int] | None = None
        """The first hour that clocks have skipped, and the one on which they landed."""
        self._repeated: int | None = None
        self._hours = len(fields[HOUR].values)

    def run(self) -> int | None:
        for _ in range(MOST_STEPS):
            if self._step():
                return self._ts
        return None

    # -- the moment

    @property
    def _local(self) -> datetime:
        return EPOCH + timedelta(seconds=self._ts + self._offset(self._ts))

    def _set(self, local: datetime) -> None:
        """To that local time; what there is twice is the one nearer, what there is not is moved on."""
        wanted = round((local - EPOCH).total_seconds())
        before = self._offset(self._ts)
        guess = wanted - before
        second = self._offset(guess)
        if second != before:
            guess -= second - before
            third = self._offset(guess)
            if third != second:
                guess = wanted - min(second, third)
        self._ts = guess

    def _add(self, seconds: int, local_floor: Callable[[datetime], datetime] | None) -> None:
        """Across a change of clocks it says which hours were skipped, or come again."""
        hour, offset = self._local.hour, self._offset(self._ts)
        self._ts += seconds
        if local_floor is not None:
            self._set(local_floor(self._local))
        local = self._local
        advance = (local.hour - hour) % 24
        if self._offset(self._ts) > offset and advance >= 2:
            if self._hours != 24:
                self._skipped = ((hour + 1) % 24, local.hour)
        elif advance == 0 and local.minute == 0 and local.second == 0 and self._hours != 24:
            self._repeated = local.hour

    def _add_hour(self) -> None:
        self._add(3600, lambda local: local.replace(minute=0, second=0))

    def _add_minute(self) -> None:
        self._add(60, lambda local: local.replace(second=0))

    def _add_day(self) -> None:
        self._set(self._local + timedelta(days=1))
        self._set(self._local.replace(hour=0, minute=0, second=0))

    def _add_month(self) -> None:
        local = self._local
        year, month = (local.year + 1, 1) if local.month == 12 else (local.year, local.month + 1)
        self._set(local.replace(year=year, month=month, day=1))
        self._set(self._local.replace(hour=0, minute=0, second=0))

    # -- the walk

    def _step(self) -> bool:
        local = self._local
        if local.month not in self._fields[MONTH].values:
            self._add_month()
        elif not self._day_fits(local):
            self._add_day()
        elif not self._hour_fits(local):
            pass
        elif local.minute not in self._fields[MINUTE].values:
            self._to_minute(local)
        elif local.second not in self._fields[SECOND].values:
            self._to_second(local)
        elif self._at_start and self._ts == self._start:
            self._add(1, None)
        else:
            return True
        return False

    def _day_fits(self, local: datetime) -> bool:
        days, weekdays = self._fields[MONTH_DAY], self._fields[WEEKDAY]
        last_day = MONTH_LENGTHS[local.month - 1]
        if local.month == 2 and not ((local.year % 4 == 0 and local.year % 100 != 0) or local.year % 400 == 0):
            last_day = 28
        weekday = local.isoweekday() % 7
        by_day = local.day in days.values or (bool(days.lasts) and local.day == last_day)
        by_weekday = (weekday in weekdays.values and weekdays.nth in (0, -(-local.day // 7))) or (
            bool(weekdays.lasts)
            and local.day > last_day - 7
            and weekday in {int(last[0]) % 7 for last in weekdays.lasts if last[0].isdigit()} | set(weekdays.values)
        )
        if days.wildcard and weekdays.wildcard:
            return True
        if not days.wildcard and not weekdays.wildcard:
            return by_day or by_weekday
        return by_day if weekdays.wildcard else by_weekday

    def _hour_fits(self, local: datetime) -> bool:
        hours = self._fields[HOUR].values
        hour = local.hour
        if self._skipped is not None and self._skipped[1] == hour:
            skipped = self._skipped[0]
            while skipped != hour:
                if skipped in hours:
                    return True
                skipped = (skipped + 1) % 24
        if self._repeated == hour:
            self._repeated = None
            self._add_hour()
            return False
        if hour in hours:
            return True
        self._skipped = None
        following = next((value for value in hours if value > hour), None)
        if following is None:
            self._add_day()
            return False
        if self._clocks_change(local):
            for _ in range(following - hour):
                self._add_hour()
                if self._local.hour >= following:
                    break
        else:
            self._set(local.replace(hour=following))
        self._set(self._local.replace(minute=self._fields[MINUTE].values[0]))
        self._set(self._local.replace(second=self._fields[SECOND].values[0]))
        return False

    def _clocks_change(self, local: datetime) -> bool:
        kept = self._ts
        self._set(local.replace(hour=0, minute=0, second=0))
        first = self._offset(self._ts)
        self._ts = kept
        self._set(local.replace(hour=23, minute=59, second=59))
        last = self._offset(self._ts)
        self._ts = kept
        return first != last

    def _to_minute(self, local: datetime) -> None:
        minutes, seconds = self._fields[MINUTE].values, self._fields[SECOND].values
        following = next((value for value in minutes if value > local.minute), None)
        if following is None:
            self._add_hour()
            following = minutes[0]
        self._set(self._local.replace(minute=following))
        self._set(self._local.replace(second=seconds[0]))

    def _to_second(self, local: datetime) -> None:
        seconds = self._fields[SECOND].values
        following = next((value for value in seconds if value > local.second), None)
        if following is None:
            self._add_minute()
            following = seconds[0]
        self._set(self._local.replace(second=following))
