"""Readers of event streams, many in one process, that only count: `python -m benchmarks.readers`.

Reads an order (JSON line) from standard input, says `ready` when every stream has begun, and when standard input ends
or all have seen `expect` events, what was delivered and when the last came (JSON).
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast
from urllib.parse import urlsplit

import uvloop

from tests.support.server import REPO, allow_open_files

MARK = b"\ndata: "


@dataclass
class Order:
    """One stream for each of `paths`. `expect` events each and no more; 0: until told to stop."""

    url: str
    paths: list[str]
    expect: int = 0


@dataclass
class Delivered:
    events: int
    least: int
    last_at: float
    """Monotonic seconds, the same clock in all processes of the machine."""


class Stream(asyncio.Protocol):
    """Counts events by their `data` line: each has one."""

    def __init__(self, request: bytes, begun: Callable[[], None], full: Callable[[], None], expect: int) -> None:
        self.events = 0
        self.last_at = 0.0
        self._request = request
        self._begun = begun
        self._full = full
        self._expect = expect
        self._tail = b""
        self._head = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)  # uvloop's is none by its class
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        data = self._tail + data
        if self._head:
            end = data.find(b"\r\n\r\n")
            if end < 0:
                self._tail = data
                return
            if b" 200 " not in data[:20]:
                raise RuntimeError(f"no stream: {data[:200]!r}")
            self._head = False
            self._begun()
            data = data[end + 4 :]
        self.events += data.count(MARK)
        self._tail = data[-len(MARK) + 1 :]
        self.last_at = time.monotonic()
        if self._expect and self.events >= self._expect:
            self._expect = 0
            self._full()


def _same(stream: Stream) -> Stream:
    return stream


async def read(order: Order) -> Delivered:
    loop = asyncio.get_running_loop()
    parts = urlsplit(order.url)
    begun, full = asyncio.Semaphore(0), asyncio.Semaphore(0)
    streams: list[Stream] = []
    for path in order.paths:
        request = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode()
        stream = Stream(request, begun.release, full.release, order.expect)
        streams.append(stream)
        await loop.create_connection(partial(_same, stream), parts.hostname or "", parts.port or 0)
    for _ in streams:
        await begun.acquire()
    print("ready", flush=True)
    stopped = asyncio.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(stopped.set)), daemon=True).start()
    stopping = asyncio.create_task(stopped.wait())
    filling = asyncio.create_task(_all(full, len(streams) if order.expect else len(streams) + 1))
    await asyncio.wait({stopping, filling}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    filling.cancel()
    counts = [stream.events for stream in streams]
    for stream in streams:
        stream.transport.abort()
    return Delivered(sum(counts), min(counts), max(stream.last_at for stream in streams))


async def _all(semaphore: asyncio.Semaphore, number: int) -> None:
    for _ in range(number):
        await semaphore.acquire()


class Reading:
    """Readers under way in their own process; made when all of them have begun."""

    def __init__(self, order: Order) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.readers"],
            cwd=REPO,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asdict(order)).encode() + b"\n")
        self._process.stdin.flush()
        if self._process.stdout.readline() != b"ready\n":
            raise RuntimeError("the readers failed")

    def finish(self, *, stop: bool) -> Delivered:
        """What was delivered: at once where `stop`, else when all have seen what they expect."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        if stop:
            self._process.stdin.close()
        said: dict[str, Any] = json.loads(self._process.stdout.readline())
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait()
        return Delivered(**said)


def main() -> None:
    allow_open_files()
    order = Order(**json.loads(sys.stdin.readline()))
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        print(json.dumps(asdict(runner.run(read(order)))), flush=True)


if __name__ == "__main__":
    main()
