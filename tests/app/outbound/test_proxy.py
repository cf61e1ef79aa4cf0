"""Requests through the operator's proxy."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator
from ipaddress import ip_network
from pathlib import Path

import pytest

from blazy_jobs_server.outbound.connections import Proxy
from blazy_jobs_server.outbound.resolving import Resolver
from blazy_jobs_server.outbound.sender import GuardedSender
from blazy_jobs_server.ports.outbound import DestinationBlocked, NoConnection, ProtocolBroken
from tests.attacks.outside import Names
from tests.support.certificates import Authority
from tests.support.receiver import Receiver

OUTSIDE = [ip_network("127.0.0.2/32")]


class Tunnels:
    """A proxy on loopback that connects whatever CONNECT says to one port."""

    def __init__(self, port: int = 0) -> None:
        self.target = port
        self.heads: list[bytes] = []
        self.answer = b"HTTP/1.1 200 Connected\r\n\r\n"

    async def __aenter__(self) -> Tunnels:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.heads.append(await reader.readuntil(b"\r\n\r\n"))
        writer.write(self.answer)
        if b" 200 " in self.answer:
            there, back = await asyncio.open_connection("127.0.0.2", self.target)
            await asyncio.gather(self._pass(reader, back), self._pass(there, writer))
        writer.close()

    @staticmethod
    async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65536):
                writer.write(data)
        except ConnectionError:
            pass
        finally:
            writer.close()


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with Receiver() as receiver:
        yield receiver


async def send(sender: GuardedSender, url: str, seconds: float = 30) -> int:
    try:
        return (await sender.post(url, {"X-A": "b"}, b"{}", timeout_seconds=seconds, max_body_bytes=100)).status
    finally:
        await sender.close()


def through(proxy: Proxy, names: Names | None = None, ca_file: Path | None = None) -> GuardedSender:
    return GuardedSender(allow=OUTSIDE, proxy=proxy, ca_file=ca_file, resolver=Resolver(names or Names()))


async def test_http_is_sent_to_the_proxy_with_the_whole_url(receiver: Receiver) -> None:
    proxy = Proxy.of(f"http://me%40home:s%3Acret@127.0.0.1:{receiver.port}/")
    sender = through(proxy, Names(out_test=[["127.0.0.2"]]))
    assert await send(sender, "http://out.test:81/hook?x=1") == 200
    assert receiver.requests[0][0].startswith(b"POST http://out.test:81/hook?x=1 HTTP/1.1\r\n")
    headers = receiver.headers()
    assert headers["host"] == "out.test:81"
    assert base64.b64decode(headers["proxy-authorization"].removeprefix("Basic ")) == b"me@home:s:cret"
    assert "s:cret" not in repr(proxy)


async def test_https_goes_through_a_tunnel_that_ends_at_the_receiver(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with (
        Receiver(host="127.0.0.2", context=authority.server("out.test")) as receiver,
        Tunnels(receiver.port) as tunnels,
    ):
        proxy = Proxy("127.0.0.1", tunnels.port, "me", "secret")
        assert await send(through(proxy, ca_file=authority.ca_file), "https://out.test/hook") == 200
        assert tunnels.heads[0].startswith(b"CONNECT out.test:443 HTTP/1.1\r\n")
        assert b"X-A" not in tunnels.heads[0]
        assert receiver.headers()["host"] == "out.test"
        assert "proxy-authorization" not in receiver.headers()
        with pytest.raises(NoConnection, match="certificate"):
            await send(through(proxy), "https://out.test/hook")


async def test_what_leads_inside_is_not_given_to_the_proxy(receiver: Receiver) -> None:
    proxy = Proxy("127.0.0.1", receiver.port)
    for url in ("https://127.0.0.1/", "http://10.0.0.1/", "https://0x7f.1/", "https://in.test/", "http://in.test/"):
        with pytest.raises(DestinationBlocked):
            await send(through(proxy, Names(in_test=[["10.0.0.1"]])), url)
    assert receiver.connections == 0


async def test_a_proxy_that_refuses_or_is_not_there_is_no_connection(receiver: Receiver) -> None:
    async with Tunnels() as tunnels:
        for status in (b"403 Forbidden", b"407 Authenticate", b"502 Bad"):
            tunnels.answer = b"HTTP/1.1 %b\r\nContent-Length: 0\r\n\r\n" % status
            with pytest.raises(NoConnection, match="proxy refused"):
                await send(through(Proxy("127.0.0.1", tunnels.port)), "https://out.test/")
        port = tunnels.port
    with pytest.raises(NoConnection):
        await send(through(Proxy("127.0.0.1", port)), "https://out.test/")
    with pytest.raises(NoConnection, match="JOBS_HTTP_PROXY"):
        await send(through(Proxy("no-proxy.test", port)), "https://out.test/")


async def test_a_connection_through_a_proxy_is_kept(receiver: Receiver) -> None:
    sender = through(Proxy("127.0.0.1", receiver.port), Names(out_test=[["127.0.0.2"]]))
    for _ in range(2):
        await sender.post("http://out.test/", {}, b"", timeout_seconds=30, max_body_bytes=100)
    await sender.close()
    assert receiver.connections == 1


async def test_a_proxy_that_answers_nonsense_is_broken(receiver: Receiver) -> None:
    receiver.answer = b"nonsense\r\n\r\n"
    with pytest.raises(ProtocolBroken):
        await send(through(Proxy("127.0.0.1", receiver.port), Names(out_test=[["127.0.0.2"]])), "http://out.test/")
