"""The worker protocol: who is there, what they get, and what they say of it.

Claims that find nothing wait here. A commit that may have made something ready wakes them, and all that wait are
answered by one transaction, which deals the runs out among them.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Awaitable, Callable, Sequence, Set
from typing import NamedTuple

import structlog

from blazy_jobs_server.domain.errors import StoreUnavailable, WorkerNotFound
from blazy_jobs_server.domain.ids import worker_id as public_worker_id
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.throttle import Throttle
from blazy_jobs_server.ports import Claim, Clock, Commit, Held, Neighbours, Report, Reported, Store, WorkerRecord

log = structlog.get_logger("leasing")


class Member:
    """A worker that is there."""

    __slots__ = ("called", "claims", "job_types", "queues", "record", "seen_at")

    def __init__(self, record: WorkerRecord, now: int, *, called: bool) -> None:
        self.record = record
        self.job_types = frozenset(record.job_types)
        self.queues = None if record.queues is None else frozenset(record.queues)
        self.seen_at = now
        self.called = called
        """Whether it was heard since this server started."""
        self.claims = 0
        """How many of its claims wait; while one does, it is there."""

    def serves(self, job_type: str, queue: str) -> bool:
        return job_type in self.job_types and self.may_get(queue)

    def may_get(self, queue: str) -> bool:
        return self.queues is None or queue in self.queues


class Waiting:
    """A claim that waits. `limit` 0: its time is over, and it is answered with what it gets now, or nothing."""

    __slots__ = ("asked", "future", "gone", "limit", "member")

    def __init__(self, member: Member, limit: int, future: asyncio.Future[list[Run]]) -> None:
        self.member = member
        self.limit = limit
        self.future = future
        self.gone = False
        self.asked = False
        """Whether the store has nothing for it, as far as is known."""


class Turn(NamedTuple):
    """A queue of another engine that waits for claims."""

    queue: str
    job_types: Set[str]
    """Those that it probably has."""
    claims: asyncio.Future[list[Waiting]]


class Answer(NamedTuple):
    reported: list[Reported]
    held: list[Held]
    drain: bool


class Leasing:
    def __init__(self, store: Store, clock: Clock, *, lease_seconds: float, heartbeat_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self.lease_seconds = lease_seconds
        self.heartbeat_seconds = heartbeat_seconds
        self._tick_seconds = min(1.0, lease_seconds / 4)
        self._looked_at = clock.now()
        self._tasks = Tasks()
        self._throttle = Throttle(clock, self._send_late)
        self._members: dict[int, Member] = {}
        self._elsewhere: dict[int, Member] = {}
        """Workers that speak to other servers on the same database."""
        self._looking = asyncio.Lock()
        self._told_at = 0
        """When the neighbours were last told who is heard here."""
        self._served: dict[tuple[str, str], bool] = {}
        self._open: set[Waiting] = set()
        """Claims without an answer: those that wait, and those that are being served."""
        self._waiting: list[Waiting] = []
        self._reserved: list[Waiting] = []
        self._line: list[Turn] = []
        self._serving = False
        self._again = False
        self._offered: set[tuple[str, str]] = set()
        """What was offered while claims were being served."""
        self.draining = False
        self.pool_names: set[str] = set()
        """Base names of the pool processes that this server started."""
        self.alive: Callable[[WorkerRecord], bool] = lambda record: True
        """Whether a pool worker's process lives."""
        self.on_registered: Callable[[WorkerRecord], None] = lambda record: None
        self.on_claim: Callable[[], None] = lambda: None
        """One more claim waits, and the store had nothing for it."""
        self.before_report: Callable[[Sequence[Report]], Awaitable[None]] | None = None

    # -- the life of the service

    async def start(self) -> None:
        """Knows the workers again that the store remembers."""
        self._looked_at = self._clock.now()
        neighbours = self._store.neighbours
        for record in await self._store.workers():
            if neighbours is not None and not neighbours.at_home(record):
                continue  # known when it is heard
            if record.pool and not self.alive(record):
                # It died with its server: nobody's loss.
                await self._store.give_up_worker(record.id, lost=False)
            else:
                self._join(record, called=False)
        self._tasks.keep("watch workers", self._watch)

    async def stop(self) -> None:
        self.draining = True
        for waiting in self._waiting:
            _answer(waiting.future, [])
        self._waiting.clear()
        await self._tasks.stop()

    def drain(self) -> None:
        """No new claims; those that wait are answered empty."""
        self.draining = True
        for waiting in self._waiting:
            _answer(waiting.future, [])
        self._waiting.clear()

    # -- membership

    def members(self) -> list[Member]:
        """Those that speak to this server, newest first."""
        return sorted(self._members.values(), key=lambda member: member.record.id, reverse=True)

    def everyone(self) -> list[Member]:
        """Those of other servers too, newest first."""
        return sorted((self._elsewhere | self._members).values(), key=lambda member: member.record.id, reverse=True)

    def served(self, job_type: str, queue: str) -> bool:
        pair = (job_type, queue)
        known = self._served.get(pair)
        if known is None:
            known = self._served[pair] = any(member.serves(job_type, queue) for member in self.everyone())
        return known

    def _join(self, record: WorkerRecord, *, called: bool) -> None:
        self._members[record.id] = Member(record, self._clock.now(), called=called)
        self._elsewhere.pop(record.id, None)
        self._served.clear()

    async def register(self, record: WorkerRecord) -> WorkerRecord:
        registered = await self._store.register_worker(record)
        self._join(registered, called=True)
        log.info("worker registered", worker=public_worker_id(registered.id), name=registered.name)
        self.on_registered(registered)
        return registered

    async def leave(self, worker_id: int) -> None:
        """Its runs go back. Raises WorkerNotFound."""
        await self.known(worker_id)
        await self._give_up(worker_id, lost=False, why="left")

    async def pool_process_died(self, base_name: str) -> None:
        """A pool worker's process ended without leaving: what it had in hand is lost."""
        self.pool_names.discard(base_name)
        for member in self.members():
            if member.record.pool and member.record.name.partition("/")[0] == base_name:
                await self._give_up(member.record.id, lost=True, why="died")

    async def pool_process_stopped(self, base_name: str) -> None:
        """A pool worker was stopped on purpose: what it still had goes back at no cost."""
        self.pool_names.discard(base_name)
        for member in self.members():
            if member.record.pool and member.record.name.partition("/")[0] == base_name:
                await self._give_up(member.record.id, lost=False, why="stopped")

    async def _give_up(self, worker_id: int, *, lost: bool, why: str) -> None:
        member = self._members.pop(worker_id, None)
        self._elsewhere.pop(worker_id, None)
        self._served.clear()
        self._dismiss(worker_id)
        try:
            runs = await self._store.give_up_worker(worker_id, lost=lost)
        except StoreUnavailable:
            # The store still knows it and its runs, so it must be found here when it is tried again.
            if member is not None:
                self._members[worker_id] = member
                self._served.clear()
            raise
        level = log.warning if lost else log.info
        level(f"worker {why}", worker=public_worker_id(worker_id), name=member and member.record.name, runs=runs)

    def _dismiss(self, worker_id: int) -> None:
        for waiting in [w for w in self._waiting if w.member.record.id == worker_id]:
            self._waiting.remove(waiting)
            waiting.gone = True
            _answer(waiting.future, [])

    async def known(self, worker_id: int) -> Member:
        """A worker that is heard, which may have registered with another server. Raises WorkerNotFound."""
        if worker_id not in self._members and self._store.neighbours is not None:
            record = await self._store.neighbours.worker(worker_id)
            if record is not None:
                self._join(record, called=True)
        return self.seen(worker_id)

    def seen(self, worker_id: int) -> Member:
        member = self._members.get(worker_id)
        if member is None:
            raise WorkerNotFound(public_worker_id(worker_id))
        member.seen_at = self._clock.now()
        member.called = True
        return member

    async def _watch(self) -> None:
        while True:
            await asyncio.sleep(self._tick_seconds)
            await self.give_up_silent()
            self._throttle.forget_idle()

    async def give_up_silent(self) -> None:
        """Workers not heard for `lease_seconds` are gone, and what they had in hand is lost."""
        now = self._clock.now()
        if now - self._looked_at > self.lease_seconds / 2 * 1_000_000:
            # This server stood still, and could not hear anybody. Seen here, for whoever is first to look after it.
            for member in self.members():
                member.seen_at = now
        self._looked_at = now
        if self._store.neighbours is not None:
            async with self._looking:
                await self._with_others(self._store.neighbours, now)
            return
        limit = now - int(self.lease_seconds * 1_000_000)
        for member in self.members():
            if member.claims == 0 and member.seen_at <= limit and member.record.id in self._members:
                # A pool worker never heard since the start died with the server before this one.
                lost = member.called or not member.record.pool
                await self._give_up(member.record.id, lost=lost, why="fell silent")

    async def _with_others(self, neighbours: Neighbours, now: int) -> None:
        """Says who was heard here, gives up whom nobody has heard, and learns who else is there."""
        heard = {
            member.record.id: now if member.claims else member.seen_at
            for member in self.members()
            if member.called and (member.claims or member.seen_at >= self._told_at)
        }
        self._told_at = now
        for worker_id in await neighbours.heard(heard):
            self._forget(worker_id)
        for record, lost in await neighbours.silent_workers(self.lease_seconds):
            await self._give_up(record.id, lost=lost, why="fell silent")
        limit = now - int(self.lease_seconds * 1_000_000)
        for member in self.members():
            if member.claims == 0 and member.seen_at <= limit:
                self._forget(member.record.id)  # it speaks to another server now, or to none
        await self.meet_others()

    async def meet_others(self) -> None:
        """Learns which workers speak to other servers."""
        records = {record.id: record for record in await self._store.workers() if record.id not in self._members}
        if records.keys() != self._elsewhere.keys():
            self._served.clear()
        self._elsewhere = {
            worker_id: Member(record, record.seen_at or record.registered_at, called=False)
            for worker_id, record in records.items()
        }

    def _forget(self, worker_id: int) -> None:
        """It is no more, or not here."""
        self._members.pop(worker_id, None)
        self._served.clear()
        self._dismiss(worker_id)

    def _drains(self, member: Member) -> bool:
        if not member.record.pool:
            return False
        return self.draining or member.record.name.partition("/")[0] not in self.pool_names

    # -- claiming

    async def claim(self, worker_id: int, limit: int, seconds: float, gone: asyncio.Future[None] | None) -> list[Run]:
        """At most `limit` runs as soon as there is one; none when the time is over, or its caller has `gone`.

        Raises WorkerNotFound.
        """
        member = await self.known(worker_id)
        if self.draining or self._drains(member):
            return []
        waiting = Waiting(member, limit, asyncio.get_running_loop().create_future())
        self._open.add(waiting)
        self._waiting.append(waiting)
        self._serve()
        member.claims += 1
        timer = asyncio.get_running_loop().call_later(seconds, self._expire, waiting)
        if gone is not None:
            gone.add_done_callback(lambda _: self._abandon(waiting))
        try:
            return await waiting.future
        finally:
            timer.cancel()
            self._open.discard(waiting)
            self._share()
            member.claims -= 1
            member.seen_at = self._clock.now()

    def nudge(self, worker_id: int) -> None:
        """Answers a waiting claim of this worker empty before its time, so that it reports and hears of a cancel."""
        for waiting in self._waiting:
            if waiting.member.record.id == worker_id:
                self._expire(waiting)
                return

    def _expire(self, waiting: Waiting) -> None:
        if waiting in self._waiting:
            self._waiting.remove(waiting)
            _answer(waiting.future, [])
        else:
            # It is being served at this moment: what it gets, it gets now, or nothing.
            waiting.limit = 0

    def _abandon(self, waiting: Waiting) -> None:
        waiting.gone = True
        if waiting in self._waiting:
            self._waiting.remove(waiting)
        _answer(waiting.future, [])

    def offer(self, pairs: set[tuple[str, str]]) -> None:
        """There is something to claim of these (job type, queue) pairs, or it is about to be stored: a claim that waits
        for it then shares the transaction of its dispatch."""
        if self._serving:
            self._offered |= pairs  # what is being served may have been looked for before this was there
        elif self._wanted(pairs):
            self._serve()
        for waiting in self._reserved:
            waiting.asked = waiting.asked and not any(waiting.member.serves(*pair) for pair in pairs)

    def _wanted(self, pairs: set[tuple[str, str]]) -> bool:
        return bool(pairs) and any(waiting.member.serves(*pair) for waiting in self._waiting for pair in pairs)

    def on_commit(self, commit: Commit) -> None:
        self.offer(commit.ready)

    def look_again(self) -> None:
        """There may be something to claim that another server has made."""
        if self._waiting or self._serving:
            self._serve()
        for waiting in self._reserved:
            waiting.asked = False

    def _serve(self) -> None:
        self._again = True
        if not self._serving:
            self._serving = True
            self._tasks.spawn("serve claims", self._serve_claims())

    async def _serve_claims(self) -> None:
        try:
            while self._waiting and (self._again or self._wanted(self._offered)):
                self._again, self._offered = False, set()
                served, self._waiting = self._waiting, []
                try:
                    await self._serve_once(served)
                except StoreUnavailable as error:
                    for waiting in served:
                        if not waiting.future.done():
                            waiting.future.set_exception(error)
                self._share()
        finally:
            self._serving = False

    async def _serve_once(self, served: list[Waiting]) -> None:
        claims = [
            Claim(w.member.record.id, w.member.job_types, w.member.queues, w.limit, secrets.token_hex(8))
            for w in served
        ]
        leased = await self._store.claim(claims, self.lease_seconds)
        for waiting, claim, runs in zip(served, claims, leased, strict=True):
            if runs is None:
                self._has_left(waiting)
            elif waiting.future.done():
                if runs:
                    await self._take_back(claim, runs)
            elif runs or waiting.limit == 0 or self.draining:
                waiting.future.set_result(runs)
            else:
                self._waiting.append(waiting)
                if not waiting.asked:
                    waiting.asked = True
                    self.on_claim()

    def _has_left(self, waiting: Waiting) -> None:
        """It was given up at another server, which tells so only within a second."""
        worker_id = waiting.member.record.id
        if not waiting.future.done():
            waiting.future.set_exception(WorkerNotFound(public_worker_id(worker_id)))
        self._forget(worker_id)

    # -- what other engines deliver

    def wants(self, queue: str) -> bool:
        """Whether a claim is open that may get runs of the queue."""
        return not self.draining and any(waiting.member.may_get(queue) for waiting in self._open)

    async def reserve(self, queue: str, job_types: Set[str]) -> list[Waiting]:
        """Takes out the waiting claims that may get runs of the queue, as soon as there are some for which the store
        has nothing, so that nobody else answers them; each comes back by `hand`. Several queues that wait take turns.
        While there are claims for `job_types`, which the queue probably has, one of them is waited for."""
        turn = Turn(queue, job_types, asyncio.get_running_loop().create_future())
        self._line.append(turn)
        self._share()
        try:
            return await turn.claims
        except asyncio.CancelledError:
            if not turn.claims.cancelled():
                for waiting in turn.claims.result():
                    self.hand(waiting, [])
            raise
        finally:
            if turn in self._line:
                self._line.remove(turn)

    def _share(self) -> None:
        """Gives claims that nobody has to the queues that wait for them, first come, first served."""
        for turn in list(self._line) if self._waiting else ():
            claims = [w for w in self._waiting if w.asked and w.member.may_get(turn.queue)]
            if claims and not turn.claims.done() and self._are_enough(claims, turn):
                self._line.remove(turn)
                self._waiting = [waiting for waiting in self._waiting if waiting not in claims]
                self._reserved += claims
                turn.claims.set_result(claims)

    def _are_enough(self, claims: Sequence[Waiting], turn: Turn) -> bool:
        """A queue gets all that there are for it: what serves its next job is known only when it has taken it."""
        if any(waiting.member.may_get(turn.queue) for waiting in self._reserved):
            return False
        likely = [w for w in self._open if w.member.may_get(turn.queue) and w.member.job_types & turn.job_types]
        return not likely or any(waiting in claims for waiting in likely)

    def hand(self, waiting: Waiting, runs: list[Run]) -> bool:
        """Answers a reserved claim, or without runs lets it wait on; false where its caller went away meanwhile."""
        self._reserved.remove(waiting)
        asyncio.get_running_loop().call_soon(self._share)
        if waiting.future.done():
            return False
        if runs or waiting.limit == 0 or self.draining:
            waiting.future.set_result(runs)
        else:
            self._waiting.append(waiting)
            if not waiting.asked:
                self._serve()
        return True

    async def _take_back(self, claim: Claim, runs: list[Run]) -> None:
        """The claimer went away while it was being served."""
        reports = [Report(run_id=r.id, attempt=r.attempt, token=claim.token, kind="released") for r in runs]
        await self._store.report(claim.worker_id, reports, [], self.lease_seconds)

    # -- reporting

    async def report(self, worker_id: int, reports: Sequence[Report], holding: Sequence[int]) -> Answer:
        """Raises WorkerNotFound."""
        member = await self.known(worker_id)
        written, places = self._throttle.admit(worker_id, reports)
        if self.before_report is not None:
            await self.before_report(written)
        try:
            reported, held = await self._store.report(worker_id, written, holding, self.lease_seconds)
        except StoreUnavailable:
            # The worker sends its reports again, but not those that were held back for it here.
            for late in written:
                if late.kind == "progress" and not any(late is report for report in reports):
                    self._throttle.hold_back(worker_id, late)
            raise
        return Answer([reported[place] for place in places], held, self._drains(member))

    def _send_late(self, worker_id: int, report: Report) -> None:
        self._tasks.spawn("late progress", self._write_late(worker_id, report))

    async def _write_late(self, worker_id: int, report: Report) -> None:
        try:
            await self._store.report(worker_id, [report], [], self.lease_seconds)
        except StoreUnavailable:
            self._throttle.hold_back(worker_id, report)


def _answer(future: asyncio.Future[list[Run]], runs: list[Run]) -> None:
    if not future.done():
        future.set_result(runs)
