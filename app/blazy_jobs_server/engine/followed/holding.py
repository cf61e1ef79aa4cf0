"""Holding: the locks of the jobs that our workers have."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence

import structlog

from blazy_jobs_server.domain.errors import QueueUnavailable
from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.engine.followed.levelling import Levelling
from blazy_jobs_server.engine.followed.tracking import GUARD_SECONDS, Tracking
from blazy_jobs_server.ports import QueueEngine, Report, Sighting, Store

log = structlog.get_logger("queues")

LAST_WORDS = frozenset(("completed", "failed", "released", "snoozed", "cancelled", "lost"))


class Holding:
    def __init__(self, tracking: Tracking, engine: QueueEngine, store: Store, levelling: Levelling) -> None:
        self._tracking = tracking
        self._queue = tracking.queue
        self._engine = engine
        self._store = store
        self._levelling = levelling

    async def hold(self, run_ids: Iterable[int]) -> None:
        """Renews the locks of these; what is lost goes its own way."""
        hands = {run_id: hand for run_id in run_ids if (hand := self._tracking.hands.get(run_id)) is not None}
        if not hands:
            return
        locks = [(hand.job_id, hand.token, hand.starts) for hand in hands.values()]
        lost = set(await self._engine.hold(self._queue, locks))
        gone = [run_id for run_id, hand in hands.items() if hand.job_id in lost]
        if not gone:
            return
        jobs = await self._engine.look(self._queue, [(hands[run_id].job_id, 0) for run_id in gone], payloads=False)
        # A job that is missing was lost by its engine: our worker's word is all that there will be of it.
        seen = [run_id for run_id, job in zip(gone, jobs, strict=True) if job.seen.stage != "missing"]
        for run_id in seen:
            log.warning("lock lost", queue=self._queue.name, run=public_run_id(run_id))
            self._tracking.hands.pop(run_id, None)
        await self._levelling.level(await self._store.runs_of(seen))

    async def guard(self, reports: Sequence[Report]) -> None:
        """Before a worker's last word on a run is taken: that its lock is still ours. Where Redis cannot say so at
        once, our row decides, and the job hears of it later."""
        ending = [
            report.run_id for report in reports if report.kind in LAST_WORDS and report.run_id in self._tracking.hands
        ]
        if not ending or self._tracking.state is None:
            return
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                await self.hold(ending)
        except (QueueUnavailable, TimeoutError) as error:
            self._tracking.lost(error)

    async def let_go(self, sightings: Sequence[Sighting]) -> None:
        """A job that our worker has and that is not under our lock any more goes its own way."""
        for sighting in sightings:
            if sighting.run_id is not None and sighting.run_id in self._tracking.hands:
                hand = self._tracking.hands[sighting.run_id]
                if sighting.seen.starts > hand.starts or sighting.seen.stage in ("waiting", "delayed"):
                    self._tracking.hands.pop(sighting.run_id)
