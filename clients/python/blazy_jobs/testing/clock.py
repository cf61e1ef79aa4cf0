"""Time that a test moves."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from blazy_jobs.errors import seconds_of


class Clock:
    """Time that stands still until it is moved: by `move`, and in an async handler to whatever it waits for.

    `run_job(..., clock=clock)` measures the run by it: its timeout, `cancel_after`, `ctx.deadline` and the delays
    between attempts. In an async handler or middleware it is the event loop's time too: `asyncio.sleep(30)`,
    `asyncio.timeout(30)` and the like end at once, in their order, and move the clock by what they took. It jumps only
    where nothing but time is waited for. While a thread that the handler has started, or a socket or subprocess, is
    waited for, the clock goes on with real time, so that no limit of time is over before the answer could come.
    What a thread answers that was there before the handler, it does not wait for.

    In a `def` handler the clock stands still but for `move`. `time.sleep`, `time.time` and `datetime.now` are Python's
    own and know nothing of it; where a handler sleeps, have `move` in the place of `time.sleep`.

    `start` is what time it shows at first, an aware datetime (left out: the present time).
    """

    def __init__(self, start: datetime | None = None) -> None:
        if start is not None and start.tzinfo is None:
            raise ValueError("a clock's start needs a time zone")
        self._start = datetime.now(UTC) if start is None else start.astimezone(UTC)
        self._seconds = 0.0
        self._lock = threading.Lock()
        self._watchers: list[Callable[[], None]] = []

    @property
    def seconds(self) -> float:
        """How far it has been moved since it was made."""
        return self._seconds

    @property
    def now(self) -> datetime:
        """The time that it shows, in UTC."""
        return self._start + timedelta(seconds=self._seconds)

    def move(self, seconds: float | timedelta) -> None:
        """Moves it forward, from a handler, a test, or any thread. Raises ValueError unless `seconds` is 0 or more.

        Called in a `def` handler whose timeout or cancel is due by then, it raises `Stopped` there, as a worker does.
        """
        self.advance(seconds_of(seconds, "move"))
        for watcher in list(self._watchers):
            watcher()

    def advance(self, seconds: float) -> None:
        """As `move`, without a word to those who watch the clock."""
        with self._lock:
            self._seconds += seconds

    @contextmanager
    def watched(self, watcher: Callable[[], None]) -> Iterator[None]:
        """`watcher` is called after each move, in the thread that moves."""
        self._watchers.append(watcher)
        try:
            yield
        finally:
            self._watchers.remove(watcher)

    def __repr__(self) -> str:
        return f"Clock({self.now.isoformat()}, moved by {math.floor(self._seconds * 1000) / 1000:g} s)"
