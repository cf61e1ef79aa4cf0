"""When a job runs by itself: `@jobs.job(schedule=schedule.every_day_at(3, 0, timezone="Europe/Berlin"))`.

All take `timezone=` (an IANA name; UTC when left out), and what else a schedule of the server has: `payload`, `overlap`
("allow", "skip", "cancel_running"), `catch_up` ("none", "latest", "all"), `jitter` (seconds or timedelta), `start` and
`end` (aware datetimes), `queue`, `priority`, `tags`. What cannot be raises DefinitionError where it is written.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict, Unpack, get_args

from blazy_jobs import limits
from blazy_jobs.cron_text import checked_cron
from blazy_jobs.errors import DefinitionError

__all__ = ["Schedule", "cron", "every", "every_day_at", "every_hour_at", "every_month_on", "every_week_on", "once"]

Overlap = Literal["allow", "skip", "cancel_running"]
CatchUp = Literal["none", "latest", "all"]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_DAYS = {"sunday": 0, "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6}
_MAX_INTERVAL = timedelta(days=10 * 366)


class Options(TypedDict, total=False):
    timezone: str
    payload: Any
    overlap: Overlap
    catch_up: CatchUp
    jitter: float | timedelta
    start: datetime
    end: datetime
    queue: str
    priority: int
    tags: Sequence[str]


@dataclass(frozen=True)
class Schedule:
    """A trigger and its options, by the API's names."""

    fields: Mapping[str, Any]

    def definition(self, name: str, job_type: str) -> dict[str, Any]:
        """As the server takes it."""
        return {"name": name, "job_type": job_type, **self.fields}


def every_day_at(hour: int, minute: int = 0, **options: Unpack[Options]) -> Schedule:
    return cron(f"{_time(hour, minute)} * * *", **options)


def every_hour_at(minute: int = 0, **options: Unpack[Options]) -> Schedule:
    return cron(f"{limits.whole(minute, 0, 59, 'minute')} * * * *", **options)


def every_week_on(day: Day, hour: int = 0, minute: int = 0, **options: Unpack[Options]) -> Schedule:
    """`day` by its English name."""
    if str(day).lower() not in _DAYS:
        raise DefinitionError(f"{day!r} is not a day of the week: {', '.join(_DAYS)}")
    return cron(f"{_time(hour, minute)} * * {_DAYS[str(day).lower()]}", **options)


def every_month_on(day: int, hour: int = 0, minute: int = 0, **options: Unpack[Options]) -> Schedule:
    """Months without that day are skipped."""
    return cron(f"{_time(hour, minute)} {limits.whole(day, 1, 31, 'day')} * *", **options)


def every(
    *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0, **options: Unpack[Options]
) -> Schedule:
    """An interval of real time, from one second to ten years."""
    fields = _fields(options)
    interval = _interval(days=days, hours=hours, minutes=minutes, seconds=seconds)
    start, end = options.get("start"), options.get("end")
    if start is not None and end is not None and end - start < interval:
        raise DefinitionError(f"it never fires: end ({end}) is before the first time, one interval after {start}")
    return Schedule({"trigger": {"kind": "interval", "every_seconds": interval.total_seconds()}, **fields})


def cron(expression: str, **options: Unpack[Options]) -> Schedule:
    """Five fields, or @hourly, @daily, @weekly, @monthly, @yearly."""
    return Schedule({"trigger": {"kind": "cron", "expression": checked_cron(expression)}, **_fields(options)})


def once(at: datetime, **options: Unpack[Options]) -> Schedule:
    trigger, fields = {"kind": "date", "at": limits.instant(at, "once")}, _fields(options)
    start, end = options.get("start"), options.get("end")
    if (start is not None and at < start) or (end is not None and at > end):
        raise DefinitionError(f"it never fires: {at} is not within start ({start}) and end ({end})")
    return Schedule({"trigger": trigger, **fields})


def _time(hour: int, minute: int) -> str:
    return f"{limits.whole(minute, 0, 59, 'minute')} {limits.whole(hour, 0, 23, 'hour')}"


def _interval(**given: float) -> timedelta:
    try:
        interval = timedelta() if any(isinstance(n, bool) for n in given.values()) else timedelta(**given)
    except (TypeError, ValueError, OverflowError):
        interval = timedelta()
    if not timedelta(seconds=1) <= interval <= _MAX_INTERVAL:
        said = ", ".join(f"{unit}={number!r:.200}" for unit, number in given.items() if number != 0) or "nothing"
        raise DefinitionError(f"an interval must be from 1 second to {_MAX_INTERVAL.days:,} days, not {said}")
    return interval


def _fields(options: Options) -> dict[str, Any]:
    fields = dict(_field(name, value) for name, value in options.items())
    start, end = options.get("start"), options.get("end")
    if start is not None and end is not None and end < start:
        raise DefinitionError(f"end is before start: {end} is before {start}")
    return fields


def _field(name: str, value: Any) -> tuple[str, Any]:
    """By the API's name, as it is sent."""
    match name:
        case "start" | "end":
            return f"{name}_at", None if value is None else limits.instant(value, name)
        case "jitter":
            return "jitter_seconds", limits.seconds(value, limits.DAY_SECONDS, name)
        case "timezone":
            return name, limits.zone(value)
        case "overlap" | "catch_up":
            return name, limits.one_of(value, get_args(Overlap if name == "overlap" else CatchUp), name)
        case "queue":
            return name, None if value is None else limits.checked_name(value, name)
        case "priority":
            return name, None if value is None else limits.whole(value, -100, 100, name)
        case "tags":
            return name, limits.tags(value)
        case "payload":
            return name, limits.json_value(value, name)
        case _:
            raise DefinitionError(f"a schedule has no option {name!r}")
