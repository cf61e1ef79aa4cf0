"""One connection: when the next request may follow on it, and what ends it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
import uvloop

from blazy_jobs_server.outbound import connecting
from blazy_jobs_server.outbound.connecting import Route
from blazy_jobs_server.outbound.reading import AnswerReader
from blazy_jobs_server.outbound.resolving import Endpoint
from blazy_jobs_server.outbound.wire import TURN_BYTES, Wire
from blazy_jobs_server.ports.outbound import Answer, ProtocolBroken
from tests.app.waiting import until
from tests.support.certificates import Authority
from tests.support.receiver import plain

HOST = "127.0.0.1"


@pytest.fixture
def listening() -> Iterator[socket.socket]:
    with socket.create_server((HOST, 0)) as listener:
        yield listener


async def connected(listener: socket.socket, **more: object) -> tuple[Wire, socket.socket]:
    route = Route(endpoints=[Endpoint(socket.AF_INET, (HOST, 0))], port=listener.getsockname()[1], **more)  # type: ignore[arg-type]
    wire = await connecting.connect(route)
    peer, _ = listener.accept()
    return wire, peer


async def ask(wire: Wire, peer: socket.socket, answer: bytes, request: bytes = b"x") -> Answer:
    asking = asyncio.ensure_future(wire.exchange(request, AnswerReader(1_000_000)))
    await asyncio.sleep(0)
    peer.sendall(answer)
    return await asking


async def test_an_end_that_only_the_system_has_seen_counts(listening: socket.socket) -> None:
    wire, peer = await connected(listening)
    assert wire.is_usable
    peer.close()
    assert not wire.is_usable
    assert not wire.ended
    wire.close()


async def test_the_next_request_may_follow_a_whole_answer(listening: socket.socket) -> None:
    wire, peer = await connected(listening)
    for _ in range(2):
        assert (await ask(wire, peer, plain())).body == b"{}"
        assert wire.is_usable
    assert peer.recv(10) == b"xx"
    assert (await ask(wire, peer, plain(b"{}", "200 OK", "Connection: close"))).body == b"{}"
    assert wire.ended
    peer.close()


@pytest.mark.parametrize("asked_before", [True, False])
async def test_what_comes_unasked_ends_it(listening: socket.socket, asked_before: bool) -> None:
    wire, peer = await connected(listening)
    if asked_before:
        await ask(wire, peer, plain())
    peer.sendall(plain(b"evil"))
    await until(lambda: wire.ended)
    with pytest.raises(ProtocolBroken):
        await wire.exchange(b"x", AnswerReader(100))
    peer.close()


async def test_an_answer_before_the_whole_request_was_sent_is_the_last(listening: socket.socket) -> None:
    wire, peer = await connected(listening)
    assert (await ask(wire, peer, plain(b"", "413 Too Large"), b"x" * 50_000_000)).status == 413
    assert wire.ended
    peer.close()


@pytest.mark.parametrize("ended", [True, False])
async def test_what_takes_several_turns_is_read_to_its_end(listening: socket.socket, ended: bool) -> None:
    chunks = b"3\r\nabc\r\n" * (TURN_BYTES // 2)
    wire, peer = await connected(listening)

    def send() -> None:
        peer.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")
        if ended:
            peer.shutdown(socket.SHUT_WR)

    sending = threading.Thread(target=send)
    sending.start()
    assert (await wire.exchange(b"x", AnswerReader(1_000_000))).body == b"abc" * (TURN_BYTES // 2)
    sending.join()
    if not ended:
        assert (await ask(wire, peer, plain())).body == b"{}"
    wire.close()
    peer.close()


def to_the_end(end: Callable[[ssl.SSLSocket], None], tmp_path: Path) -> Awaitable[Answer]:
    """What is made of an answer without a length, over TLS, that ends in that way."""
    authority = Authority(tmp_path)
    context = authority.server("good.test")
    trusting = ssl.create_default_context(cafile=authority.ca_file)
    listener = socket.create_server((HOST, 0))

    def serve() -> None:
        with context.wrap_socket(listener.accept()[0], server_side=True) as peer:
            peer.recv(10)
            peer.sendall(b"HTTP/1.1 200 OK\r\n\r\nhalf of it")
            end(peer)

    async def send() -> Answer:
        serving = threading.Thread(target=serve)
        serving.start()
        route = Route(
            endpoints=[Endpoint(socket.AF_INET, (HOST, 0))],
            port=listener.getsockname()[1],
            context=trusting,
            name="good.test",
        )
        try:
            wire = await connecting.connect(route)
            return await wire.exchange(b"x", AnswerReader(100))
        finally:
            await asyncio.to_thread(serving.join)
            listener.close()

    return send()


def cut(peer: ssl.SSLSocket) -> None:
    """As who can cut the connection does, but not speak for the peer."""
    with socket.socket(fileno=peer.detach()) as bare:
        bare.shutdown(socket.SHUT_WR)
        bare.recv(10)


def end(peer: ssl.SSLSocket) -> None:
    peer.unwrap()


def test_over_tls_an_answer_without_a_length_ends_where_the_peer_says_so(tmp_path: Path) -> None:
    """RFC 9112, 9.8. On uvloop, as the server runs: asyncio's own loop does not tell the two apart."""
    assert uvloop.run(to_the_end(end, tmp_path)).body == b"half of it"
    with pytest.raises(ProtocolBroken):
        uvloop.run(to_the_end(cut, tmp_path))
