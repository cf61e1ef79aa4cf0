"""The verb `apply`: many definitions at once. All is looked at before the first is written, since a transaction that
has begun to write takes the others that share it along."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from blazy_jobs_server.domain.errors import JobsError, JobTypeInUse, JobTypeNotFound, QueueInUse
from blazy_jobs_server.domain.job_type import Queue
from blazy_jobs_server.domain.run import UNFINISHED
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.domain.webhook import Webhook
from blazy_jobs_server.ports.config import Changed, Changes, JobTypeWrite, QueueWrite
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store import webhooks
from blazy_jobs_server.store.definitions import (
    SaveJobType,
    SaveQueue,
    changed_queue,
    moves,
    retire_job_type,
    save_job_type,
    save_queue,
)
from blazy_jobs_server.store.ledger import Ledger
from blazy_jobs_server.store.scheduling import SaveSchedule, delete_schedule, save_schedule, to_schedule
from blazy_jobs_server.store.transaction import Transaction


def apply(tx: Transaction, arguments: list[Changes]) -> list[Changed | JobsError | None]:
    return [_apply(tx, argument) for argument in arguments]


def _apply(tx: Transaction, changes: Changes) -> Changed | JobsError | None:
    if not definitions_stand(tx.ledger, changes) or not schedules_stand(_schedules(tx, changes), changes):
        return None
    if not webhooks_stand(webhooks.named(tx, changes.seen_webhooks), changes):
        return None
    if (refusal := _refusal(tx, changes)) is not None:
        return refusal
    job_types = save_job_type(tx, [job_type_to_save(write, changes) for write in changes.job_types])
    queues = save_queue(tx, [queue_to_save(write) for write in changes.queues])
    schedules = save_schedule(tx, [schedule_to_save(schedule, changes) for schedule in changes.schedules])
    delete_schedule(tx, list(changes.deleted_schedules))
    retire_job_type(tx, list(changes.retired_job_types))
    webhooks.delete_webhook(tx, webhooks_to_delete(changes))
    saved = webhooks.save_webhook(tx, webhooks_to_save(changes))
    return changed(job_types, queues, schedules, saved)


def _schedules(tx: Transaction, changes: Changes) -> dict[str, Schedule]:
    rows = [row for name in changes.seen_schedules for row in tx.cursor.execute(sql.SCHEDULE, (name,)).fetchall()]
    return {schedule.name: schedule for schedule in map(to_schedule, rows)}


def _refusal(tx: Transaction, changes: Changes) -> JobsError | None:
    for write in changes.queues:
        if moving(tx.ledger, write) and tx.ledger.unfinished_in(write.name):
            return QueueInUse(write.name)
    for name in changes.retired_job_types:
        naming = [row[0] for row in tx.cursor.execute(sql.NAMES_OF_SCHEDULES, (name,)).fetchall()]
        if tx.ledger.in_states(name, UNFINISHED) or stays_named(name, naming, changes):
            return JobTypeInUse(name)
    return nowhere(tx.ledger, changes)


# -- the same for both stores


def definitions_stand(ledger: Ledger, changes: Changes) -> bool:
    """Whether job types and queues are as they were seen."""
    return all(ledger.job_types.get(name) == seen for name, seen in changes.seen_job_types.items()) and all(
        (ledger.queues.get(name) or Queue(name=name)) == (seen or Queue(name=name))
        for name, seen in changes.seen_queues.items()
    )


def schedules_stand(known: Mapping[str, Schedule], changes: Changes) -> bool:
    """A fire changes what is written in any case, and no other."""
    written = {schedule.name for schedule in changes.schedules}
    return all(
        _mark(known.get(name), exact=name in written) == _mark(seen, exact=name in written)
        for name, seen in changes.seen_schedules.items()
    )


def _mark(schedule: Schedule | None, *, exact: bool) -> tuple[object, ...] | None:
    if schedule is None:
        return None
    if exact:
        return (schedule.revision, schedule.created_at)
    return (schedule.definition, schedule.paused, schedule.source, schedule.owner)


def webhooks_stand(known: Mapping[str, Webhook], changes: Changes) -> bool:
    """What was delivered meanwhile is no change of what a webhook is."""
    return all(_which(known.get(name)) == _which(seen) for name, seen in changes.seen_webhooks.items())


def _which(webhook: Webhook | None) -> tuple[int, int] | None:
    return None if webhook is None else (webhook.id, webhook.revision)


def webhooks_to_save(changes: Changes) -> list[webhooks.SaveWebhook]:
    return [webhooks.SaveWebhook(webhook, changes.seen_webhooks[webhook.name]) for webhook in changes.webhooks]


def webhooks_to_delete(changes: Changes) -> list[int]:
    seen = [changes.seen_webhooks[name] for name in changes.deleted_webhooks]
    return [webhook.id for webhook in seen if webhook is not None]


def moving(ledger: Ledger, write: QueueWrite) -> bool:
    known = ledger.queues.get(write.name) or Queue(name=write.name)
    return moves(known.bullmq, changed_queue(known, queue_to_save(write)).bullmq)


def stays_named(job_type: str, naming: Iterable[str], changes: Changes) -> bool:
    """Whether a schedule is left that names it."""
    written = {schedule.name: schedule.definition.job_type for schedule in changes.schedules}
    left = set(naming) - set(changes.deleted_schedules) - written.keys()
    return bool(left) or job_type in written.values()


def nowhere(ledger: Ledger, changes: Changes) -> JobTypeNotFound | None:
    there = ledger.job_types.keys() | {write.definition.name for write in changes.job_types}
    for schedule in changes.schedules:
        if schedule.definition.job_type not in there:
            return JobTypeNotFound(schedule.definition.job_type)
    return None


def job_type_to_save(write: JobTypeWrite, changes: Changes) -> SaveJobType:
    seen = changes.seen_job_types[write.definition.name]
    expect = None if seen is None else seen.version
    return SaveJobType(
        write.definition,
        expect,
        write.source,
        write.declarer,
        write.paused,
        write.owner,
        write.secrets,
        changes.by,
    )


def queue_to_save(write: QueueWrite) -> SaveQueue:
    return SaveQueue(write.name, write.paused, write.bullmq, write.limits)


def schedule_to_save(schedule: Schedule, changes: Changes) -> SaveSchedule:
    seen = changes.seen_schedules[schedule.name]
    return SaveSchedule(schedule, None if seen is None else seen.revision)


def changed(
    job_types: Iterable[object], queues: Iterable[object], schedules: Iterable[object], webhooks: Iterable[object]
) -> Changed:
    """Of answers of which none is a refusal."""
    answers = [*job_types, *queues, *schedules, *webhooks]
    assert not any(answer is None or isinstance(answer, Exception) for answer in answers)
    return Changed(list(job_types), list(queues), list(schedules), list(webhooks))  # type: ignore[arg-type]  # see above
