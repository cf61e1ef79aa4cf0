"""uvicorn's HTTP/1.1, with what it lacks: bounds on the size and the time of every request's head, one `Host`, upgrades
that are passed over, HTTP/1.0, problem documents for what is no HTTP, and the transport at hand for streams that must
cut a reader."""

from __future__ import annotations

import asyncio
import re
import time
from functools import lru_cache
from typing import Any, NoReturn, cast
from urllib.parse import urlsplit

import httptools
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from blazy_jobs_server.api import exchange, request_ids
from blazy_jobs_server.api.direct import Direct
from blazy_jobs_server.api.problems import MEDIA_TYPE, document
from blazy_jobs_server.domain.errors import HeaderTooLarge, JobsError, MalformedRequest

HEADER_BYTES = 64 * 1024
HEADER_SECONDS = 30.0
VERSIONS = ("1.1", "1.0")
DIRECT = b"POST /v1/job-types/"
"""So begins what may be answered without the parser (direct.py)."""
_OF_AN_OFFER = (b"upgrade", b"http2-settings")
_HOST = re.compile(rb"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._~!$&'()*+,;=%-]*)(:[0-9]*)?")
"""As RFC 3986 has it: a name, an IPv4 address, or an IPv6 address in brackets; and a port."""


@lru_cache(maxsize=1)
def _default_headers(at_seconds: int) -> list[tuple[bytes, bytes]]:
    return [(b"date", exchange.date(at_seconds))]


@lru_cache(maxsize=64)
def _is_host(value: bytes) -> bool:
    return _HOST.fullmatch(value) is not None


class Protocol(HttpToolsProtocol, exchange.Watched):
    """A connection may wait for its next request as long as the keep-alive time; once the first byte of a head is
    there, the rest must follow within `HEADER_SECONDS`, and within `HEADER_BYTES`."""

    _in_message = False
    _in_head = True
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None
    _idle_since: float | None = None
    _idle_timer: asyncio.TimerHandle | None = None
    _offer: bytes | None = None
    """The head of a request that offers an upgrade, without the offer."""
    _refusal: JobsError | None = None
    _reply: exchange.Reply | None = None
    _held = b""
    """What came while a request was under way of which the parser does not know."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._time_head()

    def data_received(self, data: bytes) -> None:
        self._unset_keepalive_if_required()
        if self._is_replying():
            self._held += data
            self.flow.pause_reading()
        elif data[: len(DIRECT)] != DIRECT or self._in_message or self._is_answering():
            self._read(data)
        elif (direct := getattr(self.config.app, "direct", None)) is None or not self._take(direct, data):
            before = self.cycle
            self._read(data)
            if direct is not None and self.cycle is not before and not self._in_message and self._refusal is None:
                direct.learn(data, cast(Scope, self.cycle.scope), keep_alive=self.cycle.keep_alive)

    def _take(self, direct: Direct, data: bytes) -> bool:
        if self._refusal is not None or self.flow.write_paused or self.transport.is_closing():
            return False
        if self._reply is None:
            self._reply = exchange.Reply(self.transport, self._reply_ended)
        if not direct.take(data, self._reply):
            return False
        self._stop_timing()
        self._reply.begin(data)
        self.cycle = cast(RequestResponseCycle, self._reply)  # it has all that is asked of one but by the parser
        return True

    def _is_replying(self) -> bool:
        return self._reply is not None and not self._reply.response_complete

    def _reply_ended(self, anew: bytes | None) -> None:
        """The loop would end a connection in whose data a bug shows, and nothing else. So does this."""
        held, self._held = self._held, b""
        try:
            if anew is None:
                self.on_response_complete()
            else:
                self.flow.resume_reading()
                self._read(anew)
            if held and not self.transport.is_closing():
                self.data_received(held)
        except Exception as error:  # noqa: BLE001  # told to the loop's handler
            self.loop.call_exception_handler({"message": "a request could not be read", "exception": error})
            self.transport.abort()

    def _read(self, data: bytes) -> None:
        while data and self._refusal is None and not self.transport.is_closing():
            if not self._in_head:
                return self._feed(data)
            room = HEADER_BYTES - self._head_bytes
            piece, data = data[:room], data[room:]
            self._head_bytes += len(piece)
            self._feed(piece)
            if self._in_head and self._head_bytes and self._refusal is None:
                self._time_head()
                if self._head_bytes >= HEADER_BYTES:
                    self._refuse(HeaderTooLarge(HEADER_BYTES))
        return None

    def _feed(self, data: bytes) -> None:
        try:
            while data:
                try:
                    self.parser.feed_data(data)
                    return
                except httptools.HttpParserUpgrade as upgrade:
                    data = self._without_offer() + data[upgrade.args[0] :]
        except httptools.HttpParserError:
            self._refuse(self._refusal or MalformedRequest())

    def _without_offer(self) -> bytes:
        """An upgrade that is not wanted is ignored (RFC 9110, 7.8). To the parser all that follows an offer is of
        another protocol, so it is told anew what was asked, without it, and what follows is the request's body."""
        head, self._offer = self._offer or b"", None
        self.parser = httptools.HttpRequestParser(self)
        self.parser.set_dangerous_leniencies(lenient_data_after_close=True)  # as uvicorn does
        return head

    # -- from the parser

    def on_message_begin(self) -> None:
        self._in_message = True
        super().on_message_begin()
        self.scope["jobs.transport"] = self.transport  # type: ignore[typeddict-unknown-key]  # an extension of ours

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # a trailer is none (RFC 9110, 6.5.1)
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        version = self.parser.get_http_version()
        if version not in VERSIONS or self.parser.get_method() == b"CONNECT":
            raise MalformedRequest
        if self.parser.should_upgrade():
            self._offer = self._head_without_offer(version)
            return
        if b"://" in self.url:
            self._use_authority_of_target()
        self._check(version)
        if version == "1.0":
            self.expect_100_continue = False
        self._in_head = False
        self._stop_timing()
        request_id = request_ids.chosen(next((v for n, v in self.headers if n == request_ids.HEADER), None))
        self.scope[request_ids.REQUEST_ID] = request_id.decode()  # type: ignore[literal-required]  # an extension of ours
        self.server_state.default_headers = [
            *_default_headers(int(time.time())),
            (request_ids.HEADER, request_id),
        ]
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        if self._offer is None:
            super().on_message_complete()
            self._in_head, self._head_bytes = True, 0
            self._in_message = False
            self._stop_timing()

    def _head_without_offer(self, version: str) -> bytes:
        lines = [b"%b %b HTTP/%b" % (self.parser.get_method(), self.url, version.encode())]
        for name, value in self.headers:
            if name == b"connection":
                options = [option.strip() for option in value.split(b",")]
                value = b", ".join(option for option in options if option.lower() not in _OF_AN_OFFER)
            if name not in _OF_AN_OFFER:
                lines.append(name + b": " + value)
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def _use_authority_of_target(self) -> None:
        """In place of `Host` (RFC 9112, 3.2.2)."""
        parts = urlsplit(self.url)
        self.url = (parts.path or b"/") + (b"?" + parts.query if parts.query else b"")
        host = parts.netloc.rpartition(b"@")[2]
        self.headers[:] = [(name, host if name == b"host" else value) for name, value in self.headers]

    def _check(self, version: str) -> None:
        """Raises MalformedRequest, which ends the connection."""
        names = [name for name, _ in self.headers]
        hosts = names.count(b"host")
        if hosts > 1 or (not hosts and version == "1.1") or (hosts and not _is_host(self._header(b"host"))):
            self._malformed("An HTTP/1.1 request must have exactly one valid 'Host' header.")
        if names.count(b"authorization") > 1 or names.count(b"origin") > 1:
            self._malformed("A request may have only one 'Authorization' and one 'Origin' header.")
        if b"transfer-encoding" in names:
            if version == "1.0":
                self._malformed("HTTP/1.0 does not support 'Transfer-Encoding'.")
            if self._header(b"transfer-encoding").lower() != b"chunked":  # of which the parser refuses a second one
                self._malformed("The only transfer coding is 'chunked'.")

    def _header(self, wanted: bytes) -> bytes:
        return next(value for name, value in self.headers if name == wanted)

    def _malformed(self, detail: str) -> NoReturn:
        self._refusal = MalformedRequest(detail)
        raise self._refusal

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if cycle.scope["http_version"] == "1.0":
            app = _CloseDelimited(app, cycle)
        exchange.offer(cycle)
        super()._start_asgi_task(cycle, app)

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if not self.transport.is_closing():
            self.flow.resume_reading()
            if self.pipeline:
                self._start_asgi_task(*self.pipeline.pop())
            else:
                self._begin_to_idle()
            if self.cycle is not None and self.cycle.response_complete and self.cycle.more_body:
                self._time_head()  # of what is left of a body that nobody reads, rather
        if self._refusal is not None and (not self._is_answering() or self._gave_up_body()):
            self._say_refusal()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timing()
        if self._idle_timer is not None:
            self._idle_timer.cancel()
            self._idle_timer = None
        super().connection_lost(exc)
        if self._reply is not None:
            self._reply.leave()
        if self.on_lost is not None:
            self.on_lost()

    # -- between requests: one timer for many of them, which looks when it rings since when nothing has come

    def _begin_to_idle(self) -> None:
        self._idle_since = self.loop.time()
        if self._idle_timer is None:
            self._idle_timer = self.loop.call_later(self.timeout_keep_alive, self._end_if_idle)

    def _unset_keepalive_if_required(self) -> None:
        self._idle_since = None

    def _end_if_idle(self) -> None:
        self._idle_timer = None
        if self._idle_since is None or self.transport.is_closing():
            return
        left = self._idle_since + self.timeout_keep_alive - self.loop.time()
        if left > 0:
            self._idle_timer = self.loop.call_later(left, self._end_if_idle)
        else:
            self.transport.close()

    # -- what is refused before it is a request

    def _refuse(self, error: JobsError) -> None:
        """After the answers to the requests before it; in place of that to the one whose body has just gone wrong."""
        self._refusal = error
        self._stop_timing()
        if self._is_answering() and not self._gave_up_body():
            self.flow.pause_reading()
        else:
            self._say_refusal()

    def _gave_up_body(self) -> bool:
        """Whether nobody answers the request whose body was being read: it is told that the client has gone."""
        cycle = self.cycle
        if self.pipeline or cycle is None or not cycle.more_body or cycle.response_started:
            return False
        cycle.disconnected = True
        cycle.message_event.set()
        return True

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _say_refusal(self) -> None:
        if self.transport.is_closing():
            return
        assert self._refusal is not None
        body = document(self._refusal)
        head = [
            f"x-request-id: {request_ids.fresh().decode()}",
            f"content-type: {MEDIA_TYPE}",
            f"content-length: {len(body)}",
            "connection: close",
        ]
        self.transport.write(STATUS_LINE[self._refusal.status] + "\r\n".join(head).encode() + b"\r\n\r\n" + body)
        self.transport.close()

    def _time_head(self) -> None:
        if self._head_timer is None:
            self._head_timer = self.loop.call_later(HEADER_SECONDS, self._head_is_late)

    def _stop_timing(self) -> None:
        if self._head_timer is not None:
            self._head_timer.cancel()
            self._head_timer = None

    def _head_is_late(self) -> None:
        self._head_timer = None
        self.transport.abort()


class _CloseDelimited:
    """For HTTP/1.0, which knows no chunks: a body of unknown length ends with the connection (RFC 9112, 6.3)."""

    def __init__(self, app: ASGIApp, cycle: RequestResponseCycle) -> None:
        self._app = app
        self._cycle = cycle
        self._is_delimited = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and _has_unknown_length(scope, message):
                self._begin(message)
            elif self._is_delimited:
                await self._go_on(message)
            else:
                await send(message)

        await self._app(scope, receive, sending)

    def _begin(self, message: Message) -> None:
        self._is_delimited = True
        cycle = self._cycle
        cycle.response_started = True
        cycle.keep_alive = False
        headers = (*cycle.default_headers, *message.get("headers", ()))
        head = [name + b": " + value + b"\r\n" for name, value in headers if name != b"connection"]
        cycle.transport.write(STATUS_LINE[message["status"]] + b"".join(head) + b"connection: close\r\n\r\n")

    async def _go_on(self, message: Message) -> None:
        cycle = self._cycle
        if cycle.flow.write_paused and not cycle.disconnected:
            await cycle.flow.drain()
        if cycle.disconnected:
            return
        cycle.transport.write(message.get("body", b""))
        if not message.get("more_body", False):
            cycle.response_complete = True
            cycle.message_event.set()
            cycle.transport.close()
            cycle.on_response()


def _has_unknown_length(scope: Scope, message: Message) -> bool:
    has_body = scope["method"] != "HEAD" and message["status"] not in (204, 304)
    return has_body and not any(name.lower() == b"content-length" for name, _ in message.get("headers", ()))
