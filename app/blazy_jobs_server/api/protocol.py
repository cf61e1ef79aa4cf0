"""uvicorn's HTTP/1.1, with what it lacks: bounds on the size and the time of every request's head, problem documents
for what is no HTTP, and the transport at hand for streams that must cut a reader."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from blazy_jobs_server.api.problems import MEDIA_TYPE, document
from blazy_jobs_server.domain.errors import HeaderTooLarge, JobsError, MalformedRequest

HEADER_BYTES = 64 * 1024
HEADER_SECONDS = 30.0
_REASONS = {400: "Bad Request", 431: "Request Header Fields Too Large"}


class Protocol(HttpToolsProtocol):
    """A connection may wait for its next request as long as the keep-alive time; once the first byte of a head is
    there, the rest must follow within `HEADER_SECONDS`, and within `HEADER_BYTES`."""

    _in_head = True
    _head_bytes = 0
    _head_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        super().connection_made(transport)
        self._time_head()

    def data_received(self, data: bytes) -> None:
        while data and not self.transport.is_closing():
            if not self._in_head:
                return super().data_received(data)
            self._time_head()
            room = HEADER_BYTES - self._head_bytes
            piece, data = data[:room], data[room:]
            self._head_bytes += len(piece)
            super().data_received(piece)
            if self._in_head and self._head_bytes >= HEADER_BYTES:
                self._refuse(HeaderTooLarge(HEADER_BYTES))
        return None

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["jobs.transport"] = self.transport  # type: ignore[typeddict-unknown-key]  # an extension of ours

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._stop_timing()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        super().on_message_complete()
        self._in_head, self._head_bytes = True, 0

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timing()
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        self._refuse(MalformedRequest())

    def _unsupported_upgrade_warning(self) -> None:
        return  # answered as if nobody had asked for it (RFC 9110, 7.8)

    def _refuse(self, error: JobsError) -> None:
        body = document(error)
        head = [
            f"HTTP/1.1 {error.status} {_REASONS[error.status]}",
            f"content-type: {MEDIA_TYPE}",
            f"content-length: {len(body)}",
            "connection: close",
        ]
        self.transport.write("\r\n".join(head).encode() + b"\r\n\r\n" + body)
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
