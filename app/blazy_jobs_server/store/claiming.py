"""The verb `claim`: leases out what is ready, in the order of starts."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Sequence
from copy import copy
from heapq import merge
from typing import Any, NamedTuple

from msgspec.structs import replace

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.lifecycle import Lease
from blazy_jobs_server.domain.limits import Scope
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports import Claim, Leased
from blazy_jobs_server.store import columns
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.ledger import Lane, Ledger
from blazy_jobs_server.store.limiting import Room
from blazy_jobs_server.store.rows import pack, to_run
from blazy_jobs_server.store.sweeping import expire, next_due, promote
from blazy_jobs_server.store.transaction import Transaction

SMALL_PAYLOAD = 1024


class Claims(NamedTuple):
    """All claims that wait, answered together."""

    claims: tuple[Claim, ...]
    lease_seconds: float


def claim(tx: Transaction, arguments: list[Claims]) -> list[list[Leased]]:
    if tx.ledger.due_at <= tx.now:
        # The sweep may be behind: what is due is to be had, and what has expired is not.
        full = promote(tx)
        while expire(tx):
            continue
        tx.ledger.due_at = tx.now if full else next_due(tx)
    return [_claim(tx, argument) for argument in arguments]


def _claim(tx: Transaction, argument: Claims) -> list[Leased]:
    lease_until = after(tx.now, argument.lease_seconds)
    content, picky = parted(argument.claims)
    answers = _lease(tx, content, lease_until)
    for place in picky:
        [answers[place]] = _lease(tx, (argument.claims[place],), lease_until)
    return answers


def parted(claims: tuple[Claim, ...]) -> tuple[tuple[Claim, ...], list[int]]:
    """The claims for runs of any definition, all in their places, and the places of the others, which go one by one."""
    picky = [place for place, claim in enumerate(claims) if claim.unknown]
    return (tuple(replace(c, limit=0) if c.unknown else c for c in claims) if picky else claims), picky


def _lease(tx: Transaction, claims: tuple[Claim, ...], lease_until: int) -> list[Leased]:
    answers = [Leased([], []) for _ in claims]
    takers = {lane.id: places for lane in _ready_lanes(tx.ledger) if (places := takers_of(lane, claims))}
    if not takers:
        return answers
    if len(takers) == 1:
        [(lane_id, places)] = takers.items()
        lane = tx.ledger.lanes[lane_id]
        if len(places) == 1 and not claims[places[0]].unknown and not tx.ledger.scopes(lane):
            # The usual case: the first runs of one lane to one claim.
            _lease_head(tx, answers[places[0]], claims[places[0]], lane, lease_until)
            return answers
    dealt = _deal_heads(tx, claims, takers)
    shares: dict[int, dict[int, list[int]]] = {}
    for run_id, (place, lane_id) in dealt.items():
        shares.setdefault(place, {}).setdefault(lane_id, []).append(run_id)
    for place, by_lane in shares.items():
        _lease_these(tx, answers[place], claims[place], by_lane, lease_until)
    return answers


def _lease_head(tx: Transaction, answer: Leased, claim: Claim, lane: Lane, lease_until: int) -> None:
    if not claim.columns:
        _lease_rows(tx, answer, claim, tx.rows(sql.HEAD_OF_LANE, lane.id, claim.limit), lease_until)
        return
    batch, others = columns.start_head(tx, claim, lane, lease_until)
    if batch is not None:
        answer.batches.append(batch)
    if others:
        _lease_rows(tx, answer, claim, tx.rows(sql.RUNS_BY_ID, pack(others)), lease_until)


def _lease_these(
    tx: Transaction, answer: Leased, claim: Claim, by_lane: dict[int, list[int]], lease_until: int
) -> None:
    others: list[int] = []
    for lane_id, run_ids in by_lane.items():
        if claim.columns and not claim.unknown:
            batch, rest = columns.start_these(tx, claim, tx.ledger.lanes[lane_id], run_ids, lease_until)
            if batch is not None:
                answer.batches.append(batch)
            others += rest
        else:
            others += run_ids
    if others:
        _lease_rows(tx, answer, claim, tx.rows(sql.RUNS_BY_ID, pack(others)), lease_until)


def _lease_rows(tx: Transaction, answer: Leased, claim: Claim, rows: list[Any], lease_until: int) -> None:
    """Run by run."""
    lease = Lease(claim.worker_id, claim.token, lease_until)
    for row in rows:
        run = to_run(row, tx.ledger)
        started = lifecycle.start(run, tx.now, lease)
        answer.runs.append(tx.move(run, started))
        tx.wake_at(min(lease_until, started.run.deadline_at or lease_until))
    answer.runs.sort(key=lambda run: (-run.priority, run.due_at, run.id))
    _forget_payloads(tx.ledger, answer.runs)
    tx.flush()


def _forget_payloads(ledger: Ledger, runs: list[Run]) -> None:
    """The answer needs them; the lease kept in memory does not, and only small ones are worth no copy."""
    for run in runs:
        if len(run.payload) > SMALL_PAYLOAD:
            kept = ledger.leases[run.id] = copy(run)
            kept.payload = ""


def _deal_heads(tx: Transaction, claims: tuple[Claim, ...], takers: dict[int, list[int]]) -> dict[int, tuple[int, int]]:
    """Run key → place of the claim that gets it, and its lane."""
    wanted = sum(claim.limit for claim in claims)
    unknown = claims[0].unknown if len(claims) == 1 else frozenset()
    heads = list(merge(*(_head(tx, lane_id, wanted, unknown) for lane_id in takers)))
    lanes = {run_id: lane_id for _, _, run_id, lane_id in heads}
    scopes = {scope for lane_id in takers for scope in tx.ledger.scopes(tx.ledger.lanes[lane_id])}
    room = Room(tx.ledger, {scope: _free(tx, scope) for scope in sorted(scopes)})
    dealt = deal(tx.ledger, claims, takers, heads, room)
    return {run_id: (place, lanes[run_id]) for run_id, place in dealt.items()}


def deal(
    ledger: Ledger,
    claims: tuple[Claim, ...],
    takers: dict[int, list[int]],
    heads: Iterable[Sequence[int]],
    room: Room,
) -> dict[int, int]:
    """Run key → place of the claim that gets it: in the order of starts, to the claims in turn.

    `heads` are (rank, due, key, lane) in the order of starts; `takers` the places of the claims that a lane may go to.
    """
    left = [claim.limit for claim in claims]
    wanted = sum(left)
    turn = 0
    dealt: dict[int, int] = {}
    for _, _, run_id, lane_id in heads:
        if wanted == 0:
            break
        lane = ledger.lanes[lane_id]
        if room.of(lane) == 0:
            continue
        place = _next_place(takers[lane_id], turn, left)
        if place is None:
            continue
        turn = place + 1
        dealt[run_id] = place
        left[place] -= 1
        wanted -= 1
        room.take(lane)
    return dealt


def _free(tx: Transaction, scope: Scope) -> int:
    limits = tx.ledger.limits(scope)
    free = []
    if limits.concurrency is not None:
        free.append(max(0, limits.concurrency - tx.ledger.running_in(scope)))
    if limits.rate_limit is not None:
        free.append(tx.allowed(scope, limits.rate_limit))
    return min(free)


def _next_place(places: list[int], turn: int, left: list[int]) -> int | None:
    """The first of `places` (ascending) from `turn` on, round to its beginning, that has room left."""
    n, first = len(places), bisect_left(places, turn)
    return next((place for i in range(n) if left[place := places[(first + i) % n]]), None)


def _ready_lanes(ledger: Ledger) -> list[Lane]:
    return [
        ledger.lanes[lane_id]
        for (lane_id, state), n in ledger.counts.items()
        if state is State.QUEUED and n > 0 and not ledger.held_back(ledger.lanes[lane_id])
    ]


def takers_of(lane: Lane, claims: tuple[Claim, ...]) -> list[int]:
    return [
        place
        for place, claim in enumerate(claims)
        if lane.job_type in claim.job_types and (claim.queues is None or lane.queue in claim.queues)
    ]


def _head(tx: Transaction, lane_id: int, limit: int, unknown: frozenset[int]) -> list[tuple[int, int, int, int]]:
    if unknown:
        found = tx.rows(sql.READY_OF_KNOWN, lane_id, pack(sorted(unknown)), limit)
    else:
        found = tx.rows(sql.READY, lane_id, limit)
    return [(rank, due_at, run_id, lane_id) for rank, due_at, run_id in found]
