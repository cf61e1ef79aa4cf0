"""Time that stands still until a test moves it: for the service, and for the event loop's timers with it."""

from __future__ import annotations

import asyncio

SECOND = 1_000_000
START = 1_767_225_600 * SECOND  # 2026-01-01T00:00:00Z


class HandClock:
    """Implements `ports.Clock`. `start`: microseconds since the epoch."""

    def __init__(self, start: int = START) -> None:
        self._start = start
        self._now = start
        self._base = 0.0

    def now(self) -> int:
        return self._now

    def move(self, seconds: float) -> None:
        self._now += round(seconds * SECOND)

    def drive(self, loop: asyncio.AbstractEventLoop) -> None:
        """From now on the loop's timers go by this clock: nothing is late, and nothing happens by itself."""
        self._base = loop.time()
        self._start = self._now
        loop.time = self._loop_time  # type: ignore[method-assign]

    def let_go(self, loop: asyncio.AbstractEventLoop) -> None:
        del loop.time  # type: ignore[method-assign]

    def _loop_time(self) -> float:
        return self._base + (self._now - self._start) / SECOND
