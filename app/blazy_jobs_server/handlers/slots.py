"""How many requests may be under way: so many in all, and so many to one origin."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable


class Slots:
    """Every origin that has none keeps one free from those that have some, up to half of all: one whose requests hang
    holds up no other."""

    def __init__(self, total: int, per_origin: int) -> None:
        self._total = total
        self._per_origin = per_origin
        self._taken: Counter[str] = Counter()
        self._origins = 0
        self._waiting: list[Callable[[], None]] = []

    def know(self, origins: int) -> None:
        """So many there are."""
        self._origins = origins
        self._wake()

    def wait(self, wake: Callable[[], None]) -> None:
        """Calls `wake` once, when there may be more room than now."""
        self._waiting.append(wake)

    def _wake(self) -> None:
        waiting, self._waiting = self._waiting, []
        for wake in waiting:
            wake()

    def room(self, origin: str) -> int:
        """How many more the origin may take now."""
        left = self._total - self._taken.total()
        mine = self._taken[origin]
        idle = max(0, self._origins - len(self._taken) - (not mine))
        beyond_the_first = left - (not mine) - min(idle, self._total // 2)
        allowed = max(0, beyond_the_first) + (not mine and left > 0)
        return max(0, min(self._per_origin - mine, allowed))

    def take(self, origin: str, number: int) -> None:
        if number:
            self._taken[origin] += number

    def give_back(self, origin: str, number: int = 1) -> None:
        self._taken[origin] -= number
        if self._taken[origin] <= 0:
            del self._taken[origin]
        if number and self._waiting:
            self._wake()
