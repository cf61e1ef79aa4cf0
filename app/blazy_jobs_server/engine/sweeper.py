"""What happens because time passes: due runs are queued, expired ones fail, overdue leases are taken back, and finished
runs are deleted after their retention."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from blazy_jobs_server.engine.loop import Alarm, Tasks
from blazy_jobs_server.ports import Clock, Commit, Store

PRUNE_BATCH = 200
PRUNE_IDLE_SECONDS = 5.0
PRUNE_PAUSE_SECONDS = 0.02


class Sweeper:
    def __init__(self, store: Store, clock: Clock, give_up_silent: Callable[[], Awaitable[None]]) -> None:
        self._store = store
        self._clock = clock
        self._give_up_silent = give_up_silent
        self._tasks = Tasks()
        self._alarm = Alarm(clock.now)
        self._stepping = asyncio.Lock()
        self.deleted = 0
        """Runs, after their retention."""
        self.may_prune: Callable[[], bool] = lambda: True
        self.prune_until: Callable[[], Awaitable[int | None]] | None = None
        """By when the retention of runs must have been over for them to be deleted; None: by now."""

    async def start(self) -> None:
        self._alarm.ring()
        self._tasks.keep("sweep", self._sweep)
        self._tasks.keep("prune", self._prune)

    async def stop(self) -> None:
        await self._tasks.stop()

    def on_commit(self, commit: Commit) -> None:
        if commit.due_at is not None:
            self._alarm.set(commit.due_at)

    def look_again(self, at: int) -> None:
        """There may be something to do then that another server has made."""
        self._alarm.set(at)

    async def catch_up(self) -> None:
        """What is due by now is done when this returns: for reads that must not see a due run still waiting."""
        if self._stepping.locked() or self._due():
            async with self._stepping:
                while self._due():
                    await self._step()

    def _due(self) -> bool:
        return self._alarm.at is not None and self._alarm.at <= self._clock.now()

    async def _sweep(self) -> None:
        self._alarm.ring()
        while True:
            await self._alarm.wait()
            async with self._stepping:
                await self._step()

    async def _step(self) -> None:
        # Cleared first: what a commit sets from now on stands.
        self._alarm.clear()
        # The leases of a silent worker are lost, which the sweep, seeing them overdue, would take for released.
        try:
            await self._give_up_silent()
            swept = await self._store.sweep()
        except BaseException:
            self._alarm.set(self._clock.now())
            raise
        if swept.due_at is not None:
            self._alarm.set(swept.due_at)

    async def _prune(self) -> None:
        while True:
            pruned = await self._prune_some() if self.may_prune() else 0
            # Small batches with a breath between them, so that traffic is not disturbed.
            await asyncio.sleep(PRUNE_PAUSE_SECONDS if pruned == PRUNE_BATCH else PRUNE_IDLE_SECONDS)

    async def _prune_some(self) -> int:
        until = None if self.prune_until is None else await self.prune_until()
        pruned = await (self._store.prune(PRUNE_BATCH) if until is None else self._store.prune(PRUNE_BATCH, until))
        self.deleted += pruned
        return pruned
