"""Limits of queues over HTTP."""

from __future__ import annotations

import asyncio

import pytest

from tests.app.server import Server, paths, problem


async def put(server: Server, **limits: object) -> dict[str, object]:
    answer = await server.http.put("/v1/queues/mail", json=limits)
    assert answer.status_code in (200, 201)
    shown: dict[str, object] = answer.json()
    return shown


async def test_put_replaces_the_limits_and_patch_changes_some(server: Server) -> None:
    rate = {"limit": 5, "per_seconds": 0.5}
    made = await put(server, concurrency=3, rate_limit=rate)
    assert (made["concurrency"], made["rate_limit"], made["max_queued"]) == (3, rate, None)
    changed = (await server.http.patch("/v1/queues/mail", json={"max_queued": 7, "rate_limit": None})).json()
    assert (changed["concurrency"], changed["rate_limit"], changed["max_queued"]) == (3, None, 7)
    assert (await server.http.patch("/v1/queues/mail", json={"paused": True})).json() == changed | {"paused": True}
    assert await server.get("/v1/queues/mail") == changed | {"paused": True}
    plain = await put(server)
    assert (plain["concurrency"], plain["max_queued"], plain["paused"]) == (None, None, True)
    problem(await server.http.patch("/v1/queues/none", json={}), 404, "queue_not_found")


@pytest.mark.parametrize(
    ("body", "at"),
    [
        ({"concurrency": 0}, "/concurrency"),
        ({"concurrency": 1_000_001}, "/concurrency"),
        ({"concurrency": 1.5}, "/concurrency"),
        ({"concurrency": True}, "/concurrency"),
        ({"max_queued": "7"}, "/max_queued"),
        ({"max_queued": 0}, "/max_queued"),
        ({"rate_limit": {"limit": 0, "per_seconds": 1}}, "/rate_limit/limit"),
        ({"rate_limit": {"limit": 1, "per_seconds": 0}}, "/rate_limit/per_seconds"),
        ({"rate_limit": {"limit": 1}}, "/rate_limit/per_seconds"),
        ({"rate_limit": 5}, "/rate_limit"),
        ({"paused": None}, "/paused"),
        ({"engine": "database"}, "/engine"),
        ({"name": "mail"}, "/name"),
    ],
)
async def test_a_patch_is_checked(server: Server, body: dict[str, object], at: str) -> None:
    await put(server)
    refused = problem(await server.http.patch("/v1/queues/mail", json=body), 422, "invalid_request")
    assert paths(refused) == [at]


async def test_a_queue_in_redis_has_none(server: Server) -> None:
    for body in ({"concurrency": 1}, {"max_queued": 1}, {"rate_limit": {"limit": 1, "per_seconds": 1}}):
        refused = await server.http.put("/v1/queues/emails", json={"engine": "bullmq", **body})
        assert paths(problem(refused, 422, "limit_unsupported")) == [f"/{name}" for name in body]


async def test_a_dispatch_to_a_full_queue_is_refused(server: Server) -> None:
    await server.register(queue="mail")
    await put(server, max_queued=2)
    answers = [await server.http.post("/v1/job-types/greet/runs", json={"payload": {}}) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [202, 202, 429]
    problem(answers[2], 429, "queue_full")
    assert answers[2].headers["retry-after"] == "1"
    batch = {"runs": [{"job_type": "greet", "payload": {}}] * 2}
    problem(await server.http.post("/v1/runs/batch", json=batch), 429, "queue_full")
    await server.http.patch("/v1/queues/mail", json={"max_queued": 4})
    assert (await server.http.post("/v1/runs/batch", json=batch)).status_code == 202


async def test_requests_that_come_together_are_refused_one_by_one(server: Server) -> None:
    await server.register(queue="mail")
    await put(server, max_queued=3)
    asked = {"payload": {}}
    answers = await asyncio.gather(*(server.http.post("/v1/job-types/greet/runs", json=asked) for _ in range(8)))
    assert sorted(answer.status_code for answer in answers) == [202] * 3 + [429] * 5


async def test_why_a_run_waits(server: Server) -> None:
    await server.register(queue="mail")
    await put(server, concurrency=1)
    worker = await server.worker()
    first, second = [await server.dispatch(), await server.dispatch()]
    [lease] = await worker.claim(most=5)
    assert (await server.run(second))["wait_reason"] == "concurrency_limit"
    explained = await server.get(f"/v1/runs/{second['id']}/explain")
    assert explained["blocking"] == [
        {
            "reason": "concurrency_limit",
            "scope": "queue",
            "name": "mail",
            "detail": "The limit of the queue `mail` is reached: 1 of 1 run.",
            "link": "/v1/queues/mail",
        }
    ]
    assert explained["next"] == "It starts when a run of its queue ends."
    await server.http.patch(
        "/v1/queues/mail", json={"concurrency": None, "rate_limit": {"limit": 1, "per_seconds": 60}}
    )
    assert (await server.run(second))["wait_reason"] is None, "the rate counts from when there is one"
    await worker.complete(lease)
    [lease] = await worker.claim(most=5)
    third = await server.dispatch()
    assert (await server.run(third))["wait_reason"] == "rate_limit"
    [waiting] = [run for run in (await server.get("/v1/runs"))["data"] if run["id"] == third["id"]]
    assert waiting["wait_reason"] == "rate_limit"
    explained = await server.get(f"/v1/runs/{third['id']}/explain")
    assert (
        explained["blocking"][0]["detail"]
        == "The rate limit of the queue `mail` is reached: 1 start in any 60 seconds."
    )
    assert lease["run"]["id"] == second["id"] != first["id"]


async def test_a_claim_that_waits_is_answered_when_the_rate_opens(server: Server) -> None:
    await server.register(queue="mail")
    await put(server, rate_limit={"limit": 2, "per_seconds": 10})
    worker = await server.worker()
    runs = [await server.dispatch() for _ in range(3)]
    assert len(await worker.claim(most=5)) == 2
    waiting = asyncio.create_task(worker.claim(5, 30))
    await server.settle()
    assert not waiting.done()
    await server.advance(12)
    [lease] = await waiting
    assert lease["run"]["id"] == runs[2]["id"]


async def test_a_tick_that_finds_its_queue_full_is_missed(server: Server) -> None:
    await server.register(queue="mail")
    await put(server, max_queued=1)
    trigger = {"kind": "interval", "every_seconds": 60}
    body = {"name": "s", "job_type": "greet", "trigger": trigger, "overlap": "allow"}
    assert (await server.http.post("/v1/schedules", json=body)).status_code == 201
    await server.advance(61)
    await server.advance(60)
    schedule = await server.get("/v1/schedules/s")
    assert (len((await server.get("/v1/runs"))["data"]), schedule["missed"]) == (1, 1)


async def test_a_configuration_has_the_limits(server: Server) -> None:
    queue = {"name": "mail", "concurrency": 3, "rate_limit": {"limit": 5, "per_seconds": 1.0}, "max_queued": 9}
    applied = await server.http.post("/v1/config/apply", json={"owner": "shop", "queues": [queue]})
    assert applied.status_code == 200, applied.text
    [exported] = [found for found in (await server.get("/v1/config"))["queues"] if found["name"] == "mail"]
    assert {name: exported[name] for name in queue} == queue


async def test_a_change_of_limits_is_in_the_audit_log(server: Server) -> None:
    await put(server, concurrency=3)
    await server.http.patch("/v1/queues/mail", json={"max_queued": 5, "concurrency": 4})
    newest = (await server.get("/v1/audit"))["data"][0]
    assert (newest["action"], newest["target"], sorted(newest["changed"])) == (
        "queue.update", "mail", ["concurrency", "max_queued"],
    )  # fmt: skip
