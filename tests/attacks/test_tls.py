"""Who can pretend to be an endpoint: nobody without its certificate."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from blazy_jobs_server.outbound.resolving import Resolver
from blazy_jobs_server.outbound.sender import GuardedSender
from blazy_jobs_server.ports.outbound import NoConnection
from tests.attacks.outside import OUTSIDE, Names, outside_only
from tests.support.certificates import Authority
from tests.support.receiver import Receiver

NAMES = ("good.test", "bad.test")


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@asynccontextmanager
async def served(context: ssl.SSLContext) -> AsyncIterator[Receiver]:
    async with Receiver(host=OUTSIDE, context=context) as receiver:
        yield receiver


def trusting(ca_file: Path | None) -> GuardedSender:
    names = Names(good_test=[[OUTSIDE]], bad_test=[[OUTSIDE]])
    return outside_only(Resolver(names), ca_file=ca_file)


async def send(sender: GuardedSender, url: str) -> int:
    return (await sender.post(url, {}, b"{}", timeout_seconds=30, max_body_bytes=100)).status


async def test_the_name_stays_in_the_handshake_and_in_host(authority: Authority) -> None:
    context = authority.server("good.test", OUTSIDE)
    heard: list[str | None] = []
    context.sni_callback = lambda _, name, __: heard.append(name)
    async with served(context) as receiver:
        sender = trusting(authority.ca_file)
        for _ in range(2):
            assert await send(sender, receiver.url(host="good.test")) == 200
        assert await send(sender, receiver.url()) == 200
        await sender.close()
        assert heard == ["good.test", None]
        assert receiver.headers(0)["host"] == f"good.test:{receiver.port}"
        assert receiver.connections == 2


async def test_a_certificate_of_an_unknown_authority_is_refused(authority: Authority, tmp_path: Path) -> None:
    async with served(authority.server("good.test")) as receiver:
        for ca_file in (None, Authority(tmp_path, "other").ca_file):
            with pytest.raises(NoConnection, match="certificate was not accepted"):
                await send(trusting(ca_file), receiver.url(host="good.test"))
        assert receiver.requests == []


async def test_a_certificate_of_another_name_is_refused(authority: Authority) -> None:
    async with served(authority.server("good.test")) as receiver:
        for host in ("bad.test", OUTSIDE):
            with pytest.raises(NoConnection, match="certificate was not accepted") as caught:
                await send(trusting(authority.ca_file), receiver.url(host=host))
            assert OUTSIDE not in str(caught.value)
        assert receiver.requests == []


async def test_an_expired_certificate_is_refused(authority: Authority) -> None:
    async with served(authority.server("good.test", days=-1)) as receiver:
        with pytest.raises(NoConnection, match="expired"):
            await send(trusting(authority.ca_file), receiver.url(host="good.test"))
        assert receiver.requests == []


async def test_an_old_version_of_tls_is_refused(authority: Authority) -> None:
    context = authority.server("good.test")
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers("ECDHE+AESGCM")
    async with served(context) as receiver:
        assert await send(trusting(authority.ca_file), receiver.url(host="good.test")) == 200
    sender = trusting(authority.ca_file)
    assert sender._connections._tls().minimum_version >= ssl.TLSVersion.TLSv1_2
    assert sender._connections._tls().verify_mode is ssl.CERT_REQUIRED
    assert sender._connections._tls().check_hostname


async def test_the_environment_neither_adds_authorities_nor_gets_the_keys(
    authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca_file))
    monkeypatch.setenv("SSLKEYLOGFILE", str(tmp_path / "keys"))
    async with served(authority.server("good.test")) as receiver:
        with pytest.raises(NoConnection):
            await send(trusting(None), receiver.url(host="good.test"))
        await send(trusting(authority.ca_file), receiver.url(host="good.test"))
    assert not (tmp_path / "keys").exists()
