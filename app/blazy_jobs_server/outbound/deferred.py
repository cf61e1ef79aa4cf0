"""A sender that is made when it is first asked: its libraries are a fifth of a start, and most servers send nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from blazy_jobs_server.ports.outbound import Answer, Sender


class DeferredSender:
    def __init__(self, make: Callable[[], Sender]) -> None:
        self._make = make
        self._made: Sender | None = None

    async def check(self, url: str) -> None:
        await self._sender().check(url)

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, timeout_seconds: float, max_body_bytes: int
    ) -> Answer:
        return await self._sender().post(
            url, headers, body, timeout_seconds=timeout_seconds, max_body_bytes=max_body_bytes
        )

    async def close(self) -> None:
        if self._made is not None:
            await self._made.close()

    def _sender(self) -> Sender:
        if self._made is None:
            self._made = self._make()
        return self._made
