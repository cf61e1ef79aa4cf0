"""What an attacker has: names that answer as they like, and endpoints; and the spy that nobody may reach."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from ipaddress import ip_network
from typing import Any

from blazy_jobs_server.outbound.resolving import Resolver
from blazy_jobs_server.outbound.sender import GuardedSender
from tests.support.receiver import Receiver

OUTSIDE = "127.0.0.2"
"""Stands for the internet: the one address that the sender under attack may connect to."""
INSIDE = "127.0.0.1"


def _has_v6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


EVERYWHERE = ["0.0.0.0", "::"] if _has_v6() else ["0.0.0.0"]


class Names:
    """A name server of the attacker's. Each look-up of a name takes the next of its answers, the last one for ever.
    Numbers are resolved as the C library does."""

    def __init__(self, **answers: list[list[str]]) -> None:
        self.answers = {name.replace("_", "."): list(given) for name, given in answers.items()}
        self.asked: list[str] = []

    def __call__(self, host: str, port: int, type: int = 0, flags: int = 0) -> list[Any]:
        if flags & socket.AI_NUMERICHOST:
            return socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=flags)
        self.asked.append(host)
        given = self.answers.get(host)
        if given is None:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        answer = given.pop(0) if len(given) > 1 else given[0]
        return [
            item
            for text in answer
            for item in socket.getaddrinfo(text, port, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST)
        ]


class Stage:
    """A receiver outside, and at every other address of this machine the spy, on one port: only the address tells them
    apart."""

    def __init__(self, outside: Receiver, spies: Sequence[Receiver], names: Names, sender: GuardedSender) -> None:
        self.outside = outside
        self.spies = spies
        self.spy = spies[0]
        self.names = names
        self.sender = sender

    def url(self, host: str, path: str = "/hook") -> str:
        return f"{self.outside.scheme}://{host}:{self.outside.port}{path}"


@asynccontextmanager
async def stage(
    names: Names | None = None, *, sender: Callable[[Resolver], GuardedSender] | None = None
) -> AsyncIterator[Stage]:
    names = names or Names()
    resolver = Resolver(names)
    guarded = sender(resolver) if sender is not None else outside_only(resolver)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(guarded.close)
        outside, *spies = await _receivers(stack)
        yield Stage(outside, spies, names, guarded)
        assert [spy.connections for spy in spies] == [0] * len(EVERYWHERE)


async def _receivers(stack: AsyncExitStack) -> list[Receiver]:
    """On a port that no other process has at any address."""
    for _ in range(20):
        async with AsyncExitStack() as trying:
            outside = await trying.enter_async_context(Receiver(host=OUTSIDE))
            try:
                spies = [
                    await trying.enter_async_context(Receiver(host=host, port=outside.port)) for host in EVERYWHERE
                ]
            except OSError:
                continue
            stack.push_async_exit(trying.pop_all())
            return [outside, *spies]
    raise AssertionError("no port is free at all addresses")


def outside_only(resolver: Resolver, **settings: Any) -> GuardedSender:
    return GuardedSender(allow=[ip_network(f"{OUTSIDE}/32")], resolver=resolver, **settings)
