"""5. Being a worker: leases, heartbeats, and what becomes of the runs of a worker that dies.

A worker is any process, in any language. This is all that it has to know.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from tests.fundamentals.conftest import PassTime


@pytest.fixture(autouse=True)
async def job_type(jobs: httpx.AsyncClient) -> None:
    await jobs.put("/v1/job-types/resize", json={"handler": {"kind": "worker"}})


async def register(jobs: httpx.AsyncClient, name: str) -> dict[str, Any]:
    worker: dict[str, Any] = (await jobs.post("/v1/workers", json={"name": name, "job_types": ["resize"]})).json()
    return worker | {"url": f"/v1/workers/{worker['id']}"}


async def claim(jobs: httpx.AsyncClient, worker: dict[str, Any]) -> dict[str, Any]:
    [lease] = (await jobs.post(f"{worker['url']}/claim", json={"max": 1})).json()["data"]
    found: dict[str, Any] = lease
    return found


async def test_a_claim_waits_for_work(jobs: httpx.AsyncClient) -> None:
    """So a worker need not ask again and again: the dispatch answers the claim."""
    worker = await register(jobs, "w")
    waiting = asyncio.create_task(claim(jobs, worker))
    run = (await jobs.post("/v1/job-types/resize/runs", json={"payload": 1})).json()
    assert (await waiting)["run"]["id"] == run["id"]


async def test_a_lease_lives_as_long_as_its_worker_names_it(jobs: httpx.AsyncClient, pass_time: PassTime) -> None:
    run = (await jobs.post("/v1/job-types/resize/runs", json={"payload": 1})).json()
    worker = await register(jobs, "w")
    assert (worker["lease_seconds"], worker["heartbeat_seconds"]) == (15, 5)
    await claim(jobs, worker)
    for _ in range(10):
        await pass_time(worker["heartbeat_seconds"])
        heard = (await jobs.post(f"{worker['url']}/report", json={"holding": [run["id"]]})).json()
        assert heard["holding"][0]["held"] is True
    assert (await jobs.get(f"/v1/runs/{run['id']}")).json()["state"] == "running"


async def test_the_runs_of_a_dead_worker_go_on_elsewhere(jobs: httpx.AsyncClient, pass_time: PassTime) -> None:
    run = (await jobs.post("/v1/job-types/resize/runs", json={"payload": 1})).json()
    dead = await register(jobs, "dead")
    old = await claim(jobs, dead)
    await pass_time(dead["lease_seconds"])

    # Silence for a lease's term is death. The run lost its worker; that costs it no attempt, but it is counted.
    lost = (await jobs.get(f"/v1/runs/{run['id']}")).json()
    assert (lost["state"], lost["attempt"], lost["losses"]) == ("queued", 0, 1)

    # It begins anew elsewhere, in a process of its own in case it was what killed the worker.
    other = await register(jobs, "other")
    lease = await claim(jobs, other)
    assert (lease["run"]["id"], lease["alone"]) == (run["id"], True)

    # The dead worker was only slow? It is not known any more, and must register again.
    late = {"run_id": run["id"], "attempt": 1, "lease_token": old["lease_token"], "type": "completed", "result": "late"}
    gone = await jobs.post(f"{dead['url']}/report", json={"reports": [late]})
    assert (gone.status_code, gone.json()["code"]) == (404, "worker_not_found")

    # Nor does its old lease count for anything: the token is that of a lease which is no more.
    again = await register(jobs, "dead again")
    [answer] = (await jobs.post(f"{again['url']}/report", json={"reports": [late]})).json()["data"]
    assert answer["status"] == "lease_lost"
    assert (await jobs.get(f"/v1/runs/{run['id']}")).json()["state"] == "running"


async def test_a_worker_that_stops_on_purpose_gives_back_what_it_has(jobs: httpx.AsyncClient) -> None:
    run = (await jobs.post("/v1/job-types/resize/runs", json={"payload": 1})).json()
    worker = await register(jobs, "w")
    await claim(jobs, worker)
    assert (await jobs.delete(worker["url"])).status_code == 204
    given_back = (await jobs.get(f"/v1/runs/{run['id']}")).json()
    assert (given_back["state"], given_back["attempt"], given_back["losses"]) == ("queued", 0, 0)


async def test_a_worker_can_bring_the_definitions_of_its_jobs(jobs: httpx.AsyncClient) -> None:
    """So the code says how it wants to be run, and a deploy needs no second step."""
    declares = {
        "app": "shop.jobs",
        "declared_at": "2026-01-01T00:00:00Z",
        "job_types": [{"name": "send-invoice", "handler": {"kind": "worker"}, "retry": 2}],
    }
    worker = {"name": "shop-1", "job_types": ["send-invoice"], "declares": declares}
    assert (await jobs.post("/v1/workers", json=worker)).json()["conflicts"] == []
    declared = (await jobs.get("/v1/job-types/send-invoice")).json()
    assert (declared["source"], declared["retry"]["max_attempts"]) == ("code", 3)
