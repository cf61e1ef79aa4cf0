"""The verbs of schedules: `save_schedule`, `delete_schedule` and `fire`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.errors import JobTypeNotFound
from blazy_jobs_server.domain.job_type import Declarer
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.domain.schedule import Schedule, ScheduleDefinition
from blazy_jobs_server.ports import Fire, Fired
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.dispatching import Fresh, make
from blazy_jobs_server.store.limiting import over
from blazy_jobs_server.store.rows import PAGE_BYTES, pack
from blazy_jobs_server.store.transaction import Transaction

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
        declarer=None if row[4] is None else Declarer(row[4], row[16]),
        paused=bool(row[5]),
        orphaned=bool(row[6]),
        revision=row[7],
        created_at=row[8],
        updated_at=row[9],
        next_fire_at=row[10],
        last_fire_at=row[12],
        last_run_id=row[13],
        last_skipped_at=row[14],
        missed=row[15],
        wall=row[17],
        rules=row[18],
        owner=row[19],
    )


def schedule_row(schedule: Schedule) -> tuple[Any, ...]:
    declarer = schedule.declarer
    return (
        schedule.name,
        schedule.definition.job_type,
        _encode(schedule.definition).decode(),
        schedule.source,
        declarer.app if declarer else None,
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
        declarer.declaration if declarer else None,
        schedule.wall,
        schedule.rules,
        schedule.owner,
    )


def read(tx: Transaction, name: str) -> Schedule | None:
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
    known = read(tx, schedule.name)
    if (known.revision if known else None) != argument.expect:
        return None
    saved = saved_schedule(known, schedule, tx.now)
    _write(tx, saved, new=known is None)
    return saved


def saved_schedule(known: Schedule | None, schedule: Schedule, now: int) -> Schedule:
    """Who declared it last, and by which rules its next time is made, is no change of it."""
    replace = msgspec.structs.replace
    if known is None:
        return replace(schedule, revision=1, updated_at=now)
    left = ("declarer", "owner", "next_fire_at", "wall", "rules")
    same = replace(schedule, **{name: getattr(known, name) for name in left}) == known
    return replace(schedule, revision=known.revision + 1, updated_at=known.updated_at if same else now)


def schedules_page(rows: Sequence[Sequence[Any]], limit: int) -> tuple[list[tuple[int, Schedule]], bool]:
    """Of the rows of SCHEDULES_PAGE: as many as the page may have, and whether more follow."""
    page: list[tuple[int, Schedule]] = []
    size = 0
    for row in rows[:limit]:
        size += len(row[2]) + 1024
        if page and size > PAGE_BYTES:
            return page, True
        page.append((row[-1], to_schedule(row)))
    return page, len(rows) > limit


def delete_schedule(tx: Transaction, arguments: list[str]) -> list[bool]:
    return [tx.cursor.execute("DELETE FROM schedules WHERE name = ?", (name,)).rowcount > 0 for name in arguments]


def fire(tx: Transaction, arguments: list[tuple[Fire, ...]]) -> list[list[Fired]]:
    firing = Firing(tx, [item for argument in arguments for item in argument])
    answers = [[firing.fire(item) for item in argument] for argument in arguments]
    firing.save()
    return answers


def fired(known: Schedule, item: Fire, made: list[Run], last_skipped_at: int | None, missed: int) -> Schedule:
    """How it stands after a fire, `missed` of whose times found their queue full."""
    return msgspec.structs.replace(
        known,
        revision=known.revision + 1,  # a change that was read before this is begun anew
        next_fire_at=item.next_fire_at,
        last_fire_at=made[-1].fire_at if made else known.last_fire_at,
        last_run_id=made[-1].id if made else known.last_run_id,
        last_skipped_at=last_skipped_at,
        missed=known.missed + item.missed + missed,
        wall=item.wall,
        rules=item.rules,
    )


class Firing:
    """All fires of one transaction. What they look at is read at once, and what they change is written at once."""

    def __init__(self, tx: Transaction, items: Sequence[Fire]) -> None:
        self._tx = tx
        self._fresh = Fresh.empty()
        self._rows: list[tuple[Any, ...]] = []
        names = list({item.schedule.name for item in items})
        self._stand = {name: tuple(mark) for name, *mark in tx.rows(sql.SCHEDULES_STAND, pack(names))}
        times = [(order.schedule, order.fire_at) for item in items for order in item.orders]
        self._fired = {(name, at) for name, at in tx.rows(sql.FIRED, pack(times))}

    def fire(self, item: Fire) -> Fired:
        known = item.schedule
        if self._stand.get(known.name) != (known.revision, known.created_at, known.next_fire_at):
            return Fired(schedule=None)
        tx, missed = self._tx, 0
        made: list[Run] = []
        cancelling: list[int] = []
        last_skipped_at, skipped = (item.last_fire_at, 1) if item.refused else (known.last_skipped_at, 0)
        for order in item.orders:
            if (known.name, order.fire_at) in self._fired:
                continue
            if over(tx.ledger, {order.queue: tx.ledger.waiting_in(order.queue)}, {order.queue: 1}) is not None:
                missed += 1
            elif self._held_up(known, made, cancelling):
                last_skipped_at, skipped = order.fire_at, skipped + 1
            else:
                made.append(make(tx, order, None, self._fresh))
        schedule = fired(known, item, made, last_skipped_at, missed)
        self._note(schedule)
        return Fired(schedule=schedule, made=made, skipped=skipped, cancelling=cancelling)

    def _held_up(self, schedule: Schedule, made: list[Run], cancelling: list[int]) -> bool:
        """Whether an unfinished run of the schedule is in the way; where it shall not be, it is cancelled."""
        tx, overlap = self._tx, schedule.definition.overlap
        if overlap == "allow":
            return False
        if overlap == "skip":
            return bool(made) or bool(tx.ids(sql.OVERLAPPING, schedule.name, 1))
        if made:
            self._fresh.save(tx)
            tx.flush()
        for run in tx.heads(tx.ids(sql.OVERLAPPING, schedule.name, MAX_CANCELLED)).values():
            tx.move(run, lifecycle.cancel(run, tx.now, OVERTAKEN))
            if run.state is State.RUNNING and run.worker_id is not None:
                cancelling.append(run.worker_id)
        return False

    def _note(self, schedule: Schedule) -> None:
        self._stand.pop(schedule.name)
        self._rows.append((schedule.name, *(getattr(schedule, column) for column in sql.FIRE_COLUMNS)))
        self._tx.fire_at(schedule.wake_at)

    def save(self) -> None:
        self._fresh.save(self._tx)
        sql.fire_schedules(self._tx.cursor, self._rows)
