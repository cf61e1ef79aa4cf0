"""The verb `apply` on PostgreSQL. The lock of definitions makes servers that apply at once take turns."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from blazy_jobs_server.domain.errors import DefinitionChanged, JobsError, JobTypeInUse, QueueInUse
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.domain.webhook import Webhook
from blazy_jobs_server.ports.config import Changed, Changes
from blazy_jobs_server.store.applying import (
    changed,
    definitions_stand,
    job_type_to_save,
    moving,
    nowhere,
    queue_to_save,
    schedule_to_save,
    schedules_stand,
    stays_named,
    webhooks_stand,
    webhooks_to_delete,
    webhooks_to_save,
)
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres import webhooks
from blazy_jobs_server.store.postgres.definitions import retire_job_type, save_job_type, save_queue
from blazy_jobs_server.store.postgres.scheduling import delete_schedule, save_schedule
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.scheduling import to_schedule


async def apply(tx: Transaction, arguments: list[Changes]) -> list[Changed | JobsError | None]:
    return [await _apply(tx, argument) for argument in arguments]


async def _apply(tx: Transaction, changes: Changes) -> Changed | JobsError | None:
    if not definitions_stand(tx.ledger, changes) or not schedules_stand(await _taken(tx, changes), changes):
        return None
    if not webhooks_stand(await webhooks.named(tx, changes.seen_webhooks), changes):
        return None
    if (refusal := await _refusal(tx, changes)) is not None:
        return refusal
    job_types = await save_job_type(tx, [job_type_to_save(write, changes) for write in changes.job_types])
    queues = await save_queue(tx, [queue_to_save(write) for write in changes.queues])
    schedules = await save_schedule(tx, [schedule_to_save(schedule, changes) for schedule in changes.schedules])
    await delete_schedule(tx, list(changes.deleted_schedules))
    retired = await retire_job_type(tx, list(changes.retired_job_types))
    await webhooks.delete_webhook(tx, webhooks_to_delete(changes))
    saved = await webhooks.save_webhook(tx, webhooks_to_save(changes))
    _hold_to_it(changes, schedules, retired, saved)
    return changed(job_types, queues, schedules, saved)


async def _taken(tx: Transaction, changes: Changes) -> dict[str, Schedule]:
    """Nobody else changes them until the end; one that is new is made by whoever commits first."""
    rows = await tx.rows(sql.HOLD_SCHEDULES, sorted(changes.seen_schedules))
    return {schedule.name: schedule for schedule in map(to_schedule, rows)}


async def _refusal(tx: Transaction, changes: Changes) -> JobsError | None:
    for write in changes.queues:
        if moving(tx.ledger, write) and await tx.value(sql.UNFINISHED_IN, write.name):
            return QueueInUse(write.name)
    for name in changes.retired_job_types:
        naming = [row[0] for row in await tx.rows(sql.NAMES_OF_SCHEDULES, name)]
        if await tx.value(sql.COUNTS_OF, name) or stays_named(name, naming, changes):
            return JobTypeInUse(name)
    return nowhere(tx.ledger, changes)


def _hold_to_it(
    changes: Changes, schedules: Sequence[Any], retired: Sequence[bool], saved: Sequence[Webhook | None]
) -> None:
    """Schedules and webhooks are made without the lock of definitions: what came in between takes all of this back."""
    for asked, schedule in zip(changes.schedules, schedules, strict=True):
        if not isinstance(schedule, Schedule):
            raise DefinitionChanged(asked.name)
    for webhook, made in zip(changes.webhooks, saved, strict=True):
        if made is None:
            raise DefinitionChanged(webhook.name)
    for name, gone in zip(changes.retired_job_types, retired, strict=True):
        if not gone:
            raise DefinitionChanged(name)
