"""The asynchronous client: as sync/client.py, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import httpx

from blazy_jobs import address
from blazy_jobs.client import bodies, calls
from blazy_jobs.client.aio.connection import AsyncConnection
from blazy_jobs.client.aio.definitions import AsyncJobTypes, AsyncQueues, AsyncSchedules
from blazy_jobs.client.aio.run import AsyncRun, AsyncRunList
from blazy_jobs.client.event import Event
from blazy_jobs.client.stream import Following
from blazy_jobs.declared import Declared


class AsyncClient(AsyncConnection):
    """Of the server at `url` (or JOBS_URL), with `api_key` (or JOBS_API_KEY). For one event loop.

    Connection failures, 429 and 503 are tried again, five times within ten seconds; a dispatch carries an
    Idempotency-Key, so that it makes one run. Raises ApiError and ConnectionFailed.
    """

    def __init__(
        self, url: str | None = None, *, api_key: str | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        super().__init__(url, api_key=api_key, transport=transport)
        self.runs = AsyncRunList(self)
        self.job_types = AsyncJobTypes(self)
        self.queues = AsyncQueues(self)
        self.schedules = AsyncSchedules(self)

    async def dispatch(
        self, job: str | Declared, payload: Any = None, *, idempotency_key: str | None = None, **options: Any
    ) -> AsyncRun:
        """Makes a run and returns it at once. `options` as in `bodies.dispatch_body`: queue, priority, delay, run_at,
        retry, timeout, expires, dedupe_key, tags, metadata."""
        body = bodies.content(bodies.dispatch_body(payload, **options))
        path = calls.path_of_job_type(job, "/runs")
        return AsyncRun(
            self, await self.request("POST", path, content=body, headers=bodies.post_headers(idempotency_key))
        )

    async def dispatch_many(
        self, runs: Iterable[tuple[str | Declared, Any] | Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> list[str]:
        """Makes a run of each (job, payload), or of each batch item as api.md has it, and gives their ids in order.

        Sent in batches of at most 10,000 runs and 15 MiB, of which each makes all of its runs or none. When one is
        refused, those before it stand: with an `idempotency_key` the same call sent again makes none of them twice.
        """
        key = idempotency_key or bodies.fresh_key()
        ids: list[str] = []
        for place, body in enumerate(bodies.batches(runs)):
            headers = bodies.post_headers(bodies.batch_key(key, place))
            answer = await self.request("POST", "/v1/runs/batch", content=body, headers=headers)
            ids += [run["id"] for run in answer["data"]]
        return ids

    async def events(
        self,
        *,
        type: Sequence[str] = (),
        job_type: str | None = None,
        queue: str | None = None,
        tag: str | None = None,
        after: str | None = None,
        from_start: bool = False,
        timeout: float | None = None,
    ) -> AsyncIterator[Event]:
        """The events of all runs from now on (or after an event's `cursor`, or from all that is kept), each once and in
        order, over reconnects. TimeoutError after `timeout` seconds."""
        known = {"job_type": job_type, "queue": queue, "tag": tag, "from": "start" if from_start else None}
        params = {"type": list(type), **{name: value for name, value in known.items() if value is not None}}
        async for event in self.follow(Following("/v1/events", params, after, "the stream", timeout)):
            yield event

    def run(self, data: Mapping[str, Any]) -> AsyncRun:
        """A run that an answer shows."""
        return AsyncRun(self, data)


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, AsyncClient]] = WeakKeyDictionary()


def default_client() -> AsyncClient:
    """The client that jobs dispatch through: of the server that the handler's run is from, else of JOBS_URL. One for
    each event loop and server."""
    for loop in [loop for loop in _clients if loop.is_closed()]:
        del _clients[loop]  # its client holds it
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    at = address.find()
    client = clients.get(at.url)
    if client is None or client.address.key.text() != at.key.text():
        client = clients[at.url] = AsyncClient()
    return client
