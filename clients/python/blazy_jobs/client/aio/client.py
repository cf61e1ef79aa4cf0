"""The asynchronous client: as sync/client.py, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from typing import Any, Unpack, overload
from weakref import WeakKeyDictionary

import httpx

from blazy_jobs import address
from blazy_jobs.client import calls
from blazy_jobs.client.aio.audit import AsyncAudit
from blazy_jobs.client.aio.config import AsyncConfig
from blazy_jobs.client.aio.connection import AsyncConnection, closed_with_its_loop
from blazy_jobs.client.aio.definitions import AsyncJobTypes, AsyncQueues, AsyncSchedules
from blazy_jobs.client.aio.errors import AsyncErrors
from blazy_jobs.client.aio.keys import AsyncKeys
from blazy_jobs.client.aio.run import AsyncRun, AsyncRunList
from blazy_jobs.client.aio.stats import AsyncStats
from blazy_jobs.client.aio.webhooks import AsyncWebhooks
from blazy_jobs.client.bodies import BatchRun
from blazy_jobs.client.calls import Fields
from blazy_jobs.client.event import Event
from blazy_jobs.client.live_fields import Digest, read_digest
from blazy_jobs.client.stream import Following
from blazy_jobs.declared import Declared, JobName, PayloadT, ResultT
from blazy_jobs.options import DispatchOptions, EventType


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
        self.keys = AsyncKeys(self)
        self.webhooks = AsyncWebhooks(self)
        self.audit = AsyncAudit(self)
        self.errors = AsyncErrors(self)
        self.config = AsyncConfig(self)
        self.stats = AsyncStats(self)

    @overload
    async def dispatch(
        self, job: Declared[None, ResultT], payload: None = None, **options: Unpack[DispatchOptions]
    ) -> AsyncRun[ResultT]: ...
    @overload
    async def dispatch(
        self, job: Declared[PayloadT, ResultT], payload: PayloadT | Fields, **options: Unpack[DispatchOptions]
    ) -> AsyncRun[ResultT]: ...
    @overload
    async def dispatch(self, job: str, payload: Any = None, **options: Unpack[DispatchOptions]) -> AsyncRun: ...
    async def dispatch(self, job: JobName, payload: Any = None, **options: Unpack[DispatchOptions]) -> AsyncRun[Any]:
        """Makes a run and returns it at once. Of a `Job`, payload and result have the handler's types; a payload may
        also be given as a mapping. Raises ValueError for an option that cannot be."""
        return AsyncRun(self, await self.ask(calls.dispatch(job, payload, options)), job)

    async def dispatch_many(self, runs: Iterable[BatchRun], *, idempotency_key: str | None = None) -> list[str]:
        """Makes a run of each (job, payload), or of each batch item as api.md has it, and gives their ids in order.

        Sent in batches of at most 10,000 runs and 15 MiB, of which each makes all of its runs or none. When one is
        refused, those before it stand: with an `idempotency_key` the same call sent again makes none of them twice.
        """
        return await self.carry_out(calls.dispatch_many(runs, idempotency_key))

    def events(
        self,
        *,
        type: EventType | Sequence[EventType] = (),
        job_type: JobName | None = None,
        queue: str | None = None,
        tag: str | None = None,
        after: str | None = None,
        from_start: bool = False,
        timeout: float | None = None,
    ) -> AsyncIterator[Event]:
        """The events of all runs from now on (or after an event's `cursor`, or from all that is kept), each once and in
        order, over reconnects. TimeoutError after `timeout` seconds, ValueError for a type that there is not."""
        params = calls.event_filters(type, job_type, queue, tag, from_start)
        return self.follow(Following("/v1/events", params, after, "the stream", timeout, Event.read))

    def live(self, *, timeout: float | None = None) -> AsyncIterator[Digest]:
        """How everything stands, as a dict with the API's names: at once, and then at most once a second when anything
        in it has changed, over reconnects. TimeoutError after `timeout` seconds."""
        return self.follow(Following("/v1/live", {}, None, "the digests", timeout, read_digest))

    async def run(self, run_id: str) -> AsyncRun:
        """The run of this id. Raises ApiError `run_not_found`."""
        return await self.runs.get(run_id)


Kept = tuple[AsyncClient, AsyncGenerator[None, None]]
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Kept]] = WeakKeyDictionary()


def default_client() -> AsyncClient:
    """The client that jobs dispatch through: of the server that the handler's run is from, else of JOBS_URL. One for
    each event loop and server, closed with its loop."""
    for loop in [loop for loop in _clients if loop.is_closed()]:
        del _clients[loop]  # its client holds it
    clients = _clients.setdefault(asyncio.get_running_loop(), {})
    at = address.find()
    known = clients.get(at.url)
    if known is not None and known[0].address.key.text() == at.key.text():
        return known[0]
    client = AsyncClient()
    clients[at.url] = (client, closed_with_its_loop(client))
    return client
