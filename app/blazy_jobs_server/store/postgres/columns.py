"""Plain runs, many at once, on PostgreSQL: see the parts of store/columns.py that both share.

What a batch is, the rows say, and nothing is kept in memory: any server may take the report, and whatever has happened
to a run meanwhile is seen where it is written.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from itertools import repeat
from typing import Any, NamedTuple

import msgspec

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.batch import Batch
from blazy_jobs_server.domain.event import EventColumn, EventType
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports import Claim, Completed, Many
from blazy_jobs_server.store import columns as shared
from blazy_jobs_server.store.columns import FRESH_SEQ, FRESH_STATE, batch_of, by_key, note_start, start_of
from blazy_jobs_server.store.ledger import Lane, Ledger
from blazy_jobs_server.store.postgres import column_statements as sql
from blazy_jobs_server.store.postgres.transaction import Transaction

# -- dispatch


def make(tx: Transaction, many: Many, lane_id: int, run_ids: range, keep_until: int | None) -> None:
    """Notes new runs, with their first events."""
    number, now = len(run_ids), tx.now
    keys = (run_ids.start, run_ids.step)
    constants = (lane_id, many.definition_id, FRESH_STATE, -many.priority, now, FRESH_SEQ, keep_until, many.created_by)
    statement = sql.MAKE_MANY_BY_SEVERAL if isinstance(many.created_by, list) else sql.MAKE_MANY
    tx.later_at_once(statement, (*keys, *constants, many.payloads))
    data = lifecycle.queued_data(now)
    first = tx.next_event_keys(number)
    tx.later_at_once(sql.QUEUED_MANY, (*keys, first, FRESH_SEQ, now, data, number))
    state, kind = FRESH_STATE, EventType.QUEUED
    tx.news.events.append(
        EventColumn(first, list(run_ids), many.job_type, many.queue, {}, FRESH_SEQ, kind, now, state, 0, data)
    )
    tx.count(lane_id, state, number)
    tx.note_ready((many.job_type, many.queue), number)


# -- claim


class Share(NamedTuple):
    """What one claim is to get of one lane."""

    place: int
    claim: Claim
    lane: Lane


class Started(NamedTuple):
    share: Share
    batch: Batch | None
    others: list[int]
    """Locked, and to be started one by one: they are not plain."""
    cut: bool
    """There was more than one claim can carry."""


async def start_head(tx: Transaction, share: Share, lease_until: int) -> Started:
    """Leases the first runs of a lane."""
    limit = share.claim.limit
    found = await _start(tx, [share], lease_until, sql.START_HEAD, share.lane.id, limit)
    return found[0] if found else Started(share, None, [], False)


async def start_these(
    tx: Transaction, shares: list[Share], chosen: Iterable[tuple[int, int]], lease_until: int
) -> list[Started]:
    """Leases queued runs: `chosen` are keys, each with the number of its share."""
    run_ids, parts = zip(*chosen, strict=True)
    return await _start(tx, shares, lease_until, sql.START_THESE, run_ids, [part + 1 for part in parts])


async def _start(
    tx: Transaction, shares: list[Share], lease_until: int, statement: str, *source: object
) -> list[Started]:
    starts = [start_of(tx.ledger, tx.now, share.claim, share.lane) for share in shares]
    definitions = [tx.ledger.job_types[share.lane.job_type].definition_id for share in shares]
    rows = await tx.rows(
        statement,
        tx.first_event,
        tx.now,
        lease_until,
        shared.MAX_CLAIM_BYTES,
        definitions,
        [share.claim.worker_id for share in shares],
        [share.claim.token for share in shares],
        [start.deadline_at for start in starts],
        [start.data for start in starts],
        *source,
    )
    return [note_started(tx, shares[row[0] - 1], starts[row[0] - 1], lease_until, row) for row in rows]


def note_started(
    tx: Transaction, share: Share, started: lifecycle.ManyStarted, lease_until: int, row: Sequence[Any]
) -> Started:
    _, run_ids, dues, payloads, others, tags, metadata, cut = row
    if not run_ids:
        return Started(share, None, others or [], bool(cut))
    number, claim, lane = len(run_ids), share.claim, share.lane
    batch = batch_of(tx, claim, lane, lease_until, run_ids, payloads, by_key(tags), by_key(metadata))
    first, kind = tx.next_event_keys(number), EventType.STARTED
    tx.news.events.append(
        EventColumn(
            first,
            run_ids,
            lane.job_type,
            lane.queue,
            batch.tags,
            started.seq,
            kind,
            tx.now,
            started.state,
            started.attempt,
            started.data,
        )
    )
    note_start(tx, batch, dues)
    if cut:
        tx.note_opened([lane])
    return Started(share, batch, others or [], bool(cut))


# -- report


class Ends:
    """What is said of different runs to have completed."""

    def __init__(self) -> None:
        self._said: dict[int, tuple[int, str | None]] = {}
        self._workers: list[int] = []
        self._tokens: list[str] = []

    def add(self, worker_id: int, item: Completed, but: Container[int]) -> int:
        """Those of its runs that are not said to have completed already, and are not among others. The number of the
        item; 0 where all of it is to be judged one by one."""
        if item.attempt != COMPLETED.attempt:
            return 0
        self._workers.append(worker_id)
        self._tokens.append(item.token)
        number = len(self._tokens)
        results: Iterable[str | None] = repeat(None) if item.results is None else item.results
        for run_id, result in zip(item.run_ids, results, strict=False):
            if run_id not in but:
                self._said.setdefault(run_id, (number, result))
        return number

    async def save(self, tx: Transaction) -> dict[int, int]:
        """Ends those that are as they were leased. Run key → number of the item that ended it."""
        if not self._said or not tx.ledger.versions:
            return {}
        rows = await tx.rows(sql.COMPLETE_MANY, tx.first_event, *self.parameters(tx.ledger, tx.now))
        return self.note(tx, rows)

    def parameters(self, ledger: Ledger, now: int) -> list[Any]:
        """$2 to $10 of the statements that end them."""
        run_ids = sorted(self._said)
        said = [self._said[run_id] for run_id in run_ids]
        endings = ledger.endings
        usual = lifecycle.complete_many(now, endings.usual).delete_at
        others = {key: lifecycle.complete_many(now, settings).delete_at for key, settings in endings.others.items()}
        return [
            now,
            run_ids,
            [number for number, _ in said],
            [result for _, result in said],
            endings.judged,
            usual,
            msgspec.json.encode(others).decode(),
            self._workers,
            self._tokens,
        ]

    def note(self, tx: Transaction, rows: Iterable[Sequence[Any]]) -> dict[int, int]:
        """That those have ended: rows of lane, keys, starts, event numbers and tags."""
        ended: dict[int, int] = {}
        for row in rows:
            self._note(tx, row)
            ended.update((run_id, self._said[run_id][0]) for run_id in row[1])
        return ended

    def _note(self, tx: Transaction, row: Sequence[Any]) -> None:
        lane_id, run_ids, starts, seqs, tags = row
        lane, number = tx.ledger.lanes[lane_id], len(run_ids)
        results = [self._said[run_id][1] for run_id in run_ids]
        tx.news.events.append(
            EventColumn(
                tx.next_event_keys(number),
                run_ids,
                lane.job_type,
                lane.queue,
                by_key(tags),
                seqs,
                EventType.COMPLETED,
                tx.now,
                COMPLETED.state,
                COMPLETED.attempt,
                [lifecycle.completed_data("null" if result is None else result) for result in results],
            )
        )
        tx.count(lane_id, State.RUNNING, -number)
        tx.count(lane_id, COMPLETED.state, number)
        tx.ran(lane.job_type, lane.queue, COMPLETED.state).add_since(starts, tx.now)
        tx.note_room(lane.pair)


COMPLETED = lifecycle.ManyCompleted(0, 0)


async def renew(tx: Transaction, asked: dict[int, tuple[int, int]]) -> dict[int, bool]:
    """Run key → its worker, and until when. Of those whose worker it is: whether a cancel was asked."""
    if not asked:
        return {}
    run_ids = sorted(asked)
    workers, untils = zip(*(asked[run_id] for run_id in run_ids), strict=True)
    return {row[0]: bool(row[1]) for row in await tx.rows(sql.RENEW_MANY, run_ids, workers, untils)}
