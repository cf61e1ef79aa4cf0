"""The asynchronous client: as client.py, awaited."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote
from weakref import WeakKeyDictionary, WeakSet

import httpx

from blazy_jobs import calls, wire
from blazy_jobs.definitions import AsyncJobTypes, AsyncQueues, AsyncSchedules
from blazy_jobs.errors import ApiError, ConnectionFailed
from blazy_jobs.job import Job
from blazy_jobs.listening import AsyncListening, Listener
from blazy_jobs.wire import Deadline, Event, Following, Outage, RunFacts, Tries

if TYPE_CHECKING:
    from blazy_jobs._generated.client import Client as GeneratedClient


class AsyncClient:
    """Of the server at `url` (or JOBS_URL), with `api_key` (or JOBS_API_KEY). For one event loop.

    Connection failures, 429 and 503 are tried again, five times within ten seconds; a dispatch carries an
    Idempotency-Key, so that it makes one run. Raises ApiError and ConnectionFailed.
    """

    def __init__(
        self, url: str | None = None, *, api_key: str | None = None, transport: httpx.AsyncBaseTransport | None = None
    ) -> None:
        self.url, headers = wire.server_address(url, api_key)
        self._http = httpx.AsyncClient(
            base_url=self.url,
            headers=headers,
            transport=_Trying(transport or httpx.AsyncHTTPTransport(verify=wire.is_tls(self.url), limits=wire.LIMITS)),
        )
        self.runs = AsyncRunList(self)
        self.job_types = AsyncJobTypes(self)
        self.queues = AsyncQueues(self)
        self.schedules = AsyncSchedules(self)
        self._listenings: WeakSet[AsyncListening] = WeakSet()

    @property
    def api(self) -> GeneratedClient:
        """For the functions of `blazy_jobs._generated.api`: the whole API, on this client's connections."""
        from blazy_jobs._generated.client import Client as GeneratedClient

        return GeneratedClient(base_url=self.url).set_async_httpx_client(self._http)

    async def dispatch(
        self, job: str | Job, payload: Any = None, *, idempotency_key: str | None = None, **options: Any
    ) -> AsyncRun:
        """Makes a run and returns it at once. `options` as in `wire.dispatch_body`: queue, priority, delay, run_at,
        retry, timeout, expires, dedupe_key, tags, metadata."""
        body = wire.content(wire.dispatch_body(payload, **options))
        path = calls.path_of_job_type(job, "/runs")
        return AsyncRun(
            self, await self.request("POST", path, content=body, headers=wire.post_headers(idempotency_key))
        )

    async def dispatch_many(
        self, runs: Iterable[tuple[str | Job, Any] | Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> list[str]:
        """Makes a run of each (job, payload), or of each batch item as api.md has it, and gives their ids in order.

        Sent in batches of at most 10,000 runs and 15 MiB, of which each makes all of its runs or none. When one is
        refused, those before it stand: with an `idempotency_key` the same call sent again makes none of them twice.
        """
        key = idempotency_key or wire.fresh_key()
        ids: list[str] = []
        for place, body in enumerate(wire.batches(runs)):
            headers = wire.post_headers(wire.batch_key(key, place))
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
        async for event in self._follow(Following("/v1/events", params, after, "the stream", timeout)):
            yield event

    async def aclose(self) -> None:
        for listening in list(self._listenings):
            await listening.stop()
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def run(self, data: Mapping[str, Any]) -> AsyncRun:
        """A run that an answer shows."""
        return AsyncRun(self, data)

    async def request(self, method: str, path: str, *, waits_seconds: float = 0.0, **options: Any) -> Any:
        """The answer's JSON. `waits_seconds`: how much longer than usual the server may take, as it was asked to."""
        extensions = {"waits_seconds": waits_seconds, "repeatable": options.pop("repeatable", False)}
        try:
            return wire.read_json(await self._http.request(method, path, extensions=extensions, **options))
        except httpx.TransportError as error:
            raise ConnectionFailed(f"{self.url}: {error or type(error).__name__}") from error

    async def pages(self, path: str, params: Mapping[str, Any]) -> AsyncIterator[Any]:
        """The items of a list, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page = await self.request("GET", path, params={**params, **cursor})
            for item in page["data"]:
                yield item
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}

    async def _follow(self, place: Following) -> AsyncIterator[Event]:
        while not place.ended:
            options: dict[str, Any] = {"headers": place.headers(), "params": place.params}
            try:
                extensions = {"stream": True, "timeout": place.limits()}
                async with self._http.stream("GET", place.path, extensions=extensions, **options) as response:
                    if response.status_code == 200:
                        async for chunk in response.aiter_raw():
                            for event in place.feed(chunk):
                                yield event
                            place.deadline.left(0)
                        pause: float | None = place.pause()
                    else:
                        await response.aread()
                        pause = place.refused(response)
            except httpx.TransportError:
                pause = place.pause()
            if pause is not None:
                await asyncio.sleep(pause)


class AsyncRun(RunFacts):
    """A run, and what can be asked of it."""

    def __init__(self, client: AsyncClient, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self._client = client
        self._listening = AsyncListening(self.id, self.events)

    def on(self, type: str, listener: Listener) -> Self:
        """Calls `listener(event)` for each of its events of this type, or of all ("*"), from the first on, each once
        and in order; a coroutine function is awaited. "error" gets the exception, should it become impossible to
        follow. `wait` and `result` return when the listeners have heard of the end."""
        self._client._listenings.add(self._listening)
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
            seconds = deadline.left(wire.WAIT_SECONDS)
            params = {"wait_seconds": f"{seconds:.3f}"}
            try:
                self.data = await self._client.request(
                    "GET", f"/v1/runs/{self.id}", params=params, waits_seconds=seconds
                )
                outage.is_over()
            except ConnectionFailed:
                if not outage.goes_on(timeout):
                    raise
                await asyncio.sleep(deadline.left(wire.MAX_BACKOFF_SECONDS))
        await self._listening.join(deadline.rest(wire.LISTENERS_SECONDS))
        return self

    async def result(self, timeout: float | None = None) -> Any:
        """What its handler returned, when it has ended. Raises RunFailed, RunCancelled, and TimeoutError."""
        return (await self.wait(timeout)).outcome()

    async def cancel(self, reason: str | None = None) -> Self:
        """Asks for its end: at once where no handler runs, else its handler is told. Raises ApiError `run_finished`."""
        body = wire.content({"reason": reason} if reason is not None else {})
        headers = wire.post_headers(keyed=False)
        path = f"/v1/runs/{self.id}/cancel"
        try:
            self.data = await self._client.request("POST", path, content=body, headers=headers, repeatable=True)
        except ApiError as error:
            if error.code != "run_finished" or (await self.refresh()).state != "cancelled":
                raise
        return self

    async def replay(self, *, idempotency_key: str | None = None) -> AsyncRun:
        """A new run with the same payload."""
        headers = wire.post_headers(idempotency_key)
        return AsyncRun(self._client, await self._client.request("POST", f"/v1/runs/{self.id}/replay", headers=headers))

    async def events(self, *, after: int = 0, timeout: float | None = None) -> AsyncIterator[Event]:
        """Its events from the first (or after `seq`) to the final one, each once and in order, over reconnects.
        TimeoutError when it has not ended after `timeout` seconds."""
        cursor = str(after) if after else None
        async for event in self._client._follow(Following(f"/v1/runs/{self.id}/events", {}, cursor, self.id, timeout)):
            yield event
            if event.final:
                return


class AsyncRunList:
    """`client.runs`."""

    def __init__(self, client: AsyncClient) -> None:
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


class _Trying(httpx.AsyncBaseTransport):
    """Tries again below everything that uses the connections, the generated client too."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self._inner = inner

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if request.extensions.get("stream"):
            return await self._inner.handle_async_request(request)
        tries = Tries(request)
        while True:
            tries.begin(request)
            try:
                response = await self._inner.handle_async_request(request)
                await response.aread()
            except httpx.TransportError:
                pause = tries.pause(None)
                if pause is None:
                    raise
            else:
                pause = tries.pause(response)
                if pause is None:
                    return response
            await asyncio.sleep(pause)

    async def aclose(self) -> None:
        await self._inner.aclose()


_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncClient] = WeakKeyDictionary()


def default_client() -> AsyncClient:
    """The client of JOBS_URL and JOBS_API_KEY that jobs dispatch through, one for each event loop."""
    loop = asyncio.get_running_loop()
    client = _clients.get(loop)
    url, _ = wire.server_address(None, None)
    if client is None or client.url != url:
        client = _clients[loop] = AsyncClient()
    return client
