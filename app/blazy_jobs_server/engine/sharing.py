"""Waiting claims are shared among the store and the queues that other engines deliver, which take turns."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence, Set
from typing import NamedTuple

from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.engine.claims import Claims, Waiting
from blazy_jobs_server.engine.membership import Membership
from blazy_jobs_server.ports import Leased


class Turn(NamedTuple):
    """A queue of another engine that waits for claims."""

    queue: str
    job_types: Set[str]
    """Those that it probably has."""
    claims: asyncio.Future[list[Waiting]]


class Sharing:
    def __init__(self, claims: Claims, membership: Membership) -> None:
        self._claims = claims
        self._membership = membership
        self._line: list[Turn] = []
        claims.on_change = self._share

    def wants(self, queue: str) -> bool:
        """Whether a claim is open that may get runs of the queue."""
        return not self._membership.draining and any(waiting.member.may_get(queue) for waiting in self._claims.open)

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
        for turn in list(self._line) if self._claims.waiting else ():
            claims = [w for w in self._claims.waiting if w.asked and w.member.may_get(turn.queue)]
            if claims and not turn.claims.done() and self._are_enough(claims, turn):
                self._line.remove(turn)
                self._claims.waiting = [waiting for waiting in self._claims.waiting if waiting not in claims]
                self._claims.reserved += claims
                turn.claims.set_result(claims)

    def _are_enough(self, claims: Sequence[Waiting], turn: Turn) -> bool:
        """A queue gets all that there are for it: what serves its next job is known only when it has taken it."""
        if any(waiting.member.may_get(turn.queue) for waiting in self._claims.reserved):
            return False
        likely = [w for w in self._claims.open if w.member.may_get(turn.queue) and w.member.job_types & turn.job_types]
        return not likely or any(waiting in claims for waiting in likely)

    def hand(self, waiting: Waiting, runs: list[Run]) -> bool:
        """Answers a reserved claim, or without runs lets it wait on; false where its caller went away meanwhile."""
        self._claims.reserved.remove(waiting)
        asyncio.get_running_loop().call_soon(self._share)
        if waiting.future.done():
            return False
        if runs or waiting.limit == 0 or self._membership.draining:
            waiting.future.set_result(Leased(runs))
        else:
            self._claims.waiting.append(waiting)
            if not waiting.asked:
                self._claims.serve()
        return True
