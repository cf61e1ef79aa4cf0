"""Load from a process of its own: many connections, each with one request under way, and what came back.

`python -m benchmarks.load` reads an order (JSON) from standard input and writes the findings (JSON) to standard output.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import uvloop

from benchmarks.table import quantile
from tests.support.server import REPO
from tests.support.wire import Answer, Wire, connect, encode_request


@dataclass
class Order:
    """`requests` are [method, path, body] and sent in turn, until `total` are answered or `seconds` are over; all
    of them with each of `headers` (beside the usual ones) in turn.

    With `every_seconds` each connection begins a request no earlier than that after the one before.
    """

    url: str
    requests: list[tuple[str, str, Any]]
    connections: int = 64
    total: int = 0
    seconds: float = 0.0
    every_seconds: float = 0.0
    headers: list[dict[str, str]] = field(default_factory=lambda: [{}])


@dataclass
class Findings:
    seconds: float
    statuses: dict[str, int]
    lost: int
    milliseconds: list[float] = field(default_factory=list)
    began_at: float = 0.0
    """Of the monotonic clock, which all processes share."""

    @property
    def answered(self) -> int:
        return sum(self.statuses.values())

    @property
    def rate(self) -> float:
        return self.answered / self.seconds

    def expect(self, *statuses: int) -> Findings:
        strange = {status: n for status, n in self.statuses.items() if int(status) not in statuses}
        if strange or self.lost:
            raise RuntimeError(f"unexpected answers {strange}, {self.lost} lost")
        return self

    def quantile(self, share: float) -> float:
        return quantile(self.milliseconds, share)


class Connection:
    def __init__(self, load: Load, wire: Wire) -> None:
        self.load = load
        self.wire = wire
        self.sent = 0.0

    def begin(self) -> None:
        request = self.load.next()
        if request is None:
            self.load.leave()
            return
        self.sent = time.monotonic()
        self.wire.send(request, self.answered)

    def answered(self, answer: Answer | None) -> None:
        now = time.monotonic()
        if answer is None:
            self.load.lost += 1
            self.load.leave()
            return
        self.load.statuses[answer.status] += 1
        self.load.times.append(now - self.sent)
        pause = self.load.order.every_seconds
        if pause:
            self.load.loop.call_later(max(0.0, pause - (now - self.sent)), self.begin)
        else:
            self.begin()


class Load:
    def __init__(self, order: Order) -> None:
        self.order = order
        self.loop = asyncio.get_running_loop()
        self.statuses: Counter[int] = Counter()
        self.times: list[float] = []
        self.lost = 0
        self._requests = [encode_request(*request, headers) for headers in order.headers for request in order.requests]
        self._begun = 0
        self._open = order.connections
        self._done = asyncio.Event()
        self._end = float("inf")

    def next(self) -> bytes | None:
        if (self.order.total and self._begun >= self.order.total) or time.monotonic() > self._end:
            return None
        request = self._requests[self._begun % len(self._requests)]
        self._begun += 1
        return request

    def leave(self) -> None:
        self._open -= 1
        if not self._open:
            self._done.set()

    async def run(self) -> Findings:
        wires = [await connect(self.order.url) for _ in range(self.order.connections)]
        began = time.monotonic()
        if self.order.seconds:
            self._end = began + self.order.seconds
        for wire in wires:
            Connection(self, wire).begin()
        await self._done.wait()
        seconds = time.monotonic() - began
        for wire in wires:
            if wire.transport is not None:
                wire.transport.close()
        milliseconds = [round(t * 1000, 4) for t in self.times]
        return Findings(seconds, {str(s): n for s, n in self.statuses.items()}, self.lost, milliseconds, began)


class Loading:
    """A load under way in its own process."""

    def __init__(self, order: Order) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.load"], cwd=REPO, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(asdict(order)).encode())
        self._process.stdin.close()

    def findings(self) -> Findings:
        assert self._process.stdout is not None
        with self._process:
            try:
                said = self._process.stdout.read()
            except BaseException:
                self._process.kill()
                raise
        if self._process.returncode != 0:
            raise RuntimeError("the load generator failed")
        return Findings(**json.loads(said))


def hammer(url: str, requests: Sequence[tuple[str, str, Any]], **options: Any) -> Findings:
    """Sends them and waits for the end."""
    return Loading(Order(url, list(requests), **options)).findings()


def main() -> None:
    order = Order(**json.load(sys.stdin))

    async def run() -> Findings:
        return await Load(order).run()

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        json.dump(asdict(runner.run(run())), sys.stdout)


if __name__ == "__main__":
    main()
