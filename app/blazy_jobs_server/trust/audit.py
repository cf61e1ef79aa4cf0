"""What was refused, counted by the minute for the audit log; changes are written there by the store itself."""

from __future__ import annotations

import asyncio
import contextlib

from blazy_jobs_server.domain.audit import Act, AuditEntry
from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.engine.loop import Alarm, Tasks
from blazy_jobs_server.ports import Clock
from blazy_jobs_server.ports.audit import AuditStore

REFUSED = "request.refuse"
MINUTE = 60 * SECOND
MAX_KINDS = 100
"""Different refusals of a minute that are told apart. What comes beyond is counted without who and where."""


class Refusals:
    """In memory until the minute is over: a server that is killed takes those of one minute with it."""

    def __init__(self, store: AuditStore, clock: Clock) -> None:
        self._store = store
        self._clock = clock
        self._counts: dict[tuple[Act, str], int] = {}
        self._minute = 0
        self._alarm = Alarm(clock.now)
        self._tasks = Tasks()

    async def start(self) -> None:
        self._tasks.keep("count refusals", self._keep)

    async def stop(self) -> None:
        self._alarm.clear()
        await self._tasks.stop()
        with contextlib.suppress(StoreUnavailable):
            await self._save()

    def note(self, act: Act, code: str) -> None:
        if not self._counts:
            self._minute = self._clock.now() // MINUTE * MINUTE
            self._alarm.set(self._minute + MINUTE)
        kind = (act, code)
        if kind not in self._counts and len(self._counts) >= MAX_KINDS:
            kind = (Act(None), code)
        self._counts[kind] = self._counts.get(kind, 0) + 1

    async def _keep(self) -> None:
        while True:
            await self._alarm.wait()
            self._alarm.clear()
            try:
                await self._save()
            except StoreUnavailable:
                await asyncio.sleep(1)
                self._alarm.set(self._clock.now())

    async def _save(self) -> None:
        counts, minute = self._counts, self._minute
        if not counts:
            return
        self._counts = {}
        entries = [
            AuditEntry(at=minute, act=act, action=REFUSED, outcome=code, count=count)
            for (act, code), count in counts.items()
        ]
        try:
            await self._store.note_audit(entries)
        except StoreUnavailable:
            if self._counts:
                self._minute = min(self._minute, minute)
            else:
                self._minute = minute
            for kind, count in counts.items():
                self._counts[kind] = self._counts.get(kind, 0) + count
            raise
