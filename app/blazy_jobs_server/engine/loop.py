"""The only place that makes tasks: each is named, held, and awaited at the stop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import structlog

from blazy_jobs_server.domain.durations import Histogram
from blazy_jobs_server.domain.errors import StoreUnavailable

log = structlog.get_logger("loop")

RESTART_SECONDS = 1.0
WAITING_TOLD_SECONDS = 60.0


def report_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The loop's exception handler. asyncio's own shows what the objects at hand look like, and so what is in them."""
    task = context.get("task") or context.get("future")
    name = task.get_name() if isinstance(task, asyncio.Task) else None
    log.error(
        "unexpected error in the event loop", what=context["message"], task=name, exc_info=context.get("exception")
    )


class Tasks:
    """The background tasks of one owner. Stopping before the start, or twice, is harmless."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    def spawn(self, name: str, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        """One piece of work. What it raises is logged."""
        task = asyncio.get_running_loop().create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def keep(self, name: str, work: Callable[[], Awaitable[None]]) -> asyncio.Task[Any]:
        """A loop that shall not end: after an error it is logged and begun again a second later."""
        return self.spawn(name, self._keep(name, work))

    async def _keep(self, name: str, work: Callable[[], Awaitable[None]]) -> None:
        told_at = -WAITING_TOLD_SECONDS
        while True:
            try:
                await work()
            except StoreUnavailable as error:
                now = asyncio.get_running_loop().time()
                if now - told_at >= WAITING_TOLD_SECONDS:
                    log.warning("waiting for the store", task=name, reason=error.detail)
                    told_at = now
            except Exception:  # a loop of the service outlives one bad turn, and says so
                log.exception("task failed, restarting it", task=name)
            await asyncio.sleep(RESTART_SECONDS)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("task failed", task=task.get_name(), exc_info=task.exception())

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class Alarm:
    """Wakes one waiting loop at the earliest instant that it was set to, or at once."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._event = asyncio.Event()
        self._timer: asyncio.TimerHandle | None = None
        self.at: int | None = None
        """When it rings; a time that has passed stands until `clear`."""

    def set(self, at: int) -> None:
        """Ring at `at` (microseconds since the epoch) unless an earlier time is set."""
        if self.at is not None and self.at <= at:
            return
        if self._timer is not None:
            self._timer.cancel()
        self.at = at
        seconds = (at - self._now()) / 1_000_000
        if seconds <= 0:
            self.ring()
        else:
            self._timer = asyncio.get_running_loop().call_later(min(seconds, 86_400), self.ring)

    def ring(self) -> None:
        self._event.set()

    async def wait(self) -> None:
        await self._event.wait()
        self._event.clear()

    def clear(self) -> None:
        self.at = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class LoopLag:
    """How late the loop comes to what is due: what holds up a timer holds up every request as long."""

    EVERY_SECONDS = 5.0
    """Seldom: a server that has nothing to do is to sleep."""

    def __init__(self) -> None:
        self.seconds = Histogram()
        self._timer: asyncio.TimerHandle | None = None
        self._due = 0.0

    def start(self) -> None:
        self._again(asyncio.get_running_loop())

    def _again(self, loop: asyncio.AbstractEventLoop) -> None:
        self._due = loop.time() + self.EVERY_SECONDS
        self._timer = loop.call_at(self._due, self._ring, loop)

    def _ring(self, loop: asyncio.AbstractEventLoop) -> None:
        self.seconds.add(max(0.0, loop.time() - self._due))
        self._again(loop)

    def stop(self) -> None:
        """Stopping before the start, or twice, is harmless."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
