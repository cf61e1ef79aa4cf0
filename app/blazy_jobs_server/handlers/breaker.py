"""Whether an origin is tried: not while it refuses connections, but for a probe now and then."""

from __future__ import annotations

from collections.abc import Callable

FIRST_SECONDS = 1.0
MOST_SECONDS = 60.0


class Breaker:
    """`clock` is in seconds and never goes back. A connection that fails opens it for a second, and each probe that
    fails for twice as long as before, up to a minute; whatever was answered closes it."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._seconds = 0.0
        self._until = 0.0
        self._probing = False

    @property
    def is_closed(self) -> bool:
        return self._seconds == 0.0

    @property
    def wait_seconds(self) -> float | None:
        """Until the next probe; 0 where one may be sent now, None while one is under way. Of a closed one 0."""
        if self.is_closed:
            return 0.0
        return None if self._probing else max(0.0, self._until - self._clock())

    def probe(self) -> None:
        """One request is sent to see."""
        self._probing = True

    def connected(self) -> None:
        self._seconds, self._probing = 0.0, False

    def not_connected(self, *, probe: bool) -> None:
        """Those that were under way when it opened change nothing."""
        if self.is_closed or (probe and self._probing):
            self._seconds = min(max(FIRST_SECONDS, self._seconds * 2), MOST_SECONDS)
            self._until = self._clock() + self._seconds
            self._probing = False

    def give_up_probe(self) -> None:
        """It ended without having shown anything."""
        self._probing = False
