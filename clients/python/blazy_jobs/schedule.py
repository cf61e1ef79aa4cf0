"""When a job runs by itself: `@jobs.job(schedule=schedule.every_day_at(3, 0, timezone="Europe/Berlin"))`.

All take `timezone=` (an IANA name; UTC when left out), and what else a schedule of the server has: `payload`, `overlap`
("allow", "skip", "cancel_running"), `catch_up` ("none", "latest", "all"), `jitter` (seconds or timedelta), `start` and
`end` (aware datetimes), `queue`, `priority`, `tags`. What cannot be raises DefinitionError where it is written.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any, Literal, TypedDict, Unpack, get_args

from blazy_jobs.errors import DefinitionError, seconds_of

__all__ = ["Schedule", "cron", "every", "every_day_at", "every_hour_at", "every_month_on", "every_week_on", "once"]

Overlap = Literal["allow", "skip", "cancel_running"]
CatchUp = Literal["none", "latest", "all"]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]

_DAYS = {"sunday": 0, "monday": 1, "tuesday": 2, "wednesday": 3, "thursday": 4, "friday": 5, "saturday": 6}
_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_FIELDS = (("minute", 0, 59), ("hour", 0, 23), ("day of month", 1, 31), ("month", 1, 12), ("day of week", 0, 7))
_NICKNAMES = ("@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly", "@annually")


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
    return cron(f"{_within(minute, 0, 59, 'minute')} {_within(hour, 0, 23, 'hour')} * * *", **options)


def every_hour_at(minute: int = 0, **options: Unpack[Options]) -> Schedule:
    return cron(f"{_within(minute, 0, 59, 'minute')} * * * *", **options)


def every_week_on(day: Day, hour: int = 0, minute: int = 0, **options: Unpack[Options]) -> Schedule:
    """`day` by its English name."""
    if str(day).lower() not in _DAYS:
        raise DefinitionError(f"{day!r} is no day of the week: {', '.join(_DAYS)}")
    place = _DAYS[str(day).lower()]
    return cron(f"{_within(minute, 0, 59, 'minute')} {_within(hour, 0, 23, 'hour')} * * {place}", **options)


def every_month_on(day: int, hour: int = 0, minute: int = 0, **options: Unpack[Options]) -> Schedule:
    """Months without that day are skipped."""
    at = f"{_within(minute, 0, 59, 'minute')} {_within(hour, 0, 23, 'hour')} {_within(day, 1, 31, 'day')}"
    return cron(f"{at} * *", **options)


def every(
    *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0, **options: Unpack[Options]
) -> Schedule:
    """An interval of real time, from one second on."""
    interval = timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds).total_seconds()
    if not interval >= 1:
        raise DefinitionError(f"an interval is at least a second, not {interval:g}")
    return _schedule({"kind": "interval", "every_seconds": interval}, options)


def cron(expression: str, **options: Unpack[Options]) -> Schedule:
    """Five fields, or @hourly, @daily, @weekly, @monthly, @yearly."""
    if expression.strip().lower() not in _NICKNAMES:
        _check_cron(expression)
    return _schedule({"kind": "cron", "expression": expression}, options)


def once(at: datetime, **options: Unpack[Options]) -> Schedule:
    return _schedule({"kind": "date", "at": _instant(at, "once")}, options)


def _schedule(trigger: dict[str, Any], options: Options) -> Schedule:
    fields: dict[str, Any] = {"trigger": trigger}
    for name, value in options.items():
        match name:
            case "timezone":
                fields[name] = _zone(str(value))
            case "jitter":
                fields["jitter_seconds"] = _seconds(value)
            case "start" | "end":
                fields[f"{name}_at"] = _instant(value, name)
            case "overlap" | "catch_up":
                fields[name] = _one_of(value, get_args(Overlap if name == "overlap" else CatchUp), name)
            case "tags":
                fields[name] = list(options["tags"])
            case "payload" | "queue" | "priority":
                fields[name] = value
            case _:
                raise DefinitionError(f"a schedule has no option {name!r}")
    return Schedule(fields)


def _within(value: object, low: int, high: int, what: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise DefinitionError(f"{what} is a whole number from {low} to {high}, not {value!r}")
    return value


def _one_of(value: object, known: tuple[str, ...], what: str) -> object:
    if value not in known:
        raise DefinitionError(f"{what} is one of {', '.join(known)}, not {value!r}")
    return value


def _seconds(value: Any) -> float:
    try:
        return seconds_of(value, "jitter")
    except (TypeError, ValueError) as error:
        raise DefinitionError(str(error)) from None


def _zone(name: str) -> str:
    if name not in _zones():
        raise DefinitionError(f"timezone is the name of an IANA time zone, such as 'Europe/Berlin', not {name!r}")
    return name


@cache
def _zones() -> frozenset[str]:
    """Those that the server takes: of tzdata, not of this machine's system."""
    return frozenset(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}


def _instant(value: object, what: str) -> str:
    if not isinstance(value, datetime) or value.tzinfo is None:
        raise DefinitionError(f"{what} takes a datetime with a time zone, not {value!r}")
    return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _check_cron(expression: str) -> None:
    """The slips that can be seen here; the server reads it whole."""
    parts = expression.upper().split()
    if len(parts) != len(_FIELDS):
        raise DefinitionError(f"a cron expression has five fields, not {len(parts)}: {expression!r}")
    for part, (name, low, high) in zip(parts, _FIELDS, strict=True):
        for term in re.split(r"[,/#-]", part):
            known = term in ("*", "L", "LW") or (name == "month" and term in _MONTHS)
            known = known or (name == "day of week" and term in {day[:3].upper() for day in _DAYS})
            known = known or (name == "day of week" and term.endswith("L") and term[:-1].isdigit())
            if not known and not (term.isascii() and term.isdigit() and (int(term) <= high or "/" in part)):
                raise DefinitionError(f"{term!r} is no {name} ({low} to {high}) in the cron expression {expression!r}")
