"""A web app that handles runs, in the test's own process: it keeps what it was sent, and answers as it is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple


class Call(NamedTuple):
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def run_id(self) -> str:
        found: str = self.json["run"]["id"]
        return found


class Said(NamedTuple):
    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = {}

    @classmethod
    def json(cls, value: Any, status: int = 200, **headers: str) -> Said:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        return cls(status, json.dumps(value).encode(), {"content-type": "application/json"} | given)


Answer = Callable[[Call], Awaitable[Said]]


class Receiver:
    """`async with`: it listens on a port of its own. `answer` may be changed at any time."""

    def __init__(self, answer: Answer | Said = Said()) -> None:
        self.answer = answer
        self.calls: list[Call] = []
        self.at_once = 0
        self.most_at_once = 0
        self.hung_up: list[Call] = []
        """Those whose connection the other side closed before an answer."""
        self._news = asyncio.Event()
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self.port = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/jobs"

    async def __aenter__(self) -> Receiver:
        await self.listen()
        return self

    async def listen(self) -> None:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            self._server = None

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Looked at whenever something has happened here."""
        while not condition():
            self._news.clear()
            await self._news.wait()

    async def called(self, number: int = 1) -> Call:
        """The last of so many calls, as soon as there are as many."""
        await self.until(lambda: len(self.calls) >= number)
        return self.calls[number - 1]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        try:
            while True:
                call = await self._read(reader)
                if call is None:
                    return
                self.calls.append(call)
                self.at_once += 1
                self.most_at_once = max(self.most_at_once, self.at_once)
                self._news.set()
                try:
                    said = await self._say(call, reader)
                finally:
                    self.at_once -= 1
                    self._news.set()
                if said is None:
                    self.hung_up.append(call)
                    self._news.set()
                    return
                writer.write(_bytes(said))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            self._tasks.discard(task)
            writer.close()

    async def _say(self, call: Call, reader: asyncio.StreamReader) -> Said | None:
        if isinstance(self.answer, Said):
            return self.answer
        answering = asyncio.ensure_future(self.answer(call))
        ended = asyncio.ensure_future(reader.read(1))
        try:
            await asyncio.wait({answering, ended}, return_when=asyncio.FIRST_COMPLETED)
            return answering.result() if answering.done() else None
        finally:
            for task in (answering, ended):
                task.cancel()
            await asyncio.gather(answering, ended, return_exceptions=True)

    @staticmethod
    async def _read(reader: asyncio.StreamReader) -> Call | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        except asyncio.IncompleteReadError:
            return None
        first, *lines = head.strip().split("\r\n")
        headers = {}
        for line in lines:
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        return Call(first.split(" ")[1], headers, body)


def _bytes(said: Said) -> bytes:
    lines = [f"HTTP/1.1 {said.status} Answer", f"content-length: {len(said.body)}"]
    lines += [f"{name}: {value}" for name, value in said.headers.items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + said.body
