"""Connections by origin: kept while idle, each for one request at a time.

A kept connection leads to an address that was checked, for the origin that it was checked for; the name is checked
again before it is taken. Which of them a request takes is not httpcore's pool's choice, whose search is linear.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import certifi
import httpcore
from msgspec import Struct

from blazy_jobs_server.domain.destination import Destination
from blazy_jobs_server.outbound.resolving import Endpoint, Resolver
from blazy_jobs_server.outbound.wire import MAX_HEAD_BYTES, GuardedBackend
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

    def __repr__(self) -> str:
        return f"Proxy({self.host}:{self.port})"


class Connection:
    """One of httpcore's, with the wire below it."""

    def __init__(self, http: Any, backend: GuardedBackend, born_at: float) -> None:
        self._http = http
        self._wire = backend.wire
        self.born_at = born_at
        self.idle_at = born_at

    async def send(self, request: httpcore.Request) -> httpcore.Response:
        """Up to the end of the answer's head."""
        self._wire.head_left = MAX_HEAD_BYTES
        response: httpcore.Response = await self._http.handle_async_request(request)
        self._wire.head_left = None
        return response

    @property
    def usable(self) -> bool:
        return bool(self._http.is_available()) and not self._wire.ended and not _has_more(self._http)

    def close(self) -> None:
        self._wire.close()


def _has_more(http: Any) -> bool:
    """Bytes came after the answer. httpcore would take them for the answer to the next request."""
    while (inner := getattr(http, "_connection", None)) is not None:
        http = inner
    return bool(http._h11_state.trailing_data[0])


class Connections:
    def __init__(self, resolver: Resolver, proxy: Proxy | None, ca_file: Path | None) -> None:
        self._resolver = resolver
        self._proxy = proxy
        self._ca_file = ca_file
        self._context: ssl.SSLContext | None = None
        self._idle: dict[str, list[Connection]] = {}
        self._count = 0
        self._sweep: asyncio.TimerHandle | None = None

    def take(self, destination: Destination) -> Connection | None:
        """The one that was used last, where it can still be used."""
        idle = self._idle.get(destination.origin)
        now = asyncio.get_running_loop().time()
        while idle:
            connection = idle.pop()
            self._count -= 1
            if connection.usable and now - connection.idle_at < IDLE_SECONDS:
                return connection
            connection.close()
        return None

    async def new(self, destination: Destination, endpoints: Sequence[Endpoint]) -> Connection:
        """Connects when the first request is sent. `endpoints` are the checked addresses; a proxy has its own."""
        tls = destination.scheme == "https"
        origin = httpcore.Origin(destination.scheme.encode(), destination.host.encode(), destination.port)
        if self._proxy is None:
            backend = GuardedBackend(endpoints, tls=tls)
            http: Any = httpcore.AsyncHTTPConnection(
                origin, ssl_context=self._tls() if tls else None, network_backend=backend
            )
        else:
            backend = GuardedBackend(await self._proxy_endpoints(self._proxy), tls=tls)
            http = httpcore.AsyncHTTPProxy(
                httpcore.URL(scheme="http", host=self._proxy.host, port=self._proxy.port, target="/"),
                proxy_auth=(self._proxy.user, self._proxy.password) if self._proxy.user is not None else None,
                ssl_context=self._tls() if tls else None,
                network_backend=backend,
            ).create_connection(origin)
        return Connection(http, backend, asyncio.get_running_loop().time())

    def give_back(self, destination: Destination, connection: Connection) -> None:
        """Keeps it where its answer was read to the end; closes it otherwise."""
        now = asyncio.get_running_loop().time()
        if not connection.usable or now - connection.born_at > MAX_AGE_SECONDS or self._count >= MAX_IDLE:
            connection.close()
            return
        connection.idle_at = now
        self._idle.setdefault(destination.origin, []).append(connection)
        self._count += 1
        if self._sweep is None:
            self._sweep = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._close_idle)

    def close(self) -> None:
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        for idle in self._idle.values():
            for connection in idle:
                connection.close()
        self._idle.clear()
        self._count = 0

    def _close_idle(self) -> None:
        self._sweep = None
        loop = asyncio.get_running_loop()
        since = loop.time() - IDLE_SECONDS
        for origin, idle in list(self._idle.items()):
            kept = [c for c in idle if c.idle_at > since and c.usable]
            for connection in idle:
                if connection not in kept:
                    connection.close()
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
            self._context.load_verify_locations(certifi.where())
            if self._ca_file is not None:
                self._context.load_verify_locations(self._ca_file)
        return self._context
