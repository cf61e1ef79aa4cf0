"""Runs that wait and are cancelled together: those that are alike by one statement."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from typing import NamedTuple

import orjson

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.event import EventColumn, EventType
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.changes import Changes
from blazy_jobs_server.store.rows import pack
from blazy_jobs_server.store.transaction import Transaction


def cancel_waiting(tx: Transaction, run_ids: Sequence[int], states: Collection[State]) -> int:
    """Of these runs, those that have nothing of their own but their place in line: how many."""
    alike: defaultdict[tuple[int, int, int, int], list[tuple[int, int, str | None]]] = defaultdict(list)
    for lane_id, state, definition_id, attempt, run_id, seq, tags in tx.rows(sql.WAITING_ALIKE, pack(run_ids)):
        if not states or state in states:
            alike[lane_id, state, definition_id, attempt].append((run_id, seq + 1, tags))
    for (lane_id, state, definition_id, attempt), runs in alike.items():
        _cancel(tx, lane_id, State(state), definition_id, attempt, runs)
    return sum(map(len, alike.values()))


def _cancel(
    tx: Transaction,
    lane_id: int,
    before: State,
    definition_id: int,
    attempt: int,
    runs: list[tuple[int, int, str | None]],
) -> None:
    keys, seqs = [run[0] for run in runs], [run[1] for run in runs]
    ended = lifecycle.cancel_many(tx.now, tx.ledger.versions[definition_id].settings)
    values = (ended.state, ended.finished_at, ended.delete_at, pack(keys))
    tx.cursor.execute(sql.CANCEL_MANY, values)
    first = tx.ledger.keys.next_many(tx.now, len(keys))
    constants = (EventType.CANCELLED, ended.state, attempt, tx.now, ended.data)
    sql.event_of_each.by_columns(tx.cursor, constants, range(first, first + len(keys)), keys, seqs)
    tags = {run_id: orjson.dumps(orjson.loads(text)).decode() for run_id, _, text in runs if text is not None}
    note_cancelled(tx, Alike(lane_id, before, attempt), first, keys, seqs, tags)


class Alike(NamedTuple):
    """What runs have in common that are cancelled together."""

    lane_id: int
    before: State
    attempt: int


def note_cancelled(
    tx: Changes, alike: Alike, first: int, run_ids: list[int], seqs: list[int], tags: dict[int, str]
) -> None:
    """All that the engine is told of it. `first` is the key of the first event, and the others follow on it."""
    lane, state = tx.ledger.lanes[alike.lane_id], CANCELLED.state
    tx.news.events.append(
        EventColumn(
            first,
            run_ids,
            lane.job_type,
            lane.queue,
            tags,
            seqs,
            EventType.CANCELLED,
            tx.now,
            state,
            alike.attempt,
            CANCELLED.data,
        )
    )
    tx.count(alike.lane_id, alike.before, -len(run_ids))
    tx.count(alike.lane_id, state, len(run_ids))


CANCELLED = lifecycle.ManyCancelled(0, 0)
