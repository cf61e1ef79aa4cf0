"""API keys: made, rotated, revoked; and what the caller's own one allows."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from blazy_jobs_server.api import examples, key_models, render
from blazy_jobs_server.api.context import ONCE, Answer, Context, caller_of, context_of
from blazy_jobs_server.api.describe import BODY, accepts, answers, describe
from blazy_jobs_server.api.job_types import page_of
from blazy_jobs_server.api.requests import read_json
from blazy_jobs_server.api.runs import Limit, NameCursor, respond
from blazy_jobs_server.domain.errors import (
    InvalidCursor,
    InvalidRequest,
    KeyEnded,
    KeyNotFound,
    MethodNotAllowed,
    RotationPending,
)
from blazy_jobs_server.domain.instants import from_datetime, rfc3339
from blazy_jobs_server.domain.keys import ApiKey, Caller, RateLimit, Scope, Within
from blazy_jobs_server.trust.keys import Wanted

router = APIRouter(prefix="/v1/keys", tags=["keys"])

OVERLAP_SECONDS = 86_400.0


def key_json(key: ApiKey, last_used_at: int | None) -> dict[str, Any]:
    limit = key.rate_limit
    return {
        "id": key.id,
        "name": key.name,
        "scopes": list(key.scopes),
        "job_types": key.within.job_types,
        "queues": key.within.queues,
        "rate_limit": None if limit is None else {"limit": limit.limit, "per_seconds": limit.per_seconds},
        "created_at": rfc3339(key.created_at),
        "created_by": key.created_by,
        "expires_at": _time(key.expires_at),
        "last_used_at": _time(last_used_at),
        "revoked_at": _time(key.revoked_at),
        "previous_until": _time(key.previous_until),
    }


def _json(context: Context, key: ApiKey) -> dict[str, Any]:
    return key_json(key, context.access.last_used_at(key))


def _time(at: int | None) -> str | None:
    return None if at is None else rfc3339(at)


def _secret(context: Context, status: int, key: ApiKey, text: str) -> Response:
    headers = (ONCE, (b"location", f"/v1/keys/{key.id}".encode())) if status == 201 else (ONCE,)
    return respond(Answer(status, orjson.dumps(_json(context, key) | {"key": text}), headers))


@router.post(
    "",
    operation_id="create_key",
    summary="Create an API key",
    status_code=201,
    responses=describe(
        {201: key_models.NewKey},
        *BODY,
        text={201: "created; the only response that contains the key"},
        headers={201: ("Location", "Cache-Control")},
    ),
    openapi_extra=accepts(key_models.KeyIn, examples.KEY),
)
async def create_key(request: Request) -> Response:
    context = context_of(request)
    wanted = wanted_of(await read_json(request, key_models.KeyIn), context.jobs.clock.now())
    return _secret(context, 201, *await context.keys.create(wanted, caller_of(request).id))


def wanted_of(body: key_models.KeyIn, now: int) -> Wanted:
    """Raises InvalidRequest."""
    expires_at = None if body.expires_at is None else from_datetime(body.expires_at)
    if expires_at is not None and expires_at <= now:
        raise InvalidRequest.at("/expires_at", "must be in the future", "in_the_past")
    limit = body.rate_limit
    return Wanted(
        name=body.name,
        scopes=tuple(Scope(scope) for scope in dict.fromkeys(body.scopes)),
        within=Within(_patterns(body.job_types), _patterns(body.queues)),
        rate_limit=None if limit is None else RateLimit(limit.limit, limit.per_seconds),
        expires_at=expires_at,
    )


def _patterns(given: list[str] | None) -> tuple[str, ...] | None:
    return None if given is None else tuple(dict.fromkeys(given))


@router.get(
    "",
    operation_id="list_keys",
    summary="List API keys, newest first",
    responses=describe({200: key_models.KeyPage}, InvalidRequest, InvalidCursor, text={200: "a page, newest first"}),
)
async def list_keys(request: Request, limit: Limit = 50, cursor: NameCursor = None) -> Response:
    context = context_of(request)
    await context.access.fresh()
    keys = sorted(((key.created_at, key.id), key) for key in context.access.keys)
    page, following = page_of(keys[::-1], cursor, limit)
    items = [orjson.dumps(_json(context, key)).decode() for key in page]
    return respond(Answer(200, render.page_json(items, following)))


@router.get(
    "/self",
    operation_id="get_own_key",
    summary="Read what the key of the request allows",
    responses=describe({200: key_models.Self}, text={200: "the key, or `root` for the key of the settings"}),
)
async def get_own_key(request: Request) -> Response:
    return respond(Answer(200, orjson.dumps(self_json(caller_of(request)))))


@router.delete("/self", include_in_schema=False)
async def self_is_no_id() -> Response:
    raise MethodNotAllowed("GET")


def self_json(caller: Caller) -> dict[str, Any]:
    return {
        "id": caller.id,
        "name": caller.name,
        "scopes": sorted(caller.scopes),
        "job_types": caller.within.job_types,
        "queues": caller.within.queues,
    }


@router.delete(
    "/{key_id}",
    operation_id="revoke_key",
    summary="Revoke an API key",
    status_code=204,
    response_class=Response,
    responses={**answers(KeyNotFound), 204: {"description": "revoked, now or before"}},
)
async def revoke_key(request: Request, key_id: str) -> Response:
    await context_of(request).keys.revoke(key_id)
    return Response(status_code=204)


@router.post(
    "/{key_id}/rotate",
    operation_id="rotate_key",
    summary="Give an API key another secret",
    responses=describe(
        {200: key_models.NewKey},
        *BODY,
        KeyNotFound,
        KeyEnded,
        RotationPending,
        text={200: "rotated; the only response that contains the new key"},
        headers={200: ("Cache-Control",)},
    ),
    openapi_extra=accepts(key_models.RotateIn, examples.ROTATE, required=False),
)
async def rotate_key(request: Request, key_id: str) -> Response:
    context = context_of(request)
    await context.keys.get(key_id)
    body = await read_json(request, key_models.RotateIn, optional=True)
    overlap_seconds = OVERLAP_SECONDS if body.overlap_seconds is None else body.overlap_seconds
    return _secret(context, 200, *await context.keys.rotate(key_id, overlap_seconds))
