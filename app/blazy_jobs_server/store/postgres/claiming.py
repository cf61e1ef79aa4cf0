"""The verb `claim` on PostgreSQL: what another server is claiming at the same moment is passed over, not waited for."""

from __future__ import annotations

from msgspec.structs import replace

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.lifecycle import Lease
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.ports import Claim, Leased
from blazy_jobs_server.store.claiming import Claims, deal, parted, takers_of
from blazy_jobs_server.store.ledger import Lane, Ledger
from blazy_jobs_server.store.limiting import Room
from blazy_jobs_server.store.postgres import columns
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.columns import Share, Started
from blazy_jobs_server.store.postgres.limiting import room_of
from blazy_jobs_server.store.postgres.sweeping import come_of_age
from blazy_jobs_server.store.postgres.transaction import Transaction

ROUNDS = 4
"""How often more is looked for where others were quicker."""

Takers = dict[int, list[int]]
"""Lane → places of the claims that it may go to."""


def takers(ledger: Ledger, claims: tuple[Claim, ...]) -> Takers:
    return {
        lane.id: places
        for lane in ledger.lanes.values()
        if (places := takers_of(lane, claims)) and not ledger.held_back(lane)
    }


async def claim(tx: Transaction, arguments: list[Claims]) -> list[list[Leased | None]]:
    if tx.due:
        # The sweep may be behind: what is due is to be had, and what has expired is not.
        await come_of_age(tx)
    return [await _claim(tx, argument) for argument in arguments]


async def _claim(tx: Transaction, argument: Claims) -> list[Leased | None]:
    there = [claim.worker_id in tx.workers for claim in argument.claims]
    claims = tuple(claim if present else _of(claim, 0) for claim, present in zip(argument.claims, there, strict=True))
    taking = Taking(tx, claims, after(tx.now, argument.lease_seconds))
    content, picky = parted(claims)
    await taking.take(content)
    for place in picky:
        await taking.take(tuple(claim if at == place else _of(claim, 0) for at, claim in enumerate(claims)))
    return [leased if present else None for leased, present in zip(taking.lease(), there, strict=True)]


class Taking:
    """What the claims of a transaction get, by their places."""

    def __init__(self, tx: Transaction, claims: tuple[Claim, ...], lease_until: int) -> None:
        self._tx = tx
        self._claims = claims
        self._lease_until = lease_until
        self._taken: list[tuple[Run, int]] = []
        """Locked, and not started yet."""
        self._answers = [Leased([], []) for _ in claims]

    def lease(self) -> list[Leased]:
        tx, lease_until = self._tx, self._lease_until
        for run, place in self._taken:
            taker = self._claims[place]
            started = lifecycle.start(run, tx.now, Lease(taker.worker_id, taker.token, lease_until))
            self._answers[place].runs.append(tx.move(run, started))
            tx.wake_at(min(lease_until, started.run.deadline_at or lease_until))
        for leased in self._answers:
            leased.runs.sort(key=lambda run: (-run.priority, run.due_at, run.id))
        return self._answers

    async def take(self, claims: tuple[Claim, ...]) -> None:
        """For these claims, after what others of this transaction got. `limit` 0: not for this one."""
        asking = [place for place, claim in enumerate(claims) if claim.limit]
        lanes = {
            lane_id: those
            for lane_id, places in takers(self._tx.ledger, claims).items()
            if (those := [place for place in places if claims[place].limit])
        }
        if not lanes:
            return
        limited = {scope for lane_id in lanes for scope in self._tx.ledger.scopes(self._tx.ledger.lanes[lane_id])}
        unknown = claims[asking[0]].unknown if len(asking) == 1 else frozenset()
        if len(lanes) == 1 and not limited and not self._taken and not unknown:
            [(lane_id, places)] = lanes.items()
            if len(places) == 1:
                # The usual case, in one statement.
                await self._take_head(claims[places[0]], places[0], self._tx.ledger.lanes[lane_id])
                return
        room = await room_of(self._tx, limited)
        for run, _ in self._taken:
            room.take(self._tx.ledger.lanes[run.lane_id])
        await self._deal(claims, lanes, room, unknown)

    async def _take_head(self, claim: Claim, place: int, lane: Lane) -> None:
        if not claim.columns:
            runs = await self._tx.free_runs(sql.HEAD_OF_LANE, lane.id, self._tx.now, [], claim.limit)
            self._taken += [(run, place) for run in runs]
            return
        started = await columns.start_head(self._tx, Share(place, claim, lane), self._lease_until)
        await self._keep([started])

    async def _keep(self, found: list[Started]) -> None:
        """Batches that are started, and the runs beside them, which are not."""
        places: dict[int, int] = {}
        for started in found:
            places.update(dict.fromkeys(started.others, started.share.place))
            if started.batch is not None:
                self._answers[started.share.place].batches.append(started.batch)
        if places:
            runs = await self._tx.free_runs(sql.RUNS_BY_ID, list(places))
            self._taken += [(run, places[run.id]) for run in runs]

    async def _deal(self, claims: tuple[Claim, ...], lanes: Takers, room: Room, unknown: frozenset[int]) -> None:
        tx = self._tx
        left = list(claims)
        passed = [run.id for run, _ in self._taken]
        for _ in range(ROUNDS):
            wanted = sum(claim.limit for claim in left)
            if wanted == 0:
                break
            if unknown:
                heads = await tx.rows(sql.HEADS_OF_KNOWN, list(lanes), tx.now, passed, wanted, sorted(unknown))
            else:
                heads = await tx.rows(sql.HEADS_OF_LANES, list(lanes), tx.now, passed, wanted)
            dealt = deal(tx.ledger, tuple(left), lanes, heads, room.copy())
            if not dealt:
                break
            found, cut = await self._take_these(claims, dealt, {row[2]: row[3] for row in heads})
            for place, lane, number in found:
                left[place] = _of(left[place], left[place].limit - number)
                room.take(lane, number)
            if cut or sum(number for *_, number in found) == len(dealt):
                break
            passed += dealt

    async def _take_these(
        self, claims: tuple[Claim, ...], dealt: dict[int, int], lane_of: dict[int, int]
    ) -> tuple[list[tuple[int, Lane, int]], bool]:
        """Of the runs that are dealt to the places of claims those that are still there: how many of which lane each
        place got; and whether one could not carry more."""
        singly: list[int] = []
        chosen: list[tuple[int, int]] = []
        parts: dict[tuple[int, int], int] = {}
        for run_id, place in dealt.items():
            if claims[place].columns and not claims[place].unknown:
                chosen.append((run_id, parts.setdefault((place, lane_of[run_id]), len(parts))))
            else:
                singly.append(run_id)
        before = len(self._taken)
        cut = False
        if chosen:
            shares = [Share(place, claims[place], self._tx.ledger.lanes[lane_id]) for place, lane_id in parts]
            started = await columns.start_these(self._tx, shares, chosen, self._lease_until)
            await self._keep(started)
            cut = any(one.cut for one in started)
            found = [(one.share.place, one.share.lane, len(one.batch.run_ids)) for one in started if one.batch]
        else:
            found = []
        if singly:
            runs = await self._tx.free_runs(sql.TAKE, singly)
            self._taken += [(run, dealt[run.id]) for run in runs]
        found += [(place, self._tx.ledger.lanes[run.lane_id], 1) for run, place in self._taken[before:]]
        return found, cut


def _of(claim: Claim, limit: int) -> Claim:
    return replace(claim, limit=limit)
