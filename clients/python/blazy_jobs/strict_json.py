"""The JSON that the server accepts, written: no NaN or Infinity, integers within ±(2^53-1), string keys, no lone
surrogates, no U+0000, at most 64 levels deep.

`encode` refuses what is not that. `encode_anyway` makes something readable of it, for what is said on the way.
"""

from __future__ import annotations

import dataclasses
import json
import math
from collections.abc import Mapping
from typing import Any

import orjson

MAX_DEPTH = 64
MAX_INTEGER = 2**53 - 1
CUT = "… (cut)"
_STRICT = orjson.OPT_STRICT_INTEGER | orjson.OPT_PASSTHROUGH_DATACLASS | orjson.OPT_PASSTHROUGH_DATETIME


class NotJson(ValueError):
    """Says why a value cannot be sent, without showing it."""


def encode(value: Any) -> bytes:
    """JSON text of plain values, Pydantic models and dataclasses. Raises NotJson."""
    if value is None:
        return b"null"
    try:
        data = plain(value)
        text = orjson.dumps(data, option=_STRICT)
    except TypeError as error:  # orjson's own error is one
        raise NotJson(_reason(error)) from None
    # Each further look is taken only where the text shows a sign of what it is after.
    if b"null" in text and _has_nan(data):
        raise NotJson("NaN and Infinity are not JSON")
    if b"\\u0000" in text and _has_nul(orjson.loads(text)):
        raise NotJson("text with U+0000 cannot be stored")
    if text.count(b"[") + text.count(b"{") > MAX_DEPTH and depth(orjson.loads(text)) > MAX_DEPTH:
        raise NotJson(f"nested deeper than {MAX_DEPTH} levels")
    return text


def plain(value: Any) -> Any:
    """A typed result, a Pydantic model or a dataclass, as plain data; anything else as it is."""
    dump = getattr(type(value), "model_dump", None)
    if dump is not None:
        return dump(value, mode="json")
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        from pydantic import TypeAdapter

        return TypeAdapter(type(value)).dump_python(value, mode="json")
    return value


def encode_anyway(value: Any, most_bytes: int) -> bytes:
    """As `encode`, where that refuses with texts in place of what is no JSON; marked and cut over `most_bytes`."""
    try:
        text = encode(value)
    except NotJson:
        text = orjson.dumps(readable(value))
    if len(text) <= most_bytes:
        return text
    beginning = clean(text[:1024].decode(errors="ignore"))
    return orjson.dumps({"cut": True, "bytes": len(text), "beginning": beginning})


def readable(value: Any, levels: int = 16) -> Any:
    """`value` with everything that JSON lacks as text."""
    if isinstance(value, str):
        return clean(value)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int) and abs(value) <= MAX_INTEGER:
        return int(value)
    if isinstance(value, float) and math.isfinite(value):
        return float(value)
    if levels and isinstance(value, Mapping):
        return {clean(printed(key)): readable(item, levels - 1) for key, item in list(value.items())[:1000]}
    if levels and isinstance(value, list | tuple | set | frozenset):
        return [readable(item, levels - 1) for item in list(value)[:1000]]
    return clean(printed(value))[:1000]


def printed(value: Any) -> str:
    """`str(value)`, which a hostile object may refuse."""
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 - it becomes the text
        return f"<{type(value).__name__} that cannot be printed: {type(error).__name__}>"


def clean(text: str, most_bytes: int | None = None) -> str:
    """Text that can be sent and stored: lone surrogates and U+0000 replaced; cut and marked over `most_bytes`."""
    if most_bytes is not None and len(text) > most_bytes:
        text = text[:most_bytes] + CUT  # before any copy of what may be huge
    raw = text.encode(errors="replace")
    if most_bytes is not None and len(raw) > most_bytes:
        raw = raw[: most_bytes - len(CUT.encode())] + CUT.encode()
    return raw.decode(errors="ignore").replace("\x00", "\ufffd")


def depth(value: Any) -> int:
    """Levels of lists and objects in plain data."""
    levels, layer = 0, [value]
    while layer := [item for item in layer if type(item) is dict or type(item) is list]:
        levels += 1
        layer = [child for item in layer for child in (item.values() if type(item) is dict else item)]
    return levels


def _has_nan(value: Any) -> bool:
    try:
        json.dumps(value, allow_nan=False)
    except ValueError:
        return True
    except TypeError:  # something within that only orjson writes, such as a UUID
        return False
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


def _reason(error: TypeError) -> str:
    text = str(error)
    if "Integer exceeds 53-bit range" in text:
        return "an integer is beyond ±(2^53-1); send it as a string"
    if "surrogates" in text:
        return "text with a lone surrogate cannot be stored"
    if "str" in text and "key" in text.lower():
        return "the keys of an object must be strings"
    if "recursion" in text.lower():
        return f"nested deeper than {MAX_DEPTH} levels, or in itself"
    return text
