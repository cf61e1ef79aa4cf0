"""A lane: the internal worker of one origin, which claims runs, sends them there and reports what came of them.

Its leases are those of any worker. It belongs to its server, as a worker of the pool does: the end of that is no loss.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterable
from typing import Literal

import structlog
from msgspec.structs import replace

from blazy_jobs_server.domain.errors import StoreUnavailable, TooBusy, WorkerNotFound
from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.job_type import JobType
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.membership import LANE
from blazy_jobs_server.handlers.answers import Outcome
from blazy_jobs_server.handlers.breaker import Breaker
from blazy_jobs_server.handlers.exchange import Exchange
from blazy_jobs_server.handlers.slots import Slots
from blazy_jobs_server.ports import Report, WorkerRecord
from blazy_jobs_server.version import VERSION

log = structlog.get_logger("handlers")

PARK_SECONDS = 30.0
AGAIN_SECONDS = 0.5
CONNECTED_SECONDS = 12.0
"""A probe that has not failed by then has connected: connecting is given up before."""
MAX_POSTPONED = 10
KEY_ID = "http-handlers"
"""No key has that id: only an admin may speak as this worker."""

Why = Literal["cancelled", "released", "lost"]


class InHand:
    """A run that is being sent."""

    __slots__ = ("run", "task", "why")

    def __init__(self, run: Run) -> None:
        self.run = run
        self.task: asyncio.Task[None] | None = None
        self.why: Why | None = None
        """Why its request was ended."""

    def end(self, why: Why) -> None:
        if self.why is None and self.task is not None:
            self.why = why
            self.task.cancel()

    def report(self, kind: str) -> Report:
        run = self.run
        return Report(run_id=run.id, attempt=run.attempt, token=run.lease_token or "", kind=kind)


class Lane:
    def __init__(
        self,
        origin: str,
        job_types: frozenset[str],
        jobs: Jobs,
        exchange: Exchange,
        slots: Slots,
        breaker: Breaker,
        handler_of: Callable[[Run, str], JobType | None],
        per_origin: int,
    ) -> None:
        """`handler_of(run, origin)` is the run's job type, where its handler is at that origin now."""
        self.origin = origin
        self.job_types = job_types
        self._jobs = jobs
        self._exchange = exchange
        self._slots = slots
        self._breaker = breaker
        self._handler_of = handler_of
        self._per_origin = per_origin
        self._name = f"{LANE}{secrets.token_hex(4)}"
        self._worker_id: int | None = None
        self._in_hand: dict[int, InHand] = {}
        self._outbox: list[Report] = []
        self._filled = asyncio.Event()
        self._renewal = asyncio.Event()
        self._wake = asyncio.Event()
        self._parked: asyncio.Future[None] | None = None
        self._closing = False
        self._tasks = Tasks()
        self._slow = 0
        """Outcomes under way whose results may take long to be checked."""
        self._claiming = False
        self._empty = asyncio.Event()
        self._empty.set()

    # -- its life

    def start(self) -> None:
        self._tasks.keep(f"lane {self.origin}", self._serve)

    def wake(self) -> None:
        """There may be room, or the breaker may have changed."""
        self._wake.set()

    def nudge(self, worker_id: int) -> None:
        if worker_id == self._worker_id:
            self._renewal.set()

    def close(self) -> None:
        """Claims no more; what it has in hand goes on."""
        self._closing = True
        self._wake.set()
        self._unpark()

    def _unpark(self) -> None:
        if self._parked is not None and not self._parked.done():
            self._parked.set_result(None)

    async def emptied(self) -> None:
        """All that it had in hand is done, and stored."""
        await self._empty.wait()

    def give_back(self) -> None:
        """Ends what it has in hand."""
        for held in list(self._in_hand.values()):
            held.end("released")

    async def leave(self) -> None:
        """Whatever it still has goes back at no cost. Raises StoreUnavailable."""
        await self._tasks.stop()
        membership = self._jobs.leasing.membership
        worker_id, self._worker_id = self._worker_id, None
        membership.pool_names.discard(self._name)
        if worker_id is not None:
            try:
                await membership.leave(worker_id)
            except WorkerNotFound:
                return

    async def _serve(self) -> None:
        """Until its worker is given up, because the store could not be reached for long: then it begins anew."""
        membership = self._jobs.leasing.membership
        membership.pool_names.add(self._name)
        record = await membership.register(
            WorkerRecord(
                id=0,
                name=f"{self._name}/{self.origin}",
                job_types=tuple(sorted(self.job_types)),
                queues=None,
                concurrency=self._per_origin,
                registered_at=0,
                pool=True,
                pid=os.getpid(),
                host=socket.gethostname(),
                version=VERSION,
                key_id=KEY_ID,
            )
        )
        self._worker_id = record.id
        loops = [
            self._tasks.spawn(f"{name} {self.origin}", self._until_gone(work))
            for name, work in (("claim for", self._claim), ("report for", self._send), ("renew for", self._renew))
        ]
        try:
            await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in loops:
                task.cancel()
            for held in list(self._in_hand.values()):
                held.end("lost")
            self._outbox.clear()
            self._claiming = False

    async def _until_gone(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await work()
            except WorkerNotFound:
                log.warning("a lane was given up; it registers again", origin=self.origin)
                return
            except StoreUnavailable:
                await asyncio.sleep(AGAIN_SECONDS)

    @property
    def _id(self) -> int:
        assert self._worker_id is not None
        return self._worker_id

    # -- claiming

    async def _claim(self) -> None:
        claims = self._jobs.leasing.claims
        while True:
            self._claiming = False
            self._perhaps_empty()
            room = await self._room()
            self._claiming = True
            self._empty.clear()
            if not self._breaker.is_closed:
                room = 1
            self._slots.take(self.origin, room)
            got = 0
            try:
                leased = await claims.claim(self._id, room, PARK_SECONDS, None, once=True)
                got = len(leased.runs)
            finally:
                self._slots.give_back(self.origin, room - got)
            self._begin(leased.runs)
            if not got:
                await self._park()

    async def _park(self) -> None:
        """Waits for one run. For an idle lane there is always a slot; else another may have taken it meanwhile."""
        if self._closing or self._breaker.wait_seconds != 0.0:
            return  # since it looked for room
        self._parked = asyncio.get_running_loop().create_future()
        leased = await self._jobs.leasing.claims.claim(self._id, 1, PARK_SECONDS, self._parked)
        if leased.runs and not self._slots.room(self.origin):
            self._say([InHand(run).report("released") for run in leased.runs])
            return
        self._slots.take(self.origin, len(leased.runs))
        self._begin(leased.runs)

    async def _room(self) -> int:
        """How many runs may be claimed now, as soon as that is one."""
        while True:
            self._wake.clear()
            wait = self._breaker.wait_seconds
            room = self._slots.room(self.origin)
            if wait == 0.0 and room and not self._closing and not self._jobs.leasing.membership.draining:
                return room
            if not room:
                self._slots.wait(self._wake.set)
            try:
                async with asyncio.timeout(wait if wait else None):
                    await self._wake.wait()
            except TimeoutError:
                continue

    def _begin(self, runs: Iterable[Run]) -> None:
        """Each has a slot."""
        for run in runs:
            job_type = self._handler_of(run, self.origin)
            held = InHand(run)
            if job_type is None or (not self._breaker.is_closed and self._breaker.wait_seconds != 0.0):
                self._slots.give_back(self.origin)
                self._say([held.report("released")])
                continue
            if not self._breaker.is_closed:
                self._breaker.probe()
                asyncio.get_running_loop().call_later(CONNECTED_SECONDS, self._has_connected, held)
            self._in_hand[run.id] = held
            self._empty.clear()
            held.task = self._tasks.spawn(f"POST {self.origin}", self._send_run(held, job_type))

    def _has_connected(self, held: InHand) -> None:
        if self._in_hand.get(held.run.id) is held and held.why is None:
            self._breaker.connected()
            self._wake.set()

    # -- sending

    async def _send_run(self, held: InHand, job_type: JobType) -> None:
        probing = not self._breaker.is_closed
        reports: list[Report] = []
        try:
            outcome = await self._exchange.post(held.run, job_type)
            self._note(outcome, probing)
            reports = await self._reports(held, outcome)
        except asyncio.CancelledError:
            if probing:
                self._breaker.give_up_probe()
                self._wake.set()
            if held.why is None:
                raise
            if held.why != "lost":
                reports = [held.report(held.why)]
        finally:
            if self._in_hand.pop(held.run.id, None) is not None:
                self._slots.give_back(self.origin)
            if job_type.definition.result_schema is not None and reports and reports[-1].kind == "completed":
                self._slow += 1
                self._tasks.spawn("report a result to be checked", self._report_slowly(reports))
            else:
                self._say(reports)

    def _note(self, outcome: Outcome, probing: bool) -> None:
        if outcome.connected:
            self._breaker.connected()
        elif outcome.connected is False:
            if probing or self._breaker.is_closed:
                self._breaker.not_connected(probe=probing)
                log.warning("destination unavailable", origin=self.origin, probe_in_seconds=self._breaker.wait_seconds)
            self._unpark()
        elif probing:
            self._breaker.give_up_probe()
        self._wake.set()

    async def _reports(self, held: InHand, outcome: Outcome) -> list[Report]:
        report = outcome.report
        if outcome.postponed_seconds is not None and await self._may_postpone(held.run):
            report = replace(report, kind="snoozed", error=None, delay_seconds=outcome.postponed_seconds)
        return [*outcome.said, report]

    async def _may_postpone(self, run: Run) -> bool:
        while True:
            try:
                events = await self._jobs.store.attempt_events(run.id)
            except StoreUnavailable:
                await asyncio.sleep(AGAIN_SECONDS)
                continue
            snoozed = [e for e in events if e.type is EventType.INTERRUPTED and '"reason":"snoozed"' in e.data]
            return len(snoozed) < MAX_POSTPONED

    # -- reporting

    def _say(self, reports: list[Report]) -> None:
        if reports:
            self._outbox.extend(reports)
            self._empty.clear()
            self._filled.set()
        else:
            self._perhaps_empty()

    def _perhaps_empty(self) -> None:
        if not (self._in_hand or self._outbox or self._slow or self._claiming):
            self._empty.set()

    async def _send(self) -> None:
        """What has ended, as soon as it has; what ends meanwhile goes together with the next."""
        while True:
            await self._filled.wait()
            self._filled.clear()
            sent, self._outbox = self._outbox, []
            try:
                await self._jobs.leasing.report(self._id, sent, [])
            except (StoreUnavailable, TooBusy):
                self._outbox = sent + self._outbox
                self._filled.set()
                await asyncio.sleep(AGAIN_SECONDS)
            else:
                self._perhaps_empty()

    async def _report_slowly(self, reports: list[Report]) -> None:
        """A result that may take long to be checked holds up no other."""
        try:
            while True:
                try:
                    await self._jobs.leasing.report(self._id, reports, [])
                except (StoreUnavailable, TooBusy):
                    await asyncio.sleep(AGAIN_SECONDS)
                except WorkerNotFound:
                    return
                else:
                    return
        finally:
            self._slow -= 1
            self._perhaps_empty()

    async def _renew(self) -> None:
        """Keeps its leases, and learns of cancels."""
        leasing = self._jobs.leasing
        while True:
            try:
                async with asyncio.timeout(leasing.heartbeat_seconds):
                    await self._renewal.wait()
            except TimeoutError:
                pass
            self._renewal.clear()
            held = list(self._in_hand)
            answer = await leasing.report(self._id, [], held)
            for state in answer.judged.held:
                mine = self._in_hand.get(state.run_id)
                if mine is None:
                    continue
                if not state.held:
                    mine.end("lost")
                elif state.cancel_requested:
                    mine.end("cancelled")
