"""What goes wrong, told in the log: when it begins, once a minute while it lasts, and when it is over.

However much fails, the warnings are few: five thousand failed runs of a job type are two of them, not five thousand.
"""

from __future__ import annotations

import asyncio
import os
import resource
from collections import Counter

import structlog

from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.engine.attempts import Failure
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.ports import Clock

log = structlog.get_logger("incidents")

LOOK_SECONDS = 5.0
TOLD_MICROSECONDS = 60_000_000
OVER_MICROSECONDS = 5_000_000
"""So long without a failure, and with a success since, makes an incident of the store be over."""
MAX_JOB_TYPES = 50
"""Those beyond are told of together."""
OTHER = "_other"
SCARCE, PLENTY = 0.9, 0.8
"""Shares of the descriptors that may be open: from where on it is told, and from where on it is over."""


class _Failures:
    """Of one job type, since they were last told."""

    __slots__ = ("codes", "told_at")

    def __init__(self) -> None:
        self.codes: Counter[str] = Counter()
        self.told_at = 0


class Incidents:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks = Tasks()
        self._failures: dict[str, _Failures] = {}
        self.store_errors: Counter[str] = Counter()
        """Requests that the store refused: `read` and `write`."""
        self._store_since: int | None = None
        self._store_failed_at = 0
        self._store_worked_at = 0
        self._store_told_at = 0
        self._refused = 0
        self._descriptors_told = False

    def start(self) -> None:
        self._tasks.keep("incidents", self._look_on)

    async def stop(self) -> None:
        await self._tasks.stop()

    async def _look_on(self) -> None:
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            self.look()

    def look(self) -> None:
        """Tells what is due, and what is over."""
        now = self._clock.now()
        for job_type, failures in list(self._failures.items()):
            if now - failures.told_at < TOLD_MICROSECONDS:
                continue
            if failures.codes:
                self._tell_failures(job_type, failures, now)
            else:
                del self._failures[job_type]
                log.info("no run has failed for a minute", job_type=job_type)
        self._look_at_store(now)
        self._look_at_descriptors()

    # -- runs

    def on_failures(self, failures: list[Failure]) -> None:
        """Of a commit: failed runs, and attempts whose process died."""
        found: dict[str, Counter[str]] = {}
        for event, error in failures:
            code = error["code"]
            if event.type is EventType.FAILED or code == "crashed":
                found.setdefault(event.job_type, Counter())[code] += 1
        for job_type, codes in found.items():
            name = job_type if job_type in self._failures or len(self._failures) < MAX_JOB_TYPES else OTHER
            known = self._failures.setdefault(name, _Failures())
            known.codes += codes
            if known.told_at == 0:
                self._tell_failures(name, known, self._clock.now())

    @staticmethod
    def _tell_failures(job_type: str, failures: _Failures, now: int) -> None:
        log.warning("runs fail", job_type=job_type, failures=failures.codes.total(), codes=dict(failures.codes))
        failures.codes = Counter()
        failures.told_at = now

    # -- the store

    def store_failed(self, kind: str, reason: str) -> None:
        """A request was refused for it; `kind` is `read` or `write`."""
        now = self._clock.now()
        self.store_errors[kind] += 1
        self._store_failed_at = now
        self._refused += 1
        if self._store_since is None:
            self._store_since = self._store_told_at = now
            log.error("the store is unavailable: requests are refused", kind=kind, reason=reason)

    def store_worked(self) -> None:
        """Something was written."""
        if self._store_since is not None:
            self._store_worked_at = self._clock.now()
            self._look_at_store(self._store_worked_at)

    @property
    def store_is_failing(self) -> bool:
        """Not over yet: where a disk fills, small writes succeed between large ones that do not."""
        return self._store_since is not None

    def _look_at_store(self, now: int) -> None:
        if self._store_since is None:
            return
        seconds = round((now - self._store_since) / 1_000_000, 1)
        worked = self._store_worked_at > self._store_failed_at
        if worked and now - self._store_failed_at >= OVER_MICROSECONDS:
            log.info("the store is available again", seconds=seconds, refused=self._refused)
            self._store_since, self._refused = None, 0
        elif now - self._store_told_at >= TOLD_MICROSECONDS:
            self._store_told_at = now
            log.error("the store is still unavailable", seconds=seconds, refused=self._refused)

    # -- descriptors

    def _look_at_descriptors(self) -> None:
        limit = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        try:
            used = len(os.listdir("/proc/self/fd"))
        except OSError:  # none is left to look with
            used = limit
        if limit == resource.RLIM_INFINITY:
            return
        if used >= limit * SCARCE and not self._descriptors_told:
            self._descriptors_told = True
            log.error("file descriptors run out: connections will be refused (ulimit -n)", used=used, limit=limit)
        elif used < limit * PLENTY and self._descriptors_told:
            self._descriptors_told = False
            log.info("file descriptors are available again", used=used, limit=limit)
