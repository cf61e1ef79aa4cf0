"""Long work: a run that goes on after its `202`, and what is said of it by its own token."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.app.handlers.receiver import Call, Receiver, Said
from tests.app.handlers.test_execution import finished, hang, register
from tests.app.server import Server, problem
from tests.app.waiting import until

REPORT = {"completion": "report"}
ACCEPTED = Said(202)


async def report(server: Server, call: Call, *items: Any, token: str | None = None) -> httpx.Response:
    address = call.json["report"]
    path = f"/v1/runs/{call.run_id}/report"
    assert address["url"].endswith(path)
    headers = {"authorization": f"Bearer {address['token'] if token is None else token}"}
    return await server.http.post(path, json={"reports": list(items)}, headers=headers)


async def said(server: Server, call: Call, *items: Any) -> Any:
    answer = await report(server, call, *items)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def detached(server: Server, app: Receiver, name: str = "mail", number: int = 1) -> tuple[Any, Call]:
    """A run that was answered with 202, and its call."""
    app.answer = ACCEPTED
    run = await server.dispatch(name)
    call = await app.called(number)
    await until(lambda: server.run(run), lambda found: found["worker_id"] is None and found["state"] == "running")
    return run, call


async def test_a_202_leaves_the_run_running_until_it_is_reported(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, REPORT)
    run, call = await detached(server, app)
    await server.advance(100)
    progress = {"type": "progress", "percent": 40, "message": "120 of 300"}
    answer = await said(server, call, progress, {"type": "log", "message": "line", "fields": {"a": 1}})
    accepted = {"run_id": run["id"], "attempt": 1, "status": "accepted", "error": None, "cancel_requested": False}
    assert answer == {"data": [accepted, accepted], "cancel_requested": False}
    assert (await server.run(run))["progress"] == {"percent": 40, "message": "120 of 300", "data": None}
    answer = await said(server, call, {"type": "completed", "result": {"n": 1}})
    assert answer["data"][0]["status"] == "accepted"
    done = await server.run(run)
    assert (done["state"], done["result"], done["losses"]) == ("completed", {"n": 1}, 0)
    assert await server.types(run) == ["queued", "started", "progress", "log", "completed"]
    again = await said(server, call, {"type": "completed", "result": {"n": 1}})
    assert again["data"][0]["status"] == "accepted"
    late = await said(server, call, {"type": "progress", "percent": 1})
    assert late["data"][0]["status"] == "lease_lost"


async def test_it_goes_on_over_a_restart(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, REPORT)
    run, call = await detached(server, app)
    await server.restart()
    await server.advance(60)
    assert (await server.run(run))["state"] == "running"
    await said(server, call, {"type": "completed", "result": 1})
    assert (await server.run(run))["result"] == 1
    assert len(app.calls) == 1


async def test_its_deadline_holds(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, REPORT, timeout_seconds=60, retry={"max_attempts": 1})
    run, call = await detached(server, app)
    await server.advance(74)
    assert (await server.run(run))["state"] == "running"
    await server.advance(2)
    done = await server.run(run)
    assert (done["state"], done["error"]["code"]) == ("failed", "timeout")
    assert (await said(server, call, {"type": "completed"}))["data"][0]["status"] == "lease_lost"


async def test_silence_is_a_loss(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, REPORT | {"heartbeat_seconds": 10})
    run, call = await detached(server, app)
    for _ in range(3):
        await server.advance(9)
        assert await said(server, call) == {"data": [], "cancel_requested": False}
    await server.restart()
    await server.advance(9)
    await said(server, call, {"type": "progress", "percent": 1})
    await server.advance(11)
    second = await app.called(2)
    found = await until(lambda: server.run(run), lambda found: found["worker_id"] is None)
    assert (found["losses"], found["attempt"], second.json["attempt"]) == (1, 1, 1)
    assert (await server.events(run))[-2]["data"]["reason"] == "lost"
    [late] = (await said(server, call))["data"]
    assert late["status"] == "lease_lost"
    assert second.json["report"]["token"] != call.json["report"]["token"]
    await said(server, second, {"type": "completed"})
    assert (await server.run(run))["state"] == "completed"


async def test_a_cancel_shows_in_the_answer(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, REPORT)
    run, call = await detached(server, app)
    await server.cancel(run, status=202)
    assert await said(server, call) == {"data": [], "cancel_requested": True}
    answer = await said(server, call, {"type": "log", "message": "stopping"})
    assert answer["cancel_requested"]
    assert answer["data"][0]["cancel_requested"]
    await said(server, call, {"type": "cancelled"})
    assert (await server.run(run))["state"] == "cancelled"


@pytest.mark.parametrize(
    ("item", "state", "attempt"),
    [
        ({"type": "failed", "error": {"message": "no"}, "retryable": False}, "failed", 1),
        ({"type": "failed", "error": {"message": "no"}, "retry_after_seconds": 60}, "retrying", 1),
        ({"type": "snoozed", "delay_seconds": 60}, "scheduled", 0),
    ],
)
async def test_any_outcome_may_be_reported(server: Server, app: Receiver, item: Any, state: str, attempt: int) -> None:
    await register(server, "mail", app.url, REPORT)
    run, call = await detached(server, app)
    await said(server, call, item)
    found = await server.run(run)
    assert (found["state"], found["attempt"]) == (state, attempt)
    assert (await said(server, call, item))["data"][0]["status"] == "accepted"


async def test_another_2xx_completes_it(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, REPORT)
    app.answer = Said.json("at once")
    assert (await finished(server, await server.dispatch("mail")))["result"] == "at once"


async def test_a_result_is_checked_by_its_schema(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, REPORT, result_schema={"type": "integer"})
    run, call = await detached(server, app)
    await said(server, call, {"type": "completed", "result": "no"})
    done = await server.run(run)
    assert (done["state"], done["error"]["code"]) == ("failed", "invalid_result")
    run, call = await detached(server, app, number=2)
    await said(server, call, {"type": "completed", "result": 5})
    assert (await server.run(run))["result"] == 5


async def test_a_synchronous_handler_may_say_how_far_it_is(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url)
    go: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
    app.answer = lambda call: go
    run = await server.dispatch("mail")
    call = await app.called()
    await said(server, call, {"type": "progress", "percent": 50})
    assert (await server.run(run))["progress"]["percent"] == 50
    go.set_result(Said.json("done"))
    assert (await finished(server, run))["result"] == "done"


async def test_the_first_outcome_counts(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url)
    go: asyncio.Future[Said] = asyncio.get_running_loop().create_future()
    app.answer = lambda call: go
    run = await server.dispatch("mail")
    call = await app.called()
    await said(server, call, {"type": "completed", "result": "by token"})
    go.set_result(Said.json("by answer"))
    await app.until(lambda: app.at_once == 0)
    await server.settle()
    assert (await server.run(run))["result"] == "by token"
    assert await server.types(run) == ["queued", "started", "completed"]


async def test_a_token_is_good_for_its_run_and_attempt_only(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, REPORT)
    await register(server, "other", app.url, REPORT)
    _, first = await detached(server, app)
    _, second = await detached(server, app, "other", 2)
    token = first.json["report"]["token"]
    for wrong in (second.json["report"]["token"], token[:-1], token + "0", "", token.replace("brt_1_", "brt_2_"), "ä"):
        headers = {b"authorization": b"Bearer " + wrong.encode("utf-8")}
        answer = await server.http.post(f"/v1/runs/{first.run_id}/report", json={}, headers=headers)
        refused = problem(answer, 401, "unauthorized")
    nothing = first.run_id[:-3] + "000"
    for run_id in (nothing, "nonsense"):
        answer = await server.http.post(
            f"/v1/runs/{run_id}/report", json={}, headers={"authorization": f"Bearer {token}"}
        )
        assert problem(answer, 401, "unauthorized") == refused
    for method, path in (("GET", f"/v1/runs/{first.run_id}"), ("POST", f"/v1/runs/{first.run_id}/cancel")):
        assert (await server.http.request(method, path)).status_code in (200, 202)  # this server has no keys
    assert (await report(server, first)).status_code == 200


async def test_a_key_does_not_report(serve: Callable[..., Server], app: Receiver) -> None:
    root = "a-root-key-of-some-length"
    async with serve(http_allow="127.0.0.0/8", api_key=root) as server:
        admin = {"authorization": f"Bearer {root}"}
        body = {"name": "mail", "handler": {"kind": "http", "url": app.url} | REPORT}
        await server.http.post("/v1/job-types", json=body, headers=admin)
        app.answer = hang
        await server.http.post("/v1/job-types/mail/runs", json={"payload": 1}, headers=admin)
        call = await app.called()
        problem(await report(server, call, token=root), 401, "unauthorized")
        problem(await server.http.post(f"/v1/runs/{call.run_id}/report", json={}), 401, "unauthorized")
        assert (await report(server, call, {"type": "progress", "percent": 1})).status_code == 200
        token = {"authorization": f"Bearer {call.json['report']['token']}"}
        for path in (f"/v1/runs/{call.run_id}", "/v1/runs", "/v1/job-types"):
            problem(await server.http.get(path, headers=token), 401, "unauthorized")


@pytest.mark.parametrize(
    "item",
    [
        {"type": "detached"},
        {"type": "touch"},
        {"type": "failed"},
        {"type": "completed", "more": 1},
        {"type": "completed", "run_id": "run_1i9lna4ic0000"},
        {"type": "completed", "attempt": 2},
        7,
    ],
)
async def test_a_bad_item_is_rejected_and_harms_no_other(server: Server, app: Receiver, item: Any) -> None:
    await register(server, "mail", app.url, REPORT)
    run, call = await detached(server, app)
    answer = await said(server, call, {"type": "progress", "percent": 1}, item)
    assert [one["status"] for one in answer["data"]] == ["accepted", "rejected"]
    assert (await server.run(run))["state"] == "running"


async def test_the_frame_is_strict(server: Server, app: Receiver) -> None:
    await register(server, "mail", app.url, REPORT)
    _, call = await detached(server, app)
    path, headers = f"/v1/runs/{call.run_id}/report", {"authorization": f"Bearer {call.json['report']['token']}"}
    problem(await server.http.post(path, json={"more": 1}, headers=headers), 422, "invalid_request")
    problem(await server.http.post(path, json=[], headers=headers), 422, "invalid_request")
    problem(await server.http.post(path, content=b"{}", headers=headers), 415, "unsupported_media_type")
    bad = headers | {"content-type": "application/json"}
    problem(await server.http.post(path, content=b'{"a":1,"a":2}', headers=bad), 400, "malformed_json")
    assert (await server.http.post(path, headers=headers)).status_code == 200
