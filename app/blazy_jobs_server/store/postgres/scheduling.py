"""The verbs of schedules on PostgreSQL. What another server fires at the same moment is left to it."""

from __future__ import annotations

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.errors import DefinitionChanged, JobTypeNotFound
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.ports import Fire, Fired
from blazy_jobs_server.store.limiting import over
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.dispatching import insert_runs, lane_of, waiting_in
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.scheduling import (
    MAX_CANCELLED,
    OVERTAKEN,
    SaveSchedule,
    fired,
    saved_schedule,
    schedule_row,
    to_schedule,
)


async def read(tx: Transaction, name: str) -> Schedule | None:
    """Nobody else changes it until the end."""
    rows = await tx.rows(f"{sql.SCHEDULE} FOR UPDATE", name)
    return to_schedule(rows[0]) if rows else None


async def save_schedule(tx: Transaction, arguments: list[SaveSchedule]) -> list[Schedule | JobTypeNotFound | None]:
    return [await _save(tx, argument) for argument in arguments]


async def _save(tx: Transaction, argument: SaveSchedule) -> Schedule | JobTypeNotFound | None:
    schedule = argument.schedule
    if schedule.definition.job_type not in tx.ledger.job_types:
        return JobTypeNotFound(schedule.definition.job_type)
    if argument.expect is None:
        saved = saved_schedule(None, schedule, tx.now)
        if await tx.value(sql.INSERT_SCHEDULE, *schedule_row(saved)) is None:
            return None
    else:
        known = await read(tx, schedule.name)
        if known is None or known.revision != argument.expect:
            return None
        saved = saved_schedule(known, schedule, tx.now)
        await tx.execute(sql.UPDATE_SCHEDULE, *schedule_row(saved))
    tx.fire_at(saved.wake_at)
    return saved


async def delete_schedule(tx: Transaction, arguments: list[str]) -> list[bool]:
    return [await tx.execute("DELETE FROM schedules WHERE name = $1", name) > 0 for name in arguments]


async def fire(tx: Transaction, arguments: list[tuple[Fire, ...]]) -> list[list[Fired] | DefinitionChanged]:
    return [await _fire_all(tx, argument) for argument in arguments]


async def _fire_all(tx: Transaction, items: tuple[Fire, ...]) -> list[Fired] | DefinitionChanged:
    orders = [order for item in items for order in item.orders]
    for order in orders:
        job_type = tx.ledger.job_types.get(order.job_type)
        if job_type is None or job_type.definition_id != order.definition_id:
            return DefinitionChanged(order.job_type)
    rows = await tx.rows(sql.TAKE_SCHEDULES, sorted({item.schedule.name for item in items}))
    taken = {schedule.name: schedule for schedule in map(to_schedule, rows)}
    times = await tx.rows(sql.FIRED, [order.schedule for order in orders], [order.fire_at for order in orders])
    waiting = await waiting_in(tx, {order.queue for order in orders})
    firing = Firing(tx, taken, {(name, at) for name, at in times}, waiting)
    answers = [await firing.fire(item) for item in items]
    insert_runs(tx, firing.made)
    await _write(tx, [answer.schedule for answer in answers if answer.schedule is not None])
    return answers


class Firing:
    """All fires of one transaction: `taken` are the schedules that it holds, as they stand, and `fired_already` the
    times of them that have their run already."""

    def __init__(
        self, tx: Transaction, taken: dict[str, Schedule], fired_already: set[tuple[str, int]], waiting: dict[str, int]
    ) -> None:
        self._tx = tx
        self._taken = taken
        self._fired = fired_already
        self._waiting = waiting
        self.made: list[Run] = []
        """Not inserted yet."""

    async def fire(self, item: Fire) -> Fired:
        known = self._taken.pop(item.schedule.name, None)
        if known is None or _mark(known) != _mark(item.schedule):
            return Fired(schedule=None)
        missed = 0
        made: list[Run] = []
        cancelling: list[int] = []
        last_skipped_at, skipped = (item.last_fire_at, 1) if item.refused else (known.last_skipped_at, 0)
        for order in item.orders:
            if (known.name, order.fire_at) in self._fired:
                continue
            if over(self._tx.ledger, self._waiting, {order.queue: 1}) is not None:
                missed += 1
            elif await self._held_up(known, made, cancelling):
                last_skipped_at, skipped = order.fire_at, skipped + 1
            else:
                run = self._tx.new_run(order, lane_of(self._tx, order), None)
                made.append(run)
                self.made.append(run)
                if order.queue in self._waiting:
                    self._waiting[order.queue] += 1
        schedule = fired(known, item, made, last_skipped_at, missed)
        self._tx.fire_at(schedule.wake_at)
        self._tx.cancelling.update(cancelling)
        return Fired(schedule=schedule, made=made, skipped=skipped, cancelling=cancelling)

    async def _held_up(self, schedule: Schedule, made: list[Run], cancelling: list[int]) -> bool:
        """Whether an unfinished run of the schedule is in the way; where it shall not be, it is cancelled."""
        tx, overlap = self._tx, schedule.definition.overlap
        if overlap == "allow":
            return False
        if overlap == "skip":
            return bool(made) or bool(await tx.rows(f"{sql.OVERLAPPING} FOR UPDATE", schedule.name, 1))
        if made:
            runs, self.made = self.made, []
            insert_runs(tx, runs)
        for run in await tx.locked_runs(f"{sql.OVERLAPPING} FOR UPDATE", schedule.name, MAX_CANCELLED):
            tx.move(run, lifecycle.cancel(run, tx.now, OVERTAKEN))
            if run.state is State.RUNNING and run.worker_id is not None:
                cancelling.append(run.worker_id)
        return False


def _mark(schedule: Schedule) -> tuple[int, int, int | None]:
    """Another one says that it is not the schedule that was read."""
    return (schedule.revision, schedule.created_at, schedule.next_fire_at)


async def _write(tx: Transaction, schedules: list[Schedule]) -> None:
    rows = [schedule_row(schedule) for schedule in schedules]
    if rows:
        await tx.connection.executemany(sql.UPDATE_SCHEDULE, rows)
