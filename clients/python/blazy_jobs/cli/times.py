"""Instants and spans as people say them."""

from __future__ import annotations

from datetime import UTC, datetime

_STEPS = ((86400, "d"), (3600, "h"), (60, "min"))


def read(instant: str) -> datetime:
    return datetime.fromisoformat(instant)


def span(seconds: float) -> str:
    """In its largest unit: `850 ms`, `12 s`, `5 min`, `2 d`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    for size, unit in _STEPS:
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.1f} s"


def exact(seconds: float) -> str:
    """In the largest unit that it is a whole number of: `90 min`, `1.5 s`."""
    for size, unit in _STEPS:
        if seconds % size == 0:
            return f"{seconds / size:g} {unit}"
    return f"{seconds:g} s"


def relative(instant: str | None, now: datetime | None = None) -> str:
    """`5 min ago`, `in 2 h`; empty without an instant."""
    if instant is None:
        return ""
    seconds = (read(instant) - (now or datetime.now(UTC))).total_seconds()
    if abs(seconds) < 1:
        return "now"
    return f"in {span(seconds)}" if seconds > 0 else f"{span(-seconds)} ago"


def local(instant: datetime) -> str:
    """The time of day here."""
    return instant.astimezone().strftime("%H:%M:%S.%f")[:-3]


def minute(instant: str) -> str:
    """The day and the minute here."""
    return read(instant).astimezone().strftime("%m-%d %H:%M")


def length(start: str | None, end: str | None) -> str:
    if start is None or end is None:
        return ""
    return span(max(0.0, (read(end) - read(start)).total_seconds()))
