"""Tells what is under way for a key or a session that it has ended: streams, claims that wait, waits for runs."""

from __future__ import annotations

import asyncio

MAX_REMEMBERED = 10_000


class Endings:
    """By the ids of keys and sessions, which are never alike."""

    def __init__(self) -> None:
        self._futures: dict[str, asyncio.Future[None]] = {}
        self._last: dict[str, int] = {}
        self.count = 0
        """Goes up with each. Who was admitted at one count hears of those after it, though it asks only later."""

    def of(self, ending_id: str, admitted: int) -> asyncio.Future[None]:
        """Done at its end, or done already. Shared by all who wait for it: not to be cancelled."""
        if self._last.get(ending_id, 0) > admitted:
            done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            done.set_result(None)
            return done
        future = self._futures.get(ending_id)
        if future is None:
            future = self._futures[ending_id] = asyncio.get_running_loop().create_future()
        return future

    def end(self, ending_id: str) -> None:
        self.count += 1
        self._last.pop(ending_id, None)
        self._last[ending_id] = self.count
        if len(self._last) > MAX_REMEMBERED:
            del self._last[next(iter(self._last))]
        future = self._futures.pop(ending_id, None)
        if future is not None and not future.done():
            future.set_result(None)
