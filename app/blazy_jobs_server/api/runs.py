"""Runs: dispatch, read, cancel, replay, erase."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from blazy_jobs_server.api import examples, fields, hot, run_models, shown
from blazy_jobs_server.api.context import Answer, caller_of, context_of
from blazy_jobs_server.api.describe import (
    BODY,
    DISPATCH_HEADERS,
    IDEMPOTENCY_KEY,
    IDEMPOTENT,
    RUN_LINKS,
    accepts,
    answers,
    describe,
)
from blazy_jobs_server.api.requests import caller_scope, cursor_key, headers_of, idempotency_key, read_json, run_key
from blazy_jobs_server.domain import ids, trace_context
from blazy_jobs_server.domain.errors import (
    DedupeKeyInUse,
    InvalidBatch,
    InvalidCursor,
    InvalidPayload,
    InvalidRequest,
    JobTypeNotFound,
    MethodNotAllowed,
    NotSupported,
    QueueUnavailable,
    RunFinished,
    RunNotFailed,
    RunNotFinished,
    RunNotFound,
    RunNotWaiting,
    TooBusy,
)
from blazy_jobs_server.domain.event import Event, EventType
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.run import State

router = APIRouter(tags=["runs"])

Limit = Annotated[int, Query(ge=1, le=200, description="Maximum number of items; a page ends early at 4 MiB.")]
Cursor = Annotated[
    str | None, Query(min_length=1, max_length=64, description="The `next_cursor` of the previous page; opaque.")
]
NameCursor = Annotated[
    str | None, Query(min_length=1, max_length=256, description="The `next_cursor` of the previous page; opaque.")
]
DISPATCH_ANSWER_HEADERS = {
    200: ("Location", "Idempotency-Replayed", "Preference-Applied"),
    202: ("Location",),
}


def respond(answer: Answer) -> Response:
    media = "application/json" if answer.body else None
    response = Response(answer.body, answer.status, media_type=media)
    response.raw_headers.extend(answer.headers)
    return response


@router.post(
    "/v1/job-types/{name}/runs",
    operation_id="dispatch_run",
    summary="Dispatch a run",
    status_code=202,
    responses=describe(
        {202: run_models.Run, 200: run_models.Run},
        *BODY,
        *IDEMPOTENT,
        DedupeKeyInUse,
        InvalidPayload,
        TooBusy,
        JobTypeNotFound,
        text={200: "the run already existed, or has finished", 202: "created"},
        links=RUN_LINKS,
        headers=DISPATCH_ANSWER_HEADERS,
    ),
    openapi_extra=accepts(run_models.DispatchIn, examples.DISPATCH, headers=DISPATCH_HEADERS),
)
async def dispatch_run(request: Request, name: str) -> Response:
    """Responds when the run is durable. `200` if the run already existed (same `Idempotency-Key` or `dedupe_key`), or
    if it finished within `Prefer: wait`."""
    return respond(await hot.dispatch(context_of(request), request.scope, request.receive, name))


@router.post(
    "/v1/runs/batch",
    operation_id="dispatch_batch",
    summary="Dispatch up to 10,000 runs, all or none",
    status_code=202,
    responses=describe(
        {202: run_models.Batch, 200: run_models.Batch},
        *BODY,
        *IDEMPOTENT,
        DedupeKeyInUse,
        InvalidBatch,
        TooBusy,
        text={200: "the runs of an earlier request", 202: "created, in the given order"},
        headers={200: ("Idempotency-Replayed",)},
    ),
    openapi_extra=accepts(run_models.BatchIn, examples.BATCH, headers=[IDEMPOTENCY_KEY]),
)
async def dispatch_batch(request: Request) -> Response:
    return respond(await hot.batch(context_of(request), request.scope, request.receive))


@router.api_route("/v1/runs/batch", methods=["GET", "DELETE"], include_in_schema=False)
async def batch_is_no_run() -> Response:
    raise MethodNotAllowed("POST")


@router.get(
    "/v1/runs/{run_id}",
    operation_id="get_run",
    summary="Read a run",
    responses=describe({200: run_models.Run}, InvalidRequest, RunNotFound, text={200: "the current state"}),
)
async def get_run(
    request: Request, run_id: str, wait_seconds: Annotated[float | None, Query(ge=0, le=60)] = None
) -> Response:
    """With `wait_seconds`, responds when the run has finished, or when the time is over."""
    context = context_of(request)
    seconds = min(wait_seconds or 0, context.settings.max_wait_seconds)
    ended = context.ended(request.scope)
    run = await context.jobs.finished_run(run_key(run_id), seconds, ended)
    return respond(Answer(200, shown.run_json(context.jobs, caller_of(request), run).encode()))


@router.get(
    "/v1/runs/{run_id}/attempts",
    operation_id="list_attempts",
    summary="List a run's attempts, oldest first",
    responses=describe(
        {200: run_models.AttemptPage}, InvalidRequest, InvalidCursor, RunNotFound, text={200: "a page, oldest first"}
    ),
)
async def list_attempts(request: Request, run_id: str, limit: Limit = 50, cursor: Cursor = None) -> Response:
    context = context_of(request)
    jobs = context.jobs
    run = await jobs.run(run_key(run_id))
    first = cursor_key(cursor) or 0
    attempts = fold_attempts(await jobs.store.attempt_events(run.id))
    as_child = context.settings.trace_parent == "parent"
    trace_id = partial(
        trace_context.trace_id_of, ids.run_id(run.id), metadata=orjson.loads(run.metadata), as_child=as_child
    )
    page = [attempt | {"trace_id": trace_id(attempt["number"])} for attempt in attempts[first : first + limit]]
    following = ids.encode(first + limit) if first + limit < len(attempts) else None
    return respond(Answer(200, orjson.dumps({"data": page, "next_cursor": following})))


OUTCOMES = {
    EventType.RETRYING: "failed",
    EventType.COMPLETED: "completed",
    EventType.FAILED: "failed",
    EventType.CANCELLED: "cancelled",
}


def fold_attempts(events: list[Event]) -> list[dict[str, Any]]:
    """The attempts that a run's log tells of: each begins with `started` and ends with the next boundary."""
    attempts: list[dict[str, Any]] = []
    for event in events:
        data = orjson.loads(event.data)
        if event.type is EventType.STARTED:
            attempts.append(
                {
                    "number": len(attempts) + 1,
                    "attempt": event.attempt,
                    "worker_id": data["worker_id"],
                    "started_at": rfc3339(event.time),
                    "finished_at": None,
                    "outcome": None,
                    "error": None,
                }
            )
        elif attempts and attempts[-1]["outcome"] is None:
            error = data.get("error")
            lost = error is not None and error["code"] == "lease_lost"
            outcome = data["reason"] if event.type is EventType.INTERRUPTED else OUTCOMES[event.type]
            attempts[-1] |= {
                "finished_at": rfc3339(event.time),
                "outcome": "lost" if lost else outcome,
                "error": error,
            }
    return attempts


@router.post(
    "/v1/runs/{run_id}/cancel",
    operation_id="cancel_run",
    summary="Cancel a run",
    status_code=202,
    responses=describe(
        {200: run_models.Run, 202: run_models.Run},
        *BODY,
        RunNotFound,
        RunFinished,
        text={200: "cancelled", 202: "its handler was told to stop"},
    ),
    openapi_extra=accepts(run_models.CancelIn, examples.CANCEL, required=False),
)
async def cancel_run(request: Request, run_id: str) -> Response:
    jobs = context_of(request).jobs
    key = run_key(run_id)
    await jobs.run(key)
    body = await read_json(request, run_models.CancelIn, optional=True)
    # What was done decides the status: a handler that was asked may have ended by the time of the read.
    status = 202 if (await jobs.cancel(key, body.reason)).state is State.RUNNING else 200
    run = await jobs.run(key)
    return respond(Answer(status, shown.run_json(jobs, caller_of(request), run).encode()))


@router.post(
    "/v1/runs/{run_id}/replay",
    operation_id="replay_run",
    summary="Replay a run: dispatch its payload again",
    status_code=202,
    responses=describe(
        {202: run_models.Run, 200: run_models.Run},
        *BODY,
        *IDEMPOTENT,
        InvalidPayload,
        TooBusy,
        RunNotFound,
        JobTypeNotFound,
        text={200: "the run already existed, or has finished", 202: "created, with `replay_of`"},
        links=RUN_LINKS,
        headers=DISPATCH_ANSWER_HEADERS,
    ),
    openapi_extra=accepts(run_models.ReplayIn, examples.REPLAY, required=False, headers=DISPATCH_HEADERS),
)
async def replay_run(request: Request, run_id: str) -> Response:
    context = context_of(request)
    run = await context.jobs.run(run_key(run_id))
    body = await read_json(request, run_models.ReplayIn, optional=True)
    given = {"payload": body.payload} if "payload" in body.model_fields_set else {}
    headers = headers_of(request.scope)
    key = idempotency_key(headers, caller_scope(request.scope), given)
    caller = caller_of(request)
    payload = shown.known_payload(context.jobs, run, body.payload) if given else None
    dispatched = await context.make(
        caller,
        1,
        lambda: context.jobs.dispatcher.replay(
            run, key, caller.created_by, caller.within, payload, trace_context.read(headers)
        ),
    )
    return respond(await hot.answer_dispatched(context, request.scope, dispatched))


@router.post(
    "/v1/runs/{run_id}/run-now",
    operation_id="run_now",
    summary="Run a scheduled or retrying run now",
    responses=describe(
        {200: run_models.Run}, *BODY, RunNotFound, RunFinished, RunNotWaiting, NotSupported, text={200: "queued"}
    ),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False),
)
async def run_now(request: Request, run_id: str) -> Response:
    jobs = context_of(request).jobs
    key = run_key(run_id)
    await jobs.run(key)
    await read_json(request, fields.EmptyIn, optional=True)
    run = await jobs.run_now(key)
    return respond(Answer(200, shown.run_json(jobs, caller_of(request), run).encode()))


@router.post(
    "/v1/runs/{run_id}/resolve",
    operation_id="resolve_run",
    summary="Resolve a failed run",
    responses=describe({200: run_models.Run}, *BODY, RunNotFound, RunNotFailed),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False),
)
async def resolve_run(request: Request, run_id: str) -> Response:
    jobs = context_of(request).jobs
    key = run_key(run_id)
    await jobs.run(key)
    await read_json(request, fields.EmptyIn, optional=True)
    run = await jobs.resolve(key)
    return respond(Answer(200, shown.run_json(jobs, caller_of(request), run).encode()))


@router.delete(
    "/v1/runs/{run_id}",
    operation_id="erase_run",
    summary="Erase a finished run and its events",
    status_code=204,
    responses=answers(RunNotFound, RunNotFinished, QueueUnavailable),
)
async def erase_run(request: Request, run_id: str) -> Response:
    await context_of(request).jobs.erase(run_key(run_id))
    return Response(status_code=204)
