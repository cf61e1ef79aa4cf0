"""`Idempotency-Key`: the same request sent again makes nothing anew."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import pytest

from blazy_jobs_server.ports import Dispatched
from tests.app.server import Server, problem

RUNS = "/v1/job-types/greet/runs"


async def send(server: Server, body: Any, key: str = "k", path: str = RUNS, **headers: str) -> httpx.Response:
    return await server.http.post(path, json=body, headers={"idempotency-key": key} | headers)


async def test_the_same_request_again_is_answered_with_the_first_run(server: Server) -> None:
    await server.register()
    first = await send(server, {"payload": {"a": 1, "b": [1.5]}, "priority": 3})
    again = await send(server, {"priority": 3, "payload": {"b": [1.5], "a": 1}})
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    assert "idempotency-replayed" not in first.headers
    assert again.headers["idempotency-replayed"] == "true"
    assert again.headers["location"] == first.headers["location"]
    assert len((await server.get("/v1/runs"))["data"]) == 1


async def test_the_replay_shows_the_run_as_it_is_now(server: Server) -> None:
    await server.register()
    await send(server, {"payload": 1})
    worker = await server.worker()
    await worker.complete(await worker.take(), {"done": True})
    again = await send(server, {"payload": 1})
    assert (again.status_code, again.json()["state"], again.json()["result"]) == (200, "completed", {"done": True})


async def test_another_body_is_refused(server: Server) -> None:
    await server.register()
    await send(server, {"payload": 1})
    for other in ({"payload": 2}, {"payload": 1, "priority": 0}, {"payload": "1"}):
        problem(await send(server, other), 422, "idempotency_key_reused")
    assert len((await server.get("/v1/runs"))["data"]) == 1


async def test_keys_of_other_paths_never_meet(server: Server) -> None:
    await server.register()
    await server.register("other")
    ids = {
        (await send(server, {"payload": 1}, path=f"/v1/job-types/{name}/runs")).json()["id"]
        for name in ("greet", "other")
    }
    batch = await send(server, {"runs": [{"job_type": "greet", "payload": 1}]}, path="/v1/runs/batch")
    ids.add(batch.json()["data"][0]["id"])
    assert (batch.status_code, len(ids)) == (202, 3)


@pytest.mark.parametrize("server", [{"api_key": "one"}], indirect=True)
async def test_keys_are_held_for_each_caller(server: Server) -> None:
    headers = {"authorization": "Bearer one"}
    body = {"name": "greet", "handler": {"kind": "worker"}}
    assert (await server.http.post("/v1/job-types", json=body, headers=headers)).status_code == 201
    first = await send(server, {"payload": 1}, **headers)
    again = await send(server, {"payload": 1}, authorization="bearer  one")
    assert (first.status_code, again.status_code) == (202, 200), "one caller, however the header is written"


@pytest.mark.parametrize("key", ["x" * 255, "a b", '"quoted"', "é".encode().decode("latin-1")])
async def test_a_key_of_any_form_is_taken(server: Server, key: str) -> None:
    await server.register()
    headers = [(b"idempotency-key", key.encode("latin-1"))]
    for status in (202, 200):
        answer = await server.http.post(RUNS, json={"payload": 1}, headers=headers)
        assert answer.status_code == status


@pytest.mark.parametrize("key", ["", "   ", "x" * 256])
async def test_a_bad_key_is_refused(server: Server, key: str) -> None:
    await server.register()
    answer = await send(server, {"payload": 1}, key=key)
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"
    assert (await server.get("/v1/runs"))["data"] == []


async def test_a_refused_request_stores_nothing(server: Server) -> None:
    await server.register(payload_schema={"type": "integer"})
    problem(await send(server, {"payload": "x"}), 422, "invalid_payload")
    problem(await send(server, {"payload": 1, "priority": 1000}), 422, "invalid_request")
    assert (await send(server, {"payload": 1})).status_code == 202


async def test_the_first_answer_stands_although_it_would_be_refused_today(server: Server) -> None:
    await server.register()
    first = await send(server, {"payload": "x"})
    await server.http.patch("/v1/job-types/greet", json={"payload_schema": {"type": "integer"}})
    again = await send(server, {"payload": "x"})
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])
    problem(await send(server, {"payload": "y"}), 422, "idempotency_key_reused")


async def test_a_first_request_still_in_flight_is_a_conflict(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.register()
    begun, go = asyncio.Event(), asyncio.Event()
    dispatch = server.store.dispatch

    async def slow(*arguments: Any) -> Dispatched:
        begun.set()
        await go.wait()
        return await dispatch(*arguments)

    monkeypatch.setattr(server.store, "dispatch", slow)
    first = asyncio.create_task(send(server, {"payload": 1}))
    await begun.wait()
    refused = await send(server, {"payload": 1})
    problem(refused, 409, "idempotency_in_flight")
    problem(await send(server, {"payload": 2}), 409, "idempotency_in_flight")
    go.set()
    assert (await first).status_code == 202
    again = await send(server, {"payload": 1})
    assert (again.status_code, again.json()["id"]) == (200, (await first).json()["id"])


async def test_a_first_request_that_failed_is_not_in_flight(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.register()

    async def broken(*_: Any) -> Dispatched:
        raise RuntimeError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(server.store, "dispatch", broken)
        problem(await send(server, {"payload": 1}), 500, "internal_error")
    assert (await send(server, {"payload": 1})).status_code == 202


async def test_many_at_once_make_one_run(server: Server) -> None:
    await server.register()
    answers = await asyncio.gather(*(send(server, {"payload": 1}) for _ in range(20)))
    assert {answer.status_code for answer in answers} <= {200, 202, 409}
    assert [answer.status_code for answer in answers].count(202) == 1
    assert len((await server.get("/v1/runs"))["data"]) == 1


async def test_a_key_survives_a_restart(server: Server) -> None:
    await server.register()
    first = await send(server, {"payload": 1})
    await server.restart()
    again = await send(server, {"payload": 1})
    assert (again.status_code, again.json()["id"]) == (200, first.json()["id"])


async def test_an_erased_run_takes_its_key_with_it(server: Server) -> None:
    await server.register()
    run = (await send(server, {"payload": 1})).json()
    await server.cancel(run, status=200)
    assert (await server.http.delete(f"/v1/runs/{run['id']}")).status_code == 204
    anew = await send(server, {"payload": 1})
    assert anew.status_code == 202
    assert anew.json()["id"] != run["id"]


async def test_a_dedupe_answer_is_kept_under_the_key(server: Server) -> None:
    await server.register()
    run = await server.dispatch(dedupe_key="d")
    found = await send(server, {"payload": 1, "dedupe_key": "d"})
    assert (found.status_code, found.json()["id"]) == (200, run["id"])
    await server.cancel(run, status=200)
    again = await send(server, {"payload": 1, "dedupe_key": "d"})
    assert (again.status_code, again.json()["id"], again.headers["idempotency-replayed"]) == (200, run["id"], "true")


# -- batch and replay


async def test_a_batch_sent_again_is_answered_with_the_first_ids(server: Server) -> None:
    await server.register()
    body = {"runs": [{"job_type": "greet", "payload": i} for i in range(3)]}
    first = await send(server, body, path="/v1/runs/batch")
    await server.cancel(first.json()["data"][1], status=200)
    again = await send(server, body, path="/v1/runs/batch")
    assert (first.status_code, again.status_code, again.headers["idempotency-replayed"]) == (202, 200, "true")
    assert [item["id"] for item in again.json()["data"]] == [item["id"] for item in first.json()["data"]]
    assert [item["state"] for item in again.json()["data"]] == ["queued", "cancelled", "queued"]
    problem(await send(server, {"runs": body["runs"][:2]}, path="/v1/runs/batch"), 422, "idempotency_key_reused")
    assert len((await server.get("/v1/runs"))["data"]) == 3


async def test_a_batch_of_which_a_run_was_erased_still_answers_all_its_ids(server: Server) -> None:
    await server.register()
    body = {"runs": [{"job_type": "greet", "payload": i} for i in range(3)]}
    first = (await send(server, body, path="/v1/runs/batch")).json()["data"]
    await server.cancel(first[0], status=200)
    assert (await server.http.delete(f"/v1/runs/{first[0]['id']}")).status_code == 204
    again = (await send(server, body, path="/v1/runs/batch")).json()["data"]
    assert [item["id"] for item in again] == [item["id"] for item in first]
    assert len((await server.get("/v1/runs"))["data"]) == 2


async def test_a_refused_batch_stores_no_key(server: Server) -> None:
    await server.register()
    bad = {"runs": [{"job_type": "none", "payload": 1}]}
    problem(await send(server, bad, path="/v1/runs/batch"), 422, "invalid_batch")
    good = {"runs": [{"job_type": "greet", "payload": 1}]}
    assert (await send(server, good, path="/v1/runs/batch")).status_code == 202


async def test_a_replay_sent_again_makes_one_run(server: Server) -> None:
    await server.register()
    run = await server.dispatch(payload=7)
    await server.cancel(run, status=200)
    path = f"/v1/runs/{run['id']}/replay"
    first = await server.http.post(path, headers={"idempotency-key": "k"})
    again = await server.http.post(path, headers={"idempotency-key": "k"}, json={})
    assert (first.status_code, again.status_code, again.headers["idempotency-replayed"]) == (202, 200, "true")
    assert again.json()["id"] == first.json()["id"]


async def test_a_key_holds_a_day_and_until_the_run_is_final(server: Server) -> None:
    await server.register(retention_seconds=0)
    waiting = (await send(server, {"payload": 1})).json()
    ended = (await send(server, {"payload": 1}, key="ended")).json()
    await server.cancel(ended, status=200)
    await server.advance(86_399)
    assert (await send(server, {"payload": 1}, key="ended")).json()["id"] == ended["id"]
    await server.advance(6)
    await server.advance(6)
    assert (await send(server, {"payload": 1}, key="ended")).status_code == 202
    assert (await send(server, {"payload": 1})).json()["id"] == waiting["id"]


async def test_a_batch_key_holds_a_day_and_until_all_its_runs_are_final(server: Server) -> None:
    await server.register(retention_seconds=0)
    body = {"runs": [{"job_type": "greet", "payload": i} for i in range(2)]}
    runs = (await send(server, body, path="/v1/runs/batch")).json()["data"]
    await server.cancel(runs[0], status=200)
    await server.advance(86_400 + 6)
    await server.advance(6)
    again = await send(server, body, path="/v1/runs/batch")
    assert (again.status_code, [item["id"] for item in again.json()["data"]]) == (200, [run["id"] for run in runs])
    await server.cancel(runs[1], status=200)
    await server.advance(6)
    await server.advance(6)
    assert (await send(server, body, path="/v1/runs/batch")).status_code == 202


async def test_a_key_that_found_a_deduped_run_keeps_it(server: Server) -> None:
    await server.register(retention_seconds=0)
    run = await server.dispatch(dedupe_key="d")
    await send(server, {"payload": None, "dedupe_key": "d"})
    await server.cancel(run, status=200)
    await server.advance(6)
    await server.advance(6)
    again = await send(server, {"payload": None, "dedupe_key": "d"})
    assert (again.status_code, again.json()["id"]) == (200, run["id"])
