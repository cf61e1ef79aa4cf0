"""`X-Request-Id`, in and out, and in the log."""

from __future__ import annotations

import re
from typing import Any

import pytest
import structlog

from blazy_jobs_server.api import problems, request_ids
from blazy_jobs_server.logs import _tell_request
from tests.app.api.test_exchange import Connection, connected, post
from tests.app.server import Server

FRESH = re.compile(r"req_[0-9a-f]{20}")


def get(path: str, *headers: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "host: 127.0.0.1", *headers, "", ""]).encode()


async def told(connection: Connection, request: bytes) -> str:
    """The id in the head of the answer, which has one."""
    connection.writes.clear()
    connection.send(request)
    await connection.answer()
    [found] = re.findall(rb"\r\nx-request-id: ([^\r]*)\r\n", b"".join(connection.writes))
    return str(found.decode())


@pytest.mark.parametrize(
    "path", ["/v1/runs", "/v1/runs/run_0000000000000", "/healthz", "/metrics", "/nothing", "/docs"]
)
async def test_an_answer_has_the_id_of_its_request(server: Server, path: str) -> None:
    async with connected(server.app) as connection:
        assert await told(connection, get(path, "X-Request-Id: Root=1-67891233-abc;Self=x/y")) == (
            "Root=1-67891233-abc;Self=x/y"
        )
        one, other = await told(connection, get(path)), await told(connection, get(path))
        assert FRESH.fullmatch(one)
        assert FRESH.fullmatch(other)
        assert one != other


@pytest.mark.parametrize("given", ["", "a b", "x" * 129, 'quote"', "\u00e9", "a,b", "<script>"])
async def test_what_is_no_id_is_replaced(server: Server, given: str) -> None:
    async with connected(server.app) as connection:
        assert FRESH.fullmatch(await told(connection, get("/healthz", f"x-request-id: {given}")))
        assert await told(connection, get("/healthz", "x-request-id: " + "x" * 128)) == "x" * 128


async def test_dispatches_that_are_taken_together_have_theirs(server: Server) -> None:
    await server.register()
    plain = post(b'{"payload":1}')
    own = plain.replace(b"\r\nHost", b"\r\nx-request-id: mine\r\nHost", 1)
    assert own != plain
    async with connected(server.app) as connection:
        found = [await told(connection, plain) for _ in range(3)]
        assert len(set(found)) == 3
        assert all(FRESH.fullmatch(text) for text in found)
        for _ in range(2):
            assert await told(connection, own) == "mine"
        assert not any(b"mine" in head for head in server.app.direct._heads._known), "each would be kept for once"


async def test_a_refusal_of_what_is_no_http_has_one(server: Server) -> None:
    async with connected(server.app) as connection:
        connection.send(b"GET / HTTP/1.1\r\n\r\n")
        await connection.answer()
        assert re.search(rb"x-request-id: req_[0-9a-f]{20}\r\n", b"".join(connection.writes))


async def test_a_bug_is_logged_with_the_id_that_its_answer_has(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    lines: list[Any] = []

    def broken(*_: Any) -> Any:
        raise RuntimeError("a bug")

    def keep(_: Any, __: str, event: Any) -> Any:
        lines.append(dict(event))
        raise structlog.DropEvent

    logger = structlog.wrap_logger(structlog.PrintLogger(), processors=[_tell_request, keep])
    monkeypatch.setattr(problems, "log", logger)
    monkeypatch.setattr(server.jobs, "run", broken)
    async with connected(server.app) as connection:
        hot = await told(connection, get("/v1/runs/run_0000000000000"))
        own = await told(connection, get("/v1/runs/run_0000000000000/attempts", "x-request-id: mine"))
    assert own == "mine"
    assert [line["request_id"] for line in lines] == [hot, "mine"]


def test_outside_of_requests_there_is_none() -> None:
    request_ids.current.set(None)
    assert _tell_request(None, "info", {"event": "ready"}) == {"event": "ready"}
