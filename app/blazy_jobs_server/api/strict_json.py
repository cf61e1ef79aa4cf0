"""Request JSON, read strictly: what two readers could understand differently is refused.

RFC 8259 leaves duplicate names, lone surrogates and numbers beyond a double to the reader; I-JSON (RFC 7493) forbids
them. Refused here: those, NaN and Infinity, U+0000, integers beyond ±(2^53-1), and nesting deeper than 64.

orjson refuses most of it by itself. The rest is looked for by quick scans of the bytes; only where one of them is
suspicious is the text read a second time by the exact, slow reader, which also knows the path.
"""

from __future__ import annotations

import json
import math
import re
from itertools import chain
from typing import Any

import orjson

from blazy_jobs_server.domain.errors import MalformedJson
from blazy_jobs_server.engine.schema_tree import pointer

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1

_SPACED_KEY_ENDS = (b" :", b"\t:", b"\r:", b"\n:")
_KEY_ENDS = re.compile(rb'"[ \t\r\n]*:')
_SUSPICIOUS = re.compile(rb"(?:^|[:\[,\s])-?\d{16}|\\u0000")
_DIGITS_AS_ZEROS = bytes(0x30 if 0x30 <= byte <= 0x39 else 0x20 for byte in range(256))
_SIXTEEN_DIGITS = b"0" * 16


def parse(body: bytes, max_depth: int = MAX_DEPTH) -> Any:
    """The value. Raises MalformedJson, which names the path where it can."""
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        exact(body, max_depth)
        raise MalformedJson(f"The body is not JSON: {error}") from None
    # Every key ends in a quote and a colon. Strings can only add to that number, so equality proves that no key was
    # there twice.
    if is_suspicious(body) or _key_ends(body) != _keys(value, max_depth):
        return exact(body, max_depth)
    return value


def _key_ends(body: bytes) -> int:
    """How many `_KEY_ENDS` there are, which is counted much faster where no space stands before a colon."""
    if any(spaced in body for spaced in _SPACED_KEY_ENDS):
        return len(_KEY_ENDS.findall(body))
    return body.count(b'":')


def is_suspicious(body: bytes) -> bool:
    """Whether `_SUSPICIOUS` finds something. The pattern is twenty times slower than this look for what it cannot do
    without, so it is asked only where that is there."""
    if b"\\u0000" not in body and _SIXTEEN_DIGITS not in body.translate(_DIGITS_AS_ZEROS):
        return False
    return _SUSPICIOUS.search(body) is not None


def _keys(value: Any, max_depth: int) -> int:
    """How many keys there are in all; -1 where the nesting is too deep."""
    found = depth = 0
    level = [value]
    while True:
        dicts = [here for here in level if type(here) is dict]
        lists = [here for here in level if type(here) is list]
        if not (dicts or lists):
            return found
        depth += 1
        if depth > max_depth:
            return -1
        found += sum(map(len, dicts))
        level = list(chain.from_iterable(map(dict.values, dicts)))
        level += chain.from_iterable(lists)


class _Pairs(list[tuple[str, Any]]):
    """An object as it was written."""


def exact(body: bytes, max_depth: int = MAX_DEPTH) -> Any:
    """As `parse`, slowly, for what looked suspicious."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedJson(f"The body is not UTF-8 (byte {error.start}).") from None
    try:
        written = json.loads(text, object_pairs_hook=_Pairs, parse_constant=_refuse_constant)
    except RecursionError:
        raise MalformedJson(f"The body is nested deeper than {max_depth}.") from None
    except ValueError as error:
        raise MalformedJson(f"The body is not JSON: {error}") from None
    return _settle(written, "", max_depth)


def _refuse_constant(name: str) -> Any:
    raise MalformedJson(f"{name} is not JSON.")


def _settle(value: Any, path: str, levels: int) -> Any:
    if isinstance(value, (_Pairs, list)) and levels == 0:
        raise MalformedJson("The body is nested too deeply.", path)
    if isinstance(value, _Pairs):
        settled: dict[str, Any] = {}
        for key, member in value:
            _check_text(key, path)
            if key in settled:
                raise MalformedJson("An object has a duplicate name.", path + pointer(key))
            settled[key] = _settle(member, path + pointer(key), levels - 1)
        return settled
    if isinstance(value, list):
        return [_settle(member, f"{path}/{index}", levels - 1) for index, member in enumerate(value)]
    if isinstance(value, str):
        _check_text(value, path)
    elif isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise MalformedJson("An integer is beyond ±(2^53-1), which many JSON parsers round: send it as a string.", path)
    elif isinstance(value, float) and not math.isfinite(value):
        raise MalformedJson("A number is too large for a double: send it as a string.", path)
    return value


def _check_text(text: str, path: str) -> None:
    if "\0" in text:
        raise MalformedJson("A string contains U+0000.", path)
    try:
        text.encode()
    except UnicodeEncodeError:
        raise MalformedJson("A string contains a lone surrogate.", path) from None
