"""Waiting for a run: `Prefer: wait`, `?wait_seconds=`."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.app.server import Server, problem
from tests.app.waiting import until


async def until_waited_for(server: Server, n: int = 1) -> None:
    """Returns when so many requests wait for a run, their time running: what they await has a callback by then."""

    async def waiting() -> int:
        await server.settle()
        waiters = [future for futures in server.jobs.feed._waiters.values() for future in futures]
        return sum(bool(future._callbacks) for future in waiters)  # type: ignore[attr-defined]

    await until(waiting, lambda found: found == n)


def preferring(server: Server, prefer: str) -> asyncio.Task[httpx.Response]:
    request = server.http.post("/v1/job-types/greet/runs", json={"payload": 1}, headers={"prefer": prefer})
    return asyncio.create_task(request)


async def test_a_dispatch_that_waits_is_answered_with_the_finished_run(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    asked = preferring(server, "wait=10")
    await until_waited_for(server)
    await worker.complete(await worker.take(), {"greeting": "hello"})
    answer = await asked
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=10")
    assert (answer.json()["state"], answer.json()["result"]) == ("completed", {"greeting": "hello"})
    assert answer.headers["location"] == f"/v1/runs/{answer.json()['id']}"


@pytest.mark.parametrize("outcome", ["failed", "cancelled"])
async def test_any_end_ends_the_wait(server: Server, outcome: str) -> None:
    await server.register(retry=0)
    worker = await server.worker()
    asked = preferring(server, "wait=10")
    await until_waited_for(server)
    lease = await worker.take()
    if outcome == "failed":
        await worker.fail(lease)
    else:
        await server.cancel(lease, status=202)
        await worker.say(lease, "cancelled")
    assert ((await asked).status_code, (await asked).json()["state"]) == (200, outcome)


async def test_a_wait_that_is_over_is_202(server: Server) -> None:
    await server.register()
    asked = preferring(server, "wait=10")
    await until_waited_for(server)
    await server.advance(9.9)
    assert not asked.done()
    server.clock.move(0.2)
    answer = await asked
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    assert "preference-applied" not in answer.headers


@pytest.mark.parametrize("server", [{"max_wait_seconds": 5}], indirect=True)
async def test_a_wait_is_cut(server: Server) -> None:
    await server.register()
    asked = preferring(server, "wait=86400")
    await until_waited_for(server)
    server.clock.move(5.1)
    assert (await asked).status_code == 202
    worker = await server.worker()
    await worker.complete(await worker.take())
    asked = preferring(server, "wait=100")
    await until_waited_for(server)
    await worker.complete(await worker.take())
    assert (await asked).headers["preference-applied"] == "wait=5"


@pytest.mark.parametrize("prefer", ["respond-async", "wait", "wait=x", "wait=-1", "await=5", "handling=lenient; wait"])
async def test_another_preference_does_not_wait(server: Server, prefer: str) -> None:
    await server.register()
    assert (await preferring(server, prefer)).status_code == 202


@pytest.mark.parametrize(
    "prefer", ["respond-async, wait=10", 'wait="10"', "Wait=10", "wait = 10", "wait=10, handling=lenient"]
)
async def test_a_preference_among_others_is_heard(server: Server, prefer: str) -> None:
    await server.register()
    worker = await server.worker()
    asked = preferring(server, prefer)
    await until_waited_for(server)
    await worker.complete(await worker.take())
    assert ((await asked).status_code, (await asked).headers["preference-applied"]) == (200, "wait=10")


async def test_a_replay_can_wait_too(server: Server) -> None:
    await server.register()
    run = await server.dispatch(payload=5)
    await server.cancel(run, status=200)
    worker = await server.worker()
    request = server.http.post(f"/v1/runs/{run['id']}/replay", headers={"prefer": "wait=5"})
    asked = asyncio.create_task(request)
    await until_waited_for(server)
    await worker.complete(await worker.take(), 6)
    assert ((await asked).status_code, (await asked).json()["result"]) == (200, 6)


async def test_a_read_can_wait(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    asked = asyncio.create_task(server.get(f"/v1/runs/{run['id']}", wait_seconds=60))
    await until_waited_for(server)
    await worker.say(lease, "progress", percent=50)
    await server.settle()
    assert not asked.done()
    await worker.complete(lease, 1)
    assert (await asked)["result"] == 1
    assert (await server.get(f"/v1/runs/{run['id']}", wait_seconds=60))["result"] == 1, "at once, for it is final"


async def test_a_read_that_waited_in_vain_shows_the_run(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    asked = asyncio.create_task(server.get(f"/v1/runs/{run['id']}", wait_seconds=1.5))
    await until_waited_for(server)
    server.clock.move(1.6)
    assert (await asked)["state"] == "queued"
    assert (await server.get(f"/v1/runs/{run['id']}", wait_seconds=0))["state"] == "queued"


@pytest.mark.parametrize("seconds", ["61", "-1", "x", "nan", "inf"])
async def test_a_bad_wait_is_refused(server: Server, seconds: str) -> None:
    await server.register()
    run = await server.dispatch()
    problem(await server.http.get(f"/v1/runs/{run['id']}?wait_seconds={seconds}"), 422, "invalid_request")


async def test_a_drain_ends_every_wait(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    asked: list[asyncio.Task[Any]] = [
        asyncio.create_task(server.http.get(f"/v1/runs/{run['id']}?wait_seconds=60")),
        preferring(server, "wait=60"),
    ]
    await until_waited_for(server, 2)
    server.jobs.drain()
    assert [(await task).status_code for task in asked] == [200, 202]
