"""What a restricted key sees: what lies outside of its restrictions is not there for it."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from blazy_jobs_server.api.admission import READING
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.bulk import Bulk
from blazy_jobs_server.domain.errors import (
    Forbidden,
    JobTypeNotFound,
    QueueNotFound,
    RunNotFound,
    ScheduleNotFound,
    WebhookNotFound,
    WorkerNotFound,
)
from blazy_jobs_server.domain.job_type import Definition, JobType
from blazy_jobs_server.domain.keys import Caller, Scope, Within
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.domain.webhook import Webhook, covers, lies_inside
from blazy_jobs_server.engine import sight
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.ports import WorkerRecord


async def check_path(jobs: Jobs, caller: Caller, method: str, parts: Sequence[str]) -> None:
    """Raises NotFound where the path names what is not there for the caller."""
    match parts[1:]:
        case ["v1", "job-types", name, *_] if not caller.within.admits_job_type(name):
            raise JobTypeNotFound(name)
        case ["v1", "job-types", name, *rest] if method not in READING and rest != ["runs"]:
            await jobs.catalogue.fresh()
            check_known(caller, jobs.catalogue.get(name))
        case ["v1", "queues", name, *_] if not caller.within.admits_queue(name):
            raise QueueNotFound(name)
        case ["v1", "runs", run_id, *_]:
            key = ids.parse_run_id(run_id)
            run = None if key is None else await jobs.store.run(key)
            if run is not None:
                check_run(caller, run)
        case ["v1", "schedules", name, *_]:
            schedule = await jobs.store.schedule(name)
            if schedule is not None and not sees_schedule(jobs, caller, schedule):
                raise ScheduleNotFound(name)

        case ["v1", "webhooks", name, *_]:
            webhook = await jobs.store.webhook(name)
            if webhook is not None and not sees_webhook(caller, webhook):
                raise WebhookNotFound(name)


def check_run(caller: Caller, run: Run) -> None:
    """Raises RunNotFound."""
    if not caller.within.admits(run.job_type, run.queue):
        raise RunNotFound(ids.run_id(run.id))


def check_target(jobs: Jobs, caller: Caller, job_type: str, queue: str | UnsetType) -> None:
    """Of a run to be made, in this queue or in that of its job type. Raises JobTypeNotFound and QueueNotFound."""
    within = caller.within
    if not within.admits_job_type(job_type):
        raise JobTypeNotFound(job_type)
    if queue is not UNSET and not within.admits_queue(queue):
        raise QueueNotFound(queue)
    known = jobs.catalogue.get(job_type)
    if queue is UNSET and known is not None and not within.admits_queue(known.definition.queue):
        raise JobTypeNotFound(job_type)


def check_definition(caller: Caller, definition: Definition) -> None:
    """Of a job type to be written. Raises JobTypeNotFound and QueueNotFound."""
    if not caller.within.admits_job_type(definition.name):
        raise JobTypeNotFound(definition.name)
    if not caller.within.admits_queue(definition.queue):
        raise QueueNotFound(definition.queue)


def check_known(caller: Caller, known: JobType | None) -> None:
    """Of a job type to be changed, as it stands: one of a queue outside is not the caller's to take. Raises
    JobTypeNotFound."""
    if known is not None and not caller.within.admits(known.name, known.definition.queue):
        raise JobTypeNotFound(known.name)


def sees_schedule(jobs: Jobs, caller: Caller, schedule: Schedule) -> bool:
    return sight.sees_schedule(jobs.catalogue, caller.within, schedule)


def sees_webhook(caller: Caller, webhook: Webhook) -> bool:
    """One that tells of something else too is not there for a restricted key."""
    return lies_inside(webhook.within, caller.within)


def check_webhook(caller: Caller, within: Within) -> None:
    """Of one to be written. Raises JobTypeNotFound, QueueNotFound and Forbidden."""
    outer = caller.within
    if outer.job_types is not None:
        if within.job_types is None:
            raise Forbidden("This key is restricted to job types: name those that the webhook is about.")
        for name in within.job_types:
            if not covers(outer.job_types, name):
                raise JobTypeNotFound(name)
    if outer.queues is not None:
        if within.queues is None:
            raise Forbidden("This key is restricted to queues: name those that the webhook is about.")
        for name in within.queues:
            if not covers(outer.queues, name):
                raise QueueNotFound(name)


def sees_bulk(caller: Caller, bulk: Bulk) -> bool:
    """One that concerns something else too is not there for a restricted key."""
    return lies_inside(bulk.within, caller.within)


def sees_worker(within: Within, record: WorkerRecord) -> bool:
    """One that serves something else too is not there for a restricted key."""
    return sight.sees_worker(within, record)


def check_worker_of(caller: Caller, record: WorkerRecord) -> None:
    """Another's worker is not there for it: neither another key's, nor the server's own, which have none. Raises
    WorkerNotFound."""
    if record.key_id != caller.key_id and not caller.may(Scope.ADMIN):
        raise WorkerNotFound(ids.worker_id(record.id))


def check_worker(within: Within, job_types: Sequence[str], queues: Sequence[str] | None) -> None:
    """Of one to be registered. Raises Forbidden."""
    outside = [name for name in job_types if not within.admits_job_type(name)]
    if outside:
        raise Forbidden(f"This key is not for the job type {outside[0]!r}.")
    if within.queues is None:
        return
    if queues is None:
        raise Forbidden("This key is restricted to queues: name those that the worker serves.")
    check_queues(within, queues)


def check_queues(within: Within, queues: Sequence[str]) -> None:
    """Of those that a worker serves or declares. Raises Forbidden."""
    outside = [name for name in queues if not within.admits_queue(name)]
    if outside:
        raise Forbidden(f"This key is not for the queue {outside[0]!r}.")
