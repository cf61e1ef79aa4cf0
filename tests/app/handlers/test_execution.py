"""Runs of HTTP handlers: what is sent, what an answer makes of a run, and who holds up whom."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook

from tests.app.handlers.receiver import Call, Receiver, Said
from tests.app.server import Server
from tests.app.waiting import until


async def hang(call: Call) -> Said:
    return await asyncio.get_running_loop().create_future()


async def register(server: Server, name: str, url: str, handler: Any = None, **fields: Any) -> str:
    """The signing secret."""
    body = {"name": name, "handler": {"kind": "http", "url": url} | (handler or {})} | fields
    made = await server.post("/v1/job-types", body, status=201)
    secret: str = made["secret"]
    return secret


async def finished(server: Server, run: Any, seconds: float = 20) -> Any:
    found = await server.get(f"/v1/runs/{run['id']}", wait_seconds=str(seconds))
    assert found["state"] in ("completed", "failed", "cancelled"), found
    return found


async def in_state(server: Server, run: Any, state: str) -> Any:
    """As soon as it is: the clock stands still, and each look gives the server a turn."""
    return await until(lambda: server.run(run), lambda found: found["state"] == state)


# -- what is sent


async def test_a_run_is_sent_signed(server: Server, app: Receiver) -> None:
    server.handlers.public_url = "https://jobs.example"
    secret = await register(server, "mail", app.url, {"headers": {"X-Tenant": "7"}}, timeout_seconds=30)
    app.answer = Said.json({"sent": True})
    run = await server.dispatch("mail", {"to": "ä"}, tags=["t"])
    done = await finished(server, run)
    assert (done["state"], done["result"]) == ("completed", {"sent": True})
    [call] = app.calls
    assert (call.path, call.headers["x-tenant"]) == ("/jobs", "7")
    assert (call.headers["content-type"], call.headers["accept-encoding"]) == ("application/json", "identity")
    assert call.headers["webhook-id"] == run["id"]
    assert call.headers["webhook-timestamp"].isdecimal()
    body = Webhook(secret).verify(call.body, call.headers)
    assert set(body) == {"run", "attempt", "deadline_at", "report"}
    assert (body["attempt"], body["run"]["payload"], body["run"]["state"]) == (1, {"to": "ä"}, "running")
    assert body["run"]["id"] == run["id"]
    assert body["report"]["url"] == f"https://jobs.example/v1/runs/{run['id']}/report"
    deadline = datetime.fromisoformat(body["deadline_at"])
    assert deadline - datetime.fromisoformat(done["started_at"]) == timedelta(seconds=45)
    assert await server.types(run) == ["queued", "started", "completed"]
    [attempt] = await server.attempts(run)
    assert attempt["worker_id"] == done["worker_id"]


async def test_every_attempt_has_the_same_webhook_id(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, retry={"max_attempts": 2, "initial_seconds": 0})
    app.answer = Said(500)
    run = await server.dispatch("mail")
    await finished(server, run)
    assert [call.headers["webhook-id"] for call in app.calls] == [run["id"]] * 2
    assert [call.json["attempt"] for call in app.calls] == [1, 2]
    assert app.calls[0].json["report"]["token"] != app.calls[1].json["report"]["token"]


# -- what an answer means

JSON = {"content-type": "application/json"}


@pytest.mark.parametrize(
    ("said", "result"),
    [
        (Said(200, b'{"a":[1,2.5,null]}', JSON), {"a": [1, 2.5, None]}),
        (Said(201, b"7", JSON), 7),
        (Said(202, b'"x"', {"content-type": "application/problem+json; charset=utf-8"}), "x"),
        (Said(204), None),
        (Said(200, b"", JSON), None),
        (Said(200, b"done", {"content-type": "text/plain"}), None),
        (Said(200, b"<p>1</p>", {"content-type": "text/html"}), None),
        (Said(200, b'{"a":1}'), {"a": 1}),
        (Said(200, b'{"a":1,"a":2}', JSON), None),
        (Said(200, b'{"a":NaN}', JSON), None),
        (Said(200, b"{", JSON), None),
    ],
)
async def test_a_2xx_completes(server: Server, app: Receiver, said: Said, result: Any) -> None:
    await register(server, "mail", app.url)
    app.answer = said
    done = await finished(server, await server.dispatch("mail"))
    assert (done["state"], done["result"], done["error"]) == ("completed", result, None)


async def test_a_body_that_is_not_strict_json_is_told(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url)
    app.answer = Said(200, b'{"a":1,"a":2}', JSON)
    run = await server.dispatch("mail")
    await finished(server, run)
    assert await server.types(run) == ["queued", "started", "log", "completed"]
    line = (await server.events(run))[2]["data"]
    assert line["level"] == "warning"
    assert "duplicate name" in line["message"]


@pytest.mark.parametrize("status", [408, 425, 429, 500, 502, 503, 599])
async def test_some_answers_are_failed_attempts(server: Server, app: Receiver, status: int) -> None:
    await register(server, "mail", app.url, retry={"max_attempts": 2, "initial_seconds": 0})
    app.answer = Said.json({"message": "no luck", "more": 1}, status)
    run = await server.dispatch("mail")
    done = await finished(server, run)
    assert (done["state"], done["attempt"]) == ("failed", 2)
    error = done["error"]
    assert (error["code"], error["status"], error["message"]) == ("http_status", status, "no luck")
    assert await server.types(run) == ["queued", "started", "retrying", "started", "failed"]


@pytest.mark.parametrize("status", [300, 301, 302, 304, 307, 308, 400, 401, 403, 404, 409, 410, 418, 422, 451])
async def test_other_answers_fail_the_run(server: Server, app: Receiver, status: int) -> None:
    await register(server, "mail", app.url)
    elsewhere = {"location": app.url} if status < 400 else {}
    app.answer = Said(status, b"why" * 1000, {"content-type": "text/plain"} | elsewhere)
    if status == 304:
        app.answer = Said(304, b"", elsewhere)
    done = await finished(server, await server.dispatch("mail"))
    assert (done["state"], done["attempt"], len(app.calls)) == ("failed", 1, 1)
    assert (done["error"]["code"], done["error"]["status"]) == ("http_status", status)
    assert str(status) in done["error"]["message"]


async def test_no_more_than_a_kibibyte_of_a_message_is_kept(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url)
    app.answer = Said.json({"message": "ä" * 5000}, 400)
    done = await finished(server, await server.dispatch("mail"))
    said = done["error"]["message"]
    assert len(said.encode()) == 1024
    assert set(said) == {"ä"}


@pytest.mark.parametrize(
    "said",
    [
        Said(200, json.dumps("x" * 2000).encode(), JSON),
        Said(200, b"\x1f\x8b" + b"0" * 20, JSON | {"content-encoding": "gzip"}),
        Said(200, b"{}", JSON | {"content-encoding": "br"}),
    ],
)
async def test_an_answer_too_large_or_encoded_is_no_result(
    serve: Callable[..., Server], app: Receiver, said: Said
) -> None:
    async with serve(http_allow="127.0.0.0/8", max_result_bytes=1024) as server:
        await register(server, "mail", app.url)
        app.answer = said
        done = await finished(server, await server.dispatch("mail"))
        assert (done["state"], done["error"]["code"], len(app.calls)) == ("failed", "invalid_result", 1)


async def test_a_result_must_fit_its_schema(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, result_schema={"type": "object", "required": ["id"]})
    app.answer = Said.json({"id": 1})
    assert (await finished(server, await server.dispatch("mail")))["state"] == "completed"
    app.answer = Said.json({"no": 1})
    done = await finished(server, await server.dispatch("mail"))
    assert (done["state"], done["error"]["code"]) == ("failed", "invalid_result")


# -- Retry-After


async def test_a_postponed_run_spends_no_attempt(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url)
    app.answer = Said(503, b"", {"retry-after": "30"})
    run = await server.dispatch("mail")
    waiting = await in_state(server, run, "scheduled")
    assert (waiting["attempt"], waiting["error"]) == (0, None)
    app.answer = Said()
    await server.advance(29)
    assert (await server.run(run))["state"] == "scheduled"
    await server.advance(1.1)
    assert (await finished(server, run))["attempt"] == 1
    assert await server.types(run) == ["queued", "started", "interrupted", "started", "completed"]
    assert (await server.events(run))[2]["data"]["reason"] == "snoozed"


async def test_a_run_is_postponed_ten_times_at_most(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, retry={"max_attempts": 1})
    app.answer = Said(429, b"", {"retry-after": "0"})
    run = await server.dispatch("mail")
    done = await finished(server, run)
    assert (done["state"], done["attempt"], len(app.calls)) == ("failed", 1, 11)
    assert (done["error"]["code"], done["error"]["status"]) == ("http_status", 429)
    assert (await server.types(run)).count("interrupted") == 10


@pytest.mark.parametrize("value", ["soon", "-1", "1.5", "", "Mon, 99 Foo 2026 00:00:00 GMT", "10, 20"])
async def test_a_malformed_retry_after_counts_as_none(server: Server, app: Receiver, value: str) -> None:
    await register(server, "mail", app.url, retry={"max_attempts": 1})
    app.answer = Said(503, b"", {"retry-after": value})
    done = await finished(server, await server.dispatch("mail"))
    assert (done["state"], len(app.calls)) == ("failed", 1)


async def test_retry_after_may_be_a_date_and_is_a_day_at_most(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url)
    at = datetime.now(UTC) + timedelta(seconds=600)
    app.answer = Said(503, b"", {"retry-after": format_datetime(at, usegmt=True)})
    waiting = await in_state(server, await server.dispatch("mail"), "scheduled")
    wait = (datetime.fromisoformat(waiting["due_at"]) - datetime.fromisoformat(waiting["created_at"])).total_seconds()
    assert 500 < wait <= 600
    app.answer = Said(429, b"", {"retry-after": "9999999"})
    waiting = await in_state(server, await server.dispatch("mail"), "scheduled")
    wait = (datetime.fromisoformat(waiting["due_at"]) - datetime.fromisoformat(waiting["created_at"])).total_seconds()
    assert wait == 86_400


# -- time, cancel, connections


async def test_a_handler_that_takes_too_long_times_out(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, timeout_seconds=0.2, retry={"max_attempts": 1})
    app.answer = hang
    run = await server.dispatch("mail")
    await app.called()
    await server.advance(0.3)
    done = await finished(server, run)
    assert (done["state"], done["error"]["code"]) == ("failed", "timeout")
    await app.until(lambda: len(app.hung_up) == 1)


async def test_a_cancel_closes_the_connection(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url)
    app.answer = hang
    run = await server.dispatch("mail")
    await app.called()
    await server.cancel(run, status=202, reason="enough")
    assert (await finished(server, run))["state"] == "cancelled"
    await app.until(lambda: len(app.hung_up) == 1)


async def test_nobody_listens_is_a_failed_attempt(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, retry={"max_attempts": 1})
    await app.close()
    done = await finished(server, await server.dispatch("mail"))
    assert (done["state"], done["attempt"], done["error"]["code"]) == ("failed", 1, "no_connection")
    assert "127.0.0.1" not in done["error"]["message"]


async def test_a_destination_that_became_blocked_fails_the_run(
    serve: Callable[..., Server], data: Path, app: Receiver
) -> None:
    async with serve(http_allow="127.0.0.0/8") as server:
        await register(server, "mail", app.url)
        server.settings.http_allow = ()
        await server.restart()
        done = await finished(server, await server.dispatch("mail"))
        assert (done["state"], done["attempt"], done["error"]["code"]) == ("failed", 1, "blocked_destination")
        assert "127.0.0.1" not in done["error"]["message"]
        assert app.calls == []


# -- origins beside each other


async def test_an_origin_that_hangs_holds_up_no_other(server: Server, app: Receiver) -> None:
    app.answer = hang
    async with Receiver() as good:
        await register(server, "bad", app.url)
        await register(server, "good", good.url)
        runs = [{"job_type": "bad", "payload": n} for n in range(500)]
        await server.post("/v1/runs/batch", {"runs": runs}, status=202)
        await app.called(20)
        assert (await finished(server, await server.dispatch("good"), 5))["state"] == "completed"
        assert len(app.calls) == app.most_at_once == 20


async def test_slots_are_shared_among_origins(serve: Callable[..., Server], app: Receiver) -> None:
    async with serve(http_allow="127.0.0.0/8", http_concurrency=4, http_per_origin=4) as server, Receiver() as other:
        app.answer = other.answer = hang
        await register(server, "one", app.url)
        await register(server, "two", other.url)
        for _ in range(8):
            await server.dispatch("one")
        await app.called(3)
        await server.dispatch("two")
        await other.called(1)
        assert len(app.calls) == 3


async def test_a_single_origin_may_have_all_slots(serve: Callable[..., Server], app: Receiver) -> None:
    async with serve(http_allow="127.0.0.0/8", http_concurrency=5, http_per_origin=5) as server:
        app.answer = hang
        await register(server, "one", app.url)
        for _ in range(8):
            await server.dispatch("one")
        await app.called(5)
        await server.settle()
        assert app.most_at_once == 5


async def test_runs_wait_while_their_origin_refuses_connections(serve: Callable[..., Server], app: Receiver) -> None:
    async with serve(http_allow="127.0.0.0/8") as server:
        await register(server, "mail", app.url, retry={"max_attempts": 3, "initial_seconds": 0})
        await app.close()
        first = await server.dispatch("mail")
        await until(lambda: server.run(first), lambda found: found["wait_reason"] == "destination_unavailable")
        waiting = [await server.dispatch("mail") for _ in range(3)]
        for run in waiting:
            found = await server.run(run)
            assert (found["state"], found["attempt"], found["wait_reason"]) == ("queued", 0, "destination_unavailable")
        await app.listen()
        await server.advance(1.1)
        for run in (first, *waiting):
            assert (await finished(server, run))["state"] == "completed"
        assert [(await server.run(run))["attempt"] for run in waiting] == [1, 1, 1]


# -- lanes and workers


async def test_no_worker_gets_runs_of_a_handler(server: Server, app: Receiver) -> None:
    worker = await server.worker("mail")
    await server.register("mail")
    await server.dispatch("mail")
    await worker.complete(await worker.take())
    await server.http.put("/v1/job-types/mail", json={"handler": {"kind": "http", "url": app.url}})
    run = await server.dispatch("mail")
    await finished(server, run)
    assert await worker.claim() == []
    assert len(app.calls) == 1
    await server.http.put("/v1/job-types/mail", json={"handler": {"kind": "worker"}})
    run = await server.dispatch("mail")
    [lease] = await worker.claim(wait_seconds=30)
    await worker.complete(lease)
    assert len(app.calls) == 1


async def test_waiting_runs_go_where_the_handler_is_now(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, paused=True)
    run = await server.dispatch("mail")
    async with Receiver(Said.json("there")) as other:
        await server.http.patch("/v1/job-types/mail", json={"handler": {"kind": "http", "url": other.url}})
        await server.post("/v1/job-types/mail/resume")
        assert (await finished(server, run))["result"] == "there"
        assert app.calls == []


async def test_the_end_of_a_server_is_no_loss(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url)
    app.answer = hang
    run = await server.dispatch("mail")
    await app.called()
    await server.restart()
    app.answer = Said()
    done = await finished(server, run)
    assert (done["state"], done["attempt"], done["losses"]) == ("completed", 1, 0)
    assert (await server.events(run))[2]["data"]["reason"] == "released"


async def test_a_drain_waits_for_what_is_under_way(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url)
    go: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
    app.answer = lambda call: go
    run = await server.dispatch("mail")
    await app.called()
    draining = asyncio.ensure_future(server.handlers.drain(20))
    await server.settle()  # the claim that was parked has ended
    late = await server.dispatch("mail")
    go.set_result(Said.json("done"))
    await draining
    assert (await server.run(run))["result"] == "done"
    assert (await server.run(late))["state"] == "queued"


async def test_a_lane_is_a_worker_that_only_an_admin_may_speak_as(serve: Callable[..., Server], app: Receiver) -> None:
    root = "a-root-key-of-some-length"
    async with serve(http_allow="127.0.0.0/8", api_key=root) as server:
        admin = {"authorization": f"Bearer {root}"}
        body = {"name": "mail", "handler": {"kind": "http", "url": app.url}}
        await server.http.post("/v1/job-types", json=body, headers=admin)
        made = await server.http.post("/v1/keys", json={"name": "w", "scopes": ["workers", "runs:read"]}, headers=admin)
        worker = {"authorization": f"Bearer {made.json()['key']}"}
        listed = await until(lambda: server.http.get("/v1/workers", headers=admin), lambda page: page.json()["data"])
        [lane] = listed.json()["data"]
        assert app.url.startswith(lane["name"].partition("/")[2])
        for method, path in (("POST", "/claim"), ("POST", "/report"), ("DELETE", "")):
            answer = await server.http.request(method, f"/v1/workers/{lane['id']}{path}", json={}, headers=worker)
            assert answer.status_code == 404
