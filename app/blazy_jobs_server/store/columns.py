"""Plain runs, many at once: what the lifecycle makes of each, written in a few statements for all.

Everything else than these moves goes run by run. `lifecycle` says what a start and a completion of many change, and its
tests hold them equal to those of one.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import orjson

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.batch import Batch
from blazy_jobs_server.domain.event import EventColumn, EventType
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports import Claim, Many
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.batches import Said
from blazy_jobs_server.store.changes import Changes
from blazy_jobs_server.store.ledger import Lane, Ledger
from blazy_jobs_server.store.rows import pack
from blazy_jobs_server.store.transaction import Transaction

FRESH_STATE, FRESH_SEQ = State.QUEUED, 1
MAX_CLAIM_BYTES = 8 << 20
"""Payloads of one claim, but for the last of them."""


def make(tx: Transaction, many: Many, lane_id: int, keep_until: int | None) -> list[int]:
    """New runs, with their first events; their keys."""
    number, now = len(many.payloads), tx.now
    first = tx.ledger.keys.next_many(now, number)
    run_ids = list(range(first, first + number))
    constants = (lane_id, many.definition_id, FRESH_STATE, -many.priority, now, now, FRESH_SEQ, keep_until)
    if isinstance(many.created_by, list):
        sql.make_many_by_several.by_columns(tx.cursor, constants, run_ids, many.payloads, many.created_by)
    else:
        sql.make_many.by_columns(tx.cursor, (*constants, many.created_by), run_ids, many.payloads)
    data = lifecycle.queued_data(now)
    first_event = tx.ledger.keys.next_many(now, number)
    event = (first_event, FRESH_SEQ, EventType.QUEUED, FRESH_STATE, 0, now, data)
    tx.cursor.execute(sql.EVENT_OF_MANY, (*event, pack(run_ids)))
    tx.news.events.append(
        EventColumn(
            first_event, run_ids, many.job_type, many.queue, {}, FRESH_SEQ, EventType.QUEUED, now, FRESH_STATE, 0, data
        )
    )
    tx.count(lane_id, FRESH_STATE, number)
    tx.note_ready((many.job_type, many.queue), number)
    return run_ids


def start_head(tx: Transaction, claim: Claim, lane: Lane, lease_until: int) -> tuple[Batch | None, list[int]]:
    """Leases the first runs of a lane: the plain ones, and the keys of the others, which are still to be leased."""
    limit = claim.limit
    if lane.id in tx.ledger.heavy_lanes:
        [limit] = tx.cursor.execute(sql.HEAD_BYTES, (lane.id, limit, MAX_CLAIM_BYTES)).fetchone()
    return _start(tx, claim, lane, lease_until, sql.PLAIN_HEAD_OF_LANE, lane.id, limit)


def start_these(
    tx: Transaction, claim: Claim, lane: Lane, run_ids: list[int], lease_until: int
) -> tuple[Batch | None, list[int]]:
    """As `start_head`, of queued runs of one lane."""
    return _start(tx, claim, lane, lease_until, sql.PLAIN_BY_ID, pack(run_ids))


def _start(
    tx: Transaction, claim: Claim, lane: Lane, lease_until: int, statement: str, *parameters: object
) -> tuple[Batch | None, list[int]]:
    definition_id = tx.ledger.job_types[lane.job_type].definition_id
    found = tx.cursor.execute(statement, (definition_id, *parameters)).fetchone()
    keys, dues, payloads, others, tags, metadata = found
    run_ids: list[int] = orjson.loads(keys)
    if not run_ids:
        return None, orjson.loads(others)
    if len(payloads) > MAX_CLAIM_BYTES:
        tx.ledger.heavy_lanes.add(lane.id)  # the next claim looks at the bytes first
    started = start_of(tx.ledger, tx.now, claim, lane)
    batch = batch_of(tx, claim, lane, lease_until, run_ids, payloads, by_key(tags), by_key(metadata))
    changes = (started.state, started.seq, started.attempt, started.claims)
    lease = (tx.now, claim.worker_id, claim.token, started.deadline_at)
    tx.cursor.execute(sql.START_MANY, (*changes, *lease, keys))
    _note_event(tx, batch, keys, EventType.STARTED, started.state, started.seq, started.data)
    tx.ledger.batches.add(batch.without_payloads())
    note_start(tx, batch, orjson.loads(dues))
    return batch, orjson.loads(others)


def start_of(ledger: Ledger, now: int, claim: Claim, lane: Lane) -> lifecycle.ManyStarted:
    definition_id = ledger.job_types[lane.job_type].definition_id
    return lifecycle.start_many(now, ledger.versions[definition_id].settings, claim.worker_id)


def batch_of(
    tx: Changes,
    claim: Claim,
    lane: Lane,
    lease_until: int,
    run_ids: list[int],
    payloads: str,
    tags: dict[int, str],
    metadata: dict[int, str],
) -> Batch:
    definition_id = tx.ledger.job_types[lane.job_type].definition_id
    version = tx.ledger.versions[definition_id]
    return Batch(
        run_ids=run_ids,
        payloads=payloads,
        tags=tags,
        metadata=metadata,
        lane_id=lane.id,
        job_type=lane.job_type,
        queue=lane.queue,
        definition_id=definition_id,
        version=version.version,
        settings=version.settings,
        worker_id=claim.worker_id,
        token=claim.token,
        started_at=tx.now,
        lease_until=lease_until,
        deadline_at=start_of(tx.ledger, tx.now, claim, lane).deadline_at,
    )


def note_start(tx: Changes, batch: Batch, dues: list[int]) -> None:
    """All that the engine is told of it but its events."""
    number = len(batch.run_ids)
    tx.count(batch.lane_id, State.QUEUED, -number)
    tx.count(batch.lane_id, State.RUNNING, number)
    tx.waited((batch.job_type, batch.queue)).add_since(dues, tx.now)
    tx.note_claimed((batch.job_type, batch.queue), number)
    tx.charge(batch.lane_id, number)
    tx.wake_at(batch.ends_at)


def by_key(texts: str | None) -> dict[int, str]:
    return {} if texts is None or texts == "{}" else {int(run_id): text for run_id, text in orjson.loads(texts).items()}


def complete(
    tx: Transaction, batch: Batch, run_ids: list[int], results: list[str] | None, words: Words | None = None
) -> None:
    """Ends different runs of a batch, with their results (JSON texts; None: each with null). `words` has what they have
    said before in this transaction."""
    keys = pack(run_ids)
    done = lifecycle.complete_many(tx.now, batch.settings)
    before = tx.ledger.batches.seqs(run_ids, SILENT_SEQ)
    seq = before + 1 if isinstance(before, int) else [number + 1 for number in before]
    constants = (done.state, done.finished_at, done.delete_at)
    if results is None and isinstance(seq, int):
        tx.cursor.execute(sql.COMPLETE_MANY, (*constants, seq, "null", keys))
    else:
        seqs = [seq] * len(run_ids) if isinstance(seq, int) else seq
        values = ["null"] * len(run_ids) if results is None else results
        if words is not None and words.take(run_ids):
            said = [tx.ledger.batches.said(run_id) or _SILENT for run_id in run_ids]
            logs, progress = [s.logs for s in said], [s.progress for s in said]
            sql.complete_speakers.by_columns(tx.cursor, constants, run_ids, seqs, values, logs, progress)
        else:
            sql.complete_each.by_columns(tx.cursor, constants, run_ids, seqs, values)
    data: str | list[str]
    if results is None:
        data = lifecycle.completed_data("null")
    else:
        data = [lifecycle.completed_data(result) for result in results]
    named = batch if run_ids is batch.run_ids else batch.with_runs(run_ids)
    _note_event(tx, named, keys, EventType.COMPLETED, done.state, seq, data)
    tx.ledger.batches.drop(batch, run_ids)
    tx.count(batch.lane_id, State.RUNNING, -len(run_ids))
    tx.count(batch.lane_id, done.state, len(run_ids))
    tx.ran(batch.job_type, batch.queue, done.state).add(tx.now - batch.started_at, len(run_ids))
    tx.note_room((batch.job_type, batch.queue))


SILENT_SEQ = lifecycle.ManyStarted(0, "").seq
_SILENT = Said(SILENT_SEQ)


def _note_event(
    tx: Transaction,
    batch: Batch,
    keys: str,
    kind: EventType,
    state: State,
    seq: int | list[int],
    data: str | list[str],
) -> None:
    number = len(batch.run_ids)
    first = tx.ledger.keys.next_many(tx.now, number)
    stored = None if kind is EventType.COMPLETED else data
    rest = (kind, state, 1, tx.now, stored)
    if isinstance(seq, int):
        tx.cursor.execute(sql.EVENT_OF_MANY, (first, seq, *rest, keys))
    else:
        sql.event_of_each.by_columns(tx.cursor, rest, range(first, first + number), batch.run_ids, seq)
    column = EventColumn(
        first, batch.run_ids, batch.job_type, batch.queue, batch.tags, seq, kind, tx.now, state, 1, data
    )
    tx.news.events.append(column)


class _Spoken(NamedTuple):
    """What runs of a batch have said, a row for each word."""

    run_ids: list[int]
    seqs: list[int]
    kinds: list[EventType]
    data: list[str]


class Words:
    """What runs of batches say in one verb, noted and then written at once."""

    def __init__(self, tx: Transaction) -> None:
        self._tx = tx
        self._batches = tx.ledger.batches
        self._columns: dict[Batch, _Spoken] = {}
        self._spoke: dict[int, None] = {}
        """Whose rows do not say so yet."""
        self._completed: dict[Batch, tuple[list[int], list[str]]] = {}
        self.ended: set[int] = set()
        """Of which the end is noted and not written."""

    def say(self, batch: Batch, run_id: int, kinds: list[EventType], data: list[str], lease_until: int) -> None:
        """Its progress and lines of its log: `lifecycle.progress` and `lifecycle.log` of a run of a batch."""
        said = self._batches.say(run_id, SILENT_SEQ)
        said.lease_until = lease_until
        number = len(kinds)
        if not number:
            return
        column = self._columns.get(batch)
        if column is None:
            column = self._columns[batch] = _Spoken([], [], [], [])
        column.run_ids.extend([run_id] * number)
        column.seqs.extend(range(said.seq + 1, said.seq + 1 + number))
        column.kinds.extend(kinds)
        column.data.extend(data)
        said.seq += number
        lines = kinds.count(EventType.LOG)
        said.logs += lines
        if lines < number:
            said.progress = data[number - 1 - kinds[::-1].index(EventType.PROGRESS)]
        self._spoke[run_id] = None

    def renew(self, run_id: int, lease_until: int) -> None:
        self._batches.say(run_id, SILENT_SEQ).lease_until = lease_until

    def end(self, batch: Batch, run_id: int, result: str) -> None:
        """It has completed. What is said of it from then on comes too late."""
        run_ids, results = self._completed.setdefault(batch, ([], []))
        run_ids.append(run_id)
        results.append(result)
        self.ended.add(run_id)

    def take(self, run_ids: Iterable[int]) -> bool:
        """Whether any of them has spoken, and its row does not say so yet: the caller writes it."""
        spoke = self._spoke
        if not spoke:
            return False
        before = len(spoke)
        for run_id in run_ids:
            spoke.pop(run_id, None)
        return len(spoke) < before

    def save_ends(self) -> None:
        """All events so far, and the ends of runs."""
        self._save_events()
        completed, self._completed, self.ended = self._completed, {}, set()
        for batch, (run_ids, results) in completed.items():
            complete(self._tx, batch, run_ids, results, self)

    def save(self) -> None:
        self.save_ends()
        if self._spoke:
            said = [(run_id, self._batches.say(run_id, SILENT_SEQ)) for run_id in self._spoke]
            sql.say_many(self._tx.cursor, [(run_id, s.seq, s.logs, s.progress) for run_id, s in said])
            self._spoke = {}

    def _save_events(self) -> None:
        tx = self._tx
        columns, self._columns = self._columns, {}
        for batch, (run_ids, seqs, kinds, data) in columns.items():
            number = len(run_ids)
            first = tx.ledger.keys.next_many(tx.now, number)
            constants = (State.RUNNING, 1, tx.now)
            sql.words.by_columns(tx.cursor, constants, range(first, first + number), run_ids, seqs, kinds, data)
            lane = (batch.job_type, batch.queue)
            column = EventColumn(first, run_ids, *lane, batch.tags, seqs, kinds, tx.now, State.RUNNING, 1, data)
            tx.news.events.append(column)
