"""Which workers are there: those that speak to this server, and those that speak to others on the same database."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import chain

import msgspec
import structlog

from blazy_jobs_server.domain.declaration import Declaration
from blazy_jobs_server.domain.errors import DrainRefused, StoreUnavailable, WorkerNotFound
from blazy_jobs_server.domain.ids import worker_id as public_worker_id
from blazy_jobs_server.ports import Clock, Neighbours, Store, WorkerRecord

log = structlog.get_logger("leasing")

SOON_SECONDS = 0.02
MOST_LEFT = 10_000
LANE = "http-"
"""How the names of lanes begin."""


class Member:
    """A worker that is there."""

    __slots__ = ("called", "claims", "job_types", "queues", "record", "seen_at", "unknown")

    def __init__(self, record: WorkerRecord, now: int, *, called: bool) -> None:
        self.record = record
        self.job_types = frozenset(record.job_types)
        """Those of them whose runs it may get."""
        self.queues = None if record.queues is None else frozenset(record.queues)
        self.unknown = record.unknown
        """The definitions that its code is too old for."""
        self.seen_at = now
        self.called = called
        """Whether it was heard since this server started."""
        self.claims = 0
        """How many of its claims wait, and of its reports for a verdict; while one does, it is there."""

    @property
    def is_lane(self) -> bool:
        """A worker of this kind of server's own, for HTTP handlers."""
        return self.record.pool and self.record.name.startswith(LANE)

    def reserve(self, job_types: frozenset[str]) -> None:
        """These are for the lanes alone, and the lanes for these."""
        known = frozenset(self.record.job_types)
        self.job_types = known & job_types if self.is_lane else known - job_types

    def serves(self, job_type: str, queue: str) -> bool:
        return job_type in self.job_types and self.may_get(queue)

    def may_get(self, queue: str) -> bool:
        return self.queues is None or queue in self.queues


class Membership:
    def __init__(self, store: Store, clock: Clock, lease_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._lease_seconds = lease_seconds
        self._looked_at = clock.now()
        self._members: dict[int, Member] = {}
        self._elsewhere: dict[int, Member] = {}
        """Workers that speak to other servers on the same database."""
        self._looking = asyncio.Lock()
        self._told_at = 0
        """When the neighbours were last told who is heard here."""
        self._served: dict[tuple[str, str], bool] = {}
        self._left: dict[str, tuple[int, tuple[str, ...] | None]] = {}
        """By job type, when a worker of it left last, and its queues; the last of them last."""
        self._reserved: frozenset[str] = frozenset()
        self.draining = False
        """Nothing is leased out any more."""
        self.pool_names: set[str] = set()
        """Base names of the pool processes that this server started."""
        self.alive: Callable[[WorkerRecord], bool] = lambda record: True
        """Whether a pool worker's process lives."""
        self.on_registered: Callable[[WorkerRecord], None] = lambda record: None
        self.on_gone: Callable[[int], None] = lambda worker_id: None
        """A worker is no more, or speaks to another server."""
        self.on_draining: Callable[[int], None] = lambda worker_id: None
        """A worker is to be told so."""
        self.on_left: Callable[[WorkerRecord | None], Awaitable[None]] = _nothing
        """A worker is no more, anywhere; None: not known which."""

    async def load(self) -> None:
        """Knows the workers again that the store remembers."""
        self._looked_at = self._clock.now()
        neighbours = self._store.neighbours
        for record in await self._store.workers():
            if neighbours is not None and not neighbours.at_home(record):
                continue  # known when it is heard
            if record.pool and (record.name.startswith(LANE) or not self.alive(record)):
                # It died with its server: nobody's loss.
                await self._store.give_up_worker(record.id, lost=False)
            else:
                self._join(record, called=False)

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

    def knows(self, job_type: str, queue: str, definition_id: int) -> bool:
        """Whether one that serves it is there whose code is not too old for the definition."""
        if not any(
            definition_id in member.unknown for member in chain(self._members.values(), self._elsewhere.values())
        ):
            return self.served(job_type, queue)
        return any(m.serves(job_type, queue) and definition_id not in m.unknown for m in self.everyone())

    async def there(self, worker_id: int) -> Member:
        """One that speaks to any server; being asked for is no sign of life. Raises WorkerNotFound."""
        if worker_id not in self._members and self._store.neighbours is not None:
            await self.meet_others()
        member = self._members.get(worker_id) or self._elsewhere.get(worker_id)
        if member is None:
            raise WorkerNotFound(public_worker_id(worker_id))
        return member

    async def drain(self, worker_id: int) -> Member:
        """It gets no more runs, and is asked to end when it has ended what it has. Raises WorkerNotFound and
        DrainRefused."""
        member = await self.there(worker_id)
        if member.is_lane:
            raise DrainRefused
        if not await self._store.drain_worker(worker_id):
            raise WorkerNotFound(public_worker_id(worker_id))
        self._drain(member)
        return member

    def _drain(self, member: Member) -> None:
        if not member.record.draining:
            member.record = msgspec.structs.replace(member.record, draining=True)
            self.on_draining(member.record.id)

    async def note_unknown(self, member: Member, definition_id: int) -> None:
        """It is given no runs of the definition any more."""
        unknown = member.unknown | {definition_id}
        await self._store.note_unknown(member.record.id, unknown)
        member.unknown = unknown

    def reserve(self, job_types: frozenset[str]) -> bool:
        """The runs of these are for lanes alone, whoever else says to serve them; whether that is news."""
        if job_types == self._reserved:
            return False
        self._reserved = job_types
        for member in chain(self._members.values(), self._elsewhere.values()):
            member.reserve(job_types)
        self._served.clear()
        return True

    def _join(self, record: WorkerRecord, *, called: bool) -> None:
        member = self._members[record.id] = Member(record, self._clock.now(), called=called)
        member.reserve(self._reserved)
        self._elsewhere.pop(record.id, None)
        self._served.clear()

    async def register(
        self,
        record: WorkerRecord,
        declares: Sequence[Declaration] = (),
        before: Callable[[WorkerRecord], Awaitable[None]] | None = None,
    ) -> WorkerRecord:
        """`before` is done when it is stored, and before it gets anything."""
        registered = await self._store.register_worker(record, declares)
        if before is not None:
            await before(registered)
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
        elsewhere = self._elsewhere.pop(worker_id, None)
        self._served.clear()
        self.on_gone(worker_id)
        try:
            runs = await self._store.give_up_worker(worker_id, lost=lost)
        except StoreUnavailable:
            # The store still knows it and its runs, so it must be found here when it is tried again.
            if member is not None:
                self._members[worker_id] = member
                self._served.clear()
            raise
        if (gone := member or elsewhere) is not None:
            self._note_left(gone.record)
        level = log.warning if lost else log.info
        level(f"worker {why}", worker=public_worker_id(worker_id), name=member and member.record.name, runs=runs)
        there = member or elsewhere
        await self.on_left(None if there is None else there.record)

    def _note_left(self, record: WorkerRecord) -> None:
        for job_type in record.job_types:
            self._left.pop(job_type, None)
            self._left[job_type] = (self._clock.now(), record.queues)
        while len(self._left) > MOST_LEFT:
            self._left.pop(next(iter(self._left)))

    def left_at(self, job_type: str, queue: str) -> int | None:
        """When the last worker of the job type left, as far as this server saw it; None where that one did not serve
        the queue."""
        at, queues = self._left.get(job_type, (None, ()))
        return at if queues is None or queue in queues else None

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

    def silent_in_seconds(self) -> float:
        """Until a worker may next be given up for its silence. One whose claim waits is heard, also when that ends."""
        seen_at = min((member.seen_at for member in self._members.values() if member.claims == 0), default=None)
        if seen_at is None:
            return self._lease_seconds
        return max(SOON_SECONDS, self._lease_seconds - (self._clock.now() - seen_at) / 1_000_000)

    async def give_up_silent(self) -> None:
        """Workers not heard for `lease_seconds` are gone, and what they had in hand is lost."""
        now = self._clock.now()
        if now - self._looked_at > self._lease_seconds / 2 * 1_000_000:
            # This server stood still, and could not hear anybody. Seen here, for whoever is first to look after it.
            for member in self.members():
                member.seen_at = now
        self._looked_at = now
        if self._store.neighbours is not None:
            async with self._looking:
                await self._with_others(self._store.neighbours, now)
            return
        limit = now - int(self._lease_seconds * 1_000_000)
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
            self.forget(worker_id)
        for record, lost in await neighbours.silent_workers(self._lease_seconds):
            await self._give_up(record.id, lost=lost, why="fell silent")
        limit = now - int(self._lease_seconds * 1_000_000)
        for member in self.members():
            if member.claims == 0 and member.seen_at <= limit:
                self.forget(member.record.id)  # it speaks to another server now, or to none
        await self.meet_others()

    async def meet_others(self) -> None:
        """Learns which workers speak to other servers."""
        stored = await self._store.workers()
        for record in stored:
            member = self._members.get(record.id)
            if record.draining and member is not None:
                self._drain(member)
        records = {record.id: record for record in stored if record.id not in self._members}
        if records.keys() != self._elsewhere.keys():
            self._served.clear()
        self._elsewhere = {
            worker_id: Member(record, record.seen_at or record.registered_at, called=False)
            for worker_id, record in records.items()
        }
        for member in self._elsewhere.values():
            member.reserve(self._reserved)

    def forget(self, worker_id: int) -> None:
        """It is no more, or not here."""
        self._members.pop(worker_id, None)
        self._served.clear()
        self.on_gone(worker_id)

    def drains(self, member: Member) -> bool:
        """Whether it is to stop as soon as it has ended what it runs."""
        if member.record.draining:
            return True
        if not member.record.pool or member.record.id not in self._members:
            return False  # which names are of the pool of another server is known there
        return self.draining or member.record.name.partition("/")[0] not in self.pool_names


async def _nothing(_: WorkerRecord | None) -> None: ...
