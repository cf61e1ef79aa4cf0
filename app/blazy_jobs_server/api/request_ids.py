"""`X-Request-Id`: the client's own or a proxy's, or else one made here. It is in the answer and in every line of the
log that is written while the request is answered, so that one leads to the other."""

from __future__ import annotations

import re
import secrets
from contextvars import ContextVar
from itertools import count

from starlette.types import Scope

HEADER = b"x-request-id"
REQUEST_ID = "jobs.request_id"

current: ContextVar[str | None] = ContextVar("request_id", default=None)

_GIVEN = re.compile(rb"[A-Za-z0-9._:;=@/+-]{1,128}")
"""What is anything else is not written into logs, and replaced."""
_prefix = f"req_{secrets.token_hex(6)}".encode()
_numbers = count(1)


def fresh() -> bytes:
    """Of no other request, of this server or any other."""
    return b"%b%08x" % (_prefix, next(_numbers))


def chosen(given: bytes | None) -> bytes:
    return given if given is not None and _GIVEN.fullmatch(given) is not None else fresh()


def of(scope: Scope) -> str | None:
    """None under another HTTP server than ours."""
    request_id: str | None = scope.get(REQUEST_ID)
    return request_id
