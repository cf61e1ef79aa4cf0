"""Requests and answers on real connections: what is written at once, what is not waited for, what is left behind."""

from __future__ import annotations

import asyncio
import gc
import re
import time
import weakref
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from typing import Any

import pytest
import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.server import ServerState

from blazy_jobs_server.api import exchange
from blazy_jobs_server.api.events import SEND_SECONDS
from blazy_jobs_server.api.front import LASTING
from blazy_jobs_server.api.protocol import Protocol
from tests.app.clock import HandClock
from tests.app.server import Server

KEEP_ALIVE_SECONDS = 75
DISPATCH = b"POST /v1/job-types/greet/runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"


class Recording:
    """A transport that counts its writes."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self.writes: list[bytes] = []
        self.shared: list[bytes] = []
        """The same, as the objects that they were."""
        self.on_write: Callable[[], object] = lambda: None

    def write(self, data: bytes) -> None:
        self.on_write()
        self.writes.append(bytes(data))
        self.shared.append(data)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class Recorded(Protocol):
    def connection_made(self, transport: Any) -> None:
        self.recording = Recording(transport)
        super().connection_made(self.recording)  # type: ignore[arg-type]


class Connection:
    """A client's side, and the server's side of the same connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: Recorded) -> None:
        self.reader = reader
        self.writer = writer
        self.protocol = protocol

    @property
    def writes(self) -> list[bytes]:
        return self.protocol.recording.writes

    def send(self, *pieces: bytes) -> None:
        for piece in pieces:
            self.writer.write(piece)

    async def answer(self) -> tuple[int, bytes]:
        head = await self.reader.readuntil(b"\r\n\r\n")
        lines = head.lower().split(b"\r\n")
        length = next((int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:")), 0)
        return int(head[9:12]), await self.reader.readexactly(length)


@asynccontextmanager
async def connected(app: ASGIApp) -> AsyncIterator[Connection]:
    config = uvicorn.Config(
        app, http=Recorded, ws="none", lifespan="off", log_config=None, timeout_keep_alive=KEEP_ALIVE_SECONDS
    )
    made: asyncio.Queue[Recorded] = asyncio.Queue()

    def make() -> Recorded:
        protocol = Recorded(config, ServerState(), {}, asyncio.get_running_loop())
        made.put_nowait(protocol)
        return protocol

    listening = await asyncio.get_running_loop().create_server(make, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
    try:
        yield Connection(reader, writer, await made.get())
    finally:
        writer.close()
        listening.close()


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode()


def post(body: bytes) -> bytes:
    return DISPATCH + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)


async def test_an_answer_is_written_at_once(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    async with connected(server.app) as connection:
        for request, status in (
            (post(b'{"payload":1}'), 202),
            (post(b'{"payload":'), 400),
            (get(f"/v1/runs/{run['id']}"), 200),
            (get("/v1/runs/none"), 404),
            (get("/v1/nothing/there"), 404),
            (get("/healthz"), 200),
            (get("/metrics"), 200),
        ):
            connection.writes.clear()
            connection.send(request)
            assert (await connection.answer())[0] == status
            assert len(connection.writes) == 1


async def test_an_answer_has_the_date(server: Server) -> None:
    async with connected(server.app) as connection:
        for path in ("/healthz", "/v1/runs/none"):
            connection.writes.clear()
            before = int(time.time())
            connection.send(get(path))
            await connection.answer()
            said = re.search(rb"\r\ndate: ([^\r]+)\r\n", connection.writes[0])
            assert said is not None
            assert before <= parsedate_to_datetime(said[1].decode()).timestamp() <= time.time()


async def test_a_body_that_is_there_is_not_waited_for(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.register()
    async with connected(server.app) as connection:

        async def receive(_: Any) -> Any:
            raise AssertionError("it was waited for")

        monkeypatch.setattr("uvicorn.protocols.http.httptools_impl.RequestResponseCycle.receive", receive)
        connection.send(post(b'{"payload":1}'))
        assert (await connection.answer())[0] == 202


@pytest.mark.parametrize("size", [3, 200_000], ids=["small", "more than is read ahead"])
async def test_a_body_that_comes_in_pieces_is_whole(server: Server, size: int) -> None:
    await server.register()
    body = b'{"payload":"' + b"x" * size + b'"}'
    chunk = b"%x\r\n%b\r\n"
    async with connected(server.app) as connection:
        for _ in range(2):
            head, content = post(body)[: -len(body)], body
            connection.send(head)
            for piece in (content[:7], content[7:-1], content[-1:]):
                await asyncio.sleep(0)
                connection.send(piece)
            assert (await connection.answer())[0] == 202
        connection.send(DISPATCH + b"Transfer-Encoding: chunked\r\n\r\n" + chunk % (len(body), body) + b"0\r\n\r\n")
        assert (await connection.answer())[0] == 202
        connection.send(DISPATCH + b"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n" % len(body))
        assert (await connection.answer())[0] == 100
        connection.send(body)
        assert (await connection.answer())[0] == 202
    assert len((await server.get("/v1/runs"))["data"]) == 4


async def test_what_is_checked_of_a_body_is_checked_of_one_that_is_there(server: Server) -> None:
    await server.register()
    plain = DISPATCH.replace(b"application/json", b"text/plain")
    async with connected(server.app) as connection:
        for request, status in (
            (plain + b"Content-Length: 1\r\n\r\n1", 415),
            (DISPATCH + b"Content-Encoding: gzip\r\nContent-Length: 1\r\n\r\n1", 415),
            (post(b'{"payload":"' + b"x" * server.settings.max_body_bytes + b'"}'), 413),
            (post(b'{"payload":1,"payload":1}'), 400),
        ):
            connection.send(request)
            assert (await connection.answer())[0] == status
    assert (await server.get("/v1/runs"))["data"] == []


async def test_requests_sent_together_are_answered_in_turn(server: Server) -> None:
    await server.register()
    async with connected(server.app) as connection:
        connection.send(b"".join(post(b'{"payload":%d}' % n) + get("/healthz") for n in range(20)))
        for n in range(20):
            status, body = await connection.answer()
            assert (status, b'"payload":%d,' % n in body) == (202, True)
            assert await connection.answer() == (200, b'{"status":"ok"}')


async def test_a_request_leaves_no_circle_behind(server: Server) -> None:
    """What only the garbage collector frees makes its turns long."""
    await server.register()
    scopes: list[weakref.ref[Any]] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        held = scope[exchange.CYCLE]()
        assert held is not None
        scopes.append(weakref.ref(held))
        await server.app(scope, receive, send)

    async with connected(app) as connection:
        gc.collect()
        gc.disable()
        try:
            for request in (post(b'{"payload":1}'), post(b"{"), get("/healthz"), post(b'{"payload":2}')):
                connection.send(request)
                await connection.answer()
            assert [held() is None for held in scopes] == [True, True, True, False]
        finally:
            gc.enable()


async def test_a_header_with_a_line_break_is_not_sent() -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        exchange.answer(scope, 200, [(b"content-length", b"0"), (b"location", b"/a\r\nset-cookie: b")], b"")

    async with connected(app) as connection:
        connection.send(get("/"))
        status, _ = await connection.answer()
        assert status == 500
        assert b"set-cookie" not in connection.writes[0]


async def test_an_idle_connection_is_closed_and_one_in_use_is_not(server: Server, clock: HandClock) -> None:
    async with connected(server.app) as connection:
        for _ in range(3):
            connection.send(get("/healthz"))
            await connection.answer()
            clock.move(KEEP_ALIVE_SECONDS * 0.9)
            await asyncio.sleep(0)
        connection.send(get("/healthz"))
        assert (await connection.answer())[0] == 200
        clock.move(KEEP_ALIVE_SECONDS * 0.95)
        await server.settle()
        assert not connection.reader.at_eof()
        clock.move(KEEP_ALIVE_SECONDS * 0.1)
        assert await connection.reader.read() == b""


async def test_a_slow_request_is_no_idle_connection(server: Server, clock: HandClock) -> None:
    await server.register()
    run = await server.dispatch()
    async with connected(server.app) as connection:
        connection.send(get("/healthz"))
        await connection.answer()
        connection.send(get(f"/v1/runs/{run['id']}?wait_seconds=60"))
        await server.settle()
        clock.move(30)
        await server.settle()
        clock.move(29)
        await server.settle()
        clock.move(2)
        assert (await connection.answer())[0] == 200
        connection.send(get("/healthz"))
        assert (await connection.answer())[0] == 200


async def test_a_waiting_stream_is_one_task_and_ends_with_its_reader(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    await server.settle()
    for path in ("/v1/events", f"/v1/runs/{run['id']}/events"):
        before = asyncio.all_tasks()
        async with connected(server.app) as connection:
            connection.send(get(path))
            await connection.reader.readuntil(b"retry: ")
            await server.settle()
            assert server.jobs.feed.open_streams == 1
            assert len(asyncio.all_tasks() - before) == 1
            connection.writer.close()
            while server.jobs.feed.open_streams:
                await server.settle()
        assert asyncio.all_tasks() - before == set()


async def test_a_waiting_stream_holds_nothing_of_its_request(server: Server) -> None:
    scopes: list[Scope] = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        scopes.append(scope)
        await server.app(scope, receive, send)

    async with connected(app) as connection:
        connection.send(get("/v1/events"))
        await connection.reader.readuntil(b": live")
        assert scopes[0].keys() <= LASTING


async def test_a_stream_on_a_connection_ends_at_drain_and_the_connection_goes_on(server: Server) -> None:
    async with connected(server.app) as connection:
        connection.send(get("/v1/events"))
        await connection.reader.readuntil(b": live")
        server.jobs.drain()
        await connection.reader.readuntil(b"0\r\n\r\n")
        connection.send(get("/healthz"))
        assert await connection.answer() == (200, b'{"status":"ok"}')


async def test_a_slow_reader_is_cut_without_a_word_of_an_error(
    server: Server, clock: HandClock, caplog: pytest.LogCaptureFixture
) -> None:
    await server.register()
    async with connected(server.app) as connection:
        connection.send(get("/v1/events"))
        await connection.reader.readuntil(b": live")
        connection.protocol.pause_writing()  # as the transport does when the client takes nothing
        await server.dispatch()
        await server.settle()
        clock.move(SEND_SECONDS + 1)
        while server.jobs.feed.open_streams:
            await server.settle()
        await server.settle()
        assert connection.protocol.transport.is_closing()
    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == []


async def test_streams_that_get_the_same_events_write_the_same_object(server: Server) -> None:
    """Readers that are some events behind do not have a copy of these each."""
    await server.register()
    await server.dispatch()
    async with connected(server.app) as first, connected(server.app) as second, connected(server.app) as other:
        streams = [first, second, other]
        for each, path in zip(streams, ("/v1/events", "/v1/events", "/v1/events?type=queued"), strict=True):
            each.send(get(path))
            await each.reader.readuntil(b": live")
        for each in streams:
            each.protocol.recording.shared.clear()
        await server.http.post("/v1/runs/batch", json={"runs": [{"job_type": "greet", "payload": n} for n in range(5)]})
        await server.settle()
        [one], [same], [alike] = (each.protocol.recording.shared for each in streams)
        assert one is same
        assert one.count(b"\nevent: queued\n") == 5
        assert alike == one
        size, _, block = one.partition(b"\r\n")
        assert (int(size, 16), block[-2:]) == (len(block) - 2, b"\r\n")


async def test_a_stream_waits_for_a_reader_that_takes_nothing(server: Server) -> None:
    await server.register()
    async with connected(server.app) as connection:
        connection.send(get("/v1/events"))
        await connection.reader.readuntil(b": live")
        await server.settle()
        connection.protocol.pause_writing()
        connection.writes.clear()
        for _ in range(3):
            await server.dispatch()
            await server.settle()
        assert connection.writes == []
        connection.protocol.resume_writing()
        for _ in range(3):
            await connection.reader.readuntil(b"event: queued")
