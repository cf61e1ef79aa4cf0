"""One POST, from the check of its destination to the last byte of its answer."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import NamedTuple

from blazy_jobs_server.domain import destination as destinations
from blazy_jobs_server.domain.destination import Destination
from blazy_jobs_server.outbound import requests
from blazy_jobs_server.outbound.addresses import AddressPolicy
from blazy_jobs_server.outbound.connections import Connections, Proxy
from blazy_jobs_server.outbound.reading import AnswerReader
from blazy_jobs_server.outbound.resolving import Directory, Endpoint, Resolver
from blazy_jobs_server.ports.outbound import Answer, NoConnection, SendTimedOut


class _Place(NamedTuple):
    destination: Destination
    origin: str
    start: requests.Start


@functools.lru_cache(maxsize=1024)
def _place(url: str, proxied: bool) -> _Place:
    destination = destinations.parse(url)
    to_proxy = proxied and destination.scheme == "http"
    return _Place(destination, destination.origin, requests.start(destination, to_proxy=to_proxy))


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
        self._proxy_header = None if proxy is None else proxy.header
        self._agent = agent

    async def check(self, url: str) -> None:
        with contextlib.suppress(NoConnection):
            await self._directory.admit(destinations.parse(url))

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_seconds: float, max_body_bytes: int
    ) -> Answer:
        place = _place(url, self._proxied)
        answer: Answer | None = None
        try:
            request = self._request(place, headers, body)
            until = asyncio.get_running_loop().time() + timeout_seconds
            answer = await self._exchange(place, request, max_body_bytes, until)
        except TimeoutError:
            raise SendTimedOut(f"There was no whole answer within {timeout_seconds:g} s.") from None
        finally:
            if answer is None or answer.status >= 300:
                self._directory.forget(place.destination)  # the next try asks where the name leads by then
        return answer

    async def close(self) -> None:
        self._connections.close()

    async def _exchange(self, place: _Place, request: bytes, max_body_bytes: int, until: float) -> Answer:
        wire = None
        if self._directory.is_fresh(place.destination):
            wire = self._connections.take(place.origin)
        if wire is None:
            async with asyncio.timeout_at(until):
                endpoints = await self._admit(place.destination)
                wire = self._connections.take(place.origin)
                wire = wire or await self._connections.new(place.destination, endpoints)
        answer = await wire.exchange(request, AnswerReader(max_body_bytes), until)
        self._connections.give_back(place.origin, wire)
        return answer

    async def _admit(self, destination: Destination) -> tuple[Endpoint, ...]:
        """Behind a proxy, a name that only the proxy can resolve is the proxy's to judge."""
        try:
            return await self._directory.admit(destination)
        except NoConnection:
            if self._proxied:
                return ()
            raise

    def _request(self, place: _Place, headers: Mapping[str, str], body: bytes) -> bytes:
        proxy_header = self._proxy_header if place.destination.scheme == "http" else None
        return requests.post(place.start, headers, body, agent=self._agent, proxy_header=proxy_header)
