"""The guarded network below httpcore: connects to addresses that were checked, and counts what an answer's head takes.

One backend is one connection. httpcore speaks HTTP over it; it never learns of an address that was not checked.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Iterable, Sequence
from typing import Any

import httpcore

from blazy_jobs_server.outbound.resolving import Endpoint, address_of
from blazy_jobs_server.ports.outbound import DestinationBlocked, HeadTooLarge, NoConnection

CONNECT_SECONDS = 10.0
FIRST_TRIES_SECONDS = 2.0
"""What each address but the last is given."""
MAX_ADDRESSES = 4
MAX_HEAD_BYTES = 64 * 1024
HEAD_CHUNK_BYTES = 4 * 1024
BUFFER_BYTES = 64 * 1024
OTHER_NAME = (62, 64)
"""X509_V_ERR_HOSTNAME_MISMATCH and X509_V_ERR_IP_ADDRESS_MISMATCH, whose messages quote the name."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to the given endpoints, in their order, whatever httpcore names. `tls`: the time to connect ends with
    the handshake, and so spans a proxy's CONNECT as well."""

    def __init__(self, endpoints: Sequence[Endpoint], *, tls: bool) -> None:
        self._endpoints = endpoints[:MAX_ADDRESSES]
        self._tls = tls
        self.wire = Wire()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        loop = asyncio.get_running_loop()
        self.wire.connect_by = loop.time() + CONNECT_SECONDS
        connection = await self._connect(port)
        await loop.create_connection(lambda: self.wire, sock=connection)
        if not self._tls:
            self.wire.connect_by = None
        return Stream(self.wire)

    async def _connect(self, port: int) -> socket.socket:
        assert self.wire.connect_by is not None
        for endpoint in self._endpoints[:-1]:
            until = min(asyncio.get_running_loop().time() + FIRST_TRIES_SECONDS, self.wire.connect_by)
            with contextlib.suppress(NoConnection):
                return await _connected(endpoint, port, until)
        return await _connected(self._endpoints[-1], port, self.wire.connect_by)


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
        raise NoConnection(f"No connection within {CONNECT_SECONDS:g} s.") from None
    except OSError:
        connection.close()
        raise NoConnection("The connection was refused, or the host cannot be reached.") from None
    except BaseException:
        connection.close()
        raise
    return connection


def _with_port(sockaddr: tuple[Any, ...], port: int) -> tuple[Any, ...]:
    return (sockaddr[0], port, *sockaddr[2:])


class Wire(asyncio.Protocol):
    """One connection's bytes. Reading pauses while `BUFFER_BYTES` wait: a peer that sends without end fills no memory.

    `head_left` is what the head of the answer may still take; None once the head is there."""

    def __init__(self) -> None:
        self.head_left: int | None = MAX_HEAD_BYTES
        self.connect_by: float | None = None
        self._transport: Any = None
        self._received = bytearray()
        self._ended = False
        self._paused = False
        self._writable = True
        self._waiter: asyncio.Future[None] | None = None

    # asyncio's side

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        if len(self._received) >= BUFFER_BYTES and not self._paused:
            self._paused = True
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> bool:
        self._ended = True
        self._wake()
        return False

    def connection_lost(self, error: Exception | None) -> None:
        self._ended = True
        self._writable = True
        self._wake()

    def pause_writing(self) -> None:
        self._writable = False

    def resume_writing(self) -> None:
        self._writable = True
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _wait(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            if self.connect_by is None:
                await self._waiter
            else:
                async with asyncio.timeout_at(self.connect_by):
                    await self._waiter
        except TimeoutError:
            raise NoConnection(f"No connection within {CONNECT_SECONDS:g} s.") from None
        finally:
            self._waiter = None

    # httpcore's side

    @property
    def ended(self) -> bool:
        """The peer has closed it, or sent what nobody asked for."""
        return self._ended or bool(self._received)

    async def read(self, most: int) -> bytes:
        """Empty at the end. Raises HeadTooLarge for a head beyond its limit; interim answers (1xx) count as well."""
        if self.head_left is not None:
            if self.head_left <= 0:
                raise HeadTooLarge(f"The head of the answer has more than {MAX_HEAD_BYTES} bytes.")
            most = min(most, self.head_left, HEAD_CHUNK_BYTES)
            if self.head_left < MAX_HEAD_BYTES:
                await asyncio.sleep(0)  # a flood of interim answers takes turns with everybody else
        while not self._received and not self._ended:
            await self._wait()
        data = bytes(self._received[:most])
        del self._received[:most]
        if self._paused and len(self._received) < BUFFER_BYTES // 2 and not self._ended:
            self._paused = False
            self._transport.resume_reading()
        if self.head_left is not None:
            self.head_left -= len(data)
        return data

    async def write(self, data: bytes) -> None:
        """Raises WriteError on a connection that has ended: httpcore then still reads what the peer had to say."""
        if self._ended or self._transport.is_closing():
            raise httpcore.WriteError("closed")
        self._transport.write(data)
        while not self._writable and not self._ended:
            await self._wait()

    async def encrypt(self, context: ssl.SSLContext, name: str | None) -> None:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout_at(self.connect_by):
                self._transport = await loop.start_tls(self._transport, self, context, server_hostname=name)
        except TimeoutError:
            raise NoConnection(f"No connection within {CONNECT_SECONDS:g} s.") from None
        except ssl.SSLCertVerificationError as error:
            reason = "it is for another name" if error.verify_code in OTHER_NAME else error.verify_message
            raise NoConnection(f"The certificate was not accepted: {reason}.") from None
        except (ssl.SSLError, OSError):
            raise NoConnection("The TLS handshake failed.") from None
        self.connect_by = None

    def close(self) -> None:
        self._ended = True
        if self._transport is not None:
            self._transport.abort()


class Stream(httpcore.AsyncNetworkStream):
    """httpcore's view of a wire. Its timeouts are not used: one deadline spans the request."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._wire.read(max_bytes)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        if buffer:
            await self._wire.write(buffer)

    async def aclose(self) -> None:
        self._wire.close()

    async def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.AsyncNetworkStream:
        try:
            await self._wire.encrypt(ssl_context, server_hostname)
        except BaseException:
            self._wire.close()
            raise
        return self

    def get_extra_info(self, info: str) -> Any:
        return self._wire.ended if info == "is_readable" else None
