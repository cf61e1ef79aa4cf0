"""The verbs of bulk operations, and what both stores share of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import orjson
from msgspec.structs import replace

from blazy_jobs_server.domain.bulk import Bulk, BulkAction, BulkState
from blazy_jobs_server.domain.errors import BulkFinished
from blazy_jobs_server.domain.keys import Within
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports.bulk import Advance, Advanced
from blazy_jobs_server.store import dispatching, retention
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.cancelling import cancel_waiting
from blazy_jobs_server.store.changes import Changes
from blazy_jobs_server.store.dispatching import Dispatch
from blazy_jobs_server.store.reporting import Cancel, cancel_one
from blazy_jobs_server.store.resolving import resolve_one
from blazy_jobs_server.store.rows import pack
from blazy_jobs_server.store.transaction import Transaction
from blazy_jobs_server.store.waiting import run_now_one

BULK_COLUMNS = (
    "id",
    "action",
    "filter",
    "named",
    "priority",
    "job_types",
    "queues",
    "reveals",
    "place",
    "matched",
    "at_least",
    "done",
    "skipped",
    "failed",
    "state",
    "created_at",
    "created_by",
    "finished_at",
)
MOVING = ("place", "matched", "at_least", "done", "skipped", "failed", "state", "finished_at")
BULKS = f"SELECT {', '.join(BULK_COLUMNS)} FROM bulks"
RUNNING = f"{BULKS} WHERE state = 'running' ORDER BY id"
WAITING = (State.SCHEDULED, State.QUEUED, State.RETRYING)

_INSERT = f"INSERT INTO bulks ({', '.join(BULK_COLUMNS)}) VALUES ({', '.join('?' * len(BULK_COLUMNS))})"
_LEASE = "UPDATE bulks SET lease_token = ?, lease_until = ? WHERE id = ? AND state = 'running'"
_LEASED = f"{BULKS} WHERE id = ? AND state = 'running' AND place = ? AND lease_token = ?"
_MOVE = f"UPDATE bulks SET {', '.join(f'{column} = ?' for column in MOVING)} WHERE id = ?"


class LeaseBulk(NamedTuple):
    bulk_id: int
    lease: str
    until: int


def to_bulk(row: Sequence[Any]) -> Bulk:
    """From the values of BULK_COLUMNS."""
    return Bulk(
        id=row[0],
        action=BulkAction(row[1]),
        filter=row[2],
        named=None if row[3] is None else tuple(orjson.loads(row[3])),
        priority=row[4],
        within=Within(_names(row[5]), _names(row[6])),
        reveals=bool(row[7]),
        place=row[8],
        matched=row[9],
        at_least=bool(row[10]),
        done=row[11],
        skipped=row[12],
        failed=row[13],
        state=BulkState(row[14]),
        created_at=row[15],
        created_by=row[16],
        finished_at=row[17],
    )


def _names(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(orjson.loads(text))


def bulk_row(bulk: Bulk) -> tuple[Any, ...]:
    """The values of BULK_COLUMNS."""
    within = bulk.within
    return (
        bulk.id,
        bulk.action.value,
        bulk.filter,
        None if bulk.named is None else pack(bulk.named),
        bulk.priority,
        None if within.job_types is None else pack(within.job_types),
        None if within.queues is None else pack(within.queues),
        bulk.reveals,
        bulk.place,
        bulk.matched,
        bulk.at_least,
        bulk.done,
        bulk.skipped,
        bulk.failed,
        bulk.state.value,
        bulk.created_at,
        bulk.created_by,
        bulk.finished_at,
    )


def moving_row(bulk: Bulk) -> tuple[Any, ...]:
    """The values of MOVING."""
    row = dict(zip(BULK_COLUMNS, bulk_row(bulk), strict=True))
    return tuple(row[column] for column in MOVING)


def made(bulk: Bulk, key: int, now: int) -> Bulk:
    return replace(bulk, id=key, place=key, created_at=now)


def cancelled(bulk: Bulk, now: int) -> Bulk | BulkFinished:
    """What it is after it, where that is something else."""
    if bulk.state is not BulkState.RUNNING:
        return BulkFinished(bulk.state)
    return replace(bulk, state=BulkState.CANCELLED, finished_at=now)


# -- a step


class Effects(NamedTuple):
    """What a step has done to its runs. Those to be erased, replayed or given another priority are still to be."""

    done: int
    left: list[Run]
    """These."""
    cancelling: frozenset[int]


def affect(tx: Changes, runs: dict[int, Run], step: Advance) -> Effects:
    """`runs` has those that may be changed, as they are now."""
    fitting = [run for run_id in step.run_ids if (run := runs.get(run_id)) is not None and _fits(step, run)]
    touch = _TOUCH.get(step.bulk.action)
    if touch is None:
        return Effects(0, fitting, frozenset())
    touched = [touch(tx, runs, run) for run in fitting]
    return Effects(len(fitting), [], frozenset(worker_id for worker_id in touched if worker_id is not None))


def _fits(step: Advance, run: Run) -> bool:
    if step.states and run.state not in step.states:
        return False
    match step.bulk.action:
        case BulkAction.CANCEL:
            return not run.state.final
        case BulkAction.ERASE:
            return run.state.final
        case BulkAction.REPRIORITISE:
            return run.state in WAITING and run.followed is None
        case BulkAction.RUN_NOW:
            return run.state in (State.SCHEDULED, State.RETRYING) and run.followed is None
        case BulkAction.RESOLVE:
            return run.state is State.FAILED and run.resolved_at is None
        case BulkAction.REPLAY:
            return run.id in step.orders


def _cancel(tx: Changes, runs: dict[int, Run], run: Run) -> int | None:
    """The worker whose handler is to stop."""
    after = cancel_one(tx, runs, Cancel(run.id, None))
    return after.worker_id if isinstance(after, Run) and after.state is State.RUNNING else None


def _run_now(tx: Changes, runs: dict[int, Run], run: Run) -> None:
    run_now_one(tx, runs, run.id)


def _resolve(tx: Changes, runs: dict[int, Run], run: Run) -> None:
    resolve_one(tx, runs, run.id)


_TOUCH: dict[BulkAction, Callable[[Changes, dict[int, Run], Run], int | None]] = {
    BulkAction.CANCEL: _cancel,
    BulkAction.RUN_NOW: _run_now,
    BulkAction.RESOLVE: _resolve,
}


def advanced(bulk: Bulk, step: Advance, done: int, failed: int, now: int) -> Bulk:
    """After a step with so many runs done, and so many of its own that failed."""
    skipped = bulk.skipped + len(step.run_ids) - done - failed
    bulk = replace(
        bulk, place=step.place, done=bulk.done + done, skipped=skipped, failed=bulk.failed + failed + step.failed
    )
    seen = bulk.done + bulk.skipped + bulk.failed
    if step.end is None:
        return replace(bulk, matched=max(bulk.matched, seen))
    bulk = replace(bulk, state=step.end, finished_at=now, matched=max(seen, bulk.matched), at_least=False)
    if step.end is not BulkState.COMPLETED:
        return bulk
    # What it did not meet any more was like that no longer when its turn came.
    return replace(bulk, skipped=bulk.matched - bulk.done - bulk.failed)


# -- the verbs on SQLite


def read(tx: Transaction, bulk_id: int) -> Bulk | None:
    row = tx.cursor.execute(f"{BULKS} WHERE id = ?", (bulk_id,)).fetchone()
    return None if row is None else to_bulk(row)


def create_bulk(tx: Transaction, arguments: list[Bulk]) -> list[Bulk]:
    bulks = [made(bulk, tx.ledger.keys.next(tx.now), tx.now) for bulk in arguments]
    tx.cursor.executemany(_INSERT, [bulk_row(bulk) for bulk in bulks])
    return bulks


def lease_bulk(tx: Transaction, arguments: list[LeaseBulk]) -> list[Bulk | None]:
    """Whose file it is, theirs is the lease: one that is found is of a server before."""
    answers: list[Bulk | None] = []
    for bulk_id, lease, until in arguments:
        leased = tx.cursor.execute(_LEASE, (lease, until, bulk_id)).rowcount
        answers.append(read(tx, bulk_id) if leased else None)
    return answers


def cancel_bulk(tx: Transaction, arguments: list[int]) -> list[Bulk | BulkFinished | None]:
    answers: list[Bulk | BulkFinished | None] = []
    for bulk_id in arguments:
        bulk = read(tx, bulk_id)
        answer = None if bulk is None else cancelled(bulk, tx.now)
        if isinstance(answer, Bulk):
            tx.cursor.execute(_MOVE, (*moving_row(answer), bulk_id))
        answers.append(answer)
    return answers


def advance_bulk(tx: Transaction, arguments: list[Advance]) -> list[Advanced | None]:
    return [_advance(tx, step) for step in arguments]


def _advance(tx: Transaction, step: Advance) -> Advanced | None:
    row = tx.cursor.execute(_LEASED, (step.bulk.id, step.bulk.place, step.lease)).fetchone()
    if row is None:
        return None
    done = cancel_waiting(tx, step.run_ids, step.states) if step.bulk.action is BulkAction.CANCEL else 0
    left = step.run_ids if done < len(step.run_ids) else []
    effects = affect(tx, tx.heads(left), step)
    done, failed = done + effects.done, 0
    tx.flush()
    if effects.left:
        done += _finish(tx, step, effects.left)
        failed = len(effects.left) - (done - effects.done)
    bulk = advanced(to_bulk(row), step, done, failed, tx.now)
    tx.cursor.execute(_MOVE, (*moving_row(bulk), bulk.id))
    return Advanced(bulk, effects.cancelling)


def _finish(tx: Transaction, step: Advance, runs: list[Run]) -> int:
    run_ids = [run.id for run in runs]
    match step.bulk.action:
        case BulkAction.ERASE:
            retention.delete(tx, run_ids)
            for run in runs:
                retention.forget(tx, run.lane_id, run.state, run.open_error)
        case BulkAction.REPRIORITISE:
            tx.cursor.execute(sql.RANK, (-(step.bulk.priority or 0), pack(run_ids)))
        case BulkAction.REPLAY:
            dispatched = dispatching.dispatch(tx, [Dispatch((step.orders[run_id],), None) for run_id in run_ids])
            tx.flush()
            return sum(not isinstance(answer, Exception) for answer in dispatched)
    return len(runs)
