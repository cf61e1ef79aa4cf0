"""Claims that wait, and what the store has for them.

A commit that may have made something ready wakes them, and all that wait are answered by one transaction, which deals
the runs out among them.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from functools import partial

from blazy_jobs_server.domain.errors import StoreUnavailable, WorkerNotFound
from blazy_jobs_server.domain.ids import worker_id as public_worker_id
from blazy_jobs_server.engine.loop import Tasks
from blazy_jobs_server.engine.membership import Member, Membership
from blazy_jobs_server.ports import Claim, Clock, Commit, Leased, Report, Store

DRAINING_SECONDS = 1.0


class Waiting:
    """A claim that waits. `limit` 0: its time is over, and it is answered with what it gets now, or nothing."""

    __slots__ = ("asked", "columns", "future", "gone", "limit", "member", "once")

    def __init__(
        self, member: Member, limit: int, future: asyncio.Future[Leased], columns: bool = False, once: bool = False
    ) -> None:
        self.member = member
        self.columns = columns
        self.once = once
        """Whether it is answered when the store was asked, with whatever it has."""
        self.limit = limit
        self.future = future
        self.gone = False
        self.asked = False
        """Whether the store has nothing for it, as far as is known."""


class Claims:
    def __init__(self, store: Store, clock: Clock, membership: Membership, lease_seconds: float) -> None:
        self._store = store
        self._clock = clock
        self._membership = membership
        self._lease_seconds = lease_seconds
        self._tasks = Tasks()
        self.open: set[Waiting] = set()
        """Claims without an answer: those that wait, and those that are being served."""
        self.waiting: list[Waiting] = []
        self.reserved: list[Waiting] = []
        """Those that another engine is serving."""
        self.serving = False
        """The store is being asked."""
        self._again = False
        self._offered: set[tuple[str, str]] = set()
        """What was offered while claims were being served."""
        self.on_claim: Callable[[], None] = lambda: None
        """One more claim waits, and the store had nothing for it."""
        self.on_leased: Callable[[Leased], None] = lambda leased: None
        """Told what each claim got."""
        self.on_change: Callable[[], None] = lambda: None
        """Other claims wait than before."""
        self.on_nudge: Callable[[int], None] = lambda worker_id: None
        """A worker should hear of something soon."""
        membership.on_gone = self._dismiss
        membership.on_draining = self.nudge

    async def stop(self) -> None:
        self.answer_all()
        await self._tasks.stop()

    def answer_all(self) -> None:
        """Those that wait are answered empty."""
        for waiting in self.waiting:
            _answer(waiting.future)
        self.waiting.clear()

    async def claim(
        self,
        worker_id: int,
        limit: int,
        seconds: float,
        gone: asyncio.Future[None] | None,
        ended: asyncio.Future[None] | None = None,
        *,
        columns: bool = False,
        once: bool = False,
    ) -> Leased:
        """At most `limit` runs as soon as there is one; none when the time is over, its caller has `gone`, or what it
        was admitted by has `ended`.

        `columns`: plain runs may come as batches. `once`: what the store has now, or none.

        Raises WorkerNotFound.
        """
        member = await self._membership.known(worker_id)
        if self._membership.draining or self._membership.drains(member):
            await self._hold_up(member, seconds, gone, ended)
            return Leased()
        waiting = Waiting(member, limit, asyncio.get_running_loop().create_future(), columns, once)
        self.open.add(waiting)
        self.waiting.append(waiting)
        self.serve()
        member.claims += 1
        timer = asyncio.get_running_loop().call_later(seconds, self._expire, waiting)
        if gone is not None:
            gone.add_done_callback(lambda _: self._abandon(waiting))
        expire = partial(self._ended, waiting)
        if ended is not None:
            ended.add_done_callback(expire)
        try:
            leased = await waiting.future
            self.on_leased(leased)
            return leased
        finally:
            timer.cancel()
            if ended is not None:
                ended.remove_done_callback(expire)
            self.open.discard(waiting)
            self.on_change()
            member.claims -= 1
            member.seen_at = self._clock.now()

    async def _hold_up(
        self,
        member: Member,
        seconds: float,
        gone: asyncio.Future[None] | None,
        ended: asyncio.Future[None] | None,
    ) -> None:
        """A worker that was told to drain and claims all the same is not to do so again and again at once."""
        watched = [future for future in (gone, ended) if future is not None]
        if member.record.draining and watched and not self._membership.draining:
            await asyncio.wait(watched, timeout=min(seconds, DRAINING_SECONDS), return_when=asyncio.FIRST_COMPLETED)

    def nudge(self, worker_id: int) -> None:
        """Answers a waiting claim of this worker empty before its time, so that it reports and hears of a cancel."""
        self.on_nudge(worker_id)
        for waiting in self.waiting:
            if waiting.member.record.id == worker_id:
                self._expire(waiting)
                return

    def _ended(self, waiting: Waiting, _: asyncio.Future[None]) -> None:
        self._expire(waiting)

    def _expire(self, waiting: Waiting) -> None:
        if waiting in self.waiting:
            self.waiting.remove(waiting)
            _answer(waiting.future)
        else:
            # It is being served at this moment: what it gets, it gets now, or nothing.
            waiting.limit = 0

    def _abandon(self, waiting: Waiting) -> None:
        waiting.gone = True
        if waiting in self.waiting:
            self.waiting.remove(waiting)
        _answer(waiting.future)

    def _dismiss(self, worker_id: int) -> None:
        for waiting in [w for w in self.waiting if w.member.record.id == worker_id]:
            self.waiting.remove(waiting)
            waiting.gone = True
            _answer(waiting.future)

    def offer(self, pairs: set[tuple[str, str]]) -> bool:
        """There is something to claim of these (job type, queue) pairs, or it is about to be stored: a claim that waits
        for it then shares the transaction of its dispatch. Whether one was waiting for it."""
        claimed = False
        if self.serving:
            self._offered |= pairs  # what is being served may have been looked for before this was there
        elif self._wanted(pairs):
            claimed = True
            self.serve()
        for waiting in self.reserved:
            waiting.asked = waiting.asked and not any(waiting.member.serves(*pair) for pair in pairs)
        return claimed

    def _wanted(self, pairs: set[tuple[str, str]]) -> bool:
        return bool(pairs) and any(waiting.member.serves(*pair) for waiting in self.waiting for pair in pairs)

    def on_commit(self, commit: Commit) -> None:
        self.offer(commit.ready)

    def look_again(self) -> None:
        """There may be something to claim that another server has made."""
        if self.waiting or self.serving:
            self.serve()
        for waiting in self.reserved:
            waiting.asked = False

    def serve(self) -> None:
        """Asks the store for those that wait; once more, where it is being asked."""
        self._again = True
        if not self.serving:
            self.serving = True
            self._tasks.spawn("serve claims", self._serve_claims())

    async def _serve_claims(self) -> None:
        try:
            while self.waiting and (self._again or self._wanted(self._offered)):
                self._again, self._offered = False, set()
                served, self.waiting = self.waiting, []
                try:
                    await self._serve_once(served)
                except StoreUnavailable as error:
                    for waiting in served:
                        if not waiting.future.done():
                            waiting.future.set_exception(error)
                self.on_change()
        finally:
            self.serving = False

    async def _serve_once(self, served: list[Waiting]) -> None:
        claims = [
            Claim(
                w.member.record.id,
                w.member.job_types,
                w.member.queues,
                w.limit,
                secrets.token_hex(8),
                w.member.unknown,
                w.columns,
            )
            for w in served
        ]
        leased = await self._store.claim(claims, self._lease_seconds)
        for waiting, claim, lease in zip(served, claims, leased, strict=True):
            if lease is None:
                self._has_left(waiting)
            elif waiting.future.done():
                if lease.number:
                    await self._take_back(claim, lease)
            elif lease.number or waiting.limit == 0 or waiting.once or self._membership.draining:
                waiting.future.set_result(lease)
            else:
                self.waiting.append(waiting)
                if not waiting.asked:
                    waiting.asked = True
                    self.on_claim()

    def _has_left(self, waiting: Waiting) -> None:
        """It was given up at another server, which tells so only within a second."""
        worker_id = waiting.member.record.id
        if not waiting.future.done():
            waiting.future.set_exception(WorkerNotFound(public_worker_id(worker_id)))
        self._membership.forget(worker_id)

    async def _take_back(self, claim: Claim, lease: Leased) -> None:
        """The claimer went away while it was being served."""
        attempts = [(run.id, run.attempt) for run in lease.runs]
        attempts += [(run_id, 1) for batch in lease.batches for run_id in batch.run_ids]
        reports = [
            Report(run_id=run_id, attempt=attempt, token=claim.token, kind="released") for run_id, attempt in attempts
        ]
        await self._store.report(claim.worker_id, reports, [], self._lease_seconds)


def _answer(future: asyncio.Future[Leased]) -> None:
    """With nothing."""
    if not future.done():
        future.set_result(Leased())
