"""How long a wait goes on that is longer than one request."""

from __future__ import annotations

import time

WAIT_SECONDS = 20.0
"""How long one request waits for a run; more of them follow."""
OUTAGE_SECONDS = 60.0
"""A wait without a timeout of its own gives up when the server has been away for so long."""
LISTENERS_SECONDS = 30.0
"""How long the end of a wait is put off at most for the run's listeners."""


class Deadline:
    """Of a wait that may go over many requests; `None` seconds: none."""

    def __init__(self, seconds: float | None, what: str) -> None:
        self._until = None if seconds is None else time.monotonic() + seconds
        self._seconds = seconds
        self._what = what

    def left(self, most: float) -> float:
        """Seconds left, at most `most`. Raises TimeoutError when none are."""
        if self._until is None:
            return most
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError(f"{self._what} has not ended within {self._seconds:g} s")
        return min(left, most)

    def rest(self, most: float) -> float:
        """As `left`, but 0 when none are."""
        return most if self._until is None else min(max(0.0, self._until - time.monotonic()), most)


class Outage:
    """How long a server has been away, seen by a wait that may outlast it."""

    def __init__(self) -> None:
        self._since: float | None = None

    def goes_on(self, timeout: float | None) -> bool:
        """It is away now: whether the wait, which ends by itself after `timeout`, shall go on."""
        now = time.monotonic()
        self._since = now if self._since is None else self._since
        return timeout is not None or now - self._since < OUTAGE_SECONDS

    def is_over(self) -> None:
        self._since = None
