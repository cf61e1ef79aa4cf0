"""Sessions of browsers: opened with a key, for a cookie that no script can read."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from blazy_jobs_server.api import cookies, examples, session_models
from blazy_jobs_server.api.context import ONCE, Answer, caller_of, context_of, guard
from blazy_jobs_server.api.describe import ALWAYS, BODY, GUARDED, STORED, accepts, answers, describe, problems_of
from blazy_jobs_server.api.describe import headers_of as described_headers
from blazy_jobs_server.api.keys import self_json
from blazy_jobs_server.api.operations import OPEN
from blazy_jobs_server.api.queries import known_query, refuse_query
from blazy_jobs_server.api.requests import fit, headers_of, read_body
from blazy_jobs_server.api.runs import respond
from blazy_jobs_server.api.strict_json import parse
from blazy_jobs_server.domain.errors import CrossSite, JobsError, TooManyTries, Unauthorized
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.sessions import id_of
from blazy_jobs_server.ports.audit import acting

router = APIRouter(prefix="/v1/session", tags=["sessions"])

MAX_BODY_BYTES = 16 * 1024
BY_EITHER: dict[str, Any] = {"security": [{"session": []}]}
"""By a key as well, as every other operation: openapi.py adds that."""


@router.post(
    "",
    operation_id="log_in",
    summary="Log a browser in",
    status_code=204,
    response_class=Response,
    responses={
        **problems_of(*ALWAYS, *GUARDED, *STORED, *BODY, TooManyTries),
        204: {"description": "logged in", "headers": described_headers("Set-Cookie", "Cache-Control")},
    },
    openapi_extra={**accepts(session_models.SessionIn, examples.SESSION), **OPEN},
)
async def log_in(request: Request) -> Response:
    context, scope = context_of(request), request.scope
    address = context.peers.address(scope)
    try:
        if context.is_cross_site(scope, headers_of(scope)):
            raise CrossSite
        context.tries.check(address)
    except JobsError as error:
        context.refuse(scope, error)
        raise
    body = await read_body(scope, request.receive, MAX_BODY_BYTES, context.settings.body_timeout_seconds)
    value = parse(body)
    refuse_query(scope)
    key = fit(session_models.SessionIn, value).key
    context.tries.check(address)  # those that have failed while the body came
    try:
        caller, secret = await context.access.identify(key.strip())
    except Unauthorized as error:
        context.tries.was_bad(address)
        context.refuse(scope, error)
        raise
    acting.set(context.act_of(caller, scope))
    token, _ = await context.access.log_in(caller, secret)
    return _with_cookie(cookies.written(context.cookie_name(scope), token))


def _with_cookie(cookie: str) -> Response:
    response = Response(status_code=204, headers={"set-cookie": cookie})
    response.raw_headers.append(ONCE)
    return response


@router.get(
    "",
    operation_id="get_session",
    summary="Read who the request is from, and what it may do",
    responses=describe({200: session_models.Session}, text={200: "who it is"}, headers={200: ("Cache-Control",)}),
    dependencies=[Depends(guard), Depends(known_query)],
    openapi_extra=BY_EITHER,
)
async def get_session(request: Request) -> Response:
    caller = caller_of(request)
    ends_at = None if caller.session is None else context_of(request).access.sessions.ends_at(caller.session)
    shown = self_json(caller) | {"expires_at": None if ends_at is None else rfc3339(ends_at)}
    return respond(Answer(200, orjson.dumps(shown), (ONCE,)))


@router.delete(
    "",
    operation_id="log_out",
    summary="Log a browser out",
    status_code=204,
    response_class=Response,
    responses={**answers(), 204: {"description": "logged out", "headers": described_headers("Set-Cookie")}},
    dependencies=[Depends(guard), Depends(known_query)],
    openapi_extra=BY_EITHER,
)
async def log_out(request: Request) -> Response:
    context, scope = context_of(request), request.scope
    token = context.cookie(scope)
    if token is not None:
        await context.access.sessions.end(id_of(token))
    return _with_cookie(cookies.removed(context.cookie_name(scope)))
