"""A thin HTTP/1.1 client: one connection, one request at a time, no pipelining.

Thin so that it is not what a benchmark measures, and plain about failures: `ConnectionLost` means that an answer was
not seen, which is all that a client can know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

import orjson


class ConnectionLost(Exception):
    """The connection could not be made, or ended before the answer was complete."""


class Answer:
    __slots__ = ("body", "head", "status")

    def __init__(self, status: int, head: bytes, body: bytes) -> None:
        self.status = status
        self.head = head
        self.body = body

    def json(self) -> Any:
        return orjson.loads(self.body)

    def header(self, name: str) -> str | None:
        wanted = name.lower().encode()
        for line in self.head.split(b"\r\n")[1:]:
            key, _, value = line.partition(b":")
            if key.strip().lower() == wanted:
                return value.strip().decode("latin-1")
        return None


def encode_request(
    method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None, *, host: str = "127.0.0.1"
) -> bytes:
    """The bytes of a request; `body` becomes JSON unless it is bytes already."""
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    raw = b""
    if body is not None:
        raw = body if isinstance(body, bytes) else orjson.dumps(body)
        lines.append("Content-Type: application/json")
    if raw or method not in ("GET", "DELETE"):
        lines.append(f"Content-Length: {len(raw)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + raw


class Wire(asyncio.Protocol):
    """Give it requests by `ask`, or by `send` with a callback where a future a request is too dear."""

    def __init__(self) -> None:
        self.transport: asyncio.Transport | None = None
        self.on_answer: Callable[[Answer | None], None] | None = None
        self._buffer = bytearray()
        self._body_at = -1
        self._length = 0
        self._status = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class

    @property
    def open(self) -> bool:
        return self.transport is not None and not self.transport.is_closing()

    def send(self, request: bytes, on_answer: Callable[[Answer | None], None]) -> None:
        """`on_answer` gets None where the connection is lost first."""
        self.on_answer = on_answer
        if self.transport is None:
            self._tell(None)
        else:
            self.transport.write(request)

    async def ask(self, request: bytes) -> Answer:
        future: asyncio.Future[Answer | None] = asyncio.get_running_loop().create_future()
        self.send(request, lambda answer: None if future.done() else future.set_result(answer))
        answer = await future
        if answer is None:
            raise ConnectionLost
        return answer

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while self._body_at >= 0 or self._read_head():
            if len(self._buffer) < self._body_at + self._length:
                return
            self._finish()

    def _read_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return False
        self._status = int(self._buffer[9:12])
        if self._status < 200:
            del self._buffer[: end + 4]
            return self._read_head()
        head = bytes(self._buffer[:end]).lower()
        at = head.find(b"\r\ncontent-length:")
        if at >= 0:
            stop = head.find(b"\r\n", at + 2)
            self._length = int(head[at + 17 : stop if stop >= 0 else None])
        elif self._status in (204, 304):
            self._length = 0
        else:
            raise ValueError("an answer without a Content-Length is for streams, which this client does not read")
        self._body_at = end + 4
        return True

    def _finish(self) -> None:
        end = self._body_at + self._length
        head = bytes(self._buffer[: self._body_at - 4])
        answer = Answer(self._status, head, bytes(self._buffer[self._body_at : end]))
        del self._buffer[:end]
        self._body_at = -1
        if b"connection: close" in head.lower() and self.transport is not None:
            self.transport.close()
        self._tell(answer)

    def _tell(self, answer: Answer | None) -> None:
        tell, self.on_answer = self.on_answer, None
        if tell is not None:
            tell(answer)

    def connection_lost(self, exc: Exception | None) -> None:
        self.transport = None
        self._buffer.clear()
        self._body_at = -1
        self._tell(None)


async def connect(url: str) -> Wire:
    parts = urlsplit(url)
    try:
        _, wire = await asyncio.get_running_loop().create_connection(Wire, parts.hostname or "", parts.port or 0)
    except OSError as error:
        raise ConnectionLost from error
    return wire


class Session:
    """Requests one after the other, on a connection that is made anew when the old one has gone."""

    def __init__(self, url: str, timeout: float = 30.0) -> None:
        self.url = url
        self.timeout = timeout
        self._wire: Wire | None = None

    async def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises ConnectionLost, also after `timeout` seconds: the answer was not seen."""
        try:
            async with asyncio.timeout(self.timeout):
                if self._wire is None or not self._wire.open:
                    self._wire = await connect(self.url)
                return await self._wire.ask(encode_request(method, path, body, headers))
        except TimeoutError as error:
            raise ConnectionLost from error
        finally:
            if self._wire is not None and self._wire.on_answer is not None:
                self.close()

    def close(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None and wire.transport is not None:
            wire.transport.abort()
