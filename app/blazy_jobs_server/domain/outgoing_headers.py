"""Which headers a user may set on requests that the server sends (RFC 9110, 5.1 and 5.5)."""

from __future__ import annotations

import re
from collections.abc import Mapping

MAX_HEADERS = 20
MAX_NAME_CHARACTERS = 128
MAX_VALUE_BYTES = 4096
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)
_VALUE = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_RESERVED = frozenset(
    (
        *("host", "transfer-encoding", "connection", "accept-encoding", "expect"),
        *("keep-alive", "te", "trailer", "upgrade"),  # of one connection only: RFC 9110, 7.6.1
    )
)
_RESERVED_PREFIXES = ("content-", "proxy-", "webhook-")


def refused(name: str, value: str) -> str | None:
    """Why this header may not be set; None where it may. The message quotes no value."""
    if not _NAME.fullmatch(name) or len(name) > MAX_NAME_CHARACTERS:
        return f"must have a name of at most {MAX_NAME_CHARACTERS} letters, digits and !#$%&'*+-.^_`|~"
    lower = name.lower()
    if lower in _RESERVED or lower.startswith(_RESERVED_PREFIXES):
        return f"{name} is set by the server"
    if not _VALUE.fullmatch(value) or value != value.strip(" \t"):
        return f"{name} has a value with a control character, one outside Latin-1, or a blank at an end"
    if len(value) > MAX_VALUE_BYTES:
        return f"{name} has a value of more than {MAX_VALUE_BYTES} characters"
    return None


def refused_together(headers: Mapping[str, str]) -> str | None:
    """Why these headers may not stand together; None where they may."""
    if len(headers) > MAX_HEADERS:
        return f"at most {MAX_HEADERS} headers may be set"
    if len({name.lower() for name in headers}) < len(headers):
        return "a header is there twice, in upper and lower case"
    return None
