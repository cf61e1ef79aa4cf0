"""Tells what is under way for a key or a session that it has ended: streams, claims that wait, waits for runs."""

from __future__ import annotations

import asyncio


class Endings:
    """By the ids of keys and sessions, which are never alike."""

    def __init__(self) -> None:
        self._futures: dict[str, asyncio.Future[None]] = {}

    def of(self, ending_id: str) -> asyncio.Future[None]:
        """Done at its end. Shared by all who wait for it: not to be cancelled."""
        future = self._futures.get(ending_id)
        if future is None:
            future = self._futures[ending_id] = asyncio.get_running_loop().create_future()
        return future

    def end(self, ending_id: str) -> None:
        future = self._futures.pop(ending_id, None)
        if future is not None and not future.done():
            future.set_result(None)
