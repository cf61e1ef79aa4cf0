"""Reconciling: both sides are compared from end to end, so that what was lost between them is found."""

from __future__ import annotations

from collections.abc import Sequence

import structlog

from blazy_jobs_server.domain.ids import parse_run_id
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.engine.followed.holding import Holding
from blazy_jobs_server.engine.followed.levelling import Levelling
from blazy_jobs_server.engine.followed.sightings import Sightings
from blazy_jobs_server.engine.followed.tracking import PAGE, Hand, Tracking, job_id_of
from blazy_jobs_server.ports import Clock, QueueEngine, Store

log = structlog.get_logger("queues")


class Reconciling:
    def __init__(
        self,
        tracking: Tracking,
        engine: QueueEngine,
        store: Store,
        clock: Clock,
        sightings: Sightings,
        levelling: Levelling,
        holding: Holding,
    ) -> None:
        self._tracking = tracking
        self._queue = tracking.queue
        self._engine = engine
        self._store = store
        self._clock = clock
        self._sightings = sightings
        self._levelling = levelling
        self._holding = holding

    async def run(self) -> None:
        while True:
            await self._tracking.unsure.wait()
            self._tracking.unsure.clear()
            self._tracking.reconciled_at = self._clock.now()
            breaks = self._tracking.breaks
            try:
                await self._engine.mark(self._queue)
                standing = await self._standing()
                await self._reconcile_runs(set(standing))
                await self._reconcile_jobs(standing)
            except BaseException:
                self._tracking.unsure.set()
                raise
            self._tracking.compared.set()
            self._tracking.healed = breaks
            self._tracking.well("reconcile")

    async def _standing(self) -> list[str]:
        """All that lies in the queue's lists."""
        start, more = 0, True
        standing: list[str] = []
        while more:
            job_ids, more = await self._engine.unfinished(self._queue, start, PAGE)
            standing += job_ids
            start += PAGE
        return standing

    async def _reconcile_runs(self, standing: set[str]) -> None:
        after_id, more = 0, True
        leased: set[int] = set()
        while more:
            runs, more = await self._store.unfinished(self._queue.name, after_id, PAGE)
            for run in runs:
                if run.state is State.RUNNING and run.worker_id is not None and run.lease_token is not None:
                    leased.add(run.id)
                    hand = Hand(job_id_of(run), run.lease_token, run.followed or 0, run.losses)
                    if self._tracking.hands.setdefault(run.id, hand).token != run.lease_token:
                        self._tracking.hands[run.id] = hand
            loose = [run for run in runs if run.id not in leased]
            await self._put_back([job_id for run in loose if (job_id := job_id_of(run)) not in standing])
            await self._levelling.level(loose)
            after_id = runs[-1].id if runs else after_id
        await self._holding.hold(leased)
        stale = [run_id for run_id in self._tracking.hands if run_id not in leased]
        if stale:
            self._tracking.dirty.update(stale)
            self._tracking.work.set()

    async def _put_back(self, job_ids: Sequence[str]) -> None:
        """Of unfinished jobs that were seen in no list, and may have moved meanwhile: those that stand nowhere."""
        if job_ids:
            put_back = await self._engine.put_back(self._queue, job_ids)
            if put_back:
                log.warning("jobs that were in no list are added again", queue=self._queue.name, jobs=put_back[:10])

    async def _reconcile_jobs(self, standing: Sequence[str]) -> None:
        """What lies in the queue and is no unfinished run: of others, or of a run that has ended."""
        for start in range(0, len(standing), PAGE):
            job_ids = standing[start : start + PAGE]
            ours = {run_id: job_id for job_id in job_ids if (run_id := parse_run_id(job_id)) is not None}
            known = {run.id: run for run in await self._store.runs_of(list(ours))}
            await self._levelling.level([run for run in known.values() if run.state.final])
            theirs = [
                job_id
                for job_id in job_ids
                if parse_run_id(job_id) not in known and job_id not in self._tracking.taking
            ]
            jobs = await self._engine.look(
                self._queue, [(j, self._tracking.others.get(j, 0)) for j in theirs], payloads=True
            )
            orders = [(job, order) for job in jobs if (order := self._sightings.order(job)) is not None]
            await self._sightings.tell([s for job, order in orders for s in self._sightings.told(None, job, order)])
            await self._levelling.give_back_orphans([(None, job) for job in jobs if self._tracking.may_be_orphan(job)])
