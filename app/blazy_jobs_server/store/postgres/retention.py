"""The verbs `erase` and `prune` on PostgreSQL."""

from __future__ import annotations

from blazy_jobs_server.domain.errors import RunNotFinished
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.run import STATE_NAMES, State
from blazy_jobs_server.store.auditing import oldest_kept
from blazy_jobs_server.store.dispatching import KEY_LIFE_SECONDS
from blazy_jobs_server.store.postgres import auditing
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.postgres.webhooks import forget_deliveries
from blazy_jobs_server.store.retention import BULKS_KEPT_SECONDS, Prune, forget


async def erase(tx: Transaction, arguments: list[int]) -> list[bool | RunNotFinished]:
    await tx.lock(set(arguments))
    answers: list[bool | RunNotFinished] = []
    for run_id in arguments:
        run = tx.locked.get(run_id)
        if run is None:
            answers.append(False)
        elif not run.state.final:
            answers.append(RunNotFinished(STATE_NAMES[run.state]))
        else:
            await delete(tx, [run_id])
            forget(tx, run.lane_id, run.state, run.open_error)
            del tx.locked[run_id]
            answers.append(True)
    return answers


async def prune(tx: Transaction, arguments: list[Prune]) -> list[int]:
    """One server at a time does it."""
    if not await tx.value(sql.TRY_LOCK, sql.LOCK_PRUNE):
        return [0] * len(arguments)
    answers = []
    for argument in arguments:
        limit = argument.limit
        doomed = await tx.rows(sql.DELETABLE, argument.due(tx.now), limit)
        for _, lane_id, state, group in doomed:
            forget(tx, lane_id, State(state), group)
        if doomed:
            run_ids = [row[0] for row in doomed]
            await tx.execute(sql.PRUNED, run_ids, [row[1] for row in doomed])
            await delete(tx, run_ids)
        await tx.execute(auditing.DELETE_OLDEST, oldest_kept(tx.now), limit)
        await tx.execute(sql.DELETE_BATCH_KEYS, tx.now - KEY_LIFE_SECONDS * 1_000_000, limit)
        await tx.execute(sql.DELETE_BULKS, tx.now - BULKS_KEPT_SECONDS * SECOND, limit)
        await forget_deliveries(tx, limit)
        answers.append(len(doomed))
    return answers


async def delete(tx: Transaction, run_ids: list[int]) -> None:
    for statement in (sql.DELETE_EVENTS, sql.DELETE_RUNS, sql.DELETE_KEYS_OF):
        await tx.execute(statement, run_ids)
    await tx.execute(sql.ERASED, max(run_ids))
