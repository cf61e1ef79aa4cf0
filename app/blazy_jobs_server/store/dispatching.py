"""The verb `dispatch`: runs, their first events and the idempotency record, in one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson

from blazy_jobs_server.domain.errors import (
    DedupeKeyInUse,
    IdempotencyKeyReused,
    JobsError,
    JobTypeNotFound,
    QueueFull,
)
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports import Dispatched, IdempotencyKey, Many, Order
from blazy_jobs_server.store import columns
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.limiting import over
from blazy_jobs_server.store.resolving import resolve_replayed
from blazy_jobs_server.store.rows import pack, to_run
from blazy_jobs_server.store.transaction import Transaction

KEY_LIFE_SECONDS = 86_400
NOTHING = (None,) * 12


class Dispatch(NamedTuple):
    orders: tuple[Order, ...]
    idempotency: IdempotencyKey | None
    many: Many | None = None
    """Instead of orders."""

    @property
    def number(self) -> int:
        return len(self.orders) if self.many is None else len(self.many.payloads)

    @property
    def requests(self) -> int:
        return 1 if self.many is None else self.many.requests

    @property
    def pairs(self) -> set[tuple[str, str]]:
        """The job types and queues of its runs."""
        if self.many is not None:
            return {(self.many.job_type, self.many.queue)}
        return {(order.job_type, order.queue) for order in self.orders}


class Fresh(NamedTuple):
    """Rows to insert: of PLAIN_COLUMNS, and of DISPATCH_COLUMNS; and keys with their tags (JSON)."""

    plain: list[tuple[Any, ...]]
    other: list[tuple[Any, ...]]
    tagged: list[tuple[int, str]]

    @classmethod
    def empty(cls) -> Fresh:
        return cls([], [], [])

    def save(self, tx: Transaction) -> None:
        """Before the end too, where a dispatch looks at what another one of the same transaction made."""
        sql.insert_plain_runs(tx.cursor, self.plain)
        sql.insert_runs(tx.cursor, self.other)
        if self.tagged:
            tx.cursor.execute(sql.INSERT_TAGS, (pack(self.tagged),))
            self.tagged.clear()
        self.plain.clear()
        self.other.clear()


def dispatch(tx: Transaction, arguments: list[Dispatch]) -> list[Dispatched | JobsError]:
    fresh = Fresh.empty()
    deduped: dict[tuple[str, str], Run] = {}
    answers: list[Dispatched | JobsError] = []
    for argument in arguments:
        answers.append(_dispatch(tx, argument, fresh, deduped))
    fresh.save(tx)
    _resolve_replayed(tx, arguments, answers)
    return answers


def _resolve_replayed(tx: Transaction, arguments: list[Dispatch], answers: list[Dispatched | JobsError]) -> None:
    if not any(order.replay_of is not None for argument in arguments for order in argument.orders):
        return
    made = [run for answer in answers if isinstance(answer, Dispatched) for run in answer.fresh]
    resolve_replayed(tx, tx.heads({run.replay_of for run in made if run.replay_of is not None}), made)


def _dispatch(
    tx: Transaction, argument: Dispatch, fresh: Fresh, deduped: dict[tuple[str, str], Run]
) -> Dispatched | JobsError:
    orders, key, many = argument
    for name in {order.job_type for order in orders} if many is None else {many.job_type}:
        if name not in tx.ledger.job_types:
            return JobTypeNotFound(name)
    if key is not None:
        found = _find_idempotent(tx, key, fresh)
        if found is not None:
            return found
        if not orders and many is None:
            return Dispatched([], [])
    keep_until = None if key is None else after(tx.now, KEY_LIFE_SECONDS)
    if (full := _full(tx, argument, deduped)) is not None:
        return full
    if many is not None:
        if not tx.ledger.elsewhere(many.queue):
            run_ids = columns.make(tx, many, tx.lane(many.job_type, many.queue), keep_until)
            if key is not None:
                _remember(tx, key, [(run_id, columns.FRESH_STATE) for run_id in run_ids])
            return Dispatched([], [], columns=run_ids, made_at=tx.now)
        orders = many.orders()
    for order in orders:
        if (refusal := refusal_of_found(order, _find_hidden(tx, order, deduped))) is not None:
            return refusal
    runs: list[Run] = []
    made: list[bool] = []
    for order in orders:
        existing = None if order.dedupe_key is None else _find_deduped(tx, order, deduped)
        run = existing or make(tx, order, keep_until, fresh)
        if existing is not None and keep_until is not None:
            fresh.save(tx)
            _keep(tx, existing, keep_until)
        if existing is None and order.dedupe_key is not None:
            deduped[order.job_type, order.dedupe_key] = run
        runs.append(run)
        made.append(existing is None)
    if key is not None:
        _remember(tx, key, [(run.id, run.state) for run in runs])
    return Dispatched(runs, made)


def _full(tx: Transaction, argument: Dispatch, deduped: dict[tuple[str, str], Run]) -> QueueFull | None:
    """All of it is refused, or nothing. What exists already under its dedupe key takes no place."""
    ledger, limited = tx.ledger, {queue for _, queue in argument.pairs if tx.ledger.may_be_full(queue)}
    if not limited:
        return None
    waiting = {queue: ledger.waiting_in(queue) for queue in limited}
    return over(ledger, waiting, additions(argument, limited, lambda order: _find_deduped(tx, order, deduped)))


def additions(argument: Dispatch, queues: set[str], existing: Callable[[Order], Run | None]) -> Counter[str]:
    """How many runs it would add to each of the queues."""
    if argument.many is not None:
        return Counter({argument.many.queue: len(argument.many.payloads)})
    added: Counter[str] = Counter()
    keys: set[tuple[str, str]] = set()
    for order in argument.orders:
        if order.queue not in queues:
            continue
        if order.dedupe_key is not None:
            key = (order.job_type, order.dedupe_key)
            if key in keys or existing(order) is not None:
                continue
            keys.add(key)
        added[order.queue] += 1
    return added


def _find_hidden(tx: Transaction, order: Order, deduped: dict[tuple[str, str], Run]) -> Run | None:
    """Looked for only where it may be hidden."""
    if order.dedupe_key is None or order.within.is_everything:
        return None
    return _find_deduped(tx, order, deduped)


def refusal_of_found(order: Order, found: Run | None) -> DedupeKeyInUse | None:
    """Where the run that has its dedupe key is not there for who asks."""
    if found is None or order.within.admits(found.job_type, found.queue):
        return None
    return DedupeKeyInUse()


def _keep(tx: Transaction, run: Run, until: int) -> None:
    """The run is kept as long as the key that found it."""
    tx.cursor.execute("UPDATE runs SET keep_until = max(coalesce(keep_until, 0), ?) WHERE id = ?", (until, run.id))
    leased = tx.ledger.leases.get(run.id)
    if leased is not None:
        leased.keep_until = max(leased.keep_until or 0, until)


def make(tx: Transaction, order: Order, keep_until: int | None, fresh: Fresh) -> Run:
    run = tx.new_run(order, tx.lane(order.job_type, order.queue), keep_until)
    plain, rest = run_rows(run)
    if rest == NOTHING:
        fresh.plain.append(plain)
    else:
        fresh.other.append(plain + rest)
        if run.tags != "[]":
            fresh.tagged.append((run.id, run.tags))
    return run


def run_rows(run: Run) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The values of PLAIN_COLUMNS, and of the rest of DISPATCH_COLUMNS."""
    plain = (
        run.id,
        run.lane_id,
        run.definition_id,
        run.state,
        -run.priority,
        run.due_at,
        run.created_at,
        run.seq,
        run.payload,
        run.created_by,
    )
    rest = (
        None if run.tags == "[]" else run.tags,
        None if run.metadata == "{}" else run.metadata,
        run.overrides,
        run.expires_at,
        run.keep_until,
        run.dedupe_key,
        run.replay_of,
        run.schedule,
        run.fire_at,
        run.job_id,
        run.job_added_at,
        run.followed,
    )
    return plain, rest


def _find_deduped(tx: Transaction, order: Order, deduped: dict[tuple[str, str], Run]) -> Run | None:
    """An unfinished run of the job type with the key: of this transaction or an earlier one."""
    pending = deduped.get((order.job_type, order.dedupe_key or ""))
    if pending is not None:
        return pending
    ids = tx.ids(sql.FIND_DEDUPED, order.dedupe_key, order.job_type)
    return _read(tx, ids)[0] if ids else None


def _read(tx: Transaction, run_ids: list[int]) -> list[Run]:
    return [to_run(row, tx.ledger) for row in tx.rows(sql.RUNS_BY_ID, pack(run_ids))]


def _find_idempotent(tx: Transaction, key: IdempotencyKey, fresh: Fresh) -> Dispatched | IdempotencyKeyReused | None:
    """What an earlier dispatch under this key made; a refusal where it was one of another body."""
    row = tx.cursor.execute(sql.FIND_IDEMPOTENT, (key.scope, key.key)).fetchone()
    if row is None:
        return None
    fingerprint, run_id, answer = row
    if fingerprint != key.fingerprint:
        return IdempotencyKeyReused()
    fresh.save(tx)
    first: list[tuple[int, int]] = [(run_id, 0)] if answer is None else orjson.loads(answer)
    found = {run.id: run for run in _read(tx, [item[0] for item in first])}
    runs = [found[item[0]] for item in first if item[0] in found]
    erased = {item[0]: State(item[1]) for item in first if item[0] not in found}
    return Dispatched(runs, [False] * len(runs), True, [item[0] for item in first], erased)


def _remember(tx: Transaction, key: IdempotencyKey, made: list[tuple[int, State]]) -> None:
    run_id, answer = (made[0][0], None) if len(made) == 1 else (None, pack(made))
    tx.cursor.execute(sql.INSERT_IDEMPOTENT, (key.scope, key.key, key.fingerprint, tx.now, run_id, answer))
