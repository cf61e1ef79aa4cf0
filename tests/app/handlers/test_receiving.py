"""Web apps that receive with the package, called by a whole server, and what they say by the runs' tokens."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer, ThreadingHTTPServer
from typing import Any
from wsgiref.simple_server import make_server

import httpx
import pytest
from blazy_jobs import JobContext, NonRetryable, RetryAfter
from blazy_jobs.receiving import AttemptOver, CallContext, Later, ReportAddress, Reporter, asgi, wsgi

from tests.app.server import Server
from tests.client_receiving.support import Uvicorn, close_connections
from tests.client_receiving.test_wsgi import Quiet

Hosting = Callable[..., Any]


class Gate(BaseHTTPRequestHandler):
    """Passes reports on to the server, which has no port: its loop's timers stand still."""

    protocol_version = "HTTP/1.1"
    server: GateServer

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        asked = self.server.http.post(self.path, content=body, headers=dict(self.headers))
        answer = asyncio.run_coroutine_threadsafe(asked, self.server.loop).result(60)
        self.send_response(answer.status_code)
        self.send_header("Content-Type", answer.headers["content-type"])
        self.send_header("Content-Length", str(len(answer.content)))
        self.end_headers()
        self.wfile.write(answer.content)

    def log_message(self, *_: object) -> None: ...


class GateServer(ThreadingHTTPServer):
    daemon_threads = True
    http: httpx.AsyncClient
    loop: asyncio.AbstractEventLoop


@pytest.fixture
async def listening(server: Server) -> AsyncIterator[Server]:
    """The server, with a port for reports."""
    gate = GateServer(("127.0.0.1", 0), Gate)
    gate.http, gate.loop = server.http, asyncio.get_running_loop()
    async with serving(gate):
        server.handlers.public_url = f"http://127.0.0.1:{gate.server_port}"
        yield server
    close_connections()


@asynccontextmanager
async def serving(host: HTTPServer) -> AsyncIterator[None]:
    thread = threading.Thread(target=host.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield
    finally:
        await asyncio.to_thread(host.shutdown)
        await asyncio.to_thread(thread.join)
        host.server_close()


class Host:
    """Where an app listens. The app itself is made when its secret is known."""

    app: Any = None


@asynccontextmanager
async def asgi_host(host: Host) -> AsyncIterator[str]:
    """On a loop of its own, whose time goes on."""
    began: queue.SimpleQueue[tuple[str, Callable[[], object]]] = queue.SimpleQueue()

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await host.app(scope, receive, send)

    async def listen() -> None:
        ended = asyncio.Event()
        loop = asyncio.get_running_loop()
        async with Uvicorn(app, lifespan="off").serving() as url:
            began.put((url, lambda: loop.call_soon_threadsafe(ended.set)))
            await ended.wait()

    thread = threading.Thread(target=lambda: asyncio.run(listen()))
    thread.start()
    url, end = await asyncio.to_thread(began.get, timeout=30)
    try:
        yield url
    finally:
        end()
        await asyncio.to_thread(thread.join)


@asynccontextmanager
async def wsgi_host(host: Host) -> AsyncIterator[str]:
    server = make_server("127.0.0.1", 0, lambda *request: host.app(*request), handler_class=Quiet)
    async with serving(server):
        yield f"http://127.0.0.1:{server.server_port}/"


@pytest.fixture(params=[(asgi, asgi_host), (wsgi, wsgi_host)], ids=["asgi", "wsgi"])
def hosting(request: pytest.FixtureRequest, listening: Server) -> Hosting:
    """An app with one handler, which the job type `work` names."""
    kind, open_host = request.param

    @asynccontextmanager
    async def run(handler: Any, completion: str = "response", **options: Any) -> AsyncIterator[Server]:
        host = Host()
        secret = options.pop("secret", None)
        async with open_host(host) as url:
            made = await listening.register(
                "work", handler={"kind": "http", "url": url, "completion": completion}, retry=0
            )
            host.app = kind.receive(handler, secrets=secret or made["secret"], completion=completion, **options)
            yield listening

    return run


async def ended(server: Server, run: Any) -> Any:
    return await server.get(f"/v1/runs/{run['id']}", wait_seconds=30)


def step_by_step(payload: int, context: JobContext) -> dict[str, Any]:
    for part in range(payload):
        context.log(f"part {part}", part=part)
    context.progress(100, "all parts", {"parts": payload})
    return {"parts": payload, "attempt": context.attempt}


async def step_by_step_async(payload: int, context: JobContext) -> dict[str, Any]:
    return step_by_step(payload, context)


@pytest.mark.parametrize("completion", ["response", "report"])
@pytest.mark.parametrize("handler", [step_by_step, step_by_step_async])
async def test_a_run_goes_there_and_its_words_come_back(hosting: Hosting, handler: Any, completion: str) -> None:
    async with hosting(handler, completion) as server:
        run = await ended(server, await server.dispatch("work", 3))
        assert (run["state"], run["result"]) == ("completed", {"parts": 3, "attempt": 1})
        assert run["progress"] == {"percent": 100, "message": "all parts", "data": {"parts": 3}}
        assert await server.types(run) == ["queued", "started", "log", "log", "log", "progress", "completed"]


@pytest.mark.parametrize("completion", ["response", "report"])
async def test_a_handler_that_gives_up(hosting: Hosting, completion: str) -> None:
    def give_up() -> None:
        raise NonRetryable("there is no such photo")

    async with hosting(give_up, completion) as server:
        run = await ended(server, await server.dispatch("work"))
        assert (run["state"], run["attempt"]) == ("failed", 1)
        assert run["error"]["code"] == ("http_status" if completion == "response" else "non_retryable")
        assert run["error"]["message"].endswith("there is no such photo")


async def test_a_handler_that_asks_for_time_spends_no_attempt(hosting: Hosting) -> None:
    calls: list[int] = []

    def ask(_: Any, context: JobContext) -> str:
        calls.append(context.attempt)
        if len(calls) < 3:
            raise RetryAfter(0, "busy")
        return "done"

    async with hosting(ask) as server:
        run = await ended(server, await server.dispatch("work"))
        assert (run["state"], run["attempt"], calls) == ("completed", 1, [1, 1, 1])


@pytest.mark.parametrize("completion", ["response", "report"])
async def test_a_cancel_reaches_the_handler(hosting: Hosting, completion: str) -> None:
    begun, seen = threading.Event(), threading.Event()

    def work(_: Any, context: JobContext) -> None:
        begun.set()
        while not context.cancelled:
            threading.Event().wait(0.01)
        seen.set()
        context.raise_if_cancelled()

    async with hosting(work, completion, beat_seconds=0.05) as server:
        run = await server.dispatch("work")
        await asyncio.to_thread(begun.wait, 30)
        await server.cancel(run, status=202)
        assert (await ended(server, run))["state"] == "cancelled"
        assert await asyncio.to_thread(seen.wait, 30)


async def test_another_secret_is_refused(hosting: Hosting) -> None:
    async with hosting(step_by_step, secret="whsec_" + "A" * 43 + "=") as server:
        run = await ended(server, await server.dispatch("work", 1))
        assert run["error"]["status"] == 401
        assert "no signature fits" in run["error"]["message"]


async def test_someone_else_reports_the_outcome(hosting: Hosting) -> None:
    kept: list[ReportAddress] = []
    arrived = threading.Event()

    def hand_over(_: Any, context: CallContext) -> Later:
        kept.append(context.report)
        arrived.set()
        return context.report_later()

    async with hosting(hand_over, "report") as server:
        run = await server.dispatch("work")
        await asyncio.to_thread(arrived.wait, 30)
        reporter = Reporter(kept[0])
        assert not (await asyncio.to_thread(reporter.progress, 50, "half")).cancel_requested
        await asyncio.to_thread(reporter.complete, {"approved": True})
        assert (await ended(server, run))["result"] == {"approved": True}
        with pytest.raises(AttemptOver):
            await asyncio.to_thread(reporter.progress, 60)
