"""Groups of errors."""

from __future__ import annotations

from typing import Annotated, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response

from blazy_jobs_server.api import error_models, render
from blazy_jobs_server.api.context import Answer, caller_of, context_of
from blazy_jobs_server.api.describe import describe
from blazy_jobs_server.api.runs import Cursor, Limit, respond
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.error_groups import GROUP
from blazy_jobs_server.domain.errors import InvalidCursor, InvalidRequest, ReadTimeout
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.run import STATES
from blazy_jobs_server.ports.errors import ErrorFilter, ErrorGroup, GroupPlace

router = APIRouter(prefix="/v1/errors", tags=["errors"])

KEY_DIGITS = 13


def _json(group: ErrorGroup) -> str:
    shown = {
        "group": group.group,
        "code": group.code,
        "type": group.type,
        "message": group.message,
        "job_types": group.job_types,
        "count": group.count,
        "first_at": rfc3339(group.first_at),
        "last_at": rfc3339(group.last_at),
        "sample_run_id": ids.run_id(group.sample_run_id),
    }
    return orjson.dumps(shown).decode()


def _cursor(place: GroupPlace) -> str:
    return ids.encode(place.last_at) + place.group


def _place(cursor: str | None) -> GroupPlace | None:
    """Raises InvalidCursor."""
    if cursor is None:
        return None
    last_at, group = ids.decode(cursor[:KEY_DIGITS]), cursor[KEY_DIGITS:]
    if last_at is None or GROUP.fullmatch(group) is None:
        raise InvalidCursor
    return GroupPlace(last_at, group)


@router.get(
    "",
    operation_id="list_errors",
    summary="List groups of errors, the last failed first",
    responses=describe(
        {200: error_models.ErrorGroupPage},
        InvalidRequest,
        InvalidCursor,
        ReadTimeout,
        text={200: "a page; it may be short or empty, and still have a next one"},
    ),
)
async def list_errors(
    request: Request,
    state: Literal["failed", "retrying"] = "failed",
    job_type: Annotated[str | None, Query(max_length=128)] = None,
    queue: Annotated[str | None, Query(max_length=128)] = None,
    group: Annotated[str | None, Query(max_length=16)] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    jobs = context_of(request).jobs
    before = _place(cursor)
    within = caller_of(request).within
    where = ErrorFilter(state=STATES[state], job_type=job_type, queue=queue, group=group, within=within)
    await jobs.sweeper.catch_up()
    groups, following = await jobs.store.error_groups(where, before, limit)
    page = render.page_json([_json(found) for found in groups], None if following is None else _cursor(following))
    return respond(Answer(200, page))
