"""Runs that wait and are cancelled together, on PostgreSQL: all of a step by one statement."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.store.cancelling import Alike, note_cancelled
from blazy_jobs_server.store.columns import by_key
from blazy_jobs_server.store.postgres import column_statements as sql
from blazy_jobs_server.store.postgres.connecting import Overtaken
from blazy_jobs_server.store.postgres.transaction import Transaction


async def cancel_waiting(tx: Transaction, run_ids: Sequence[int], states: Collection[State]) -> set[int]:
    """Of these runs, those that have nothing of their own but their place in line: which. All of them are locked, in
    the order of keys. Raises Overtaken."""
    rows = await tx.rows(sql.LOCK_ALIKE, run_ids)
    if any(overtaken for *_, overtaken in rows):
        raise Overtaken
    wanted = [(run_id, state) for run_id, state, alike, _ in rows if alike and (not states or state in states)]
    if wanted:
        await _cancel(tx, [run_id for run_id, _ in wanted], [state for _, state in wanted])
    return {run_id for run_id, _ in wanted}


async def _cancel(tx: Transaction, run_ids: list[int], before: list[int]) -> None:
    endings = tx.ledger.endings
    usual = lifecycle.cancel_many(tx.now, endings.usual).delete_at
    others = {key: lifecycle.cancel_many(tx.now, settings).delete_at for key, settings in endings.others.items()}
    rows = await tx.rows(
        sql.CANCEL_MANY, tx.first_event, tx.now, run_ids, before, usual, msgspec.json.encode(others).decode()
    )
    for lane_id, state, attempt, keys, seqs, tags in rows:
        first = tx.next_event_keys(len(keys))
        note_cancelled(tx, Alike(lane_id, State(state), attempt), first, keys, seqs, by_key(tags))
