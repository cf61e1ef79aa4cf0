"""What a job type redacts is not shown to keys without `runs:reveal`, wherever it leaves the server."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from tests.app.api.test_keys import ROOT, Client, make, root
from tests.app.asgi import Stream
from tests.app.server import Server, problem

SECRET = "4111-1111"
PAYLOAD = {"card": {"number": SECRET, "holder": "A"}, "amount": 5}
SHOWN = {"card": {"number": "***", "holder": "A"}, "amount": 5}
JOB = {"name": "pay", "handler": {"kind": "worker"}, "redact": ["/card/number"]}


@pytest.fixture
async def server(serve: Callable[..., Server]) -> AsyncIterator[Server]:
    async with serve(api_key=ROOT) as server:
        await root(server, "POST", "/v1/job-types", JOB)
        yield server


@pytest.fixture
async def reader(server: Server) -> Client:
    return await make(server, "runs:read", "runs:write", "config")


@pytest.fixture
async def seer(server: Server) -> Client:
    return await make(server, "runs:read", "runs:reveal")


async def sent(client: Client, method: str, path: str, body: Any = None, status: int = 200, **headers: str) -> Any:
    answer = await client.ask(method, path, body, **headers)
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


class Payer:
    """A worker with a key for the worker protocol alone."""

    def __init__(self, client: Client, path: str) -> None:
        self._client = client
        self._path = path

    async def pay(self, result: Any = None) -> Any:
        """Takes the one run there is, says something and completes it: the payload that it was given."""
        [lease] = (await sent(self._client, "POST", f"{self._path}/claim", {"max": 1}))["data"]
        item = {name: lease[name] for name in ("attempt", "lease_token")} | {"run_id": lease["run"]["id"]}
        said: list[dict[str, Any]] = [
            {"type": "progress", "percent": 50, "message": "half", "data": PAYLOAD},
            {"type": "log", "level": "info", "message": "charged", "fields": PAYLOAD},
            {"type": "completed", "result": result},
        ]
        for word in said:
            [answer] = (await sent(self._client, "POST", f"{self._path}/report", {"reports": [item | word]}))["data"]
            assert answer["status"] == "accepted", answer
        return lease["run"]["payload"]


@pytest.fixture
async def worker(server: Server) -> Payer:
    client = await make(server, "workers")
    registered = await sent(client, "POST", "/v1/workers", {"name": "w", "job_types": ["pay"]}, 201)
    return Payer(client, f"/v1/workers/{registered['id']}")


async def until_completed(stream: Stream) -> dict[str, Any]:
    """The data of the events up to the run's end, by their type."""
    found: dict[str, Any] = {}
    while "completed" not in found:
        event = json.loads((await stream.event()).fields["data"])
        found[event["type"]] = event["data"]
    return found


async def test_a_dispatch_is_answered_without_it_and_the_worker_has_it(reader: Client, worker: Payer) -> None:
    once = {"idempotency_key": "once"}
    run = await sent(reader, "POST", "/v1/job-types/pay/runs", {"payload": PAYLOAD}, 202, **once)
    again = await sent(reader, "POST", "/v1/job-types/pay/runs", {"payload": PAYLOAD}, **once)
    assert run["payload"] == again["payload"] == SHOWN
    assert run["id"] == again["id"]
    other = await reader.ask("POST", "/v1/job-types/pay/runs", {"payload": SHOWN}, **once)
    problem(other, 422, "idempotency_key_reused")
    assert await worker.pay() == PAYLOAD
    waited = await sent(reader, "POST", "/v1/job-types/pay/runs", {"payload": PAYLOAD}, prefer="wait=0", **once)
    assert waited["payload"] == SHOWN


async def test_no_read_shows_it_but_to_those_it_is_revealed_to(
    server: Server, reader: Client, seer: Client, worker: Payer
) -> None:
    run = await sent(reader, "POST", "/v1/job-types/pay/runs", {"payload": PAYLOAD}, 202)
    await worker.pay(PAYLOAD)
    page = f"/v1/runs/{run['id']}/events"
    for client, value in ((reader, SHOWN), (seer, PAYLOAD)):
        for read in (
            await client.get(f"/v1/runs/{run['id']}"),
            await client.get(f"/v1/runs/{run['id']}?wait_seconds=1"),
            (await client.get("/v1/runs"))["data"][0],
        ):
            assert (read["payload"], read["result"], read["progress"]["data"]) == (value, value, value)
            assert read["progress"]["message"] == "half"
        events = {
            event["type"]: event["data"]
            for event in (await sent(client, "GET", page, accept="application/json"))["data"]
        }
        assert events["progress"]["data"] == events["log"]["fields"] == events["completed"]["result"] == value
        assert events["log"]["message"] == "charged"
    for path in (page, "/v1/events?from=start"):
        for client, value in ((reader, SHOWN), (seer, PAYLOAD)):
            async with server.stream(path, **client.bearer) as stream:
                found = await until_completed(stream)
            assert found["completed"] == {"result": value}


async def test_live_streams_of_both_kinds_of_readers_run_side_by_side(
    server: Server, reader: Client, seer: Client, worker: Payer
) -> None:
    run = await sent(reader, "POST", "/v1/job-types/pay/runs", {"payload": PAYLOAD}, 202)
    paths = (f"/v1/runs/{run['id']}/events", "/v1/events")
    streams = [
        (server.stream(path, **client.bearer), value)
        for path in paths
        for client, value in ((reader, SHOWN), (seer, PAYLOAD), (reader, SHOWN))
    ]
    for stream, _ in streams:
        await stream.__aenter__()
    await worker.pay(PAYLOAD)
    for stream, value in streams:
        shown = await until_completed(stream)
        assert shown["progress"]["data"] == shown["log"]["fields"] == shown["completed"]["result"] == value
        await stream.__aexit__(None, None, None)


async def test_a_replay_and_a_batch_carry_it_on(reader: Client, worker: Payer) -> None:
    await sent(reader, "POST", "/v1/runs/batch", {"runs": [{"job_type": "pay", "payload": PAYLOAD}]}, 202)
    assert await worker.pay() == PAYLOAD
    [run] = (await reader.get("/v1/runs"))["data"]
    replayed = await sent(reader, "POST", f"/v1/runs/{run['id']}/replay", {}, 202)
    assert replayed["payload"] == SHOWN
    assert await worker.pay() == PAYLOAD
    last = await sent(reader, "POST", f"/v1/runs/{run['id']}/replay", {}, 202)
    assert (await sent(reader, "POST", f"/v1/runs/{last['id']}/cancel", {}))["payload"] == SHOWN


async def test_an_edited_replay_keeps_what_was_not_shown(reader: Client, worker: Payer) -> None:
    await sent(reader, "POST", "/v1/job-types/pay/runs", {"payload": PAYLOAD}, 202)
    assert await worker.pay() == PAYLOAD
    [run] = (await reader.get("/v1/runs"))["data"]
    path = f"/v1/runs/{run['id']}/replay"
    replayed = await sent(reader, "POST", path, {"payload": run["payload"] | {"amount": 6}}, 202)
    assert replayed["payload"] == SHOWN | {"amount": 6}
    assert await worker.pay() == PAYLOAD | {"amount": 6}
    await sent(reader, "POST", "/v1/job-types/pay/runs", {"payload": 5}, 202)
    assert await worker.pay() == 5
    [plain, *_] = (await reader.get("/v1/runs"))["data"]
    answer = await reader.ask("POST", f"/v1/runs/{plain['id']}/replay", {"payload": SHOWN})
    assert problem(answer, 422, "invalid_request")["errors"][0]["path"] == "/payload/card/number"


SCHEDULE = {
    "name": "daily",
    "job_type": "pay",
    "payload": PAYLOAD,
    "trigger": {"kind": "cron", "expression": "0 3 * * *"},
}


async def test_a_schedules_template_is_shown_without_it_and_can_be_sent_back(
    reader: Client, seer: Client, worker: Payer
) -> None:
    made = await sent(reader, "POST", "/v1/schedules", SCHEDULE, 201)
    assert made["payload"] == SHOWN
    assert (await reader.get("/v1/schedules"))["data"][0]["payload"] == SHOWN
    assert (await seer.get("/v1/schedules/daily"))["payload"] == PAYLOAD
    changed = SCHEDULE | {"payload": SHOWN | {"amount": 6}}
    assert (await sent(reader, "PUT", "/v1/schedules/daily", changed))["payload"] == SHOWN | {"amount": 6}
    assert (await sent(reader, "PATCH", "/v1/schedules/daily", {"payload": SHOWN}))["payload"] == SHOWN
    assert (await sent(reader, "POST", "/v1/schedules/daily/pause", {}))["payload"] == SHOWN
    assert (await seer.get("/v1/schedules/daily"))["payload"] == PAYLOAD
    assert (await sent(reader, "POST", "/v1/schedules/daily/trigger", {}, 202))["payload"] == SHOWN
    assert await worker.pay() == PAYLOAD
    new = await reader.ask("POST", "/v1/schedules", SCHEDULE | {"name": "other", "payload": SHOWN})
    [error] = problem(new, 422, "invalid_request")["errors"]
    assert (error["path"], error["code"]) == ("/payload/card/number", "redacted_value")


async def test_a_template_cannot_be_moved_to_where_it_would_be_seen(server: Server, reader: Client) -> None:
    await root(server, "POST", "/v1/job-types", {"name": "plain", "handler": {"kind": "worker"}})
    await root(server, "POST", "/v1/job-types", JOB | {"name": "pay-2", "redact": ["/card"]})
    await root(server, "POST", "/v1/schedules", SCHEDULE)
    moved = await reader.ask("PATCH", "/v1/schedules/daily", {"job_type": "plain"})
    [error] = problem(moved, 422, "invalid_request")["errors"]
    assert (error["path"], error["code"]) == ("/payload", "redacted_value")
    assert (await sent(reader, "PATCH", "/v1/schedules/daily", {"job_type": "pay-2"}))["payload"]["card"] == "***"
    await sent(reader, "PATCH", "/v1/schedules/daily", {"job_type": "plain", "payload": {"amount": 1}})


async def test_only_who_may_see_it_takes_a_pointer_away(server: Server, reader: Client) -> None:
    run = await sent(reader, "POST", "/v1/job-types/pay/runs", {"payload": PAYLOAD}, 202)
    for method, path, body in (
        ("PATCH", "/v1/job-types/pay", {"redact": []}),
        ("PATCH", "/v1/job-types/pay", {"redact": ["/card/number/0"]}),
        ("PUT", "/v1/job-types/pay", {"handler": {"kind": "worker"}}),
    ):
        assert "runs:reveal" in problem(await reader.ask(method, path, body), 403, "forbidden")["detail"]
    for redact in (["/amount", "/card/number"], ["/card", "/amount"]):
        changed = await sent(reader, "PATCH", "/v1/job-types/pay", {"redact": redact})
        assert changed["redact"] == redact
    assert (await reader.get(f"/v1/runs/{run['id']}"))["payload"] == {"card": "***", "amount": "***"}, (
        "earlier runs too"
    )
    await root(server, "PATCH", "/v1/job-types/pay", {"redact": []})
    assert (await reader.get(f"/v1/runs/{run['id']}"))["payload"] == PAYLOAD


GUESS = {"properties": {"card": {"properties": {"number": {"pattern": "^4"}}}}}
"""Whether a hidden value fits it tells of the value."""


async def test_a_schema_asks_no_hidden_value(server: Server, reader: Client) -> None:
    await root(server, "POST", "/v1/schedules", SCHEDULE)
    job = {"handler": {"kind": "worker"}, "redact": JOB["redact"]}
    document = {"job_types": [JOB | {"payload_schema": GUESS}], "schedules": [SCHEDULE | {"payload": SHOWN}]}
    for method, path, body in (
        ("PATCH", "/v1/job-types/pay", {"payload_schema": GUESS}),
        ("PATCH", "/v1/job-types/pay", {"result_schema": GUESS}),
        ("PUT", "/v1/job-types/pay", job | {"payload_schema": GUESS}),
        ("POST", "/v1/config/apply", document),
        ("POST", "/v1/config/apply?dry_run=true", document),
    ):
        assert "runs:reveal" in problem(await reader.ask(method, path, body), 403, "forbidden")["detail"], path
    await sent(reader, "PATCH", "/v1/job-types/pay", {"description": "as before but for this"})
    await sent(reader, "DELETE", "/v1/schedules/daily", status=204)
    await sent(reader, "DELETE", "/v1/job-types/pay", status=204)
    await server.restart()
    problem(await reader.ask("POST", "/v1/job-types", JOB | {"payload_schema": GUESS}), 403, "forbidden")
    await sent(reader, "POST", "/v1/job-types", JOB, 201)
    await root(server, "PATCH", "/v1/job-types/pay", {"payload_schema": GUESS})


async def test_another_job_types_schema_asks_none_either(server: Server, reader: Client) -> None:
    await root(server, "POST", "/v1/schedules", SCHEDULE)
    guessing = JOB | {"name": "guess", "payload_schema": GUESS}
    moved = SCHEDULE | {"job_type": "guess", "payload": SHOWN}
    applied = await reader.ask("POST", "/v1/config/apply?dry_run=1", {"job_types": [guessing], "schedules": [moved]})
    [error] = problem(applied, 422, "invalid_request")["errors"]
    assert (error["path"], error["code"]) == ("/schedules/0/payload", "redacted_value")
    await sent(reader, "POST", "/v1/job-types", guessing, 201)
    for method, body in (("PATCH", {"job_type": "guess"}), ("PUT", moved)):
        [error] = problem(await reader.ask(method, "/v1/schedules/daily", body), 422, "invalid_request")["errors"]
        assert (error["path"], error["code"]) == ("/payload", "redacted_value")
    await sent(reader, "PATCH", "/v1/schedules/daily", {"job_type": "guess", "payload": PAYLOAD})


async def test_whether_a_hidden_value_was_guessed_is_not_told(server: Server, reader: Client, seer: Client) -> None:
    await root(server, "POST", "/v1/schedules", SCHEDULE)
    wrong = {"card": PAYLOAD["card"] | {"number": "4000"}, "amount": PAYLOAD["amount"]}

    async def tried(payload: Any) -> Any:
        document = {"schedules": [SCHEDULE | {"payload": payload}]}
        answer = await sent(reader, "POST", "/v1/config/apply?dry_run=true", document)
        return answer["changes"], answer["unchanged"]

    assert await tried(PAYLOAD) == await tried(wrong)
    assert (await tried(wrong))[0][0]["fields"] == [{"path": "/payload", "before": "***", "after": "***"}]
    assert await tried(SHOWN) == ([], 1)
    for method, body in (("PUT", SCHEDULE), ("PATCH", {"payload": PAYLOAD})):
        before = await seer.get("/v1/schedules/daily")
        await server.advance(1)
        await sent(reader, method, "/v1/schedules/daily", body)
        after = await seer.get("/v1/schedules/daily")
        assert after["payload"] == PAYLOAD
        assert after["updated_at"] > before["updated_at"]
    before = await seer.get("/v1/schedules/daily")
    await server.advance(1)
    await sent(reader, "PATCH", "/v1/schedules/daily", {"payload": SHOWN})
    assert await seer.get("/v1/schedules/daily") == before


async def test_a_retired_job_types_runs_stay_hidden(server: Server, reader: Client) -> None:
    run = await sent(reader, "POST", "/v1/job-types/pay/runs", {"payload": PAYLOAD}, 202)
    await sent(reader, "POST", f"/v1/runs/{run['id']}/cancel", {})
    await sent(reader, "DELETE", "/v1/job-types/pay", status=204)
    for _ in range(2):
        assert (await reader.get(f"/v1/runs/{run['id']}"))["payload"] == SHOWN
        again = await reader.ask("POST", "/v1/job-types", {"name": "pay", "handler": {"kind": "worker"}})
        problem(again, 403, "forbidden")
        await server.restart()
    await sent(reader, "POST", "/v1/job-types", JOB | {"redact": ["/card"]}, 201)
    assert (await reader.get(f"/v1/runs/{run['id']}"))["payload"] == {"card": "***", "amount": 5}


async def test_everybody_sees_all_on_a_server_without_keys(serve: Callable[..., Server]) -> None:
    async with serve() as server:
        await server.post("/v1/job-types", JOB)
        run = await server.dispatch("pay", PAYLOAD)
        assert run["payload"] == (await server.run(run))["payload"] == PAYLOAD


@pytest.mark.parametrize(
    ("redact", "path", "code"),
    [
        (["card"], "/redact/0", "invalid_pointer"),
        (["/a", "/b~2"], "/redact/1", "invalid_pointer"),
        (["/" + "a" * 256], "/redact/0", "string_too_long"),
        ([f"/{n}" for n in range(51)], "/redact", "too_long"),
        ("/card", "/redact", "list_type"),
        ([1], "/redact/0", "string_type"),
        (None, "/redact", "null_value"),
    ],
)
async def test_what_is_wrong_with_a_pointer_is_named(server: Server, redact: Any, path: str, code: str) -> None:
    body = {"name": "other", "handler": {"kind": "worker"}, "redact": redact}
    answer = await server.http.post("/v1/job-types", json=body, headers={"authorization": f"Bearer {ROOT}"})
    [error] = problem(answer, 422, "invalid_request")["errors"]
    assert (error["path"], error["code"]) == (path, code)
