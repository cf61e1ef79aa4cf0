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
_NEVER = "names a day that never comes"
_BLANK = re.compile(r"[ \t]+")


def checked_cron(expression: object) -> str:
    """As it is, when it can fire. Raises DefinitionError."""
    if not isinstance(expression, str):
        raise DefinitionError(f"a cron expression is a text, not {expression!r:.200}")
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
