"""What httpx cannot do in process: bodies in pieces, streams read as they come, clients that leave."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import orjson
from starlette.types import ASGIApp

HOST = "127.0.0.1"


def scope_of(method: str, url: str, headers: Mapping[str, str]) -> dict[str, Any]:
    parts = urlsplit(url)
    given = {"host": HOST} | {name.lower(): value for name, value in headers.items()}
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": [(name.encode(), value.encode()) for name, value in given.items()],
        "client": (HOST, 1),
        "server": (HOST, 80),
    }


@dataclass
class Answered:
    status: int
    headers: dict[str, str]
    body: bytes
    pieces_taken: int

    def json(self) -> Any:
        return orjson.loads(self.body)


async def send_pieces(
    app: ASGIApp, method: str, url: str, headers: Mapping[str, str], pieces: Iterable[bytes]
) -> Answered:
    """A request whose body arrives piece by piece; says how many the server took before it answered."""
    messages: list[Any] = []
    coming = iter(pieces)
    taken = 0

    async def receive() -> Any:
        nonlocal taken
        piece = next(coming, None)
        if piece is None:
            return {"type": "http.request", "body": b"", "more_body": False}
        taken += 1
        return {"type": "http.request", "body": piece, "more_body": True}

    async def send(message: Any) -> None:
        messages.append(message)

    await app(scope_of(method, url, headers), receive, send)
    start, *rest = messages
    given = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return Answered(start["status"], given, b"".join(m.get("body", b"") for m in rest), taken)


@dataclass
class Block:
    """One block of an event stream, as it came."""

    raw: str
    fields: dict[str, str] = field(default_factory=dict)

    @property
    def id(self) -> str | None:
        return self.fields.get("id")

    @property
    def event(self) -> str | None:
        return self.fields.get("event")

    @property
    def is_comment(self) -> bool:
        return self.raw.startswith(":")

    @property
    def data(self) -> Any:
        return orjson.loads(self.fields["data"])


def _block(raw: str) -> Block:
    fields = {}
    for line in raw.split("\n"):
        name, colon, value = line.partition(":")
        if colon and name:
            assert name not in fields, f"the field {name} is there twice in {raw!r}"
            fields[name] = value.removeprefix(" ")
    return Block(raw, fields)


class Stream:
    """A client that follows an event stream. `async with` opens it, and leaves as a client does that goes away."""

    def __init__(self, app: ASGIApp, url: str, headers: Mapping[str, str] | None = None) -> None:
        self._app = app
        self._scope = scope_of("GET", url, {"accept": "text/event-stream"} | dict(headers or {}))
        self._started: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._chunks: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._gone = asyncio.Event()
        self._asked = False
        self._rest = ""
        self._ended = False
        self._flowing = asyncio.Event()
        self._flowing.set()
        self.status = 0
        self.headers: dict[str, str] = {}
        self.raw = b""
        self.body = b""

    async def __aenter__(self) -> Stream:
        self._task = asyncio.create_task(self._run(), name="stream")
        await self._started
        return self

    async def __aexit__(self, *_: object) -> None:
        self._gone.set()
        self._flowing.set()
        await self._task

    def hold(self) -> None:
        """Takes nothing more until `flow`."""
        self._flowing.clear()

    def flow(self) -> None:
        self._flowing.set()

    async def _run(self) -> None:
        try:
            await self._app(self._scope, self._receive, self._send)
        finally:
            self._chunks.put_nowait(None)
            if not self._started.done():
                self._started.set_result(None)

    async def _receive(self) -> Any:
        if not self._asked:
            self._asked = True
            return {"type": "http.request", "body": b"", "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            self.headers = {name.decode().lower(): value.decode() for name, value in message["headers"]}
            self._started.set_result(None)
            return
        await self._flowing.wait()
        body = message.get("body", b"")
        self.raw += body
        if body:
            self._chunks.put_nowait(body)

    async def block(self) -> Block | None:
        """The next block; None at the stream's end."""
        while "\n\n" not in self._rest:
            chunk = await self._chunks.get()
            if chunk is None:
                assert not self._rest, f"the stream ended within a block: {self._rest!r}"
                return None
            self._rest += chunk.decode()
        raw, _, self._rest = self._rest.partition("\n\n")
        return _block(raw)

    async def event(self) -> Block:
        """The next block that dispatches an event."""
        while True:
            block = await self.block()
            assert block is not None, "the stream ended before the next event"
            if "data" in block.fields:
                return block

    async def events(self, n: int) -> list[Block]:
        return [await self.event() for _ in range(n)]

    async def rest(self) -> list[Block]:
        """All events up to the stream's end."""
        found = []
        while (block := await self.block()) is not None:
            if "data" in block.fields:
                found.append(block)
        return found
