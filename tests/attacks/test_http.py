"""Requests that two readers would understand differently, and those that never end."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from blazy_jobs_server.api.protocol import HEADER_BYTES, HEADER_SECONDS
from tests.app.api.test_exchange import KEEP_ALIVE_SECONDS, Connection, connected
from tests.app.clock import HandClock
from tests.app.server import Server

LINE = b"POST /v1/job-types/greet/runs HTTP/1.1\r\n"
HOST = b"Host: localhost\r\n"
JSON = b"Content-Type: application/json\r\n"
BODY = b'{"payload":1}'
LENGTH = b"Content-Length: 13\r\n"
CHUNKED = b"Transfer-Encoding: chunked\r\n"
CHUNK = b"d\r\n" + BODY + b"\r\n0\r\n\r\n"
GOOD = LINE + HOST + JSON + LENGTH + b"\r\n" + BODY
SMUGGLED = b"DELETE /v1/job-types/greet HTTP/1.1\r\nHost: localhost\r\n\r\n"


def whole(*headers: bytes, line: bytes = LINE, host: bytes = HOST) -> bytes:
    return line + host + JSON + b"".join(headers) + LENGTH + b"\r\n" + BODY


def chunked(body: bytes, *headers: bytes) -> bytes:
    return LINE + HOST + JSON + b"".join(headers or (CHUNKED,)) + b"\r\n" + body


MALFORMED = {
    "two Hosts": whole(HOST),
    "two Hosts, one foreign": whole(b"Host: evil.example\r\n"),
    "two keys": whole(b"Authorization: Bearer a\r\n" * 2),
    "two keys, one good": whole(b"Authorization: Bearer a\r\nauthorization: Bearer b\r\n"),
    "two origins": whole(b"Origin: http://localhost\r\n" * 2),
    "two origins, one foreign": whole(b"Origin: http://localhost\r\nORIGIN: http://evil.example\r\n"),
    "a length twice": whole(LENGTH),
    "two lengths": whole(b"Content-Length: 12\r\n"),
    "a list of lengths": LINE + HOST + JSON + b"Content-Length: 13, 13\r\n\r\n" + BODY,
    "a length with a sign": LINE + HOST + JSON + b"Content-Length: +13\r\n\r\n" + BODY,
    "a negative length": LINE + HOST + JSON + b"Content-Length: -13\r\n\r\n" + BODY,
    "a hexadecimal length": LINE + HOST + JSON + b"Content-Length: 0xd\r\n\r\n" + BODY,
    "a length in two parts": LINE + HOST + JSON + b"Content-Length: 1 3\r\n\r\n" + BODY,
    "an empty length": LINE + HOST + JSON + b"Content-Length:\r\n\r\n" + BODY,
    "a length beyond all bounds": LINE + HOST + JSON + b"Content-Length: 99999999999999999999999\r\n\r\n" + BODY,
    "a blank before the colon": LINE + HOST + JSON + b"Content-Length : 13\r\n\r\n" + BODY,
    "a length and chunks": chunked(b"0\r\n\r\n" + SMUGGLED, LENGTH, CHUNKED),
    "chunks and a length": chunked(b"0\r\n\r\n" + SMUGGLED, CHUNKED, LENGTH),
    "chunks twice": chunked(CHUNK, CHUNKED, CHUNKED),
    "an unknown coding": chunked(CHUNK, b"Transfer-Encoding: xchunked\r\n"),
    "no coding": chunked(CHUNK, b"Transfer-Encoding: identity\r\n"),
    "chunks of a coding": chunked(CHUNK, b"Transfer-Encoding: gzip, chunked\r\n"),
    "a coding of chunks": chunked(CHUNK, b"Transfer-Encoding: chunked, identity\r\n"),
    "a coding after a control character": chunked(CHUNK, b"Transfer-Encoding: \x0bchunked\r\n"),
    "a coding in two lines": chunked(CHUNK, b"Transfer-Encoding:\r\n chunked\r\n"),
    "a blank before the colon of a coding": chunked(CHUNK, b"Transfer-Encoding : chunked\r\n"),
    "chunks in HTTP/1.0": LINE.replace(b"1.1", b"1.0") + HOST + JSON + CHUNKED + b"\r\n" + CHUNK,
    "a Host in two lines": whole(host=b"Host: localhost\r\n evil.example\r\n"),
    "no Host": whole(host=b""),
    "a user in Host": whole(host=b"Host: localhost@evil.example\r\n"),
    "bare line feeds": GOOD.replace(b"\r\n", b"\n"),
    "a bare carriage return": whole(b"X: a\rY: b\r\n"),
    "a zero byte": whole(b"X: a\0b\r\n"),
    "a line without a colon": whole(b"nothing\r\n"),
    "a name with a blank": whole(b"X Y: 1\r\n"),
    "a first header that is folded": whole(host=b" X: 1\r\n" + HOST),
    "HTTP/0.9": b"GET /v1/runs\r\n\r\n",
    "HTTP/1.2": whole(line=LINE.replace(b"1.1", b"1.2")),
    "HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a negative chunk": chunked(b"-d\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a chunk of 0x": chunked(b"0xd\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a chunk beyond all bounds": chunked(b"fffffffffffffffff\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "chunks with line feeds": chunked(CHUNK.replace(b"\r\n", b"\n")),
    "a chunk longer than it says": chunked(b"c\r\n" + BODY + b"\r\n0\r\n\r\n"),
    "a chunk without its end": chunked(b"d\r\n" + BODY + b"0\r\n\r\n"),
    "a line feed in a chunk's extension": chunked(b"d;a\nb\r\n" + BODY + b"\r\n0\r\n\r\n"),
}


async def rest(connection: Connection) -> bytes:
    """All that comes until the server has closed the connection."""
    return await connection.reader.read()


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize("name", MALFORMED)
async def test_what_can_be_read_in_two_ways_is_not_read(server: Server, name: str, known: bool) -> None:
    """On a connection of its own, and after a request that is answered by the shortcut past the parser."""
    await server.register()
    async with connected(server.app) as connection:
        if known:
            for _ in range(2):
                connection.send(GOOD)
                assert (await connection.answer())[0] == 202
        connection.send(MALFORMED[name])
        head, _, body = (await rest(connection)).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 400 ")
        assert b"connection: close" in head
        assert json.loads(body)["code"] == "malformed_request"
    assert len((await server.get("/v1/runs"))["data"]) == 2 * known
    assert (await server.get("/v1/job-types/greet"))["name"] == "greet", "nothing was smuggled in"


async def test_answers_before_it_come_first(server: Server) -> None:
    async with connected(server.app) as connection:
        connection.send(
            b"GET /v1/stats HTTP/1.1\r\n" + HOST + b"\r\n" + MALFORMED["a chunk without its end"] + SMUGGLED
        )
        assert (await connection.answer())[0] == 200
        answer = await rest(connection)
        assert re.findall(rb"HTTP/1.1 (\d+)", answer) == [b"400"]


@pytest.mark.parametrize(
    "request_bytes",
    [
        whole(b"Cookie: a=b\r\n"),
        chunked(CHUNK, b"transfer-encoding:\tChunked\r\n"),
        chunked(b"d;name=value\r\n" + BODY + b"\r\n0\r\nTrailer: x\r\nHost: evil.example\r\n\r\n"),
        b"\r\n" + GOOD,
    ],
)
async def test_what_can_be_read_in_one_way_is_read(server: Server, request_bytes: bytes) -> None:
    await server.register()
    async with connected(server.app) as connection:
        connection.send(request_bytes)
        assert (await connection.answer())[0] == 202


async def test_a_body_is_no_request(server: Server) -> None:
    await server.register()
    async with connected(server.app) as connection:
        connection.send(b"GET /v1/stats HTTP/1.1\r\n" + HOST + b"Content-Length: %d\r\n\r\n" % len(SMUGGLED) + SMUGGLED)
        assert (await connection.answer())[0] == 200
        connection.send(GOOD)
        assert (await connection.answer())[0] == 202
    assert (await server.get("/v1/job-types/greet"))["name"] == "greet"


# -- what never ends


@pytest.mark.parametrize("sent", [b"", b"G", LINE, LINE + HOST + b"X: a", LINE + HOST + JSON + LENGTH])
async def test_a_head_that_does_not_end_has_half_a_minute(server: Server, clock: HandClock, sent: bytes) -> None:
    async with connected(server.app) as connection:
        connection.send(sent)
        ending = asyncio.ensure_future(rest(connection))
        await server.settle()
        for _ in range(3):
            clock.move(HEADER_SECONDS / 3 - 0.1)
            connection.send(b"" if not sent else b"a" if sent.endswith(b"a") else b"")
            await server.settle()
            assert not ending.done()
        await server.advance(1)
        assert await _ended(ending) == b""


async def _ended(ending: asyncio.Future[bytes]) -> bytes:
    """Cut, or closed."""
    try:
        return await ending
    except ConnectionResetError:
        return b""


@pytest.mark.parametrize("framing", [b"Content-Length: 1000\r\n", CHUNKED])
async def test_a_body_that_does_not_end_is_a_408(server: Server, clock: HandClock, framing: bytes) -> None:
    await server.register()
    async with connected(server.app) as connection:
        connection.send(LINE + HOST + JSON + framing + b"\r\n" + (b'2\r\n{"\r\n' if framing == CHUNKED else b'{"'))
        ending = asyncio.ensure_future(connection.answer())
        await server.settle()
        for _ in range(2):
            await server.advance(14)
            connection.send(b"1\r\na\r\n" if framing == CHUNKED else b"a")
            await server.settle()
            assert not ending.done(), "each byte in time is not in time for the whole"
        await server.advance(3)
        status, body = await ending
        assert (status, json.loads(body)["code"]) == (408, "request_timeout")


@pytest.mark.parametrize("pause_seconds", [1, HEADER_SECONDS + 1])
async def test_a_body_that_nobody_reads_does_not_hold_the_connection(
    server: Server, clock: HandClock, pause_seconds: float
) -> None:
    """The request was refused by its head."""
    async with connected(server.app) as connection:
        connection.send(LINE + b"Host: evil.example\r\n" + JSON + b"Content-Length: 1000\r\n\r\n{")
        status, body = await connection.answer()
        assert (status, json.loads(body)["code"]) == (403, "host_refused")
        ending = asyncio.ensure_future(rest(connection))
        for _ in range(int(HEADER_SECONDS // pause_seconds) + 2):
            connection.send(b" ")
            await server.advance(pause_seconds)
        assert await _ended(ending) == b""


async def test_a_body_that_comes_after_the_answer_is_passed_over(server: Server, clock: HandClock) -> None:
    await server.register()
    async with connected(server.app) as connection:
        connection.send(LINE + b"Host: evil.example\r\n" + JSON + b"Content-Length: 13\r\n\r\n{")
        assert (await connection.answer())[0] == 403
        connection.send(BODY[1:], GOOD)
        assert (await connection.answer())[0] == 202
        await server.advance(KEEP_ALIVE_SECONDS - 1)
        connection.send(GOOD)
        assert (await connection.answer())[0] == 202


async def test_a_head_of_64_kib_is_too_large(server: Server) -> None:
    async with connected(server.app) as connection:
        head = LINE + HOST
        connection.send(head + b"X: " + b"a" * (HEADER_BYTES - len(head) - 3))
        answer = await rest(connection)
        assert answer.startswith(b"HTTP/1.1 431 ")
        assert json.loads(answer.partition(b"\r\n\r\n")[2])["code"] == "header_too_large"


async def test_trailers_without_end_are_a_body_without_end(server: Server, clock: HandClock) -> None:
    await server.register()
    async with connected(server.app) as connection:
        connection.send(chunked(CHUNK[:-2]))
        ending = asyncio.ensure_future(connection.answer())
        for n in range(30):
            connection.send(b"X-%d: a\r\n" % n)
            await server.advance(1.1)
        assert (await ending)[0] == 408
