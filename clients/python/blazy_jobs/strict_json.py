"""The JSON that the server accepts, written: no NaN or Infinity, integers within ±(2^53-1), string keys, no lone
surrogates, no U+0000, at most 64 levels deep. What JSON lacks is written as Pydantic writes it: `Decimal` and dates as
text, sets as lists, models and dataclasses as objects, keys that are no text as text, wherever they stand.
"""

from __future__ import annotations

import functools
import json
import math
from collections import deque
from collections.abc import Callable, Mapping
from datetime import date, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, get_args
from uuid import UUID

import orjson
from pydantic_core import to_jsonable_python

from blazy_jobs import typed_json
from blazy_jobs.errors import Stopped
from blazy_jobs.typed_json import Use

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1
_STRICT = orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME
_BASIC = (str, int, float, bool, type(None))
_AS_KEYS = (*_BASIC, Enum, Decimal, UUID, date, time, timedelta)


class NotJson(ValueError):
    """Says where a value cannot be sent (a JSON Pointer), and why, without showing it."""

    def __init__(self, reason: str, path: str = "") -> None:
        self.reason = reason
        self.path = path
        super().__init__(f"{path}: {reason}" if path else reason)


def encode(value: Any, use: Use = "result") -> bytes:
    """JSON text of `value`. Raises NotJson, also where the value's own code fails."""
    try:
        return _encode(value, use)
    except NotJson:
        if (rewritten := _rewritten(value)) is value:
            raise
    return _encode(rewritten, use)


def _encode(value: Any, use: Use) -> bytes:
    if value is None:
        return b"null"
    stand_in = _STAND_INS[use]
    try:
        text = orjson.dumps(value, stand_in, _STRICT)
        # Each further look is taken only where the text shows a sign of what it is after.
        if (
            (b"null" in text and _has_nan(value, stand_in))
            or (b"\\u0000" in text and _has_nul(orjson.loads(text)))
            or (text.count(b"[") + text.count(b"{") > MAX_DEPTH and depth(orjson.loads(text)) > MAX_DEPTH)
        ):
            raise _first_fault(value, use) or NotJson("no JSON")
    except (NotJson, Stopped):
        raise
    except BaseException as error:  # noqa: BLE001 - what the value's own code raised, or orjson
        raise _first_fault(value, use) or NotJson(_reason(error)) from None
    return text


def _rewritten(value: Any) -> Any:
    """With keys as text where they are numbers, dates, ids or the like; the same value where nothing is to be done.
    Raises NotJson where two keys of an object are the same text."""
    try:
        return _with_text_keys(value, "", MAX_DEPTH)
    except (NotJson, Stopped):
        raise
    except BaseException:  # noqa: BLE001 - the value's own code; what is wrong with it was found before
        return value


def _with_text_keys(value: Any, path: str, levels: int) -> Any:
    if not levels:
        return value
    if isinstance(value, Mapping):
        texts = [_key_text(key) for key in value]
        if len(set(texts)) < len(texts):
            raise NotJson("two keys of an object are the same text", path)
        items = [
            (text, _with_text_keys(item, f"{path}/{_escaped(text)}", levels - 1))
            for text, item in zip(texts, value.values(), strict=True)
        ]
        same = all(old is new[1] for old, new in zip(value.values(), items, strict=True))
        same = same and all(old is new[0] for old, new in zip(value, items, strict=True))
        return value if same else dict(items)
    if isinstance(value, list | tuple | set | frozenset | deque):
        parts = [_with_text_keys(part, f"{path}/{place}", levels - 1) for place, part in enumerate(value)]
        return value if all(old is new for old, new in zip(value, parts, strict=True)) else parts
    return value


def _key_text(key: Any) -> Any:
    """As Pydantic writes a key; what it is where that is no text of its own."""
    if type(key) is str or not isinstance(key, _AS_KEYS):
        return key
    return next(iter(to_jsonable_python({key: None})))


def depth(value: Any) -> int:
    """Levels of lists and objects in plain data."""
    levels, layer = 0, [value]
    while layer := [item for item in layer if type(item) is dict or type(item) is list]:
        levels += 1
        layer = [child for item in layer for child in (item.values() if type(item) is dict else item)]
    return levels


_STAND_INS: dict[Use, Callable[[Any], Any]] = {
    use: functools.partial(typed_json.stand_in, use=use) for use in get_args(Use)
}


def _has_nan(value: Any, stand_in: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False, default=stand_in)
    except ValueError:
        return True
    return False


def _has_nul(value: Any) -> bool:
    layer = [value]
    while layer:
        if any(type(item) is str and "\x00" in item for item in layer):
            return True
        dicts = [item for item in layer if type(item) is dict]
        if any("\x00" in key for item in dicts for key in item):
            return True
        layer = [child for item in dicts for child in item.values()] + [
            child for item in layer if type(item) is list for child in item
        ]
    return False


def _first_fault(value: Any, use: Use) -> NotJson | None:
    try:
        return _fault(value, use, "", MAX_DEPTH)
    except Stopped:
        raise
    except BaseException:  # noqa: BLE001 - it cannot even be looked through
        return None


def _fault(value: Any, use: Use, path: str, levels: int) -> NotJson | None:
    """The first part of a value that was refused which is no JSON."""
    if isinstance(value, _BASIC):
        reason = _basic_fault(value)
        return NotJson(reason, path) if reason else None
    if not levels:
        return NotJson(f"nested deeper than {MAX_DEPTH} levels, or in itself")
    if isinstance(value, Mapping):
        for key, item in value.items():
            reason = _basic_fault(key) if isinstance(key, str) else "the keys of an object must be strings"
            if reason:
                return NotJson(reason, path)
            if found := _fault(item, use, f"{path}/{_escaped(key)}", levels - 1):
                return found
        return None
    if isinstance(value, list | tuple | set | frozenset | deque):
        return _fault_of_any(enumerate(value), use, path, levels)
    try:
        data = typed_json.stand_in(value, use)
    except Stopped:
        raise
    except BaseException as error:  # noqa: BLE001 - the value's own code; which of its fields is it?
        fields = typed_json.fields_of(value).items() if typed_json.is_typed(value) else ()
        return _fault_of_any(fields, use, path, levels) or NotJson(_reason(error), path)
    return _fault(data, use, path, levels if isinstance(data, Mapping | list) else levels - 1)


def _fault_of_any(items: Any, use: Use, path: str, levels: int) -> NotJson | None:
    for place, item in items:
        if found := _fault(item, use, f"{path}/{_escaped(str(place))}", levels - 1):
            return found
    return None


def _basic_fault(value: Any) -> str | None:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN and Infinity are not JSON"
    if isinstance(value, int) and not -MAX_INTEGER <= value <= MAX_INTEGER:
        return "an integer is beyond ±(2^53-1); send it as a string"
    if isinstance(value, str):
        if "\x00" in value:
            return "text with U+0000 cannot be stored"
        try:
            value.encode()
        except UnicodeEncodeError:
            return "text with a lone surrogate cannot be stored"
    return None


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")[:200]


def _reason(error: BaseException) -> str:
    """Without what the value's own code says, which may show the value."""
    text = str(error)
    if "Recursion" in text or "Circular" in text or isinstance(error, RecursionError):
        return f"nested deeper than {MAX_DEPTH} levels, or in itself"
    if "invalid utf-8" in text or isinstance(error, UnicodeDecodeError):
        return "bytes that are not UTF-8; send them as base64"
    if text.startswith(("Unable to serialize unknown type", "an iterator is no data")):
        return text
    return f"it cannot be written as JSON: {type(error.__cause__ or error).__name__}"
