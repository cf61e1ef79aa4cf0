"""The verb `claim` on PostgreSQL: what another server is claiming at the same moment is passed over, not waited for."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from msgspec.structs import replace

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.lifecycle import Lease
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.ports import Claim, Leased
from blazy_jobs_server.store.claiming import Claims, deal, parted, takers_of
from blazy_jobs_server.store.ledger import Ledger
from blazy_jobs_server.store.postgres import statements as sql
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
    answers: list[list[Run]] = [[] for _ in claims]
    lease_until = after(tx.now, argument.lease_seconds)
    plain, picky = parted(claims)
    taken = await _take(tx, plain, [])
    for place in picky:
        taken += [(run, place) for run, _ in await _take(tx, (claims[place],), [run for run, _ in taken])]
    for run, place in taken:
        taker = claims[place]
        started = lifecycle.start(run, tx.now, Lease(taker.worker_id, taker.token, lease_until))
        answers[place].append(tx.move(run, started))
        tx.wake_at(min(lease_until, started.run.deadline_at or lease_until))
    for runs in answers:
        runs.sort(key=lambda run: (-run.priority, run.due_at, run.id))
    return [Leased(runs) if present else None for runs, present in zip(answers, there, strict=True)]


async def _take(tx: Transaction, claims: tuple[Claim, ...], before: list[Run]) -> list[tuple[Run, int]]:
    """Locked runs, each with the place of the claim that gets it, after those that others of this transaction got."""
    lanes = takers(tx.ledger, claims)
    job_types = {tx.ledger.lanes[lane_id].job_type for lane_id in lanes}
    limited = sorted(name for name in job_types if tx.ledger.limited(name))
    if len(lanes) == 1 and not limited and not before and not claims[0].unknown:
        [(lane_id, places)] = lanes.items()
        if len(places) == 1:
            # The usual case, in one statement.
            place = places[0]
            runs = await tx.free_runs(sql.HEAD_OF_LANE, lane_id, tx.now, [], claims[place].limit)
            return [(run, place) for run in runs]
    room: dict[str, int | None] = dict.fromkeys(job_types)
    room.update(await room_of(tx, limited))
    for run in before:
        free = room.get(run.job_type)
        if free is not None:
            room[run.job_type] = max(0, free - 1)
    return await _deal(tx, claims, lanes, room, [run.id for run in before]) if lanes else []


async def _deal(
    tx: Transaction, claims: tuple[Claim, ...], lanes: Takers, room: dict[str, int | None], passed: list[int]
) -> list[tuple[Run, int]]:
    left = list(claims)
    unknown = sorted(claims[0].unknown) if len(claims) == 1 else []
    taken: list[tuple[Run, int]] = []
    for _ in range(ROUNDS):
        wanted = sum(claim.limit for claim in left)
        if wanted == 0:
            break
        if unknown:
            heads = await tx.rows(sql.HEADS_OF_KNOWN, list(lanes), tx.now, passed, wanted, unknown)
        else:
            heads = await tx.rows(sql.HEADS_OF_LANES, list(lanes), tx.now, passed, wanted)
        dealt = deal(tx.ledger, tuple(left), lanes, heads, dict(room))
        if not dealt:
            break
        found = await tx.free_runs(sql.TAKE, list(dealt))
        for run in found:
            place = dealt[run.id]
            taken.append((run, place))
            left[place] = _of(left[place], left[place].limit - 1)
            free = room[run.job_type]
            if free is not None:
                room[run.job_type] = free - 1
        if len(found) == len(dealt):
            break
        passed += dealt
    return taken


def _of(claim: Claim, limit: int) -> Claim:
    return replace(claim, limit=limit)


async def room_of(tx: Transaction, limited: Iterable[str]) -> dict[str, int]:
    """How many more runs of each job type may run. No other server starts any of them until this transaction ends."""
    names = list(limited)
    if not names:
        return {}
    stripes = sorted({sql.LOCK_LIMITED + crc32(name.encode()) % sql.LIMITED_STRIPES for name in names})
    await tx.rows(sql.LOCK_ALL, stripes)
    lanes = {lane.id: name for name in names for lane in tx.ledger.lanes_of(name)}
    room = {name: tx.ledger.job_types[name].definition.concurrency or 0 for name in names}
    for lane_id, running in await tx.rows(sql.RUNNING_OF, list(lanes)):
        room[lanes[lane_id]] -= running
    return {name: max(0, free) for name, free in room.items()}
