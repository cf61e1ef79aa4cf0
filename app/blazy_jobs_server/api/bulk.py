"""One action on all runs that match."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from blazy_jobs_server.api import bulk_models as shapes
from blazy_jobs_server.api import examples, fields, render, shown
from blazy_jobs_server.api.context import Answer, Context, caller_of, context_of
from blazy_jobs_server.api.describe import BODY, BULK_LINKS, accepts, describe
from blazy_jobs_server.api.requests import bulk_key, cursor_key, read_json
from blazy_jobs_server.api.run_lists import known_keys
from blazy_jobs_server.api.runs import Cursor, Limit, respond
from blazy_jobs_server.api.visibility import sees_bulk
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.bulk import Bulk, BulkAction
from blazy_jobs_server.domain.errors import (
    BulkFinished,
    BulkNotFound,
    FilterRequired,
    InvalidCursor,
    InvalidRequest,
    MethodNotAllowed,
    RateLimited,
    ReadTimeout,
    TooManyMatches,
)
from blazy_jobs_server.domain.instants import from_datetime, rfc3339
from blazy_jobs_server.domain.keys import Actor, Caller, Scope
from blazy_jobs_server.domain.run import STATE_NAMES
from blazy_jobs_server.engine.bulk_filters import INSTANTS, filter_of_bulk
from blazy_jobs_server.ports import RunFilter

router = APIRouter(tags=["bulk operations"])

SAMPLE = 10


# -- from requests and to answers


def filter_given(body: shapes.BulkFilter | None) -> dict[str, Any]:
    """As it is stored (engine/bulk_filters.py)."""
    given: dict[str, Any] = {}
    for name in shapes.BulkFilter.model_fields if body is not None else ():
        value = getattr(body, name)
        if name in ("id", "state"):
            value = [value] if isinstance(value, str) else value or None
        elif name in INSTANTS and value is not None:
            value = rfc3339(from_datetime(value))
        if value is not None:
            given[name] = value
    return given


def bulk_asked(caller: Caller, body: shapes.BulkIn) -> Bulk:
    """Raises FilterRequired."""
    given = filter_given(body.filter)
    if not given and body.ids is None and not body.all:
        raise FilterRequired
    return Bulk(
        action=BulkAction(body.action),
        filter=orjson.dumps(given).decode(),
        named=None if body.ids is None else tuple(sorted(known_keys(body.ids), reverse=True)),
        priority=body.priority,
        within=caller.within,
        reveals=caller.may(Scope.REVEAL),
        created_by=caller.created_by,
    )


def bulk_json(bulk: Bulk) -> bytes:
    actor = None if bulk.created_by is None else Actor.of(bulk.created_by)
    given = orjson.loads(bulk.filter)
    return orjson.dumps(
        {
            "id": ids.bulk_id(bulk.id),
            "action": bulk.action,
            "state": bulk.state,
            "filter": given or None,
            "ids": None if bulk.named is None else len(bulk.named),
            "priority": bulk.priority,
            "matched": bulk.matched,
            "at_least": bulk.at_least,
            "done": bulk.done,
            "skipped": bulk.skipped,
            "failed": bulk.failed,
            "created_at": rfc3339(bulk.created_at),
            "created_by": None if actor is None else {"id": actor.id, "name": actor.name},
            "finished_at": None if bulk.finished_at is None else rfc3339(bulk.finished_at),
        }
    )


async def _preview(context: Context, caller: Caller, where: RunFilter) -> Response:
    jobs = context.jobs
    tally = await jobs.bulks.tally(where, None)
    page = await jobs.store.runs(where, None, SAMPLE, brief=True)
    await jobs.know(page.runs)
    sample = ",".join(shown.run_json(jobs, caller, run, brief=True) for run in page.runs)
    counted = {
        "matched": sum(tally.by_state.values()),
        "at_least": not tally.complete,
        "by_state": {STATE_NAMES[state]: number for state, number in sorted(tally.by_state.items()) if number},
    }
    return respond(Answer(200, f'{orjson.dumps(counted).decode()[:-1]},"sample":[{sample}]}}'.encode()))


# -- routes


@router.post(
    "/v1/runs/bulk",
    operation_id="create_bulk",
    summary="Do something with all runs that match",
    status_code=202,
    responses=describe(
        {202: shapes.Bulk, 200: shapes.BulkPreview},
        *BODY,
        FilterRequired,
        TooManyMatches,
        RateLimited,
        ReadTimeout,
        text={200: "what a dry run would have done", 202: "under way"},
        links=BULK_LINKS,
        headers={202: ("Location",)},
    ),
    openapi_extra=accepts(shapes.BulkIn, examples.BULK),
)
async def create_bulk(request: Request) -> Response:
    context, caller = context_of(request), caller_of(request)
    jobs = context.jobs
    body = await read_json(request, shapes.BulkIn)
    bulk = bulk_asked(caller, body)
    await jobs.sweeper.catch_up()
    if body.dry_run:
        return await _preview(context, caller, filter_of_bulk(bulk, jobs.catalogue.redacts))
    expect_at_most = body.expect_at_most
    if bulk.action is BulkAction.REPLAY and caller.rate_limit is not None:
        # Its key makes no more runs at once than each by itself.
        expect_at_most = min(
            caller.rate_limit.limit, caller.rate_limit.limit if expect_at_most is None else expect_at_most
        )
    created = await jobs.bulks.create(bulk, expect_at_most, lambda matched: context.rates.take(caller, matched))
    location = (b"location", f"/v1/bulk/{ids.bulk_id(created.id)}".encode())
    return respond(Answer(202, bulk_json(created), (location,)))


@router.api_route("/v1/runs/bulk", methods=["GET", "DELETE"], include_in_schema=False)
async def bulk_is_no_run() -> Response:
    raise MethodNotAllowed("POST")


@router.get(
    "/v1/bulk",
    operation_id="list_bulks",
    summary="List bulk operations, newest first",
    responses=describe({200: shapes.BulkPage}, InvalidRequest, InvalidCursor, text={200: "a page, newest first"}),
)
async def list_bulks(request: Request, limit: Limit = 50, cursor: Cursor = None) -> Response:
    found = await context_of(request).jobs.store.bulks(cursor_key(cursor), limit + 1)
    page = found[:limit]
    items = [bulk_json(bulk).decode() for bulk in page if sees_bulk(caller_of(request), bulk)]
    return respond(Answer(200, render.page_json(items, ids.encode(page[-1].id) if len(found) > limit else None)))


@router.get(
    "/v1/bulk/{bulk_id}",
    operation_id="get_bulk",
    summary="Read a bulk operation",
    responses=describe({200: shapes.Bulk}, BulkNotFound, text={200: "how far it is"}),
)
async def get_bulk(request: Request, bulk_id: str) -> Response:
    return respond(Answer(200, bulk_json(await _find(request, bulk_id))))


async def _find(request: Request, bulk_id: str) -> Bulk:
    bulk = await context_of(request).jobs.store.bulk(bulk_key(bulk_id))
    if bulk is None or not sees_bulk(caller_of(request), bulk):
        raise BulkNotFound(bulk_id)
    return bulk


@router.post(
    "/v1/bulk/{bulk_id}/cancel",
    operation_id="cancel_bulk",
    summary="Cancel a bulk operation",
    responses=describe({200: shapes.Bulk}, *BODY, BulkNotFound, BulkFinished, text={200: "it does nothing any more"}),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False),
)
async def cancel_bulk(request: Request, bulk_id: str) -> Response:
    bulk = await _find(request, bulk_id)
    await read_json(request, fields.EmptyIn, optional=True)
    return respond(Answer(200, bulk_json(await context_of(request).jobs.bulks.cancel(bulk.id))))
