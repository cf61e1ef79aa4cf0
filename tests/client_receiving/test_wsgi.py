"""Receiving in a Flask app, and on its own under a WSGI server."""

from __future__ import annotations

import asyncio
import io
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, make_server
from wsgiref.validate import validator

import httpx
import pytest
from blazy_jobs import JobContext
from blazy_jobs.receiving import (
    Reporter,
    SecretInvalid,
    VerificationFailed,
    WebhookEvent,
    read_call,
    read_event,
    wsgi,
)
from flask import Flask, abort, request
from werkzeug.test import TestResponse

from tests.client_receiving import jobs
from tests.client_receiving.support import (
    SECRET,
    TOKEN,
    Desk,
    call_headers,
    cancelling,
    event_body,
    handler_call,
    signed,
)
from tests.support.speed import stretched

ROOT = Path(__file__).parents[2]


def flask(handler: Any, **options: Any) -> Flask:
    """As the docs have it: a view that returns a WSGI app."""
    app = Flask("shop")
    receiving = wsgi.receive(handler, **options)
    app.add_url_rule("/jobs", view_func=lambda: receiving, endpoint="jobs", methods=["POST"])
    return app


def send(app: Flask, body: bytes, headers: dict[str, str] | None = None) -> TestResponse:
    answer = app.test_client().post("/jobs", data=body, headers=call_headers(body) if headers is None else headers)
    answer.close()  # as a server does when it has sent it
    return answer


@pytest.mark.parametrize("handler", [jobs.resize, jobs.resize_in_thread])
def test_a_run_is_carried_out_and_its_result_is_the_answer(handler: Any) -> None:
    answer = send(flask(handler), handler_call({"photo_id": "7"}, attempt=2))
    assert (answer.status, answer.content_type) == ("200 OK", "application/json")
    assert answer.json == {"path": "7-800.jpg", "attempt": 2, "tags": ["photos"]}


@pytest.mark.parametrize("handler", [jobs.say, jobs.say_async, jobs.lone])
@pytest.mark.parametrize(("said", "status", "body", "retry_after"), jobs.ANSWERS, ids=[row[0] for row in jobs.ANSWERS])
def test_what_a_handler_says_is_a_status(handler: Any, said: str, status: int, body: Any, retry_after: Any) -> None:
    answer = send(flask(handler), handler_call([said]))
    found: Any = answer.json
    assert answer.status_code == status
    assert found | body == found if isinstance(body, dict) else found == body
    assert answer.headers.get("retry-after") == retry_after


def test_jobs_are_served_by_name_with_their_middleware() -> None:
    app = flask(jobs.shop)
    jobs.seen.clear()
    assert send(app, handler_call({"apples": 3}, job_type="count-stock")).json == 3
    assert send(app, handler_call({"to": "ada"}, job_type="send-digest")).json == "sent to ada"
    assert jobs.seen == ["count-stock default", "send-digest default"]
    assert send(app, handler_call({}, job_type="other")).status_code == 404


def test_who_is_not_the_server_is_refused() -> None:
    called: list[Any] = []
    app, body = flask(called.append), handler_call()
    refused = send(app, body, call_headers(body) | {"webhook-signature": "v1,AAAA"})
    assert (refused.status_code, "no signature fits" in refused.text) == (401, True)
    missing = send(app, body, {})
    assert "webhook-id, webhook-timestamp, webhook-signature is missing" in missing.text
    assert called == []


def test_a_body_that_the_app_has_read_before_is_an_error_that_says_so() -> None:
    app = flask(jobs.say)
    app.before_request(lambda: request.get_data() and None)
    answer = send(app, handler_call(["text"]))
    assert (answer.status_code, "has something read it before" in answer.text) == (401, True)


def test_one_posts_and_not_too_much() -> None:
    app = validator(wsgi.receive(jobs.say, max_body_bytes=1000))
    with served(app) as url:
        got = httpx.get(url)
        assert (got.status_code, got.headers["allow"]) == (405, "POST")
        body = handler_call(["x" * 1000])
        assert httpx.post(url, content=body, headers=call_headers(body)).status_code == 413
        body = handler_call(["text"])
        assert httpx.post(url, content=iter([body]), headers=call_headers(body)).status_code == 411
        assert httpx.post(url, content=body, headers=call_headers(body)).json() == "ä"


@pytest.mark.parametrize("length", [None, "", "many", "99999999999"])
def test_a_stream_without_a_known_length(length: str | None) -> None:
    body = handler_call(["text"])
    environ = {
        "REQUEST_METHOD": "POST",
        "wsgi.input": io.BytesIO(body),
        "wsgi.input_terminated": True,
        **{f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call_headers(body).items()},
    } | ({} if length is None else {"CONTENT_LENGTH": length})
    told: list[str] = []
    parts = wsgi.receive(jobs.say)(environ, lambda status, headers, *_: told.append(status) or (lambda _: None))  # type: ignore[func-returns-value]
    assert told == (["413 Request Entity Too Large"] if length == "99999999999" else ["200 OK"])
    assert b"".join(parts) == (
        '"ä"'.encode() if told == ["200 OK"] else b'{"message":"a body has at most 4194304 bytes here"}'
    )


def test_by_hand_in_a_view_of_ones_own(desk: Desk) -> None:
    app = Flask("shop")

    @app.post("/jobs")
    def take() -> Any:
        try:
            call = read_call(request.headers, request.get_data())
        except VerificationFailed as error:
            abort(401, str(error))
        assert call.report is not None
        return {"payload": call.payload, "cancel": Reporter(call.report).progress(50).cancel_requested}

    assert send(app, handler_call(7, report_url=desk.url)).json == {"payload": 7, "cancel": False}
    assert send(app, handler_call(7), {}).status_code == 401
    assert desk.authorizations == [f"Bearer {TOKEN}"]


# -- what handlers say


@pytest.mark.parametrize("handler", [jobs.speak, jobs.speak_in_thread])
def test_what_a_handler_says_is_there_before_its_answer(handler: Any, desk: Desk) -> None:
    assert send(flask(handler), handler_call(100, report_url=desk.url)).json == "said"
    assert [item["message"] for item in desk.of("log")] == [f"line {number}" for number in range(100)]
    assert desk.of("progress")[-1]["percent"] == 99.0
    assert set(desk.authorizations) == {f"Bearer {TOKEN}"}


def test_words_that_reach_nobody_delay_no_answer() -> None:
    answer = send(flask(jobs.speak_in_thread), handler_call(3, report_url="http://127.0.0.1:1/report"))
    assert answer.json == "said"


def test_a_handler_that_asks_is_told_of_the_cancel(desk: Desk) -> None:
    def wait(_: Any, context: JobContext) -> None:
        while True:
            context.raise_if_cancelled()
            threading.Event().wait(0.01)

    desk.answer = cancelling
    answer = send(flask(wait, beat_seconds=0.01), handler_call(report_url=desk.url))
    assert answer.status_code == 503


@pytest.mark.parametrize("asks", [True, False])
def test_a_handler_ends_at_its_deadline(asks: bool) -> None:
    def ask(_: Any, context: JobContext) -> None:
        while not context.cancelled:
            threading.Event().wait(0.01)

    async def sleep() -> None:
        await asyncio.sleep(60)

    answer = send(flask(ask if asks else sleep), handler_call(seconds=1))
    assert answer.status_code == 500
    assert answer.json is not None
    assert answer.json["code"] == "timeout"


# -- completion by report


class Quiet(WSGIRequestHandler):
    def log_message(self, *_: object) -> None: ...


@contextmanager
def served(app: Any) -> Iterator[str]:
    with make_server("127.0.0.1", 0, app, handler_class=Quiet) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/jobs"
        finally:
            server.shutdown()
            thread.join()


def test_with_completion_by_report_the_answer_comes_first(desk: Desk) -> None:
    go_on = threading.Event()

    def work(payload: int, context: JobContext) -> int:
        context.progress(50, "half")
        assert go_on.wait(stretched(10))
        return payload * 2

    with served(flask(work, completion="report", beat_seconds=0.05)) as url:
        body = handler_call(21, report_url=desk.url)
        answer = httpx.post(url, content=body, headers=call_headers(body))
        assert (answer.status_code, answer.content) == (202, b"")
        desk.until(lambda desk: desk.requests.count([]) >= 3)
        assert [item["type"] for item in desk.items] == ["progress"]
        go_on.set()
        desk.until(lambda desk: desk.items[1:])
    assert desk.items[-1] == {"type": "completed", "result": 42}


@pytest.mark.parametrize(
    ("said", "report"),
    [
        ("later", {"type": "failed", "retryable": True, "retry_after_seconds": 12.2}),
        ("snooze", {"type": "snoozed", "delay_seconds": 90.0}),
        ("never", {"type": "failed", "retryable": False}),
        ("exit", {"type": "failed", "retryable": True}),
    ],
)
@pytest.mark.parametrize("handler", [jobs.say, jobs.say_async])
def test_what_a_handler_says_is_a_report(desk: Desk, handler: Any, said: str, report: dict[str, Any]) -> None:
    answer = send(flask(handler, completion="report"), handler_call([said], report_url=desk.url))
    assert answer.status_code == 202
    desk.until(lambda desk: desk.items)
    [item] = desk.items
    assert item | report == item


def test_a_cancel_reaches_an_async_handler(desk: Desk) -> None:
    async def sleep() -> None:
        await asyncio.sleep(60)

    desk.answer = cancelling
    send(flask(sleep, completion="report", beat_seconds=0.01), handler_call(report_url=desk.url))
    desk.until(lambda desk: desk.items)
    assert desk.items == [{"type": "cancelled"}]


@pytest.mark.system
@pytest.mark.parametrize("how", ["async", "asks", "deaf"])
def test_a_process_that_ends_gives_its_runs_back(desk: Desk, how: str) -> None:
    handlers = {
        "async": "async def work():\n    begun.set()\n    await asyncio.sleep(60)",
        "asks": "def work(_, ctx):\n    begun.set()\n    while True: ctx.raise_if_cancelled(); time.sleep(0.01)",
        "deaf": "def work():\n    begun.set()\n    time.sleep(60)",
    }
    program = f"""
import asyncio, sys, threading, time
from blazy_jobs.receiving import wsgi
from tests.client_receiving.support import call_headers, handler_call
begun = threading.Event()
{handlers[how]}
app = wsgi.receive(work, completion="report", secrets={SECRET!r})
body = handler_call(report_url={desk.url!r})
from werkzeug.test import Client
answer = Client(app).post("/", data=body, headers=call_headers(body))
assert answer.status_code == 202
answer.close()
begun.wait()
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False, timeout=stretched(30))
    assert done.returncode == 0
    assert desk.items == [{"type": "released"}]


def test_someone_else_can_report(desk: Desk) -> None:
    jobs.kept.clear()
    assert send(flask(jobs.hand_over), handler_call(report_url=desk.url)).status_code == 202
    assert jobs.kept == [(desk.url, TOKEN)]


# -- webhooks


def test_an_event_is_given_to_its_handler() -> None:
    events: list[WebhookEvent] = []

    async def take(event: WebhookEvent) -> None:
        events.append(event)

    body = event_body(result={"a": 1})
    for handler in (take, events.append):
        app = Flask("shop")
        receiving = wsgi.receive_webhook(handler)
        app.add_url_rule("/jobs", view_func=lambda app=receiving: app, endpoint="jobs", methods=["POST"])
        answer = send(app, body, signed(body, "evt_1"))
        assert (answer.status_code, answer.data) == (204, b"")
        assert send(app, body, {}).status_code == 401
        assert send(app, handler_call()).status_code == 400
    assert events[0] == events[1] == read_event(signed(body, "evt_1"), body)
    assert (events[0].id, events[0].result) == ("evt_1", {"a": 1})


@pytest.mark.parametrize(("said", "status"), [("error", 500), ("later", 503), ("snooze", 429), ("never", 422)])
def test_an_event_whose_handler_fails_comes_again(said: str, status: int) -> None:
    body = event_body()
    with served(wsgi.receive_webhook(lambda event: jobs.say([said]))) as url:
        assert httpx.post(url, content=body, headers=signed(body, "evt_1")).status_code == status


def test_a_secret_is_needed_when_the_app_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JOBS_SIGNING_SECRET")
    for make in (wsgi.receive, wsgi.receive_webhook):
        with pytest.raises(SecretInvalid, match="JOBS_SIGNING_SECRET is not set"):
            make(print)
