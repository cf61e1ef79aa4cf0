"""The server's side of a call: requests as it signs them, by the reference library, and a desk that takes reports."""

from __future__ import annotations

import asyncio
import base64
import itertools
import json
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import uvicorn
from blazy_jobs.receiving import connections
from standardwebhooks import Webhook

from tests.support.speed import stretched

SECRET = "whsec_" + base64.b64encode(bytes(range(32))).decode()
OTHER_SECRET = "whsec_" + base64.b64encode(bytes(range(32, 64))).decode()
TOKEN = "rpt_0123456789"

_numbers = itertools.count(1)


def signed(body: bytes, message_id: str, *, secret: str = SECRET, at: datetime | None = None) -> dict[str, str]:
    """The headers that the reference library makes."""
    when = (at or datetime.now(UTC)).replace(microsecond=0)
    return {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(int(when.timestamp())),
        "webhook-signature": Webhook(secret).sign(message_id, when, body.decode()),
    }


def handler_call(
    payload: Any = None,
    *,
    job_type: str = "resize-photo",
    report_url: str | None = None,
    seconds: float = 60,
    **run: Any,
) -> bytes:
    """The body of a call, as the server writes it."""
    attempt = run.get("attempt", 1)
    deadline_at = datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
    shown = {
        "id": f"run_{next(_numbers):013d}",
        "job_type": job_type,
        "job_type_version": 1,
        "queue": "default",
        "state": "running",
        "priority": 0,
        "payload": payload,
        "result": None,
        "error": None,
        "progress": None,
        "attempt": attempt,
        "max_attempts": 4,
        "timeout_seconds": seconds,
        "tags": ["photos"],
        "metadata": {"tenant": "acme"},
    }
    report = None if report_url is None else {"url": report_url, "token": TOKEN}
    body = {
        "run": shown | run,
        "attempt": attempt,
        "deadline_at": deadline_at.isoformat(timespec="microseconds").replace("+00:00", "Z"),
        "report": report,
    }
    return json.dumps(body, ensure_ascii=False).encode()


def event_body(type: str = "run.completed", **data: Any) -> bytes:
    about = {
        "run_id": "run_0000000000001",
        "job_type": "resize-photo",
        "queue": "default",
        "state": "completed",
        "seq": 3,
        "attempt": 1,
        "error": None,
    }
    return json.dumps({"type": type, "timestamp": "2026-11-28T12:00:00.000000Z", "data": about | data}).encode()


def call_headers(body: bytes, **options: Any) -> dict[str, str]:
    return signed(body, json.loads(body)["run"]["id"], **options)


class Desk:
    """Takes reports over HTTP. `answer` says what is answered to a request's items; None hangs up."""

    def __init__(self) -> None:
        self.requests: list[list[dict[str, Any]]] = []
        self.authorizations: list[str | None] = []
        self.answer: Callable[[list[dict[str, Any]]], tuple[int, Any] | None] = accepted
        self._arrived = threading.Condition()
        desk = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                items = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["reports"]
                with desk._arrived:
                    desk.requests.append(items)
                    desk.authorizations.append(self.headers["Authorization"])
                    desk._arrived.notify_all()
                answered = desk.answer(items)
                if answered is None:
                    self.close_connection = True
                    return
                status, content = answered
                raw = json.dumps(content).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, *_: object) -> None: ...

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1/runs/run_1/report"

    @property
    def items(self) -> list[dict[str, Any]]:
        with self._arrived:
            return [item for request in self.requests for item in request]

    def of(self, *types: str) -> list[dict[str, Any]]:
        return [item for item in self.items if item["type"] in types]

    def until(self, holds: Callable[[Desk], object], seconds: float = 10.0) -> None:
        """Of what has arrived. From another thread than an event loop's."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: holds(self), stretched(seconds)), self.requests

    @contextmanager
    def open(self) -> Iterator[Desk]:
        thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
            close_connections()


def close_connections() -> None:
    """Those of all reporters that are not awaited."""
    while connections._connections:
        connections._connections.popitem()[1].close()


def heard(items: list[dict[str, Any]], status: str = "accepted", cancel_requested: bool = False) -> dict[str, Any]:
    data = [{"status": status, "error": None, "cancel_requested": cancel_requested} for _ in items]
    return {"data": data, "cancel_requested": cancel_requested}


def accepted(items: list[dict[str, Any]]) -> tuple[int, Any]:
    return 200, heard(items)


def cancelling(items: list[dict[str, Any]]) -> tuple[int, Any]:
    return 200, heard(items, cancel_requested=True)


def over(items: list[dict[str, Any]]) -> tuple[int, Any]:
    return 200, heard(items, "lease_lost")


class Uvicorn(uvicorn.Server):
    """In the test's own loop."""

    def __init__(self, app: Any, lifespan: Literal["on", "off"] = "on") -> None:
        super().__init__(uvicorn.Config(app, port=0, log_config=None, lifespan=lifespan, timeout_graceful_shutdown=1))
        self.ready = asyncio.Event()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are pytest's."""
        yield

    async def startup(self, *sockets: Any, **options: Any) -> None:
        await super().startup(*sockets, **options)
        self.ready.set()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        task = asyncio.create_task(self.serve())
        await self.ready.wait()
        try:
            yield f"http://127.0.0.1:{self.servers[0].sockets[0].getsockname()[1]}"
        finally:
            self.should_exit = True
            await task
