"""Schedules."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec
import orjson
from fastapi import APIRouter, Query, Request, Response

from blazy_jobs_server.api import examples, fields, hot, render, run_models, shown, visibility
from blazy_jobs_server.api import schedule_models as shapes
from blazy_jobs_server.api.context import Answer, caller_of, context_of
from blazy_jobs_server.api.describe import (
    BODY,
    DISPATCH_HEADERS,
    IDEMPOTENT,
    RUN_LINKS,
    SCHEDULE_LINKS,
    accepts,
    describe,
)
from blazy_jobs_server.api.job_types import check_name, check_same_name
from blazy_jobs_server.api.requests import caller_scope, cursor_key, headers_of, idempotency_key, read_json
from blazy_jobs_server.api.runs import DISPATCH_ANSWER_HEADERS, Cursor, Limit, respond
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import (
    InvalidCursor,
    InvalidPayload,
    InvalidRequest,
    JobTypeNotFound,
    ScheduleExists,
    ScheduleNotFound,
    TooBusy,
)
from blazy_jobs_server.domain.instants import from_datetime, rfc3339
from blazy_jobs_server.domain.schedule import (
    Calendar,
    Cron,
    Date,
    Every,
    Interval,
    Plan,
    Schedule,
    ScheduleDefinition,
    Trigger,
)
from blazy_jobs_server.engine.plans import check_alive, check_plan, preview

router = APIRouter(prefix="/v1/schedules", tags=["schedules"])

_PLAIN = ("job_type", "overlap", "catch_up", "jitter_seconds", "queue", "priority")


# -- from requests


def trigger_of(body: Any) -> Trigger:
    match body:
        case shapes.CronTriggerIn():
            return Cron(body.expression)
        case shapes.IntervalTriggerIn():
            return Interval(body.every_seconds)
        case shapes.CalendarTriggerIn():
            every = body.every
            return Calendar(Every(every.months, every.weeks, every.days), body.hour, body.minute)
        case shapes.DateTriggerIn():
            return Date(from_datetime(body.at))
    raise TypeError(f"no trigger: {body!r}")


def changed(known: ScheduleDefinition, body: shapes.SchedulePatch) -> ScheduleDefinition:
    """`known` with what the body says."""
    given = body.model_fields_set
    plan: dict[str, Any] = {}
    if body.trigger is not None:
        plan["trigger"] = trigger_of(body.trigger)
    if body.timezone is not None:
        plan["timezone"] = body.timezone
    for name in ("start_at", "end_at"):
        if name in given:
            plan[name] = _instant(getattr(body, name))
    fields: dict[str, Any] = {name: getattr(body, name) for name in _PLAIN if name in given}
    if "payload" in given:
        fields["payload"] = orjson.dumps(body.payload).decode()
    if body.tags is not None:
        fields["tags"] = tuple(body.tags)
    return msgspec.structs.replace(known, plan=msgspec.structs.replace(known.plan, **plan), **fields)


def definition_of(name: str, body: shapes.ScheduleIn | shapes.SchedulePut) -> ScheduleDefinition:
    plan = Plan(trigger=trigger_of(body.trigger))
    return changed(ScheduleDefinition(name=name, job_type=body.job_type, plan=plan), body)


def _instant(moment: datetime | None) -> int | None:
    return None if moment is None else from_datetime(moment)


# -- to answers


def _text(instant: int | None) -> str | None:
    return None if instant is None else rfc3339(instant)


def _trigger_json(trigger: Trigger) -> dict[str, Any]:
    if isinstance(trigger, Date):
        return {"kind": "date", "at": rfc3339(trigger.at)}
    answer: dict[str, Any] = msgspec.to_builtins(trigger)
    return answer


def _seen(request: Request, schedule: Schedule) -> bytes:
    return schedule_json(shown.schedule_of(context_of(request).jobs, caller_of(request), schedule))


def schedule_json(schedule: Schedule) -> bytes:
    definition = schedule.definition
    plan = definition.plan
    return orjson.dumps(
        {
            "name": definition.name,
            "job_type": definition.job_type,
            "payload": orjson.Fragment(definition.payload),
            "timezone": plan.timezone,
            "trigger": _trigger_json(plan.trigger),
            "overlap": definition.overlap,
            "catch_up": definition.catch_up,
            "jitter_seconds": definition.jitter_seconds,
            "paused": schedule.paused,
            "orphaned": schedule.orphaned,
            "start_at": _text(plan.start_at),
            "end_at": _text(plan.end_at),
            "queue": definition.queue,
            "priority": definition.priority,
            "tags": list(definition.tags),
            "next_fire_at": _text(schedule.next_fire_at),
            "last_fire_at": _text(schedule.last_fire_at),
            "last_run_id": None if schedule.last_run_id is None else ids.run_id(schedule.last_run_id),
            "last_skipped_at": _text(schedule.last_skipped_at),
            "missed": schedule.missed,
            "source": schedule.source,
            "created_at": rfc3339(schedule.created_at),
            "updated_at": rfc3339(schedule.updated_at),
        }
    )


def _times(instants: list[int]) -> Response:
    return respond(Answer(200, orjson.dumps({"data": [rfc3339(instant) for instant in instants]})))


def _asked(request: Request, known: ScheduleDefinition | None, asked: ScheduleDefinition) -> ScheduleDefinition:
    """Raises InvalidRequest."""
    return shown.with_known_values(context_of(request).jobs, caller_of(request), known, asked)


def _check_target(request: Request, job_type: str, queue: str | None) -> None:
    """Raises JobTypeNotFound and QueueNotFound."""
    queue_of_its_own = msgspec.UNSET if queue is None else queue
    visibility.check_target(context_of(request).jobs, caller_of(request), job_type, queue_of_its_own)


# -- routes


@router.post(
    "",
    operation_id="create_schedule",
    summary="Create a schedule",
    status_code=201,
    responses=describe(
        {201: shapes.Schedule},
        *BODY,
        ScheduleExists,
        InvalidPayload,
        TooBusy,
        text={201: "created"},
        links=SCHEDULE_LINKS,
        headers={201: ("Location",)},
    ),
    openapi_extra=accepts(shapes.ScheduleIn, examples.SCHEDULE),
)
async def create_schedule(request: Request) -> Response:
    body = await read_json(request, shapes.ScheduleIn)
    _check_target(request, body.job_type, body.queue)
    asked = _asked(request, None, definition_of(body.name, body))
    schedule = await context_of(request).jobs.schedules.register(asked, bool(body.paused))
    location = (b"location", f"/v1/schedules/{schedule.name}".encode())
    return respond(Answer(201, _seen(request, schedule), (location,)))


@router.post(
    "/preview",
    operation_id="preview_schedule",
    summary="Preview the fire times of a trigger",
    responses=describe({200: shapes.FireTimes}, *BODY, text={200: "the next times, without jitter"}),
    openapi_extra=accepts(shapes.PreviewIn, examples.PREVIEW),
)
async def preview_schedule(request: Request) -> Response:
    body = await read_json(request, shapes.PreviewIn)
    now = context_of(request).jobs.clock.now()
    plan = Plan(
        trigger=trigger_of(body.trigger),
        timezone=body.timezone,
        start_at=_instant(body.start_at),
        end_at=_instant(body.end_at),
    )
    after = now if body.after is None else from_datetime(body.after)
    check_plan(plan)
    times = await preview(plan, now, after, body.count)
    if not times:
        check_alive(plan, now, min(now, after))
    return _times(times)


@router.get(
    "",
    operation_id="list_schedules",
    summary="List schedules",
    responses=describe({200: shapes.SchedulePage}, InvalidRequest, InvalidCursor, text={200: "a page, newest first"}),
)
async def list_schedules(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    found, more = await context_of(request).jobs.store.schedules(cursor_key(cursor), limit)
    jobs, caller = context_of(request).jobs, caller_of(request)
    items = [_seen(request, s).decode() for _, s in found if visibility.sees_schedule(jobs, caller, s)]
    return respond(Answer(200, render.page_json(items, ids.encode(found[-1][0]) if more else None)))


@router.get(
    "/{name}",
    operation_id="get_schedule",
    summary="Read a schedule",
    responses=describe({200: shapes.Schedule}, ScheduleNotFound, text={200: "the schedule"}),
)
async def get_schedule(request: Request, name: str) -> Response:
    return respond(Answer(200, _seen(request, await context_of(request).jobs.schedules.get(name))))


@router.put(
    "/{name}",
    operation_id="put_schedule",
    summary="Create or replace a schedule",
    responses=describe(
        {200: shapes.Schedule, 201: shapes.Schedule},
        *BODY,
        ScheduleNotFound,
        InvalidPayload,
        TooBusy,
        text={200: "replaced, or unchanged", 201: "created"},
        links=SCHEDULE_LINKS,
    ),
    openapi_extra=accepts(shapes.SchedulePut, examples.SCHEDULE),
)
async def put_schedule(request: Request, name: str) -> Response:
    check_name(name)
    body = await read_json(request, shapes.SchedulePut)
    check_same_name(name, body.name)
    _check_target(request, body.job_type, body.queue)
    schedules = context_of(request).jobs.schedules
    asked = definition_of(name, body)

    def change(known: ScheduleDefinition | None) -> ScheduleDefinition:
        return _asked(request, known, asked)

    schedule, made = await schedules.replace(name, change, body.paused)
    return respond(Answer(201 if made else 200, _seen(request, schedule)))


@router.patch(
    "/{name}",
    operation_id="patch_schedule",
    summary="Change some fields of a schedule",
    responses=describe(
        {200: shapes.Schedule}, *BODY, ScheduleNotFound, InvalidPayload, TooBusy, text={200: "the current state"}
    ),
    openapi_extra=accepts(shapes.SchedulePatch, examples.SCHEDULE_CHANGE),
)
async def patch_schedule(request: Request, name: str) -> Response:
    schedules = context_of(request).jobs.schedules
    await schedules.get(name)
    body = await read_json(request, shapes.SchedulePatch)

    def change(known: ScheduleDefinition) -> ScheduleDefinition:
        asked = changed(known, body)
        _check_target(request, asked.job_type, asked.queue)
        return _asked(request, known, asked)

    return respond(Answer(200, _seen(request, await schedules.change(name, change, body.paused))))


@router.delete(
    "/{name}",
    operation_id="delete_schedule",
    summary="Delete a schedule; its runs stay",
    status_code=204,
    responses=describe({}, ScheduleNotFound),
)
async def delete_schedule(request: Request, name: str) -> Response:
    await context_of(request).jobs.schedules.delete(name)
    return Response(status_code=204)


@router.post(
    "/{name}/pause",
    operation_id="pause_schedule",
    summary="Pause a schedule",
    responses=describe({200: shapes.Schedule}, *BODY, ScheduleNotFound, text={200: "the current state"}),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False),
)
async def pause_schedule(request: Request, name: str) -> Response:
    return await _pause(request, name, True)


@router.post(
    "/{name}/resume",
    operation_id="resume_schedule",
    summary="Resume a schedule; missed fire times are not caught up",
    responses=describe({200: shapes.Schedule}, *BODY, ScheduleNotFound, text={200: "the current state"}),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False),
)
async def resume_schedule(request: Request, name: str) -> Response:
    return await _pause(request, name, False)


async def _pause(request: Request, name: str, paused: bool) -> Response:
    schedules = context_of(request).jobs.schedules
    await schedules.get(name)
    await read_json(request, fields.EmptyIn, optional=True)
    schedule = await schedules.change(name, lambda known: known, paused)
    return respond(Answer(200, _seen(request, schedule)))


@router.post(
    "/{name}/trigger",
    operation_id="trigger_schedule",
    summary="Dispatch a run of a schedule now",
    status_code=202,
    responses=describe(
        {202: run_models.Run, 200: run_models.Run},
        *BODY,
        *IDEMPOTENT,
        ScheduleNotFound,
        JobTypeNotFound,
        InvalidPayload,
        TooBusy,
        text={202: "created", 200: "the run already existed, or has finished"},
        links=RUN_LINKS,
        headers=DISPATCH_ANSWER_HEADERS,
    ),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False, headers=DISPATCH_HEADERS),
)
async def trigger_schedule(request: Request, name: str) -> Response:
    """In addition to its scheduled runs, and regardless of `overlap`."""
    context = context_of(request)
    await context.jobs.schedules.get(name)
    await read_json(request, fields.EmptyIn, optional=True)
    headers = headers_of(request.scope)
    key = idempotency_key(headers, caller_scope(request.scope), {})
    caller = caller_of(request)
    dispatched = await context.make(
        caller, 1, lambda: context.jobs.schedules.trigger(name, key, caller.created_by, caller.within)
    )
    return respond(await hot.answer_dispatched(context, request.scope, dispatched))


@router.get(
    "/{name}/next",
    operation_id="list_fire_times",
    summary="List the next fire times of a schedule",
    responses=describe(
        {200: shapes.FireTimes}, ScheduleNotFound, InvalidRequest, text={200: "the next times, without jitter"}
    ),
)
async def list_fire_times(request: Request, name: str, count: Annotated[int, Query(ge=1, le=1000)] = 10) -> Response:
    """For a paused schedule: when it would fire if it were resumed now."""
    jobs = context_of(request).jobs
    schedule = await jobs.schedules.get(name)
    return _times(await jobs.schedules.next_times(schedule, jobs.clock.now(), count))
