"""Keys and the public ids made from them.

A key is a 63-bit integer: microseconds since the epoch shifted left by ten, plus a counter. It grows strictly within a
server, also when the clock does not, and is the row's integer primary key. Its id is the key in base32hex (RFC 4648
section 7, lower case, 13 digits), which sorts as the key does; so one integer index serves both.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

_DIGITS = "0123456789abcdefghijklmnopqrstuv"
_TRIPLES = [a + b + c for a in _DIGITS for b in _DIGITS for c in _DIGITS]
_FORM = re.compile(r"[0-7][0-9a-v]{12}", re.ASCII)
_RUN_IDS = re.compile(r"run_[0-7][0-9a-v]{12}(?:,run_[0-7][0-9a-v]{12})*", re.ASCII)
COUNTER_BITS = 10
MOST_PREFIXES = 10_000
_prefixes: dict[int, str] = {}
"""Of run ids, by the upper bits of their keys; on several threads at once, which at worst make one twice."""


def encode(key: int) -> str:
    t = _TRIPLES
    return f"{_DIGITS[key >> 60]}{t[key >> 45 & 32767]}{t[key >> 30 & 32767]}{t[key >> 15 & 32767]}{t[key & 32767]}"


def decode(text: str) -> int | None:
    """The key of an encoded text; None where the form is wrong."""
    return int(text, 32) if _FORM.fullmatch(text) else None


def run_id(key: int) -> str:
    return "run_" + encode(key)


def worker_id(key: int) -> str:
    return "wrk_" + encode(key)


def event_id(key: int) -> str:
    return "evt_" + encode(key)


def server_id(key: int) -> str:
    return "srv_" + encode(key)


def bulk_id(key: int) -> str:
    return "blk_" + encode(key)


def audit_id(key: int) -> str:
    return "aud_" + encode(key)


def run_ids(keys: Iterable[int]) -> list[str]:
    """Of many keys, whose upper digits are mostly those of the one before."""
    t, prefixes = _TRIPLES, _prefixes
    found = []
    for key in keys:
        high = key >> 30
        prefix = prefixes.get(high)
        if prefix is None:
            if len(prefixes) > MOST_PREFIXES:
                prefixes.clear()
            prefix = prefixes[high] = "run_" + encode(key)[:7]
        found.append(prefix + t[key >> 15 & 32767] + t[key & 32767])
    return found


def parse_run_ids(texts: list[str]) -> list[int] | None:
    """The keys; None where one of the texts has the wrong form."""
    if texts and _RUN_IDS.fullmatch(",".join(texts)) is None:
        return None
    return [int(text[4:], 32) for text in texts]


def parse_run_id(text: str) -> int | None:
    return decode(text[4:]) if text.startswith("run_") else None


def parse_event_id(text: str) -> int | None:
    return decode(text[4:]) if text.startswith("evt_") else None


def parse_worker_id(text: str) -> int | None:
    return decode(text[4:]) if text.startswith("wrk_") else None


def parse_bulk_id(text: str) -> int | None:
    return decode(text[4:]) if text.startswith("blk_") else None


class KeyMaker:
    """Makes keys that grow strictly, starting after `last`. For use by one thread."""

    def __init__(self, last: int = 0) -> None:
        self.last = last
        self._shares = 1
        self._share = 0

    def share(self, share: int, shares: int) -> None:
        """From now on only keys that leave `share` when divided by `shares`: others make the rest."""
        self._share, self._shares = share, shares

    def next(self, now: int) -> int:
        """The next key, for the instant `now` in microseconds since the epoch."""
        least = max(self.last + 1, now << COUNTER_BITS)
        self.last = least + (self._share - least) % self._shares
        return self.last

    def next_range(self, now: int, number: int) -> range:
        """So many keys, each the next one after the one before."""
        first = self.next(now)
        self.last = first + (number - 1) * self._shares
        return range(first, self.last + 1, self._shares)

    def next_many(self, now: int, number: int) -> int:
        """The first of so many keys, each one more than the one before. Not where others make a share of them."""
        assert self._shares == 1
        first = max(self.last + 1, now << COUNTER_BITS)
        self.last = first + number - 1
        return first
