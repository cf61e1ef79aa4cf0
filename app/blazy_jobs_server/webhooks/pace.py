"""How fast messages are sent where runs want the event loop too: they yield, but for no longer than a minute."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable

LOOK_SECONDS = 0.02
BUSY_TURN_SECONDS = 0.0004
"""A turn of an event loop that has time left is shorter."""
WEIGHT = 0.3
"""Of the newest turn in the mean."""
COMMITS_WEIGHT = 0.15
BUSY_COMMITS = 0.5
"""Of runs, between two looks. Each may be of many requests."""
YIELDING_SECONDS = 0.01
"""Between two messages meanwhile."""
MAX_LAG_SECONDS = 60.0


class Pace:
    """Of all webhooks of this server. Looks at the event loop only while there is something to send."""

    def __init__(self, busy_turn_seconds: float = BUSY_TURN_SECONDS) -> None:
        self._busy_turn_seconds = busy_turn_seconds
        self.is_yielding = False
        self._turn_seconds = 0.0
        self._commits = 0
        self._mean_commits = 0.0
        self._asked = False
        self._looking: asyncio.TimerHandle | None = None
        self._waking: asyncio.TimerHandle | None = None
        self._next_at = 0.0
        self.on_turn: Callable[[], None] = lambda: None
        """Something may be sent again."""

    def note_commit(self) -> None:
        """Runs have changed."""
        self._commits += 1

    def may_send(self, lag_seconds: float) -> bool:
        """Whether one more message may begin now, of a webhook that is so far behind; else `on_turn` is called when."""
        self._asked = True
        loop = asyncio.get_running_loop()
        if self._looking is None:
            self._looking = loop.call_later(LOOK_SECONDS, self._look)
        if not self.is_yielding or lag_seconds >= MAX_LAG_SECONDS:
            return True
        now = loop.time()
        if now >= self._next_at:
            self._next_at = now + YIELDING_SECONDS
            return True
        if self._waking is None:
            self._waking = loop.call_at(self._next_at, self._wake)
        return False

    def stop(self) -> None:
        for timer in (self._looking, self._waking):
            if timer is not None:
                timer.cancel()
        self._looking = self._waking = None

    def _wake(self) -> None:
        self._waking = None
        self.on_turn()

    def _look(self) -> None:
        self._looking = None
        asyncio.get_running_loop().call_soon(self._begin)

    def _begin(self) -> None:
        """Called by a timer, it would be called again before the turn is over (libuv calls timers first)."""
        asyncio.get_running_loop().call_soon(self._measure, time.monotonic())

    def _measure(self, began: float) -> None:
        """One turn later."""
        self._turn_seconds += WEIGHT * (time.monotonic() - began - self._turn_seconds)
        self._mean_commits += COMMITS_WEIGHT * (self._commits - self._mean_commits)
        self.is_yielding = self._turn_seconds > self._busy_turn_seconds and self._mean_commits > BUSY_COMMITS
        self._commits = 0
        if self._asked and self._looking is None:
            self._looking = asyncio.get_running_loop().call_later(LOOK_SECONDS, self._look)
        elif not self._asked:
            self.is_yielding = False
        self._asked = False
