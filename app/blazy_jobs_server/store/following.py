"""The verbs of queues that another engine delivers: `follow` and `save_place`."""

from __future__ import annotations

from copy import copy
from typing import NamedTuple

import msgspec

from blazy_jobs_server.domain import following, lifecycle
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.lifecycle import Lease
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports import Followed, Sighting
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.changes import Changes
from blazy_jobs_server.store.dispatching import Fresh, make
from blazy_jobs_server.store.reporting import MAX_LOGS
from blazy_jobs_server.store.rows import pack, to_run
from blazy_jobs_server.store.transaction import Transaction


class Follow(NamedTuple):
    sightings: tuple[Sighting, ...]
    lease_seconds: float


class SavePlace(NamedTuple):
    queue: str
    place: str


def save_place(tx: Transaction, arguments: list[SavePlace]) -> list[None]:
    for queue, place in arguments:
        tx.cursor.execute(sql.SAVE_PLACE, (place, queue))
    return [None] * len(arguments)


def follow(tx: Transaction, arguments: list[Follow]) -> list[list[Followed]]:
    known = tx.heads({s.run_id for a in arguments for s in a.sightings if s.run_id is not None})
    answers = []
    for argument in arguments:
        answer = [_follow(tx, known, sighting, argument.lease_seconds) for sighting in argument.sightings]
        tx.flush()
        answers.append(_with_payloads(tx, answer))
    return answers


def _follow(tx: Transaction, known: dict[int, Run], sighting: Sighting, lease_seconds: float) -> Followed:
    run = _find(tx, known, sighting)
    if run is None:
        return Followed(None)
    followed = follow_one(tx, run, sighting, lease_seconds, full=tx.ledger.room_left(run.job_type) == 0)
    if followed.run is not None:
        known[run.id] = followed.run
    return followed


def follow_one(tx: Changes, run: Run, sighting: Sighting, lease_seconds: float, *, full: bool) -> Followed:
    """`full`: its job type's concurrency limit is reached."""
    lease = None if full else _lease(tx, run, sighting, lease_seconds)
    seen = sighting.seen
    if sighting.lease is not None and lease is None:
        # It is given back: for this run it has not been taken.
        seen = msgspec.structs.replace(seen, stage="waiting")
    elif lease is not None and _expired(tx, run):
        run = tx.move(run, lifecycle.expire(run, tx.now))
    run = _told(tx, tx.move(run, following.follow(run, tx.now, seen, lease)), sighting)
    if run.state is State.RUNNING and run.lease_until is not None:
        tx.wake_at(min(run.lease_until, run.deadline_at or run.lease_until))
    return Followed(run, lease is not None and run.state is State.RUNNING and run.lease_token == lease.token)


def _find(tx: Transaction, known: dict[int, Run], sighting: Sighting) -> Run | None:
    if sighting.run_id is not None:
        run = known.get(sighting.run_id)
        if run is not None and run.queue == sighting.queue and run.followed is not None:
            return run
    order = sighting.order
    row = tx.cursor.execute(sql.FIND_JOB, (sighting.job_id, sighting.queue)).fetchone()
    if row is not None and (order is None or row[1] == order.job_added_at):
        return known.get(row[0]) or tx.heads([row[0]]).get(row[0])
    if order is None or order.job_type not in tx.ledger.job_types or not tx.ledger.elsewhere(order.queue):
        return None
    fresh = Fresh.empty()
    made = make(tx, order, None, fresh)
    fresh.save(tx)
    return made


def _lease(tx: Changes, run: Run, sighting: Sighting, lease_seconds: float) -> Lease | None:
    """What was asked for, unless the job type is held back."""
    if sighting.lease is None or run.state.final:
        return None
    job_type = tx.ledger.job_types.get(run.job_type)
    if job_type is None or job_type.paused:
        return None
    return Lease(sighting.lease.worker_id, sighting.lease.token, after(tx.now, lease_seconds))


def _expired(tx: Changes, run: Run) -> bool:
    return run.expires_at is not None and run.expires_at <= tx.now and run.claims == 0 and not run.state.final


def _told(tx: Changes, run: Run, sighting: Sighting) -> Run:
    """What a worker of others has said of the job, where its attempt is the one that the run is in."""
    if run.state is not State.RUNNING or run.worker_id is not None:
        return run
    if sighting.progress is not None and sighting.progress != run.progress:
        run = tx.move(run, lifecycle.progress(run, tx.now, sighting.progress))
    fresh = sighting.lines[max(0, run.followed_lines - sighting.line_from) :]
    for line in fresh:
        if run.logs >= MAX_LOGS:
            run = copy(run)
            run.logs_dropped += 1
            run = tx.move(run, lifecycle.Transition(run, ()))
        else:
            run = tx.move(run, lifecycle.log(run, tx.now, line))
    if fresh:
        run = copy(run)
        run.followed_lines = sighting.line_from + len(sighting.lines)
        run = tx.move(run, lifecycle.Transition(run, ()))
    return run


def _with_payloads(tx: Transaction, answer: list[Followed]) -> list[Followed]:
    leased = [item.run.id for item in answer if item.leased and item.run is not None]
    if not leased:
        return answer
    payloads = {row[0]: to_run(row, tx.ledger).payload for row in tx.rows(sql.RUNS_BY_ID, pack(leased))}
    return with_payloads(answer, payloads)


def with_payloads(answer: list[Followed], payloads: dict[int, str]) -> list[Followed]:
    return [Followed(_with_payload(item.run, payloads), True) if item.leased else item for item in answer]


def _with_payload(run: Run | None, payloads: dict[int, str]) -> Run | None:
    assert run is not None
    run = copy(run)
    run.payload = payloads[run.id]
    return run
