"""The host's second thread: proves that the process lives, notices a blocked loop and says whose run it is."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Any

from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.pulse import PULSE_SECONDS, Page, end_with_leases
from blazy_jobs.worker.standing import Standing

BLOCKED_SECONDS = 1.0

log = Log("blazy_jobs.worker")


class Watchdog:
    """Warns when the loop has not turned for a second, again at twice that, and so on."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        pulse: Page,
        owner_of: Callable[[asyncio.Task[Any] | None], Standing | None],
        busy: Callable[[], bool],
    ) -> None:
        self._loop = loop
        self._pulse = pulse
        self._owner_of = owner_of
        self._busy = busy
        self._asked_at: float | None = None
        self._culprit: Standing | None = None
        self._since = 0.0
        self._warn_after = BLOCKED_SECONDS
        self._blocked = False

    def start(self) -> None:
        threading.Thread(target=self._watch, name="watchdog", daemon=True).start()

    def _watch(self) -> None:
        while True:
            self._pulse.child_beat()
            end_with_leases(self._pulse)
            self._look(time.monotonic())
            time.sleep(PULSE_SECONDS)

    def _look(self, now: float) -> None:
        if self._asked_at is None:
            if self._blocked:
                self._over(now)
            if self._busy():
                self._asked_at = now
                self._loop.call_soon_threadsafe(self._answer)
        elif now - self._asked_at >= BLOCKED_SECONDS:
            self._name(self._owner_of(asyncio.current_task(self._loop)), now)

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
        deadline = culprit.deadline if culprit is not None else 0.0
        self._pulse.set_blocked(culprit.number if culprit is not None else 0, self._since, deadline)
        if now - self._since >= self._warn_after:
            self._warn_after *= 2
            log.warning("a handler blocks the worker's loop", **self._about(now))

    def _over(self, now: float) -> None:
        self._blocked = False
        self._pulse.set_blocked(-1, 0.0, 0.0)
        if now - self._since >= BLOCKED_SECONDS and self._warn_after > BLOCKED_SECONDS:
            log.warning("the worker's loop turns again", **self._about(now))

    def _about(self, now: float) -> dict[str, Any]:
        seconds = round(now - self._since, 2)
        if self._culprit is None:
            return {"job_type": None, "run_id": None, "seconds": seconds}
        return {"job_type": self._culprit.job.name, "run_id": self._culprit.run_id, "seconds": seconds}
