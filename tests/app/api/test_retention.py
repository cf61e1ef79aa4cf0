"""Retention: what is finished goes, with all that belongs to it, and the file does not grow without end."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import Any

import pytest

from tests.app.server import Server, problem


def rows(server: Server) -> dict[str, int]:
    with closing(sqlite3.connect(server.settings.database)) as database:
        tables = ("runs", "events", "idempotency_keys")
        return {table: database.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in tables}


async def gone(server: Server, run: Any) -> bool:
    return (await server.http.get(f"/v1/runs/{run['id']}")).status_code == 404


async def finish(server: Server, state: str = "completed") -> None:
    worker = await server.worker()
    lease = await worker.take()
    await (worker.complete(lease) if state == "completed" else worker.fail(lease, retryable=False))
    await worker.leave()


@pytest.mark.parametrize("state", ["completed", "failed", "cancelled"])
async def test_a_finished_run_goes_after_its_retention_with_its_events(server: Server, state: str) -> None:
    await server.register(retention_seconds=60)
    run = await server.dispatch(payload={"private": "yes"})
    await server.advance(10)
    if state == "cancelled":
        await server.cancel(run, status=200)
    else:
        await finish(server, state)
    await server.live(59)
    assert (await server.run(run))["state"] == state
    await server.live(6.5)
    assert await gone(server, run), "counted from its end"
    problem(await server.http.get(f"/v1/runs/{run['id']}/events"), 404, "run_not_found")
    assert rows(server) == {"runs": 0, "events": 0, "idempotency_keys": 0}
    assert (await server.get("/v1/stats"))["counts"][state] == 0
    assert (await server.get("/v1/queues/default"))["counts"][state] == 0


async def test_what_is_unfinished_never_goes(server: Server) -> None:
    await server.register(retention_seconds=0, retry={"initial_seconds": 1000})
    waiting = [await server.dispatch(), await server.dispatch(delay_seconds=1000)]
    retrying = await server.dispatch(priority=1)
    worker = await server.worker()
    await worker.fail((await worker.claim(1))[0])
    await server.live(30)
    assert not any([await gone(server, run) for run in (*waiting, retrying)])


async def test_each_run_has_the_retention_of_its_dispatch(server: Server) -> None:
    await server.register(retention_seconds=10)
    first = await server.dispatch()
    await server.http.patch("/v1/job-types/greet", json={"retention_seconds": 1000})
    second = await server.dispatch()
    for run in (first, second):
        await server.cancel(run, status=200)
    await server.live(16)
    assert (await gone(server, first), await gone(server, second)) == (True, False)


async def test_a_run_is_kept_as_long_as_its_idempotency_key(server: Server) -> None:
    await server.register(retention_seconds=0)
    headers = {"idempotency-key": "k"}
    answer = await server.http.post("/v1/job-types/greet/runs", json={"payload": 1}, headers=headers)
    await server.cancel(answer.json(), status=200)
    await server.live(10)
    again = await server.http.post("/v1/job-types/greet/runs", json={"payload": 1}, headers=headers)
    assert (again.status_code, again.json()["id"]) == (200, answer.json()["id"])
    await server.advance(86_400)
    await server.live(6)
    assert await gone(server, answer.json())
    assert rows(server) == {"runs": 0, "events": 0, "idempotency_keys": 0}


async def test_much_goes_in_small_batches_with_room_between_them(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register(retention_seconds=1)
    await server.post("/v1/runs/batch", {"runs": [{"job_type": "greet", "payload": n} for n in range(1000)]})
    worker = await server.worker()
    leases = await worker.claim(1000)
    reports = [{"run_id": lease["run"]["id"], "attempt": 1, "lease_token": lease["lease_token"]} for lease in leases]
    await worker.call([report | {"type": "completed"} for report in reports])
    batches: list[int] = []
    prune = server.store.prune

    async def counting(limit: int, until: int | None = None) -> int:
        batches.append(await prune(limit, until))
        return batches[-1]

    monkeypatch.setattr(server.store, "prune", counting)
    await server.live(6)
    for _ in range(20):
        await server.advance(0.05)
    assert [size for size in batches if size] == [200] * 5
    assert rows(server)["runs"] == 0


async def test_the_file_does_not_grow_under_steady_load(server: Server) -> None:
    """Every cycle makes, runs and forgets as many runs as the one before."""
    await server.register(retention_seconds=5)
    worker = await server.worker()
    items = [{"job_type": "greet", "payload": "x" * 2000, "tags": ["a"]} for _ in range(40)]
    pages: list[int] = []
    for _ in range(16):
        await server.post("/v1/runs/batch", {"runs": items})
        leases = await worker.claim(40)
        reports = [
            {"run_id": lease["run"]["id"], "attempt": 1, "lease_token": lease["lease_token"]} for lease in leases
        ]
        await worker.call([report | {"type": "log", "message": "y" * 500} for report in reports])
        await worker.call([report | {"type": "completed", "result": "z" * 1000} for report in reports])
        for _ in range(2):
            await server.advance(2.5)
        with closing(sqlite3.connect(server.settings.database)) as database:
            pages.append(database.execute("PRAGMA page_count").fetchone()[0])
    assert rows(server)["runs"] <= 40 * 4
    assert max(pages[8:]) <= max(pages[:8]), pages


async def test_readers_of_the_stream_are_not_disturbed_by_retention(server: Server) -> None:
    await server.register(retention_seconds=1)
    async with server.stream("/v1/events?from=start") as stream:
        for n in range(3):
            run = await server.dispatch(payload=n)
            await server.cancel(run, status=200)
            assert [(await stream.event()).event, (await stream.event()).event] == ["queued", "cancelled"]
            await server.live(8)
            assert await gone(server, run)
