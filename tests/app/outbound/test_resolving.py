"""Look-ups: how many, how long, and for whom."""

from __future__ import annotations

import asyncio
import socket
import threading
from typing import Any

import pytest

from blazy_jobs_server.domain.destination import parse
from blazy_jobs_server.outbound import resolving
from blazy_jobs_server.outbound.addresses import AddressPolicy
from blazy_jobs_server.outbound.resolving import Directory, Resolver
from blazy_jobs_server.ports.outbound import NoConnection
from tests.attacks.outside import Names

PUBLIC = "93.184.215.14"


class Slow:
    """Names that begin with `slow` are not answered until told."""

    def __init__(self) -> None:
        self.go = threading.Event()
        self.asked: list[str] = []
        self._names = Names(quick_test=[[PUBLIC]])

    def __call__(self, host: str, port: int, type: int = 0, flags: int = 0) -> list[Any]:
        if flags & socket.AI_NUMERICHOST:
            return self._names(host, port, type, flags)
        self.asked.append(host)
        if host.startswith("slow"):
            self.go.wait(60)
            raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")
        return self._names(host, port, type, flags)


async def test_a_silent_name_server_holds_up_its_own_names_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "RESOLVE_SECONDS", 0.3)
    slow = Slow()
    directory = Directory(AddressPolicy(), Resolver(slow))
    waiting = [asyncio.ensure_future(directory.admit(parse("https://slow.test/"))) for _ in range(100)]
    await asyncio.sleep(0)
    assert len(await directory.admit(parse("https://quick.test/"))) == 1
    for failed in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(failed, NoConnection)
    assert slow.asked.count("slow.test") == 1
    slow.go.set()


async def test_there_are_so_many_threads_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "MAX_LOOKUPS", 3)
    monkeypatch.setattr(resolving, "RESOLVE_SECONDS", 0.3)
    slow = Slow()
    directory = Directory(AddressPolicy(), Resolver(slow))
    hosts = [f"https://slow{n}.test/" for n in range(10)]
    failed = await asyncio.gather(*(directory.admit(parse(url)) for url in hosts), return_exceptions=True)
    assert {type(error) for error in failed} == {NoConnection}
    assert len(slow.asked) == 3
    monkeypatch.setattr(resolving, "RESOLVE_SECONDS", 30.0)
    slow.go.set()
    assert len(await directory.admit(parse("https://quick.test/"))) == 1


async def test_a_busy_name_is_asked_for_once_while_its_answer_is_fresh() -> None:
    names = Names(busy_test=[[PUBLIC]])
    directory = Directory(AddressPolicy(), Resolver(names))
    for _ in range(10):
        await asyncio.gather(*(directory.admit(parse("https://busy.test/")) for _ in range(10)))
    assert len(names.asked) <= 2
    directory.forget(parse("https://busy.test/"))
    asked = len(names.asked)
    await directory.admit(parse("https://busy.test/"))
    assert len(names.asked) == asked + 1


async def test_who_joins_a_look_up_late_is_not_cancelled_by_its_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolving, "MAX_LOOKUPS", 0)
    resolver = Resolver(Names(quick_test=[[PUBLIC]]))
    directory = Directory(AddressPolicy(), resolver)
    late = asyncio.ensure_future(directory.admit(parse("https://quick.test/")))
    await asyncio.sleep(0)
    monkeypatch.setattr(resolving, "MAX_LOOKUPS", 1)
    monkeypatch.setattr(resolving, "RESOLVE_SECONDS", -1.0)
    resolver._start()
    with pytest.raises(NoConnection):
        await late


async def test_a_system_without_threads_is_no_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    directory = Directory(AddressPolicy(), Resolver(Names(quick_test=[[PUBLIC]])))
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        for _ in range(2):
            with pytest.raises(NoConnection):
                await directory.admit(parse("https://quick.test/"))
    assert len(await directory.admit(parse("https://quick.test/"))) == 1


async def test_a_cancelled_caller_leaves_the_others_waiting() -> None:
    slow = Slow()
    directory = Directory(AddressPolicy(), Resolver(slow))
    one, two = (asyncio.ensure_future(directory.admit(parse("https://slow.test/"))) for _ in range(2))
    await asyncio.sleep(0)
    one.cancel()
    with pytest.raises(asyncio.CancelledError):
        await one
    assert not two.done()
    slow.go.set()
    with pytest.raises(NoConnection):
        await two


async def test_names_that_no_name_server_would_be_asked_for() -> None:
    directory = Directory(AddressPolicy(), Resolver())
    for host in ("a" * 63 + ".invalid", "xn--a.invalid", "256.256.256.256", "1.2.3.4.5", "4294967296"):
        with pytest.raises(NoConnection):
            await directory.admit(parse(f"https://{host}/"))
