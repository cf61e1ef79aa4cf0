"""Queues: they come into being when first used."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from msgspec import UNSET, UnsetType, to_builtins

from blazy_jobs_server.api import examples, fields, queue_models, render
from blazy_jobs_server.api.context import Answer, Context, caller_of, context_of
from blazy_jobs_server.api.describe import BODY, QUEUE_LINKS, accepts, describe
from blazy_jobs_server.api.job_types import check_name, check_same_name, page_of
from blazy_jobs_server.api.requests import read_json
from blazy_jobs_server.api.runs import Limit, NameCursor, respond
from blazy_jobs_server.domain.errors import (
    InvalidCursor,
    InvalidRequest,
    NotSupported,
    PathNotFound,
    QueueInUse,
    QueueNotFound,
    QueueUnavailable,
)
from blazy_jobs_server.domain.job_type import Bullmq, Queue
from blazy_jobs_server.domain.keys import Within
from blazy_jobs_server.domain.run import STATE_NAMES

router = APIRouter(prefix="/v1/queues", tags=["queues"])


async def _json(context: Context, within: Within, queue: Queue) -> dict[str, Any]:
    counts = await context.jobs.projection.counts(queue, within)
    return {
        "name": queue.name,
        "engine": queue.engine,
        "paused": queue.paused,
        "concurrency": None,
        "rate_limit": None,
        "max_queued": None,
        "bullmq": None if queue.bullmq is None else to_builtins(queue.bullmq),
        "counts": {STATE_NAMES[state]: n for state, n in counts.items()},
    }


@router.get(
    "",
    operation_id="list_queues",
    summary="List queues",
    responses=describe(
        {200: queue_models.QueuePage}, InvalidRequest, InvalidCursor, text={200: "a page, newest first"}
    ),
)
async def list_queues(request: Request, limit: Limit = 50, cursor: NameCursor = None) -> Response:
    context = context_of(request)
    await context.jobs.refresh()
    within = caller_of(request).within
    queues = [found for found in context.jobs.catalogue.queues() if within.admits_queue(found[1].name)]
    page, following = page_of(queues, cursor, limit)
    shown = [orjson.dumps(await _json(context, within, queue)).decode() for queue in page]
    return respond(Answer(200, render.page_json(shown, following)))


@router.get(
    "/{name}",
    operation_id="get_queue",
    summary="Read a queue",
    responses=describe({200: queue_models.Queue}, QueueNotFound, text={200: "the queue"}),
)
async def get_queue(request: Request, name: str) -> Response:
    context = context_of(request)
    await context.jobs.refresh()
    return respond(
        Answer(200, orjson.dumps(await _json(context, caller_of(request).within, context.jobs.catalogue.queue(name))))
    )


@router.put(
    "/{name}",
    operation_id="put_queue",
    summary="Create or change a queue",
    responses=describe(
        {200: queue_models.Queue, 201: queue_models.Queue},
        *BODY,
        NotSupported,
        QueueInUse,
        QueueUnavailable,
        PathNotFound,
        text={200: "changed, or unchanged", 201: "created"},
        links=QUEUE_LINKS,
    ),
    openapi_extra=accepts(queue_models.QueueIn, examples.QUEUE),
)
async def put_queue(request: Request, name: str) -> Response:
    context = context_of(request)
    check_name(name)
    body = await read_json(request, queue_models.QueueIn)
    check_same_name(name, body.name)
    check_settings(body)
    known = context.jobs.catalogue.has_queue(name)
    queue = await context.jobs.projection.save_queue(name, body.paused, bullmq_of(body))
    return respond(Answer(200 if known else 201, orjson.dumps(await _json(context, caller_of(request).within, queue))))


def check_settings(body: queue_models.QueueIn, path: str = "") -> None:
    """Raises InvalidRequest and NotSupported."""
    if "engine" in body.model_fields_set and body.engine == "database" and body.bullmq is not None:
        raise InvalidRequest.at(f"{path}/bullmq", "is only for queues with the engine 'bullmq'", "exclusive")
    for field in ("concurrency", "rate_limit", "max_queued"):
        if getattr(body, field) is not None:
            raise NotSupported(f"{path}/{field}", "This setting is not supported yet.")


def bullmq_of(body: queue_models.QueueIn) -> Bullmq | UnsetType | None:
    if "engine" not in body.model_fields_set and body.bullmq is None:
        return UNSET
    if body.engine == "database" and body.bullmq is None:
        return None
    given = body.bullmq or queue_models.Bullmq()
    return Bullmq(given.prefix, given.consume)


@router.post(
    "/{name}/pause",
    operation_id="pause_queue",
    summary="Pause a queue",
    responses=describe(
        {200: queue_models.Queue}, *BODY, QueueNotFound, QueueUnavailable, text={200: "the current state"}
    ),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False),
)
async def pause_queue(request: Request, name: str) -> Response:
    return await _pause(request, name, True)


@router.post(
    "/{name}/resume",
    operation_id="resume_queue",
    summary="Resume a queue",
    responses=describe(
        {200: queue_models.Queue}, *BODY, QueueNotFound, QueueUnavailable, text={200: "the current state"}
    ),
    openapi_extra=accepts(fields.EmptyIn, examples.NOTHING, required=False),
)
async def resume_queue(request: Request, name: str) -> Response:
    return await _pause(request, name, False)


async def _pause(request: Request, name: str, paused: bool) -> Response:
    context = context_of(request)
    found = context.jobs.catalogue.queue(name)
    await read_json(request, fields.EmptyIn, optional=True)
    queue = await context.jobs.projection.pause(found, paused)
    return respond(Answer(200, orjson.dumps(await _json(context, caller_of(request).within, queue))))
