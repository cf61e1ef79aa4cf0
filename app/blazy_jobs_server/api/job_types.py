"""Job types: what runs, and how."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, TypeVar

import msgspec
import orjson
from fastapi import APIRouter, Request, Response

from blazy_jobs_server.api import examples, fields, job_type_models, render, shown, visibility
from blazy_jobs_server.api.context import ONCE, Answer, caller_of, context_of
from blazy_jobs_server.api.definitions import changed, definition, writes_handler
from blazy_jobs_server.api.describe import BODY, JOB_TYPE_LINKS, accepts, answers, describe
from blazy_jobs_server.api.key_models import RotateIn
from blazy_jobs_server.api.requests import cursor_key, read_json
from blazy_jobs_server.api.runs import Cursor, Limit, NameCursor, respond
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import (
    BlockedDestination,
    HeadersRequired,
    InvalidCursor,
    InvalidRequest,
    InvalidSchema,
    JobTypeExists,
    JobTypeInUse,
    JobTypeNotFound,
    KeyringUnavailable,
    NotSupported,
    PathNotFound,
    RotationPending,
    ScopeMissing,
    SecretNotFound,
)
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.job_type import NAME, Definition, JobType, Version
from blazy_jobs_server.domain.keys import Actor, Scope

router = APIRouter(prefix="/v1/job-types", tags=["job types"])


OVERLAP_SECONDS = 86_400.0


def _answer(job_type: JobType, status: int = 200, secret: str | None = None) -> Answer:
    location = (b"location", f"/v1/job-types/{job_type.name}".encode())
    headers = (location,) if status == 201 else ()
    found = render.job_type_json(job_type)
    if secret is not None:
        return Answer(status, orjson.dumps(found | {"secret": secret}), (*headers, ONCE))
    return Answer(status, orjson.dumps(found), headers)


async def _check(request: Request, body: job_type_models.JobTypePatch, asked: Definition) -> None:
    """Of a definition to be written. Raises Forbidden and NotFound, and what an HTTP handler may be refused for."""
    caller = caller_of(request)
    if writes_handler(body) and not caller.may(Scope.ADMIN):
        raise ScopeMissing(Scope.ADMIN)
    visibility.check_definition(caller, asked)
    if not caller.may(Scope.REVEAL):
        await context_of(request).jobs.catalogue.fresh()
        shown.check_definition(context_of(request).jobs, caller, asked)
    definitions = context_of(request).handlers.definitions
    if writes_handler(body):
        await definitions.check(asked)
    else:
        definitions.check_queue(asked)


@router.post(
    "",
    operation_id="register_job_type",
    summary="Register a job type",
    status_code=201,
    responses=describe(
        {201: job_type_models.RegisteredJobType},
        *BODY,
        InvalidSchema,
        NotSupported,
        BlockedDestination,
        HeadersRequired,
        KeyringUnavailable,
        JobTypeExists,
        text={201: "registered"},
        links=JOB_TYPE_LINKS,
        headers={201: ("Location", "Cache-Control")},
    ),
    openapi_extra=accepts(job_type_models.JobTypeIn, examples.REGISTER),
)
async def register_job_type(request: Request) -> Response:
    body = await read_json(request, job_type_models.JobTypeIn)
    asked = definition(body.name, body)
    await _check(request, body, asked)
    context = context_of(request)
    sealing = context.handlers.definitions.sealing()
    job_type = await context.jobs.catalogue.register(asked, body.paused, sealing)
    return respond(_answer(job_type, 201, sealing.secret))


@router.put(
    "/{name}",
    operation_id="put_job_type",
    summary="Register or replace a job type",
    responses=describe(
        {200: job_type_models.RegisteredJobType, 201: job_type_models.RegisteredJobType},
        *BODY,
        InvalidSchema,
        NotSupported,
        BlockedDestination,
        HeadersRequired,
        KeyringUnavailable,
        PathNotFound,
        text={200: "replaced, or unchanged", 201: "registered"},
        links=JOB_TYPE_LINKS,
        headers={200: ("Cache-Control",), 201: ("Location", "Cache-Control")},
    ),
    openapi_extra=accepts(job_type_models.JobTypePut, examples.REPLACE),
)
async def put_job_type(request: Request, name: str) -> Response:
    """Idempotent. Omitted fields get their defaults, except `paused`, which is not changed."""
    check_name(name)
    body = await read_json(request, job_type_models.JobTypePut)
    check_same_name(name, body.name)
    asked = definition(name, body)
    await _check(request, body, asked)
    context = context_of(request)
    sealing = context.handlers.definitions.sealing()
    job_type, new = await context.jobs.catalogue.replace(asked, body.paused, sealing)
    return respond(_answer(job_type, 201 if new else 200, sealing.secret))


def check_name(name: str) -> None:
    if not NAME.fullmatch(name):
        raise InvalidRequest.at("/name", f"must match {fields.NAME_PATTERN}", "string_pattern_mismatch")


def check_same_name(name: str, in_body: str | None) -> None:
    if in_body is not None and in_body != name:
        raise InvalidRequest.at("/name", "differs from the name in the path", "name_mismatch")


@router.get(
    "",
    operation_id="list_job_types",
    summary="List job types, newest first",
    responses=describe(
        {200: job_type_models.JobTypePage}, InvalidRequest, InvalidCursor, text={200: "a page, newest first"}
    ),
)
async def list_job_types(request: Request, limit: Limit = 50, cursor: NameCursor = None) -> Response:
    catalogue = context_of(request).jobs.catalogue
    await catalogue.fresh()
    within = caller_of(request).within
    job_types = [job_type for job_type in catalogue.job_types() if within.admits_job_type(job_type.name)]
    page, following = page_of([((j.created_at, j.name), j) for j in job_types], cursor, limit)
    items = [orjson.dumps(render.job_type_json(job_type)).decode() for job_type in page]
    return respond(Answer(200, render.page_json(items, following)))


T = TypeVar("T")
Place = tuple[int, str]


def page_of(items: list[tuple[Place, T]], cursor: str | None, limit: int) -> tuple[list[T], str | None]:
    """One page of a list in memory, newest first, from below the place that the cursor names. Raises InvalidCursor."""
    if cursor is not None:
        key = ids.decode(cursor[:13])
        if key is None:
            raise InvalidCursor
        below = (key, cursor[13:])
        items = [item for item in items if item[0] < below]
    page = items[:limit]
    if len(items) <= limit:
        return [item for _, item in page], None
    number, name = page[-1][0]
    return [item for _, item in page], ids.encode(number) + name


@router.get(
    "/{name}",
    operation_id="get_job_type",
    summary="Read a job type",
    responses=describe(
        {200: job_type_models.JobType}, JobTypeNotFound, text={200: "the job type"}, links=("dispatch_run",)
    ),
)
async def get_job_type(request: Request, name: str) -> Response:
    catalogue = context_of(request).jobs.catalogue
    await catalogue.fresh()
    return respond(_answer(catalogue.entry(name).job_type))


@router.get(
    "/{name}/versions",
    operation_id="list_job_type_versions",
    summary="List a job type's versions, the latest first",
    responses=describe(
        {200: job_type_models.JobTypeVersionPage},
        InvalidRequest,
        InvalidCursor,
        JobTypeNotFound,
        text={200: "a page, the latest first"},
    ),
)
async def list_job_type_versions(request: Request, name: str, limit: Limit = 50, cursor: Cursor = None) -> Response:
    jobs = context_of(request).jobs
    await jobs.catalogue.fresh()
    jobs.catalogue.entry(name)
    before = cursor_key(cursor)
    found = await jobs.store.versions(name)
    rows = [row for row in found if before is None or row.version < before][-limit - 1 :]
    page = [_version(now, then) for then, now in pairwise(rows)]
    if len(rows) <= limit and rows:
        page = [_version(rows[0], None), *page]
    following = ids.encode(page[0]["version"]) if len(rows) > limit else None
    return respond(Answer(200, orjson.dumps({"data": page[::-1], "next_cursor": following})))


def _version(one: Version, before: Version | None) -> dict[str, Any]:
    shown = render.definition_json(one.definition)
    known = shown if before is None else render.definition_json(before.definition)
    changed = [name for name in shown if shown[name] != known[name]]
    made_at = None if one.created_at is None else rfc3339(one.created_at)
    made_by = None if one.created_by is None else msgspec.to_builtins(Actor.of(one.created_by))
    return {"version": one.version, "changed": changed, "created_at": made_at, "created_by": made_by} | shown


@router.patch(
    "/{name}",
    operation_id="patch_job_type",
    summary="Change some fields of a job type",
    responses=describe(
        {200: job_type_models.RegisteredJobType},
        *BODY,
        InvalidSchema,
        NotSupported,
        BlockedDestination,
        HeadersRequired,
        KeyringUnavailable,
        JobTypeNotFound,
        text={200: "the current state"},
        headers={200: ("Cache-Control",)},
    ),
    openapi_extra=accepts(job_type_models.JobTypePatch, examples.CHANGE),
)
async def patch_job_type(request: Request, name: str) -> Response:
    context = context_of(request)
    catalogue = context.jobs.catalogue
    known = catalogue.entry(name).job_type
    body = await read_json(request, job_type_models.JobTypePatch)
    await _check(request, body, changed(known.definition, body))

    def change(known: Definition) -> Definition:
        asked = changed(known, body)
        visibility.check_definition(caller_of(request), asked)
        shown.check_definition(context_of(request).jobs, caller_of(request), asked)
        return asked

    sealing = context.handlers.definitions.sealing()
    job_type = await catalogue.change(name, change, body.paused, sealing)
    return respond(_answer(job_type, secret=sealing.secret))


@router.delete(
    "/{name}",
    operation_id="retire_job_type",
    summary="Retire a job type",
    status_code=204,
    responses=answers(JobTypeNotFound, JobTypeInUse),
)
async def retire_job_type(request: Request, name: str) -> Response:
    """Its runs remain readable. The name can be registered again, with the next version number."""
    await context_of(request).jobs.catalogue.retire(name)
    return Response(status_code=204)


@router.post(
    "/{name}/secret/rotate",
    operation_id="rotate_job_type_secret",
    summary="Give a job type another signing secret",
    responses=describe(
        {200: job_type_models.JobTypeSecret},
        *BODY,
        JobTypeNotFound,
        SecretNotFound,
        RotationPending,
        KeyringUnavailable,
        text={200: "rotated; the only response that contains the new secret"},
        headers={200: ("Cache-Control",)},
    ),
    openapi_extra=accepts(RotateIn, examples.ROTATE, required=False),
)
async def rotate_job_type_secret(request: Request, name: str) -> Response:
    context = context_of(request)
    await context.jobs.catalogue.found(name)
    body = await read_json(request, RotateIn, optional=True)
    overlap_seconds = OVERLAP_SECONDS if body.overlap_seconds is None else body.overlap_seconds
    secret, until = await context.handlers.definitions.rotate(name, overlap_seconds)
    answer = {"secret": secret, "previous_until": None if until is None else rfc3339(until)}
    return respond(Answer(200, orjson.dumps(answer), (ONCE,)))


@router.delete(
    "/{name}/secret/previous",
    operation_id="end_previous_job_type_secret",
    summary="End the signing secret before the last rotation",
    status_code=204,
    response_class=Response,
    responses={
        **answers(JobTypeNotFound, SecretNotFound, KeyringUnavailable),
        204: {"description": "it signs no more, now or before"},
    },
)
async def end_previous_job_type_secret(request: Request, name: str) -> Response:
    await context_of(request).handlers.definitions.end_previous(name)
    return Response(status_code=204)


@router.post(
    "/{name}/pause",
    operation_id="pause_job_type",
    summary="Pause a job type",
    responses=describe({200: job_type_models.JobType}, *BODY, JobTypeNotFound, text={200: "the current state"}),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False),
)
async def pause_job_type(request: Request, name: str) -> Response:
    return await _pause(request, name, True)


@router.post(
    "/{name}/resume",
    operation_id="resume_job_type",
    summary="Resume a job type",
    responses=describe({200: job_type_models.JobType}, *BODY, JobTypeNotFound, text={200: "the current state"}),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False),
)
async def resume_job_type(request: Request, name: str) -> Response:
    return await _pause(request, name, False)


async def _pause(request: Request, name: str, paused: bool) -> Response:
    catalogue = context_of(request).jobs.catalogue
    await catalogue.found(name)
    await read_json(request, fields.EmptyIn, optional=True)
    return respond(_answer(await catalogue.pause(name, paused)))
