"""What is sent: the head of a POST, and a proxy's CONNECT."""

from __future__ import annotations

import base64
import enum
import functools
import re
from collections.abc import Mapping
from typing import NamedTuple

from blazy_jobs_server.domain.destination import Destination
from blazy_jobs_server.ports.outbound import ProtocolBroken

UNSENDABLE = "A header of the request cannot be sent."
_SET_HERE = frozenset(("host", "content-length", "accept-encoding", "connection", "transfer-encoding"))
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", re.ASCII)


class _Place(enum.Enum):
    """What becomes of a header that was given."""

    SENT = enum.auto()
    AGENT = enum.auto()
    LEFT_OUT = enum.auto()


class Start(NamedTuple):
    """The request line, and Host."""

    line: str
    host: str


def start(destination: Destination, *, to_proxy: bool) -> Start:
    """A proxy is told the whole URL (RFC 9112, 3.2.2)."""
    target = f"{destination.origin}{destination.target}" if to_proxy else destination.target
    return Start(f"POST {target} HTTP/1.1", f"Host: {destination.authority}")


def post(start: Start, headers: Mapping[str, str], body: bytes, *, agent: str, proxy_header: str | None) -> bytes:
    """Raises ProtocolBroken for a header that would be another, or more than one."""
    sent = [f"Content-Length: {len(body)}"]
    for name, value in headers.items():
        place = _place(name)
        if place is _Place.SENT:
            sent.append(f"{name}: {value}")
        elif place is _Place.AGENT:
            agent = value
    if proxy_header is not None:
        sent.append(proxy_header)
    return _whole([*start, f"User-Agent: {agent}", "Accept-Encoding: identity", *sent]) + body


def connect(destination: Destination, proxy_header: str | None) -> bytes:
    host = f"[{destination.host}]" if ":" in destination.host else destination.host
    authority = f"{host}:{destination.port}"
    lines = [f"CONNECT {authority} HTTP/1.1", f"Host: {authority}"]
    if proxy_header is not None:
        lines.append(proxy_header)
    return _whole(lines)


def basic(user: str, password: str) -> str:
    """The header for a proxy (RFC 7617)."""
    return f"Proxy-Authorization: Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"


def _whole(lines: list[str]) -> bytes:
    """Nothing ends a line but what joins them here."""
    head = "\r\n".join((*lines, "", ""))
    ends = len(lines) + 1
    if head.count("\r") != ends or head.count("\n") != ends or "\0" in head:
        raise ProtocolBroken(UNSENDABLE)
    try:
        return head.encode("latin-1")
    except UnicodeEncodeError:
        raise ProtocolBroken(UNSENDABLE) from None


@functools.lru_cache(maxsize=1024)
def _place(name: str) -> _Place:
    lower = name.lower()
    if lower == "user-agent":
        return _Place.AGENT
    if lower in _SET_HERE:
        return _Place.LEFT_OUT
    if not _TOKEN.fullmatch(name):
        raise ProtocolBroken(UNSENDABLE)
    return _Place.SENT
