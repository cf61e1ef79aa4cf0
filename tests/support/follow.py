"""Follows an event stream over as many connections as it takes, as an `EventSource` would, and keeps what it saw."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson

from tests.support.event_stream import EventStreamDecoder, Message
from tests.support.speed import stretched

RECONNECT_SECONDS = 0.1
HEAD_LIMIT = 64 * 1024


class BadStream(Exception):
    """The answer is none that an event stream may have here."""


@dataclass
class Followed:
    """`ended` says how: "204" (the server says that all was read), "end" (told to stop), or "" while it goes on."""

    path: str
    events: list[dict[str, Any]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    connections: int = 0
    ended: str = ""
    problem: str = ""


class Chunks:
    """Takes the chunked coding of HTTP/1.1 off a body that comes in pieces."""

    def __init__(self) -> None:
        self.ended = False
        self._buffer = b""
        self._left = -1

    def feed(self, data: bytes) -> bytes:
        self._buffer += data
        out = []
        while not self.ended:
            if self._left < 0:
                line, found, rest = self._buffer.partition(b"\r\n")
                if not found:
                    break
                self._left = int(line.split(b";")[0], 16)
                self._buffer = rest
                if self._left == 0:
                    self.ended = True
                    break
            if len(self._buffer) < self._left + 2:
                break
            out.append(self._buffer[: self._left])
            self._buffer = self._buffer[self._left + 2 :]
            self._left = -1
        return b"".join(out)


@dataclass
class Opened:
    status: int
    headers: dict[str, str]
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    rest: bytes = b""

    def close(self) -> None:
        self.writer.transport.abort()


async def open_stream(url: str, path: str, headers: dict[str, str] | None = None) -> Opened:
    """Sends the GET and reads the head of the answer. Raises OSError, asyncio.IncompleteReadError."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        lines = [f"GET {path} HTTP/1.1", "Host: 127.0.0.1", "Accept: text/event-stream"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        writer.write("\r\n".join(lines).encode() + b"\r\n\r\n")
        raw = await reader.readuntil(b"\r\n\r\n")
    except BaseException:
        writer.transport.abort()
        raise
    first, *rest = raw.decode("latin-1").strip().split("\r\n")
    pairs = (line.partition(":") for line in rest)
    return Opened(int(first[9:12]), {k.strip().lower(): v.strip() for k, _, v in pairs}, reader, writer)


class Follower:
    """`run()` goes on until the server says 204, `stop()` is called or `until` is true of a message's event."""

    def __init__(
        self, url: str, path: str, *, until: Callable[[dict[str, Any]], bool] | None = None, silence: float = 40.0
    ) -> None:
        self.url = url
        self.seen = Followed(path)
        self._until = until
        self._silence = silence
        self._stopped = asyncio.Event()
        self._last_id = ""

    def stop(self) -> None:
        self._stopped.set()

    async def run(self) -> Followed:
        stopping = asyncio.create_task(self._stopped.wait())
        try:
            while not self.seen.ended:
                once = asyncio.create_task(self._once())
                await asyncio.wait({once, stopping}, return_when=asyncio.FIRST_COMPLETED)
                if not once.done():
                    once.cancel()
                await asyncio.gather(once, return_exceptions=True)
                if not once.cancelled() and (error := once.exception()) is not None:
                    self.seen.problem = self.seen.problem or f"{type(error).__name__}: {error}"
                    self.seen.ended = "problem"
                elif self._stopped.is_set():
                    self.seen.ended = self.seen.ended or "end"
                elif not self.seen.ended:
                    await asyncio.wait({stopping}, timeout=RECONNECT_SECONDS)
        finally:
            stopping.cancel()
        return self.seen

    async def _once(self) -> None:
        headers = {"Last-Event-ID": self._last_id} if self._last_id else {}
        try:
            async with asyncio.timeout(stretched(10)):
                stream = await open_stream(self.url, self.seen.path, headers)
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return
        self.seen.connections += 1
        try:
            await self._read(stream)
        finally:
            stream.close()

    async def _read(self, stream: Opened) -> None:
        if stream.status == 204:
            self.seen.ended = "204"
            return
        if stream.status == 503:
            return
        if stream.status != 200:
            raise BadStream(f"status {stream.status} for {self.seen.path} after {self._last_id!r}")
        if not stream.headers.get("content-type", "").startswith("text/event-stream"):
            raise BadStream(f"content type {stream.headers.get('content-type')!r}")
        decoder = EventStreamDecoder(self._last_id)
        chunks = Chunks() if stream.headers.get("transfer-encoding") == "chunked" else None
        heard = time.monotonic()
        while chunks is None or not chunks.ended:
            try:
                async with asyncio.timeout(self._silence):
                    data = await stream.reader.read(1 << 16)
            except TimeoutError:
                silent = time.monotonic() - heard
                raise BadStream(f"not even a comment for {silent:.0f} s") from None
            except OSError:
                return
            heard = time.monotonic()
            if not data:
                return
            for message in decoder.feed(data if chunks is None else chunks.feed(data)):
                self._message(message)
                if self.seen.ended:
                    return
            self._last_id = decoder.last_event_id

    def _message(self, message: Message) -> None:
        event = orjson.loads(message.data)
        self._last_id = message.last_event_id
        if event.get("type") != message.type:
            raise BadStream(f"event {message.type!r} carries data of type {event.get('type')!r}")
        self.seen.events.append(event)
        self.seen.ids.append(message.last_event_id)
        if self._until is not None and self._until(event):
            self.seen.ended = "end"
