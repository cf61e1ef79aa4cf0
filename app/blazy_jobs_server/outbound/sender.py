"""One POST, from the check of its destination to the last byte of its answer."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path

import httpcore

from blazy_jobs_server.domain import destination as destinations
from blazy_jobs_server.domain.destination import Destination
from blazy_jobs_server.outbound.addresses import AddressPolicy
from blazy_jobs_server.outbound.connections import Connections, Proxy
from blazy_jobs_server.outbound.resolving import Directory, Endpoint, Resolver
from blazy_jobs_server.ports.outbound import (
    Answer,
    AnswerEncoded,
    AnswerTooLarge,
    NoConnection,
    ProtocolBroken,
    SendTimedOut,
)

for _library in ("httpcore", "httpx"):
    logging.getLogger(_library).setLevel(logging.WARNING)  # below, they tell of URLs and headers

_parse = functools.lru_cache(maxsize=1024)(destinations.parse)
_SET_HERE = frozenset(("host", "content-length", "accept-encoding", "connection", "transfer-encoding"))


MAX_CHUNKS = 65_536
CHUNKS_A_TURN = 256
"""A chunk costs about as much as a request's head, however small it is: between some of them others have a turn."""


class GuardedSender:
    """The port's Sender: every request passes the policy, whatever connection it takes."""

    def __init__(
        self,
        *,
        allow: Sequence[IPv4Network | IPv6Network] = (),
        deny: Sequence[IPv4Network | IPv6Network] = (),
        proxy: Proxy | None = None,
        ca_file: Path | None = None,
        agent: str = "blazy-jobs",
        resolver: Resolver | None = None,
    ) -> None:
        resolver = resolver or Resolver()
        self._directory = Directory(AddressPolicy(allow, deny), resolver)
        self._connections = Connections(resolver, proxy, ca_file)
        self._proxied = proxy is not None
        self._agent = agent.encode()

    async def check(self, url: str) -> None:
        with contextlib.suppress(NoConnection):
            await self._directory.admit(_parse(url))

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_seconds: float, max_body_bytes: int
    ) -> Answer:
        destination = _parse(url)
        answer: Answer | None = None
        try:
            async with asyncio.timeout(timeout_seconds):
                answer = await self._exchange(destination, headers, body, max_body_bytes)
        except TimeoutError:
            raise SendTimedOut(f"There was no whole answer within {timeout_seconds:g} s.") from None
        finally:
            if answer is None or answer.status >= 300:
                self._directory.forget(destination)  # the next try asks where the name leads by then
        return answer

    async def close(self) -> None:
        self._connections.close()

    async def _exchange(
        self, destination: Destination, headers: Mapping[str, str], body: bytes, max_body_bytes: int
    ) -> Answer:
        endpoints = await self._admit(destination)
        connection = self._connections.take(destination) or await self._connections.new(destination, endpoints)
        try:
            response = await connection.send(self._request(destination, headers, body))
            return await _read(response, max_body_bytes)
        except httpcore.ProxyError:
            raise NoConnection("The proxy refused to connect.") from None
        except (httpcore.ProtocolError, httpcore.NetworkError):
            raise ProtocolBroken("The connection ended before the answer did, or the answer is not HTTP.") from None
        finally:
            self._connections.give_back(destination, connection)

    async def _admit(self, destination: Destination) -> tuple[Endpoint, ...]:
        """Behind a proxy, a name that only the proxy can resolve is the proxy's to judge."""
        try:
            return await self._directory.admit(destination)
        except NoConnection:
            if self._proxied:
                return ()
            raise

    def _request(self, destination: Destination, headers: Mapping[str, str], body: bytes) -> httpcore.Request:
        sent = [
            (b"Host", destination.authority.encode()),
            (b"User-Agent", self._agent),
            (b"Accept-Encoding", b"identity"),
            (b"Content-Length", b"%d" % len(body)),
        ]
        for name, value in headers.items():
            lower = name.lower()
            if lower == "user-agent":
                sent[1] = (b"User-Agent", value.encode("latin-1"))
            elif lower not in _SET_HERE:
                sent.append((name.encode("ascii"), value.encode("latin-1")))
        url = httpcore.URL(
            scheme=destination.scheme.encode(),
            host=destination.host.encode(),
            port=destination.port,
            target=destination.target.encode(),
        )
        return httpcore.Request(b"POST", url, headers=sent, content=body)


async def _read(response: httpcore.Response, max_body_bytes: int) -> Answer:
    """Raises AnswerEncoded and AnswerTooLarge for a 2xx only: of others the status is what counts."""
    headers = _headers(response)
    good = 200 <= response.status < 300
    body = b""
    try:
        if headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
            raise AnswerEncoded("The answer has a content coding, though none was accepted.")
        body = await _body(response, headers, max_body_bytes)
    except (AnswerEncoded, AnswerTooLarge):
        if good:
            raise
    finally:
        await response.aclose()
    return Answer(response.status, headers, body)


async def _body(response: httpcore.Response, headers: Mapping[str, str], most: int) -> bytes:
    too_large = AnswerTooLarge(f"The answer's body has more than {most} bytes.")
    length = headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > most:
        raise too_large
    chunks = []
    left = most
    async for chunk in response.aiter_stream():
        left -= len(chunk)
        chunks.append(chunk)
        if left < 0 or len(chunks) > MAX_CHUNKS:
            raise too_large
        if len(chunks) % CHUNKS_A_TURN == 0:
            await asyncio.sleep(0)
    return chunks[0] if len(chunks) == 1 else b"".join(chunks)


def _headers(response: httpcore.Response) -> dict[str, str]:
    found: dict[str, str] = {}
    for raw_name, raw_value in response.headers:
        name, value = raw_name.decode("latin-1").lower(), raw_value.decode("latin-1")
        found[name] = f"{found[name]}, {value}" if name in found else value
    return found
