"""A run, and what can be asked of it, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any, Self
from urllib.parse import quote

from blazy_jobs.client import bodies
from blazy_jobs.client.aio.connection import AsyncConnection
from blazy_jobs.client.event import Event
from blazy_jobs.client.facts import RunFacts
from blazy_jobs.client.listening import AsyncListening, Listener
from blazy_jobs.client.stream import Following
from blazy_jobs.client.tries import MAX_BACKOFF_SECONDS
from blazy_jobs.client.waiting import LISTENERS_SECONDS, WAIT_SECONDS, Deadline, Outage
from blazy_jobs.errors import ApiError, ConnectionFailed


class AsyncRun(RunFacts):
    """A run, and what can be asked of it."""

    def __init__(self, client: AsyncConnection, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self._client = client
        self._listening = AsyncListening(self.id, self.events)

    def on(self, type: str, listener: Listener) -> Self:
        """Calls `listener(event)` for each of its events of this type, or of all ("*"), from the first on, each once
        and in order; a coroutine function is awaited. "error" gets the exception, should it become impossible to
        follow. `wait` and `result` return when the listeners have heard of the end."""
        self._client.listenings.add(self._listening)
        self._listening.add(type, listener)
        return self

    async def refresh(self) -> Self:
        """Reads it anew."""
        self.data = await self._client.request("GET", f"/v1/runs/{self.id}")
        return self

    async def wait(self, timeout: float | None = None) -> Self:
        """Until it has ended. The server may be away meanwhile: until the `timeout` in seconds, after which
        TimeoutError is raised, or without one for a minute at a time, after which ConnectionFailed is."""
        deadline, outage = Deadline(timeout, self.id), Outage()
        while not self.finished:
            seconds = deadline.left(WAIT_SECONDS)
            params = {"wait_seconds": f"{seconds:.3f}"}
            try:
                self.data = await self._client.request(
                    "GET", f"/v1/runs/{self.id}", params=params, waits_seconds=seconds
                )
                outage.is_over()
            except ConnectionFailed:
                if not outage.goes_on(timeout):
                    raise
                await asyncio.sleep(deadline.left(MAX_BACKOFF_SECONDS))
        await self._listening.join(deadline.rest(LISTENERS_SECONDS))
        return self

    async def result(self, timeout: float | None = None) -> Any:
        """What its handler returned, when it has ended. Raises RunFailed, RunCancelled, and TimeoutError."""
        return (await self.wait(timeout)).outcome()

    async def cancel(self, reason: str | None = None) -> Self:
        """Asks for its end: at once where no handler runs, else its handler is told. Raises ApiError `run_finished`."""
        body = bodies.content({"reason": reason} if reason is not None else {})
        headers = bodies.post_headers(keyed=False)
        path = f"/v1/runs/{self.id}/cancel"
        try:
            self.data = await self._client.request("POST", path, content=body, headers=headers, repeatable=True)
        except ApiError as error:
            if error.code != "run_finished" or (await self.refresh()).state != "cancelled":
                raise
        return self

    async def replay(self, *, idempotency_key: str | None = None) -> AsyncRun:
        """A new run with the same payload."""
        headers = bodies.post_headers(idempotency_key)
        return AsyncRun(self._client, await self._client.request("POST", f"/v1/runs/{self.id}/replay", headers=headers))

    async def events(self, *, after: int = 0, timeout: float | None = None) -> AsyncIterator[Event]:
        """Its events from the first (or after `seq`) to the final one, each once and in order, over reconnects.
        TimeoutError when it has not ended after `timeout` seconds."""
        cursor = str(after) if after else None
        async for event in self._client.follow(Following(f"/v1/runs/{self.id}/events", {}, cursor, self.id, timeout)):
            yield event
            if event.final:
                return


class AsyncRunList:
    """`client.runs`."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client

    async def get(self, run_id: str) -> AsyncRun:
        """Raises ApiError `run_not_found`."""
        return AsyncRun(self._client, await self._client.request("GET", f"/v1/runs/{quote(run_id, safe='')}"))

    async def list(self, **filters: Any) -> AsyncIterator[AsyncRun]:
        """Newest first, page by page. Filters: state (one or several), job_type, queue, tag, schedule, created_after,
        created_before, limit (of a page)."""
        params = {name: value for name, value in filters.items() if value is not None}
        async for run in self._client.pages("/v1/runs", params):
            yield AsyncRun(self._client, run)
