"""Dispatches that say what was said before are answered without the parser, and nobody can tell but by the time."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from functools import partial
from random import Random
from typing import Any

import pytest

from blazy_jobs_server.api import direct, exchange
from blazy_jobs_server.domain.errors import DefinitionChanged, StoreUnavailable
from blazy_jobs_server.engine.dispatch import Dispatcher, Wish
from tests.app.api.test_exchange import DISPATCH, Connection, connected, get, post
from tests.app.server import Server

BODY = b'{"payload":{"n":1}}'
REQUEST = post(BODY)
KEY = "a-long-random-word"


def is_direct(connection: Connection) -> bool:
    """Whether the last request was."""
    return isinstance(connection.protocol.cycle, exchange.Reply)


async def ask(connection: Connection, request: bytes) -> tuple[int, Any]:
    connection.send(request)
    status, body = await connection.answer()
    return status, json.loads(body) if body else None


async def head_and_body(connection: Connection, request: bytes) -> tuple[bytes, bytes]:
    connection.writes.clear()
    connection.send(request)
    await connection.answer()
    head, _, body = b"".join(connection.writes).partition(b"\r\n\r\n")
    return head, body


@pytest.fixture
async def connection(server: Server) -> AsyncIterator[Connection]:
    """On which one dispatch was answered already."""
    await server.register()
    async with connected(server.app) as made:
        assert (await ask(made, REQUEST))[0] == 202
        assert not is_direct(made)
        yield made


OWN = re.compile(rb'run_[0-9a-v]{13}|"(?:created|due)_at":"[^"]+"|(?:date|x-request-id): [^\r]+')


@pytest.mark.parametrize(
    "definition",
    [
        {},
        {"queue": "mail", "priority": 7, "timeout_seconds": 1.5, "retry": {"max_attempts": 9}},
        {"payload_schema": {"type": ["object", "string", "null"]}, "concurrency": 1},
    ],
)
@pytest.mark.parametrize("payload", [{"n": 1}, None, 'é "quoted" \u2028 \\ \x7f', {"deep": [[{}]], "x": 1.5}])
@pytest.mark.parametrize("paused", [False, True])
async def test_the_answer_is_the_ordinary_one(server: Server, definition: Any, payload: Any, paused: bool) -> None:
    await server.register(**definition)
    if paused:
        await server.post("/v1/job-types/greet/pause")
    request = post(json.dumps({"payload": payload}).encode())
    async with connected(server.app) as connection:
        ordinary = await head_and_body(connection, request)
        assert not is_direct(connection)
        found = await head_and_body(connection, request)
        assert is_direct(connection)
        assert len(connection.writes) == 1
        assert [OWN.sub(b"-", part) for part in found] == [OWN.sub(b"-", part) for part in ordinary]
        run = json.loads(found[1])
        assert f"location: /v1/runs/{run['id']}\r\n".encode() in found[0]
        connection.send(get(f"/v1/runs/{run['id']}"))
        assert await connection.answer() == (200, found[1])


async def test_bodies_of_other_lengths_and_other_connections_are_known_too(
    server: Server, connection: Connection
) -> None:
    for size in (0, 1, 9, 10, 1000):
        assert (await ask(connection, post(b'{"payload":"%b"}' % (b"x" * size))))[1]["payload"] == "x" * size
        assert is_direct(connection)
    async with connected(server.app) as other:
        assert (await ask(other, REQUEST))[0] == 202
        assert is_direct(other)
    assert len((await server.get("/v1/runs"))["data"]) == 7


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (post(b'{"payload":'), 400),
        (post(b'{"payload":1,"payload":1}'), 400),
        (post(b'{"payload":' + b"[" * 70 + b"]" * 70 + b"}"), 400),
        (post(b'{"payload":"\\u0000"}'), 400),
        (post(b"[]"), 422),
        (post(b'{"payloud":1}'), 422),
        (post(b'{"payload":1,"delay_seconds":-1}'), 422),
        (post(b'{"payload":1,"delay_seconds":60}'), 202),
        (REQUEST.replace(b"greet", b"nobody"), 404),
        (REQUEST.replace(b"application/json", b"text/plain"), 415),
        (REQUEST.replace(b"/runs ", b"/runs?wait=1 "), 422),
        (REQUEST.replace(b"/runs ", b"/%72uns "), 202),
        (REQUEST.replace(b"Host: localhost", b"Host: elsewhere.example"), 403),
        (REQUEST.replace(b"Host", b"Origin: http://elsewhere.example\r\nHost"), 403),
        (REQUEST.replace(b"Host", b"Content-Encoding: gzip\r\nHost"), 415),
        (REQUEST.replace(b"Host", b"Prefer: wait=0\r\nHost"), 202),
        (DISPATCH + b"Content-Length: 0\r\n\r\n", 422),
        (DISPATCH + b"Transfer-Encoding: chunked\r\n\r\n13\r\n" + BODY + b"\r\n0\r\n\r\n", 202),
    ],
)
async def test_what_is_not_as_usual_is_judged_as_ever(
    server: Server, connection: Connection, request_: bytes, status: int
) -> None:
    for _ in range(3):
        assert (await ask(connection, request_))[0] == status
        assert not is_direct(connection)
        assert (await ask(connection, REQUEST))[0] == 202
        assert is_direct(connection)


async def test_an_idempotency_key_is_heeded(server: Server, connection: Connection) -> None:
    keyed = REQUEST.replace(b"Host", b"Idempotency-Key: one\r\nHost")
    first, again = await ask(connection, keyed), await ask(connection, keyed)
    assert (first[0], again[0], first[1]["id"]) == (202, 200, again[1]["id"])


async def test_a_payload_too_large_is_refused(server: Server, connection: Connection) -> None:
    size = server.settings.max_body_bytes
    assert (await ask(connection, post(b'{"payload":"%b"}' % (b"x" * size))))[0] == 413


async def test_a_payload_that_does_not_fit_is_refused(server: Server) -> None:
    await server.register(payload_schema={"type": "integer"})
    async with connected(server.app) as connection:
        for body, status in ((b'{"payload":1}', 202), (b'{"payload":2}', 202), (b'{"payload":"x"}', 422)):
            assert (await ask(connection, post(body)))[0] == status
        assert not is_direct(connection)


async def test_runs_that_expire_say_when(server: Server) -> None:
    await server.register(expires_seconds=60)
    async with connected(server.app) as connection:
        for _ in range(2):
            assert (await ask(connection, REQUEST))[1]["expires_at"] is not None


@pytest.mark.parametrize("server", [{"api_key": KEY}], indirect=True)
async def test_a_key_is_asked_for_each_time(server: Server) -> None:
    server.http.headers["authorization"] = f"Bearer {KEY}"
    await server.register()
    right = REQUEST.replace(b"Host", b"Authorization: Bearer " + KEY.encode() + b"\r\nHost")
    async with connected(server.app) as connection:
        for request, status in [(REQUEST, 401), (right, 202), (right, 202), (right.replace(b"word", b"w0rd"), 401)] * 3:
            assert (await ask(connection, request))[0] == status
        assert len((await server.get("/v1/runs"))["data"]) == 6


async def test_a_job_type_that_changes_or_goes_is_seen_at_once(server: Server, connection: Connection) -> None:
    await server.http.put("/v1/job-types/greet", json={"handler": {"kind": "worker"}, "priority": 5})
    assert (await ask(connection, REQUEST))[1]["priority"] == 5
    assert is_direct(connection)
    for run in (await server.get("/v1/runs"))["data"]:
        await server.post(f"/v1/runs/{run['id']}/cancel")
    assert (await server.http.delete("/v1/job-types/greet")).status_code == 204
    assert (await ask(connection, REQUEST))[0] == 404


# -- how it comes


@pytest.mark.parametrize("cut", [1, 10, 25, len(REQUEST) - len(BODY), len(REQUEST) - 1])
async def test_a_request_in_two_pieces_is_one(server: Server, connection: Connection, cut: int) -> None:
    protocol = connection.protocol
    for _ in range(2):
        protocol.data_received(REQUEST[:cut])
        protocol.data_received(REQUEST[cut:])
        assert (await connection.answer())[0] == 202
        assert (await ask(connection, REQUEST))[0] == 202
        assert is_direct(connection)
    assert len((await server.get("/v1/runs"))["data"]) == 5


async def test_a_known_request_within_a_head_is_none(server: Server, connection: Connection) -> None:
    """What the parser has begun to read is read on by the parser."""
    for begun in (b"GET /healthz HTTP/1.1\r\nX: ", b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "):
        async with connected(server.app) as other:
            other.protocol.data_received(begun)
            other.protocol.data_received(REQUEST)
            assert (await other.answer())[0] in (200, 400)
    # The end of one body and the beginning of a head, in one piece.
    protocol = connection.protocol
    protocol.data_received(REQUEST[:-3])
    protocol.data_received(REQUEST[-3:] + b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: ")
    assert (await connection.answer())[0] == 202
    protocol.data_received(REQUEST)
    assert (await connection.answer())[0] == 400, "it has two hosts"
    assert len((await server.get("/v1/runs"))["data"]) == 2


async def test_a_head_teaches_nothing_of_the_next_one(server: Server) -> None:
    for name in ("greet", "other"):
        await server.register(name)
    other = REQUEST.replace(b"greet", b"other")
    async with connected(server.app) as connection:
        for _ in range(3):
            connection.protocol.data_received(REQUEST + other)
            for name in ("greet", "other"):
                assert json.loads((await connection.answer())[1])["job_type"] == name
        assert (await ask(connection, REQUEST))[1]["job_type"] == "greet"
        assert (await ask(connection, other))[1]["job_type"] == "other"
        assert (await ask(connection, REQUEST))[1]["job_type"] == "greet"
        assert is_direct(connection)


async def test_requests_that_come_before_the_answer_wait_for_it(server: Server, connection: Connection) -> None:
    protocol = connection.protocol
    for n in range(3):
        for request in (post(b'{"payload":%d}' % n), get("/healthz"), REQUEST, post(b"{"), REQUEST[:30], REQUEST[30:]):
            protocol.data_received(request)
        assert (await connection.answer())[1].count(b'"payload":%d,' % n) == 1
        assert await connection.answer() == (200, b'{"status":"ok"}')
        assert [(await connection.answer())[0] for _ in range(3)] == [202, 400, 202]
    assert len((await server.get("/v1/runs"))["data"]) == 10


async def test_rubbish_after_a_request_ends_the_connection_after_its_answer(
    server: Server, connection: Connection
) -> None:
    connection.protocol.data_received(REQUEST)
    connection.protocol.data_received(b"\x16\x03\x01 rubbish\r\n\r\n")
    assert (await connection.answer())[0] == 202
    assert (await connection.answer())[0] == 400
    assert await connection.reader.read() == b""


async def test_a_client_that_leaves_has_its_run(server: Server, connection: Connection) -> None:
    connection.protocol.data_received(REQUEST)
    assert is_direct(connection)
    connection.protocol.transport.abort()
    await server.settle()
    assert len((await server.get("/v1/runs"))["data"]) == 2


async def test_a_server_that_ends_answers_and_closes(server: Server, connection: Connection) -> None:
    connection.protocol.data_received(REQUEST)
    connection.protocol.shutdown()
    rest = await connection.reader.read()
    assert rest.startswith(b"HTTP/1.1 202 ")
    assert rest.count(b"\r\nconnection: close\r\n") == 1
    assert json.loads(rest.partition(b"\r\n\r\n")[2])["payload"] == {"n": 1}


async def test_a_head_that_stands_on_bare_line_feeds_is_not_learned(server: Server) -> None:
    odd = DISPATCH + b"X: y\nContent-Length: %d\r\n\r\n%b" % (len(BODY), BODY)
    heads = direct.Heads()
    heads.add(odd, "greet", None)
    assert heads.find(odd) is None
    heads.add(REQUEST + b"\r\n", "greet", None)
    assert heads.find(REQUEST) is None
    heads.add(REQUEST, "greet", None)
    assert heads.find(REQUEST) == ("greet", None, len(REQUEST) - len(BODY))
    assert heads.find(REQUEST + b"\r\n") is None
    assert heads.find(REQUEST.replace(b"Length: 1", b"Length: 01")) is None


async def test_heads_are_kept_in_bounds(server: Server, connection: Connection) -> None:
    for n in range(direct.MAX_HEADS + 10):
        assert (await ask(connection, REQUEST.replace(b"Host", b"X-Trace: %d\r\nHost" % n)))[0] == 202
        assert not is_direct(connection)
    assert (await ask(connection, REQUEST))[0] == 202
    assert (await ask(connection, REQUEST))[0] == 202
    assert is_direct(connection)


# -- together


async def many(server: Server, stack: AsyncExitStack, number: int) -> list[Connection]:
    return [await stack.enter_async_context(connected(server.app)) for _ in range(number)]


async def test_what_comes_together_is_stored_together_and_answered_one_by_one(
    server: Server, connection: Connection
) -> None:
    numbers = server.jobs.numbers
    async with AsyncExitStack() as stack:
        connections = await many(server, stack, 20)
        before, commits = numbers.batched, sum(numbers.batch_sizes)
        for n, each in enumerate(connections):
            each.protocol.data_received(post(b'{"payload":%d}' % n))
        runs = [json.loads((await each.answer())[1]) for each in connections]
    assert [run["payload"] for run in runs] == list(range(20))
    assert [run["id"] for run in runs] == sorted(run["id"] for run in runs)
    assert (numbers.batched - before, sum(numbers.batch_sizes) - commits) == (20, 1)
    for run in runs:
        assert await server.get(f"/v1/runs/{run['id']}") == run


@pytest.mark.parametrize("server", [{"api_key": KEY}], indirect=True)
async def test_what_comes_together_by_several_keys_is_stored_together(server: Server) -> None:
    server.http.headers["authorization"] = f"Bearer {KEY}"
    await server.register()
    made = [await server.post("/v1/keys", {"name": name, "scopes": ["runs:write"]}, status=201) for name in "abc"]
    requests = [REQUEST.replace(b"Host", b"Authorization: Bearer " + key["key"].encode() + b"\r\nHost") for key in made]
    async with AsyncExitStack() as stack:
        connections = await many(server, stack, 9)
        for n, each in enumerate(connections):
            assert (await ask(each, requests[n % 3]))[0] == 202
        numbers = server.jobs.numbers
        before, commits = numbers.batched, sum(numbers.batch_sizes)
        for n, each in enumerate(connections):
            each.protocol.data_received(requests[n % 3])
        runs = [json.loads((await each.answer())[1]) for each in connections]
    assert (numbers.batched - before, sum(numbers.batch_sizes) - commits) == (9, 1)
    assert [run["created_by"]["id"] for run in runs] == [key["id"] for key in made] * 3
    for run in runs:
        assert await server.get(f"/v1/runs/{run['id']}") == run


async def test_a_store_that_fails_is_told_to_each(
    server: Server, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fails(*_: Any, **__: Any) -> Any:
        raise StoreUnavailable("disk I/O error")

    monkeypatch.setattr(Dispatcher, "store_plain", fails)
    async with AsyncExitStack() as stack:
        connections = await many(server, stack, 3)
        for each in connections:
            each.protocol.data_received(REQUEST)
        heads = [(await each.answer())[0] for each in connections]
        assert heads == [503] * 3
        assert all(is_direct(each) for each in connections)
        monkeypatch.undo()
        for each in connections:
            assert (await ask(each, REQUEST))[0] == 202
    assert len((await server.get("/v1/runs"))["data"]) == 4


@pytest.mark.parametrize("error", [DefinitionChanged("greet"), RuntimeError("a bug")])
async def test_what_is_not_stored_together_is_stored_one_by_one(
    server: Server, connection: Connection, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    async def fails(*_: Any, **__: Any) -> Any:
        raise error

    monkeypatch.setattr(Dispatcher, "store_plain", fails)
    async with AsyncExitStack() as stack:
        connections = await many(server, stack, 3)
        for n, each in enumerate(connections):
            each.protocol.data_received(post(b'{"payload":%d}' % n))
            each.protocol.data_received(get("/healthz"))
        for n, each in enumerate(connections):
            status, body = await each.answer()
            assert (status, json.loads(body)["payload"]) == (202, n)
            assert (await each.answer())[0] == 200
    assert len((await server.get("/v1/runs"))["data"]) == 4


async def test_a_bug_is_a_500(server: Server, connection: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fails(*_: Any, **__: Any) -> Any:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Dispatcher, "store_plain", fails)
    status, body = await ask(connection, REQUEST)
    assert (status, body["code"], is_direct(connection)) == (500, "internal_error", True)


async def test_runs_that_the_store_makes_one_by_one_are_answered_alike(
    server: Server, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As it does for queues that live elsewhere, and on PostgreSQL."""

    async def one_by_one(self: Dispatcher, entry: Any, payloads: list[str], *_: Any, **__: Any) -> Any:
        return await self.store_orders([self.order(entry, Wish(payload=json.loads(text))) for text in payloads], None)

    monkeypatch.setattr(Dispatcher, "store_plain", one_by_one)
    status, run = await ask(connection, REQUEST)
    assert (status, run, is_direct(connection)) == (202, await server.get(f"/v1/runs/{run['id']}"), True)


async def test_a_claim_that_waited_is_answered_before_the_dispatch(server: Server, connection: Connection) -> None:
    """A handler waits for the one; what the client of the other does next would only delay it."""
    if server.settings.database_url is not None:
        pytest.skip("on PostgreSQL claims have transactions of their own")
    worker = await server.worker()
    assert len(await worker.claim()) == 1
    path = f"/v1/workers/{worker.id}/claim"
    body = b'{"max":5,"wait_seconds":20}'
    claim = REQUEST[: -len(BODY)].replace(b"/v1/job-types/greet/runs", path.encode()).replace(b"19", b"27") + body
    for request in (REQUEST, post(b'{"payload":1,"tags":["a"]}')):
        async with connected(server.app) as claiming:
            claiming.send(claim)
            await server.settle()
            assert len(server.jobs.leasing.claims.waiting) == 1
            commits = sum(server.jobs.numbers.batch_sizes)
            order: list[str] = []
            for name, each in (("claim", claiming), ("dispatch", connection)):
                each.protocol.recording.on_write = partial(order.append, name)
            status, run = await ask(connection, request)
            leases = json.loads((await claiming.answer())[1])["data"]
        assert (status, [lease["run"]["id"] for lease in leases]) == (202, [run["id"]])
        assert order == ["claim", "dispatch"]
        assert sum(server.jobs.numbers.batch_sizes) == commits + 1


KINDS = (
    (REQUEST, 202),
    (post(b'{"payload":"longer than the other"}'), 202),
    (post(b'{"payload":'), 400),
    (post(b'{"payload":1,"tags":["a"]}'), 202),
    (REQUEST.replace(b"greet", b"nobody"), 404),
    (REQUEST.replace(b"Host", b"Expect: 100-continue\r\nHost"), 202),
    (DISPATCH + b"Transfer-Encoding: chunked\r\n\r\n13\r\n" + BODY + b"\r\n0\r\n\r\n", 202),
    (get("/healthz"), 200),
    (b"\r\n" + REQUEST, 202),
)


@pytest.mark.parametrize("seed", range(6))
async def test_however_the_bytes_are_cut_the_answers_are_the_same(
    server: Server, connection: Connection, seed: int
) -> None:
    random = Random(seed)
    asked = [random.choice(KINDS) for _ in range(40)]
    data, at = b"".join(request for request, _ in asked), 0
    ends = [sum(len(request) for request, _ in asked[: n + 1]) for n in range(len(asked))]

    async def send() -> None:
        nonlocal at
        while at < len(data):
            whole = random.random() < 0.6
            end = next(end for end in ends if end > at) if whole else at + random.randint(1, 300)
            connection.protocol.data_received(data[at:end])
            at = end
            for _ in range(random.choice((0, 0, 1, 5, 50))):
                await asyncio.sleep(0)

    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(send())
        found = []
        while len(found) < len(asked):
            status, _ = await connection.answer()
            if status != 100:
                found.append(status)
    assert found == [status for _, status in asked]
    made = sum(status == 202 for status in found)
    assert len((await server.get("/v1/runs", limit=100))["data"]) == made + 1
