"""A server of a few lines that answers as a test wants it to, and keeps what it was asked."""

from __future__ import annotations

import json
import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

CREATED = "2026-11-24T10:00:00.000000Z"


@dataclass
class Asked:
    method: str
    path: str
    query: dict[str, list[str]]
    headers: Mapping[str, str]
    body: Any


@dataclass
class Answer:
    """`blocks`: an event stream, which ends after them, or stays open when `hangs`."""

    status: int = 200
    body: Any = None
    raw: bytes | None = None
    blocks: Iterable[bytes] = ()
    hangs: bool = False
    headers: dict[str, str] = field(default_factory=dict)


class Stub:
    """Answers by method and path; the last answer of a path is given again and again. Else it is a 404."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self._answers: dict[tuple[str, str], list[Answer]] = defaultdict(list)
        self._stopped = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = False
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def on(self, what: str, *answers: Answer) -> None:
        method, path = what.split(" ")
        self._answers[method, path].extend(answers)

    def page(self, path: str, items: list[dict[str, Any]], cursor: str | None = None) -> None:
        self.on(f"GET {path}", Answer(body={"data": items, "next_cursor": cursor}))

    def _answer(self, asked: Asked) -> Answer:
        self.asked.append(asked)
        answers = self._answers[asked.method, asked.path]
        if not answers:
            return problem(404, "not_found", f"nothing at {asked.path}")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def _serve(self) -> None:
                parts = urlsplit(self.path)
                raw = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                body = json.loads(raw) if raw else None
                asked = Asked(self.command, parts.path, parse_qs(parts.query), dict(self.headers), body)
                self._send(stub._answer(asked))
                self.close_connection = True

            do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

            def _send(self, answer: Answer) -> None:
                self.send_response(answer.status)
                for name, value in answer.headers.items():
                    self.send_header(name, value)
                self.send_header("Connection", "close")
                if answer.blocks or answer.hangs:
                    self.send_header("Content-Type", "text/event-stream")
                    self.end_headers()
                    for block in answer.blocks:
                        self.wfile.write(block)
                        self.wfile.flush()
                    if answer.hangs:
                        stub._stopped.wait(30)
                    return
                raw = answer.raw if answer.raw is not None else json.dumps(answer.body).encode()
                self.send_header("Content-Length", str(len(raw)))
                self.end_headers()
                self.wfile.write(raw)

            def log_message(self, format: str, *args: Any) -> None: ...

        return Handler


def problem(status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None) -> Answer:
    body = {"type": "about:blank", "title": code, "status": status, "detail": detail, "code": code}
    return Answer(status, body | ({"errors": errors} if errors else {}))


def run(id: str = "run_0000000000001", state: str = "queued", **fields: Any) -> dict[str, Any]:
    whole: dict[str, Any] = {
        "id": id,
        "job_type": "greet",
        "job_type_version": 1,
        "queue": "default",
        "state": state,
        "priority": 0,
        "payload": None,
        "result": None,
        "error": None,
        "progress": None,
        "attempt": 0,
        "max_attempts": 4,
        "losses": 0,
        "timeout_seconds": 30,
        "due_at": CREATED,
        "expires_at": None,
        "created_at": CREATED,
        "started_at": None,
        "finished_at": None,
        "cancel_requested": False,
        "worker_id": None,
        "schedule": None,
        "replay_of": None,
        "dedupe_key": None,
        "tags": [],
        "metadata": {},
        "wait_reason": None,
    }
    return whole | fields


def event(seq: int, type: str, data: Any, *, state: str = "running", time: str = CREATED) -> dict[str, Any]:
    return {
        "id": f"evt_{seq:013}",
        "seq": seq,
        "type": type,
        "time": time,
        "run_id": "run_0000000000001",
        "job_type": "greet",
        "queue": "default",
        "state": state,
        "attempt": 1,
        "data": data,
    }


def block(item: dict[str, Any]) -> bytes:
    return f"id: {item['seq']}\nevent: {item['type']}\ndata: {json.dumps(item)}\n\n".encode()


COMPLETED = event(3, "completed", {"result": 7}, state="completed")
FAILED = event(
    3,
    "failed",
    {"error": {"code": "handler_error", "type": "ValueError", "message": "no", "traceback": None}},
    state="failed",
)
