"""The stream of digests."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from blazy_jobs_server.api import live_models, visibility
from blazy_jobs_server.api.context import caller_of, context_of
from blazy_jobs_server.api.describe import LAST_EVENT_ID, RUN_ID, answers, headers_of, reference
from blazy_jobs_server.api.events import EventStream
from blazy_jobs_server.api.requests import headers_of as request_headers
from blazy_jobs_server.api.requests import run_key
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import BadLastEventId, EventsExpired, InvalidRequest, RunNotFound
from blazy_jobs_server.domain.keys import Scope
from blazy_jobs_server.engine.sight import Sight

router = APIRouter(tags=["events"])

STREAM: dict[str, Any] = {
    "text/event-stream": {
        "schema": {
            "type": "string",
            "description": (
                "Server-Sent Events (WHATWG HTML, 9.2). `digest`: one line of JSON in `data`, of at most 8 KiB (schema "
                "`Digest`). With `run`, the events of that run come between them as in `GET /v1/runs/{run_id}/events`. "
                "A `retry` field comes first, and a comment after 15 seconds in which nothing has changed."
            ),
            "x-event": reference(live_models.Digest),
        },
        "example": 'id: 1i9lna4ic0000\nevent: digest\ndata: {"at":"2026-01-31T12:00:00.000000Z",…}\n\n',
    }
}


@router.get(
    "/v1/live",
    operation_id="follow_live",
    summary="Follow how everything stands: one digest a second, however much happens",
    response_class=Response,
    responses={
        200: {"description": "a stream of digests", "content": STREAM, "headers": headers_of("Cache-Control")},
        **answers(BadLastEventId, InvalidRequest, RunNotFound, EventsExpired),
    },
    openapi_extra={"parameters": [LAST_EVENT_ID]},
)
async def follow_live(
    request: Request,
    run: Annotated[str | None, Query(max_length=64, examples=[RUN_ID])] = None,
) -> Response:
    """For pages and terminals. A digest comes at once, and then at most once a second, if anything in it has changed.
    Each is complete in itself, so a missed one is no loss; with `run`, the stream resumes after the last event of that
    run that was received. Never ends by itself."""
    context, caller = context_of(request), caller_of(request)
    last = request_headers(request.scope).get(b"last-event-id")
    key, after = None, 0
    if run is not None:
        found = await context.jobs.run(run_key(run))
        visibility.check_run(caller, found)
        key, after = found.id, _event_number(last)
        if after > found.seq and await context.jobs.store.was_lost(None):
            raise EventsExpired  # of a history that a restore has ended
    elif last and ids.decode(last.decode("latin-1")) is None:
        raise BadLastEventId
    sight = Sight(caller.within, caller.may(Scope.ADMIN))
    ended, reveals = context.ended(request.scope), caller.may(Scope.REVEAL)
    return EventStream(context.jobs.live.follow(sight, key, after, ended, reveals=reveals))


def _event_number(last: bytes | None) -> int:
    if not last:
        return 0
    if not last.isdigit() or len(last) > 15:
        raise BadLastEventId
    return int(last)
