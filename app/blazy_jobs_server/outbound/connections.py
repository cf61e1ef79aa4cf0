"""Connections by origin: kept while idle, each for one request at a time.

A kept connection leads to an address that was checked, for the origin that it was checked for; the name is checked
again before it is taken.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

import certifi
from msgspec import Struct

from blazy_jobs_server.domain.destination import Destination
from blazy_jobs_server.outbound import requests
from blazy_jobs_server.outbound.connecting import Route, connect
from blazy_jobs_server.outbound.resolving import Endpoint, Resolver
from blazy_jobs_server.outbound.wire import Wire
from blazy_jobs_server.ports.outbound import NoConnection

IDLE_SECONDS = 4.0
"""Shorter than what servers allow (5 s and more): one that closes as the request comes would fail it."""
MAX_AGE_SECONDS = 60.0
"""A name that leads elsewhere is followed, also under steady traffic."""
MAX_IDLE = 256


class Proxy(Struct, frozen=True):
    """Reached over HTTP; `user` and `password` go to it as Basic credentials."""

    host: str
    port: int
    user: str | None = None
    password: str = ""

    @classmethod
    def of(cls, url: str) -> Proxy:
        """From `http://USER:PASSWORD@HOST:PORT`, percent-encoded."""
        parts = urlsplit(url)
        user = unquote(parts.username) if parts.username is not None else None
        return cls(parts.hostname or "", parts.port or 80, user, unquote(parts.password or ""))

    @property
    def header(self) -> str | None:
        return None if self.user is None else requests.basic(self.user, self.password)

    def __repr__(self) -> str:
        return f"Proxy({self.host}:{self.port})"


class Connections:
    def __init__(self, resolver: Resolver, proxy: Proxy | None, ca_file: Path | None) -> None:
        self._resolver = resolver
        self._proxy = proxy
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None
        self._idle: dict[str, list[Wire]] = {}
        self._count = 0
        self._sweep: asyncio.TimerHandle | None = None

    def take(self, origin: str) -> Wire | None:
        """The one that was used last, where it can still be used."""
        idle = self._idle.get(origin)
        if not idle:
            return None
        since = asyncio.get_running_loop().time() - IDLE_SECONDS
        while idle:
            wire = idle.pop()
            self._count -= 1
            if wire.idle_at > since and wire.is_usable:
                return wire
            wire.close()
        return None

    async def new(self, destination: Destination, endpoints: Sequence[Endpoint]) -> Wire:
        """`endpoints` are the checked addresses; a proxy has its own. Raises NoConnection and DestinationBlocked."""
        tls = destination.scheme == "https"
        context, port, tunnel = self._tls() if tls else None, destination.port, None
        if self._proxy is not None:
            endpoints, port = await self._proxy_endpoints(self._proxy), self._proxy.port
            tunnel = requests.connect(destination, self._proxy.header) if tls else None
        return await connect(
            Route(endpoints=endpoints, port=port, tunnel=tunnel, context=context, name=destination.host)
        )

    def give_back(self, origin: str, wire: Wire) -> None:
        """Keeps it where the next request may follow."""
        if wire.ended:
            return
        now = asyncio.get_running_loop().time()
        if now - wire.born_at > MAX_AGE_SECONDS or self._count >= MAX_IDLE:
            wire.close()
            return
        wire.idle_at = now
        self._idle.setdefault(origin, []).append(wire)
        self._count += 1
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close_idle)

    def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for idle in self._idle.values():
            for wire in idle:
                wire.close()
        self._idle.clear()
        self._count = 0

    def _close_idle(self) -> None:
        self._sweep = None
        loop = asyncio.get_running_loop()
        since = loop.time() - IDLE_SECONDS
        for origin, idle in list(self._idle.items()):
            kept = [wire for wire in idle if wire.idle_at > since and not wire.ended]
            for wire in idle:
                if wire not in kept:
                    wire.close()
            self._count -= len(idle) - len(kept)
            if kept:
                self._idle[origin] = kept
            else:
                del self._idle[origin]
        if self._idle:
            self._sweep = loop.call_later(IDLE_SECONDS, self._close_idle)

    async def _proxy_endpoints(self, proxy: Proxy) -> list[Endpoint]:
        """The operator's own choice: the policy is about users' destinations."""
        try:
            return [Endpoint(family, sockaddr) for family, sockaddr in await self._resolver.resolve(proxy.host)]
        except (OSError, TimeoutError):
            raise NoConnection("The name of JOBS_HTTP_PROXY was not resolved.") from None

    def _tls(self) -> ssl.SSLContext:
        if self._context is None:
            # Not ssl.create_default_context, which writes keys to the file that SSLKEYLOGFILE names.
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            self._context.set_alpn_protocols(["http/1.1"])
            self._context.load_verify_locations(certifi.where())
            if self._ca_file is not None:
                self._context.load_verify_locations(self._ca_file)
        return self._context
