"""Runs by whatever is known of them: lists, searches, and how many there are."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Depends, Query, Request, Response

from blazy_jobs_server.api import fields, render, run_models, shown
from blazy_jobs_server.api.context import Answer, caller_of, context_of
from blazy_jobs_server.api.describe import describe
from blazy_jobs_server.api.requests import cursor_key
from blazy_jobs_server.api.runs import Cursor, Limit, respond
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import InvalidCursor, InvalidRequest, MethodNotAllowed, ReadTimeout
from blazy_jobs_server.domain.instants import from_datetime
from blazy_jobs_server.domain.run import STATES
from blazy_jobs_server.ports import Listed, RunFilter

router = APIRouter(tags=["runs"])

MOST_COUNTED = 10_000
MAX_IDS = 200
Text = Annotated[str | None, Query(max_length=128)]


async def asked_runs(
    request: Request,
    id: Annotated[list[str], Query(max_length=MAX_IDS)] = [],  # noqa: B006  # FastAPI copies it
    state: Annotated[list[fields.RunState], Query()] = [],  # noqa: B006  # as above
    job_type: Text = None,
    queue: Text = None,
    tag: Text = None,
    schedule: Text = None,
    error_code: Text = None,
    error_group: Annotated[str | None, Query(max_length=64)] = None,
    resolved: bool | None = None,
    worker_id: Annotated[str | None, Query(max_length=64)] = None,
    attempt_min: Annotated[int | None, Query(ge=0, le=fields.MAX_ATTEMPT)] = None,
    created_after: fields.Instant | None = None,
    created_before: fields.Instant | None = None,
    finished_after: fields.Instant | None = None,
    finished_before: fields.Instant | None = None,
    q: Annotated[str | None, Query(min_length=1, max_length=fields.MAX_SEARCH)] = None,
) -> RunFilter:
    """The filter that a query asks for."""
    caller = caller_of(request)
    return RunFilter(
        ids=known_keys(id) if id else None,
        states=frozenset(STATES[name] for name in state),
        job_type=job_type,
        queue=queue,
        tag=tag,
        schedule=schedule,
        error_code=error_code,
        error_group=error_group,
        resolved=resolved,
        worker_id=None if worker_id is None else ids.parse_worker_id(worker_id) or NOBODY,
        attempt_min=attempt_min,
        created_after=None if created_after is None else from_datetime(created_after),
        created_before=None if created_before is None else from_datetime(created_before),
        finished_after=None if finished_after is None else from_datetime(finished_after),
        finished_before=None if finished_before is None else from_datetime(finished_before),
        q=q,
        hides=shown.hidden_for(context_of(request).jobs, caller),
        within=caller.within,
    )


NOBODY = 0
"""The key of no worker."""
Asked = Annotated[RunFilter, Depends(asked_runs)]


def known_keys(given: list[str]) -> frozenset[int]:
    """What has not the form of an id is that of no run."""
    return frozenset(key for key in map(ids.parse_run_id, given) if key is not None)


@router.get(
    "/v1/runs",
    operation_id="list_runs",
    summary="List runs, newest first",
    responses=describe(
        {200: run_models.RunPage},
        InvalidRequest,
        InvalidCursor,
        ReadTimeout,
        text={200: "a page, newest first; with a selective filter it may be short or empty, and still have a next one"},
    ),
)
async def list_runs(
    request: Request,
    where: Asked,
    fields: run_models.ListedFields | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    jobs, caller = context_of(request).jobs, caller_of(request)
    before = cursor_key(cursor)
    brief = fields == "brief"
    await jobs.sweeper.catch_up()
    page = await jobs.store.runs(where, before, limit, brief=brief)
    await jobs.know(page.runs)
    items = [shown.run_json(jobs, caller, run, brief=brief) for run in page.runs]
    following = None if page.before is None else ids.encode(page.before)
    searched = None if where.q is None else _searched(page, following)
    return respond(Answer(200, render.page_json(items, following, searched)))


def _searched(page: Listed, following: str | None) -> str:
    return orjson.dumps({"runs": page.looked, "complete": following is None, "cursor": following}).decode()


@router.get(
    "/v1/runs/count",
    operation_id="count_runs",
    summary="Count runs",
    responses=describe(
        {200: run_models.RunCount},
        InvalidRequest,
        ReadTimeout,
        text={200: f"exact, or at least {MOST_COUNTED:,}; with `q`, those of the runs that were searched"},
    ),
)
async def count_runs(request: Request, where: Asked) -> Response:
    jobs = context_of(request).jobs
    await jobs.sweeper.catch_up()
    counted = await jobs.store.count(where, MOST_COUNTED)
    return respond(Answer(200, orjson.dumps({"count": counted.runs, "at_least": counted.at_least})))


@router.delete("/v1/runs/count", include_in_schema=False)
async def count_is_no_run() -> Response:
    raise MethodNotAllowed("GET")
