"""`GET /v1/runs/{id}/explain`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.app.api.test_keys import ROOT, make
from tests.app.server import Server, item, problem


async def explained(server: Server, run: Any) -> Any:
    return await server.get(f"/v1/runs/{run['id']}/explain")


async def test_a_run_without_a_worker(server: Server) -> None:
    await server.register()
    await server.dispatch()
    run = await server.dispatch()
    found = await explained(server, run)
    assert list(found) == ["run_id", "summary", "facts", "since", "blocking", "next", "suggestions"]
    assert (found["run_id"], found["since"]) == (run["id"], run["due_at"])
    assert "No worker that is here serves `greet` in `default`." in found["summary"]
    assert "1 run of its job type and queue is ahead." in found["facts"]
    [one] = found["blocking"]
    assert (one["reason"], one["scope"], one["link"]) == ("no_worker", "workers", "/v1/workers")
    await (await server.worker()).leave()
    assert "the last one left at 00:00:00 UTC" in (await explained(server, run))["summary"]
    problem(await server.http.get("/v1/runs/run_0000000000000/explain"), 404, "run_not_found")
    problem(await server.http.get("/v1/runs/x/explain"), 404, "run_not_found")


async def test_priority_counts_in_what_is_ahead(server: Server) -> None:
    await server.register()
    first = await server.dispatch()
    await server.dispatch(priority=5)
    assert "1 run of its job type and queue is ahead." in (await explained(server, first))["facts"]


async def test_busy_workers_and_a_limit(server: Server) -> None:
    await server.register()
    for _ in range(2):
        await server.dispatch()
    worker = await server.worker(concurrency=1)
    await worker.claim(most=1)
    [waiting] = (await server.get("/v1/runs", state="queued"))["data"]
    found = await explained(server, waiting)
    assert "The only slot of the 1 worker that serves it is busy." in found["summary"]
    await server.http.patch("/v1/job-types/greet", json={"concurrency": 1})
    found = await explained(server, waiting)
    assert "The limit of `greet` is reached: 1 of 1 run." in found["summary"]


async def test_a_cancel_that_is_not_obeyed(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    await worker.call([item(lease, "log", level="info", message=str(n)) for n in range(20)])
    assert "on worker `test`" in (await explained(server, run))["summary"]
    await server.cancel(run, status=202, reason="wrong file")
    await server.advance(8)
    await worker.hold(lease)
    found = await explained(server, run)
    assert found["summary"].startswith("Its cancel was asked 8 s ago, and its handler has not ended yet.")
    assert "The reason given: wrong file" in found["facts"]


async def test_a_run_that_waits_fails_and_has_failed(server: Server) -> None:
    await server.register(retry={"max_attempts": 2, "initial_seconds": 40, "jitter": False})
    run = await server.dispatch(delay_seconds=60)
    assert "It is to start in 60 s." in (await explained(server, run))["summary"]
    await server.advance(60)
    worker = await server.worker()
    await worker.fail(await worker.take(), "boom")
    assert "The next one is due in 40 s." in (await explained(server, run))["summary"]
    await server.advance(40)
    await worker.fail(await worker.take(), "boom")
    found = await explained(server, run)
    assert found["summary"].endswith("after 2 of 2 attempts: handler_error: boom")
    assert found["facts"] == ["No attempts are left."]


async def test_who_paused_it_is_told_to_administrators_alone(serve: Callable[..., Server]) -> None:
    async with serve(api_key=ROOT) as server:
        server.http.headers["authorization"] = f"Bearer {ROOT}"
        await server.register()
        run = await server.dispatch()
        operator = await make(server, "config", name="night-shift")
        await operator.ask("POST", "/v1/job-types/greet/pause")
        assert "is paused since 00:00:00 UTC, by `night-shift`." in (await explained(server, run))["summary"]
        reader = await make(server, "runs:read")
        found = (await reader.ask("GET", f"/v1/runs/{run['id']}/explain")).json()
        assert "is paused since 00:00:00 UTC." in found["summary"]
        assert "night-shift" not in str(found)
        other = await make(server, "runs:read", job_types=["mail"])
        problem(await other.ask("GET", f"/v1/runs/{run['id']}/explain"), 404, "run_not_found")


async def test_a_restricted_key_hears_of_no_worker_that_it_does_not_see(serve: Callable[..., Server]) -> None:
    async with serve(api_key=ROOT) as server:
        server.http.headers["authorization"] = f"Bearer {ROOT}"
        await server.register()
        await server.register("mail")
        run = await server.dispatch()
        worker = await server.worker("greet", "mail", name="secret-host")
        await worker.take()
        key = await make(server, "runs:read", job_types=["greet"])
        found = (await key.ask("GET", f"/v1/runs/{run['id']}/explain")).json()
        assert worker.id in found["summary"]
        assert "secret-host" not in str(found)
