"""Answers made to hold the server up, to fill its memory, or to have it decode what it should not."""

from __future__ import annotations

import asyncio
import gzip
import itertools
from collections.abc import Iterator

import pytest

from blazy_jobs_server.outbound.reading import MAX_HEAD_BYTES
from blazy_jobs_server.ports.outbound import Answer, AnswerEncoded, AnswerTooLarge, ProtocolBroken, SendTimedOut
from tests.attacks.outside import OUTSIDE, Stage, stage
from tests.support.receiver import Answering

MOST = 100_000
SLACK = 8 * 1024 * 1024
"""What the kernel's buffers of both ends hold at most."""


class Flood:
    """Writes pieces until the other end has had enough, and counts them."""

    def __init__(self, pieces: Iterator[bytes], every_seconds: float = 0) -> None:
        self._pieces = pieces
        self._every_seconds = every_seconds
        self.sent = 0
        self.begun = asyncio.Event()
        self.ended = asyncio.Event()
        self.paused: asyncio.Event | None = None
        """Where there is one, each piece waits for `one_more`."""

    def one_more(self) -> None:
        assert self.paused is not None
        self.paused.set()

    def let_go(self) -> None:
        """From now on without waiting."""
        self.one_more()
        self.paused = None

    def answer(self) -> Answering:
        async def answer(writer: asyncio.StreamWriter) -> None:
            try:
                for piece in self._pieces:
                    writer.write(piece)
                    await writer.drain()
                    self.sent += len(piece)
                    self.begun.set()
                    if (paused := self.paused) is None:
                        await asyncio.sleep(self._every_seconds)
                    else:
                        await paused.wait()
                        paused.clear()
            finally:
                self.ended.set()

        return answer


async def post(stage: Stage, *, seconds: float = 30) -> Answer:
    return await stage.sender.post(stage.url(OUTSIDE), {}, b"{}", timeout_seconds=seconds, max_body_bytes=MOST)


def after(head: bytes, piece: bytes) -> Iterator[bytes]:
    return itertools.chain([head], itertools.repeat(piece))


OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param(after(OK + b"\r\n", b"x" * 10_000), id="until the connection ends"),
        pytest.param(after(CHUNKED, b"2710\r\n" + b"x" * 10_000 + b"\r\n"), id="in chunks"),
        pytest.param(after(CHUNKED, b"1\r\nx\r\n" * 1000), id="in chunks of a byte"),
        pytest.param(after(OK + b"Content-Length: 99999999999\r\n\r\n", b"x" * 10_000), id="of a length it tells"),
        pytest.param(after(OK, b"X-Filler: " + b"x" * 1000 + b"\r\n"), id="of headers"),
        pytest.param(after(OK + b"X-Filler: ", b"x" * 10_000), id="of one header"),
        pytest.param(after(b"HTTP/1.1 200 ", b"x" * 10_000), id="of a reason"),
        pytest.param(after(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 100), id="of interim answers"),
        pytest.param(after(b"", b"HTTP/1.1 103 Early Hints\r\nLink: <x>\r\n\r\n" * 100), id="of early hints"),
        pytest.param(after(CHUNKED + b"0\r\n", b"X-Trailer: " + b"x" * 1000 + b"\r\n"), id="of trailers"),
    ],
)
async def test_an_endless_answer_is_ended(pieces: Iterator[bytes]) -> None:
    flood = Flood(pieces)
    async with stage() as on:
        on.outside.answer = flood.answer()
        with pytest.raises((AnswerTooLarge, ProtocolBroken)):
            await post(on)
        await flood.ended.wait()
        assert flood.sent < SLACK
        assert len(on.outside.requests) == 1


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param((bytes([byte]) for byte in CHUNKED * 1000), id="of the head"),
        pytest.param(after(OK + b"Content-Length: 100000\r\n\r\n", b"x"), id="of the body"),
        pytest.param(after(CHUNKED, b"1\r\nx\r\n"), id="of chunks"),
        pytest.param(after(b"", b"HTTP/1.1 100 Continue\r\n\r\n"), id="of interim answers"),
    ],
)
async def test_a_trickle_does_not_move_the_deadline(pieces: Iterator[bytes]) -> None:
    flood = Flood(pieces, every_seconds=0.02)
    async with stage() as on:
        on.outside.answer = flood.answer()
        with pytest.raises(SendTimedOut):
            await post(on, seconds=0.5)
        await flood.ended.wait()
        assert len(on.outside.requests) == 1


async def test_a_receiver_that_reads_nothing_does_not_move_the_deadline() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        reader._transport.pause_reading()  # type: ignore[attr-defined]
        await gone.wait()
        writer.transport.abort()

    gone = asyncio.Event()
    async with stage() as on:
        server = await asyncio.start_server(silent, OUTSIDE, 0)
        url = f"http://{OUTSIDE}:{server.sockets[0].getsockname()[1]}/"
        with pytest.raises(SendTimedOut):
            await on.sender.post(url, {}, b"x" * 16_000_000, timeout_seconds=0.5, max_body_bytes=1)
        gone.set()
        server.close()
        await server.wait_closed()


@pytest.mark.parametrize("size", [MAX_HEAD_BYTES - 1000, MAX_HEAD_BYTES + 1000])
async def test_a_head_may_have_64_kib(size: int) -> None:
    head = OK + b"Content-Length: 2\r\n" + b"X-Filler: " + b"x" * size + b"\r\n\r\n{}"
    async with stage() as on:
        on.outside.answer = head
        if size < MAX_HEAD_BYTES:
            assert (await post(on)).body == b"{}"
            assert (await post(on)).body == b"{}"
        else:
            with pytest.raises(AnswerTooLarge):
                await post(on)


@pytest.mark.parametrize(
    "coding", ["gzip", "deflate", "br", "zstd", "compress", "gzip, gzip", "GZIP", "identity, gzip"]
)
async def test_a_bomb_is_not_decoded(coding: str) -> None:
    body = gzip.compress(b"\0" * 10_000_000)
    assert len(body) < MOST
    async with stage() as on:
        on.outside.answer = OK + b"Content-Encoding: %b\r\nContent-Length: %d\r\n\r\n%b" % (
            coding.encode(),
            len(body),
            body,
        )
        with pytest.raises(AnswerEncoded):
            await post(on)
        assert on.outside.headers()["accept-encoding"] == "identity"


async def test_a_bomb_without_its_name_is_bytes() -> None:
    body = gzip.compress(b"\0" * 10_000_000)
    async with stage() as on:
        on.outside.answer = OK + b"Content-Length: %d\r\n\r\n%b" % (len(body), body)
        assert (await post(on)).body == body


@pytest.mark.parametrize(
    "head",
    [
        b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}",
        b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}x",
        b"Content-Length: -1\r\n\r\n",
        b"Content-Length: 0x2\r\n\r\n{}",
        b"Transfer-Encoding: gzip\r\n\r\n",
        b"Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffffffffff\r\n",
        b"X\r\n\r\n",
        b"X : y\r\n\r\n",
        b": y\r\n\r\n",
        b"X: a\0b\r\n\r\n",
    ],
)
async def test_an_answer_that_two_would_read_in_two_ways_is_refused(head: bytes) -> None:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(OK + head)
        writer.close()

    async with stage() as on:
        on.outside.answer = answer
        with pytest.raises(ProtocolBroken):
            await post(on)


async def test_an_answer_before_its_request_is_not_taken_for_one() -> None:
    """Bytes that come after an answer end the connection: they are not the answer to the next request."""
    evil = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil"
    async with stage() as on:
        on.outside.answer = OK + b"Content-Length: 2\r\n\r\n{}" + evil
        for _ in range(3):
            assert (await post(on)).body == b"{}"
        assert on.outside.connections == 3


async def test_a_switch_of_protocols_is_no_answer() -> None:
    async with stage() as on:
        on.outside.answer = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"
        with pytest.raises((ProtocolBroken, SendTimedOut)):
            await post(on, seconds=1)


async def test_a_body_in_crumbs_is_ended_by_their_number() -> None:
    flood = Flood(after(CHUNKED, b"1\r\nx\r\n" * 1000))
    async with stage() as on:
        on.outside.answer = flood.answer()
        with pytest.raises(AnswerTooLarge):
            await on.sender.post(on.url(OUTSIDE), {}, b"", timeout_seconds=60, max_body_bytes=10_000_000)


async def test_others_go_on_while_a_flood_is_read() -> None:
    """Interim answers cost the most for each byte; between some of them others have their turn."""
    flood = Flood(after(b"", b"HTTP/1.1 100 C\r\n\r\n" * 4000))
    turns = 0

    async def other() -> None:
        nonlocal turns
        while not flood.ended.is_set():
            await asyncio.sleep(0)
            turns += 1

    async with stage() as on:
        on.outside.answer = flood.answer()
        going = asyncio.ensure_future(other())
        with pytest.raises(AnswerTooLarge):
            await post(on)
        await going
    assert turns > 10
