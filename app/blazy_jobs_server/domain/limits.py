"""What bounds how many runs run, start and wait: limits on concurrency, on the rate of starts, on what is queued."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, NamedTuple

from msgspec import Struct

PARTS = 16
"""Of a rate's window. Starts are counted by part, and a part counts as a whole for as long as any of it is in a window:
no window ever has more starts than the limit, and 16 of 17 that the limit would allow are sustained."""


class Rate(Struct, frozen=True):
    """No more than `limit` starts in any `per_seconds`."""

    limit: int
    per_seconds: float

    @property
    def per_microseconds(self) -> int:
        return max(1, round(self.per_seconds * 1_000_000))


class Limits(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Each is None where there is none."""

    concurrency: int | None = None
    """So many run at once."""
    rate_limit: Rate | None = None
    max_queued: int | None = None
    """So many wait: scheduled, queued and retrying."""

    @property
    def bounds_starts(self) -> bool:
        return self.concurrency is not None or self.rate_limit is not None


NO_LIMITS = Limits()


class Scope(NamedTuple):
    """What a limit is on."""

    kind: Literal["job_type", "queue"]
    name: str


class RateWindow:
    """The starts of late under one rate, by part of the window. Instants are microseconds since the epoch.

    Where the clock goes back by less than a window, starts count as of the newest part, and where it goes back further,
    all that is known counts as of now: never more than the limit, and never closed for longer than a window.
    """

    def __init__(self, per_microseconds: int, starts: Iterable[tuple[int, int]] = ()) -> None:
        self.per_microseconds = per_microseconds
        self._starts = dict(starts)
        """By the number of the part, counted from the epoch."""

    @property
    def starts(self) -> list[tuple[int, int]]:
        return sorted(self._starts.items())

    def under(self, rate: Rate, now: int) -> RateWindow:
        """The same starts under this rate. Where its window is another, all of them count as of now."""
        if rate.per_microseconds == self.per_microseconds:
            return self
        self._turn(now)
        changed = RateWindow(rate.per_microseconds)
        changed.charge(now, sum(self._starts.values()))
        return changed

    def allowed(self, rate: Rate, now: int) -> int:
        """How many may start now."""
        self._turn(now)
        return max(0, rate.limit - sum(self._starts.values()))

    def charge(self, now: int, number: int) -> None:
        if number:
            part = self._turn(now)
            self._starts[part] = self._starts.get(part, 0) + number

    def opens_at(self, rate: Rate, now: int) -> int:
        """When the next one may start; `now` where it may already."""
        left = sum(self._starts.values()) if self.allowed(rate, now) == 0 else 0
        if left < rate.limit:
            return now
        for part, number in self.starts:
            left -= number
            if left < rate.limit:
                # The first instant of the part from which on it is in no window.
                return max(now, -(-(part + PARTS + 1) * self.per_microseconds // PARTS))
        return now

    def _turn(self, now: int) -> int:
        """Forgets what is in no window any more; the number of the present part."""
        part = now * PARTS // self.per_microseconds
        newest = max(self._starts, default=part)
        if newest - part > PARTS:
            self._starts = {part: sum(self._starts.values())}
        elif newest > part:
            part = newest
        for old in [old for old in self._starts if old + PARTS < part]:
            del self._starts[old]
        return part
