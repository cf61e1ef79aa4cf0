"""The verb `dispatch` on PostgreSQL: what two servers do at once meets at the idempotency key and the dedupe key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any, NamedTuple
from zlib import crc32

import orjson

from blazy_jobs_server.domain.errors import (
    DefinitionChanged,
    IdempotencyKeyReused,
    JobsError,
    JobTypeNotFound,
    QueueFull,
    StoreUnavailable,
)
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.lifecycle import Transition
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports import Dispatched, IdempotencyKey, Many, Order
from blazy_jobs_server.store.columns import FRESH_STATE
from blazy_jobs_server.store.dispatching import (
    KEY_LIFE_SECONDS,
    NOTHING,
    Dispatch,
    additions,
    refusal_of_found,
    run_rows,
)
from blazy_jobs_server.store.ledger import WAITING
from blazy_jobs_server.store.limiting import over
from blazy_jobs_server.store.postgres import columns
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.resolving import resolve_replayed
from blazy_jobs_server.store.rows import pack

Dedupe = tuple[str, str]
"""Job type and key."""


class Draft(NamedTuple):
    """What a dispatch would make, of which nothing is noted yet. A run stands alone where it was found."""

    argument: Dispatch
    runs: list[Run]
    created: list[Transition]
    made: list[bool]
    columns: range | None = None
    """The keys of runs that are made by columns, and of nothing else."""


async def dispatch(tx: Transaction, arguments: list[Dispatch]) -> list[Dispatched | JobsError]:
    answers: list[Dispatched | JobsError | None] = [None] * len(arguments)
    left = list(range(len(arguments)))
    while left:
        # Of those with the same idempotency key one goes first, and the others see what it made.
        turn: list[int] = []
        later: list[int] = []
        keys: set[tuple[str, str]] = set()
        for place in left:
            key = arguments[place].idempotency
            name = None if key is None else (key.scope, key.key)
            (later if name in keys else turn).append(place)
            if name is not None:
                keys.add(name)
        for place, answer in zip(turn, await _turn(tx, [arguments[place] for place in turn]), strict=True):
            answers[place] = answer
        left = later
    return [answer for answer in answers if answer is not None]


async def _turn(tx: Transaction, arguments: list[Dispatch]) -> list[Dispatched | JobsError]:
    answers: dict[int, Dispatched | JobsError] = {}
    for place, argument in enumerate(arguments):
        refusal = _refusal(tx, argument)
        if refusal is not None:
            answers[place] = refusal
    await _replay(tx, arguments, answers)
    open_places = [place for place in range(len(arguments)) if place not in answers]
    deduped = await _find_deduped(tx, [arguments[place] for place in open_places])
    waiting = await waiting_in(tx, {queue for place in open_places for _, queue in arguments[place].pairs})
    drafts: dict[int, Draft] = {}
    for place in open_places:
        refusal = _hidden(arguments[place], deduped) or _full(tx, arguments[place], deduped, waiting)
        if refusal is not None:
            answers[place] = refusal
        else:
            drafts[place] = _draft(tx, arguments[place], deduped)
    await _reserve(tx, drafts)
    overtaken = {place for place in open_places if place not in drafts and place not in answers}
    await _replay(tx, arguments, answers, overtaken)
    for place in overtaken - answers.keys():
        answers[place] = StoreUnavailable("the run of this idempotency key was just erased")
    for place, draft in drafts.items():
        answers[place] = _make(tx, draft)
        resolve_replayed(tx, tx.locked, [created.run for created in draft.created])
    insert_runs(tx, [created.run for draft in drafts.values() for created in draft.created])
    await _keep(tx, drafts)
    return [answers[place] for place in range(len(arguments))]


def _make(tx: Transaction, draft: Draft) -> Dispatched:
    many = draft.argument.many
    if many is not None and draft.columns is not None:
        columns.make(tx, many, _lane_of_many(tx, many), draft.columns, _keep_until(tx, draft.argument))
        return Dispatched([], [], columns=list(draft.columns), made_at=tx.now)
    for created in draft.created:
        tx.note_created(created)
    return Dispatched(draft.runs, draft.made)


def _lane_of_many(tx: Transaction, many: Many) -> int:
    return tx.ledger.lane_ids[many.job_type, many.queue]


def _keep_until(tx: Transaction, argument: Dispatch) -> int | None:
    return None if argument.idempotency is None else after(tx.now, KEY_LIFE_SECONDS)


def _refusal(tx: Transaction, argument: Dispatch) -> JobsError | None:
    for order in argument.orders if argument.many is None else (argument.many,):
        known = tx.ledger.job_types.get(order.job_type)
        if known is None:
            return JobTypeNotFound(order.job_type)
        if known.definition_id != order.definition_id:
            return DefinitionChanged(order.job_type)
    return None


async def _replay(
    tx: Transaction,
    arguments: list[Dispatch],
    answers: dict[int, Dispatched | JobsError],
    places: set[int] | None = None,
) -> None:
    """Answers those whose key was used before: of `places`, or where they are all still open."""
    wanted: dict[tuple[str, str], int] = {}
    for place, argument in enumerate(arguments):
        key = argument.idempotency
        if key is None or isinstance(answers.get(place), JobTypeNotFound):
            continue
        if places is None or place in places:
            wanted[key.scope, key.key] = place
    if not wanted:
        return
    rows = await tx.rows(sql.FIND_IDEMPOTENT, [scope for scope, _ in wanted], [key for _, key in wanted])
    for scope, key, fingerprint, run_id, answer in rows:
        place = wanted[scope, key]
        asked = arguments[place].idempotency
        assert asked is not None
        if fingerprint != asked.fingerprint:
            answers[place] = IdempotencyKeyReused()
        else:
            first = [(run_id, 0)] if answer is None else orjson.loads(answer)
            answers[place] = await _as_first(tx, first)
    for place in wanted.values():
        if arguments[place].number == 0:
            answers.setdefault(place, Dispatched([], []))


async def _as_first(tx: Transaction, first: list[tuple[int, int]]) -> Dispatched:
    keys = [item[0] for item in first]
    found = {run.id: run for run in await tx.runs(sql.RUNS_BY_ID, keys)}
    runs = [found[key] for key in keys if key in found]
    erased = {key: State(state) for key, state in first if key not in found}
    return Dispatched(runs, [False] * len(runs), True, keys, erased)


async def _find_deduped(tx: Transaction, arguments: list[Dispatch]) -> dict[Dedupe, Run]:
    """Unfinished runs under the keys that are asked for. No other server makes one until this transaction ends."""
    wanted = {
        (order.job_type, order.dedupe_key)
        for argument in arguments
        for order in argument.orders
        if order.dedupe_key is not None
    }
    if not wanted:
        return {}
    stripes = sorted({sql.LOCK_DEDUPE + crc32("\0".join(pair).encode()) % sql.DEDUPE_STRIPES for pair in wanted})
    await tx.rows(sql.LOCK_ALL, stripes)
    rows = await tx.rows(sql.FIND_DEDUPED, [name for name, _ in wanted], [key for _, key in wanted])
    runs = {run.id: run for run in await tx.runs(sql.RUNS_BY_ID, [row[2] for row in rows])}
    return {(row[0], row[1]): runs[row[2]] for row in rows}


def _hidden(argument: Dispatch, deduped: dict[Dedupe, Run]) -> JobsError | None:
    for order in argument.orders:
        found = None if order.dedupe_key is None else deduped.get((order.job_type, order.dedupe_key))
        if (refusal := refusal_of_found(order, found)) is not None:
            return refusal
    return None


async def waiting_in(tx: Transaction, queues: Iterable[str]) -> dict[str, int]:
    """Of the queues that may be full, how many runs wait there. No other server adds any until the end."""
    limited = sorted(queue for queue in queues if tx.ledger.may_be_full(queue))
    if not limited:
        return {}
    stripes = sorted({sql.LOCK_LIMITED + crc32(f"waiting/{queue}".encode()) % sql.LIMITED_STRIPES for queue in limited})
    await tx.rows(sql.LOCK_ALL, stripes)
    found: Counter[str] = Counter({row[0]: row[1] for row in await tx.rows(sql.WAITING_IN, limited)})
    for lane_id, state, change in tx.uncounted():
        if state in WAITING:
            found[tx.ledger.lanes[lane_id].queue] += change
    return {queue: found[queue] for queue in limited}


def _full(tx: Transaction, argument: Dispatch, deduped: dict[Dedupe, Run], waiting: dict[str, int]) -> QueueFull | None:
    """What it adds is counted in `waiting`."""
    if not waiting:
        return None

    def existing(order: Order) -> Run | None:
        return deduped.get((order.job_type, order.dedupe_key or ""))

    added = additions(argument, set(waiting), existing)
    refusal = over(tx.ledger, waiting, added)
    if refusal is None:
        for queue in waiting:
            waiting[queue] += added[queue]
    return refusal


def _draft(tx: Transaction, argument: Dispatch, deduped: dict[Dedupe, Run]) -> Draft:
    many, keep_until = argument.many, _keep_until(tx, argument)
    if many is not None and not tx.ledger.elsewhere(many.queue):
        return Draft(argument, [], [], [], tx.ledger.keys.next_range(tx.now, len(many.payloads)))
    draft = Draft(argument, [], [], [])
    for order in argument.orders if many is None else many.orders():
        existing = None if order.dedupe_key is None else deduped.get((order.job_type, order.dedupe_key))
        if existing is None:
            created = tx.create(order, lane_of(tx, order), keep_until)
            draft.created.append(created)
            draft.runs.append(created.run)
            if order.dedupe_key is not None:
                deduped[order.job_type, order.dedupe_key] = created.run
        else:
            draft.runs.append(existing)
        draft.made.append(existing is None)
    return draft


def lane_of(tx: Transaction, order: Order) -> int:
    """Made before the transaction began."""
    return tx.ledger.lane_ids[order.job_type, order.queue]


async def _reserve(tx: Transaction, drafts: dict[int, Draft]) -> None:
    """Writes the idempotency keys. A draft whose key another server had first is dropped: what it made stands.

    In the order of keys, as everywhere, because another transaction's key is waited for.
    """
    rows: dict[tuple[str, str], tuple[int, tuple[Any, ...]]] = {}
    for place, draft in drafts.items():
        key = draft.argument.idempotency
        if key is not None:
            made = [(run.id, run.state) for run in draft.runs]
            if draft.columns is not None:
                made = [(run_id, FRESH_STATE) for run_id in draft.columns]
            rows[key.scope, key.key] = (place, _idempotency_row(tx, key, made))
    if not rows:
        return
    ordered = [rows[name][1] for name in sorted(rows)]
    reserved = await tx.rows(sql.INSERT_IDEMPOTENT, *(list(column) for column in zip(*ordered, strict=True)))
    for name in rows.keys() - {(row[0], row[1]) for row in reserved}:
        _hand_on(drafts.pop(rows[name][0]), drafts)


def _hand_on(dropped: Draft, drafts: dict[int, Draft]) -> None:
    """A run of the dropped draft that others found by its dedupe key is the first of them's to make."""
    created = {one.run.id: one for one in dropped.created}
    for draft in drafts.values():
        for place, run in enumerate(draft.runs):
            if run.id in created:
                draft.created.append(created.pop(run.id))
                draft.made[place] = True


def _idempotency_row(tx: Transaction, key: IdempotencyKey, made: list[tuple[int, State]]) -> tuple[Any, ...]:
    if len(made) == 1:
        return (key.scope, key.key, key.fingerprint, tx.now, made[0][0], None)
    return (key.scope, key.key, key.fingerprint, tx.now, None, pack(made))


async def _keep(tx: Transaction, drafts: dict[int, Draft]) -> None:
    """What a dispatch under an idempotency key found is kept as long as the key."""
    found = sorted(
        run.id
        for draft in drafts.values()
        if draft.argument.idempotency is not None
        for run, made in zip(draft.runs, draft.made, strict=True)
        if not made
    )
    if found:
        await tx.execute(sql.KEEP, found, after(tx.now, KEY_LIFE_SECONDS))


def insert_runs(tx: Transaction, runs: list[Run]) -> None:
    plain: list[tuple[Any, ...]] = []
    other: list[tuple[Any, ...]] = []
    for run in runs:
        row, rest = run_rows(run)
        if rest == NOTHING:
            plain.append(row)
        else:
            other.append(row + rest)
    tx.later(sql.INSERT_PLAIN_RUNS, plain)
    tx.later(sql.INSERT_RUNS, other)
