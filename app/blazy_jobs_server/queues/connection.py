"""The connections to Redis, and what goes wrong with them."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from bullmq import Queue as BullmqQueue
from redis import asyncio as redis
from redis.asyncio.connection import parse_url
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError, ResponseError

from blazy_jobs_server.domain.errors import QueueUnavailable
from blazy_jobs_server.domain.job_type import Bullmq, Queue
from blazy_jobs_server.queues.faults import GIVEN_UP, fault_of

ANSWER_SECONDS = 5.0
PROBE_KEY = "bull:blazy-jobs"
"""Never set."""
LEAST_VERSION = (6, 2)


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
            socket_keepalive=True,
            retry=retry,
        )
        self.patient = redis.from_url(
            url,
            decode_responses=True,
            encoding_errors="replace",
            socket_timeout=ANSWER_SECONDS + 3,
            socket_connect_timeout=2.0,
            socket_keepalive=True,
            retry=retry,
        )
        self._queues: dict[tuple[str, str], Any] = {}
        self._waits: set[asyncio.Timeout] = set()
        """Of the commands that wait for something to happen."""

    def is_at(self, url: str) -> bool:
        try:
            return _place(url) == self._place
        except ValueError:
            return False

    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """What goes wrong between us and Redis comes out as QueueUnavailable. All connections are given up where new
        ones may lead to a better place: the name that they were made by may mean another Redis now.

        A cancel that came meanwhile is raised at the end at the latest: before Python 3.12 `asyncio.wait_for`, by which
        redis-py writes, swallows one that comes as the write ends (https://github.com/python/cpython/issues/86296)."""
        task = asyncio.current_task()
        cancels = task.cancelling() if task is not None else 0
        try:
            yield
            if task is not None and task.cancelling() > cancels:
                raise asyncio.CancelledError
        except (RedisError, OSError, TimeoutError) as error:
            fault = fault_of(error)
            if fault.elsewhere:
                await self._start_over()
            raise QueueUnavailable(fault.text, fault.key, refused=not fault.elsewhere) from error

    @asynccontextmanager
    async def waiting(self) -> AsyncIterator[None]:
        """As `asking`, for commands that wait: they end when the connections are given up."""
        try:
            async with asyncio.timeout(None) as wait:
                self._waits.add(wait)
                try:
                    async with self.asking():
                        yield
                finally:
                    self._waits.discard(wait)
        except TimeoutError as error:
            raise QueueUnavailable("connecting again", GIVEN_UP) from error

    async def _start_over(self) -> None:
        for client in (self.redis, self.patient):
            pool = client.connection_pool
            await pool.update_active_connections_for_reconnect()  # type: ignore[no-untyped-call]
            with contextlib.suppress(RedisError, OSError):
                await pool.disconnect(inuse_connections=False)
        for wait in list(self._waits):
            wait.reschedule(asyncio.get_running_loop().time())

    async def ping(self) -> None:
        """A write that changes nothing: a replica, or a Redis that refuses writes, would answer a PING."""
        async with self.asking():
            await self.redis.set(PROBE_KEY, "1", xx=True)

    async def shortcomings(self) -> list[str]:
        """What of the configuration endangers jobs."""
        async with self.asking():
            try:
                info = await self.redis.info()
            except ResponseError:
                return []  # whoever may not ask is not told
        found = []
        policy = str(info.get("maxmemory_policy", "noeviction"))
        if policy != "noeviction":
            found.append(
                f"its maxmemory-policy is {policy} and should be noeviction: when its memory is full, jobs are lost"
            )
        version = str(info.get("redis_version", ""))
        if (numbers := _numbers(version)) and numbers < LEAST_VERSION:
            found.append(f"it is version {version}, and 6.2 or newer is needed")
        return found

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


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:2])


def _place(url: str) -> tuple[Any, ...]:
    """What makes two addresses the same Redis. Raises ValueError."""
    parts = parse_url(url)
    if "path" in parts:
        return (parts["path"], int(parts.get("db", 0)))
    host = parts.get("host", "localhost").lower()
    host = "localhost" if host in ("127.0.0.1", "::1") else host
    return (host, int(parts.get("port", 6379)), int(parts.get("db", 0)))
