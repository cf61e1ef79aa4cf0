"""One action on all runs that match: what is done, to which runs, and how far it is."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from blazy_jobs_server.engine import bulks
from tests.app.server import Server, paths, problem
from tests.app.waiting import until


async def asked(server: Server, action: str, *, status: int = 202, **body: Any) -> Any:
    return await server.post("/v1/runs/bulk", {"action": action} | body, status=status)


async def ended(server: Server, bulk: Any) -> Any:
    """As it is when it has ended."""
    found: list[Any] = []

    async def has_ended() -> bool:
        found[:] = [await server.get(f"/v1/bulk/{bulk['id']}")]
        return bool(found[0]["state"] != "running")

    await until(has_ended)
    return found[0]


async def done(server: Server, action: str, **body: Any) -> Any:
    bulk = await ended(server, await asked(server, action, **body))
    assert bulk["state"] == "completed"
    assert bulk["finished_at"] is not None
    assert bulk["matched"] == bulk["done"] + bulk["skipped"] + bulk["failed"]
    return bulk


def numbers(bulk: Any) -> tuple[int, int, int]:
    return bulk["done"], bulk["skipped"], bulk["failed"]


async def states(server: Server, **query: Any) -> list[str]:
    return [run["state"] for run in (await server.get("/v1/runs", limit=200, **query))["data"]]


async def test_what_matches_is_cancelled_and_nothing_else(server: Server) -> None:
    await server.register("greet")
    await server.register("other")
    kept = await server.dispatch("other")
    worker = await server.worker("greet")
    running = await server.dispatch()
    lease = await worker.take()
    for delay in (None, None, 100):
        await server.dispatch(delay_seconds=delay)
    bulk = await done(server, "cancel", filter={"job_type": "greet"})
    assert (bulk["action"], bulk["filter"], bulk["ids"]) == ("cancel", {"job_type": "greet"}, None)
    assert numbers(bulk) == (4, 0, 0)
    assert await states(server, job_type="greet") == ["cancelled"] * 3 + ["running"]
    assert (await server.run(running))["cancel_requested"] is True
    assert (await server.run(kept))["state"] == "queued"
    assert (await worker.hold(lease))[0]["cancel_requested"] is True
    assert await server.types((await server.get("/v1/runs", state="cancelled"))["data"][0]) == ["queued", "cancelled"]


async def failed_runs(server: Server, number: int) -> list[str]:
    await server.register("greet", retry=0, payload_schema={"type": "integer"})
    worker = await server.worker()
    made = [(await server.dispatch(payload=n, tags=["x"]))["id"] for n in range(number)]
    for lease in await worker.claim(number):
        await worker.fail(lease)
    await worker.leave()
    return made


async def test_failed_runs_are_replayed_and_resolved(server: Server) -> None:
    made = await failed_runs(server, 3)
    bulk = await done(server, "replay", filter={"state": "failed"})
    assert numbers(bulk) == (3, 0, 0)
    runs = (await server.get("/v1/runs", state="queued"))["data"]
    assert sorted(run["replay_of"] for run in runs) == made
    assert {run["payload"] for run in runs} == {0, 1, 2}
    assert all([(await server.run(run_id))["resolved"] for run_id in made])
    assert numbers(await done(server, "resolve", filter={"state": "failed", "resolved": False})) == (0, 0, 0)


async def test_a_replay_that_is_refused_counts_as_failed(server: Server) -> None:
    await failed_runs(server, 2)
    await server.http.put(
        "/v1/job-types/greet", json={"handler": {"kind": "worker"}, "payload_schema": {"const": 1}, "retry": 0}
    )
    bulk = await done(server, "replay", filter={"state": ["failed"], "tag": "x"})
    assert numbers(bulk) == (1, 0, 1)


async def test_replays_do_not_meet_themselves(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulks, "STEP", 1)
    await failed_runs(server, 3)
    assert numbers(await done(server, "replay", all=True)) == (3, 0, 0)
    assert len(await states(server)) == 6


async def test_the_other_actions(server: Server) -> None:
    made = await failed_runs(server, 2)
    assert numbers(await done(server, "resolve", ids=[made[0]])) == (1, 0, 0)
    assert (await server.run(made[0]))["resolved"] is True
    waiting = [await server.dispatch(payload=9, delay_seconds=100) for _ in range(2)]
    now = await done(server, "run_now", filter={"job_type": "greet"})
    assert numbers(now) == (2, 2, 0), "those that failed do not wait"
    assert await states(server, state="queued") == ["queued", "queued"]
    first = await done(server, "reprioritise", ids=[waiting[1]["id"]], priority=50)
    assert (numbers(first), first["priority"], first["ids"]) == ((1, 0, 0), 50, 1)
    worker = await server.worker()
    [lease, _] = await worker.claim()
    assert (lease["run"]["id"], lease["run"]["priority"]) == (waiting[1]["id"], 50)
    erased = await done(server, "erase", all=True)
    assert numbers(erased) == (2, 2, 0), "what runs cannot be erased"
    assert await states(server) == ["running", "running"]
    assert await server.get("/v1/runs/count") == {"count": 2, "at_least": False}


async def test_a_dry_run_says_what_would_be_done(server: Server) -> None:
    made = await failed_runs(server, 3)
    await server.dispatch(payload=7)
    answer = await asked(server, "erase", filter={"tag": "x"}, dry_run=True, status=200)
    assert (answer["matched"], answer["at_least"], answer["by_state"]) == (3, False, {"failed": 3})
    assert [run["id"] for run in answer["sample"]] == made[::-1]
    assert "payload" not in answer["sample"][0]
    everything = await asked(server, "cancel", all=True, dry_run=True, status=200)
    assert everything["by_state"] == {"queued": 1, "failed": 3}
    texts = await asked(server, "cancel", filter={"q": "no luck"}, dry_run=True, status=200)
    assert (texts["matched"], texts["by_state"]) == (3, {"failed": 3})
    assert len(await states(server)) == 4
    assert (await server.get("/v1/bulk"))["data"] == []


@pytest.mark.parametrize(
    "filter",
    [
        {"id": "RUN"},
        {"id": ["RUN", "run_0000000000000"]},
        {"state": ["failed", "queued"], "error_code": "handler_error"},
        {"attempt_min": 1, "q": "no luck", "queue": "default"},
        {"finished_before": "2030-01-01T00:00:00Z", "created_after": "2025-12-31T23:00:00+01:00"},
        {"tag": "x", "resolved": False, "finished_after": "2025-01-01T00:00:00Z"},
    ],
)
async def test_a_bulk_operation_takes_the_filters_of_the_list(server: Server, filter: dict[str, Any]) -> None:
    [made] = await failed_runs(server, 1)
    group = (await server.run(made))["error"]["group"]
    await server.dispatch(payload=7)
    text = {"RUN": made}
    given = {
        name: text.get(value, value)
        if isinstance(value, str)
        else [text.get(v, v) for v in value]
        if isinstance(value, list)
        else value
        for name, value in filter.items()
    }
    for where in (given, given | {"error_group": group}):
        answer = await asked(server, "erase", filter=where, dry_run=True, status=200)
        assert [run["id"] for run in answer["sample"]] == [made], where
    assert (await asked(server, "erase", filter={"error_group": "0" * 16}, dry_run=True, status=200))["matched"] == 0
    assert numbers(await done(server, "erase", filter=given)) == (1, 0, 0)


async def test_a_filter_is_required(server: Server) -> None:
    for body in ({}, {"filter": {}}, {"filter": {"state": []}}, {"filter": None}, {"all": False}, {"dry_run": True}):
        answer = await server.http.post("/v1/runs/bulk", json={"action": "cancel"} | body)
        assert paths(problem(answer, 422, "filter_required")) == ["/filter"], body


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"action": "destroy", "all": True}, "/action"),
        ({"all": True}, "/action"),
        ({"action": "cancel", "ids": []}, "/ids"),
        ({"action": "cancel", "ids": ["x"], "filter": {"queue": "q"}}, ""),
        ({"action": "reprioritise", "all": True}, ""),
        ({"action": "cancel", "all": True, "priority": 1}, ""),
        ({"action": "reprioritise", "all": True, "priority": 101}, "/priority"),
        ({"action": "cancel", "filter": {"stat": "failed"}}, "/filter/stat"),
        ({"action": "cancel", "filter": {"state": "done"}}, "/filter/state"),
        ({"action": "cancel", "filter": {"created_after": "now"}}, "/filter/created_after"),
        ({"action": "cancel", "all": True, "expect_at_most": -1}, "/expect_at_most"),
        ({"action": "cancel", "all": "yes"}, "/all"),
    ],
)
async def test_a_bad_request_is_refused(server: Server, body: dict[str, Any], path: str) -> None:
    assert path in paths(problem(await server.http.post("/v1/runs/bulk", json=body), 422, "invalid_request"))


async def test_more_than_expected_is_refused(server: Server) -> None:
    await failed_runs(server, 3)
    answer = await server.http.post("/v1/runs/bulk", json={"action": "erase", "all": True, "expect_at_most": 2})
    problem(answer, 409, "too_many_matches")
    assert (await server.get("/v1/bulk"))["data"] == []
    assert numbers(await done(server, "erase", all=True, expect_at_most=3)) == (3, 0, 0)


async def test_bulk_operations_are_listed_and_read(server: Server) -> None:
    await server.register()
    made = [await done(server, "cancel", all=True) for _ in range(3)]
    first = await server.get("/v1/bulk", limit=2)
    rest = await server.get("/v1/bulk", limit=2, cursor=first["next_cursor"])
    assert first["data"] + rest["data"] == made[::-1]
    assert rest["next_cursor"] is None
    for path in ("/v1/bulk/blk_0000000000000", "/v1/bulk/nothing", "/v1/bulk/nothing?x=1"):
        problem(await server.http.get(path), 404, "bulk_not_found")
    problem(await server.http.post("/v1/bulk/blk_0000000000000/cancel"), 404, "bulk_not_found")
    problem(await server.http.post(f"/v1/bulk/{made[0]['id']}/cancel"), 409, "bulk_finished")
    problem(await server.http.get("/v1/runs/bulk"), 405, "method_not_allowed")
    answer = await server.http.post("/v1/runs/bulk", json={"action": "cancel", "all": True})
    assert answer.headers["location"] == f"/v1/bulk/{answer.json()['id']}"


async def test_one_that_is_cancelled_does_nothing_more(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulks, "STEP", 1)
    await server.register()
    for _ in range(5):
        await server.dispatch()
    advance = server.store.advance_bulk
    steps: list[Any] = []

    async def advancing(step: Any) -> Any:
        if len(steps) == 2:
            await server.jobs.bulks.cancel(step.bulk.id)
        steps.append(step)
        return await advance(step)

    monkeypatch.setattr(server.store, "advance_bulk", advancing)
    bulk = await ended(server, await asked(server, "cancel", all=True))
    assert (bulk["state"], bulk["done"], bulk["matched"]) == ("cancelled", 2, 5)
    assert sorted(await states(server)) == ["cancelled"] * 2 + ["queued"] * 3


async def test_what_is_no_more_as_the_filter_wants_it_is_passed_over(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    runs = [await server.dispatch(delay_seconds=100) for _ in range(3)]
    found = server.store.found

    async def finding(*arguments: Any) -> Any:
        answer = await found(*arguments)
        await server.post(f"/v1/runs/{runs[1]['id']}/run-now")
        monkeypatch.undo()
        return answer

    monkeypatch.setattr(server.store, "found", finding)
    assert numbers(await done(server, "cancel", filter={"state": "scheduled"})) == (2, 1, 0)
    assert (await server.run(runs[1]))["state"] == "queued"


def hold_second_step(server: Server, monkeypatch: pytest.MonkeyPatch, *, committed: bool) -> asyncio.Event:
    """It is asked for, or committed and not answered, and then nothing more happens."""
    advance = server.store.advance_bulk
    steps: list[Any] = []
    held = asyncio.Event()

    async def advancing(step: Any) -> Any:
        steps.append(step)
        answer = await advance(step) if committed or len(steps) < 2 else None
        if len(steps) == 2:
            held.set()
            await asyncio.Event().wait()
        return answer

    monkeypatch.setattr(server.store, "advance_bulk", advancing)
    return held


@pytest.mark.parametrize("action", ["cancel", "replay"])
async def test_it_goes_on_after_a_restart_with_each_run_once(
    server: Server, monkeypatch: pytest.MonkeyPatch, action: str
) -> None:
    """The server stops before a step, or just after one was committed."""
    monkeypatch.setattr(bulks, "STEP", 2)
    monkeypatch.setattr(bulks, "FOUND_AT_ONCE", 4)
    await server.register()
    made = [(await server.dispatch())["id"] for _ in range(9)]
    bulk = None
    for committed in (False, True, True):
        held = hold_second_step(server, monkeypatch, committed=committed)
        if bulk is None:
            bulk = await asked(server, action, all=True)
        await held.wait()
        await server.restart()
    bulk = await ended(server, bulk)
    assert (bulk["state"], bulk["done"], bulk["matched"]) == ("completed", 9, 9)
    if action == "cancel":
        for run_id in made:
            assert await server.types(run_id) == ["queued", "cancelled"]
    else:
        replays = [run["replay_of"] for run in (await server.get("/v1/runs", limit=200))["data"] if run["replay_of"]]
        assert sorted(replays) == sorted(made)


async def test_it_is_in_the_audit_log(server: Server) -> None:
    await server.register()
    run = await server.dispatch(delay_seconds=10)
    bulk = await done(server, "run_now", all=True)
    await server.post(f"/v1/runs/{run['id']}/cancel")
    entries = (await server.get("/v1/audit"))["data"]
    assert ("bulk.create", bulk["id"], ["run_now"]) in [
        (entry["action"], entry["target"], entry["changed"]) for entry in entries
    ]
    assert not [entry for entry in entries if entry["action"] == "run.run_now"]
