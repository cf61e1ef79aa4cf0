"""The client: dispatches runs, waits for them, follows their events. Its asynchronous twin is aio/client.py."""

from __future__ import annotations

import atexit
import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Unpack, overload

import httpx

from blazy_jobs import address
from blazy_jobs.client import calls
from blazy_jobs.client.bodies import BatchRun
from blazy_jobs.client.calls import Fields
from blazy_jobs.client.event import Event
from blazy_jobs.client.live_fields import Digest, read_digest
from blazy_jobs.client.stream import Following
from blazy_jobs.client.sync.audit import Audit
from blazy_jobs.client.sync.config import Config
from blazy_jobs.client.sync.connection import Connection
from blazy_jobs.client.sync.definitions import JobTypes, Queues, Schedules
from blazy_jobs.client.sync.errors import Errors
from blazy_jobs.client.sync.keys import Keys
from blazy_jobs.client.sync.run import Run, RunList
from blazy_jobs.client.sync.stats import Stats
from blazy_jobs.client.sync.webhooks import Webhooks
from blazy_jobs.declared import Declared, JobName, PayloadT, ResultT
from blazy_jobs.options import DispatchOptions, EventType


class Client(Connection):
    """Of the server at `url` (or JOBS_URL), with `api_key` (or JOBS_API_KEY). For any number of threads.

    Connection failures, 429 and 503 are tried again, five times within ten seconds; a dispatch carries an
    Idempotency-Key, so that it makes one run. Raises ApiError and ConnectionFailed.
    """

    def __init__(
        self, url: str | None = None, *, api_key: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        super().__init__(url, api_key=api_key, transport=transport)
        self.runs = RunList(self)
        self.job_types = JobTypes(self)
        self.queues = Queues(self)
        self.schedules = Schedules(self)
        self.keys = Keys(self)
        self.webhooks = Webhooks(self)
        self.audit = Audit(self)
        self.errors = Errors(self)
        self.config = Config(self)
        self.stats = Stats(self)

    @overload
    def dispatch(
        self, job: Declared[None, ResultT], payload: None = None, **options: Unpack[DispatchOptions]
    ) -> Run[ResultT]: ...
    @overload
    def dispatch(
        self, job: Declared[PayloadT, ResultT], payload: PayloadT | Fields, **options: Unpack[DispatchOptions]
    ) -> Run[ResultT]: ...
    @overload
    def dispatch(self, job: str, payload: Any = None, **options: Unpack[DispatchOptions]) -> Run: ...
    def dispatch(self, job: JobName, payload: Any = None, **options: Unpack[DispatchOptions]) -> Run[Any]:
        """Makes a run and returns it at once. Of a `Job`, payload and result have the handler's types; a payload may
        also be given as a mapping. Raises ValueError for an option that cannot be."""
        return Run(self, self.ask(calls.dispatch(job, payload, options)), job)

    def dispatch_many(self, runs: Iterable[BatchRun], *, idempotency_key: str | None = None) -> list[str]:
        """Makes a run of each (job, payload), or of each batch item as api.md has it, and gives their ids in order.

        Sent in batches of at most 10,000 runs and 15 MiB, of which each makes all of its runs or none. When one is
        refused, those before it stand: with an `idempotency_key` the same call sent again makes none of them twice.
        """
        return self.carry_out(calls.dispatch_many(runs, idempotency_key))

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
    ) -> Iterator[Event]:
        """The events of all runs from now on (or after an event's `cursor`, or from all that is kept), each once and in
        order, over reconnects. TimeoutError after `timeout` seconds, ValueError for a type that there is not."""
        params = calls.event_filters(type, job_type, queue, tag, from_start)
        return self.follow(Following("/v1/events", params, after, "the stream", timeout, Event.read))

    def live(self, *, timeout: float | None = None) -> Iterator[Digest]:
        """How everything stands, as a dict with the API's names: at once, and then at most once a second when anything
        in it has changed, over reconnects. TimeoutError after `timeout` seconds."""
        return self.follow(Following("/v1/live", {}, None, "the digests", timeout, read_digest))

    def run(self, run_id: str) -> Run:
        """The run of this id. Raises ApiError `run_not_found`."""
        return self.runs.get(run_id)


_clients: dict[tuple[int, str], Client] = {}
_making = threading.Lock()


def default_client() -> Client:
    """The client that jobs dispatch through: of the server that the handler's run is from, else of JOBS_URL. One for
    each server, shared by all threads; a forked process has one of its own."""
    at = address.find()
    place = os.getpid(), at.url
    with _making:
        client = _clients.get(place)
        if client is None or client.address.key.text() != at.key.text():
            client = _clients[place] = Client()
        return client


@atexit.register
def close_default_clients() -> None:
    """Those of this process."""
    for place in [place for place in _clients if place[0] == os.getpid()]:
        _clients.pop(place).close()
