"""Limits, as a claim and a dispatch keep them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson

from blazy_jobs_server.domain.errors import QueueFull
from blazy_jobs_server.domain.limits import RateWindow, Scope
from blazy_jobs_server.store.ledger import Lane, Ledger


class Room:
    """How many more runs may start under each limit that bounds starts, of the lanes of a claim."""

    def __init__(self, ledger: Ledger, free: Mapping[Scope, int]) -> None:
        self._ledger = ledger
        self._free = dict(free)

    def of(self, lane: Lane) -> int | None:
        """None: it is not bounded."""
        return min((self._free[scope] for scope in self._ledger.scopes(lane) if scope in self._free), default=None)

    def take(self, lane: Lane, number: int = 1) -> None:
        for scope in self._ledger.scopes(lane):
            if scope in self._free:
                self._free[scope] = max(0, self._free[scope] - number)

    def copy(self) -> Room:
        return Room(self._ledger, self._free)


def over(ledger: Ledger, waiting: Mapping[str, int], more: Mapping[str, int]) -> QueueFull | None:
    """What a dispatch is refused with that would bring so many more runs, by queue. `waiting` has the queues with
    limits."""
    for queue, number in sorted(more.items()):
        limit = ledger.limits(Scope("queue", queue)).max_queued
        if limit is not None and waiting[queue] + number > limit:
            return QueueFull(queue, limit)
    return None


def windows(rows: Iterable[Sequence[Any]]) -> dict[Scope, RateWindow]:
    """Of rows of `rates`."""
    return {
        Scope(kind, name): RateWindow(per_microseconds, [(part, number) for part, number in orjson.loads(starts)])
        for kind, name, per_microseconds, starts in rows
    }


def rate_row(scope: Scope, window: RateWindow) -> tuple[Any, ...]:
    """The values of a row of `rates`."""
    return (scope.kind, scope.name, window.per_microseconds, orjson.dumps(window.starts).decode())
