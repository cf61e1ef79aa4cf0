"""A request and its answer as they are on the wire, where both can be had whole.

ASGI gives a body by messages that are waited for, and takes an answer by two of them, each of which uvicorn writes by
itself. Where the body has come already it is taken here without a wait, and an answer goes out in one write. Under
another server, and in tests without one, there is no such thing in the scope, and the messages are used.
"""

from __future__ import annotations

import asyncio
import time
import weakref
from collections.abc import Callable, Iterable, MutableMapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, RequestResponseCycle

from blazy_jobs_server.api import request_ids
from blazy_jobs_server.api.problems import MEDIA_TYPE, document
from blazy_jobs_server.domain.errors import JobsError
from blazy_jobs_server.engine.frames import SHARED_BYTES

CYCLE = "jobs.cycle"
JSON_TYPE = b"application/json"


@lru_cache(maxsize=1)
def date(at_seconds: int) -> bytes:
    return formatdate(at_seconds, usegmt=True).encode()


@lru_cache(maxsize=1)
def _accepted(at_seconds: int) -> bytes:
    return b"%bdate: %b\r\n" % (STATUS_LINE[202], date(at_seconds))


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


class _Chunks:
    """The last block as a chunk of an answer: streams of the same events send the same blocks one after the other."""

    def __init__(self) -> None:
        self._block = self._chunk = b""

    def of(self, block: bytes) -> bytes:
        if block is not self._block:
            chunk = b"%x\r\n%b\r\n" % (len(block), block)
            if len(block) > SHARED_BYTES:
                return chunk
            self._block, self._chunk = block, chunk
        return self._chunk


_chunks = _Chunks()


def push(scope: MutableMapping[str, Any], block: bytes) -> bool:
    """Writes a block of an answer in chunks that has begun. False where it cannot be now: another server, another form,
    a client that takes nothing."""
    cycle = _cycle(scope)
    if cycle is None or not cycle.response_started or cycle.response_complete or not cycle.chunked_encoding:
        return False
    if cycle.disconnected or cycle.flow.write_paused or not block:
        return False
    cycle.transport.write(_chunks.of(block))
    return True


class _Unheard:
    """In place of an event, where nobody waits for it."""

    def set(self) -> None:
        return


class Reply:
    """The answer to a dispatch that was taken whole (direct.py), in place of uvicorn's cycle of request and response.

    One a connection: it has one request under way at most.
    """

    disconnected = False
    response_complete = True
    keep_alive = True
    more_body = False
    message_event = _Unheard()

    def __init__(self, transport: asyncio.Transport, ended: Callable[[bytes | None], None]) -> None:
        """`ended` is told that the answer is written, or what is to be read once more, the ordinary way."""
        self._transport = transport
        self._ended = ended
        self._request = b""

    def leave(self) -> None:
        """The connection is lost, and nobody hears of it any more."""
        self.disconnected = True
        self._ended = _nobody

    def begin(self, request: bytes) -> None:
        self._request = request
        self.response_complete = False

    def begin_anew(self) -> None:
        """Nothing came of it here."""
        self._ended(self._end())

    def accepted(self, run_id: str, body: str) -> None:
        content = body.encode()
        head = b"%bx-request-id: %b\r\nlocation: /v1/runs/%b\r\n"
        request_id = request_ids.fresh()
        self._write(head % (_accepted(int(time.time())), request_id, run_id.encode()), content, JSON_TYPE)

    def refused(self, error: JobsError) -> None:
        head = [STATUS_LINE[error.status], b"date: %b\r\n" % date(int(time.time()))]
        head.append(b"x-request-id: %b\r\n" % request_ids.fresh())
        head += [f"{name.lower()}: {value}\r\n".encode() for name, value in error.headers.items()]
        self._write(b"".join(head), document(error), MEDIA_TYPE.encode())

    def _write(self, head: bytes, body: bytes, media_type: bytes) -> None:
        self._end()
        if self.disconnected or self._transport.is_closing():
            return
        close = b"" if self.keep_alive else b"connection: close\r\n"
        form = b"%bcontent-length: %d\r\ncontent-type: %b\r\n%b\r\n%b"
        self._transport.write(form % (head, len(body), media_type, close, body))
        if not self.keep_alive:
            self._transport.close()
        self._ended(None)

    def _end(self) -> bytes:
        request, self._request = self._request, b""
        self.response_complete = True
        return request


def _nobody(_: bytes | None) -> None:
    return


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
