"""The event streams over HTTP (WHATWG HTML, section 9.2), and a run's events as JSON."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from typing import Annotated, Literal

import structlog
from fastapi import APIRouter, Query, Request, Response
from starlette.types import Receive, Scope, Send

from blazy_jobs_server.api import event_models, exchange, render, shown
from blazy_jobs_server.api.context import Answer, caller_of, context_of
from blazy_jobs_server.api.describe import LAST_EVENT_ID, answers, headers_of, reference
from blazy_jobs_server.api.negotiation import parse_accept, quality
from blazy_jobs_server.api.requests import cursor_key, run_key
from blazy_jobs_server.api.requests import headers_of as request_headers
from blazy_jobs_server.api.runs import Cursor, Limit, respond
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import (
    BadLastEventId,
    EventsExpired,
    InvalidCursor,
    InvalidRequest,
    RunNotFound,
)
from blazy_jobs_server.domain.event import EVENT_TYPES
from blazy_jobs_server.domain.keys import Scope as KeyScope
from blazy_jobs_server.engine.frames import event_json
from blazy_jobs_server.ports import EventFilter

router = APIRouter(tags=["events"])
log = structlog.get_logger("events")

SEND_BUFFER_BYTES = 64 * 1024
SEND_SECONDS = 20.0
"""How long a reader may take nothing before it is cut."""

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache, no-transform"),
    (b"x-accel-buffering", b"no"),
]
VARY = (b"vary", b"Accept")
STREAMS = "jobs.streams"
"""In the scope, a list: streams put there are served when the framework's call is over. All that it has at hand for a
request, more than the rest of a stream, would stay with it as long as the stream."""


class EventStream(Response):
    """Sends blocks as they come. A reader that takes none of them for a while is cut, and can resume."""

    def __init__(self, blocks: AsyncGenerator[bytes, None], *headers: tuple[bytes, bytes]) -> None:
        super().__init__()
        self._blocks = blocks
        self._head = [*HEADERS, *headers]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        streams: list[EventStream] | None = scope.get(STREAMS)
        if streams is None:
            await self.serve(scope, receive, send)
        else:
            streams.append(self)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Returns at the stream's end, or when its reader has gone."""
        transport = scope.get("jobs.transport")
        if transport is not None:
            _bound_send_buffer(transport)
        sending = asyncio.current_task()
        assert sending is not None
        has_gone = False

        def gone() -> None:
            nonlocal has_gone
            has_gone = True
            sending.cancel()

        leaving = None if exchange.watch(scope, gone) else asyncio.ensure_future(_until_gone(receive, gone))
        try:
            await self._send(scope, send)
        except asyncio.CancelledError:
            if not has_gone:
                raise
            sending.uncancel()
            exchange.abort(scope)
        finally:
            exchange.unwatch(scope)
            if leaving is not None:
                leaving.cancel()
            await self._blocks.aclose()

    async def _send(self, scope: Scope, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self._head})
        try:
            async for block in self._blocks:
                if exchange.push(scope, block):
                    continue  # without a timer and a wait for each stream that gets the event
                async with asyncio.timeout(SEND_SECONDS):
                    await send({"type": "http.response.body", "body": block, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        except TimeoutError:
            log.info("slow stream reader disconnected")
            exchange.abort(scope)


def _bound_send_buffer(transport: asyncio.Transport) -> None:
    """Without it the kernel would hold megabytes for a reader that does not read."""
    import socket

    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER_BYTES)


async def _until_gone(receive: Receive, gone: Callable[[], None]) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    gone()


STREAM = {
    "text/event-stream": {
        "schema": {
            "type": "string",
            "description": (
                "Server-Sent Events (WHATWG HTML, 9.2), each with an `id` to resume from (send it as `Last-Event-ID`), "
                "the event's type as `event`, and the event as one line of JSON in `data` (schema `Event`). A `retry` "
                "field and a comment every 15 seconds come between them."
            ),
        },
        "example": 'id: 1\nevent: queued\ndata: {"seq":1,"type":"queued",…}\n\n',
    }
}
PAGE = {"application/json": {"schema": reference(event_models.EventPage)}}
STREAM_HEADERS = headers_of("Cache-Control")


def _wants_json(request: Request) -> bool:
    """Whether the client prefers a page to a stream, by the qualities of `Accept` (RFC 9110, 12.5.1)."""
    accepted = parse_accept(request.headers.getlist("accept"))
    return quality(accepted, "application/json") > quality(accepted, "text/event-stream")


@router.get(
    "/v1/runs/{run_id}/events",
    operation_id="follow_run",
    summary="Follow a run's events: a stream, or JSON with `Accept: application/json`",
    responses={
        200: {
            "description": "an event stream, each event with its `seq` as `id`; or a page, oldest first",
            "content": {**STREAM, **PAGE},
            "headers": headers_of("Cache-Control", "Vary"),
        },
        **answers(BadLastEventId, InvalidRequest, InvalidCursor, RunNotFound, EventsExpired),
        204: {"description": "all events have been read; tells an EventSource to stop"},
    },
    openapi_extra={"parameters": [LAST_EVENT_ID]},
)
async def follow_run(
    request: Request,
    run_id: str,
    after: Annotated[int | None, Query(ge=0, le=2**53, description="Only events after this number.")] = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    """The stream starts with the first event (or after `Last-Event-ID`, or `after`), continues live, and ends after the
    final event. It ends earlier if the server stops; reconnect with `Last-Event-ID`."""
    context = context_of(request)
    jobs = context.jobs
    run = await jobs.run(run_key(run_id))
    if _wants_json(request):
        return await _page(request, run.id, cursor_key(cursor) or after or 0, limit)
    last = request_headers(request.scope).get(b"last-event-id")
    start = after or 0
    if last:
        if not last.isdigit() or len(last) > 15:
            raise BadLastEventId
        start = int(last)
        if start > run.seq and await jobs.store.was_lost(None):
            raise EventsExpired  # of a history that a restore has ended
    if run.state.final and start >= run.seq:
        return Response(status_code=204, headers={"Vary": "Accept"})
    caller = caller_of(request)
    ended, reveals = context.ended(request.scope), caller.may(KeyScope.REVEAL)
    return EventStream(jobs.feed.follow_run(run.id, start, ended, reveals=reveals), VARY)


async def _page(request: Request, run_id: int, after: int, limit: int) -> Response:
    jobs = context_of(request).jobs
    events = await jobs.store.events(run_id, after, limit + 1)
    page = events[:limit]
    run = await jobs.store.run(run_id)
    more = bool(page) and run is not None and page[-1].seq < run.seq
    following = ids.encode(page[-1].seq) if more else None
    items = [event_json(shown.event_of(jobs, caller_of(request), event)) for event in page]
    return respond(Answer(200, render.page_json(items, following), (VARY,)))


@router.get(
    "/v1/events",
    operation_id="follow_events",
    summary="Follow the events of all runs",
    response_class=Response,
    responses={
        200: {
            "description": "an event stream, each event with an opaque position to resume from as `id`",
            "content": STREAM,
            "headers": STREAM_HEADERS,
        },
        **answers(BadLastEventId, InvalidRequest, EventsExpired),
    },
    openapi_extra={"parameters": [LAST_EVENT_ID]},
)
async def follow_events(
    request: Request,
    type: Annotated[list[event_models.EventType], Query()] = [],  # noqa: B006  # FastAPI copies it
    job_type: Annotated[str | None, Query(max_length=128)] = None,
    queue: Annotated[str | None, Query(max_length=128)] = None,
    tag: Annotated[str | None, Query(max_length=128)] = None,
    from_: Annotated[Literal["start"] | None, Query(alias="from")] = None,
) -> Response:
    """With `Last-Event-ID` it resumes without loss or repetition; otherwise it starts now, or with `from=start` at the
    oldest stored event. The comment `: live` is sent once, after all stored events. Never ends by itself."""
    context = context_of(request)
    jobs = context.jobs
    where = EventFilter(
        types=frozenset(EVENT_TYPES[name] for name in type),
        job_type=job_type,
        queue=queue,
        tag=tag,
        within=caller_of(request).within,
    )
    last = request_headers(request.scope).get(b"last-event-id")
    newest, pruned = await jobs.store.feed_bounds(where)
    start = 0 if from_ else newest
    if last:
        key = ids.decode(last.decode("latin-1"))
        if key is None:
            raise BadLastEventId
        if key < pruned or await jobs.store.was_lost(key):
            raise EventsExpired
        start = key
    ended, reveals = context.ended(request.scope), caller_of(request).may(KeyScope.REVEAL)
    return EventStream(jobs.feed.follow_all(where, start, ended, reveals=reveals))
