"""Delivering: jobs are taken for claims that wait, and handed to our workers."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections.abc import Sequence
from enum import Enum
from typing import NamedTuple

import structlog

from blazy_jobs_server.domain.errors import JobTypeNotFound, QueueUnavailable, StoreUnavailable
from blazy_jobs_server.domain.ids import parse_run_id
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.lifecycle import Lease
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.engine.claims import Waiting
from blazy_jobs_server.engine.dispatch import Dispatcher
from blazy_jobs_server.engine.followed.levelling import Levelling
from blazy_jobs_server.engine.followed.sightings import Sightings
from blazy_jobs_server.engine.followed.tracking import Tracking, back_of, end_of, hand_of
from blazy_jobs_server.engine.leasing import Leasing
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.ports import Clock, Followed, Job, JobEnd, QueueEngine, Report, Store

log = structlog.get_logger("queues")

MOST_TAKEN = 200
LOOK_AHEAD = 20
PASS_SECONDS = 5.0
"""How long a job is put off that none of our workers can take now."""
ARRIVAL_SECONDS = 5.0
PROBE_SECONDS = 0.25


class Dealt(NamedTuple):
    gifts: dict[int, list[Run]]
    """Place of the claim → what it gets."""
    ends: list[JobEnd]


class Served(Enum):
    SOME = 0
    NOTHING = 1
    """There was no job."""
    IN_VAIN = 2
    """What there was is not for those who wait."""


class Delivering:
    def __init__(
        self,
        tracking: Tracking,
        engine: QueueEngine,
        store: Store,
        clock: Clock,
        dispatcher: Dispatcher,
        leasing: Leasing,
        tasks: Tasks,
        sightings: Sightings,
        levelling: Levelling,
    ) -> None:
        self._tracking = tracking
        self._queue = tracking.queue
        self._engine = engine
        self._store = store
        self._clock = clock
        self._dispatcher = dispatcher
        self._leasing = leasing
        self._tasks = tasks
        self._sightings = sightings
        self._levelling = levelling
        self._newcomer = asyncio.Event()
        self._names: set[str] = set()
        """Of the jobs that were taken last."""

    def wake(self) -> None:
        """One more claim waits that may get runs of this queue."""
        self._newcomer.set()

    async def run(self) -> None:
        await self._tracking.compared.wait()
        # An engine that does not answer is asked without any claims.
        self._tracking.state = await self._engine.state(self._queue)
        self._tracking.well("consume", in_full=False)
        arrived = False
        while True:
            self._newcomer.clear()
            served = await self._serve(await self._claims(arrived))
            self._tracking.well("consume")
            arrived = served is Served.NOTHING and await self._arrival()
            if served is Served.IN_VAIN:
                await self._engine.pass_on(self._queue)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(PROBE_SECONDS):
                        await self._newcomer.wait()

    async def _arrival(self) -> bool:
        """Until there may be a job, and whether its arrival was told here, and so to nobody else. Meanwhile claims are
        for others."""
        while not await self._engine.arrival(self._queue, ARRIVAL_SECONDS):
            counts = self._tracking.state.counts if self._tracking.state is not None else {}
            if self._tracking.state is None or counts[State.QUEUED] or counts[State.SCHEDULED]:
                return False  # the word of an arrival may have been lost
        return True

    async def _claims(self, arrived: bool) -> list[Waiting]:
        """Some that wait for jobs of this queue. Of one that has arrived others hear where there are none soon."""
        if arrived and self._leasing.sharing.wants(self._queue.name):
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PROBE_SECONDS):
                    return await self._leasing.sharing.reserve(self._queue.name, self._names)
        if arrived:
            await self._engine.pass_on(self._queue)
        return await self._leasing.sharing.reserve(self._queue.name, self._names)

    def _wanted(self, reserved: Sequence[Waiting]) -> int:
        """How many jobs waiting claims can take. A job's name is known only when it is taken, so claims that serve none
        of the names that came last are not counted on; where there are no others, a few jobs show what comes now."""
        likely = [waiting for waiting in reserved if waiting.member.job_types & self._names]
        if likely:
            return min(sum(waiting.limit for waiting in likely), MOST_TAKEN)
        return min(sum(waiting.limit for waiting in reserved), LOOK_AHEAD)

    async def _serve(self, reserved: Sequence[Waiting]) -> Served:
        """Takes as many jobs as these claims may take, and hands them back."""
        dealt = Dealt({}, [])
        try:
            wanted = self._wanted(reserved)
            if not wanted:
                return Served.SOME
            tokens = [self._tracking.mark + secrets.token_hex(8) for _ in range(wanted)]
            async with self._tracking.take:
                try:
                    jobs = await self._engine.take(self._queue, tokens)
                except QueueUnavailable:
                    self._tracking.unsure.set()  # it may have taken some
                    raise
                if any(job.seen.stage == "missing" for job in jobs):
                    log.warning("jobs without their data in Redis were taken", queue=self._queue.name)
                    self._tracking.unsure.set()  # what their runs are to become of is found there
                    jobs = [job for job in jobs if job.seen.stage != "missing"]
                self._tracking.taking.update(job.job_id for job in jobs)
                self._tracking.expect(*((job.job_id, "active") for job in jobs))
            if not jobs:
                return Served.NOTHING
            self._names = {job.name for job in jobs}
            try:
                dealt = await self._deal(jobs, reserved)
            finally:
                self._tracking.taking.difference_update(job.job_id for job in jobs)
            await self._levelling.finish(dealt.ends)
            in_vain = not dealt.gifts and any(end.kind == "back" for end in dealt.ends)
            return Served.IN_VAIN if in_vain else Served.SOME
        finally:
            for place, waiting in enumerate(reserved):
                runs = sorted(dealt.gifts.get(place, []), key=lambda run: (-run.priority, run.due_at, run.id))
                if not self._leasing.sharing.hand(waiting, runs) and runs:
                    self._tasks.spawn("give back", self._give_back(waiting, runs))

    async def _give_back(self, waiting: Waiting, runs: Sequence[Run]) -> None:
        """The claimer went away while it was being served."""
        reports = [Report(run_id=r.id, attempt=r.attempt, token=r.lease_token or "", kind="released") for r in runs]
        await self._store.report(waiting.member.record.id, reports, [], self._leasing.lease_seconds)

    async def _deal(self, jobs: Sequence[Job], reserved: Sequence[Waiting]) -> Dealt:
        """To the claims in turn; what nobody gets goes back."""
        places = self._places(jobs, reserved)
        sightings = [
            self._sightings.of(
                parse_run_id(job.job_id),
                job,
                self._sightings.order(job),
                lease=Lease(reserved[places[job.job_id]].member.record.id, job.seen.token or "", 0),
            )
            for job in jobs
            if job.job_id in places
        ]
        try:
            followed = await self._sightings.tell(sightings)
        except StoreUnavailable:
            await self._levelling.finish([self._put_off(job) for job in jobs])
            raise
        found = {sighting.job_id: item for sighting, item in zip(sightings, followed, strict=True)}
        dealt = Dealt({}, [])
        for job in reversed(jobs):  # what goes back to the front is in its order again
            item = found.get(job.job_id, Followed(None))
            if item.leased and item.run is not None:
                self._tracking.hands[item.run.id] = hand_of(job, item.run)
                dealt.gifts.setdefault(places[job.job_id], []).append(item.run)
            elif item.run is not None and item.run.state.final:
                dealt.ends.append(end_of(item.run, hand_of(job, item.run)))
            elif self._may_come(job, item.run) and (item.run is not None or job.job_id not in found):
                dealt.ends.append(back_of(job))
            else:
                dealt.ends.append(self._put_off(job))
        await self._begin([self._tracking.hands[run.id].job_id for runs in dealt.gifts.values() for run in runs])
        return dealt

    async def _begin(self, job_ids: Sequence[str]) -> None:
        try:
            await self._engine.begin(self._queue, job_ids)
        except QueueUnavailable as error:
            self._tracking.lost(error)

    def _may_come(self, job: Job, run: Run | None) -> bool:
        """Whether one of our workers takes it as soon as it has room."""
        try:
            paused = self._dispatcher.at_hand(job.name).job_type.paused
        except JobTypeNotFound:
            return False
        return (
            not paused
            and self._leasing.membership.served(job.name, self._queue.name)
            and (run is not None or bool(self._sightings.order(job)))
        )

    def _places(self, jobs: Sequence[Job], reserved: Sequence[Waiting]) -> dict[str, int]:
        """Job → place of the claim that gets it. A job that can have no run gets none."""
        room = [waiting.limit for waiting in reserved]
        places: dict[str, int] = {}
        turn = 0
        for job in jobs:
            place = self._place_for(job, reserved, room, turn)
            if place is not None and (parse_run_id(job.job_id) is not None or self._sightings.order(job) is not None):
                turn = place + 1
                room[place] -= 1
                places[job.job_id] = place
        return places

    def _put_off(self, job: Job) -> JobEnd:
        """Out of the way of others."""
        due_at = after(self._clock.now(), PASS_SECONDS)
        return JobEnd(job_id=job.job_id, token=job.seen.token or "", kind="again", due_at=due_at)

    def _place_for(self, job: Job, reserved: Sequence[Waiting], room: Sequence[int], turn: int) -> int | None:
        n = len(reserved)
        places = [(turn + i) % n for i in range(n)]
        return next((p for p in places if room[p] > 0 and job.name in reserved[p].member.job_types), None)
