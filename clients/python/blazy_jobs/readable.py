"""Something readable of any value whatever, within bounds: for what handlers say on their way, and for logs.

The code of the value (`__str__`, `__repr__`, `items`) may raise, log, or never come to an end of itself; nothing of
that reaches the caller but a stop.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping
from itertools import islice
from typing import Any

import orjson

from blazy_jobs import strict_json, typed_json
from blazy_jobs.errors import Stopped
from blazy_jobs.strict_json import MAX_INTEGER
from blazy_jobs.text import clean, printed

MAX_LEVELS = 16
MAX_ITEMS = 1000
MAX_PARTS = 5000
MAX_CHARS = 64 * 1024
MAX_TEXT_CHARS = 1000
LEFT_OUT = "…"
WEIGHTY = 1 << 20
"""Characters and parts from which on a value is not written whole first, only to be cut."""

MAX_MEETINGS = 100

_BASIC = frozenset((str, bytes, int, float, bool, type(None)))
_SERIES = (list, tuple, set, frozenset, deque)


def encode_anyway(value: Any, most_bytes: int) -> bytes:
    """As `strict_json.encode`; with texts in place of what is no JSON; marked and cut over `most_bytes`."""
    try:
        text = strict_json.encode(value, "shown") if value is None or _is_light(value) else None
    except strict_json.NotJson:
        text = None
    if text is None:
        text = orjson.dumps(_Reading(most_bytes // 10, most_bytes // 2).of(value, MAX_LEVELS))
    if len(text) <= most_bytes:
        return text
    beginning = clean(text[:1024].decode(errors="ignore"))
    return orjson.dumps({"cut": True, "bytes": len(text), "beginning": beginning})


def readable(value: Any) -> Any:
    """`value` with everything that JSON lacks as text. What is large, deep, or in itself is left out."""
    return _Reading(MAX_PARTS, MAX_CHARS).of(value, MAX_LEVELS)


class _Reading:
    """One walk. Parts that are met again are shown again, up to bounds for the whole."""

    def __init__(self, parts: int, chars: int) -> None:
        self._parts = parts
        self._chars = chars
        self._above: set[int] = set()

    def of(self, value: Any, levels: int) -> Any:
        try:
            return self._of(value, levels)
        except Stopped:
            raise
        except BaseException as error:  # noqa: BLE001 - the value's own code, down to its `__class__`
            return f"<{type(value).__name__} that cannot be read: {type(error).__name__}>"

    def _of(self, value: Any, levels: int) -> Any:
        self._parts -= 1
        if self._parts < 0:
            return LEFT_OUT
        if value is None or value is True or value is False:
            return value
        if isinstance(value, str):
            return self._text(str.__str__(value), MAX_CHARS)
        if isinstance(value, int) and -MAX_INTEGER <= value <= MAX_INTEGER:
            return int(value)
        if isinstance(value, float) and math.isfinite(value):
            return float(value)
        if isinstance(value, Mapping):
            return self._within(value, levels, self._mapping)
        if isinstance(value, _SERIES):
            return self._within(value, levels, self._series)
        if typed_json.is_typed(value):
            return self._within(value, levels, lambda item, left: self._mapping(typed_json.fields_of(item), left))
        return self._leaf(value)

    def _within(self, value: Any, levels: int, read: Any) -> Any:
        if id(value) in self._above:
            return f"<{type(value).__name__} within itself>"
        if not levels:
            return LEFT_OUT
        self._above.add(id(value))
        try:
            return read(value, levels - 1)
        finally:
            self._above.discard(id(value))

    def _mapping(self, value: Mapping[Any, Any], levels: int) -> dict[str, Any]:
        items = list(islice(value.items(), MAX_ITEMS + 1))
        made: dict[str, Any] = {}
        for key, item in items[:MAX_ITEMS]:
            if self._parts <= 0:
                break
            made[self._text(key if type(key) is str else printed(key), MAX_TEXT_CHARS)] = self.of(item, levels)
        if len(made) < len(items):
            made.setdefault(LEFT_OUT, LEFT_OUT)
        return made

    def _series(self, value: Any, levels: int) -> list[Any]:
        items = list(islice(value, MAX_ITEMS + 1))
        made: list[Any] = []
        for item in items[:MAX_ITEMS]:
            if self._parts <= 0:
                break
            made.append(self.of(item, levels))
        return made if len(made) == len(items) else [*made, LEFT_OUT]

    def _leaf(self, value: Any) -> Any:
        try:
            data = typed_json.stand_in(value, "shown")
        except Stopped:
            raise
        except BaseException:  # noqa: BLE001 - no JSON, or its own code fails
            data = printed(value)
        if isinstance(data, str):
            return self._text(data, MAX_TEXT_CHARS)
        return data if data is None or isinstance(data, bool) else self._text(printed(data), MAX_TEXT_CHARS)

    def _text(self, text: str, most: int) -> str:
        shown = clean(text[: min(most, max(self._chars, 0))])
        self._chars -= len(shown)
        return shown if len(shown) == len(text) else shown + LEFT_OUT


def _is_light(value: Any) -> bool:
    """Whether writing it whole costs little, also where its parts hold each other many times over."""
    left = WEIGHTY
    met: dict[int, int] = {}
    waiting = [value]
    try:
        while waiting:
            item = waiting.pop()
            kind = type(item)
            left -= 1 + (len(item) if kind is str or kind is bytes else 0)
            if left < 0:
                return False
            if kind in _BASIC:
                continue
            met[id(item)] = met.get(id(item), 0) + 1
            if met[id(item)] > MAX_MEETINGS:
                return False
            if kind is dict:
                waiting.extend(item.values())
                left -= sum(map(len, filter(_is_text, item)))
            elif kind is list or isinstance(item, _SERIES):
                waiting.extend(item)
            elif isinstance(item, Mapping):
                return False
            elif typed_json.is_typed(item):
                waiting.extend(typed_json.fields_of(item).values())
    except Stopped:
        raise
    except BaseException:  # noqa: BLE001 - its own code fails; it is read with more care
        return False
    return True


def _is_text(value: Any) -> bool:
    return type(value) is str
