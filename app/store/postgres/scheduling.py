"""The verbs of schedules on PostgreSQL. What another server fires at the same moment is left to it."""

from __future__ import annotations

import msgspec

from app.domain import lifecycle
from app.domain.errors import DefinitionChanged, JobTypeNotFound
from app.domain.run import Run, State
from app.domain.schedule import Schedule
from app.ports import Fire, Fired
from app.store.postgres import statements as sql
from app.store.postgres.dispatching import insert_runs, lane_of
from app.store.postgres.transaction import Transaction
from app.store.scheduling import MAX_CANCELLED, OVERTAKEN, SaveSchedule, fired, schedule_row, to_schedule


async def save_schedule(tx: Transaction, arguments: list[SaveSchedule]) -> list[Schedule | JobTypeNotFound | None]:
    return [await _save(tx, argument) for argument in arguments]


async def _save(tx: Transaction, argument: SaveSchedule) -> Schedule | JobTypeNotFound | None:
    schedule = argument.schedule
    if schedule.definition.job_type not in tx.ledger.job_types:
        return JobTypeNotFound(schedule.definition.job_type)
    saved = msgspec.structs.replace(schedule, revision=(argument.expect or 0) + 1, updated_at=tx.now)
    if argument.expect is None:
        if await tx.value(sql.INSERT_SCHEDULE, *schedule_row(saved)) is None:
            return None
    else:
        rows = await tx.rows(f"{sql.SCHEDULE} FOR UPDATE", schedule.name)
        if not rows or to_schedule(rows[0]).revision != argument.expect:
            return None
        await tx.execute(sql.UPDATE_SCHEDULE, *schedule_row(saved))
    tx.fire_at(saved.wake_at)
    return saved


async def delete_schedule(tx: Transaction, arguments: list[str]) -> list[bool]:
    return [await tx.execute("DELETE FROM schedules WHERE name = $1", name) > 0 for name in arguments]


async def fire(tx: Transaction, arguments: list[tuple[Fire, ...]]) -> list[list[Fired] | DefinitionChanged]:
    names = sorted({item.schedule.name for argument in arguments for item in argument})
    known = {schedule.name: schedule for schedule in map(to_schedule, await tx.rows(sql.TAKE_SCHEDULES, names))}
    return [await _fire_all(tx, argument, known) for argument in arguments]


async def _fire_all(
    tx: Transaction, argument: tuple[Fire, ...], known: dict[str, Schedule]
) -> list[Fired] | DefinitionChanged:
    for item in argument:
        for order in item.orders:
            job_type = tx.ledger.job_types.get(order.job_type)
            if job_type is None or job_type.definition_id != order.definition_id:
                return DefinitionChanged(order.job_type)
    answers = [await _fire(tx, item, known) for item in argument]
    await _write(tx, [answer.schedule for answer in answers if answer.schedule is not None])
    return answers


async def _fire(tx: Transaction, item: Fire, schedules: dict[str, Schedule]) -> Fired:
    known = schedules.get(item.schedule.name)
    if known is None or (known.revision, known.next_fire_at) != (item.schedule.revision, item.schedule.next_fire_at):
        return Fired(schedule=None)
    made: list[Run] = []
    cancelling: list[int] = []
    last_skipped_at, skipped = (item.last_fire_at, 1) if item.refused else (known.last_skipped_at, 0)
    for order in item.orders:
        if await _held_up(tx, known, cancelling):
            last_skipped_at, skipped = order.fire_at, skipped + 1
        elif not await tx.value(sql.FIRED, known.name, order.fire_at):
            run = tx.new_run(order, lane_of(tx, order), None)
            made.append(run)
            if known.definition.overlap != "allow":
                await _insert(tx, [run])  # so that the next order sees it
    if known.definition.overlap == "allow":
        await _insert(tx, made)
    schedule = schedules[known.name] = fired(known, item, made, last_skipped_at)
    tx.fire_at(schedule.wake_at)
    tx.cancelling.update(cancelling)
    return Fired(schedule=schedule, made=made, skipped=skipped, cancelling=cancelling)


async def _insert(tx: Transaction, runs: list[Run]) -> None:
    await insert_runs(tx, runs)
    await tx.flush()


async def _write(tx: Transaction, schedules: list[Schedule]) -> None:
    rows = [schedule_row(schedule) for schedule in schedules]
    if rows:
        await tx.connection.executemany(sql.UPDATE_SCHEDULE, rows)


async def _held_up(tx: Transaction, schedule: Schedule, cancelling: list[int]) -> bool:
    """Whether an unfinished run of the schedule is in the way; where it shall not be, it is cancelled."""
    overlap = schedule.definition.overlap
    if overlap == "allow":
        return False
    if overlap == "skip":
        return bool(await tx.rows(f"{sql.OVERLAPPING} FOR UPDATE", schedule.name, 1))
    for run in await tx.runs(f"{sql.OVERLAPPING} FOR UPDATE", schedule.name, MAX_CANCELLED):
        tx.move(run, lifecycle.cancel(run, tx.now, OVERTAKEN))
        if run.state is State.RUNNING and run.worker_id is not None:
            cancelling.append(run.worker_id)
    await tx.flush()
    return False
