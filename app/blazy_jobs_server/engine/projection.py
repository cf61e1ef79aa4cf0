"""The queues that another engine delivers: which there are, how that engine is, and what the API asks of them."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence

import structlog
from msgspec import UNSET, UnsetType

from blazy_jobs_server.domain.errors import InvalidRequest, NotSupported, QueueInUse, QueueUnavailable
from blazy_jobs_server.domain.event import one_by_one
from blazy_jobs_server.domain.job_type import Bullmq, Queue
from blazy_jobs_server.domain.keys import EVERYTHING, Within
from blazy_jobs_server.domain.limits import NO_LIMITS, Limits
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.engine.catalogue import Catalogue, Conflict
from blazy_jobs_server.engine.dispatch import Dispatcher
from blazy_jobs_server.engine.followed.health import Health
from blazy_jobs_server.engine.followed.queue import FollowedQueue
from blazy_jobs_server.engine.leasing import Leasing
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.numbers import Numbers
from blazy_jobs_server.ports import Clock, Commit, QueueEngine, Report, Store

log = structlog.get_logger("queues")

PING_SECONDS = 1.0
UNFINISHED_THERE = (State.SCHEDULED, State.QUEUED, State.RUNNING)


class Projection:
    def __init__(
        self,
        store: Store,
        engine: QueueEngine | None,
        clock: Clock,
        catalogue: Catalogue,
        dispatcher: Dispatcher,
        leasing: Leasing,
        numbers: Numbers,
        home: str,
    ) -> None:
        """`engine` None: there is none, and no queue can ask for it. `home` names this server's place."""
        self._home = home
        self._store = store
        self._engine = engine
        self._clock = clock
        self._catalogue = catalogue
        self._dispatcher = dispatcher
        self._leasing = leasing
        self._numbers = numbers
        self._tasks = Tasks()
        self._queues: dict[str, FollowedQueue] = {}
        self._attending = asyncio.Lock()
        self._health = Health(self._examine)

    # -- the life of the service

    async def start(self) -> None:
        for _, queue in self._catalogue.queues():
            self._attend(queue)
        if self._engine is None:
            return
        self._catalogue.on_load = self._look_again
        self._leasing.claims.on_claim = self._wake
        self._leasing.before_report = self._guard
        self._tasks.keep("ask for Redis", self._ping)

    async def stop(self) -> None:
        self._leasing.before_report = None
        self._leasing.claims.on_claim = lambda: None
        self._catalogue.on_load = lambda: None
        await self._tasks.stop()
        for queue in self._queues.values():
            await queue.stop()
        self._queues.clear()
        if self._engine is not None:
            await self._engine.close()

    def _attend(self, queue: Queue) -> None:
        if queue.bullmq is None:
            return
        if self._engine is None:
            log.error("a queue is in Redis, but JOBS_REDIS_URL is not set: its runs wait", queue=queue.name)
            return
        followed = self._queues[queue.name] = FollowedQueue(
            queue,
            self._engine,
            self._store,
            self._clock,
            self._dispatcher,
            self._leasing,
            self,
            self._home,
            lambda: self._unfinished(queue.name),
        )
        followed.start()

    async def _ping(self) -> None:
        assert self._engine is not None
        while True:
            if not self._queues or not self._health.is_up:
                try:
                    await self._engine.ping()
                except QueueUnavailable as error:
                    self.down("", "ping", error)
                else:
                    self.up("", "ping")
            await asyncio.sleep(PING_SECONDS)

    # -- how the engine is

    @property
    def configured(self) -> bool:
        return self._engine is not None

    @property
    def is_up(self) -> bool:
        return self._health.is_up

    @property
    def backlog(self) -> int:
        """Runs that the engine does not know of yet, or not what became of them."""
        return sum(
            queue.backlog if queue.reconciled else max(queue.backlog, self._unfinished(name))
            for name, queue in self._queues.items()
        )

    def _unfinished(self, queue: str) -> int:
        return sum(n for state, n in self._numbers.by_state(queue=queue).items() if not state.final)

    def up(self, queue: str, task: str, *, in_full: bool = True) -> None:
        self._health.up(queue, task, in_full=in_full)

    def down(self, queue: str, task: str, error: QueueUnavailable) -> None:
        self._health.down(queue, task, error)

    def unavailable(self, queue: Queue) -> bool:
        """Whether the engine that is to deliver it cannot be asked now."""
        return queue.bullmq is not None and (self._engine is None or self._health.troubled(queue.name))

    def waits_for_children(self, run: Run) -> bool:
        attended = self._queues.get(run.queue)
        return attended is not None and attended.waits_for_children(run.id)

    def _examine(self) -> None:
        self._tasks.spawn("examine Redis", self._warn())

    async def _warn(self) -> None:
        assert self._engine is not None
        with contextlib.suppress(QueueUnavailable):  # it is asked again when it is back
            for shortcoming in await self._engine.shortcomings():
                log.warning("Redis is not configured as BullMQ requires", reason=shortcoming)

    async def paused(self, queue: str, paused: bool) -> None:
        """The queue is paused there, or goes on, whoever said so."""
        if self._catalogue.queue(queue).paused is not paused:
            await self._catalogue.save_queue(queue, paused)

    # -- from the rest of the engine

    def on_commit(self, commit: Commit) -> None:
        if self._queues:
            for event in one_by_one(event for event in commit.events if event.queue in self._queues):
                self._queues[event.queue].on_event(event)

    def compare(self) -> None:
        """A server is gone that may have had something to tell: what our rows say, and what lies in the queues."""
        for queue in self._queues.values():
            queue.compare()

    def _wake(self) -> None:
        for queue in self._queues.values():
            queue.wake()

    async def _guard(self, reports: Sequence[Report]) -> None:
        for queue in list(self._queues.values()):
            await queue.guard(reports)

    async def before_cancel(self, run: Run) -> None:
        queue = self._queues.get(run.queue)
        if queue is not None and not run.state.final:
            await queue.before_cancel(run)

    async def before_erase(self, run: Run) -> None:
        """Its job is not in the queue any more when this returns: it would be one of others without the run. Raises
        QueueUnavailable."""
        if run.state.final and self._catalogue.has_queue(run.queue) and self._catalogue.queue(run.queue).bullmq:
            queue = self._queues.get(run.queue)
            if queue is None:
                raise QueueUnavailable("JOBS_REDIS_URL is not set")
            await queue.before_erase(run)

    @property
    def is_level(self) -> bool:
        """Whether no job lies in Redis, as far as can be known, whose run has ended."""
        return all(queue.is_level for queue in self._queues.values())

    # -- from the API

    def check(self, path: str = "/engine", url: str | None = None, url_path: str = "") -> None:
        """Raises NotSupported where there is no such engine, and InvalidRequest where `url` names another one."""
        if self._engine is None:
            raise NotSupported(path, "BullMQ queues need Redis: set JOBS_REDIS_URL on the server.")
        if url is not None and not self._engine.is_at(url):
            raise InvalidRequest.at(
                url_path, "is not this server's Redis; a server keeps all its BullMQ queues in one Redis"
            )

    async def declare(self, name: str, bullmq: Bullmq) -> Conflict | None:
        """What code says of a queue. One that lives otherwise already, by the API or with runs in it, stays so."""
        known = self._catalogue.queue(name) if self._catalogue.has_queue(name) else Queue(name=name)
        if known.bullmq == bullmq:
            return None
        reason = f"it exists in Redis with other settings: {known.bullmq}"
        if known.bullmq is None:
            try:
                await self.save_queue(name, None, bullmq, NO_LIMITS)
            except QueueInUse as error:
                reason = error.detail
            else:
                return None
        log.warning("declaration not applied", queue=name, reason=reason)
        return Conflict("queue", name, reason)

    async def save_queue(
        self,
        name: str,
        paused: bool | None,
        bullmq: Bullmq | UnsetType | None = UNSET,
        limits: Limits | None = None,
    ) -> Queue:
        """Raises NotSupported, QueueInUse, and QueueUnavailable where it is to be paused and cannot."""
        if isinstance(bullmq, Bullmq):
            self.check()
        queue = await self._catalogue.save_queue(name, None, bullmq, limits)
        await self.attend(queue)
        return queue if paused is None else await self.pause(queue, paused)

    async def attend(self, queue: Queue) -> None:
        """Of a queue that may have been changed."""
        async with self._attending:
            attended = self._queues.get(queue.name)
            if attended is not None and attended.queue.bullmq != queue.bullmq:
                del self._queues[queue.name]
                await attended.stop()
                self._health.forget(queue.name)
                attended = None
            if attended is None:
                self._attend(queue)

    def _look_again(self) -> None:
        """Another server may have made a queue, or changed it."""
        self._tasks.spawn("attend queues", self._attend_all())

    async def _attend_all(self) -> None:
        for _, queue in self._catalogue.queues():
            if queue.bullmq is not None or queue.name in self._queues:
                await self.attend(queue)

    async def pause(self, queue: Queue, paused: bool) -> Queue:
        """A pause of the engine's own, for workers of others too. Raises QueueUnavailable."""
        if queue.bullmq is not None:
            if self._engine is None:
                raise QueueUnavailable("JOBS_REDIS_URL is not set")
            await self._engine.pause(queue, paused)
        return await self._catalogue.save_queue(queue.name, paused)

    async def counts(self, queue: Queue, within: Within = EVERYTHING) -> dict[State, int]:
        """Runs by state; of a queue there, all jobs that it has, of others too, beside what has ended here. Where only
        some job types count, what is known here: the jobs there are not told apart."""
        counts = self._numbers.by_state(queue=queue.name, within=within)
        if within.job_types is not None:
            return counts
        attended = self._queues.get(queue.name)
        state = None if attended is None else await attended.look_at_queue()
        if state is not None:
            for name in UNFINISHED_THERE:
                counts[name] = state.counts[name]
            # A failed attempt waits there as any delayed job does; which these are, we know.
            counts[State.RETRYING] = min(counts[State.RETRYING], counts[State.SCHEDULED])
            counts[State.SCHEDULED] -= counts[State.RETRYING]
        return counts

    def delivered_by_others(self, queue: Queue) -> bool:
        return queue.bullmq is not None and not queue.bullmq.consume
