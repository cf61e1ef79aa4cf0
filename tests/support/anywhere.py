"""A client of several equal servers: asks one after the other until one answers."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

from tests.support.follow import Follower
from tests.support.wire import Answer, ConnectionLost, Session

AGAIN = (409, 503)
PAUSE_SECONDS = 0.1


class NoAnswer(Exception):
    """Of no server, for so long that something must be wrong."""


class Anywhere:
    """`tries` counts the requests that had to be sent more than once."""

    def __init__(self, urls: Sequence[str], patience_seconds: float = 10.0, timeout: float = 15.0) -> None:
        self._sessions = [Session(url, timeout) for url in urls]
        self._patience_seconds = patience_seconds
        self._next = 0
        self.again = 0

    async def ask(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Raises NoAnswer. What makes something needs an Idempotency-Key among its headers."""
        until = time.monotonic() + self._patience_seconds
        last = ""
        while time.monotonic() < until:
            self._next += 1
            session = self._sessions[self._next % len(self._sessions)]
            try:
                answer = await session.ask(method, path, body, headers)
            except ConnectionLost:
                last = "the connection was lost"
            else:
                if answer.status not in AGAIN:
                    return answer
                last = f"{answer.status} {answer.body[:300]!r}"
            self.again += 1
            if self._next % len(self._sessions) == 0:
                await asyncio.sleep(PAUSE_SECONDS)
        raise NoAnswer(f"{method} {path}: {last}")

    def close(self) -> None:
        for session in self._sessions:
            session.close()


class Wanderer(Follower):
    """Follows a stream, at another server after each cut."""

    def __init__(self, urls: Sequence[str], path: str, **options: Any) -> None:
        super().__init__(urls[0], path, **options)
        self._urls = list(urls)

    async def _once(self) -> None:
        self._urls.append(self._urls.pop(0))
        self.url = self._urls[-1]
        await super()._once()
