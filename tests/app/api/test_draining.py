"""Workers as operators see them: where they run, what they have in hand, and that they get no more when they drain; and
the servers that they speak to."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.app.server import Server, problem
from tests.app.waiting import until

KEY = "a-root-key-of-some-length"


async def listed(server: Server, worker_id: str) -> Any:
    [found] = [w for w in (await server.get("/v1/workers"))["data"] if w["id"] == worker_id]
    return found


async def test_a_worker_is_shown_with_what_it_has_in_hand_and_where_it_runs(server: Server) -> None:
    await server.register()
    worker = await server.worker(concurrency=30, host="mail-1", pid=17, version="0.1.0")
    shown = await listed(server, worker.id)
    assert (shown["slots"], shown["busy"], shown["running"], shown["draining"]) == (30, 0, [], False)
    assert (shown["host"], shown["pid"], shown["version"]) == ("mail-1", 17, "0.1.0")
    assert shown["server"] == (await server.get("/v1/servers"))["data"][0]["id"]
    assert shown["last_seen_at"] == shown["seen_at"]
    runs = [await server.dispatch() for _ in range(25)]
    leases = await worker.claim(25)
    shown = await listed(server, worker.id)
    assert (shown["busy"], len(shown["running"])) == (25, 20)
    assert shown["running"][0] == {
        "run_id": runs[0]["id"],
        "job_type": "greet",
        "queue": "default",
        "attempt": 1,
        "started_at": (await server.run(runs[0]))["started_at"],
    }
    for lease in leases:
        await worker.complete(lease)
    assert (await listed(server, worker.id))["busy"] == 0


async def test_what_a_worker_does_not_say_is_null(server: Server) -> None:
    shown = await listed(server, (await server.worker()).id)
    assert (shown["host"], shown["pid"], shown["version"]) == (None, None, None)


@pytest.mark.parametrize("wrong", [{"host": ""}, {"host": "x" * 256}, {"pid": 0}, {"pid": "7"}, {"version": "v" * 65}])
async def test_what_it_says_of_itself_has_limits(server: Server, wrong: Any) -> None:
    answer = await server.http.post("/v1/workers", json={"name": "w", "job_types": []} | wrong)
    problem(answer, 422, "invalid_request")


async def test_a_draining_worker_gets_no_more_keeps_what_it_has_and_is_told_to_end(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    await server.dispatch()
    lease = await worker.take()
    assert (await worker.call())["drain"] is False
    drained = await server.post(f"/v1/workers/{worker.id}/drain", status=200)
    assert (drained["id"], drained["draining"], drained["busy"]) == (worker.id, True, 1)
    waits = await server.dispatch()
    assert await worker.claim() == []
    assert (await worker.call(holding=[lease["run"]["id"]]))["drain"] is True
    await worker.complete(lease)
    await server.post(f"/v1/workers/{worker.id}/drain", status=200)
    other = await server.worker()
    assert [lease["run"]["id"] for lease in await other.claim()] == [waits["id"]]
    await server.restart()
    assert (await listed(server, worker.id))["draining"] is True
    assert await worker.claim() == []


async def test_a_claim_that_waits_is_answered_when_its_worker_drains(server: Server) -> None:
    worker = await server.worker()
    claim = asyncio.create_task(worker.claim(wait_seconds=30))
    await until(lambda: server.jobs.leasing.claims.waiting)
    await server.post(f"/v1/workers/{worker.id}/drain", status=200)
    assert await claim == []


async def test_a_drain_is_in_the_audit_log_once_and_needs_a_worker_that_is_there(server: Server) -> None:
    worker = await server.worker()
    await server.post(f"/v1/workers/{worker.id}/drain", status=200)
    [entry] = (await server.get("/v1/audit", action="worker.drain"))["data"]
    assert entry["target"] == worker.id
    problem(await server.http.post("/v1/workers/wrk_0000000000000/drain"), 404, "worker_not_found")
    problem(await server.http.post(f"/v1/workers/{worker.id}/drain", json={"x": 1}), 422, "invalid_request")


@pytest.mark.parametrize("server", [{"api_key": KEY}], indirect=True)
async def test_another_keys_worker_is_not_there_to_be_drained(server: Server) -> None:
    server.http.headers.update({"authorization": f"Bearer {KEY}"})
    worker = await server.worker()
    key = await server.post("/v1/keys", {"name": "k", "scopes": ["workers", "runs:read"], "job_types": ["mail"]})
    headers = {"authorization": f"Bearer {key['key']}"}
    problem(await server.http.post(f"/v1/workers/{worker.id}/drain", headers=headers), 404, "worker_not_found")
    assert (await listed(server, worker.id))["draining"] is False
    restricted = (await server.http.get("/v1/servers", headers=headers)).json()["data"][0]
    assert restricted["settings"] is None


async def test_a_server_tells_of_itself_without_secrets(server: Server) -> None:
    await server.worker()
    async with server.stream("/v1/events") as stream:
        await stream.block()
        answer = await server.get("/v1/servers")
    [shown] = answer["data"]
    assert answer["next_cursor"] is None
    assert (shown["self"], shown["workers"], shown["streams"], shown["draining"]) == (True, 1, 1, False)
    assert shown["database"]["kind"] == ("sqlite" if server.store.neighbours is None else "postgresql")
    assert shown["settings"]["lease_seconds"] == 15
    assert not {name for name in shown["settings"] if "key" in name or "url" in name or "proxy" in name}
    server.jobs.drain()
    assert (await server.get("/v1/servers"))["data"][0]["draining"] is True
