"""What the server takes as the value of an option: what it would refuse is refused here, where it is written.

The bounds are those of openapi.json. Each check gives the value as it is sent, or raises DefinitionError, which names
the option, the value and the reason.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Any

import orjson

from blazy_jobs import strict_json
from blazy_jobs.errors import DefinitionError

DAY_SECONDS = 86_400
YEAR_SECONDS = 366 * DAY_SECONDS
MAX_TAGS = 20
MAX_TAG_CHARS = 128
MAX_POINTERS = 50
MAX_POINTER_CHARS = 256
MAX_DECLARED_DEPTH = strict_json.MAX_DEPTH - 5
"""Levels of a value within a worker's declaration, which are nested in five more."""

POINTER = re.compile(r"(?:/(?:[^/~]|~[01])*)*")
NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}", re.ASCII)


def checked_name(value: object, what: str) -> str:
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise DefinitionError(
            f"{value!r:.200} is not a valid {what} name: at most 128 letters, digits, '.', '_' and '-', starting with "
            "a letter or digit"
        )
    return value


def one_of(value: object, known: tuple[str, ...], what: str) -> object:
    if value not in known:
        raise DefinitionError(f"{what} must be one of {', '.join(known)}, not {value!r:.200}")
    return value


def whole(value: object, low: int, high: int, what: str) -> int:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
        raise DefinitionError(f"{what} must be a whole number from {low} to {high}, not {value!r:.200}")
    return value


def number(value: object, low: int, high: int, what: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise DefinitionError(f"{what} must be a number from {low} to {high:,}, not {value!r:.200}")
    return value


def seconds(value: Any, high: int, what: str, *, zero: bool = True) -> float:
    """Of a number of seconds or a timedelta, up to `high`; without `zero` it is more than that."""
    try:
        amount = value.total_seconds() if isinstance(value, timedelta) else float(value)
    except (TypeError, ValueError, OverflowError):
        amount = math.nan
    if isinstance(value, bool | str | bytes) or not 0 <= amount <= high or not (zero or amount):
        span = f"{'0' if zero else 'more than 0'} to {high:,}"
        raise DefinitionError(f"{what} must be {span} seconds, as a number or a timedelta, not {value!r:.200}")
    return amount


def instant(value: object, what: str) -> str:
    if not isinstance(value, datetime) or value.utcoffset() is None:
        raise DefinitionError(f"{what} must be a datetime with a time zone, not {value!r:.200}")
    try:
        return value.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")
    except OverflowError:
        raise DefinitionError(f"{what} must be in the years 1 to 9999 in UTC too, not {value!r}") from None


def zone(value: object) -> str:
    name = str(value)
    if name not in _zones():
        raise DefinitionError(
            f"timezone must be the name of an IANA time zone, such as 'Europe/Berlin', not {value!r:.200}"
        )
    return name


@cache
def _zones() -> frozenset[str]:
    """Those that the server takes: of tzdata, not of this machine's system."""
    return frozenset(files("tzdata").joinpath("zones").read_text().split()) - {"Factory"}


def tags(value: object, what: str = "tags") -> list[str]:
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        raise DefinitionError(f"{what} must be a list of strings, not {value!r:.200}")
    found = list(value)
    if len(found) > MAX_TAGS:
        raise DefinitionError(f"{what}: at most {MAX_TAGS} are allowed, not {len(found)}: {found!r:.200}")
    return [text(tag, MAX_TAG_CHARS, what, least=1) for tag in found]


def pointers(value: object, what: str) -> list[str]:
    """JSON Pointers (RFC 6901)."""
    if not isinstance(value, Iterable) or isinstance(value, str | bytes):
        raise DefinitionError(f"{what} must be a list of JSON Pointers, such as ['/card/number'], not {value!r:.200}")
    found = [text(pointer, MAX_POINTER_CHARS, what) for pointer in value]
    if len(found) > MAX_POINTERS:
        raise DefinitionError(f"{what}: at most {MAX_POINTERS} are allowed, not {len(found)}: {found!r:.200}")
    for pointer in found:
        if not POINTER.fullmatch(pointer):
            raise DefinitionError(
                f"{what}: {pointer!r} is not a JSON Pointer: '/' stands before each name; '~' is ~0, '/' is ~1"
            )
    return found


def text(value: object, most: int, what: str, *, least: int = 0) -> str:
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise DefinitionError(f"{what} must be a string of {least} to {most} characters, not {value!r:.200}")
    return str(json_value(value, what))


def json_value(value: object, what: str) -> Any:
    """As plain data. The error does not show the value, which may be anybody's."""
    try:
        data = orjson.loads(strict_json.encode(value, "payload"))
    except strict_json.NotJson as error:
        raise DefinitionError(f"{what} cannot be sent as JSON: {error}") from None
    if strict_json.depth(data) > MAX_DECLARED_DEPTH:
        raise DefinitionError(f"{what} is nested deeper than {MAX_DECLARED_DEPTH} levels")
    return data
