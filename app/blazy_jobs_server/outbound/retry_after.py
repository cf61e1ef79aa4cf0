"""The header Retry-After (RFC 9110, 10.2.3): seconds, or a date in one of the three forms of 5.6.7."""

from __future__ import annotations

import re
from datetime import UTC, datetime

MOST_SECONDS = 86_400.0
_SECONDS = re.compile(r"[0-9]+", re.ASCII)
_FORMS = ("%a, %d %b %Y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y")
_DAYS = re.compile(r"(mon|tue|wed|thu|fri|sat|sun)[a-z]*,? ", re.ASCII | re.IGNORECASE)


def seconds(value: str | None, now: float) -> float | None:
    """From `now` (seconds since the epoch), at most a day; None where it is not there, or malformed."""
    if value is None:
        return None
    text = value.strip(" \t")
    if _SECONDS.fullmatch(text):
        return min(float(text), MOST_SECONDS)
    moment = _date(text)
    return None if moment is None else min(max(0.0, moment.timestamp() - now), MOST_SECONDS)


def _date(text: str) -> datetime | None:
    if not _DAYS.match(text):
        return None
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None
