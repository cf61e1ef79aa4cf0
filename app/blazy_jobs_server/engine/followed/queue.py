"""One queue that another engine delivers: our runs there are handed over, followed, leased out and ended.

The job is the truth, and the run follows it. Whatever is done here looks at the job as it is and levels the two, so it
may be done twice, late or after a crash; the engine's event stream only says where to look, and brings what a look can
no longer find. What is lost between the two sides is found by `reconciling`, which compares them from end to end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog

from blazy_jobs_server.domain.errors import QueueUnavailable, StoreUnavailable
from blazy_jobs_server.domain.event import Event, EventType
from blazy_jobs_server.domain.ids import parse_run_id
from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.job_type import Queue
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.engine.dispatch import Dispatcher
from blazy_jobs_server.engine.followed.delivering import Delivering
from blazy_jobs_server.engine.followed.following import Following
from blazy_jobs_server.engine.followed.holding import Holding
from blazy_jobs_server.engine.followed.levelling import Levelling
from blazy_jobs_server.engine.followed.reconciling import Reconciling
from blazy_jobs_server.engine.followed.sightings import Sightings
from blazy_jobs_server.engine.followed.tracking import GUARD_SECONDS, Ear, Tracking, job_id_of
from blazy_jobs_server.engine.leasing import Leasing
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.ports import Clock, QueueEngine, QueueState, Report, Store

log = structlog.get_logger("queues")

AGAIN_SECONDS = 0.5
REFUSED_SECONDS = 5.0
TICK_SECONDS = 1.0
RECONCILE_SECONDS = 60.0
FEWER_LOOKS = 20
ENDED = (EventType.RETRYING, EventType.INTERRUPTED, EventType.COMPLETED, EventType.FAILED, EventType.CANCELLED)


class FollowedQueue:
    def __init__(
        self,
        queue: Queue,
        engine: QueueEngine,
        store: Store,
        clock: Clock,
        dispatcher: Dispatcher,
        leasing: Leasing,
        ear: Ear,
        home: str,
        unfinished: Callable[[], int],
    ) -> None:
        """`home` names this server's place, the same after a restart; `unfinished` counts our runs in the queue."""
        self.queue = queue
        self.name = queue.name
        self._engine = engine
        self._store = store
        self._clock = clock
        self._ear = ear
        self._tasks = Tasks()
        self._tracking = tracking = Tracking(queue, ear, home)
        sightings = self._sightings = Sightings(tracking, store, dispatcher, leasing)
        levelling = self._levelling = Levelling(tracking, engine, store, clock, sightings)
        holding = self._holding = Holding(tracking, engine, store, levelling)
        self._following = Following(tracking, engine, store, clock, ear, sightings, holding)
        self._reconciling = Reconciling(tracking, engine, store, clock, sightings, levelling, holding)
        self._delivering = Delivering(
            tracking, engine, store, clock, dispatcher, leasing, self._tasks, sightings, levelling
        )
        self._held_at = 0
        self._unfinished = unfinished
        self._fewer = 0

    # -- the life of the service

    def start(self) -> None:
        self._tracking.unsure.set()
        self._tasks.keep(f"level {self.name}", lambda: self._trying("level", self._levelling.run))
        self._tasks.keep(f"follow {self.name}", lambda: self._trying("follow", self._following.run))
        self._tasks.keep(f"watch {self.name}", lambda: self._trying("watch", self._watch))
        self._tasks.keep(f"reconcile {self.name}", lambda: self._trying("reconcile", self._reconciling.run))
        if self.queue.bullmq is not None and self.queue.bullmq.consume:
            self._tasks.keep(f"consume {self.name}", lambda: self._trying("consume", self._delivering.run))

    async def stop(self) -> None:
        """What is still to be told is told, where Redis answers; else the next start finds it."""
        await self._tasks.stop()
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                while self.backlog and self._tracking.state is not None:
                    await self._levelling.level_once()
        except (QueueUnavailable, StoreUnavailable, TimeoutError) as error:
            log.warning(
                "stopped before all changes were written to Redis",
                queue=self.name,
                runs=self.backlog,
                reason=str(error),
            )

    async def _trying(self, task: str, work: Callable[[], Awaitable[None]]) -> None:
        """Tries again at once where the engine is gone, and less and less often where it refuses."""
        wait_seconds = AGAIN_SECONDS
        while True:
            try:
                await work()
            except QueueUnavailable as error:
                self._tracking.lost(error, task)
                wait_seconds = min(wait_seconds * 2, REFUSED_SECONDS) if error.refused else AGAIN_SECONDS
                await asyncio.sleep(wait_seconds)

    @property
    def reconciled(self) -> bool:
        """Whether both sides were compared since the start."""
        return self._tracking.reconciled

    @property
    def is_level(self) -> bool:
        """Whether both sides were compared since they were last apart."""
        return self._tracking.is_level

    def waits_for_children(self, run_id: int) -> bool:
        return run_id in self._tracking.parents

    @property
    def backlog(self) -> int:
        """Runs whose job is not known to be in the queue, or to know what became of them."""
        return len(self._tracking.fresh) + len(self._tracking.dirty)

    def on_event(self, event: Event) -> None:
        run_id = event.run_id
        if event.type is EventType.QUEUED:
            self._tracking.fresh.add(run_id)
        elif event.type is EventType.PROGRESS and run_id in self._tracking.hands:
            self._tracking.progress[run_id] = event.data
        elif event.type in ENDED and (run_id in self._tracking.hands or run_id not in self._tracking.following):
            self._tracking.dirty.add(run_id)
        else:
            return
        self._tracking.work.set()

    async def _watch(self) -> None:
        while True:
            await self._look_after()
            self._tracking.well("watch")
            await asyncio.sleep(TICK_SECONDS)

    async def look_at_queue(self) -> QueueState | None:
        """As it is now; None where it cannot be asked at once."""
        if self._tracking.state is None:
            return None
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                return await self._engine.state(self.queue)
        except (QueueUnavailable, TimeoutError) as error:
            self._tracking.lost(error)
            return None

    async def _look_after(self) -> None:
        self._tracking.state = state = await self._engine.state(self.queue)
        await self._ear.paused(self.name, state.paused)
        self._count(state)
        if not state.marked or not self._tracking.is_level:
            self._tracking.unsure.set()
        if self._clock.now() - self._held_at >= self._engine.lock_seconds / 3 * SECOND:
            await self._holding.hold(list(self._tracking.hands))
            self._held_at = self._clock.now()
        if self._tracking.others:
            jobs = await self._engine.look(self.queue, list(self._tracking.others.items()), payloads=False)
            jobs = [job for job in jobs if job.lines or job.seen.stage not in ("active", "missing")]
            await self._sightings.tell([s for job in jobs for s in self._sightings.told(parse_run_id(job.job_id), job)])
        if self.queue.bullmq is not None and self.queue.bullmq.consume:
            await self._engine.recover(self.queue)
        if (
            not self._tracking.unsure.is_set()
            and self._clock.now() - self._tracking.reconciled_at >= RECONCILE_SECONDS * SECOND
        ):
            self._tracking.unsure.set()

    def _count(self, state: QueueState) -> None:
        """Where there are fewer jobs than runs for some looks, some stand nowhere."""
        fewer = sum(state.counts.values()) + self.backlog < self._unfinished()
        self._fewer = self._fewer + 1 if fewer else 0
        if self._fewer % FEWER_LOOKS == 3:
            self._tracking.unsure.set()

    def compare(self) -> None:
        """Both sides may have been left apart."""
        self._tracking.unsure.set()

    async def before_cancel(self, run: Run) -> None:
        """Takes the job out of the queue, so that nobody begins it; where someone has, the run hears of it first."""
        if run.state is State.RUNNING or self._tracking.state is None:
            return
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                if not await self._levelling.remove([job_id_of(run)]):
                    await self._levelling.level([run])
        except (QueueUnavailable, TimeoutError) as error:
            log.warning("job not removed yet", queue=self.name, run=public_run_id(run.id), reason=str(error))

    async def before_erase(self, run: Run) -> None:
        """Takes the job of a finished run out of the queue, where it would be one of others without it. Raises
        QueueUnavailable."""
        if self._tracking.state is None:
            raise QueueUnavailable("Redis does not answer")
        try:
            async with asyncio.timeout(GUARD_SECONDS):
                await self._levelling.level_these(set(), {run.id})
        except (QueueUnavailable, TimeoutError) as error:
            self._tracking.lost(error)
            raise QueueUnavailable(str(error) or "no answer") from error

    async def guard(self, reports: Sequence[Report]) -> None:
        await self._holding.guard(reports)

    def wake(self) -> None:
        """One more claim waits that may get runs of this queue."""
        self._delivering.wake()
