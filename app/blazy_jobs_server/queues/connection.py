"""The connections to Redis, and what goes wrong with them."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from bullmq import Queue as BullmqQueue
from redis import asyncio as redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from blazy_jobs_server.domain.errors import QueueUnavailable
from blazy_jobs_server.domain.job_type import Bullmq, Queue

ANSWER_SECONDS = 5.0


class Connection:
    def __init__(self, url: str, now: Callable[[], float] = time.time) -> None:
        self._place = _place(url)
        self._now = now
        # One try: whoever asks tries again, and says meanwhile that the queue is not there.
        retry = Retry(NoBackoff(), 0)
        self.redis = redis.from_url(
            url,
            decode_responses=True,
            encoding_errors="replace",
            socket_timeout=ANSWER_SECONDS,
            socket_connect_timeout=2.0,
            retry=retry,
        )
        self.patient = redis.from_url(
            url,
            decode_responses=True,
            encoding_errors="replace",
            socket_timeout=ANSWER_SECONDS * 3,
            socket_connect_timeout=2.0,
            retry=retry,
        )
        self._queues: dict[tuple[str, str], Any] = {}

    def is_at(self, url: str) -> bool:
        try:
            return _place(url) == self._place
        except ValueError:
            return False

    async def ping(self) -> None:
        async with asking():
            await cast(Awaitable[Any], self.redis.ping())

    async def close(self) -> None:
        await self.redis.aclose()
        await self.patient.aclose()

    def queue_of(self, queue: Queue) -> Any:
        prefix = (queue.bullmq or Bullmq()).prefix
        known = self._queues.get((prefix, queue.name))
        if known is None:
            known = self._queues[prefix, queue.name] = BullmqQueue(
                queue.name, {"connection": self.redis, "prefix": prefix}
            )
        return known

    def milliseconds(self) -> int:
        return int(self._now() * 1000)


def _place(url: str) -> tuple[Any, ...]:
    """What makes two addresses the same Redis. Raises ValueError."""
    parts = parse_url(url)
    if "path" in parts:
        return (parts["path"], int(parts.get("db", 0)))
    host = parts.get("host", "localhost").lower()
    host = "localhost" if host in ("127.0.0.1", "::1") else host
    return (host, int(parts.get("port", 6379)), int(parts.get("db", 0)))


@asynccontextmanager
async def asking() -> AsyncIterator[None]:
    """What goes wrong between us and Redis comes out as QueueUnavailable."""
    try:
        yield
    except (RedisError, OSError, TimeoutError) as error:
        raise QueueUnavailable(str(error) or type(error).__name__) from error
