"""The payload of a dispatch: JSON from the command line, from standard input or from a file."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any, NoReturn

from blazy_jobs.cli.failures import Unusable
from blazy_jobs.strict_json import NotJson, encode

STDIN = "-"


def read_payload(given: str | None) -> Any:
    """Of `JSON`, `-` or `@FILE`; null when nothing is given. Raises Unusable, which says where the fault is and never
    what stands there."""
    return None if given is None else read_json(*_text(given), given)


def read_json(where: str, text: str, given: str = "") -> Any:
    """As the server reads it. Raises Unusable, as above."""
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant)
        encode(value)
    except json.JSONDecodeError as error:
        place = f"line {error.lineno}, column {error.colno}"
        # Where a shell took the double quotes away, the fault is the first key.
        hint = "; in a shell, put it between single quotes" if given[:1] == "{" and error.pos == 1 else ""
        raise Unusable(f"{where} is not JSON: {place}: {_words(error.msg)}{hint}") from None
    except (NotJson, ValueError) as error:
        raise Unusable(f"{where} cannot be sent as JSON: {error}") from None
    except RecursionError:
        raise Unusable(f"{where} cannot be sent as JSON: nested deeper than 64 levels") from None
    return value


def _text(given: str) -> tuple[str, str]:
    if given in (STDIN, "@-"):
        return "standard input", decoded("standard input", sys.stdin.buffer.read() if sys.stdin else b"")
    if given.startswith("@"):
        name = given[1:]
        try:
            return f"the file {name!r}", decoded(f"the file {name!r}", Path(name).read_bytes())
        except OSError as error:
            raise Unusable(f"cannot read the payload from {name!r}: {error.strerror or error}") from None
    return "the payload", given


def decoded(where: str, raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Unusable(f"{where} is not UTF-8, at byte {error.start}") from None


def _words(message: str) -> str:
    return message[:1].lower() + message[1:]


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    whole = dict(pairs)
    if len(whole) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise NotJson(f"the key {twice!r} is there twice")
    return whole


def _constant(name: str) -> NoReturn:
    raise NotJson(f"{name} is not JSON")
