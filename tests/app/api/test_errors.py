"""Groups of errors: `GET /v1/errors`, `POST /v1/runs/{id}/resolve`, and who sees what of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.app.api.test_keys import ROOT, make
from tests.app.server import Server, problem


async def fail(server: Server, message: str, name: str = "greet", **fields: Any) -> Any:
    """A run that has failed with that message."""
    run = await server.dispatch(name)
    worker = await server.worker(name)
    await worker.fail(await worker.take(), message, **{"retryable": False, **fields})
    await worker.leave()
    return await server.run(run)


async def groups(server: Server, **where: Any) -> list[Any]:
    found: list[Any] = (await server.get("/v1/errors", **where))["data"]
    return found


async def test_failures_of_one_kind_are_one_group(server: Server) -> None:
    await server.register()
    await server.register("mail", queue="mail")
    first = await fail(server, "no user 1")
    await server.advance(10)
    await fail(server, "boom")
    await server.advance(10)
    last = await fail(server, "no user 2", "mail")
    assert await groups(server) == [
        {
            "group": first["error"]["group"],
            "code": "handler_error",
            "type": "ValueError",
            "message": "no user 2",
            "job_types": ["greet", "mail"],
            "count": 2,
            "first_at": first["finished_at"],
            "last_at": last["finished_at"],
            "sample_run_id": last["id"],
        },
        (await groups(server, job_type="greet"))[0],
    ]
    [mail] = await groups(server, queue="mail")
    assert (mail["count"], mail["job_types"], mail["first_at"]) == (1, ["mail"], last["finished_at"])
    assert await groups(server, group=mail["group"]) == (await groups(server))[:1]
    assert await groups(server, group="0" * 16) == await groups(server, job_type="nobody") == []


async def test_a_resolved_run_counts_no_more(server: Server) -> None:
    await server.register()
    run, other = await fail(server, "boom"), await fail(server, "boom")
    assert (run["resolved"], run["resolved_at"]) == (False, None)
    resolved = await server.post(f"/v1/runs/{run['id']}/resolve", status=200)
    assert (resolved["resolved"], resolved["state"]) == (True, "failed")
    assert resolved["resolved_at"] is not None
    await server.advance(5)
    assert await server.post(f"/v1/runs/{run['id']}/resolve", {}, status=200) == resolved == await server.run(run)
    assert await server.types(run) == ["queued", "started", "failed"]
    assert [(group["count"], group["sample_run_id"]) for group in await groups(server)] == [(1, other["id"])]
    await server.post(f"/v1/runs/{other['id']}/resolve", status=200)
    assert await groups(server) == []


async def test_a_replay_resolves_its_original(server: Server) -> None:
    await server.register()
    run = await fail(server, "boom")
    replayed = await server.post(f"/v1/runs/{run['id']}/replay", status=202)
    assert (replayed["replay_of"], replayed["resolved"]) == (run["id"], False)
    assert (await server.run(run))["resolved"] is True
    assert await groups(server) == []
    worker = await server.worker()
    await worker.fail(await worker.take(), "boom", retryable=False)
    assert [group["sample_run_id"] for group in await groups(server)] == [replayed["id"]]


async def test_only_a_failed_run_is_resolved(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    refused = problem(await server.http.post(f"/v1/runs/{run['id']}/resolve"), 409, "run_not_failed")
    assert "queued" in refused["detail"]
    problem(await server.http.post("/v1/runs/run_0000000000000/resolve"), 404, "run_not_found")
    problem(await server.http.post(f"/v1/runs/{run['id']}/resolve", json={"x": 1}), 422, "invalid_request")


async def test_what_retries_is_a_list_of_its_own(server: Server) -> None:
    await server.register(retry={"initial_seconds": 60, "jitter": False})
    run = await fail(server, "boom", retryable=True)
    assert run["state"] == "retrying"
    assert await groups(server) == []
    [group] = await groups(server, state="retrying")
    assert (group["group"], group["count"], group["sample_run_id"]) == (run["error"]["group"], 1, run["id"])
    await server.advance(60)
    assert await groups(server, state="retrying") == []
    assert (await server.run(run))["error"]["group"] == run["error"]["group"], "its last error"


async def test_pages_and_refusals(server: Server) -> None:
    await server.register()
    for message in ("a", "b", "c"):
        await fail(server, message)
        await server.advance(1)
    page = await server.get("/v1/errors", limit=2)
    assert [group["message"] for group in page["data"]] == ["c", "b"]
    rest = await server.get("/v1/errors", limit=2, cursor=page["next_cursor"])
    assert ([group["message"] for group in rest["data"]], rest["next_cursor"]) == (["a"], None)
    for cursor in ("x", page["next_cursor"][:-1], page["next_cursor"] + "0", "z" * 29):
        problem(await server.http.get(f"/v1/errors?cursor={cursor}"), 422, "invalid_cursor")
    for query in ("state=queued", "state=completed", "limit=0", "who=x", "group=" + "0" * 17):
        problem(await server.http.get(f"/v1/errors?{query}"), 422, "invalid_request")


async def test_a_long_message_is_cut(server: Server) -> None:
    await server.register()
    await fail(server, "ü" * 4000)
    assert [group["message"] for group in await groups(server)] == ["ü" * 1000]


async def test_each_way_to_fail_has_its_group(server: Server) -> None:
    await server.register(retry=0, timeout_seconds=1, result_schema={"type": "string"})
    expiring = await server.dispatch(expires_seconds=1)
    await server.advance(1)
    late = await server.dispatch()
    worker = await server.worker()
    await worker.take()
    await server.advance(30)
    misfit = await server.dispatch()
    await worker.complete(await worker.take(), 7)
    await server.settle()
    failed = [await server.run(run) for run in (misfit, late, expiring)]
    assert [run["error"]["code"] for run in failed] == ["invalid_result", "timeout", "expired"]
    assert {group["group"] for group in await groups(server)} == {run["error"]["group"] for run in failed}


@asynccontextmanager
async def keyed(serve: Callable[..., Server]) -> AsyncIterator[Server]:
    async with serve(api_key=ROOT) as server:
        server.http.headers["authorization"] = f"Bearer {ROOT}"
        yield server


async def test_a_restricted_key_sees_and_counts_only_what_is_its_own(serve: Callable[..., Server]) -> None:
    async with keyed(serve) as server:
        await server.register()
        await server.register("mail", queue="mail")
        await fail(server, "no user 1")
        theirs = await fail(server, "no user 2", "mail")
        await fail(server, "secret", "mail")
        key = await make(server, "runs:read", "runs:write", job_types=["greet"])
        [group] = (await key.ask("GET", "/v1/errors")).json()["data"]
        assert (group["count"], group["job_types"], group["message"]) == (1, ["greet"], "no user 1")
        problem(await key.ask("POST", f"/v1/runs/{theirs['id']}/resolve"), 404, "run_not_found")
        assert (await server.run(theirs))["resolved"] is False


async def test_a_resolve_needs_a_scope_and_is_in_the_audit_log(serve: Callable[..., Server]) -> None:
    async with keyed(serve) as server:
        await server.register()
        run = await fail(server, "boom")
        path = f"/v1/runs/{run['id']}/resolve"
        problem(await (await make(server, "runs:read")).ask("POST", path), 403, "forbidden")
        await server.post(path, status=200)
        entries = (await server.get("/v1/audit", action="run.resolve"))["data"]
        assert [(entry["target"], entry["actor"]["id"]) for entry in entries] == [(run["id"], "root")]


@pytest.mark.parametrize("given", [0, 60.5, 315_360_000, None])
async def test_a_retention_of_failed_runs_is_part_of_a_definition(server: Server, given: float | None) -> None:
    made = await server.register(retention_failed_seconds=given)
    assert made["retention_failed_seconds"] == given
    changed = await server.http.patch("/v1/job-types/greet", json={"retention_failed_seconds": 7})
    assert (changed.json()["retention_failed_seconds"], changed.json()["version"]) == (7, 2)
    for wrong in (-1, "x", 1e10):
        answer = await server.http.patch("/v1/job-types/greet", json={"retention_failed_seconds": wrong})
        problem(answer, 422, "invalid_request")
