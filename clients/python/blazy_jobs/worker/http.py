"""One keep-alive HTTP/1.1 connection with one request at a time: all that the worker protocol needs, and little else.

A general client costs more a call than the claim of a hundred runs.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import NamedTuple, cast
from urllib.parse import urlsplit

import orjson

from blazy_jobs.address import ApiKey

MAX_HEADER_BYTES = 64 * 1024
CONNECT_SECONDS = 3.0
"""A host that does not say whether it is there is taken for one that is not."""
HANG_UP_SECONDS = 1.0
"""How long an answer may be under way after a hang-up."""


class Unanswered(Exception):
    """The connection could not be made, broke, timed out, or carried no HTTP. The request may have been carried out."""


class HungUp(Unanswered):
    """This side has hung up, and no answer was under way."""


class Response(NamedTuple):
    status: int
    body: bytes
    retry_after: str | None = None

    @property
    def code(self) -> str:
        """The problem's stable name, empty where the body is no problem."""
        problem = self._problem()
        return str(problem.get("code", ""))

    @property
    def detail(self) -> str:
        problem = self._problem()
        return str(problem.get("detail") or problem.get("title") or self.body[:200].decode(errors="replace"))

    def _problem(self) -> dict[str, object]:
        try:
            problem = orjson.loads(self.body)
        except orjson.JSONDecodeError:
            return {}
        return problem if isinstance(problem, dict) else {}


class Endpoint:
    """Where the server listens: `url` (http or https, with a path in front if need be), or a Unix socket."""

    def __init__(self, url: str | None, socket_path: str | None = None, key: ApiKey | None = None) -> None:
        self.socket_path = socket_path
        parts = urlsplit(url or "http://localhost")
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"not an http:// or https:// address: {url!r}")
        self._scheme = parts.scheme
        self.tls = ssl.create_default_context() if parts.scheme == "https" else None
        self.host = parts.hostname
        self.port = parts.port or (443 if self.tls else 80)
        self.prefix = parts.path.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        lines = [f"Host: {host}" + (f":{parts.port}" if parts.port else ""), "Accept: application/json"]
        self._lines = lines
        self._key = key or ApiKey()
        _ = self.headers

    @property
    def headers(self) -> bytes:
        """With the key of this moment. Raises ValueError where it cannot be one."""
        key = self._key.text()
        lines = [*self._lines, f"Authorization: Bearer {key}"] if key else self._lines
        if any(char in line for line in lines for char in "\r\n"):
            raise ValueError("a header cannot have a line break in it")
        return "\r\n".join(lines).encode("latin-1")

    @property
    def url(self) -> str:
        """As a person names it."""
        return f"unix://{self.socket_path}" if self.socket_path else f"{self._scheme}://{self}{self.prefix}"

    def __str__(self) -> str:
        return self.socket_path or f"{self.host}:{self.port}"


class Connection:
    """Connects when first used, and anew after it broke. Of two requests at once the second waits for its turn."""

    def __init__(self, endpoint: Endpoint) -> None:
        self._endpoint = endpoint
        self._wire: _Wire | None = None
        self._turn = asyncio.Lock()

    async def request(self, method: str, path: str, body: bytes | None, timeout_seconds: float) -> Response:
        """Raises Unanswered, also where its turn does not come in time. A kept connection that the server has closed
        meanwhile is tried again on a new one."""
        try:
            async with asyncio.timeout(timeout_seconds if self._turn.locked() else None):
                await self._turn.acquire()
        except TimeoutError:
            raise Unanswered(f"{self._endpoint}: busy with another request") from None
        try:
            return await self._request_twice(method, path, body, timeout_seconds)
        finally:
            self._turn.release()

    async def _request_twice(self, method: str, path: str, body: bytes | None, timeout_seconds: float) -> Response:
        kept = self._wire is not None and not self._wire.closed
        try:
            return await self._request(method, path, body, timeout_seconds)
        except Unanswered:
            if not kept or self._answer_begun():
                raise
        return await self._request(method, path, body, timeout_seconds)

    def close(self) -> None:
        wire, self._wire = self._wire, None
        if wire is not None:
            wire.abort()

    def hang_up(self) -> None:
        """Ends the request that is under way: an answer that was sent before the server knew is still taken, and
        where there is none HungUp is raised. asyncio's TLS cannot end one direction alone: there such an answer is
        lost."""
        if self._wire is not None:
            self._wire.hang_up()

    def _answer_begun(self) -> bool:
        return self._wire is None or self._wire.begun

    async def _request(self, method: str, path: str, body: bytes | None, timeout_seconds: float) -> Response:
        head = f"{method} {self._endpoint.prefix}{path} HTTP/1.1\r\n".encode("latin-1") + self._endpoint.headers
        if body is not None:
            head += b"\r\nContent-Type: application/json\r\nContent-Length: %d" % len(body)
        elif method != "GET":
            head += b"\r\nContent-Length: 0"
        wire = self._wire
        try:
            if wire is None or wire.closed:
                self._wire = None  # while connecting there is no answer that could have begun
                # `wait_for` loses a cancel that comes as it ends.
                async with asyncio.timeout(min(timeout_seconds, CONNECT_SECONDS)):
                    wire = self._wire = await self._connect()
            return await wire.exchange(head + b"\r\n\r\n" + (body or b""), timeout_seconds)
        except (OSError, TimeoutError) as error:
            kind = HungUp if wire is not None and wire.hung_up else Unanswered
            raise kind(f"{self._endpoint}: {error or type(error).__name__}") from error
        except asyncio.CancelledError:
            self.close()
            raise

    async def _connect(self) -> _Wire:
        loop, at = asyncio.get_running_loop(), self._endpoint
        if at.socket_path is not None:
            _, wire = await loop.create_unix_connection(_Wire, at.socket_path)
        else:
            _, wire = await loop.create_connection(_Wire, at.host, at.port, ssl=at.tls)
        return wire


class _Wire(asyncio.Protocol):
    def __init__(self) -> None:
        self._buffer = bytearray()
        self._answer: asyncio.Future[Response] | None = None
        self._transport: asyncio.Transport | None = None
        self._lost = False
        self.begun = False
        self.hung_up = False

    @property
    def closed(self) -> bool:
        """Known from the transport before `connection_lost` says so: uvloop's raises RuntimeError on a write then."""
        return self._lost or self._transport is None or self._transport.is_closing()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is one by its methods, not by its class

    async def exchange(self, request: bytes, timeout_seconds: float) -> Response:
        if self._transport is None or self.closed:
            raise OSError("the connection was lost")
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[Response] = loop.create_future()
        self._answer = answer
        self.begun = False
        timer = loop.call_later(timeout_seconds, self._too_late)
        try:
            self._transport.write(request)
            return await answer
        finally:
            timer.cancel()
            self._answer = None

    def hang_up(self) -> None:
        self.begun = self.hung_up = True  # no second try
        if self._answer is None or self._transport is None or self.closed or not self._transport.can_write_eof():
            return self._fail("hung up")
        self._transport.write_eof()
        asyncio.get_running_loop().call_later(HANG_UP_SECONDS, self._fail, "hung up")
        return None

    def abort(self) -> None:
        self._lost = True
        if self._transport is not None:
            self._transport.abort()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if self._answer is None or self._answer.done():
            return self.abort()  # words that nobody asked for
        self.begun = True
        try:
            response, keep = _parse(self._buffer, ended=False)
        except ValueError as error:
            return self._fail(str(error))
        if response is not None:
            self._answer.set_result(response)
            if not keep or self.hung_up:
                self.abort()
        return None

    def eof_received(self) -> None:
        if self._answer is not None and not self._answer.done():
            try:
                response, _ = _parse(self._buffer, ended=True)
            except ValueError:
                response = None
            if response is not None:
                self._answer.set_result(response)

    def connection_lost(self, error: Exception | None) -> None:
        self._lost = True
        self._fail(f"the connection was lost{f': {error}' if error else ''}")

    def _too_late(self) -> None:
        self.begun = True  # no second try
        self._fail("no answer in time")

    def _fail(self, reason: str) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(OSError(reason))
        self.abort()


def _parse(buffer: bytearray, ended: bool) -> tuple[Response | None, bool]:
    """Takes one whole response off the buffer, None while it is not whole; and whether the connection may be kept."""
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > MAX_HEADER_BYTES:
            raise ValueError("too long a header")
        return None, True
    lines = bytes(buffer[:end]).split(b"\r\n")
    version, _, rest = lines[0].partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise ValueError("not an HTTP/1 answer")
    status = int(rest[:3])
    headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(b":") for line in lines[1:])}
    if 100 <= status < 200:
        del buffer[: end + 4]
        return _parse(buffer, ended)
    keep = headers.get(b"connection", b"").lower() != b"close" and version != b"HTTP/1.0"
    start = end + 4
    if status in (204, 304):
        body, stop = b"", start
    elif headers.get(b"transfer-encoding", b"").lower() == b"chunked":
        chunks = _chunks(buffer, start)
        if chunks is None:
            return None, True
        body, stop = chunks
    elif b"content-length" in headers:
        stop = start + int(headers[b"content-length"])
        if len(buffer) < stop:
            return None, True
        body = bytes(buffer[start:stop])
    elif ended:
        body, stop, keep = bytes(buffer[start:]), len(buffer), False
    else:
        return None, True
    del buffer[:stop]
    retry_after = headers.get(b"retry-after")
    return Response(status, body, retry_after.decode("latin-1") if retry_after else None), keep


def _chunks(buffer: bytearray, place: int) -> tuple[bytes, int] | None:
    """The chunked body from `place` and where it ends, None while it is not whole."""
    parts: list[bytes] = []
    while True:
        end = buffer.find(b"\r\n", place)
        if end < 0:
            return None
        size = int(bytes(buffer[place:end]).split(b";")[0], 16)
        place = end + 2
        if size == 0:
            trailers = buffer.find(b"\r\n", place)
            while trailers > place:  # a trailer's line; the empty one ends the body
                place = trailers + 2
                trailers = buffer.find(b"\r\n", place)
            return None if trailers < 0 else (b"".join(parts), trailers + 2)
        if len(buffer) < place + size + 2:
            return None
        parts.append(bytes(buffer[place : place + size]))
        place += size + 2
