"""Time, as it is handed in."""

from __future__ import annotations

from typing import Protocol


class Clock(Protocol):
    def now(self) -> int:
        """Microseconds since the epoch; never follows a step of the wall clock while the process lives."""
        ...


class Timer(Protocol):
    """Wakes one waiting loop at the earliest instant that it was set to, or at once."""

    def set(self, at: int) -> None:
        """Ring at `at` (microseconds since the epoch) unless an earlier time is set."""
        ...

    def ring(self) -> None:
        """Now."""
        ...

    async def wait(self) -> None: ...
    def clear(self) -> None: ...
