"""The system's clock, and its timer for schedules."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from apscheduler.triggers.date import DateTrigger

from blazy_jobs_server.ports import Clock

log = structlog.get_logger("clock")

MAX_TIMER_SECONDS = 86_400.0
MAX_DRIFT = 500_000


class SystemClock:
    """Wall time at the start plus monotonic time, in microseconds since the epoch: it never follows a step."""

    def __init__(self) -> None:
        self._offset = time.time_ns() - time.monotonic_ns()
        self._latest = 0
        self._corrected = False

    def now(self) -> int:
        now = (self._offset + time.monotonic_ns()) // 1000
        if now < self._latest:
            return self._latest  # after a correction: it stands still, and never goes back
        self._latest = now
        return now

    def correct(self, ahead: int) -> None:
        """A clock that several servers share is `ahead` of this one, in microseconds.

        The first time it is followed whatever it says, and later by what clocks drift in a minute, not by a step.
        """
        if self._corrected and abs(ahead) > MAX_DRIFT:
            log.warning("the database's clock was changed; the server ignores the change", seconds=ahead / 1_000_000)
            return
        if not self._corrected:
            self._latest = 0
        self._offset += ahead * 1000
        self._corrected = True


class ScheduleTimer:
    """Implements `ports.Timer` by APScheduler: one job of it is the earliest instant that was set.

    APScheduler goes by the wall clock and the service by `clock`, so the distance between the two is taken when the
    time is set. Whoever waits looks at the table now and then too.
    """

    JOB = "the next schedule"

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._rung = asyncio.Event()
        self._scheduler = AsyncIOScheduler(timezone=UTC)
        self._at: int | None = None

    def set(self, at: int) -> None:
        if self._at is not None and self._at <= at:
            return
        self._at = at
        seconds = min((at - self._clock.now()) / 1_000_000, MAX_TIMER_SECONDS)
        if seconds <= 0:
            self.ring()
            return
        if not self._scheduler.running:
            self._scheduler.start()
        self._scheduler.add_job(
            self.ring,
            DateTrigger(datetime.now(UTC) + timedelta(seconds=seconds)),
            id=self.JOB,
            replace_existing=True,
            misfire_grace_time=None,  # late is late, never left out
        )

    def ring(self) -> None:
        self._rung.set()

    async def wait(self) -> None:
        await self._rung.wait()
        self._rung.clear()

    def clear(self) -> None:
        self._at = None

    def close(self) -> None:
        if self._scheduler.running:
            self._scheduler.shutdown(wait=False)
