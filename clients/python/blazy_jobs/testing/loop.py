"""An event loop that goes by a test's clock."""

from __future__ import annotations

import asyncio
import selectors
import threading
import time
from collections.abc import Callable
from concurrent.futures import Executor
from typing import Any, TypeVar, TypeVarTuple, Unpack

from blazy_jobs.testing.clock import Clock
from blazy_jobs.testing.offspring import offspring

T = TypeVar("T")
Ts = TypeVarTuple("Ts")
Ready = list[tuple[selectors.SelectorKey, int]]


class ClockLoop(asyncio.SelectorEventLoop):
    """Its time is the clock's, which it moves to the next timer when nothing but time is waited for."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self._started: set[threading.Thread] = set()
        self._pool: set[threading.Thread] = set()
        self._in_threads = 0
        self._away = 0
        super().__init__(_Selector(self))

    def run_forever(self) -> None:
        with offspring() as self._started:
            super().run_forever()

    def time(self) -> float:
        return self.clock.seconds

    def moved(self) -> None:
        """The clock was moved by another: timers may be due."""
        if not self.is_closed():
            self.call_soon_threadsafe(_nothing)

    def stand_still_for(self, work: asyncio.Future[Any]) -> None:
        """Until it is done the clock is its own to move."""
        self._away += 1
        work.add_done_callback(self._back)

    def _back(self, _: asyncio.Future[Any]) -> None:
        self._away -= 1

    @property
    def stands_still(self) -> bool:
        return self._away > 0

    def waits_for_threads(self) -> bool:
        """Threads that were there before, or are started by them, are others'."""
        here = threading.current_thread()
        return self._in_threads > 0 or any(
            thread.is_alive() for thread in self._started.copy() if thread is not here and thread not in self._pool
        )

    def run_in_executor(
        self, executor: Executor | None, func: Callable[[Unpack[Ts]], T], *args: *Ts
    ) -> asyncio.Future[T]:
        before = self._started.copy()
        work = super().run_in_executor(executor, func, *args)
        self._pool |= self._started - before  # they wait for work when this is done: no sign of anything under way
        self._in_threads += 1
        work.add_done_callback(self._out_of_thread)
        return work

    def _out_of_thread(self, _: asyncio.Future[Any]) -> None:
        self._in_threads -= 1


class _Selector(selectors.DefaultSelector):
    def __init__(self, loop: ClockLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Ready:
        """`timeout` None: no timer is set."""
        # Looked at first: what a thread that has ended by now has said is ready below.
        more_than_time = self._loop.waits_for_threads() or len(self.get_map()) > 1  # the loop wakes itself by the one
        ready = super().select(0)
        if ready or (timeout is not None and timeout <= 0):
            return ready
        if timeout is None or self._loop.stands_still:
            return super().select(None)
        if not more_than_time:
            self._loop.clock.advance(timeout)
            return []
        begun_at = time.monotonic()
        ready = super().select(timeout)
        self._loop.clock.advance(min(time.monotonic() - begun_at, timeout))
        return ready


def _nothing() -> None:
    pass
