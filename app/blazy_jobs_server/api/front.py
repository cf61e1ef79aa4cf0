"""The door: the hot routes are answered here, everything else goes on to FastAPI."""

from __future__ import annotations

import asyncio

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from blazy_jobs_server.api import exchange, hot, request_ids
from blazy_jobs_server.api.context import SAFE_METHODS, Answer, Context
from blazy_jobs_server.api.direct import DISPATCH_ROUTE, Direct
from blazy_jobs_server.api.events import STREAMS, EventStream
from blazy_jobs_server.api.problems import MEDIA_TYPE, document, unexpected
from blazy_jobs_server.api.requests import ClientDisconnected
from blazy_jobs_server.api.traffic import ROUTE
from blazy_jobs_server.domain.errors import Forbidden, JobsError, Unauthorized

JSON = (b"content-type", exchange.JSON_TYPE)
LASTING = {
    *("type", "http_version", "method", "path", "query_string", "client"),
    *("jobs.transport", exchange.CYCLE, request_ids.REQUEST_ID),
}
"""What is kept of a scope while its stream is served."""
HOT_METHODS = ("POST", "GET")
PROBLEM = (b"content-type", MEDIA_TYPE.encode())


class Front:
    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._context = context
        self._below = context.settings.public_path
        self.direct = Direct(context)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if self._below and scope["path"].startswith(f"{self._below}/"):  # by a proxy that keeps it
                scope["path"] = scope["path"].removeprefix(self._below)
            self._context.traffic.begin(scope)
            request_ids.current.set(request_ids.of(scope))
        await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        method = scope["method"] if scope["type"] == "http" else ""
        path: str = scope.get("path", "")
        if method in HOT_METHODS and path.startswith("/v1/"):
            try:
                answer = await self._answer(method, path.split("/"), scope, receive)
            except ClientDisconnected:
                return
            except JobsError as error:
                if isinstance(error, Unauthorized) and await self._context.meets(scope):
                    await self._serve(scope, receive, send)
                    return
                self._context.refused(error, method)
                await self._send_problem(scope, send, error)
                return
            except Exception as error:  # noqa: BLE001  # answered as a 500, and logged whole
                await self._send_problem(scope, send, unexpected(error, path))
                return
            if answer is not None:
                self._context.traffic.note(scope, answer.status)
                await _send(scope, send, answer)
                return
        if method:
            try:
                self._context.refuse_strangers(scope)
            except JobsError as error:
                await self._send_problem(scope, send, error)
                return
        if method == "HEAD":
            await self._head(scope, receive, send)
        else:
            await self._through(scope, receive, send)

    async def _through(self, scope: Scope, receive: Receive, send: Send) -> None:
        """To the framework, which answers and logs a bug and then raises it again. That is for us to end: what comes
        out of here would be logged a second time. The head of an answer is kept until its body comes."""
        ended = False
        head: Message | None = None

        async def sending(message: Message) -> None:
            nonlocal ended, head
            if message["type"] == "http.response.start":
                self._context.traffic.note(scope, message["status"])
                if _length(message) is not None:
                    head = message
                    return
            if head is not None:
                begun, head = head, None
                if _is_whole(begun, message) and exchange.answer(
                    scope, begun["status"], begun["headers"], message["body"]
                ):
                    ended = True
                    return
                await send(begun)
            await send(message)
            ended = message["type"] == "http.response.body" and not message.get("more_body", False)

        streams: list[EventStream] = []
        scope[STREAMS] = streams
        try:
            await self._app(scope, receive, sending)
        except Exception:
            if not ended:
                raise
        if streams:
            self._context.traffic.note(scope, 200)
            for name in scope.keys() - LASTING:
                del scope[name]
            await streams.pop().serve(scope, receive, send)

    async def _head(self, scope: Scope, receive: Receive, send: Send) -> None:
        """What GET would answer, without its body (RFC 9110, 9.3.2); a stream ends with its headers."""
        begun = asyncio.Event()

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._context.traffic.note(asked, message["status"])
                await send(message)
            elif not begun.is_set():
                await send({"type": "http.response.body", "body": b""})
                begun.set()

        asked: Scope = {**scope, "method": "GET"}
        answering = asyncio.ensure_future(self._app(asked, receive, send_head))
        waiting = asyncio.ensure_future(begun.wait())
        await asyncio.wait({answering, waiting}, return_when=asyncio.FIRST_COMPLETED)
        waiting.cancel()
        answering.cancel()
        await asyncio.gather(answering, waiting, return_exceptions=True)

    async def _answer(self, method: str, parts: list[str], scope: Scope, receive: Receive) -> Answer | None:
        """None: not one of the hot routes."""
        if method == "GET":
            match parts:
                case [_, _, "runs", run_id] if run_id not in NO_RUNS and not scope["query_string"]:
                    scope[ROUTE] = "/v1/runs/{run_id}"
                    self._context.admit(scope)
                    return await hot.read(self._context, scope, run_id)
            return None
        match parts:
            case [_, _, "job-types", name, "runs"]:
                scope[ROUTE] = DISPATCH_ROUTE
                self._context.admit(scope)
                return await hot.dispatch(self._context, scope, receive, name)
            case [_, _, "workers", worker_id, "report"]:
                scope[ROUTE] = "/v1/workers/{worker_id}/report"
                self._context.admit(scope)
                return await hot.report(self._context, scope, receive, worker_id)
            case [_, _, "workers", worker_id, "claim"]:
                scope[ROUTE] = "/v1/workers/{worker_id}/claim"
                self._context.admit(scope)
                return await hot.claim(self._context, scope, receive, worker_id)
            case [_, _, "runs", "batch"]:
                scope[ROUTE] = "/v1/runs/batch"
                self._context.admit(scope)
                return await hot.batch(self._context, scope, receive)
        return None

    async def _send_problem(self, scope: Scope, send: Send, error: JobsError) -> None:
        self._context.traffic.note(scope, error.status)
        await _send_problem(scope, send, error)


NO_RUNS = ("", "batch", "bulk", "count")
"""What stands in the place of an id in paths of runs."""
HANDLERS_DO = (
    "A handler reads what is under /v1, and dispatches, cancels, replays and triggers runs; "
    "for the rest name the server's address and a key."
)


class PoolDoor:
    """The pool's socket: for its workers the worker routes, and for their handlers to read and to make runs. What
    changes definitions or erases is not there: a handler that may do it is given the server's address and a key."""

    def __init__(self, front: Front) -> None:
        self._front = front
        self.direct = front.direct

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope["jobs.pool"] = True
            path = scope["path"]
            if not path.startswith("/v1/"):
                scope["path"] = "/not-served-here"
            elif not _is_for_the_pool(scope["method"], path.split("/")):
                await _send_problem(scope, send, Forbidden(HANDLERS_DO))
                return
        await self._front(scope, receive, send)


def _is_for_the_pool(method: str, parts: list[str]) -> bool:
    if method in SAFE_METHODS:
        return True
    match parts[2:]:
        case ["workers", *_]:
            return True
        case ["runs", "bulk"]:
            return False
        case ["runs", *_] | ["job-types", _, "runs"] | ["schedules", _, "trigger"]:
            return method == "POST"
    return False


class ProbesDoor:
    """Of a server that only works: probes and metrics, nothing else."""

    SERVED = ("/healthz", "/readyz", "/metrics")

    def __init__(self, front: ASGIApp) -> None:
        self._front = front

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in self.SERVED:
            scope["path"] = "/not-served-here"
        await self._front(scope, receive, send)


def _length(head: Message) -> int | None:
    for name, value in head.get("headers", ()):
        if name == b"content-length":
            return int(value)
    return None


def _is_whole(head: Message, message: Message) -> bool:
    return not message.get("more_body", False) and len(message.get("body", b"")) == _length(head) != 0


async def _send(scope: Scope, send: Send, answer: Answer) -> None:
    headers = [*answer.headers, (b"content-length", str(len(answer.body)).encode())]
    if answer.body:
        headers.append(JSON)
    await _write(scope, send, answer.status, headers, answer.body)


async def _send_problem(scope: Scope, send: Send, error: JobsError) -> None:
    body = document(error)
    headers = [(name.lower().encode(), value.encode()) for name, value in error.headers.items()]
    headers += [(b"content-length", str(len(body)).encode()), PROBLEM]
    await _write(scope, send, error.status, headers, body)


async def _write(scope: Scope, send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    if scope["method"] == "HEAD":
        body = b""
    if not exchange.answer(scope, status, headers, body):
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": body})
