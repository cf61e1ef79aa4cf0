"""A new connection, only to an address that was checked; the name stays in the handshake."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Sequence
from typing import Any

from msgspec import Struct

from blazy_jobs_server.outbound.reading import TunnelReader
from blazy_jobs_server.outbound.resolving import Endpoint, address_of
from blazy_jobs_server.outbound.wire import Wire
from blazy_jobs_server.ports.outbound import DestinationBlocked, NoConnection, SendFailed

CONNECT_SECONDS = 10.0
FIRST_TRIES_SECONDS = 2.0
"""What each address but the last is given."""
MAX_ADDRESSES = 4


class Route(Struct, frozen=True, kw_only=True):
    """Over TCP to the first of the `endpoints` that accepts; then, where there is a `tunnel`, through the proxy that is
    there, to which it is the request; then TLS with `name`, where there is a `context`."""

    endpoints: Sequence[Endpoint]
    port: int
    tunnel: bytes | None = None
    context: ssl.SSLContext | None = None
    name: str = ""


async def connect(route: Route) -> Wire:
    """Within `CONNECT_SECONDS`, all together. Raises NoConnection and DestinationBlocked."""
    loop = asyncio.get_running_loop()
    until = loop.time() + CONNECT_SECONDS
    connection = await _first(route.endpoints[:MAX_ADDRESSES], route.port, until)
    wire = Wire()
    await loop.create_connection(lambda: wire, sock=connection)
    try:
        async with asyncio.timeout_at(until):
            if route.tunnel is not None:
                await _tunnel(wire, route.tunnel)
            if route.context is not None:
                await wire.encrypt(route.context, route.name)
    except TimeoutError:
        wire.close()
        raise _too_late() from None
    except BaseException:
        wire.close()
        raise
    return wire


async def _tunnel(wire: Wire, request: bytes) -> None:
    try:
        await wire.exchange(request, TunnelReader())
    except SendFailed:
        raise NoConnection("The proxy did not connect.") from None
    if wire.ended:
        raise NoConnection("The proxy refused to connect.")


async def _first(endpoints: Sequence[Endpoint], port: int, until: float) -> socket.socket:
    for endpoint in endpoints[:-1]:
        soon = min(asyncio.get_running_loop().time() + FIRST_TRIES_SECONDS, until)
        with contextlib.suppress(NoConnection):
            return await _connected(endpoint, port, soon)
    return await _connected(endpoints[-1], port, until)


async def _connected(endpoint: Endpoint, port: int, until: float) -> socket.socket:
    connection = socket.socket(endpoint.family, socket.SOCK_STREAM)
    try:
        connection.setblocking(False)
        async with asyncio.timeout_at(until):
            await asyncio.get_running_loop().sock_connect(connection, _with_port(endpoint.sockaddr, port))
        if address_of(connection.getpeername()) != endpoint.address:
            raise DestinationBlocked("The connection was led to another address than the one that was checked.")
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except TimeoutError:
        connection.close()
        raise _too_late() from None
    except OSError:
        connection.close()
        raise NoConnection("The connection was refused, or the host cannot be reached.") from None
    except BaseException:
        connection.close()
        raise
    return connection


def _with_port(sockaddr: tuple[Any, ...], port: int) -> tuple[Any, ...]:
    return (sockaddr[0], port, *sockaddr[2:])


def _too_late() -> NoConnection:
    return NoConnection(f"No connection within {CONNECT_SECONDS:g} s.")
