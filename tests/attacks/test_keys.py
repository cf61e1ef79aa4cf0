"""Keys that are no more, keys that reach beyond what they are for, and what goes on after their end."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import pytest

from blazy_jobs_server.domain import keys
from tests.app.api.test_exchange import Connection, connected
from tests.app.clock import HandClock
from tests.app.server import Server, problem

ROOT = "a-root-key-of-some-length"
ADMIN = {"authorization": f"Bearer {ROOT}"}
GREET = {"name": "greet", "handler": {"kind": "worker"}}


@pytest.fixture
async def keyed(serve: Callable[..., Server]) -> AsyncIterator[Server]:
    async with serve(api_key=ROOT) as server:
        await ask(server, "POST", "/v1/job-types", GREET, **ADMIN)
        yield server


async def ask(server: Server, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    server.http.cookies.clear()
    return await server.http.request(method, path, headers=given, **({} if body is None else {"json": body}))


async def make(server: Server, *scopes: str, **fields: Any) -> tuple[Any, dict[str, str]]:
    """A key, and its header."""
    created = (await ask(server, "POST", "/v1/keys", {"name": "k", "scopes": list(scopes)} | fields, **ADMIN)).json()
    return created, {"authorization": f"Bearer {created['key']}"}


async def revoke(server: Server, key: Any) -> None:
    assert (await ask(server, "DELETE", f"/v1/keys/{key['id']}", **ADMIN)).status_code == 204


def dispatch(authorization: str | None, body: bytes = b'{"payload":1}') -> bytes:
    head = "POST /v1/job-types/greet/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
    head += "" if authorization is None else f"Authorization: {authorization}\r\n"
    return head.encode() + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


async def answered(connection: Connection, request: bytes) -> tuple[int, bytes, bytes]:
    """Status, head but for the date and the request's id, and body."""
    connection.writes.clear()
    connection.send(request)
    status, body = await connection.answer()
    head = b"".join(connection.writes).partition(b"\r\n\r\n")[0]
    own = (b"date:", b"x-request-id:")
    return status, b"\r\n".join(line for line in head.split(b"\r\n") if not line.startswith(own)), body


# -- each state, the same answer


async def test_on_the_wire_each_key_that_does_not_hold_gets_the_same_bytes(keyed: Server, clock: HandClock) -> None:
    """Also where the shortcut past the parser had let the same head in before."""
    revoked, by_revoked = await make(keyed, "runs:write")
    rotated, by_rotated = await make(keyed, "runs:write")
    live, by_live = await make(keyed, "runs:write")
    _, by_expired = await make(keyed, "runs:write", expires_at="2026-01-01T00:01:00Z")
    async with connected(keyed.app) as connection:
        for header in (by_revoked, by_rotated, by_expired, by_live):
            for _ in range(2):
                assert (await answered(connection, dispatch(header["authorization"])))[0] == 202
        await revoke(keyed, revoked)
        answer = await ask(keyed, "POST", f"/v1/keys/{rotated['id']}/rotate", {"overlap_seconds": 0}, **ADMIN)
        assert answer.status_code == 200
        await keyed.advance(61)
        wrong_secret = keys.text_of(live["id"], keys.new_secret())
        unknown = keys.text_of(keys.new_id(), keys.new_secret())
        given = [
            None,
            *(header["authorization"] for header in (by_revoked, by_rotated, by_expired)),
            *(f"Bearer {key}" for key in (wrong_secret, unknown, live["key"][:-1], live["key"] + "x", "", ROOT[:-1])),
            live["key"],
            f"Basic {live['key']}",
            f"Bearer {live['key']}, Bearer {live['key']}",
        ]
        answers = {await answered(connection, dispatch(authorization)) for authorization in given}
        [(status, head, body)] = answers
        assert (status, json.loads(body)["code"]) == (401, "unauthorized")
        assert b"www-authenticate: Bearer" in head
        assert (await answered(connection, dispatch(by_live["authorization"])))[0] == 202


async def test_on_each_route_it_gets_the_same_bytes(keyed: Server) -> None:
    """By the hot routes and by the framework, with a key and with a cookie."""
    head = "Host: localhost\r\nContent-Type: application/json\r\nSec-Fetch-Site: same-origin\r\n"
    logging_in = '{"key":"bjk_wrong"}'
    requests = [
        f"{request} HTTP/1.1\r\n{head}{given}Content-Length: {len(body)}\r\n\r\n{body}".encode()
        for request, body in (
            ("GET /v1/runs", ""),
            ("GET /v1/runs/run_0000000000000", ""),
            ("GET /v1/events", ""),
            ("GET /metrics", ""),
            ("GET /docs", ""),
            ("POST /v1/job-types/greet/runs", '{"payload":1}'),
            ("POST /v1/runs/batch", "{}"),
            ("POST /v1/workers/wrk_0000000000000/claim", "{}"),
            ("POST /v1/session", logging_in),
            ("DELETE /v1/session", ""),
        )
        for given in ("", "Authorization: Bearer x\r\n", "Cookie: blazy_80=x\r\n")
    ]
    async with connected(keyed.app) as connection:
        answers = {await answered(connection, request) for request in requests}
    assert [status for status, _, _ in answers] == [401]


async def test_the_answer_does_not_tell_whether_a_thing_is_there(keyed: Server) -> None:
    run = (await ask(keyed, "POST", "/v1/job-types/greet/runs", {"payload": 1}, **ADMIN)).json()["id"]
    answers = {
        (answer.status_code, answer.content)
        for path in (f"/v1/runs/{run}", "/v1/runs/run_0000000000000", "/v1/job-types/greet", "/v1/job-types/no")
        for answer in [await ask(keyed, "GET", path)]
    }
    assert len(answers) == 1


# -- what a key reaches


@pytest.fixture
async def outside(keyed: Server) -> tuple[Server, dict[str, str], str]:
    """A key for the job type `mail` in the queue `a`, and a finished run of `greet`."""
    for name in ("mail", "mail-b"):
        await ask(keyed, "POST", "/v1/job-types", {**GREET, "name": name, "queue": "a"}, **ADMIN)
    run = (await ask(keyed, "POST", "/v1/job-types/greet/runs", {"payload": 1}, **ADMIN)).json()["id"]
    assert (await ask(keyed, "POST", f"/v1/runs/{run}/cancel", **ADMIN)).status_code == 200
    scopes = ("runs:read", "runs:write", "workers")
    _, header = await make(keyed, *scopes, job_types=["mail"], queues=["a"])
    return keyed, header, run


@pytest.mark.parametrize(
    ("item", "where"),
    [
        ({"job_type": "greet"}, "job_type"),
        ({"job_type": "mail-b"}, "job_type"),
        ({"job_type": "mail", "queue": "b"}, "job_type"),
        ({"job_type": "no"}, "job_type"),
    ],
)
async def test_one_item_of_a_batch_that_lies_outside_refuses_all(
    outside: tuple[Server, dict[str, str], str], item: Any, where: str
) -> None:
    server, header, _ = outside
    runs = [{"job_type": "mail", "payload": 1}, {"payload": 1} | item]
    refused = problem(await ask(server, "POST", "/v1/runs/batch", {"runs": runs}, **header), 422, "invalid_batch")
    assert [(error["path"], error["code"]) for error in refused["errors"]] == [
        (f"/runs/1/{where}", "job_type_not_found")
    ]
    assert (await ask(server, "GET", "/v1/runs", **header)).json()["data"] == []


async def test_nothing_is_replayed_or_erased_from_outside(outside: tuple[Server, dict[str, str], str]) -> None:
    server, header, run = outside
    for method, path in (("POST", f"/v1/runs/{run}/replay"), ("DELETE", f"/v1/runs/{run}")):
        problem(await ask(server, method, path, **header), 404, "run_not_found")
    assert (await ask(server, "GET", f"/v1/runs/{run}", **ADMIN)).status_code == 200


async def test_a_worker_declares_nothing_outside(outside: tuple[Server, dict[str, str], str]) -> None:
    server, header, _ = outside
    trigger = {"kind": "interval", "every_seconds": 60}
    for declares in (
        {"job_types": [{**GREET, "name": "greet", "queue": "a"}]},
        {"job_types": [{**GREET, "name": "mail", "queue": "b"}]},
        {"job_types": [], "schedules": [{"name": "s", "job_type": "greet", "trigger": trigger}]},
        {"job_types": [], "schedules": [{"name": "s", "job_type": "mail", "queue": "b", "trigger": trigger}]},
        {"job_types": [], "queues": [{"name": "b", "engine": "bullmq"}]},
    ):
        body = {"name": "w", "job_types": ["mail"], "queues": ["a"], "declares": {"app": "x"} | declares}
        problem(await ask(server, "POST", "/v1/workers", body, **header), 403, "forbidden")
    assert (await ask(server, "GET", "/v1/workers", **ADMIN)).json()["data"] == []


async def test_a_stream_of_a_run_outside_is_not_there(outside: tuple[Server, dict[str, str], str]) -> None:
    server, header, run = outside
    for path in (f"/v1/runs/{run}/events", f"/v1/runs/{run}/events?after=99"):
        problem(await ask(server, "GET", path, **header), 404, "run_not_found")
    async with server.stream("/v1/events?from=start", **header) as stream:
        made = (await ask(server, "POST", "/v1/job-types/mail/runs", {"payload": 1}, **header)).json()["id"]
        assert (await stream.event()).data["run_id"] == made


# -- the end of a key


@pytest.mark.parametrize("held", ["claim", "wait", "dispatch and wait", "stream"])
async def test_a_key_that_ends_as_a_request_is_let_in_ends_it(
    keyed: Server, monkeypatch: pytest.MonkeyPatch, held: str
) -> None:
    """Between the look at the key and the wait."""
    key, header = await make(keyed, "runs:read", "runs:write", "workers")
    body = {"name": "w", "job_types": ["greet"], "queues": ["none"]}
    worker = (await ask(keyed, "POST", "/v1/workers", body, **header)).json()["id"]
    run = (await ask(keyed, "POST", "/v1/job-types/greet/runs", {"payload": 1}, **header)).json()["id"]
    revoked = False

    def revoking(function: Any) -> Any:
        async def first(*arguments: Any, **named: Any) -> Any:
            nonlocal revoked
            if not revoked:
                revoked = True
                await revoke(keyed, key)
            return await function(*arguments, **named)

        return first

    if held == "claim":
        known = keyed.jobs.leasing.membership.known
        monkeypatch.setattr(keyed.jobs.leasing.membership, "known", revoking(known))
        answer = await ask(keyed, "POST", f"/v1/workers/{worker}/claim", {"wait_seconds": 60}, **header)
        assert answer.status_code == 204
    elif held == "wait":
        monkeypatch.setattr(keyed.jobs, "run", revoking(keyed.jobs.run))
        answer = await ask(keyed, "GET", f"/v1/runs/{run}?wait_seconds=60", **header)
        assert answer.json()["state"] == "queued"
    elif held == "dispatch and wait":
        monkeypatch.setattr(keyed.store, "dispatch", revoking(keyed.store.dispatch))
        path, prefer = "/v1/job-types/greet/runs", {"prefer": "wait=60"}
        assert (await ask(keyed, "POST", path, {"payload": 1}, **header, **prefer)).status_code == 202
    else:
        monkeypatch.setattr(keyed.store, "feed_bounds", revoking(keyed.store.feed_bounds))
        async with keyed.stream("/v1/events", **header) as stream:
            assert await stream.rest() == []
    assert revoked
    problem(await ask(keyed, "GET", "/v1/runs", **header), 401, "unauthorized")


async def test_what_was_read_before_a_change_does_not_bring_a_key_back(
    keyed: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, header = await make(keyed, "runs:read")
    before, reading, go_on = await keyed.store.keys(), asyncio.Event(), asyncio.Event()

    async def late() -> Any:
        reading.set()
        await go_on.wait()
        return before

    with monkeypatch.context() as patched:
        patched.setattr(keyed.store, "keys", late)
        stale = asyncio.ensure_future(keyed.access.fresh())
        await reading.wait()
    revoking = asyncio.ensure_future(revoke(keyed, key))
    await keyed.settle()
    go_on.set()
    await asyncio.gather(stale, revoking)
    problem(await ask(keyed, "GET", "/v1/runs", **header), 401, "unauthorized")


async def test_with_the_last_key_gone_nobody_is_let_in_not_even_after_a_restart(serve: Callable[..., Server]) -> None:
    async with serve() as server:
        admin = (await ask(server, "POST", "/v1/keys", {"name": "k", "scopes": ["admin"]})).json()
        header = {"authorization": f"Bearer {admin['key']}"}
        await ask(server, "POST", "/v1/job-types", GREET, **header)
        cookie = (await ask(server, "POST", "/v1/session", {"key": admin["key"]})).headers["set-cookie"].split(";")[0]
        async with connected(server.app) as connection:
            for _ in range(2):
                assert (await answered(connection, dispatch(header["authorization"])))[0] == 202
            assert (await ask(server, "DELETE", f"/v1/keys/{admin['id']}", **header)).status_code == 204
            assert (await answered(connection, dispatch(header["authorization"])))[0] == 401
        for restarted in (False, True):
            if restarted:
                await server.restart()
            for given in ({}, header, {"cookie": cookie}):
                problem(await ask(server, "GET", "/v1/runs", **given), 401, "unauthorized")
                problem(await ask(server, "POST", "/v1/keys", {}, **given), 401, "unauthorized")
            async with connected(server.app) as connection:
                assert (await answered(connection, dispatch(None)))[0] == 401
