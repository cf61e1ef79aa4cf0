"""The lanes of all origins: there as soon as a job type has a handler there, and as long."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import structlog

from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.job_type import JobType
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.handlers.breaker import Breaker
from blazy_jobs_server.handlers.exchange import Exchange
from blazy_jobs_server.handlers.lane import Lane
from blazy_jobs_server.handlers.sealing import origin_of
from blazy_jobs_server.handlers.slots import Slots

log = structlog.get_logger("handlers")

RELEASE_SECONDS = 5.0


class Lanes:
    def __init__(
        self,
        jobs: Jobs,
        exchange: Exchange,
        *,
        concurrency: int,
        per_origin: int,
        serving: bool,
        seconds: Callable[[], float],
    ) -> None:
        """`serving` False: this server sends nothing, others do. `seconds` never goes back."""
        self._jobs = jobs
        self._exchange = exchange
        self._slots = Slots(concurrency, per_origin)
        self._per_origin = per_origin
        self._serving = serving
        self._seconds = seconds
        self._lanes: dict[str, Lane] = {}
        self._ending: set[Lane] = set()
        self._breakers: dict[str, Breaker] = {}
        self._origins: dict[str, str] = {}
        """Of each job type with an HTTP handler."""
        self._tasks = Tasks()
        self._changed = asyncio.Event()
        self._draining = False

    def start(self) -> None:
        self._jobs.catalogue.on_change = self._changed.set
        self._jobs.leasing.claims.on_nudge = self._nudge
        self._jobs.unreachable = self._is_unreachable
        self._follow()
        self._tasks.keep("lanes", self._keep_following)

    async def drain(self, seconds: float) -> None:
        """Claims no more, and waits for what is under way; what is not done by then goes back."""
        self._draining = True
        lanes = [*self._lanes.values(), *self._ending]
        for lane in lanes:
            lane.close()
        for patience in (seconds, RELEASE_SECONDS):
            try:
                async with asyncio.timeout(patience):
                    await asyncio.gather(*(lane.emptied() for lane in lanes))
                return
            except TimeoutError:
                for lane in lanes:
                    lane.give_back()

    async def stop(self) -> None:
        """Stopping twice, or before the start, is harmless."""
        self._jobs.catalogue.on_change = lambda: None
        self._jobs.leasing.claims.on_nudge = lambda worker_id: None
        self._jobs.unreachable = lambda job_type: False
        await self._tasks.stop()
        lanes = [*self._lanes.values(), *self._ending]
        self._lanes.clear()
        self._ending.clear()
        for lane in lanes:
            try:
                await lane.leave()
            except StoreUnavailable as error:
                log.warning("a lane could not leave: its runs go back later", origin=lane.origin, reason=error.detail)

    async def _keep_following(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._follow()

    def _follow(self) -> None:
        """Brings the lanes to what the job types say."""
        handled = [j for j in self._jobs.catalogue.job_types() if j.definition.handler.kind == "http"]
        self._origins = {job_type.name: origin_of(job_type.definition) for job_type in handled}
        leasing = self._jobs.leasing
        if leasing.membership.reserve(frozenset(self._origins)):
            leasing.claims.look_again()
        if not self._serving or self._draining:
            return
        wanted: dict[str, set[str]] = {}
        for name, origin in self._origins.items():
            wanted.setdefault(origin, set()).add(name)
        for origin, lane in list(self._lanes.items()):
            if wanted.get(origin, set()) != set(lane.job_types):
                self._end(self._lanes.pop(origin))
        self._breakers = {o: self._breakers.get(o) or Breaker(self._seconds) for o in wanted}
        for origin, job_types in wanted.items():
            if origin not in self._lanes:
                self._begin(origin, frozenset(job_types))
        self._slots.know(len(self._lanes.keys() | {lane.origin for lane in self._ending}))

    def _begin(self, origin: str, job_types: frozenset[str]) -> None:
        lane = self._lanes[origin] = Lane(
            origin,
            job_types,
            self._jobs,
            self._exchange,
            self._slots,
            self._breakers[origin],
            self._handler_of,
            self._per_origin,
        )
        lane.start()

    def _end(self, lane: Lane) -> None:
        lane.close()
        self._ending.add(lane)
        self._tasks.spawn(f"end lane {lane.origin}", self._leave(lane))

    async def _leave(self, lane: Lane) -> None:
        await lane.emptied()
        while lane in self._ending:
            try:
                await lane.leave()
            except StoreUnavailable:
                await asyncio.sleep(1.0)
            else:
                self._ending.discard(lane)
        self._changed.set()

    def _handler_of(self, run: Run, origin: str) -> JobType | None:
        job_type = self._jobs.catalogue.get(run.job_type)
        if job_type is None or self._origins.get(run.job_type) != origin or job_type.secrets is None:
            return None
        same = job_type.definition.handler.kind == "http" and origin_of(job_type.definition) == origin
        return job_type if same else None

    def _nudge(self, worker_id: int) -> None:
        for lane in (*self._lanes.values(), *self._ending):
            lane.nudge(worker_id)

    def breakers(self) -> tuple[int, int]:
        """How many origins' breakers are closed, and how many open."""
        closed = sum(breaker.is_closed for breaker in self._breakers.values())
        return closed, len(self._breakers) - closed

    def _is_unreachable(self, job_type: str) -> bool:
        breaker = self._breakers.get(self._origins.get(job_type, ""))
        return breaker is not None and not breaker.is_closed
