"""Receiving in a FastAPI app, and on its own under uvicorn."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from blazy_jobs import DefinitionError, JobContext
from blazy_jobs.receiving import (
    AsyncReporter,
    SecretInvalid,
    VerificationFailed,
    WebhookEvent,
    asgi,
    read_call,
)
from fastapi import FastAPI, HTTPException, Request
from starlette.middleware.base import BaseHTTPMiddleware

from tests.client_receiving import jobs
from tests.client_receiving.support import (
    OTHER_SECRET,
    SECRET,
    TOKEN,
    Desk,
    Uvicorn,
    call_headers,
    cancelling,
    event_body,
    handler_call,
    over,
    signed,
)
from tests.support.speed import stretched


@asynccontextmanager
async def client_of(app: Any) -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://shop.example") as client:
        yield client


async def send(app: Any, body: bytes, headers: dict[str, str] | None = None, path: str = "/jobs") -> httpx.Response:
    async with client_of(app) as client:
        return await client.post(path, content=body, headers=call_headers(body) if headers is None else headers)


def fastapi(handler: Any, **options: Any) -> FastAPI:
    app = FastAPI()
    app.add_route("/jobs", asgi.receive(handler, **options), methods=["POST"])
    return app


@pytest.mark.parametrize("handler", [jobs.resize, jobs.resize_in_thread])
async def test_a_run_is_carried_out_and_its_result_is_the_answer(handler: Any) -> None:
    answer = await send(fastapi(handler), handler_call({"photo_id": "7"}, attempt=2))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.json() == {"path": "7-800.jpg", "attempt": 2, "tags": ["photos"]}


@pytest.mark.parametrize("handler", [jobs.say, jobs.say_async, jobs.lone])
@pytest.mark.parametrize(("said", "status", "body", "retry_after"), jobs.ANSWERS, ids=[row[0] for row in jobs.ANSWERS])
async def test_what_a_handler_says_is_a_status(
    handler: Any, said: str, status: int, body: Any, retry_after: Any
) -> None:
    answer = await send(fastapi(handler), handler_call([said]))
    assert answer.status_code == status
    found = answer.json()
    assert found | body == found if isinstance(body, dict) else found == body
    assert answer.headers.get("retry-after") == retry_after
    if status >= 400:
        assert len(found["message"].encode()) <= 1024


async def test_a_payload_that_does_not_fit_is_refused_for_good() -> None:
    answer = await send(fastapi(jobs.resize), handler_call({"photo_id": "7", "width": "wide"}))
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_payload"
    assert answer.json()["message"].startswith("/width: ")


async def test_jobs_are_served_by_name_with_their_middleware() -> None:
    app = fastapi(jobs.shop)
    jobs.seen.clear()
    assert (await send(app, handler_call({"apples": 3}, job_type="count-stock"))).json() == 3
    assert (await send(app, handler_call({"to": "ada"}, job_type="send-digest"))).json() == "sent to ada"
    assert jobs.seen == ["count-stock default", "send-digest default"]
    answer = await send(app, handler_call({}, job_type="other"))
    assert (answer.status_code, answer.json()) == (
        404,
        {"message": "there is no handler here for the job type 'other'"},
    )


@pytest.mark.parametrize(
    ("change", "status", "why"),
    [
        (lambda h: h | {"webhook-signature": "v1,AAAA"}, 401, "no signature fits"),
        (lambda h: {k: v for k, v in h.items() if k != "webhook-id"}, 401, "webhook-id is missing"),
        (lambda h: h | {"webhook-timestamp": str(int(h["webhook-timestamp"]) + 1)}, 401, "no signature fits"),
    ],
)
async def test_who_is_not_the_server_is_refused(
    change: Callable[[dict[str, str]], dict[str, str]], status: int, why: str
) -> None:
    called: list[Any] = []
    body = handler_call()
    answer = await send(fastapi(called.append), body, change(call_headers(body)))
    assert answer.status_code == status
    assert why in answer.json()["message"]
    assert called == []


async def test_what_is_genuine_but_no_call_is_refused() -> None:
    app = fastapi(jobs.say)
    for body, why in (
        (event_body(), "an event of a webhook"),
        (b"{}", "something else"),
        (b"[]", "no JSON object"),
        (b"{", "not JSON"),
        (json.dumps({"run": {"id": "run_1"}}).encode(), "KeyError: 'job_type'"),
        (handler_call(report_url="ftp://jobs.example/"), "neither http:// nor https://"),
    ):
        answer = await send(app, body, signed(body, "run_1"))
        assert answer.status_code == 400
        assert why in answer.json()["message"]


async def test_one_posts_and_not_too_much() -> None:
    app = asgi.receive(jobs.say, max_body_bytes=1000)
    async with client_of(app) as client:
        answer = await client.get("/")
        assert (answer.status_code, answer.headers["allow"]) == (405, "POST")
    body = handler_call(["x" * 1000])
    answer = await send(app, body)
    assert (answer.status_code, answer.json()) == (413, {"message": "a body has at most 1000 bytes here"})


def test_what_cannot_work_is_an_error_when_the_app_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DefinitionError, match="takes a payload and a context"):
        asgi.receive(lambda a, b, c: None)
    with pytest.raises(SecretInvalid):
        asgi.receive(jobs.say, secrets="whsec_")
    monkeypatch.delenv("JOBS_SIGNING_SECRET")
    with pytest.raises(SecretInvalid, match="JOBS_SIGNING_SECRET is not set"):
        asgi.receive(jobs.say)
    with pytest.raises(SecretInvalid, match="JOBS_SIGNING_SECRET is not set"):
        asgi.receive_webhook(print)


async def test_while_a_secret_is_changed_both_are_good() -> None:
    app = fastapi(jobs.say, secrets=[OTHER_SECRET, SECRET])
    body = handler_call(["text"])
    for secret in (SECRET, OTHER_SECRET):
        assert (await send(app, body, call_headers(body, secret=secret))).status_code == 200


async def test_behind_middleware_that_has_read_the_body() -> None:
    async def reading(request: Request, call_next: Any) -> Any:
        await request.body()
        return await call_next(request)

    app = fastapi(jobs.resize)
    app.add_middleware(BaseHTTPMiddleware, dispatch=reading)
    assert (await send(app, handler_call({"photo_id": "7"}))).status_code == 200


async def test_by_hand_in_a_route_of_ones_own(desk: Desk) -> None:
    app = FastAPI()

    @app.post("/jobs")
    async def take(request: Request) -> Any:
        try:
            call = read_call(request.headers, await request.body())
        except VerificationFailed as error:
            raise HTTPException(401, str(error)) from None
        assert call.report is not None
        heard = await AsyncReporter(call.report).progress(50)
        return {"payload": call.payload, "run": call.run.id == call.message_id, "cancel": heard.cancel_requested}

    assert (await send(app, handler_call(7, report_url=desk.url))).json() == {
        "payload": 7,
        "run": True,
        "cancel": False,
    }
    assert (await send(app, handler_call(7), {})).status_code == 401
    assert desk.authorizations == [f"Bearer {TOKEN}"]


# -- what handlers say


@pytest.mark.parametrize("handler", [jobs.speak, jobs.speak_in_thread])
async def test_what_a_handler_says_is_there_before_its_answer(handler: Any, desk: Desk) -> None:
    answer = await send(fastapi(handler), handler_call(100, report_url=desk.url))
    assert answer.json() == "said"
    assert [item["message"] for item in desk.of("log")] == [f"line {number}" for number in range(100)]
    assert desk.of("progress")[-1] == {
        "type": "progress",
        "percent": 99.0,
        "message": "99 of 100",
        "data": {"part": 99},
    }
    assert set(desk.authorizations) == {f"Bearer {TOKEN}"}
    assert len(desk.requests) < 20


async def test_an_app_key_goes_nowhere(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JOBS_API_KEY", "the-apps-own-key")
    await send(fastapi(jobs.speak), handler_call(1, report_url=desk.url))
    assert desk.authorizations == [f"Bearer {TOKEN}"]


async def test_words_that_reach_nobody_delay_no_answer(caplog: pytest.LogCaptureFixture) -> None:
    async with asyncio.timeout(stretched(20)):
        answer = await send(fastapi(jobs.speak), handler_call(3, report_url="http://127.0.0.1:1/report"))
    assert answer.json() == "said"


async def test_without_an_address_for_reports_words_go_to_the_log(capfd: pytest.CaptureFixture[str]) -> None:
    answer = await send(fastapi(jobs.speak), handler_call(1))
    assert answer.json() == "said"
    assert "line 0" in capfd.readouterr().err


async def test_a_cancel_that_the_server_tells_ends_an_async_handler(desk: Desk) -> None:
    ended: list[str | None] = []

    async def wait(_: Any, context: JobContext) -> None:
        context.progress(1)
        try:
            await asyncio.sleep(60)
        finally:
            ended.append("cancelled" if context.cancelled else None)

    desk.answer = cancelling
    answer = await send(fastapi(wait), handler_call(report_url=desk.url))
    assert answer.status_code == 503
    assert ended == ["cancelled"]


async def test_a_handler_ends_at_its_deadline() -> None:
    async def wait() -> None:
        await asyncio.sleep(60)

    answer = await send(fastapi(wait), handler_call(seconds=1))
    assert answer.status_code == 500
    assert answer.json()["code"] == "timeout"


# -- over real connections


async def test_a_handler_is_cancelled_when_the_server_hangs_up() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def wait(_: Any, context: JobContext) -> None:
        begun.set()
        try:
            await asyncio.sleep(60)
        finally:
            if context.cancelled:
                ended.set()

    async with Uvicorn(asgi.receive(wait)).serving() as url, httpx.AsyncClient() as client:
        body = handler_call()
        calling = asyncio.create_task(client.post(url, content=body, headers=call_headers(body)))
        await begun.wait()
        calling.cancel()
        async with asyncio.timeout(stretched(10)):
            await ended.wait()


async def test_with_completion_by_report_the_answer_comes_first(desk: Desk) -> None:
    go_on = asyncio.Event()

    async def work(payload: int, context: JobContext) -> int:
        context.progress(50, "half")
        await go_on.wait()
        return payload * 2

    app = asgi.receive(work, completion="report", beat_seconds=0.05)
    async with Uvicorn(app).serving() as url, httpx.AsyncClient() as client:
        body = handler_call(21, report_url=desk.url)
        answer = await client.post(url, content=body, headers=call_headers(body))
        assert (answer.status_code, answer.content) == (202, b"")
        await asyncio.to_thread(desk.until, lambda desk: desk.requests.count([]) >= 3)
        assert [item["type"] for item in desk.items] == ["progress"]
        go_on.set()
        await asyncio.to_thread(desk.until, lambda desk: desk.requests[-1] != [] and len(desk.requests) > 4)
    assert desk.items[-1] == {"type": "completed", "result": 42}


@pytest.mark.parametrize(
    ("said", "report"),
    [
        ("later", {"type": "failed", "retryable": True, "retry_after_seconds": 12.2}),
        ("snooze", {"type": "snoozed", "delay_seconds": 90.0}),
        ("never", {"type": "failed", "retryable": False}),
        ("nan", {"type": "failed", "retryable": False}),
    ],
)
async def test_what_a_handler_says_is_a_report(desk: Desk, said: str, report: dict[str, Any]) -> None:
    answer = await send(asgi.receive(jobs.say, completion="report"), handler_call([said], report_url=desk.url))
    assert answer.status_code == 202
    [item] = desk.items
    assert item | report == item


async def test_a_verdict_is_sent_until_it_is_heard(desk: Desk) -> None:
    answers = iter([None, (500, {}), (503, {}), (200, {"data": [{"status": "accepted", "cancel_requested": False}]})])
    desk.answer = lambda items: next(answers)
    await send(asgi.receive(jobs.say, completion="report"), handler_call(["text"], report_url=desk.url))
    assert len(desk.requests) >= 4
    assert all(items == [{"type": "completed", "result": "ä"}] for items in desk.requests)


async def test_a_verdict_that_is_refused_becomes_a_failure(desk: Desk) -> None:
    def answer(items: list[dict[str, Any]]) -> tuple[int, Any]:
        status = "rejected" if items[-1]["type"] == "completed" else "accepted"
        return 200, {"data": [{"status": status, "error": "too long", "cancel_requested": False}]}

    desk.answer = answer
    await send(asgi.receive(jobs.say, completion="report"), handler_call(["text"], report_url=desk.url))
    assert [item["type"] for item in desk.items] == ["completed", "failed"]
    assert desk.items[-1]["error"]["code"] == "invalid_result"
    assert "too long" in desk.items[-1]["error"]["message"]
    assert desk.items[-1]["retryable"] is False


@pytest.mark.parametrize("answer", [cancelling, over])
async def test_a_heartbeat_brings_the_cancel(desk: Desk, answer: Any) -> None:
    async def wait() -> None:
        await asyncio.sleep(60)

    desk.answer = lambda items: answer(items) if answer is cancelling else (401, {"code": "unauthorized"})
    app = asgi.receive(wait, completion="report", beat_seconds=0.01)
    async with asyncio.timeout(stretched(10)):
        await send(app, handler_call(report_url=desk.url))
    assert desk.items == ([{"type": "cancelled"}] if answer is cancelling else [])


async def test_an_app_that_ends_gives_its_runs_back(desk: Desk) -> None:
    begun = asyncio.Event()

    async def wait() -> None:
        begun.set()
        await asyncio.sleep(60)

    async with Uvicorn(asgi.receive(wait, completion="report")).serving() as url, httpx.AsyncClient() as client:
        body = handler_call(report_url=desk.url)
        await client.post(url, content=body, headers=call_headers(body))
        await begun.wait()
        assert desk.items == []
    assert desk.items == [{"type": "released"}]


@pytest.mark.system
@pytest.mark.parametrize(
    "handler", ["async def work():\n    await asyncio.sleep(60)", "def work():\n    time.sleep(60)"]
)
def test_an_app_that_a_signal_ends_gives_its_runs_back(desk: Desk, handler: str, tmp_path: Path) -> None:
    """uvicorn's process is gone as soon as it has cancelled what still works."""
    (tmp_path / "app.py").write_text(
        "import asyncio, time\nfrom blazy_jobs.receiving import asgi\n"
        f"{handler}\napp = asgi.receive(work, completion='report')\n"
    )
    command = [sys.executable, "-m", "uvicorn", "app:app", "--app-dir", str(tmp_path), "--port", "0"]
    with subprocess.Popen([*command, "--timeout-graceful-shutdown", "1"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        line = next(line for line in process.stderr if "running on" in line)
        url = line.partition("running on ")[2].split()[0]
        body = handler_call(report_url=desk.url)
        assert httpx.post(url, content=body, headers=call_headers(body)).status_code == 202
        process.terminate()
        process.stderr.read()
    assert desk.items == [{"type": "released"}]


async def test_someone_else_can_report(desk: Desk) -> None:
    jobs.kept.clear()
    answer = await send(fastapi(jobs.hand_over), handler_call(report_url=desk.url))
    assert answer.status_code == 202
    assert jobs.kept == [(desk.url, TOKEN)]
    assert desk.items == []


# -- webhooks


async def test_an_event_is_given_to_its_handler() -> None:
    events: list[WebhookEvent] = []

    async def take(event: WebhookEvent) -> str:
        events.append(event)
        return "not looked at"

    body = event_body("run.failed", state="failed", error={"code": "timeout", "message": "too slow"}, result=None)
    for handler in (take, events.append):
        answer = await send(asgi.receive_webhook(handler), body, signed(body, "evt_1"))
        assert (answer.status_code, answer.content) == (204, b"")
    assert events[0] == events[1]
    event = events[0]
    assert (event.id, event.type, event.run_id, event.seq) == ("evt_1", "run.failed", "run_0000000000001", 3)
    assert event.error == {"code": "timeout", "message": "too slow"}
    assert event.time.isoformat() == "2026-11-28T12:00:00+00:00"
    assert (event.result, event.data["queue"]) == (None, "default")
    trial = json.dumps(
        {"type": "webhook.test", "timestamp": "2026-11-28T12:00:00Z", "data": {"webhook": "crm"}}
    ).encode()
    assert (await send(asgi.receive_webhook(take), trial, signed(trial, "evt_2"))).status_code == 204
    assert (events[2].type, events[2].run_id, events[2].data) == ("webhook.test", None, {"webhook": "crm"})


@pytest.mark.parametrize(("said", "status"), [("error", 500), ("later", 503), ("snooze", 429), ("never", 422)])
async def test_an_event_whose_handler_fails_comes_again(said: str, status: int) -> None:
    body = event_body()
    answer = await send(asgi.receive_webhook(lambda event: jobs.say([said])), body, signed(body, "evt_1"))
    assert answer.status_code == status


async def test_a_handler_call_is_no_event() -> None:
    body = handler_call()
    answer = await send(asgi.receive_webhook(print), body)
    assert (answer.status_code, "a call of an HTTP handler" in answer.text) == (400, True)
    answer = await send(asgi.receive_webhook(print), body, {})
    assert answer.status_code == 401
