"""How many runs a worker may hold that it cannot begin at once: what it ends in a moment, by the pace of late."""

from __future__ import annotations

import time
from collections import deque

AHEAD_SECONDS = 0.02
CLAIMS = 4
"""So many claims long is the look back, where that is longer: with less, what a claim brings could never make up for
the time that it takes, and on a busy machine a worker would stay as slow as it once became."""
WAIT_SECONDS = 0.25
"""What cannot begin for so long, as what runs takes longer than of late, is given back."""
MOST_AHEAD = 200
"""A worker that is killed loses no more than these beside what it runs."""


class Pace:
    """Counts the runs that have ended within the last `AHEAD_SECONDS`, or `CLAIMS` claims."""

    def __init__(self) -> None:
        self._ends: deque[tuple[float, int]] = deque()
        self._number = 0
        self._back_seconds = AHEAD_SECONDS

    def claim_took(self, seconds: float) -> None:
        """One under a backlog: it did not wait for runs."""
        self._back_seconds = min(max(AHEAD_SECONDS, CLAIMS * seconds), WAIT_SECONDS)

    def note(self, number: int) -> None:
        now = time.monotonic()
        self._ends.append((now, number))
        self._number += number
        self._forget(now)

    def ahead(self) -> int:
        self._forget(time.monotonic())
        return min(self._number, MOST_AHEAD)

    def _forget(self, now: float) -> None:
        while self._ends and now - self._ends[0][0] > self._back_seconds:
            self._number -= self._ends.popleft()[1]
