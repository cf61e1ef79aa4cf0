"""How many runs a key may make: a generic cell rate algorithm (ITU-T I.371), which needs one number a key."""

from __future__ import annotations

import math

from blazy_jobs_server.domain.errors import RateLimited
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.keys import Caller
from blazy_jobs_server.ports import Clock


class Rates:
    """Of this server: each counts for itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._full_at: dict[str, float] = {}
        """When a key has its whole limit again, in microseconds."""

    def take(self, caller: Caller, number: int) -> None:
        """For so many runs to be made. Raises RateLimited, and takes nothing then."""
        rate = caller.rate_limit
        if rate is None:
            return
        now = self._clock.now()
        period = rate.per_seconds * SECOND
        full_at = max(self._full_at.get(caller.id, 0.0), float(now)) + number * period / rate.limit
        too_early = full_at - period - now
        if too_early > 0:
            raise RateLimited(rate.limit, rate.per_seconds, max(1, math.ceil(min(too_early, period) / SECOND)))
        self._full_at[caller.id] = full_at

    def give_back(self, caller: Caller, number: int) -> None:
        """So many of those taken were not made."""
        rate = caller.rate_limit
        if rate is not None:
            self._full_at[caller.id] -= number * rate.per_seconds * SECOND / rate.limit
