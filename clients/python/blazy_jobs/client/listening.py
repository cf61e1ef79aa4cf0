"""Listeners of a run: `run.on("progress", ...)`. One follower reads the events; each listener gets each of its own once
and in order, from the first on, whenever it was added."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, Literal, get_args

from blazy_jobs.client.event import Event
from blazy_jobs.options import EventType

ALL = "*"
ERROR = "error"

Listener = Callable[[Any], object]
ListenerType = EventType | Literal["*", "error"]
_KNOWN = (*get_args(EventType), ALL, ERROR)

log = logging.getLogger("blazy_jobs")


def _wanted(kind: str, event: Event) -> bool:
    return kind in (ALL, event.type)


def _told(what: str, kind: str) -> None:
    """A listener's own exception harms neither the follower nor the other listeners."""
    log.exception("a listener for %r of %s failed", kind, what)


class Listening:
    """Of a synchronous run. `follow` gives its events from the first to the final one, over reconnects."""

    def __init__(self, what: str, follow: Callable[[], Iterator[Event]]) -> None:
        self._what = what
        self._follow = follow
        self._past: list[Event] = []
        self._error: Exception | None = None
        self._places: list[_Place] = []
        self._thread: threading.Thread | None = None

    def add(self, kind: str, listener: Listener) -> None:
        place = _Place(kind, listener)
        self._places.append(place)
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name=f"follow {self._what}", daemon=True)
            self._thread.start()
        else:
            self._tell(place)

    def join(self, timeout: float | None) -> None:
        """Until the listeners have heard of the run's end. At once when a listener itself asks."""
        if self._thread is not None and threading.current_thread() is not self._thread:
            self._thread.join(timeout)

    def _run(self) -> None:
        try:
            for event in self._follow():
                self._past.append(event)
                self._tell_all()
        except Exception as error:  # noqa: BLE001  # told to whoever listens for it, or logged
            self._error = error
            if not any(place.kind == ERROR for place in self._places):
                log.error("the events of %s cannot be followed: %s", self._what, error)
            self._tell_all()

    def _tell_all(self) -> None:
        for place in list(self._places):
            self._tell(place)

    def _tell(self, place: _Place) -> None:
        """All that it has not heard yet. By whichever thread comes first, the others wait, so order is kept."""
        with place.lock:
            for event in place.news(self._past, self._error):
                try:
                    place.listener(event)
                except Exception:  # noqa: BLE001  # logged
                    _told(self._what, place.kind)


class _Place:
    """How far a listener has heard."""

    def __init__(self, kind: str, listener: Listener) -> None:
        if kind not in _KNOWN:
            raise ValueError(f"unknown event type {kind!r:.200}; known types: {', '.join(_KNOWN)}")
        if not callable(listener):
            raise TypeError(f"a listener must be callable, with the event: {listener!r:.200}")
        self.kind = kind
        self.listener = listener
        self.lock = threading.RLock()
        self._next = 0
        self._heard_error = False

    def news(self, past: list[Event], error: Exception | None) -> Iterator[Event | Exception]:
        while self._next < len(past):
            event = past[self._next]
            self._next += 1
            if _wanted(self.kind, event):
                yield event
        if self.kind == ERROR and error is not None and not self._heard_error:
            self._heard_error = True
            yield error


class AsyncListening:
    """As `Listening`, on the running loop; a listener may be a coroutine function, and is awaited."""

    def __init__(self, what: str, follow: Callable[[], AsyncIterator[Event]]) -> None:
        self._what = what
        self._follow = follow
        self._past: list[Event] = []
        self._error: Exception | None = None
        self._places: list[tuple[_Place, asyncio.Lock]] = []
        self._task: asyncio.Task[None] | None = None
        self._late: set[asyncio.Task[None]] = set()

    def add(self, kind: str, listener: Listener) -> None:
        place = _Place(kind, listener), asyncio.Lock()
        self._places.append(place)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"follow {self._what}")
        else:
            catching_up = asyncio.create_task(self._tell(*place), name=f"tell a late listener of {self._what}")
            self._late.add(catching_up)
            catching_up.add_done_callback(self._late.discard)

    async def join(self, timeout: float | None) -> None:
        """Until the listeners have heard of the run's end. At once when a listener itself asks."""
        tasks = {task for task in (self._task, *self._late) if task is not None}
        if tasks and asyncio.current_task() not in tasks:
            await asyncio.wait(tasks, timeout=timeout)

    async def stop(self) -> None:
        """Nothing is told any more."""
        tasks = [task for task in (self._task, *self._late) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _run(self) -> None:
        try:
            async for event in self._follow():
                self._past.append(event)
                await self._tell_all()
        except Exception as error:  # noqa: BLE001  # told to whoever listens for it, or logged
            self._error = error
            if not any(place.kind == ERROR for place, _ in self._places):
                log.error("the events of %s cannot be followed: %s", self._what, error)
            await self._tell_all()

    async def _tell_all(self) -> None:
        for place, lock in list(self._places):
            await self._tell(place, lock)

    async def _tell(self, place: _Place, lock: asyncio.Lock) -> None:
        async with lock:
            for event in place.news(self._past, self._error):
                try:
                    answer = place.listener(event)
                    if inspect.isawaitable(answer):
                        await answer
                except Exception:  # noqa: BLE001  # logged
                    _told(self._what, place.kind)
