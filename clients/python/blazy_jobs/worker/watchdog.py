"""The host's second thread: proves that the process lives, notices a blocked loop and says whose run it is."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any, Protocol

from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.pulse import PULSE_SECONDS, Page, end_with_leases
from blazy_jobs.worker.standing import Standing

BLOCKED_SECONDS = 1.0
STOOD_STILL_SECONDS = 3.0
"""A longer gap between two looks is this thread's own: the process was stopped, or had no time to run in."""

log = Log("blazy_jobs.worker")


class Watched(Protocol):
    """The host, for its watchdog's thread."""

    @property
    def idle(self) -> bool:
        """It has no run."""

    def owner_of(self, task: asyncio.Task[Any] | None) -> Standing | None:
        """The run that the loop works for now; `task` is the current one."""

    def rescue(self) -> None:
        """While the loop is blocked: tells what has ended, gives back what has not begun."""

    def look_at_threads(self, now: float) -> None:
        """Whether too many are lost."""


class Watchdog:
    """Warns when the loop has not turned for a second, again at twice that, and so on."""

    def __init__(self, loop: asyncio.AbstractEventLoop, pulse: Page, host: Watched) -> None:
        self._loop = loop
        self._pulse = pulse
        self._host = host
        self._asked_at: float | None = None
        self._looked_at = time.monotonic()
        self._culprit: Standing | None = None
        self._named: set[Standing | None] = set()
        self._since = 0.0
        self._warn_after = BLOCKED_SECONDS
        self._blocked = False
        self._awake = threading.Event()

    def start(self) -> None:
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def wake(self) -> None:
        """There are runs."""
        if not self._awake.is_set():
            self._awake.set()

    def take_named(self) -> set[Standing | None]:
        """Who has blocked the loop since the last call; None among them is somebody unknown."""
        named, self._named = self._named, set()
        return named

    def _watch(self) -> None:
        while True:
            self._pulse.child_beat()
            end_with_leases(self._pulse)
            now = time.monotonic()
            self._look(now)
            self._host.look_at_threads(now)
            self._awake.clear()
            if self._host.idle:
                self._awake.wait(self._pulse.idle_pulse_seconds)
            else:
                time.sleep(PULSE_SECONDS)  # between two looks, on a thread of its own

    def _look(self, now: float) -> None:
        gap, self._looked_at = now - self._looked_at, now
        if self._asked_at is None:
            if self._blocked:
                self._over(now)
            self._asked_at = now
            self._loop.call_soon_threadsafe(self._answer)
            return
        if gap > STOOD_STILL_SECONDS:
            self._asked_at += gap
        if now - self._asked_at >= BLOCKED_SECONDS:
            self._name(self._host.owner_of(asyncio.current_task(self._loop)), now)

    def _answer(self) -> None:
        self._asked_at = None

    def _name(self, culprit: Standing | None, now: float) -> None:
        asked_at = self._asked_at
        if asked_at is None:
            return  # it turned just now
        if not self._blocked or culprit is not self._culprit:
            # Another run than at the last look: it has had the loop since then at most.
            self._since = asked_at if not self._blocked else now
            self._culprit, self._blocked, self._warn_after = culprit, True, BLOCKED_SECONDS
        self._named.add(culprit)
        self._host.rescue()
        deadline = culprit.deadline if culprit is not None else 0.0
        self._pulse.set_blocked(culprit.number if culprit is not None else 0, self._since, deadline)
        if now - self._since >= self._warn_after:
            self._warn_after *= 2
            log.warning(self._what(), **self._about(now))

    def _over(self, now: float) -> None:
        self._blocked = False
        self._pulse.set_blocked(-1, 0.0, 0.0)
        if now - self._since >= BLOCKED_SECONDS and self._warn_after > BLOCKED_SECONDS:
            log.warning("the worker's event loop is no longer blocked", **self._about(now))

    def _what(self) -> str:
        if self._culprit is None:
            return "a callback blocks the worker's loop"
        if self._culprit.ended:
            return "what a run that has ended left behind blocks the worker's loop"
        return "a handler blocks the worker's loop"

    def _about(self, now: float) -> dict[str, Any]:
        seconds = round(now - self._since, 2)
        if self._culprit is None:
            return {"job_type": None, "run_id": None, "seconds": seconds}
        return {"job_type": self._culprit.job.name, "run_id": self._culprit.run_id, "seconds": seconds}
