"""API keys over HTTP: what each may do, what lies outside of its restrictions, and how one ends."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from blazy_jobs_server.domain.keys import Scope
from tests.app.clock import HandClock
from tests.app.server import Server, problem
from tests.support.server import REPO

ROOT = "a-root-key-of-some-length"
OPERATIONS = [
    (operation["operationId"], method, path)
    for path, operations in json.loads((REPO / "openapi.json").read_text())["paths"].items()
    for method, operation in operations.items()
]
OPEN = {"get_health", "get_readiness"}
TO_LOG_IN = "log_in"
ANY_KEY = {"get_own_key", "get_session", "log_out"}
BY_TOKEN = {"report_run"}
"""By the run's own token, whatever a key may do."""
WRITES_RUNS = {
    "dispatch_run",
    "dispatch_batch",
    "cancel_run",
    "replay_run",
    "resolve_run",
    "run_now",
    "create_bulk",
    "cancel_bulk",
    "erase_run",
    "trigger_schedule",
}


@pytest.fixture
async def server(serve: Callable[..., Server]) -> AsyncIterator[Server]:
    async with serve(api_key=ROOT) as server:
        yield server


class Client:
    """Who has that key."""

    def __init__(self, server: Server, created: Any) -> None:
        self.id: str = created["id"]
        self.key: str = created["key"]
        self._server = server

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.key}"}

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        given = self.bearer | {name.replace("_", "-"): value for name, value in headers.items()}
        content = {} if body is None else {"json": body}
        return await self._server.http.request(method, path, headers=given, **content)

    async def get(self, path: str) -> Any:
        answer = await self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()


async def root(server: Server, method: str, path: str, body: Any = None, *, status: int | None = None) -> Any:
    answer = await server.http.request(method, path, json=body, headers={"authorization": f"Bearer {ROOT}"})
    assert answer.is_success if status is None else answer.status_code == status, answer.text
    return answer.json() if answer.content else None


async def make(server: Server, *scopes: str, **fields: Any) -> Client:
    return Client(server, await root(server, "POST", "/v1/keys", {"name": "k", "scopes": list(scopes)} | fields))


# -- making, reading, ending


async def test_a_key_is_shown_once(server: Server) -> None:
    answer = await server.http.post(
        "/v1/keys", json={"name": "shop", "scopes": ["runs:write"]}, headers={"authorization": f"Bearer {ROOT}"}
    )
    assert answer.status_code == 201
    assert answer.headers["cache-control"] == "no-store"
    made = answer.json()
    assert re.fullmatch(rf"bjk_{made['id']}_[0-9A-Za-z]{{49}}", made["key"])
    assert answer.headers["location"] == f"/v1/keys/{made['id']}"
    [listed] = (await root(server, "GET", "/v1/keys"))["data"]
    assert listed == {name: value for name, value in made.items() if name != "key"}
    assert (listed["created_by"], listed["revoked_at"], listed["last_used_at"]) == ("root", None, None)
    stored = b"".join(path.read_bytes() for path in server.settings.data.iterdir() if path.is_file())
    assert made["key"].rpartition("_")[2][:43].encode() not in stored


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"name": "", "scopes": ["admin"]}, "/name"),
        ({"name": "k", "scopes": []}, "/scopes"),
        ({"name": "k", "scopes": ["everything"]}, "/scopes/0"),
        ({"name": "k", "scopes": ["runs:read"], "job_types": []}, "/job_types"),
        ({"name": "k", "scopes": ["runs:read"], "job_types": ["a*b"]}, "/job_types/0"),
        ({"name": "k", "scopes": ["admin"], "queues": ["a"]}, ""),
        ({"name": "k", "scopes": ["metrics"], "job_types": ["a"]}, ""),
        ({"name": "k", "scopes": ["runs:read"], "expires_at": "2000-01-01T00:00:00Z"}, "/expires_at"),
        ({"name": "k", "scopes": ["runs:read"], "rate_limit": {"limit": 0, "per_seconds": 1}}, "/rate_limit/limit"),
        ({"name": "k", "scopes": ["runs:read"], "secret": "x"}, "/secret"),
    ],
)
async def test_what_is_wrong_with_one_is_named(server: Server, body: Any, path: str) -> None:
    answer = await server.http.post("/v1/keys", json=body, headers={"authorization": f"Bearer {ROOT}"})
    assert path in [error["path"] for error in problem(answer, 422, "invalid_request")["errors"]]


async def test_whoever_has_no_valid_key_gets_the_same_answer(server: Server, clock: HandClock) -> None:
    revoked, expired = await make(server, "admin"), await make(server, "admin", expires_at=_in(server, 60))
    live = await make(server, "admin")
    await root(server, "DELETE", f"/v1/keys/{revoked.id}", status=204)
    clock.move(61)
    wrong_end = live.key[:-1] + ("a" if live.key[-1] != "a" else "b")
    unknown = f"bjk_{'0' * 10}_{live.key.split('_')[2]}"
    given: list[dict[str, str]] = [
        {},
        *({"authorization": f"Bearer {key}"} for key in (revoked.key, expired.key, wrong_end, unknown, "", "x", "ä")),
        {"authorization": live.key},
        {"authorization": f"Basic {live.key}"},
        {"authorization": f"Bearer {live.key} x"},
        {"x-api-key": live.key},
    ]
    answers = {
        (answer.status_code, answer.content, tuple(sorted(answer.headers.items())))
        for headers in given
        for answer in [
            await server.http.get(
                "/v1/job-types",
                headers={name: value.encode("utf-8") for name, value in headers.items()},  # type: ignore[misc]
            )
        ]
    }
    assert len(answers) == 1
    assert next(iter(answers))[0] == 401
    assert (await live.ask("GET", "/v1/job-types")).status_code == 200
    assert (await server.http.get(f"/v1/job-types?key={live.key}")).status_code == 401, "a key in a URL is never read"


def _in(server: Server, seconds: float) -> str:
    from blazy_jobs_server.domain.instants import after, rfc3339

    return rfc3339(after(server.clock.now(), seconds))


async def test_once_there_was_a_key_the_server_is_never_open_again(serve: Callable[..., Server]) -> None:
    async with serve() as server:
        assert (await server.http.get("/v1/keys/self")).json()["id"] == "anyone"
        made = await server.post("/v1/keys", {"name": "first", "scopes": ["admin"]}, status=201)
        problem(await server.http.get("/v1/job-types"), 401, "unauthorized")
        admin = Client(server, made)
        assert (await admin.ask("DELETE", f"/v1/keys/{admin.id}")).status_code == 204
        problem(await admin.ask("GET", "/v1/keys"), 401, "unauthorized")
        await server.restart()
        problem(await server.http.get("/v1/job-types"), 401, "unauthorized")


async def test_it_says_what_it_allows(server: Server) -> None:
    key = await make(server, "runs:write", "runs:read", job_types=["mail*"])
    assert await key.get("/v1/keys/self") == {
        "id": key.id,
        "name": "k",
        "scopes": ["runs:read", "runs:write"],
        "job_types": ["mail*"],
        "queues": None,
    }
    assert (await root(server, "GET", "/v1/keys/self"))["id"] == "root"
    problem(await key.ask("DELETE", "/v1/keys/self"), 405, "method_not_allowed")


async def test_a_rotated_key_has_two_secrets_for_a_while(server: Server, clock: HandClock) -> None:
    old = await make(server, "runs:read")
    new = Client(server, await root(server, "POST", f"/v1/keys/{old.id}/rotate", {"overlap_seconds": 60}))
    assert new.id == old.id
    assert new.key != old.key
    for key in (old, new):
        await key.get("/v1/job-types")
    answer = await server.http.post(f"/v1/keys/{old.id}/rotate", headers={"authorization": f"Bearer {ROOT}"})
    problem(answer, 409, "rotation_pending")
    clock.move(61)
    problem(await old.ask("GET", "/v1/job-types"), 401, "unauthorized")
    await new.get("/v1/job-types")
    newest = Client(server, await root(server, "POST", f"/v1/keys/{old.id}/rotate"))
    await new.get("/v1/job-types")
    last = Client(server, await root(server, "POST", f"/v1/keys/{old.id}/rotate", {"overlap_seconds": 0}))
    for key in (new, newest):
        problem(await key.ask("GET", "/v1/job-types"), 401, "unauthorized")
    await last.get("/v1/job-types")


async def test_one_that_has_ended_is_not_rotated_and_one_that_is_not_there_not_found(server: Server) -> None:
    key = await make(server, "runs:read")
    for _ in range(2):
        await root(server, "DELETE", f"/v1/keys/{key.id}", status=204)
    headers = {"authorization": f"Bearer {ROOT}"}
    problem(await server.http.post(f"/v1/keys/{key.id}/rotate", headers=headers), 409, "key_ended")
    problem(await server.http.post("/v1/keys/0000000000/rotate", headers=headers), 404, "key_not_found")
    problem(await server.http.delete("/v1/keys/0000000000", headers=headers), 404, "key_not_found")
    wrong = await server.http.post("/v1/keys/0000000000/rotate", headers=headers, json={"overlap_seconds": -1})
    problem(wrong, 404, "key_not_found")


async def test_when_it_was_last_used_is_told_to_the_minute(server: Server, clock: HandClock) -> None:
    key = await make(server, "runs:read")
    clock.move(150)
    at = clock.now() // 60_000_000 * 60_000_000
    await key.get("/v1/job-types")
    for _ in range(2):
        [shown] = (await root(server, "GET", "/v1/keys"))["data"]
        assert shown["last_used_at"] == _at(at)
        await server.restart()


def _at(instant: int) -> str:
    from blazy_jobs_server.domain.instants import rfc3339

    return rfc3339(instant)


# -- scopes


def expected(operation: str, method: str, path: str) -> Scope | None:
    if operation in ANY_KEY:
        return None
    if path == "/metrics":
        return Scope.METRICS
    if path.startswith(("/v1/keys", "/v1/audit", "/v1/job-types/{name}/secret/")):
        return Scope.ADMIN
    if path.startswith("/v1/config"):
        return Scope.CONFIG
    if method == "get":
        return Scope.READ
    if operation in WRITES_RUNS:
        return Scope.WRITE
    return Scope.WORKERS if path.startswith("/v1/workers") else Scope.CONFIG


@pytest.mark.parametrize("scope", list(Scope))
async def test_each_scope_allows_its_routes_and_no_other(server: Server, scope: Scope) -> None:
    key = await make(server, scope)
    for operation, method, template in OPERATIONS:
        path = re.sub(r"\{[a-z_]+\}", "nothing", template)
        wanted = expected(operation, method, template)
        if operation in ("follow_events", "follow_live") and (scope in (wanted, Scope.ADMIN)):
            async with server.stream(path, **key.bearer) as stream:
                assert stream.status == 200
            continue
        answer = await key.ask(method.upper(), path, {} if method in ("post", "put", "patch") else None)
        if operation == TO_LOG_IN:
            assert answer.status_code == 422, "whoever comes, and whatever else was sent"
            continue
        if operation in OPEN:
            assert answer.status_code == 200
            continue
        if operation in BY_TOKEN:
            problem(answer, 401, "unauthorized")
            continue
        if wanted in (None, scope) or scope is Scope.ADMIN:
            assert answer.status_code not in (401, 403), (operation, answer.text)
        else:
            refused = problem(answer, 403, "forbidden")
            assert wanted is not None
            assert wanted in refused["detail"]


# -- restrictions


@pytest.fixture
async def mail(server: Server) -> Client:
    """A key for `mail*` in the queues `a` and `b`, and around it runs and more that lie inside and outside."""
    for name, queue in (("mail", "a"), ("mail-2", "c"), ("report", "a")):
        body = {"name": name, "handler": {"kind": "worker"}, "queue": queue}
        await root(server, "POST", "/v1/job-types", body)
        schedule = {"name": name, "job_type": name, "trigger": {"kind": "interval", "every_seconds": 60}}
        await root(server, "POST", "/v1/schedules", schedule)
    scopes = ("runs:read", "runs:write", "workers", "config")
    return await make(server, *scopes, job_types=["mail*"], queues=["a", "b"])


async def dispatch(server: Server, name: str, queue: str | None = None) -> str:
    body = {"payload": 1} | ({} if queue is None else {"queue": queue})
    run: str = (await root(server, "POST", f"/v1/job-types/{name}/runs", body))["id"]
    return run


async def test_lists_have_what_lies_inside(server: Server, mail: Client) -> None:
    inside = [await dispatch(server, "mail"), await dispatch(server, "mail-2", "b")]
    for name, queue in (("mail", "c"), ("mail-2", None), ("report", None), ("report", "b")):
        await dispatch(server, name, queue)
    runs = (await mail.get("/v1/runs"))["data"]
    assert [run["id"] for run in runs] == inside[::-1]
    assert [run["id"] for run in (await mail.get("/v1/runs?state=queued&queue=a"))["data"]] == inside[:1]
    assert (await mail.get("/v1/runs?job_type=report"))["data"] == []
    assert [found["name"] for found in (await mail.get("/v1/job-types"))["data"]] == ["mail-2", "mail"]
    assert {found["name"] for found in (await mail.get("/v1/queues"))["data"]} == {"a", "b"}
    assert [found["name"] for found in (await mail.get("/v1/schedules"))["data"]] == ["mail"]
    stats = await mail.get("/v1/stats")
    assert stats["counts"]["queued"] == 2
    assert stats["oldest"] == {}


async def test_what_lies_outside_is_not_there(server: Server, mail: Client) -> None:
    run = await dispatch(server, "report")
    nothing = run[:-3] + "000"
    for method, path, body in (
        ("GET", "/v1/runs/{}", None),
        ("GET", "/v1/runs/{}?wait_seconds=0", None),
        ("GET", "/v1/runs/{}/events", None),
        ("GET", "/v1/runs/{}/attempts", None),
        ("POST", "/v1/runs/{}/cancel", {}),
        ("POST", "/v1/runs/{}/replay", {}),
        ("DELETE", "/v1/runs/{}", None),
    ):
        answers = [await mail.ask(method, path.format(run_id), body) for run_id in (run, nothing)]
        details = [problem(answer, 404, "run_not_found")["detail"].replace(run, nothing) for answer in answers]
        assert details[0] == details[1]
    for code, paths in {
        "job_type_not_found": ["/v1/job-types/report", "/v1/job-types/report/runs"],
        "queue_not_found": ["/v1/queues/c"],
        "schedule_not_found": ["/v1/schedules/report", "/v1/schedules/mail-2/next"],
    }.items():
        for path in paths:
            method = "POST" if path.endswith("/runs") else "GET"
            problem(await mail.ask(method, path, {} if method == "POST" else None), 404, code)
    assert (await root(server, "GET", f"/v1/runs/{run}"))["state"] == "queued"


async def test_nothing_is_made_outside(server: Server, mail: Client) -> None:
    problem(await mail.ask("POST", "/v1/job-types/mail/runs", {"payload": 1, "queue": "c"}), 404, "queue_not_found")
    problem(await mail.ask("POST", "/v1/job-types/mail-2/runs", {"payload": 1}), 404, "job_type_not_found")
    assert (await mail.ask("POST", "/v1/job-types/mail-2/runs", {"payload": 1, "queue": "b"})).status_code == 202
    items: list[dict[str, Any]] = [{"job_type": "mail", "payload": 1}, {"job_type": "report", "payload": 1}]
    items.append({"job_type": "mail", "payload": 1, "queue": "c"})
    refused = problem(await mail.ask("POST", "/v1/runs/batch", {"runs": items}), 422, "invalid_batch")
    assert [(error["path"], error["code"]) for error in refused["errors"]] == [
        ("/runs/1/job_type", "job_type_not_found"),
        ("/runs/2/job_type", "job_type_not_found"),
    ]
    for alike in ([{"job_type": "report", "payload": 1}] * 2, [{"job_type": "mail-2", "payload": 1}] * 2):
        problem(await mail.ask("POST", "/v1/runs/batch", {"runs": alike}), 422, "invalid_batch")
    assert (await mail.ask("POST", "/v1/runs/batch", {"runs": items[:1]})).status_code == 202
    definition = {"handler": {"kind": "worker"}}
    for method, path, body, code in (
        ("POST", "/v1/job-types", {"name": "other"} | definition, "job_type_not_found"),
        ("POST", "/v1/job-types", {"name": "mail-3", "queue": "c"} | definition, "queue_not_found"),
        ("PUT", "/v1/job-types/other", definition, "job_type_not_found"),
        ("PUT", "/v1/job-types/mail", definition | {"queue": "c"}, "queue_not_found"),
        ("PATCH", "/v1/job-types/mail", {"queue": "c"}, "queue_not_found"),
        ("PUT", "/v1/queues/c", {}, "queue_not_found"),
        ("PATCH", "/v1/schedules/mail", {"job_type": "report"}, "job_type_not_found"),
        ("PATCH", "/v1/schedules/mail", {"queue": "c"}, "queue_not_found"),
    ):
        problem(await mail.ask(method, path, body), 404, code)
    trigger = {"trigger": {"kind": "interval", "every_seconds": 60}}
    answer = await mail.ask("POST", "/v1/schedules", {"name": "s", "job_type": "report"} | trigger)
    problem(answer, 404, "job_type_not_found")


async def test_a_stream_has_what_lies_inside(server: Server, mail: Client) -> None:
    async with server.stream("/v1/events", **mail.bearer) as stream:
        await dispatch(server, "report")
        inside = await dispatch(server, "mail")
        event = await stream.event()
    assert event.data["run_id"] == inside
    async with server.stream("/v1/events?from=start", **mail.bearer) as stream:
        assert (await stream.event()).data["run_id"] == inside


async def test_a_worker_serves_what_lies_inside(server: Server, mail: Client) -> None:
    for fields in (
        {"job_types": ["mail", "report"], "queues": ["a"]},
        {"job_types": ["mail"]},
        {"job_types": ["mail"], "queues": ["a", "c"]},
    ):
        problem(await mail.ask("POST", "/v1/workers", {"name": "w"} | fields), 403, "forbidden")
    declares = {"app": "x", "job_types": [{"name": "other", "handler": {"kind": "worker"}}]}
    body = {"name": "w", "job_types": ["mail"], "queues": ["a"]}
    problem(await mail.ask("POST", "/v1/workers", body | {"declares": declares}), 403, "forbidden")
    assert (await mail.ask("POST", "/v1/workers", body)).status_code == 201
    await root(server, "POST", "/v1/workers", {"name": "all", "job_types": ["mail"]})
    assert [found["name"] for found in (await mail.get("/v1/workers"))["data"]] == ["w"]


async def test_a_worker_is_its_keys_own(server: Server) -> None:
    await root(server, "POST", "/v1/job-types", {"name": "greet", "handler": {"kind": "worker"}})
    one, other = await make(server, "workers"), await make(server, "workers")
    worker = (await one.ask("POST", "/v1/workers", {"name": "w", "job_types": ["greet"]})).json()["id"]
    for method, path in (("POST", "/claim"), ("POST", "/report"), ("DELETE", "")):
        answer = await other.ask(method, f"/v1/workers/{worker}{path}", {} if path else None)
        problem(answer, 404, "worker_not_found")
    assert (await one.ask("POST", f"/v1/workers/{worker}/report", {})).status_code == 200
    assert (await one.ask("DELETE", f"/v1/workers/{worker}")).status_code == 204


# -- rates


async def test_a_rate_limit_counts_runs(server: Server, clock: HandClock) -> None:
    await root(server, "POST", "/v1/job-types", {"name": "greet", "handler": {"kind": "worker"}})
    key = await make(server, "runs:write", rate_limit={"limit": 5, "per_seconds": 10})
    batch = {"runs": [{"job_type": "greet", "payload": n} for n in range(3)]}
    assert (await key.ask("POST", "/v1/runs/batch", batch)).status_code == 202
    answer = await key.ask("POST", "/v1/runs/batch", batch)
    problem(answer, 429, "rate_limited")
    assert answer.headers["retry-after"] == "2"
    for n in range(2):
        assert (await key.ask("POST", "/v1/job-types/greet/runs", {"payload": n})).status_code == 202
    problem(await key.ask("POST", "/v1/job-types/greet/runs", {"payload": 3}), 429, "rate_limited")
    assert (await root(server, "GET", "/v1/stats"))["counts"]["queued"] == 5
    clock.move(2)
    assert (await key.ask("POST", "/v1/job-types/greet/runs", {"payload": 4})).status_code == 202
    problem(await key.ask("POST", "/v1/job-types/greet/runs", {"payload": 5}), 429, "rate_limited")


async def test_what_makes_no_run_costs_nothing(server: Server) -> None:
    await root(server, "POST", "/v1/job-types", {"name": "greet", "handler": {"kind": "worker"}})
    key = await make(server, "runs:write", rate_limit={"limit": 2, "per_seconds": 1000})
    for _ in range(3):
        answer = await key.ask("POST", "/v1/job-types/greet/runs", {"payload": 1}, idempotency_key="one")
        assert answer.status_code in (200, 202)
        problem(
            await key.ask("POST", "/v1/runs/batch", {"runs": [{"job_type": "no", "payload": 1}]}), 422, "invalid_batch"
        )
    assert (await key.ask("POST", "/v1/job-types/greet/runs", {"payload": 1})).status_code == 202


async def test_idempotency_keys_are_each_keys_own_and_outlive_a_rotation(server: Server) -> None:
    await root(server, "POST", "/v1/job-types", {"name": "greet", "handler": {"kind": "worker"}})
    one, other = await make(server, "runs:write"), await make(server, "runs:write")

    async def send(key: Client) -> Any:
        return (await key.ask("POST", "/v1/job-types/greet/runs", {"payload": 1}, idempotency_key="k")).json()["id"]

    first = await send(one)
    assert await send(other) != first
    rotated = Client(server, await root(server, "POST", f"/v1/keys/{one.id}/rotate"))
    assert await send(rotated) == first


# -- what is under way when a key ends


async def test_what_is_under_way_ends_with_the_key(server: Server) -> None:
    await root(server, "POST", "/v1/job-types", {"name": "greet", "handler": {"kind": "worker"}})
    run = await dispatch(server, "greet", "elsewhere")
    key, stays = await make(server, "runs:read", "workers"), await make(server, "runs:read", "workers")
    workers = {}
    for each in (key, stays):
        body = {"name": "w", "job_types": ["greet"], "queues": ["default"]}
        workers[each] = (await each.ask("POST", "/v1/workers", body)).json()["id"]
    async with (
        server.stream("/v1/events", **key.bearer) as all_runs,
        server.stream(f"/v1/runs/{run}/events", **key.bearer) as of_run,
        server.stream("/v1/events", **stays.bearer) as other,
    ):
        claim = asyncio.ensure_future(key.ask("POST", f"/v1/workers/{workers[key]}/claim", {"wait_seconds": 60}))
        wait = asyncio.ensure_future(key.ask("GET", f"/v1/runs/{run}?wait_seconds=60"))
        other_claim = asyncio.ensure_future(
            stays.ask("POST", f"/v1/workers/{workers[stays]}/claim", {"wait_seconds": 60})
        )
        await server.settle()
        assert not any(waiting.done() for waiting in (claim, wait, other_claim))
        await root(server, "DELETE", f"/v1/keys/{key.id}", status=204)
        await all_runs.rest()
        await of_run.rest()
        assert (await claim).status_code == 204
        assert (await wait).json()["state"] == "queued"
        assert not other_claim.done()
        await dispatch(server, "greet")
        assert (await other.event()).data["type"] == "queued"
        assert (await other_claim).status_code == 200
    problem(await key.ask("POST", f"/v1/workers/{workers[key]}/claim", {}), 401, "unauthorized")
