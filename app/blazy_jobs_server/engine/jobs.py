"""The engine put together: what the API speaks to."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Sequence

from blazy_jobs_server.domain.errors import RunNotFound
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.ids import run_id as public_run_id
from blazy_jobs_server.domain.ids import server_id as public_server_id
from blazy_jobs_server.domain.limits import NO_LIMITS, RateWindow, Scope
from blazy_jobs_server.domain.redaction import redacted_event
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.engine import attempts
from blazy_jobs_server.engine.attempts import Attempts
from blazy_jobs_server.engine.bulks import Bulks
from blazy_jobs_server.engine.catalogue import Catalogue
from blazy_jobs_server.engine.configuring import Configuring
from blazy_jobs_server.engine.deployments import Deployments
from blazy_jobs_server.engine.dispatch import Dispatcher
from blazy_jobs_server.engine.feed import Feed
from blazy_jobs_server.engine.history import History
from blazy_jobs_server.engine.incidents import Incidents
from blazy_jobs_server.engine.leasing import Leasing
from blazy_jobs_server.engine.live import Live
from blazy_jobs_server.engine.loop import Alarm, LoopLag
from blazy_jobs_server.engine.neighbourhood import Neighbourhood
from blazy_jobs_server.engine.numbers import Numbers
from blazy_jobs_server.engine.plans import Orders
from blazy_jobs_server.engine.projection import Projection
from blazy_jobs_server.engine.scheduler import Scheduler
from blazy_jobs_server.engine.schedules import Schedules
from blazy_jobs_server.engine.schemas import payloads
from blazy_jobs_server.engine.servers import Servers
from blazy_jobs_server.engine.sweeper import Sweeper
from blazy_jobs_server.engine.tally import Tally
from blazy_jobs_server.ports import Clock, Commit, QueueEngine, Store, Timer


class Jobs:
    def __init__(
        self,
        store: Store,
        clock: Clock,
        *,
        lease_seconds: float,
        heartbeat_seconds: float,
        schedule_timer: Timer | None = None,
        queue_engine: QueueEngine | None = None,
        home: str = "",
    ) -> None:
        """`home` names this server's place, the same after a restart, where it speaks to what others speak to too."""
        self.store = store
        self.clock = clock
        self.catalogue = Catalogue(store)
        self.dispatcher = Dispatcher(store, self.catalogue, clock)
        self.leasing = Leasing(store, clock, lease_seconds=lease_seconds, heartbeat_seconds=heartbeat_seconds)
        self.dispatcher.on_dispatching = self.leasing.claims.offer
        self.sweeper = Sweeper(store, clock, self.leasing.membership.give_up_silent)
        timer = schedule_timer if schedule_timer is not None else Alarm(clock.now)
        orders = Orders(self.catalogue, self.dispatcher)
        self.schedules = Schedules(store, clock, self.catalogue, self.dispatcher, orders)
        self.scheduler = Scheduler(store, clock, self.catalogue, orders, timer)
        self.scheduler.on_cancel = self.leasing.claims.nudge
        self.configuring = Configuring(store, clock, self.catalogue)
        self.deployments = Deployments(store, self.catalogue, self.schedules, self.leasing.membership)
        self.leasing.too_old_for = self.deployments.too_old_for
        self.feed = Feed(store)
        self.feed.shown = self._shown
        self.numbers = Numbers(store)
        self._rates: dict[Scope, RateWindow] = {}
        """As they were when last needed."""
        self.attempts = Attempts()
        self.loop_lag = LoopLag()
        self.incidents = Incidents(clock)
        self.projection = Projection(
            store, queue_engine, clock, self.catalogue, self.dispatcher, self.leasing, self.numbers, home
        )
        self.configuring.on_queue = self.projection.attend
        self.tally = Tally(clock)
        self.servers = Servers(
            store,
            clock,
            lambda: self._server if store.neighbours is None else store.neighbours.server,
            feed=self.feed,
            loop_lag=self.loop_lag,
            membership=self.leasing.membership,
            numbers=self.numbers,
            tally=self.tally,
            draining=lambda: self.draining,
        )
        self.history = History(store, clock, self.numbers, self.tally, lambda: self.servers.ids()[0])
        self.live = Live(
            store,
            clock,
            catalogue=self.catalogue,
            feed=self.feed,
            incidents=self.incidents,
            membership=self.leasing.membership,
            numbers=self.numbers,
            projection=self.projection,
            servers=self.servers,
        )
        self.live.server = lambda: self.server_id
        self.neighbourhood = Neighbourhood(
            store,
            clock,
            catalogue=self.catalogue,
            feed=self.feed,
            live=self.live,
            leasing=self.leasing,
            numbers=self.numbers,
            projection=self.projection,
            scheduler=self.scheduler,
            sweeper=self.sweeper,
        )
        self.sweeper.may_prune = lambda: self.projection.is_level
        self._server = secrets.randbits(62)
        self.bulks = Bulks(store, clock, self.catalogue, self.dispatcher, self.leasing, self.projection)
        self.draining = False
        self.on_commit: Callable[[Commit], None] = lambda commit: None
        """Who else is told of commits."""
        self.unreachable: Callable[[str], bool] = lambda job_type: False
        """Whether the destination of a job type's HTTP handler refuses connections."""

    @property
    def server_id(self) -> str:
        """Another one after each start."""
        return public_server_id(self.servers.ids()[0])

    async def start(self) -> None:
        """The store is open. Raises StoreUnavailable."""
        self.store.on_commit = self._on_commit
        await self.catalogue.load()
        await self.numbers.load()
        await self.leasing.start()
        await self.deployments.start()
        await self.sweeper.start()
        await self.scheduler.start()
        self.servers.start()
        self.neighbourhood.start()
        await self.projection.start()
        await self.bulks.start()
        self.incidents.start()
        self.loop_lag.start()
        self.live.start()
        self.history.start()

    async def stop(self) -> None:
        """Stopping twice, or before the start, is harmless."""
        self.feed.close()
        self.loop_lag.stop()
        await self.live.stop()
        await self.incidents.stop()
        await self.bulks.stop()
        await self.neighbourhood.stop()
        await self.projection.stop()
        await self.scheduler.stop()
        await self.deployments.stop()
        await self.leasing.stop()
        payloads.close()
        await self.sweeper.stop()
        await self.history.stop()

    def drain(self) -> None:
        """Not ready, streams end, nothing new is leased out."""
        self.draining = True
        self.feed.close()
        self.leasing.drain()

    def _on_commit(self, commit: Commit) -> None:
        failures = attempts.failures_of(commit.events)
        self.numbers.on_commit(commit)
        self.attempts.on_commit(commit, failures)
        self.tally.on_commit(commit)
        self.live.on_commit(commit)
        self.history.on_commit(commit)
        self.sweeper.on_commit(commit)
        self.scheduler.on_commit(commit)
        self.leasing.claims.on_commit(commit)
        self.projection.on_commit(commit)
        self.incidents.store_worked()
        if failures:
            attempts.tell(failures)
            self.incidents.on_failures(failures)
        self.feed.publish(commit.events)
        self.on_commit(commit)

    def _shown(self, event: Event) -> Event:
        pointers = self.catalogue.redacts(event.job_type)
        return redacted_event(event, pointers) if pointers else event

    async def refresh(self) -> None:
        """What is kept in memory is as by now: the time that has passed, and what other servers have changed."""
        await self.sweeper.catch_up()
        if self.store.neighbours is not None:
            await self.catalogue.fresh()
            await self.numbers.load()

    # -- runs, as they are now

    async def run(self, run_id: int) -> Run:
        """Raises RunNotFound."""
        run = await self._read(run_id)
        if run.state in (State.SCHEDULED, State.RETRYING) and run.due_at <= self.clock.now():
            self.sweeper.look_again(run.due_at)
            await self.sweeper.catch_up()
            run = await self._read(run_id)
        await self.know([run])
        return run

    async def know(self, runs: Sequence[Run]) -> None:
        """Why they wait, and what of them is shown, can be told of job types too that another server has registered
        just now."""
        if any(
            not self.catalogue.has_met(run.job_type)
            or (run.state is State.QUEUED and self.catalogue.get(run.job_type) is None)
            for run in runs
        ):
            await self.catalogue.fresh()
        queues = {run.queue for run in runs if run.state is State.QUEUED and self.catalogue.has_queue(run.queue)}
        if any(self.catalogue.queue(queue).limits.rate_limit is not None for queue in queues):
            self._rates = await self.store.rates()

    async def _read(self, run_id: int) -> Run:
        run = await self.store.run(run_id)
        if run is None:
            raise RunNotFound(public_run_id(run_id))
        return run

    async def finished_run(self, run_id: int, seconds: float, ended: asyncio.Future[None] | None = None) -> Run:
        """The run when it is final, or as it is when `seconds` are over, or `ended` is done. Raises RunNotFound."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        while True:
            final = self.feed.wanted(run_id)
            try:
                run = await self.run(run_id)
                if run.state.final or self.feed.closed or loop.time() >= until or (ended and ended.done()):
                    return run
                waited = [final] if ended is None else [final, ended]
                await asyncio.wait(waited, timeout=until - loop.time(), return_when=asyncio.FIRST_COMPLETED)
            finally:
                self.feed.unwanted(run_id, final)

    async def cancel(self, run_id: int, reason: str | None) -> Run:
        """Raises RunNotFound and RunFinished."""
        if self.projection.configured:
            await self.projection.before_cancel(await self._read(run_id))
        run = await self.store.cancel(run_id, reason)
        if run is None:
            raise RunNotFound(public_run_id(run_id))
        if run.state is State.RUNNING and run.worker_id is not None:
            self.leasing.claims.nudge(run.worker_id)
        return run

    async def run_now(self, run_id: int) -> Run:
        """Raises RunNotFound, RunFinished, RunNotWaiting and NotSupported."""
        if await self.store.run_now(run_id) is None:
            raise RunNotFound(public_run_id(run_id))
        return await self.run(run_id)

    async def resolve(self, run_id: int) -> Run:
        """Raises RunNotFound and RunNotFailed."""
        run = await self.store.resolve(run_id)
        if run is None:
            raise RunNotFound(public_run_id(run_id))
        return await self.run(run_id)

    async def erase(self, run_id: int) -> None:
        """Raises RunNotFound, RunNotFinished, and QueueUnavailable where its job cannot be taken out of its queue."""
        await self.projection.before_erase(await self._read(run_id))
        if not await self.store.erase(run_id):
            raise RunNotFound(public_run_id(run_id))

    def wait_reason(self, run: Run) -> str | None:
        """Why a run that could start does not."""
        if run.state is not State.QUEUED:
            return None
        if self.catalogue.is_paused(run.job_type, run.queue):
            return "paused"
        if self.catalogue.has_queue(run.queue) and self.projection.unavailable(self.catalogue.queue(run.queue)):
            return "queue_unavailable"
        if self.projection.waits_for_children(run):
            return "waiting_children"
        if self.catalogue.has_queue(run.queue) and self.projection.delivered_by_others(self.catalogue.queue(run.queue)):
            return None
        if not self.leasing.membership.knows(run.job_type, run.queue, run.definition_id):
            return "no_worker"
        if self.unreachable(run.job_type):
            return "destination_unavailable"
        limit = self.catalogue.entry(run.job_type).job_type.definition.concurrency
        if limit is not None and self.numbers.running(run.job_type) >= limit:
            return "concurrency_limit"
        return self._held_by_queue(run.queue)

    def _held_by_queue(self, queue: str) -> str | None:
        limits = self.catalogue.queue(queue).limits if self.catalogue.has_queue(queue) else NO_LIMITS
        if limits.concurrency is not None and self.numbers.running_in(queue) >= limits.concurrency:
            return "concurrency_limit"
        return None if self.opens_at(queue) is None else "rate_limit"

    def opens_at(self, queue: str) -> int | None:
        """When the next run of the queue may start under its rate, as was last read; None: now."""
        rate = self.catalogue.queue(queue).limits.rate_limit if self.catalogue.has_queue(queue) else None
        if rate is None:
            return None
        now, window = self.clock.now(), self._rates.get(Scope("queue", queue))
        opens_at = now if window is None else window.under(rate, now).opens_at(rate, now)
        return None if opens_at <= now else opens_at
