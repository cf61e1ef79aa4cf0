"""A rolling deploy: a worker of older code that cannot read a newer run's payload gives it back."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.server import Server, Worker


def code(version: int, **fields: Any) -> dict[str, Any]:
    schema = {"type": "object", "required": [f"v{version}"]}
    return {"name": "greet", "handler": {"kind": "worker"}, "payload_schema": schema} | fields


async def started(server: Server, definition: Any, **fields: Any) -> Worker:
    return await server.worker("greet", declares={"app": "shop", "job_types": [definition]} | fields)


async def cannot_read(worker: Worker, lease: Any) -> None:
    error = {"message": "v2: field required", "type": "InvalidPayload", "code": "invalid_payload"}
    assert (await worker.say(lease, "failed", error=error, retryable=False))["status"] == "accepted"


async def test_it_goes_to_one_that_knows_it_and_no_attempt_is_spent(server: Server) -> None:
    old = await started(server, code(1))
    new = await started(server, code(2))
    run = await server.dispatch(payload={"v2": 1})
    await cannot_read(old, await old.take())
    back = await server.run(run)
    assert (back["state"], back["attempt"], back["wait_reason"], back["error"]) == ("queued", 0, None, None)
    for _ in range(3):
        assert await old.claim() == []
    lease = await new.take()
    assert lease["attempt"] == 1
    await new.complete(lease)
    assert (await server.run(run))["state"] == "completed"


@pytest.mark.parametrize("restart", [False, True])
async def test_it_waits_with_a_reason_where_nobody_knows_it(server: Server, restart: bool) -> None:
    old, other = await started(server, code(1)), await started(server, code(1))
    new = await started(server, code(2))
    run = await server.dispatch(payload={"v2": 1})
    await new.leave()
    for worker in (old, other):
        await cannot_read(worker, await worker.take())
    if restart:
        await server.restart()
    for worker in (old, other):
        assert await worker.claim() == []
    assert (await server.run(run))["wait_reason"] == "no_worker"
    assert await server.types(run) == ["queued", "started", "interrupted", "started", "interrupted"]
    again = await started(server, code(2))
    assert (await server.run(run))["wait_reason"] is None
    await again.complete(await again.take())


async def test_the_older_worker_goes_on_with_what_it_knows(server: Server) -> None:
    old = await started(server, code(1))
    before = await server.dispatch(payload={"v1": 1})
    await started(server, code(2))
    after = [await server.dispatch(payload={"v2": n}, priority=5) for n in range(3)]
    await cannot_read(old, await _first(old))
    lease = await _first(old)
    assert lease["run"]["id"] == before["id"]
    await old.complete(lease)
    assert await old.claim() == []
    assert {(await server.run(run))["state"] for run in after} == {"queued"}


async def _first(worker: Worker) -> Any:
    [lease] = await worker.claim(most=1)
    return lease


async def test_a_payload_that_is_no_newer_fails_as_ever(server: Server) -> None:
    """Of the worker's own version, of an older one, and of one that a person has changed."""
    worker = await started(server, code(1))
    own = await server.dispatch(payload={"v1": 1})
    await cannot_read(worker, await worker.take())
    older = await server.dispatch(payload={"v1": 1})
    new = await started(server, code(2))
    await cannot_read(new, await new.take())
    await server.http.patch("/v1/job-types/greet", json={"payload_schema": True})
    changed = await server.dispatch(payload=None)
    await cannot_read(worker, await worker.take())
    for run in (own, older, changed):
        found = await server.run(run)
        assert (found["state"], found["error"]["code"], found["attempt"]) == ("failed", "invalid_payload", 1)


async def test_other_failures_of_older_code_are_failures(server: Server) -> None:
    old = await started(server, code(1, retry=0))
    await started(server, code(2, retry=0))
    run = await server.dispatch(payload={"v2": 1})
    await old.fail(await old.take(), retryable=False)
    assert (await server.run(run))["state"] == "failed"


async def test_the_limit_of_a_job_type_holds_for_older_and_newer_code_together(server: Server) -> None:
    old = await started(server, code(1, concurrency=2))
    await server.dispatch(payload={"v1": 1})
    await server.dispatch(payload={"v1": 2})
    new = await started(server, code(2, concurrency=2))
    await server.dispatch(payload={"v2": 1}, priority=9)
    await cannot_read(old, await _first(old))
    assert len([*await new.claim(), *await old.claim()]) == 2
