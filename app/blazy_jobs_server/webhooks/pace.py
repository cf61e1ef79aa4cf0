"""How fast messages are sent while runs want the processor too: they yield, but for no longer than a minute."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Callable

LOOK_SECONDS = 0.05
BUSY_SHARE = 0.4
"""Of a core that this process used between two looks, messages and all. Under a full load of dispatches it is seldom
more than half a core: the rest is waits for the disk, and whoever else is on the machine."""
BUSY_COMMITS = 1.0
"""Of runs, between two looks. Each may be of many requests."""
COMMITS_WEIGHT = 0.3
"""Of the newest look in the mean."""
LEAST_RATE = 50.0
"""Messages a second, however busy it is."""
FEWER, MORE = 0.5, 1.25
"""What a busy look, and any other, makes of the rate."""
WAIT_SECONDS = 0.04
"""At least, for the next messages that may begin: some together cost less than each in its own turn of the
loop. Less than LOOK_SECONDS: who does not ask between two looks has nothing to send."""
MAX_LAG_SECONDS = 60.0
NOTE_SECONDS = 0.25
"""Between two notes of how far a webhook is while messages yield: each may be a commit of its own, for which dispatches
wait as they do for one of theirs. After a crash the messages since the last note are sent again."""


class Pace:
    """Of all webhooks of this server. Looks at the process only while there is something to send.

    The rate is halved at each look that finds the process busy while runs are committed, and grows otherwise (additive
    increase would be slow from one message a second to thousands); without commits of runs it is not bounded.
    """

    def __init__(self, busy_share: float = BUSY_SHARE, used_seconds: Callable[[], float] = time.process_time) -> None:
        self._busy_share = busy_share
        self._used_seconds = used_seconds
        self.rate = math.inf
        """Messages a second."""
        self._allowed = 1.0
        self._allowed_at = 0.0
        self._begun = 0
        self._commits = 0
        self._mean_commits = 0.0
        self._asked = False
        self._used = self._looked_at = 0.0
        self._looking: asyncio.TimerHandle | None = None
        self._waking: asyncio.TimerHandle | None = None
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
            self._used, self._looked_at, self._commits, self._begun = self._used_seconds(), loop.time(), 0, 0
            self._looking = loop.call_later(LOOK_SECONDS, self._look)
        if self.rate < math.inf and lag_seconds < MAX_LAG_SECONDS and not self._take(loop.time()):
            if self._waking is None:
                wait_seconds = max(WAIT_SECONDS, (1 - self._allowed) / self.rate)
                self._waking = loop.call_later(wait_seconds, self._wake)
            return False
        self._begun += 1
        return True

    def pause_seconds(self, lag_seconds: float) -> float:
        """How long to wait before it is noted how far a webhook is that is so far behind."""
        return NOTE_SECONDS if self.rate < math.inf and lag_seconds < MAX_LAG_SECONDS else 0.0

    def stop(self) -> None:
        for timer in (self._looking, self._waking):
            if timer is not None:
                timer.cancel()
        self._looking = self._waking = None

    def _take(self, now: float) -> bool:
        """One of those that the rate allows, of which no more are saved up than begin between two timers."""
        most = max(1.0, self.rate * WAIT_SECONDS)
        self._allowed = min(most, self._allowed + (now - self._allowed_at) * self.rate)
        self._allowed_at = now
        if self._allowed < 1:
            return False
        self._allowed -= 1
        return True

    def _wake(self) -> None:
        self._waking = None
        self.on_turn()

    def _look(self) -> None:
        loop = asyncio.get_running_loop()
        now, used = loop.time(), self._used_seconds()
        seconds = now - self._looked_at
        is_busy = used - self._used > self._busy_share * seconds
        self._mean_commits += COMMITS_WEIGHT * (self._commits - self._mean_commits)
        if not self._asked or self._mean_commits < BUSY_COMMITS:
            self.rate = math.inf
        elif is_busy:
            was = min(self.rate, self._begun / seconds)
            self.rate = max(LEAST_RATE, was * FEWER)
        else:
            self.rate *= MORE
        self._used, self._looked_at, self._commits, self._begun = used, now, 0, 0
        self._looking = loop.call_later(LOOK_SECONDS, self._look) if self._asked else None
        self._asked = False
