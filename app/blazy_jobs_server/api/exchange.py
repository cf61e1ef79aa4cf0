"""A request and its answer as they are on the wire, where both can be had whole.

ASGI gives a body by messages that are waited for, and takes an answer by two of them, each of which uvicorn writes by
itself. Where the body has come already it is taken here without a wait, and an answer goes out in one write. Under
another server, and in tests without one, there is no such thing in the scope, and the messages are used.
"""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, MutableMapping
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

CYCLE = "jobs.cycle"


def offer(cycle: RequestResponseCycle) -> None:
    """Puts the cycle into its scope. Weakly: it holds the scope, and each request would be garbage in a circle."""
    cycle.scope[CYCLE] = weakref.ref(cycle)  # type: ignore[literal-required]  # an extension of ours


def _cycle(scope: MutableMapping[str, Any]) -> RequestResponseCycle | None:
    held: weakref.ref[RequestResponseCycle] | None = scope.get(CYCLE)
    return None if held is None else held()


def arrived(scope: MutableMapping[str, Any]) -> bytes | None:
    """The request's body where all of it has come and none of it was taken; it is taken by this."""
    cycle = _cycle(scope)
    if cycle is None or cycle.more_body or cycle.disconnected or cycle.response_started:
        return None
    if cycle.waiting_for_100_continue:
        return None
    body, cycle.body = bytes(cycle.body), bytearray()
    cycle.flow.resume_reading()
    cycle.message_event.clear()
    return body


def answer(scope: MutableMapping[str, Any], status: int, headers: Iterable[tuple[bytes, bytes]], body: bytes) -> bool:
    """Writes head and body at once; `headers` are in lower case, and tell the body's length. False where it cannot be:
    another server, a connection that takes nothing now, an answer that has begun."""
    cycle = _cycle(scope)
    if cycle is None or cycle.response_started or cycle.disconnected or cycle.flow.write_paused:
        return False
    lines = [STATUS_LINE[status]]
    for name, value in (*cycle.default_headers, *headers):
        lines.append(b"%b: %b\r\n" % (name, value))
    if not cycle.keep_alive:
        lines.append(b"connection: close\r\n")
    head = b"".join(lines)
    if not head.count(b"\n") == head.count(b"\r") == len(lines):
        raise RuntimeError("a header of the answer has a line break in it")
    cycle.waiting_for_100_continue = False
    cycle.response_started = cycle.response_complete = True
    cycle.transport.write(b"%b\r\n%b" % (head, body))
    cycle.message_event.set()
    if not cycle.keep_alive:
        cycle.transport.close()
    cycle.on_response()
    return True


class Watched:
    """A protocol that tells when its connection is lost."""

    on_lost: Callable[[], None] | None = None


def watch(scope: MutableMapping[str, Any], gone: Callable[[], None]) -> bool:
    """`gone` is called when the client has gone, until `unwatch`. False where that cannot be told without a task that
    waits for it."""
    cycle, protocol = _cycle(scope), _protocol(scope)
    if cycle is None or protocol is None:
        return False
    protocol.on_lost = gone
    if cycle.disconnected:
        gone()
    return True


def unwatch(scope: MutableMapping[str, Any]) -> None:
    protocol = _protocol(scope)
    if protocol is not None:
        protocol.on_lost = None


def abort(scope: MutableMapping[str, Any]) -> None:
    """Cuts the connection, whatever of the answer has not been taken."""
    cycle, transport = _cycle(scope), scope.get("jobs.transport")
    if cycle is not None:
        cycle.disconnected = True  # which it hears only in the loop's next turn, and would miss the answer's end
    if transport is not None:
        transport.abort()


def _protocol(scope: MutableMapping[str, Any]) -> Watched | None:
    transport = scope.get("jobs.transport")
    protocol = None if transport is None else transport.get_protocol()
    return protocol if isinstance(protocol, Watched) else None
