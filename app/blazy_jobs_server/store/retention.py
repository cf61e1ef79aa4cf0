"""The verbs `erase` and `prune`: how history ends."""

from __future__ import annotations

from typing import NamedTuple

from blazy_jobs_server.domain.errors import RunNotFinished
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.run import STATE_NAMES, State
from blazy_jobs_server.store import auditing
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.changes import Changes
from blazy_jobs_server.store.dispatching import KEY_LIFE_SECONDS
from blazy_jobs_server.store.rows import pack
from blazy_jobs_server.store.transaction import Transaction
from blazy_jobs_server.store.webhooks import forget_deliveries

BULKS_KEPT_SECONDS = 90 * 86_400
"""After their end."""


def erase(tx: Transaction, arguments: list[int]) -> list[bool | RunNotFinished]:
    answers: list[bool | RunNotFinished] = []
    for run_id in arguments:
        run = tx.heads([run_id]).get(run_id)
        if run is None:
            answers.append(False)
        elif not run.state.final:
            answers.append(RunNotFinished(STATE_NAMES[run.state]))
        else:
            delete(tx, [run_id])
            forget(tx, run.lane_id, run.state, run.open_error)
            answers.append(True)
    return answers


class Prune(NamedTuple):
    limit: int
    until: int | None

    def due(self, now: int) -> int:
        """The runs to be deleted are those whose time had come by then."""
        return now if self.until is None else min(now, self.until)


def prune(tx: Transaction, arguments: list[Prune]) -> list[int]:
    answers = []
    for argument in arguments:
        limit = argument.limit
        doomed = tx.cursor.execute(sql.DELETABLE, (argument.due(tx.now), limit)).fetchall()
        lanes: dict[int, list[int]] = {}
        for run_id, lane_id, state, group in doomed:
            lanes.setdefault(lane_id, []).append(run_id)
            forget(tx, lane_id, State(state), group)
        for lane_id, run_ids in lanes.items():
            newest = tx.cursor.execute(sql.NEWEST_EVENT_OF, (pack(run_ids),)).fetchone()[0]
            tx.cursor.execute(sql.PRUNED, (newest or 0, lane_id))
        if doomed:
            delete(tx, [run_id for run_id, *_ in doomed])
        tx.cursor.execute(auditing.DELETE_OLDEST, (auditing.oldest_kept(tx.now), limit))
        tx.cursor.execute(sql.DELETE_BATCH_KEYS, (tx.now - KEY_LIFE_SECONDS * 1_000_000, limit))
        tx.cursor.execute(sql.DELETE_BULKS, (tx.now - BULKS_KEPT_SECONDS * SECOND, limit))
        forget_deliveries(tx, limit)
        answers.append(len(doomed))
    return answers


def forget(tx: Changes, lane_id: int, state: State, group: str | None) -> None:
    """A finished run with its group of errors, where it is not resolved."""
    tx.count(lane_id, state, -1)
    if state is State.FAILED and group is not None:
        tx.count_error(group, lane_id, state, -1)


def delete(tx: Transaction, run_ids: list[int]) -> None:
    ids = pack(run_ids)
    for statement in (sql.DELETE_EVENTS, sql.DELETE_TAGS, sql.DELETE_RUNS, sql.DELETE_KEYS_OF):
        tx.cursor.execute(statement, (ids,))
    tx.cursor.execute(sql.ERASED, (tx.ledger.keys.last,))
