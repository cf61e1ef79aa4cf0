"""The verb `sweep` on PostgreSQL. One server at a time sweeps, whichever comes first."""

from __future__ import annotations

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.ports import Swept
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.limiting import load_rates
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.sweeping import BATCH, overdue

ELSEWHERE_SECONDS = 1.0
"""When to look again where another server sweeps just now."""


async def sweep(tx: Transaction, arguments: list[None]) -> list[Swept]:
    """One bounded step. The answer's `due_at` is in the past where more is to be done at once."""
    if not await tx.value(sql.TRY_LOCK, sql.LOCK_SWEEP):
        return [Swept(after(tx.now, ELSEWHERE_SECONDS))] * len(arguments)
    full = await come_of_age(tx)
    full = await _take_back(tx) or full
    opens_at = await _open(tx)
    due_at = tx.now if full else min(filter(None, (await tx.value(sql.NEXT), opens_at)), default=None)
    return [Swept(due_at)] * len(arguments)


async def come_of_age(tx: Transaction) -> bool:
    """What is due is queued, what has expired fails; whether there may be more."""
    full = await _promote(tx)
    return await _expire(tx) or full


async def _promote(tx: Transaction) -> bool:
    due = await tx.free_runs(sql.DUE, tx.now, BATCH)
    for run in due:
        tx.move(run, lifecycle.promote(run))
    return len(due) == BATCH


async def _expire(tx: Transaction) -> bool:
    expired = await tx.free_runs(sql.EXPIRED, tx.now, BATCH)
    for run in expired:
        tx.move(run, lifecycle.expire(run, tx.now))
    return len(expired) == BATCH


async def _open(tx: Transaction) -> int | None:
    """What waits for a rate alone may be claimed as soon as it opens; when the first of those opens that are closed."""
    rated = tx.ledger.rated()
    if not rated:
        return None
    waiting = {row[0] for row in await tx.rows(sql.QUEUED_LANES, [lane.id for lane in tx.ledger.lanes.values()])}
    await load_rates(tx, [scope for scope, _ in rated])
    instants = []
    for scope, rate in rated:
        lanes = [lane for lane in tx.ledger.lanes_in(scope) if lane.id in waiting]
        window = tx.window(scope, rate)
        if lanes and window.allowed(rate, tx.now):
            tx.note_opened(lanes)
        elif lanes:
            instants.append(window.opens_at(rate, tx.now))
    return min(instants, default=None)


async def _take_back(tx: Transaction) -> bool:
    found = await tx.free_runs(sql.OVERDUE, tx.now, BATCH)
    for run in found:
        transition = overdue(tx, run)
        if transition is not None:
            tx.move(run, transition)
    return len(found) == BATCH
