"""Cron text by the server's rules: cronsim reads it, after a look at what cronsim leaves open."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from cronsim import CronSim, CronSimError

from blazy_jobs.errors import DefinitionError

MAX_CHARS = 256
NICKNAMES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
NAMES: tuple[tuple[str, ...], ...] = (
    (),
    (),
    (),
    ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),
    ("sun", "mon", "tue", "wed", "thu", "fri", "sat"),
)
"""Of the values of a field, from its first on."""
FIELDS = ("minute", "hour", "day of month", "month", "day of week")
RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))
_DAY, _WEEKDAY = 2, 4
_TERM = re.compile(r"(?P<first>\*|[a-z]+|[0-9]+)(?:-(?P<last>[a-z]+|[0-9]+))?(?:/(?P<step>[0-9]+))?")
_NEVER = "names a day that never comes"
_BLANK = re.compile(r"[ \t]+")


def checked_cron(expression: object) -> str:
    """As it is, when it can fire. Raises DefinitionError."""
    if not isinstance(expression, str):
        raise DefinitionError(f"a cron expression must be a string, not {expression!r:.200}")
    fault = _fault(expression)
    if fault is not None:
        raise DefinitionError(f"the cron expression {expression!r:.260} {fault}")
    return expression


def _fault(expression: str) -> str | None:
    if len(expression) > MAX_CHARS:
        return f"has more than {MAX_CHARS} characters"
    fields = _BLANK.split(NICKNAMES.get(expression.strip().lower(), expression).strip())
    if len(fields) != 5:
        about = "must have five fields: minute, hour, day of month, month, day of week; or be @daily or its kin"
        return f"{about}; it has {len(fields)}"
    if (fault := misread(expression)) is not None:
        return fault
    fault = _unread(fields)
    if fault == "bad day-of-month" and _unread([*fields[:3], "*", fields[4]]) is None:
        return _NEVER  # there is such a day, but not in those months
    return fault if fault in (None, _NEVER) else f"cannot be read: {fault}"


def _unread(fields: list[str]) -> str | None:
    try:
        next(CronSim(" ".join(fields), datetime(2000, 1, 1, tzinfo=UTC)))
    except CronSimError as error:
        return str(error).lower()
    except StopIteration:
        return _NEVER
    return None


def misread(expression: str) -> str | None:
    """What its reader would get wrong in one of five fields, and what to write instead."""
    fields = _BLANK.split(expression.strip())
    if len(fields) != len(FIELDS):
        return None
    for place, text in enumerate(fields):
        # A day field that begins with `*` must match as well as the other one; a step as wide as it is used for that.
        other = {_DAY: _WEEKDAY, _WEEKDAY: _DAY}.get(place)
        both = other is not None and not fields[other].startswith("*")
        for term in text.lower().split(","):
            fault = _misread(place, term, both)
            if fault is not None:
                return f"cannot be read: {FIELDS[place]} {term[:40]!r} {fault}"
    return None


def _misread(place: int, term: str, both: bool) -> str | None:
    if term == "?":
        return "is not known here: write '*'"
    if place == _DAY and term.startswith(("l/", "lw/")):
        return "has a step, which the last day cannot have"
    found = _TERM.fullmatch(term)
    if found is None:
        return None
    for value in (found["first"], found["last"]):
        short = None if value is None else value[:3]
        if value is not None and short in NAMES[place] and value != short and (len(value) > 3):
            return f"has a name that is too long: write {short!r}"
    return _backwards(place, found) or _disguised(place, found, both)


def _number(place: int, value: str) -> int | None:
    if value in NAMES[place]:
        return NAMES[place].index(value) + RANGES[place][0]
    return int(value) if value.isdecimal() else None


def _backwards(place: int, found: re.Match[str]) -> str | None:
    if found["last"] is None:
        return None
    first, last = _number(place, found["first"]), _number(place, found["last"])
    low, high = RANGES[place]
    if first is None or last is None or not low <= last < first <= high:
        return None
    if found["step"] is not None:
        return "goes backwards: write its values as a list"
    named = found["first"] in NAMES[place]
    top = 6 if place == _WEEKDAY else high
    ends = (NAMES[place][top - low], NAMES[place][0]) if named else (str(top), str(low))
    before = found["first"] if first >= top else f"{found['first']}-{ends[0]}"
    after = found["last"] if last == low else f"{ends[1]}-{found['last']}"
    return f"goes backwards: write '{before},{after}'"


def _disguised(place: int, found: re.Match[str], both: bool) -> str | None:
    """A step over more than there is leaves the first value alone."""
    if found["step"] is None or (both and found["first"] == "*"):
        return None
    low, high = RANGES[place]
    step, star = int(found["step"]), found["first"] == "*"
    first = low if star else _number(place, found["first"])
    last = high if found["last"] is None else _number(place, found["last"])
    if first is None or last is None or not low <= first <= last <= high:
        return None
    if place == _WEEKDAY and (star or first == 0) and step == 7:
        last = 6
    if step <= max(1, last - first):
        return None
    alone = str(first) if star else found["first"]
    hint = ", or use an interval" if star and place < _DAY else ""
    return f"is {alone!r} in disguise, as its step is larger than its range: write that{hint}"
