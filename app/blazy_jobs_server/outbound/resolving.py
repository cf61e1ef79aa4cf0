"""From names to addresses that the policy admits, all or none."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
from collections import deque
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any

from msgspec import Struct

from blazy_jobs_server.domain.destination import Destination
from blazy_jobs_server.outbound.addresses import Address, AddressPolicy
from blazy_jobs_server.ports.outbound import DestinationBlocked, NoConnection

RESOLVE_SECONDS = 5.0
MAX_LOOKUPS = 32
FRESH_SECONDS = 1.0
"""For how long requests that go well share the answer of a look-up."""
MAX_REMEMBERED = 1024

GetAddrInfo = Callable[..., list[Any]]
Found = tuple[tuple[int, tuple[Any, ...]], ...]
"""Families and socket addresses, in the order of preference (RFC 6724), with port 0."""


class Endpoint(Struct, frozen=True):
    """What may be connected to."""

    family: int
    sockaddr: tuple[Any, ...]

    @property
    def address(self) -> Address:
        return address_of(self.sockaddr)


def address_of(sockaddr: tuple[Any, ...]) -> Address:
    return ip_address(str(sockaddr[0]).partition("%")[0])


class Resolver:
    """Look-ups in at most `MAX_LOOKUPS` threads, one at a time for a name: a name server that is silent holds up its
    own names only. The threads are daemons, since one in getaddrinfo cannot be told to stop."""

    def __init__(self, getaddrinfo: GetAddrInfo = socket.getaddrinfo) -> None:
        self._getaddrinfo = getaddrinfo
        self._flights: dict[str, asyncio.Future[Found]] = {}
        self._queued: deque[tuple[str, float]] = deque()
        self._running = 0

    async def resolve(self, host: str) -> Found:
        """Raises OSError: not resolved, or not within `RESOLVE_SECONDS`. All notations of an address that the C library
        knows (decimal, octal, hexadecimal, short) are resolved by it, without asking anybody."""
        with contextlib.suppress(socket.gaierror):
            return _distinct(self._getaddrinfo(host, 0, type=socket.SOCK_STREAM, flags=socket.AI_NUMERICHOST))
        flight = self._flights.get(host)
        if flight is None:
            flight = self._flights[host] = asyncio.get_running_loop().create_future()
            flight.add_done_callback(_look)
            self._queued.append((host, flight.get_loop().time()))
            self._start()
        async with asyncio.timeout(RESOLVE_SECONDS):
            return await asyncio.shield(flight)

    def _start(self) -> None:
        loop = asyncio.get_running_loop()
        while self._queued and self._running < MAX_LOOKUPS:
            host, asked_at = self._queued.popleft()
            if loop.time() - asked_at > RESOLVE_SECONDS:  # whoever asked has given up
                self._flights.pop(host).set_exception(OSError("asked too late"))
                continue
            try:
                threading.Thread(target=self._look_up, args=(host, loop), name="resolver", daemon=True).start()
            except RuntimeError:  # the system has no thread left
                self._flights.pop(host).set_exception(OSError("no thread"))
                continue
            self._running += 1

    def _look_up(self, host: str, loop: asyncio.AbstractEventLoop) -> None:
        found: Found | OSError
        try:
            found = _distinct(self._getaddrinfo(host, 0, type=socket.SOCK_STREAM))
        except (OSError, UnicodeError) as error:
            found = error if isinstance(error, OSError) else OSError("no name")
        with contextlib.suppress(RuntimeError):  # the loop has been closed meanwhile
            loop.call_soon_threadsafe(self._landed, host, found)

    def _landed(self, host: str, found: Found | OSError) -> None:
        self._running -= 1
        flight = self._flights.pop(host)
        if isinstance(found, OSError):
            flight.set_exception(found)
        else:
            flight.set_result(found)
        self._start()


def _look(flight: asyncio.Future[Found]) -> None:
    """So that asyncio does not tell of an error that nobody waited for."""
    if not flight.cancelled():
        flight.exception()


def _distinct(answers: list[Any]) -> Found:
    return tuple(dict.fromkeys((family, sockaddr) for family, _, _, _, sockaddr in answers if family in _FAMILIES))


_FAMILIES = (socket.AF_INET, socket.AF_INET6)


class Directory:
    """The addresses of destinations. Every answer for a name is checked, and one that is blocked blocks the name."""

    def __init__(self, policy: AddressPolicy, resolver: Resolver) -> None:
        self._policy = policy
        self._resolver = resolver
        self._fresh: dict[tuple[str, bool], tuple[float, tuple[Endpoint, ...]]] = {}

    async def admit(self, destination: Destination) -> tuple[Endpoint, ...]:
        """What may be connected to, never empty. Raises DestinationBlocked and NoConnection."""
        plain = destination.scheme == "http"
        key = (destination.host, plain)
        now = asyncio.get_running_loop().time()
        fresh = self._fresh.get(key)
        if fresh is not None and now < fresh[0]:
            return fresh[1]
        if plain and not self._policy.admits_plain:
            raise DestinationBlocked("http:// is for networks in JOBS_HTTP_ALLOW only; use https://.")
        try:
            found = await self._resolver.resolve(destination.host)
        except TimeoutError:
            raise NoConnection(f"The name was not resolved within {RESOLVE_SECONDS:g} s.") from None
        except OSError:
            raise NoConnection("The name was not resolved.") from None
        endpoints = tuple(Endpoint(family, sockaddr) for family, sockaddr in found)
        if not endpoints:
            raise NoConnection("The name has no address.")
        if not all(self._policy.admits(endpoint.address, plain=plain) for endpoint in endpoints):
            raise DestinationBlocked("The URL leads to an address that the server does not connect to.")
        if len(self._fresh) >= MAX_REMEMBERED:
            self._fresh.clear()
        self._fresh[key] = (now + FRESH_SECONDS, endpoints)
        return endpoints

    def is_fresh(self, destination: Destination) -> bool:
        """It was admitted a moment ago, and is without another look-up."""
        fresh = self._fresh.get((destination.host, destination.scheme == "http"))
        return fresh is not None and asyncio.get_running_loop().time() < fresh[0]

    def forget(self, destination: Destination) -> None:
        """The next request asks anew."""
        self._fresh.pop((destination.host, destination.scheme == "http"), None)
