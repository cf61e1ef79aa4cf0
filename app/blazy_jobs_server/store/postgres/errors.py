"""The verb `resolve` on PostgreSQL, and what keeps the counts of errors small there."""

from __future__ import annotations

from itertools import groupby

from blazy_jobs_server.domain.errors import RunNotFailed
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.resolving import resolve_one

FOLDED_AT_ONCE = 500


async def resolve(tx: Transaction, arguments: list[int]) -> list[Run | RunNotFailed | None]:
    await tx.lock(set(arguments))
    return [resolve_one(tx, tx.locked, run_id) for run_id in arguments]


async def fold(tx: Transaction, arguments: list[None]) -> list[bool]:
    """Where one server has counted runs that another one counted before, leaves their sum in one row, and no row of
    nothing. Says whether there may be more. In a transaction that changes no run: the rows are held until its end."""
    if not await tx.value(sql.TRY_LOCK, sql.LOCK_PRUNE):
        return [False] * len(arguments)
    kept, dropped = [], []
    rows = await tx.rows(sql.HOLD_ERRORS, FOLDED_AT_ONCE)
    for _, shards in groupby(rows, key=lambda row: row[:3]):
        group = list(shards)
        total = sum(row[4] for row in group)
        if total:
            # Into a row that is there and held: none that another transaction makes just now is waited for.
            first = min((row[5] for row in group if row[5] is not None), default=None)
            kept.append((*group[0][:4], total, first, max(row[6] for row in group)))
        dropped += [tuple(row[:4]) for row in (group[1:] if total else group)]
    tx.later(sql.KEEP_ERRORS, kept)
    tx.later(sql.DROP_ERRORS, dropped)
    return [len(rows) >= FOLDED_AT_ONCE] * len(arguments)
