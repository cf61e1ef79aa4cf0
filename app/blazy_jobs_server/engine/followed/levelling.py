"""Levelling: what our rows say is told to the engine; where the two differ, the one behind is brought to the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import structlog

from blazy_jobs_server.domain.errors import QueueUnavailable
from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.engine.followed.sightings import Sightings
from blazy_jobs_server.engine.followed.tracking import PAGE, Tracking, back_of, echo_of, end_of, hand_of, job_id_of
from blazy_jobs_server.ports import Clock, Job, JobEnd, Offer, QueueEngine, Sighting, Store

log = structlog.get_logger("queues")


class Levelling:
    def __init__(
        self, tracking: Tracking, engine: QueueEngine, store: Store, clock: Clock, sightings: Sightings
    ) -> None:
        self._tracking = tracking
        self._queue = tracking.queue
        self._engine = engine
        self._store = store
        self._clock = clock
        self._sightings = sightings

    async def run(self) -> None:
        while True:
            await self._tracking.work.wait()
            self._tracking.work.clear()
            while self._tracking.fresh or self._tracking.dirty or self._tracking.progress:
                await self.level_once()
            self._tracking.well("level")

    async def level_once(self) -> None:
        progress, self._tracking.progress = self._tracking.progress, {}
        told = [(hand.job_id, data) for run_id, data in progress.items() if (hand := self._tracking.hands.get(run_id))]
        if told:
            self._tracking.expect(*((job_id, "progress") for job_id, _ in told))
            try:
                await self._engine.tell_progress(self._queue, told)
            except BaseException:
                self._tracking.progress = progress | self._tracking.progress
                self._tracking.work.set()
                raise
        fresh, dirty = _some(self._tracking.fresh, PAGE), _some(self._tracking.dirty, PAGE)
        self._tracking.fresh -= fresh
        self._tracking.dirty -= dirty
        try:
            await self.level_these(fresh, dirty)
        except BaseException:
            self._tracking.fresh |= fresh
            self._tracking.dirty |= dirty
            self._tracking.work.set()
            raise

    async def level_these(self, fresh: set[int], dirty: set[int]) -> None:
        runs = await self._store.runs_of([*fresh, *(dirty - fresh)])
        await self._offer([run for run in runs if run.id in fresh and not run.state.final and run.claims == 0])
        changed = [run for run in runs if run.id in dirty]
        in_hand = {run.id for run in changed if run.id in self._tracking.hands}
        await self._end_in_hand([run for run in changed if run.id in in_hand])
        await self.level([run for run in changed if run.id not in in_hand])

    async def _offer(self, runs: Sequence[Run], *, anew: bool = False) -> None:
        ours = [run for run in runs if run.job_id is None]
        for start in range(0, len(ours), PAGE):
            page = ours[start : start + PAGE]
            for run in page:
                job_id = public_run_id(run.id)
                self._tracking.expect(
                    (job_id, "added"), (job_id, "waiting" if run.due_at <= self._clock.now() else "delayed")
                )
            await self._engine.offer(self._queue, [_offer(run) for run in page], anew=anew)

    async def _end_in_hand(self, runs: Sequence[Run]) -> None:
        """Of what our workers had: what has become of it."""
        ended = [
            run
            for run in runs
            if run.state is not State.RUNNING or run.lease_token != self._tracking.hands[run.id].token
        ]
        if not ended:
            return
        # Out of hand first: what goes back may be taken again before the answer is here.
        hands = {run.id: self._tracking.hands.pop(run.id) for run in ended}
        ends = [end_of(run, hands[run.id]) for run in ended]
        self._tracking.expect(*(echo_of(end) for end in ends))
        try:
            done = await self._engine.end(self._queue, ends)
        except BaseException:
            self._tracking.hands = hands | self._tracking.hands
            raise
        await self.level([run for run, ok in zip(ended, done, strict=True) if not ok])

    async def level(self, runs: Sequence[Run]) -> None:
        """Compares runs that no worker of ours has with their jobs, and brings the one that is behind to the other."""
        runs = [
            run for run in runs if run.id not in self._tracking.hands and job_id_of(run) not in self._tracking.taking
        ]
        if not runs:
            return
        jobs = await self._engine.look(
            self._queue,
            [(job_id_of(run), self._tracking.others.get(job_id_of(run), run.followed_lines)) for run in runs],
            payloads=False,
        )
        offers: list[Run] = []
        ends: list[JobEnd] = []
        removals: list[str] = []
        sightings: list[Sighting] = []
        orphans: list[tuple[Run | None, Job]] = []
        for run, job in zip(runs, jobs, strict=True):
            seen = job.seen
            mine = seen.stage == "active" and seen.token is not None and seen.token == run.lease_token
            if seen.stage == "missing" and run.job_id is None and not run.state.final and run.worker_id is None:
                if run.state is State.RUNNING:
                    sightings.append(self._sightings.of(run.id, job))
                offers.append(run)
            elif mine and run.state is not State.RUNNING:
                ends.append(end_of(run, hand_of(job, run)))
            elif not mine and self._tracking.may_be_orphan(job):
                orphans.append((run, job))
            elif run.state.final:
                if seen.stage in ("waiting", "delayed"):
                    removals.append(job.job_id)
            elif seen.stage != "missing" or run.job_id is not None:
                sightings += self._sightings.told(run.id, job)
        if ends:
            self._tracking.expect(*(echo_of(end) for end in ends))
            await self._engine.end(self._queue, ends)
        await self.remove(removals)
        await self._sightings.tell(sightings)
        await self.give_back_orphans(orphans)
        if offers:
            fresh = await self._store.runs_of([run.id for run in offers])
            await self._offer([run for run in fresh if not run.state.final], anew=True)

    async def give_back_orphans(self, found: Sequence[tuple[Run | None, Job]]) -> None:
        if not found:
            return
        async with self._tracking.take:
            pass  # what was being taken when it was looked at is somebody's now
        in_hand = self._tracking.taking | {hand.job_id for hand in self._tracking.hands.values()}
        orphans = [(run, job) for run, job in found if job.job_id not in in_hand]
        if orphans:
            log.info(
                "jobs taken in a lost response are returned to the queue", queue=self._queue.name, jobs=len(orphans)
            )
            await self.finish(
                [
                    end_of(run, hand_of(job, run)) if run is not None and run.state.final else back_of(job)
                    for run, job in orphans
                ]
            )

    async def remove(self, job_ids: Sequence[str]) -> bool:
        """Whether nobody holds any of them."""
        if not job_ids:
            return True
        self._tracking.expect(*((job_id, "removed") for job_id in job_ids))
        return all(await self._engine.remove(self._queue, job_ids))

    async def finish(self, ends: Sequence[JobEnd]) -> None:
        if ends:
            self._tracking.expect(*(echo_of(end) for end in ends))
            try:
                await self._engine.end(self._queue, ends)
            except QueueUnavailable as error:
                self._tracking.unsure.set()
                log.warning(
                    "jobs not returned to the queue", queue=self._queue.name, jobs=len(ends), reason=error.detail
                )


def _some(found: set[int], limit: int) -> set[int]:
    return set(islice(found, limit))


def _offer(run: Run) -> Offer:
    return Offer(
        job_id=public_run_id(run.id),
        name=run.job_type,
        payload=run.payload,
        priority=run.priority,
        due_at=run.due_at,
        retry=run.settings.retry,
        attempt=run.attempt,
        starts=run.followed or 0,
        losses=run.losses,
    )
