"""Instants are integers, microseconds since the epoch; outside they are RFC 3339 in UTC with `Z`."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

SECOND = 1_000_000
EARLIEST = -62_135_596_800_000_000  # 0001-01-01T00:00:00Z
LATEST = 253_402_300_799_999_999  # 9999-12-31T23:59:59.999999Z


@lru_cache(maxsize=4096)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]  # strftime does not fill a year up to four digits


@lru_cache(maxsize=8192)
def rfc3339(instant: int) -> str:
    seconds, micros = divmod(instant, SECOND)
    return f"{_second(seconds)}.{micros:06d}Z"


def from_datetime(moment: datetime) -> int:
    """The instant of an aware datetime; where it is of no year of UTC, the first or last that is."""
    delta = moment - datetime(1970, 1, 1, tzinfo=UTC)
    instant = (delta.days * 86400 + delta.seconds) * SECOND + delta.microseconds
    return min(max(instant, EARLIEST), LATEST)


def after(instant: int, seconds: float) -> int:
    """`seconds` later, and never past the year 9999."""
    return min(instant + int(seconds * SECOND), LATEST)
