"""The audit log over HTTP: who changed what, and who was refused."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.app.api.test_keys import ROOT, Client, make, root
from tests.app.clock import HandClock
from tests.app.server import Server, problem

TRIGGER = {"trigger": {"kind": "interval", "every_seconds": 60}}


@pytest.fixture
async def server(serve: Callable[..., Server]) -> AsyncIterator[Server]:
    async with serve(api_key=ROOT) as server:
        yield server


async def audit(server: Server, query: str = "") -> list[Any]:
    found: list[Any] = (await root(server, "GET", f"/v1/audit{query}"))["data"]
    return found


async def test_it_tells_who_changed_what(server: Server) -> None:
    key = await make(server, "config", "runs:write", name="shop")
    me = {"id": key.id, "name": "shop"}
    for method, path, body, status in (
        ("POST", "/v1/job-types", {"name": "mail", "handler": {"kind": "worker"}}, 201),
        ("PATCH", "/v1/job-types/mail", {"priority": 3}, 200),
        ("POST", "/v1/job-types/mail/pause", None, 200),
        ("PUT", "/v1/queues/slow", {"paused": True}, 201),
        ("POST", "/v1/schedules", {"name": "s", "job_type": "mail", **TRIGGER}, 201),
        ("POST", "/v1/schedules/s/trigger", None, 202),
        ("DELETE", "/v1/schedules/s", None, 204),
    ):
        assert (await key.ask(method, path, body)).status_code == status, path
    run = (await key.ask("POST", "/v1/job-types/mail/runs", {"payload": 1})).json()["id"]
    for method, path in (
        ("POST", f"/v1/runs/{run}/cancel"),
        ("POST", f"/v1/runs/{run}/replay"),
        ("DELETE", f"/v1/runs/{run}"),
    ):
        assert (await key.ask(method, path)).is_success, path
    entries = await audit(server, f"?actor={key.id}")
    told = [(entry["action"], entry["target"], entry["changed"]) for entry in reversed(entries)]
    assert told == [
        ("job_type.create", "mail", []),
        ("job_type.update", "mail", ["priority"]),
        ("job_type.pause", "mail", []),
        ("queue.create", "slow", []),
        ("queue.pause", "slow", []),
        ("schedule.create", "s", []),
        ("schedule.trigger", "s", []),
        ("schedule.delete", "s", []),
        ("run.cancel", run, []),
        ("run.replay", run, []),
        ("run.erase", run, []),
    ]
    assert all(entry["actor"] == me for entry in entries)
    assert {entry["outcome"] for entry in entries} == {"done"}
    assert {entry["address"] for entry in entries} == {"127.0.0.1"}
    [made] = await audit(server, "?action=key.create")
    assert (made["actor"], made["target"]) == ({"id": "root", "name": "JOBS_API_KEY"}, key.id)
    assert key.key not in str(await audit(server))


async def test_what_is_declared_in_code_is_told_with_the_workers_key(server: Server) -> None:
    key = await make(server, "workers")
    declared = {"name": "mail", "handler": {"kind": "worker"}}
    worker = {"name": "w", "job_types": ["mail"], "declares": {"app": "a", "job_types": [declared]}}
    answer = await key.ask("POST", "/v1/workers", worker)
    assert answer.status_code == 201, answer.text
    [entry] = await audit(server, "?target=mail")
    assert (entry["action"], entry["actor"]["id"]) == ("job_type.create", key.id)


async def test_what_is_refused_is_counted_by_the_minute(server: Server, clock: HandClock) -> None:
    key = await make(server, "metrics")
    for _ in range(3):
        problem(await key.ask("GET", "/v1/runs"), 403, "forbidden")
    stranger = Client(server, {"id": "x", "key": "nothing"})
    for _ in range(2):
        problem(await stranger.ask("POST", "/v1/job-types/greet/runs", {}), 401, "unauthorized")
    assert await audit(server, "?action=request.refuse") == []
    await server.live(61)
    refused = await audit(server, "?action=request.refuse")
    told = {(entry["actor"] and entry["actor"]["id"], entry["outcome"], entry["count"]) for entry in refused}
    assert told == {(key.id, "forbidden", 3), (None, "unauthorized", 2)}
    assert {entry["time"][17:] for entry in refused} == {"00.000000Z"}
    problem(await stranger.ask("GET", "/v1/stats"), 401, "unauthorized")
    await server.restart()
    assert [entry["count"] for entry in await audit(server, "?outcome=unauthorized")] == [1, 2]


async def test_sessions_of_browsers_are_told(server: Server) -> None:
    key = await make(server, "runs:read", name="shop")
    same = {"sec-fetch-site": "same-origin"}
    assert (await server.http.post("/v1/session", json={"key": key.key}, headers=same)).status_code == 204
    assert (await server.http.delete("/v1/session", headers=same)).status_code == 204
    problem(await server.http.post("/v1/session", json={"key": "no"}, headers=same), 401, "unauthorized")
    await server.live(61)
    entries = (await audit(server))[:3]
    assert [entry["action"] for entry in entries] == ["request.refuse", "session.end", "session.create"]
    assert {entry["target"] for entry in entries[1:]} != {None}
    assert {entry["actor"]["id"] for entry in entries[1:]} == {key.id}


async def test_webhooks_and_secrets_are_told(server: Server) -> None:
    key = await make(server, "admin")
    url = "https://example.com/hook"
    handler = {"kind": "http", "url": url, "headers": {"x-key": "s3cret"}}
    for method, path, body in (
        ("PUT", "/v1/webhooks/w", {"url": url}),
        ("PUT", "/v1/webhooks/w", {"url": url, "enabled": False}),
        ("POST", "/v1/webhooks/w/secret/rotate", {}),
        ("DELETE", "/v1/webhooks/w", None),
        ("POST", "/v1/job-types", {"name": "h", "handler": handler}),
        ("POST", "/v1/job-types/h/secret/rotate", {}),
    ):
        answer = await key.ask(method, path, body)
        assert answer.is_success, (path, answer.text)
    entries = await audit(server, f"?actor={key.id}")
    told = [(entry["action"], entry["target"], entry["changed"]) for entry in reversed(entries)]
    assert told == [
        ("webhook.create", "w", []),
        ("webhook.update", "w", ["enabled"]),
        ("webhook.secret.update", "w", []),
        ("webhook.delete", "w", []),
        ("job_type.create", "h", []),
        ("job_type.secret.update", "h", []),
    ]
    assert "s3cret" not in str(entries)


async def test_it_is_for_administrators_and_comes_in_pages(server: Server) -> None:
    for name in ("runs:read", "config", "metrics"):
        problem(await (await make(server, name)).ask("GET", "/v1/audit"), 403, "forbidden")
    first = await root(server, "GET", "/v1/audit?limit=2")
    rest = await root(server, "GET", f"/v1/audit?limit=2&cursor={first['next_cursor']}")
    assert [len(page["data"]) for page in (first, rest)] == [2, 1]
    assert rest["next_cursor"] is None
    ids = [entry["id"] for page in (first, rest) for entry in page["data"]]
    assert ids == sorted(ids, reverse=True)
    asked = {"authorization": f"Bearer {ROOT}"}
    problem(await server.http.get("/v1/audit?cursor=x", headers=asked), 422, "invalid_cursor")
    problem(await server.http.get("/v1/audit?who=x", headers=asked), 422, "invalid_request")


async def test_without_keys_nobody_is_named(serve: Callable[..., Server]) -> None:
    async with serve() as server:
        await server.register()
        [entry] = (await server.get("/v1/audit"))["data"]
        assert (entry["actor"], entry["address"], entry["action"]) == (None, "127.0.0.1", "job_type.create")
        assert (await server.dispatch())["created_by"] is None


async def test_a_version_of_a_job_type_names_the_key_that_made_it(server: Server) -> None:
    await root(server, "POST", "/v1/job-types", {"name": "mail", "handler": {"kind": "worker"}})
    deploy = await make(server, "admin", name="deploy")
    await deploy.ask("PATCH", "/v1/job-types/mail", {"priority": 1})
    await root(server, "POST", "/v1/job-types/mail/pause")
    second, first = (await deploy.get("/v1/job-types/mail/versions"))["data"]
    assert second["created_by"] == {"id": deploy.id, "name": "deploy"}
    assert first["created_by"] == {"id": "root", "name": "JOBS_API_KEY"}


async def test_runs_say_by_whose_key_they_were_made(server: Server) -> None:
    await root(server, "POST", "/v1/job-types", {"name": "mail", "handler": {"kind": "worker"}})
    await root(server, "POST", "/v1/schedules", {"name": "s", "job_type": "mail", **TRIGGER})
    key = await make(server, "runs:read", "runs:write", name="shöp no. 1")
    me = {"id": key.id, "name": "shöp no. 1"}
    run = (await key.ask("POST", "/v1/job-types/mail/runs", {"payload": 1})).json()
    assert run["created_by"] == me
    assert (await key.get(f"/v1/runs/{run['id']}"))["created_by"] == me
    for body in ({"job_type": "mail", "payload": 1}, {"job_type": "mail", "payload": 1, "tags": ["t"]}):
        batch = (await key.ask("POST", "/v1/runs/batch", {"runs": [body] * 2})).json()
        for made in batch["data"]:
            assert (await key.get(f"/v1/runs/{made['id']}"))["created_by"] == me
    await key.ask("POST", f"/v1/runs/{run['id']}/cancel")
    replayed = await root(server, "POST", f"/v1/runs/{run['id']}/replay")
    assert replayed["created_by"] == {"id": "root", "name": "JOBS_API_KEY"}
    assert (await key.ask("POST", "/v1/schedules/s/trigger")).json()["created_by"] == me
    await server.live(61)
    fired = (await key.get("/v1/runs?schedule=s"))["data"]
    assert [found["created_by"] for found in fired] == [None, me]
