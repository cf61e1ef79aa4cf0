"""What a server does that has nothing to do: it waits, and is woken."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx
import pytest
import uvicorn

from blazy_jobs_server.api.protocol import Protocol
from blazy_jobs_server.main import QuietServer
from tests.app.clock import HandClock
from tests.app.server import Server

SECONDS = 50


def count_timers(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """When those ring that are set from now on."""
    loop = asyncio.get_running_loop()
    set_for: list[float] = []
    call_at = loop.call_at

    def counting(when: float, *arguments: Any, **keywords: Any) -> asyncio.TimerHandle:
        set_for.append(when)
        return call_at(when, *arguments, **keywords)

    monkeypatch.setattr(loop, "call_at", counting)
    return set_for


async def test_an_idle_server_sets_few_timers(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.register()
    worker = await server.worker()
    claiming = asyncio.create_task(worker.claim(wait_seconds=SECONDS + 5))
    await server.settle()
    timers = count_timers(monkeypatch)
    await server.live(SECONDS)
    assert len(timers) <= 2 * SECONDS
    await server.dispatch()
    assert len(await claiming) == 1


async def test_the_http_server_adds_none_and_ends_when_told(
    server: Server, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    listener = socket.create_server(("127.0.0.1", 0))
    http = QuietServer(uvicorn.Config(server.app, http=Protocol, ws="none", lifespan="off", log_config=None))
    serving = asyncio.create_task(http.serve([listener]))
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{listener.getsockname()[1]}") as client:
        assert (await client.get("/healthz")).status_code == 200
    await server.settle()
    timers = count_timers(monkeypatch)
    for _ in range(20):
        clock.move(0.5)
        await asyncio.sleep(0)
    assert len(timers) < 10, "more than the engine's"
    http.end()
    while not serving.done():
        clock.move(0.1)
        await asyncio.sleep(0)
    await serving
    listener.close()


async def test_a_silent_worker_is_gone_when_its_lease_is_over(server: Server) -> None:
    lease_seconds = server.settings.lease_seconds
    await server.register()
    await server.dispatch()
    silent = await server.worker(name="silent")
    await server.live(lease_seconds / 3)
    lease = await silent.take()
    await server.live(lease_seconds - 1)
    assert [worker["name"] for worker in (await server.get("/v1/workers"))["data"]] == ["silent"]
    await server.live(1.5)
    assert (await server.get("/v1/workers"))["data"] == []
    assert "interrupted" in await server.types(lease)


async def test_an_idle_workers_heartbeat_is_no_commit(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    await server.settle()
    numbers = server.jobs.numbers
    before = numbers.batched
    for _ in range(10):
        answer = await server.post(f"/v1/workers/{worker.id}/report", {"reports": [], "holding": []})
        assert answer == {"data": [], "holding": [], "drain": False}
        server.clock.move(server.settings.lease_seconds / 2)
    assert numbers.batched == before
    assert [found["id"] for found in (await server.get("/v1/workers"))["data"]] == [worker.id]
    run = await server.dispatch()
    await worker.claim()
    await server.settle()
    before = numbers.batched
    held = await server.post(f"/v1/workers/{worker.id}/report", {"reports": [], "holding": [run["id"]]})
    assert held["holding"] == [{"run_id": run["id"], "held": True, "cancel_requested": False}]
    assert numbers.batched == before + 1
