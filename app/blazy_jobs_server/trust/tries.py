"""How often an address may try a key that does not hold."""

from __future__ import annotations

import math
from collections import deque
from ipaddress import IPv6Address, ip_address, ip_network

from blazy_jobs_server.domain.errors import TooManyTries
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.ports import Clock

MOST = 5
WITHIN_SECONDS = 60
MAX_ADDRESSES = 10_000
_WITHIN = WITHIN_SECONDS * SECOND


class Tries:
    """Of this server: each counts for itself."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._bad: dict[str, deque[int]] = {}
        """When, by address; that with the latest one last."""

    def check(self, address: str) -> None:
        """Raises TooManyTries."""
        bad = self._bad.get(_place(address))
        if bad is None or len(bad) < MOST:
            return
        left = bad[0] + _WITHIN - self._clock.now()
        if left > 0:
            raise TooManyTries(MOST, WITHIN_SECONDS, math.ceil(left / SECOND))

    def was_bad(self, address: str) -> None:
        place = _place(address)
        bad = self._bad.pop(place, None) or deque(maxlen=MOST)
        bad.append(self._clock.now())
        self._bad[place] = bad
        if len(self._bad) > MAX_ADDRESSES:
            del self._bad[next(iter(self._bad))]


def _place(address: str) -> str:
    """Of IPv6 the network of 64 bits: who has one address there has them all (RFC 4291, 2.5.4)."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return address
    return str(ip_network((parsed, 64), strict=False)) if isinstance(parsed, IPv6Address) else address
