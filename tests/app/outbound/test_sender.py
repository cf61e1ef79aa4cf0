"""One request: what is sent, what comes back, and what each failure is called."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from ipaddress import ip_network

import pytest

from blazy_jobs_server.outbound import connecting
from blazy_jobs_server.outbound.resolving import Resolver
from blazy_jobs_server.outbound.sender import GuardedSender
from blazy_jobs_server.ports.outbound import (
    Answer,
    AnswerEncoded,
    AnswerTooLarge,
    DestinationBlocked,
    NoConnection,
    ProtocolBroken,
    SendTimedOut,
    UrlRefused,
)
from tests.attacks.outside import Names
from tests.support.receiver import Answering, Receiver, plain

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


@pytest.fixture
async def sender() -> AsyncIterator[GuardedSender]:
    sender = GuardedSender(allow=LOOPBACK, agent="blazy-jobs/test")
    yield sender
    await sender.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


async def post(sender: GuardedSender, url: str, *, seconds: float = 30, most: int = 1000) -> Answer:
    return await sender.post(url, {"X-Token": "t\xe9"}, b'{"a": 1}', timeout_seconds=seconds, max_body_bytes=most)


async def test_a_request_has_the_exact_body_and_the_headers(sender: GuardedSender, receiver: Receiver) -> None:
    answer = await post(sender, receiver.url("/hook?x=%20"))
    assert (answer.status, answer.body) == (200, b"{}")
    head, body = receiver.requests[0]
    assert head.startswith(b"POST /hook?x=%20 HTTP/1.1\r\n")
    assert body == b'{"a": 1}'
    assert receiver.headers() == {
        "host": f"127.0.0.1:{receiver.port}",
        "user-agent": "blazy-jobs/test",
        "accept-encoding": "identity",
        "content-length": "8",
        "x-token": "t\xe9",
    }


async def test_what_the_server_sets_wins(sender: GuardedSender, receiver: Receiver) -> None:
    given = {
        "HOST": "evil",
        "Content-Length": "1",
        "accept-encoding": "gzip",
        "Connection": "close",
        "user-agent": "me",
    }
    await sender.post(receiver.url(), given, b"x", timeout_seconds=30, max_body_bytes=10)
    assert receiver.headers() == {
        "host": f"127.0.0.1:{receiver.port}",
        "user-agent": "me",
        "accept-encoding": "identity",
        "content-length": "1",
    }


async def test_a_connection_is_kept_for_its_origin(sender: GuardedSender, receiver: Receiver) -> None:
    for _ in range(3):
        await post(sender, receiver.url())
    assert receiver.connections == 1
    await asyncio.gather(*(post(sender, receiver.url()) for _ in range(3)))
    assert receiver.connections == 3
    await post(sender, receiver.url(host="localhost"))
    assert receiver.connections == 4


async def test_a_connection_that_the_receiver_closed_is_not_taken_again(
    sender: GuardedSender, receiver: Receiver
) -> None:
    async def once(writer: asyncio.StreamWriter) -> None:
        writer.write(plain())
        writer.close()

    receiver.answer = once
    for count in (1, 2, 3):
        await post(sender, receiver.url())
        await receiver.gone.wait()
        receiver.gone.clear()
        assert receiver.connections == count


@pytest.mark.parametrize("status", ["201 Created", "204 No Content", "302 Found", "404 Not Found", "503 Busy"])
async def test_an_answer_of_any_status_is_an_answer(sender: GuardedSender, receiver: Receiver, status: str) -> None:
    headers = ("Location: http://127.0.0.1:1/", "Retry-After: 7", "X-A: 1", "x-a: 2")
    receiver.answer = plain(b"" if status.startswith("204") else b"hello", status, *headers)
    answer = await post(sender, receiver.url())
    assert answer.status == int(status[:3])
    assert answer.headers["retry-after"] == "7"
    assert answer.headers["x-a"] == "1, 2"
    assert len(receiver.requests) == 1


async def test_a_chunked_answer_is_read_to_its_end(sender: GuardedSender, receiver: Receiver) -> None:
    receiver.answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[1\r\n2\r\n,2\r\n1\r\n]\r\n0\r\n\r\n"
    assert (await post(sender, receiver.url())).body == b"[1,2]"


@pytest.mark.parametrize("size", [1000, 1001])
@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_is_read_up_to_its_limit(
    sender: GuardedSender, receiver: Receiver, size: int, chunked: bool
) -> None:
    body = b"x" * size
    receiver.answer = (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n" % (size, body)
        if chunked
        else plain(body)
    )
    if size == 1000:
        assert (await post(sender, receiver.url())).body == body
    else:
        with pytest.raises(AnswerTooLarge):
            await post(sender, receiver.url())
        await receiver.gone.wait()


async def test_of_a_failure_the_status_counts_whatever_its_body(sender: GuardedSender, receiver: Receiver) -> None:
    for answer in (plain(b"x" * 1001, "500 Oops"), plain(b"\x1f\x8b", "503 Busy", "Content-Encoding: gzip")):
        receiver.answer = answer
        found = await post(sender, receiver.url())
        assert (found.status >= 500, found.body) == (True, b"")


async def test_a_coding_is_refused_undecoded(sender: GuardedSender, receiver: Receiver) -> None:
    for coding in ("gzip", "br", "identity, gzip", "x-unknown"):
        receiver.answer = plain(b"{}", "200 OK", f"Content-Encoding: {coding}")
        with pytest.raises(AnswerEncoded):
            await post(sender, receiver.url())
    receiver.answer = plain(b"{}", "200 OK", "Content-Encoding: Identity")
    assert (await post(sender, receiver.url())).body == b"{}"


def hanging_after(data: bytes) -> Answering:
    async def answer(writer: asyncio.StreamWriter) -> None:
        writer.write(data)
        await asyncio.Event().wait()

    return answer


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{"])
async def test_the_deadline_closes_the_connection(sender: GuardedSender, receiver: Receiver, data: bytes) -> None:
    receiver.answer = hanging_after(data)
    with pytest.raises(SendTimedOut):
        await post(sender, receiver.url(), seconds=0.2)
    receiver.answer = plain()
    await post(sender, receiver.url())
    assert receiver.connections == 2


async def test_a_cancelled_request_closes_its_connection(sender: GuardedSender, receiver: Receiver) -> None:
    arrived = asyncio.Event()
    closed = asyncio.Event()

    async def answer(writer: asyncio.StreamWriter) -> None:
        arrived.set()
        with pytest.raises(ConnectionError):
            while True:
                writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                await writer.drain()
                await asyncio.sleep(0.01)
        closed.set()

    receiver.answer = answer
    posting = asyncio.ensure_future(post(sender, receiver.url()))
    await arrived.wait()
    posting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await posting
    await closed.wait()


@pytest.mark.parametrize(
    "answer",
    [
        *(
            b"",
            b"nonsense\r\n\r\n",
            b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{}",
            b"HTTP/1.1 200 OK\r\nbad\r\n\r\n",
        ),
        b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
    ],
)
async def test_what_is_not_http_or_ends_early_is_broken(
    sender: GuardedSender, receiver: Receiver, answer: bytes
) -> None:
    async def closing(writer: asyncio.StreamWriter) -> None:
        writer.write(answer)
        writer.close()

    receiver.answer = closing
    with pytest.raises(ProtocolBroken):
        await post(sender, receiver.url())


async def test_nothing_there_is_no_connection(sender: GuardedSender) -> None:
    async with Receiver() as receiver:
        url = receiver.url()
    with pytest.raises(NoConnection) as caught:
        await post(sender, url)
    assert "127.0.0.1" not in str(caught.value)
    with pytest.raises(NoConnection):
        await post(sender, "https://no-such-name.invalid/")
    await sender.check("https://no-such-name.invalid/")


async def test_a_receiver_without_tls_is_no_connection_for_https(
    sender: GuardedSender, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connecting, "CONNECT_SECONDS", 0.3)
    with pytest.raises(NoConnection, match="within"):
        await post(sender, receiver.url().replace("http:", "https:"))
    await receiver.gone.wait()


async def test_the_other_addresses_of_a_name_are_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Receiver(host="127.0.0.2") as receiver:
        names = Names(many_test=[["127.0.0.3", "127.0.0.4", "127.0.0.2"]])
        sender = GuardedSender(allow=LOOPBACK, resolver=Resolver(names))
        assert (await post(sender, receiver.url(host="many.test"))).status == 200
        await sender.close()


async def test_a_url_of_a_bad_form_is_refused(sender: GuardedSender) -> None:
    with pytest.raises(UrlRefused):
        await sender.check("https://user@example.com/")


async def test_without_networks_allowed_http_goes_nowhere() -> None:
    async with Receiver() as receiver:
        sender = GuardedSender()
        for url in (receiver.url(), receiver.url().replace("http:", "https:"), "http://example.com/"):
            with pytest.raises(DestinationBlocked) as caught:
                await sender.check(url)
            with pytest.raises(DestinationBlocked):
                await post(sender, url)
            assert "127.0.0.1" not in str(caught.value)
        assert receiver.connections == 0


async def test_denied_wins_over_allowed() -> None:
    async with Receiver() as receiver:
        sender = GuardedSender(allow=LOOPBACK, deny=[ip_network("127.0.0.1/32")])
        with pytest.raises(DestinationBlocked):
            await post(sender, receiver.url())
        assert receiver.connections == 0


async def test_libraries_tell_nothing(
    sender: GuardedSender, receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger().setLevel(logging.DEBUG)
    await post(sender, receiver.url())
    assert not [record for record in caplog.records if record.name.startswith("http")]
