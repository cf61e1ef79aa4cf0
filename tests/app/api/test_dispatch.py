"""Dispatch: every field and its limits, delay and expiry, `dedupe_key`."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.server import Server, paths, problem

NOW = "2026-01-01T00:00:00.000000Z"


async def test_a_run_as_it_is_answered(server: Server) -> None:
    await server.register()
    answer = await server.http.post("/v1/job-types/greet/runs", json={"payload": {"userId": "123"}})
    assert answer.status_code == 202
    run = answer.json()
    assert answer.headers["location"] == f"/v1/runs/{run['id']}"
    assert answer.headers["content-type"] == "application/json"
    assert run == {
        "id": run["id"],
        "job_type": "greet",
        "job_type_version": 1,
        "queue": "default",
        "state": "queued",
        "priority": 0,
        "payload": {"userId": "123"},
        "result": None,
        "error": None,
        "progress": None,
        "attempt": 0,
        "max_attempts": 4,
        "losses": 0,
        "timeout_seconds": 300,
        "due_at": NOW,
        "expires_at": None,
        "created_at": NOW,
        "created_by": None,
        "started_at": None,
        "finished_at": None,
        "cancel_requested": False,
        "worker_id": None,
        "schedule": None,
        "replay_of": None,
        "dedupe_key": None,
        "tags": [],
        "metadata": {},
        "cancel_reason": None,
        "wait_reason": "no_worker",
        "resolved": False,
        "resolved_at": None,
    }
    assert await server.get(answer.headers["location"]) == run
    assert await server.events(run) == [
        {
            "id": (await server.events(run))[0]["id"],
            "seq": 1,
            "type": "queued",
            "time": NOW,
            "run_id": run["id"],
            "job_type": "greet",
            "queue": "default",
            "state": "queued",
            "attempt": 0,
            "data": {"due_at": NOW},
        }
    ]


async def test_every_field_is_kept(server: Server) -> None:
    await server.register()
    asked: dict[str, Any] = {
        "queue": "mail",
        "priority": 100,
        "timeout_seconds": 2.5,
        "dedupe_key": "user 1 — é",
        "tags": ["a", 'with "quotes"', "é"],
        "metadata": {"k": "v", "": "", "é": "\n"},
    }
    run = await server.dispatch(payload=None, expires_seconds=60, retry={"max_attempts": 2}, **asked)
    assert {name: run[name] for name in asked} == asked
    assert (run["payload"], run["max_attempts"], run["expires_at"]) == (None, 2, "2026-01-01T00:01:00.000000Z")
    assert await server.run(run) == run
    lease = await (await server.worker()).take()
    assert {name: lease["run"][name] for name in asked} == asked


BAD_FIELDS: list[tuple[str, list[Any]]] = [
    ("queue", ["", "a b", "x" * 129, 1, None]),
    ("priority", [101, -101, 0.5, "1", None, True]),
    ("delay_seconds", [-1, "1", 366 * 86_400 + 1, True]),
    ("run_at", ["tomorrow", 5, "2026-01-01", "2026-01-01T00:00:00", "2027-06-01T00:00:00Z", "2026-02-30T00:00:00Z"]),
    ("retry", [-1, 1000, "x", {"max_attempts": 0}, {"factor": 0}, {"jitter": "no"}, None, {"backoff": None}]),
    ("timeout_seconds", [0, -5, "x", None]),
    ("expires_seconds", [0, -5, "x"]),
    ("dedupe_key", ["", "x" * 256, 5]),
    ("tags", ["x", [""], [5], ["x" * 129], [str(i) for i in range(21)], None]),
    ("metadata", [[], {"a": 1}, {"a": None}, "x", None]),
]


@pytest.mark.parametrize(("field", "bad"), BAD_FIELDS)
async def test_a_bad_field_is_refused_and_stores_nothing(server: Server, field: str, bad: list[Any]) -> None:
    await server.register()
    for value in bad:
        answer = await server.http.post("/v1/job-types/greet/runs", json={"payload": 1, field: value})
        document = problem(answer, 422, "invalid_request")
        assert all(path.split("/")[1] == field for path in paths(document)), (value, document)
    assert (await server.get("/v1/runs"))["data"] == []


async def test_the_payload_must_be_there(server: Server) -> None:
    await server.register()
    for body in ({}, {"priority": 1}):
        answer = await server.http.post("/v1/job-types/greet/runs", json=body)
        assert paths(problem(answer, 422, "invalid_request")) == ["/payload"]
    answer = await server.http.post("/v1/job-types/greet/runs")
    assert paths(problem(answer, 422, "invalid_request")) == ["/payload"]


async def test_limits_are_inclusive(server: Server) -> None:
    await server.register()
    for fields in (
        {"priority": 100},
        {"priority": -100},
        {"tags": [str(i) for i in range(20)]},
        {"dedupe_key": "x" * 255},
        {"delay_seconds": 365 * 86_400},
        {"delay_seconds": 0},
        {"queue": "x" * 128},
        {"retry": 0},
        {"expires_seconds": 0.001},
    ):
        await server.dispatch(**fields)


async def test_an_unknown_job_type_is_404(server: Server) -> None:
    answer = await server.http.post("/v1/job-types/none/runs", json={"payload": 1})
    problem(answer, 404, "job_type_not_found")


async def test_ids_sort_by_creation(server: Server) -> None:
    await server.register()
    runs = [await server.dispatch() for _ in range(5)]
    ids = [run["id"] for run in runs]
    assert ids == sorted(set(ids))
    assert all(run_id.startswith("run_") and 13 <= len(run_id) - 4 <= 32 and run_id == run_id.lower() for run_id in ids)


# -- overrides


async def test_a_partial_retry_takes_the_rest_from_the_job_type(server: Server) -> None:
    await server.register(retry={"backoff": "linear", "initial_seconds": 7, "jitter": False, "max_attempts": 2})
    await server.dispatch(retry={"max_attempts": 5})
    worker = await server.worker()
    for attempt in (1, 2):
        lease = await worker.take()
        assert lease["run"]["max_attempts"] == 5
        await worker.fail(lease)
        await server.advance(7 * attempt)


async def test_a_bare_retry_is_the_number_of_retries(server: Server) -> None:
    await server.register(retry={"backoff": "fixed", "initial_seconds": 3, "jitter": False})
    run = await server.dispatch(retry=1)
    assert run["max_attempts"] == 2
    worker = await server.worker()
    await worker.fail(await worker.take())
    assert (await server.run(run))["due_at"] == "2026-01-01T00:00:03.000000Z"


async def test_expiry_can_be_taken_away(server: Server) -> None:
    await server.register(expires_seconds=10)
    assert (await server.dispatch())["expires_at"] == "2026-01-01T00:00:10.000000Z"
    assert (await server.dispatch(expires_seconds=None))["expires_at"] is None
    assert (await server.dispatch(expires_seconds=5))["expires_at"] == "2026-01-01T00:00:05.000000Z"


# -- when


async def test_a_delayed_run_is_scheduled_until_its_time_comes(server: Server) -> None:
    await server.register()
    run = await server.dispatch(delay_seconds=60)
    assert (run["state"], run["due_at"], run["wait_reason"]) == ("scheduled", "2026-01-01T00:01:00.000000Z", None)
    assert (await server.events(run))[0]["data"] == {"due_at": "2026-01-01T00:01:00.000000Z"}
    assert (await server.events(run))[0]["state"] == "scheduled"
    worker = await server.worker()
    await server.advance(59.999)
    assert await worker.claim() == []
    assert (await server.run(run))["state"] == "scheduled"
    server.clock.move(0.001)
    assert (await server.run(run))["state"] == "queued", "at once, in reads"
    assert [r["state"] for r in (await server.get("/v1/runs", state="queued"))["data"]] == ["queued"]
    assert await server.types(run) == ["queued"], "the one change without an event"
    assert (await worker.take())["run"]["id"] == run["id"]


@pytest.mark.parametrize("path", ["/v1/runs?state=queued", "/v1/queues/default", "/v1/stats", "/metrics"])
async def test_a_run_whose_time_has_come_is_queued_everywhere(server: Server, path: str) -> None:
    await server.register()
    await server.dispatch(delay_seconds=60)
    server.clock.move(60)
    answer = await server.http.get(path)
    if path.startswith("/v1/runs"):
        assert len(answer.json()["data"]) == 1
    elif path == "/metrics":
        assert 'jobs_runs{job_type="greet",queue="default",state="queued"} 1.0' in answer.text
    else:
        assert (answer.json()["counts"]["queued"], answer.json()["counts"]["scheduled"]) == (1, 0)


@pytest.mark.parametrize(
    ("run_at", "due_at"),
    [
        ("2026-01-01T01:00:00+01:00", NOW),
        ("2026-01-01T00:00:30Z", "2026-01-01T00:00:30.000000Z"),
        ("2026-01-01t00:00:30.5z", "2026-01-01T00:00:30.500000Z"),
        ("2026-01-01T00:00:30.1234567Z", "2026-01-01T00:00:30.123456Z"),
        ("2025-12-31T20:00:30-04:00", "2026-01-01T00:00:30.000000Z"),
        ("2020-01-01T00:00:00Z", NOW),
        ("1969-01-01T00:00:00Z", NOW),
    ],
)
async def test_run_at_is_an_instant(server: Server, run_at: str, due_at: str) -> None:
    await server.register()
    run = await server.dispatch(run_at=run_at)
    assert run["due_at"] == due_at
    assert run["state"] == ("queued" if due_at == NOW else "scheduled")


async def test_delay_and_run_at_exclude_each_other(server: Server) -> None:
    await server.register()
    body = {"payload": 1, "delay_seconds": 1, "run_at": "2026-01-01T00:00:30Z"}
    problem(await server.http.post("/v1/job-types/greet/runs", json=body), 422, "invalid_request")


async def test_many_delayed_runs_all_come(server: Server) -> None:
    await server.register()
    items = [{"job_type": "greet", "payload": i, "delay_seconds": 10} for i in range(1203)]
    await server.post("/v1/runs/batch", {"runs": items}, status=202)
    await server.advance(10)
    assert (await server.get("/v1/stats"))["counts"]["queued"] == 1203


# -- expiry


@pytest.mark.parametrize("delay", [None, 60])
async def test_a_run_that_never_started_expires(server: Server, delay: float | None) -> None:
    await server.register()
    run = await server.dispatch(expires_seconds=30, delay_seconds=delay)
    await server.advance(29.9)
    assert (await server.run(run))["state"] in ("queued", "scheduled")
    await server.advance(0.1)
    expired = await server.run(run)
    assert (expired["state"], expired["error"]["code"]) == ("failed", "expired")
    assert (expired["attempt"], expired["started_at"]) == (0, None)
    assert expired["finished_at"] == "2026-01-01T00:00:30.000000Z"
    assert await server.types(run) == ["queued", "failed"]
    assert (await server.events(run))[-1]["data"]["error"]["code"] == "expired"
    assert await (await server.worker()).claim() == []
    assert await server.attempts(run) == []


async def test_a_run_that_started_once_does_not_expire(server: Server) -> None:
    await server.register(retry={"initial_seconds": 100, "jitter": False})
    first, second, third = [await server.dispatch(expires_seconds=30) for _ in range(3)]
    worker = await server.worker()
    leases = await worker.claim()
    await worker.fail(leases[0])
    assert (await worker.say(leases[1], "released"))["status"] == "accepted"
    assert (await worker.say(leases[2], "snoozed", delay_seconds=200))["status"] == "accepted"
    await server.live(10)
    await server.advance(90)
    assert (await server.run(first))["state"] == "queued"
    assert (await server.run(second))["state"] == "queued"
    assert (await server.run(third))["state"] == "scheduled"


async def test_a_claim_does_not_start_what_has_expired(server: Server) -> None:
    await server.register()
    run = await server.dispatch(expires_seconds=30)
    worker = await server.worker()
    server.clock.move(31)
    assert await worker.claim() == []
    assert (await server.run(run))["error"]["code"] == "expired"


# -- dedupe


async def test_a_dedupe_key_finds_the_unfinished_run(server: Server) -> None:
    await server.register()
    await server.register("other")
    body = {"payload": 1, "dedupe_key": "k"}
    first = await server.http.post("/v1/job-types/greet/runs", json=body)
    again = await server.http.post("/v1/job-types/greet/runs", json=body | {"payload": 2, "priority": 5})
    assert (first.status_code, again.status_code) == (202, 200)
    assert again.json() == first.json()
    assert again.headers["location"] == first.headers["location"]
    assert "idempotency-replayed" not in again.headers
    assert (await server.http.post("/v1/job-types/other/runs", json=body)).status_code == 202, "of this job type"
    assert (await server.http.post("/v1/job-types/greet/runs", json=body | {"dedupe_key": "K"})).status_code == 202


@pytest.mark.parametrize("state", ["scheduled", "queued", "running", "retrying", "completed", "failed", "cancelled"])
async def test_a_dedupe_key_holds_until_the_run_is_final(server: Server, state: str) -> None:
    await server.register(retry=0 if state == "failed" else 1)
    run = await server.dispatch(dedupe_key="k", delay_seconds=5 if state == "scheduled" else None)
    if state in ("running", "retrying", "completed", "failed"):
        worker = await server.worker()
        lease = await worker.take()
        if state == "completed":
            await worker.complete(lease)
        elif state != "running":
            await worker.fail(lease)
    if state == "cancelled":
        await server.cancel(run, status=200)
    assert (await server.run(run))["state"] == state
    again = await server.http.post("/v1/job-types/greet/runs", json={"payload": 1, "dedupe_key": "k"})
    final = state in ("completed", "failed", "cancelled")
    assert again.status_code == (202 if final else 200)
    assert (again.json()["id"] != run["id"]) is final
