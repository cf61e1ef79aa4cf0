"""The verbs of schedules: `save_schedule`, `delete_schedule` and `fire`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from app.domain import lifecycle
from app.domain.errors import JobTypeNotFound
from app.domain.job_type import Declarer
from app.domain.run import Run, State
from app.domain.schedule import Schedule, ScheduleDefinition
from app.ports import Fire, Fired, Order
from app.store import statements as sql
from app.store.dispatching import Fresh, make
from app.store.transaction import Transaction

MAX_CANCELLED = 10_000
OVERTAKEN = "the schedule's next run takes its place"

_definition = msgspec.json.Decoder(ScheduleDefinition)
_encode = msgspec.json.Encoder().encode


class SaveSchedule(NamedTuple):
    schedule: Schedule
    expect: int | None


def to_schedule(row: Sequence[Any]) -> Schedule:
    """From the values of SCHEDULE_COLUMNS."""
    return Schedule(
        definition=_definition.decode(row[2]),
        source=row[3],
        declarer=None if row[4] is None else Declarer(row[4], row[5]),
        paused=bool(row[6]),
        orphaned=bool(row[7]),
        revision=row[8],
        created_at=row[9],
        updated_at=row[10],
        next_fire_at=row[11],
        last_fire_at=row[13],
        last_run_id=row[14],
        last_skipped_at=row[15],
        missed=row[16],
    )


def schedule_row(schedule: Schedule) -> tuple[Any, ...]:
    declarer = schedule.declarer
    return (
        schedule.name,
        schedule.definition.job_type,
        _encode(schedule.definition).decode(),
        schedule.source,
        declarer.app if declarer else None,
        declarer.declared_at if declarer else None,
        schedule.paused,
        schedule.orphaned,
        schedule.revision,
        schedule.created_at,
        schedule.updated_at,
        schedule.next_fire_at,
        schedule.wake_at,
        schedule.last_fire_at,
        schedule.last_run_id,
        schedule.last_skipped_at,
        schedule.missed,
    )


def _read(tx: Transaction, name: str) -> Schedule | None:
    row = tx.cursor.execute(sql.SCHEDULE, (name,)).fetchone()
    return None if row is None else to_schedule(row)


def _write(tx: Transaction, schedule: Schedule, *, new: bool = False) -> None:
    if new:
        tx.cursor.execute(sql.INSERT_SCHEDULE, schedule_row(schedule))
    else:
        tx.cursor.execute(sql.UPDATE_SCHEDULE, (*schedule_row(schedule), schedule.name))
    tx.fire_at(schedule.wake_at)


def save_schedule(tx: Transaction, arguments: list[SaveSchedule]) -> list[Schedule | JobTypeNotFound | None]:
    return [_save(tx, argument) for argument in arguments]


def _save(tx: Transaction, argument: SaveSchedule) -> Schedule | JobTypeNotFound | None:
    schedule = argument.schedule
    if schedule.definition.job_type not in tx.ledger.job_types:
        return JobTypeNotFound(schedule.definition.job_type)
    known = _read(tx, schedule.name)
    if (known.revision if known else None) != argument.expect:
        return None
    saved = msgspec.structs.replace(schedule, revision=(argument.expect or 0) + 1, updated_at=tx.now)
    _write(tx, saved, new=known is None)
    return saved


def delete_schedule(tx: Transaction, arguments: list[str]) -> list[bool]:
    return [tx.cursor.execute("DELETE FROM schedules WHERE name = ?", (name,)).rowcount > 0 for name in arguments]


def fire(tx: Transaction, arguments: list[tuple[Fire, ...]]) -> list[list[Fired]]:
    fresh = Fresh([], [])
    answers = [[_fire(tx, item, fresh) for item in argument] for argument in arguments]
    fresh.save(tx)
    return answers


def _fire(tx: Transaction, item: Fire, fresh: Fresh) -> Fired:
    known = _read(tx, item.schedule.name)
    if known is None or (known.revision, known.next_fire_at) != (item.schedule.revision, item.schedule.next_fire_at):
        return Fired(schedule=None)
    made: list[Run] = []
    cancelling: list[int] = []
    last_skipped_at, skipped = (item.last_fire_at, 1) if item.refused else (known.last_skipped_at, 0)
    for order in item.orders:
        fresh.save(tx)
        tx.flush()
        if _held_up(tx, known, cancelling):
            last_skipped_at, skipped = order.fire_at, skipped + 1
        elif not tx.ids(sql.FIRED, known.name, order.fire_at):
            made.append(_make(tx, order, fresh))
    schedule = fired(known, item, made, last_skipped_at)
    _write(tx, schedule)
    return Fired(schedule=schedule, made=made, skipped=skipped, cancelling=cancelling)


def fired(known: Schedule, item: Fire, made: list[Run], last_skipped_at: int | None) -> Schedule:
    """How it stands after a fire."""
    return msgspec.structs.replace(
        known,
        revision=known.revision + 1,  # a change that was read before this is begun anew
        next_fire_at=item.next_fire_at,
        last_fire_at=made[-1].fire_at if made else known.last_fire_at,
        last_run_id=made[-1].id if made else known.last_run_id,
        last_skipped_at=last_skipped_at,
        missed=known.missed + item.missed,
    )


def _make(tx: Transaction, order: Order, fresh: Fresh) -> Run:
    return make(tx, order, None, fresh)


def _held_up(tx: Transaction, schedule: Schedule, cancelling: list[int]) -> bool:
    """Whether an unfinished run of the schedule is in the way; where it shall not be, it is cancelled."""
    overlap = schedule.definition.overlap
    if overlap == "allow":
        return False
    if overlap == "skip":
        return bool(tx.ids(sql.OVERLAPPING, schedule.name, 1))
    for run in tx.heads(tx.ids(sql.OVERLAPPING, schedule.name, MAX_CANCELLED)).values():
        tx.move(run, lifecycle.cancel(run, tx.now, OVERTAKEN))
        if run.state is State.RUNNING and run.worker_id is not None:
            cancelling.append(run.worker_id)
    return False
