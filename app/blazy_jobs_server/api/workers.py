"""The worker protocol."""

from __future__ import annotations

import socket
import struct

import msgspec
import orjson
from fastapi import APIRouter, Request, Response

from blazy_jobs_server.api import examples, hot, job_type_models, render, report_models, visibility, worker_models
from blazy_jobs_server.api.context import Answer, Context, caller_of, context_of
from blazy_jobs_server.api.definitions import definition
from blazy_jobs_server.api.describe import BODY, WORKER_LINKS, accepts, answers, describe
from blazy_jobs_server.api.fields import EmptyIn
from blazy_jobs_server.api.requests import cursor_key, read_json, worker_key
from blazy_jobs_server.api.runs import Cursor, Limit, respond
from blazy_jobs_server.api.schedule_models import ScheduleIn
from blazy_jobs_server.api.schedules import definition_of
from blazy_jobs_server.api.worker_models import WorkerIn
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.declaration import Declaration, DeclaredSchedule
from blazy_jobs_server.domain.errors import (
    DrainRefused,
    Forbidden,
    InvalidCursor,
    InvalidRequest,
    InvalidSchema,
    NotSupported,
    TooBusy,
    WorkerNotFound,
)
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.job_type import Bullmq, Definition
from blazy_jobs_server.domain.keys import Caller, Scope
from blazy_jobs_server.domain.redaction import covers
from blazy_jobs_server.domain.schedule import Schedule, ScheduleDefinition
from blazy_jobs_server.engine.catalogue import Catalogue, Conflict
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.engine.membership import Member
from blazy_jobs_server.engine.plans import check_plan
from blazy_jobs_server.ports import Hand, WorkerRecord

router = APIRouter(prefix="/v1/workers", tags=["workers"])

MOST_IN_HAND = 20
"""Runs of a worker that are named."""
NEEDS_ADMIN = "needs_admin"
"""Why an HTTP handler that is declared is not taken from a key without that scope."""
NEEDS_REVEAL = "needs_reveal"
"""Why what a job type redacts stays redacted, although a key without `runs:reveal` declares less."""


@router.post(
    "",
    operation_id="register_worker",
    summary="Register a worker",
    status_code=201,
    responses=describe(
        {201: worker_models.WorkerRegistered},
        *BODY,
        InvalidSchema,
        NotSupported,
        text={201: "registered"},
        links=WORKER_LINKS,
    ),
    openapi_extra=accepts(WorkerIn, examples.WORKER),
)
async def register_worker(request: Request) -> Response:
    """A worker is any process that serves job types; `declares` registers the jobs in its code."""
    context = context_of(request)
    body = await read_json(request, WorkerIn)
    declares = _declarations(body)
    within = caller_of(request).within
    visibility.check_worker(within, [*body.job_types, *_named(declares)], body.queues)
    visibility.check_queues(within, _queues_of(body, declares))
    await _check_standing(context, caller_of(request), declares)
    declares, conflicts = await _without_refused_handlers(context, caller_of(request), declares)
    declares, revealing = await _still_redacting(context, caller_of(request), declares)
    conflicts += revealing
    conflicts += await _declare_queues(context, body)
    leasing = context.jobs.leasing
    record, refused = await context.jobs.deployments.register(
        WorkerRecord(
            id=0,
            name=body.name,
            job_types=tuple(body.job_types),
            queues=None if body.queues is None else tuple(body.queues),
            concurrency=body.concurrency,
            registered_at=0,
            pool=bool(request.scope.get("jobs.pool")),
            pid=_peer_pid(request) or body.pid,
            host=body.host,
            version=body.version,
            key_id=caller_of(request).key_id,
        ),
        declares,
    )
    conflicts += refused
    answer = {
        "id": ids.worker_id(record.id),
        "lease_seconds": leasing.lease_seconds,
        "heartbeat_seconds": leasing.heartbeat_seconds,
        "columns": True,
        "said": True,
        "conflicts": [{"kind": c.kind, "name": c.name, "reason": c.reason} for c in conflicts],
    }
    return respond(Answer(201, orjson.dumps(answer)))


def _peer_pid(request: Request) -> int | None:
    """The process at the other end of the pool's socket (unix(7), SO_PEERCRED)."""
    transport = request.scope.get("jobs.transport")
    if transport is None or not request.scope.get("jobs.pool"):
        return None
    credentials = transport.get_extra_info("socket").getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12)
    pid: int = struct.unpack("3i", credentials)[0]
    return pid


async def _declare_queues(context: Context, body: WorkerIn) -> list[Conflict]:
    """First of all, so that no run goes elsewhere. Raises NotSupported, and InvalidRequest for another Redis."""
    projection = context.jobs.projection
    several = isinstance(body.declares, list)
    declared = [
        (f"/declares/{index}" if several else "/declares", declares.queues)
        for index, declares in enumerate(body.declares if isinstance(body.declares, list) else [body.declares])
        if declares is not None
    ]
    for path, queues in declared:
        for place, queue in enumerate(queues):
            projection.check(f"{path}/queues/{place}/engine", queue.redis, f"{path}/queues/{place}/redis")
    found = [
        await projection.declare(q.name, Bullmq(q.bullmq.prefix, q.bullmq.consume)) for _, qs in declared for q in qs
    ]
    return [conflict for conflict in found if conflict is not None]


def _declarations(body: WorkerIn) -> list[Declaration]:
    """All that is declared, each definition checked before the first is taken. Raises what a registration may."""
    if body.declares is None:
        return []
    several = isinstance(body.declares, list)
    declared: list[Declaration] = []
    for index, declares in enumerate(body.declares if isinstance(body.declares, list) else [body.declares]):
        path = f"/declares/{index}" if several else "/declares"
        definitions = _definitions(declares.job_types, f"{path}/job_types")
        schedules = _schedules(declares.schedules, f"{path}/schedules")
        declared.append(
            Declaration(
                app=declares.app,
                build=declares.build,
                start=declares.start,
                modules=tuple(sorted(declares.modules)),
                job_types=tuple(definitions),
                schedules=tuple(schedules),
            )
        )
    return declared


async def _check_standing(context: Context, caller: Caller, declares: list[Declaration]) -> None:
    """Names that stand for something outside are not the caller's to declare. Raises Forbidden."""
    if caller.within.is_everything or not declares:
        return
    jobs = context.jobs
    await jobs.catalogue.fresh()
    for declared in declares:
        for name in declared.definitions:
            known = jobs.catalogue.get(name)
            if known is not None:
                visibility.check_queues(caller.within, [known.definition.queue])
        for name, plan in declared.planned.items():
            visibility.check_queues(caller.within, _queue_of(jobs, declared, plan.definition))
            schedule = await jobs.store.schedule(name)
            if schedule is not None and not visibility.sees_schedule(jobs, caller, schedule):
                raise Forbidden(f"This key is not for the schedule {name!r}.")
        for found in await jobs.store.schedules_of_app(declared.app):
            if not visibility.sees_schedule(jobs, caller, found) and await _speaks_for(jobs, declared, found):
                raise Forbidden(f"This key is not for all schedules of the app {declared.app!r}: name it otherwise.")


def _queue_of(jobs: Jobs, declared: Declaration, schedule: ScheduleDefinition) -> list[str]:
    """Where it will make runs, as far as that is known; of job types declared beside it, it is checked with these."""
    known = jobs.catalogue.get(schedule.job_type)
    if schedule.queue is not None or schedule.job_type in declared.definitions or known is None:
        return []
    return [known.definition.queue]


async def _speaks_for(jobs: Jobs, declared: Declaration, schedule: Schedule) -> bool:
    """Whether it may orphan a schedule of its app that it does not name."""
    number = None if schedule.declarer is None else schedule.declarer.declaration
    before = None if number is None else (await jobs.store.declarations([number])).get(number)
    if before is None or schedule.definition.job_type in declared.definitions:
        return True
    return declared.is_same_part(before[1])


async def _still_redacting(
    context: Context, caller: Caller, declares: list[Declaration]
) -> tuple[list[Declaration], list[Conflict]]:
    """Who is not shown something cannot declare that it is no longer hidden: it stays so, and all else holds."""
    if caller.may(Scope.REVEAL) or not declares:
        return declares, []
    catalogue = context.jobs.catalogue
    await catalogue.fresh()
    conflicts: list[Conflict] = []

    def as_hidden(definition: Definition) -> Definition:
        hidden = catalogue.redacts(definition.name) if catalogue.has_met(definition.name) else ()
        missing = tuple(pointer for pointer in hidden if not covers(definition.redact, [pointer]))
        if not missing:
            return definition
        conflicts.append(Conflict("job_type", definition.name, NEEDS_REVEAL))
        return msgspec.structs.replace(definition, redact=definition.redact + missing)

    kept = [
        msgspec.structs.replace(declared, job_types=tuple(as_hidden(definition) for definition in declared.job_types))
        for declared in declares
    ]
    return kept, conflicts


async def _without_refused_handlers(
    context: Context, caller: Caller, declares: list[Declaration]
) -> tuple[list[Declaration], list[Conflict]]:
    """HTTP handlers are an admin's to write. Raises what a registration over HTTP may."""
    conflicts: list[Conflict] = []
    kept = []
    for declared in declares:
        handled = [definition for definition in declared.job_types if definition.handler.kind == "http"]
        if handled and not caller.may(Scope.ADMIN):
            conflicts += [Conflict("job_type", definition.name, NEEDS_ADMIN) for definition in handled]
            workers = tuple(definition for definition in declared.job_types if definition.handler.kind != "http")
            declared = msgspec.structs.replace(declared, job_types=workers)
        else:
            for definition in handled:
                await context.handlers.definitions.check(definition)
        kept.append(declared)
    return kept, conflicts


def _named(declares: list[Declaration]) -> list[str]:
    """The job types that are declared, and those of the schedules."""
    job_types = [definition.name for declared in declares for definition in declared.job_types]
    return job_types + [item.definition.job_type for declared in declares for item in declared.schedules]


def _queues_of(body: WorkerIn, declares: list[Declaration]) -> list[str]:
    """Those that are declared, and those where declared job types and schedules make runs."""
    given = body.declares if isinstance(body.declares, list) else [body.declares]
    named = [queue.name for declared in given if declared is not None for queue in declared.queues]
    for declared in declares:
        named += [definition.queue for definition in declared.job_types]
        named += [queue for item in declared.schedules if (queue := item.definition.queue) is not None]
    return named


def _definitions(job_types: list[job_type_models.JobTypeIn], path: str) -> list[Definition]:
    found: dict[str, Definition] = {}
    for place, job_type in enumerate(job_types):
        if job_type.name in found:
            raise InvalidRequest.at(f"{path}/{place}/name", "is declared twice", "duplicate")
        declared = found[job_type.name] = _declared(definition(job_type.name, job_type), f"{path}/{place}")
        Catalogue.check(declared, f"{path}/{place}")
    return list(found.values())


def _declared(asked: Definition, path: str) -> Definition:
    """What is declared is kept as it is, so there can be no secrets in it. Raises NotSupported."""
    if asked.handler.given:
        raise NotSupported(
            f"{path}/handler/headers", "Headers cannot be declared in code; set them with PATCH /v1/job-types/{name}."
        )
    return msgspec.structs.replace(asked, handler=msgspec.structs.replace(asked.handler, given=None, omitted=False))


def _schedules(schedules: list[ScheduleIn], path: str) -> list[DeclaredSchedule]:
    found: dict[str, DeclaredSchedule] = {}
    for place, schedule in enumerate(schedules):
        if schedule.name in found:
            raise InvalidRequest.at(f"{path}/{place}/name", "is declared twice", "duplicate")
        declared = definition_of(schedule.name, schedule)
        found[schedule.name] = DeclaredSchedule(declared, bool(schedule.paused))
        check_plan(declared.plan, f"{path}/{place}")
    return list(found.values())


@router.get(
    "",
    operation_id="list_workers",
    summary="List connected workers, newest first",
    responses=describe(
        {200: worker_models.WorkerPage}, InvalidRequest, InvalidCursor, text={200: "a page, newest first"}
    ),
)
async def list_workers(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    before = cursor_key(cursor)
    leasing = context_of(request).jobs.leasing
    if context_of(request).jobs.store.neighbours is not None:
        await leasing.membership.meet_others()
    within = caller_of(request).within
    members = [member for member in leasing.membership.everyone() if visibility.sees_worker(within, member.record)]
    rest = [member for member in members if before is None or member.record.id < before]
    page = rest[:limit]
    following = ids.encode(page[-1].record.id) if len(rest) > limit else None
    return respond(Answer(200, render.page_json(await _shown(context_of(request).jobs, page), following)))


async def _shown(jobs: Jobs, members: list[Member]) -> list[str]:
    hands = await jobs.store.in_hand([member.record.id for member in members], MOST_IN_HAND)
    return [orjson.dumps(_json(jobs, m, hands.get(m.record.id, Hand(0, [])))).decode() for m in members]


def _json(jobs: Jobs, member: Member, hand: Hand) -> dict[str, object]:
    record = member.record
    server = jobs.server_id if record.server is None else ids.server_id(record.server)
    return {
        "slots": record.concurrency,
        "busy": hand.number,
        "running": [
            {
                "run_id": ids.run_id(run_id),
                "job_type": job_type,
                "queue": queue,
                "attempt": attempt,
                "started_at": rfc3339(started_at),
            }
            for run_id, job_type, queue, attempt, started_at in hand.runs
        ],
        "draining": jobs.leasing.membership.drains(member),
        "host": record.host,
        "pid": record.pid,
        "version": record.version,
        "server": server,
        "last_seen_at": rfc3339(member.seen_at),
        "id": ids.worker_id(record.id),
        "name": record.name,
        "job_types": list(record.job_types),
        "queues": None if record.queues is None else list(record.queues),
        "concurrency": record.concurrency,
        "registered_at": rfc3339(record.registered_at),
        "seen_at": rfc3339(member.seen_at),
    }


@router.post(
    "/{worker_id}/drain",
    operation_id="drain_worker",
    summary="Drain a worker: it gets no more runs",
    responses=describe({200: worker_models.Worker}, *BODY, WorkerNotFound, DrainRefused, text={200: "the worker"}),
    openapi_extra=accepts(EmptyIn, examples.NOTHING, required=False),
)
async def drain_worker(request: Request, worker_id: str) -> Response:
    """It finishes what it has, and is told with each answer to a report (`drain`) to stop then. A worker of the
    server's own pool is replaced by a new one. Draining twice is harmless."""
    context, caller = context_of(request), caller_of(request)
    await read_json(request, EmptyIn, optional=True)
    membership = context.jobs.leasing.membership
    key = worker_key(worker_id)
    visibility.check_worker_of(caller, (await membership.there(key)).record)
    member = await membership.drain(key)
    [shown] = await _shown(context.jobs, [member])
    return respond(Answer(200, shown.encode()))


@router.delete(
    "/{worker_id}",
    operation_id="remove_worker",
    summary="Unregister a worker; its runs are requeued",
    status_code=204,
    responses=answers(WorkerNotFound),
)
async def remove_worker(request: Request, worker_id: str) -> Response:
    membership = context_of(request).jobs.leasing.membership
    key = worker_key(worker_id)
    visibility.check_worker_of(caller_of(request), (await membership.known(key)).record)
    await membership.leave(key)
    return Response(status_code=204)


@router.post(
    "/{worker_id}/claim",
    operation_id="claim_runs",
    summary="Claim runs, waiting until there is one",
    responses={
        **describe({200: report_models.Leases}, *BODY, WorkerNotFound, text={200: "the claimed runs"}),
        204: {"description": "no runs; returned early if the worker should report, to learn of a cancel for example"},
    },
    openapi_extra=accepts(report_models.ClaimIn, examples.CLAIM, required=False),
)
async def claim_runs(request: Request, worker_id: str) -> Response:
    return respond(await hot.claim(context_of(request), request.scope, request.receive, worker_id))


@router.post(
    "/{worker_id}/report",
    operation_id="report_runs",
    summary="Report on runs, and renew their leases",
    responses=describe(
        {200: report_models.ReportOut},
        *BODY,
        WorkerNotFound,
        TooBusy,
        text={200: "the outcome of each report, in order"},
    ),
    openapi_extra=accepts(report_models.ReportIn, examples.REPORT, required=False),
)
async def report_runs(request: Request, worker_id: str) -> Response:
    """Reports are processed one by one. If the response is lost, the same request can safely be sent again."""
    return respond(await hot.report(context_of(request), request.scope, request.receive, worker_id))
