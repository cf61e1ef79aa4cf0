"""The verbs of bulk operations on PostgreSQL."""

from __future__ import annotations

from typing import Any

from blazy_jobs_server.domain.bulk import Bulk, BulkAction
from blazy_jobs_server.domain.errors import BulkFinished, DefinitionChanged
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.ports.bulk import Advance, Advanced
from blazy_jobs_server.store.bulks import (
    BULK_COLUMNS,
    BULKS,
    MOVING,
    LeaseBulk,
    advanced,
    affect,
    bulk_row,
    cancelled,
    made,
    moving_row,
    to_bulk,
)
from blazy_jobs_server.store.dispatching import Dispatch
from blazy_jobs_server.store.postgres import dispatching, retention
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.cancelling import cancel_waiting
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.retention import forget

_PLACES = ", ".join(f"${n}" for n in range(1, len(BULK_COLUMNS) + 1))
_INSERT = f"INSERT INTO bulks ({', '.join(BULK_COLUMNS)}) VALUES ({_PLACES})"
_LEASE = (
    "UPDATE bulks SET lease_token = $2, lease_until = $3 WHERE id = $1 AND state = 'running' "
    f"AND (lease_token IS NULL OR lease_token = $2 OR lease_until <= $4) RETURNING {', '.join(BULK_COLUMNS)}"
)
_LEASED = f"{BULKS} WHERE id = $1 AND state = 'running' AND place = $2 AND lease_token = $3 FOR UPDATE"
_MOVE = f"UPDATE bulks SET {', '.join(f'{column} = ${n}' for n, column in enumerate(MOVING, 2))} WHERE id = $1"
_RENEW = "UPDATE bulks SET lease_until = $2 WHERE id = $1"
BULK = f"{BULKS} WHERE id = $1"
PAGE = f"{BULKS} WHERE id < $1 ORDER BY id DESC LIMIT $2"


async def _row(tx: Transaction, statement: str, *parameters: Any) -> Bulk | None:
    rows = await tx.rows(statement, *parameters)
    return to_bulk(rows[0]) if rows else None


async def create_bulk(tx: Transaction, arguments: list[Bulk]) -> list[Bulk]:
    bulks = [made(bulk, tx.ledger.keys.next(tx.now), tx.now) for bulk in arguments]
    for bulk in bulks:
        await tx.execute(_INSERT, *bulk_row(bulk))
    return bulks


async def lease_bulk(tx: Transaction, arguments: list[LeaseBulk]) -> list[Bulk | None]:
    return [await _row(tx, _LEASE, *argument, tx.now) for argument in arguments]


async def cancel_bulk(tx: Transaction, arguments: list[int]) -> list[Bulk | BulkFinished | None]:
    answers: list[Bulk | BulkFinished | None] = []
    for bulk_id in arguments:
        bulk = await _row(tx, f"{BULK} FOR UPDATE", bulk_id)
        answer = None if bulk is None else cancelled(bulk, tx.now)
        if isinstance(answer, Bulk):
            await tx.execute(_MOVE, bulk_id, *moving_row(answer))
        answers.append(answer)
    return answers


async def advance_bulk(tx: Transaction, arguments: list[Advance]) -> list[Advanced | DefinitionChanged | None]:
    return [await _advance(tx, step) for step in arguments]


async def _advance(tx: Transaction, step: Advance) -> Advanced | DefinitionChanged | None:
    changed = _changed(tx, step)
    if changed is not None:
        return changed
    known = await _row(tx, _LEASED, step.bulk.id, step.bulk.place, step.lease)
    if known is None:
        return None
    together = set[int]()
    if step.bulk.action is BulkAction.CANCEL:
        together = await cancel_waiting(tx, step.run_ids, step.states)
    await tx.lock(sorted(set(step.run_ids) - together))
    effects = affect(tx, tx.locked, step)
    done, failed = len(together) + effects.done, 0
    if effects.left:
        finished = await _finish(tx, step, effects.left)
        done, failed = done + finished, len(effects.left) - finished
    bulk = advanced(known, step, done, failed, tx.now)
    await tx.execute(_MOVE, bulk.id, *moving_row(bulk))
    await tx.execute(_RENEW, bulk.id, step.lease_until)
    tx.cancelling |= effects.cancelling
    return Advanced(bulk, effects.cancelling)


def _changed(tx: Transaction, step: Advance) -> DefinitionChanged | None:
    for order in step.orders.values():
        known = tx.ledger.job_types.get(order.job_type)
        if known is not None and known.definition_id != order.definition_id:
            return DefinitionChanged(order.job_type)
    return None


async def _finish(tx: Transaction, step: Advance, runs: list[Run]) -> int:
    run_ids = [run.id for run in runs]
    match step.bulk.action:
        case BulkAction.ERASE:
            await retention.delete(tx, run_ids)
            for run in runs:
                forget(tx, run.lane_id, run.state, run.open_error)
                del tx.locked[run.id]
        case BulkAction.REPRIORITISE:
            await tx.execute(sql.RANK, -(step.bulk.priority or 0), run_ids)
        case BulkAction.REPLAY:
            asked = [Dispatch((step.orders[run_id],), None) for run_id in run_ids]
            return sum(not isinstance(answer, Exception) for answer in await dispatching.dispatch(tx, asked))
    return len(runs)
