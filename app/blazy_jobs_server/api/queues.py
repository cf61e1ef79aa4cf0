"""Queues: they come into being when first used."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from msgspec import UNSET, UnsetType, to_builtins
from msgspec.structs import replace

from blazy_jobs_server.api import examples, fields, queue_models, render
from blazy_jobs_server.api.context import Answer, Context, caller_of, context_of
from blazy_jobs_server.api.describe import BODY, QUEUE_LINKS, accepts, describe
from blazy_jobs_server.api.job_types import check_name, check_same_name, page_of
from blazy_jobs_server.api.requests import read_json
from blazy_jobs_server.api.runs import Limit, NameCursor, respond
from blazy_jobs_server.domain.errors import (
    InvalidCursor,
    InvalidRequest,
    LimitUnsupported,
    NotSupported,
    PathNotFound,
    QueueInUse,
    QueueNotFound,
    QueueUnavailable,
)
from blazy_jobs_server.domain.job_type import Bullmq, Queue
from blazy_jobs_server.domain.keys import Within
from blazy_jobs_server.domain.limits import NO_LIMITS, Limits, Rate
from blazy_jobs_server.domain.run import STATE_NAMES

router = APIRouter(prefix="/v1/queues", tags=["queues"])


async def _json(context: Context, within: Within, queue: Queue) -> dict[str, Any]:
    counts = await context.jobs.projection.counts(queue, within)
    return {
        "name": queue.name,
        "engine": queue.engine,
        "paused": queue.paused,
        **render.limits_json(queue.limits),
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
        LimitUnsupported,
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
    catalogue = context.jobs.catalogue
    known = catalogue.queue(name) if catalogue.has_queue(name) else None
    check_settings(body, known)
    queue = await context.jobs.projection.save_queue(name, body.paused, bullmq_of(body), limits_of(body))
    return respond(
        Answer(201 if known is None else 200, orjson.dumps(await _json(context, caller_of(request).within, queue)))
    )


def check_settings(body: queue_models.QueueIn, known: Queue | None, path: str = "") -> None:
    """`known` is the queue as it stands. Raises InvalidRequest and LimitUnsupported."""
    if "engine" in body.model_fields_set and body.engine == "database" and body.bullmq is not None:
        raise InvalidRequest.at(f"{path}/bullmq", "is only for queues with the engine 'bullmq'", "exclusive")
    asked = bullmq_of(body)
    if known is not None and asked is UNSET:
        asked = known.bullmq
    if isinstance(asked, Bullmq):
        refuse_limits(body, path)


def refuse_limits(body: queue_models.QueueLimits, path: str = "") -> None:
    """Raises LimitUnsupported where any is given."""
    for field in queue_models.QueueLimits.model_fields:
        if getattr(body, field) is not None:
            raise LimitUnsupported(f"{path}/{field}")


def limits_of(body: queue_models.QueueLimits, known: Limits = NO_LIMITS) -> Limits:
    """What is left out is as it is in `known`."""
    rate = body.rate_limit
    given = {
        "concurrency": body.concurrency,
        "rate_limit": None if rate is None else Rate(rate.limit, rate.per_seconds),
        "max_queued": body.max_queued,
    }
    return replace(known, **{name: value for name, value in given.items() if name in body.model_fields_set})


def bullmq_of(body: queue_models.QueueIn) -> Bullmq | UnsetType | None:
    if "engine" not in body.model_fields_set and body.bullmq is None:
        return UNSET
    if body.engine == "database" and body.bullmq is None:
        return None
    given = body.bullmq or queue_models.Bullmq()
    return Bullmq(given.prefix, given.consume)


@router.patch(
    "/{name}",
    operation_id="patch_queue",
    summary="Change some settings of a queue",
    responses=describe(
        {200: queue_models.Queue},
        *BODY,
        QueueNotFound,
        LimitUnsupported,
        QueueUnavailable,
        text={200: "the current state"},
    ),
    openapi_extra=accepts(queue_models.QueuePatch, examples.QUEUE_CHANGE),
)
async def patch_queue(request: Request, name: str) -> Response:
    context = context_of(request)
    known = context.jobs.catalogue.queue(name)
    body = await read_json(request, queue_models.QueuePatch)
    if known.bullmq is not None:
        refuse_limits(body)
    limits = limits_of(body, known.limits)
    queue = await context.jobs.projection.save_queue(name, body.paused, limits=limits)
    return respond(Answer(200, orjson.dumps(await _json(context, caller_of(request).within, queue))))


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
