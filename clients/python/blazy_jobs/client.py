"""The client: dispatches runs, waits for them, follows their events. Its asynchronous twin is async_client.py."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

import httpx

from blazy_jobs import calls, wire
from blazy_jobs.definitions import JobTypes, Queues, Schedules
from blazy_jobs.errors import ApiError, ConnectionFailed
from blazy_jobs.job import Job
from blazy_jobs.listening import Listener, Listening
from blazy_jobs.wire import Deadline, Event, Following, Outage, RunFacts, Tries

if TYPE_CHECKING:
    from blazy_jobs._generated.client import Client as GeneratedClient


class Client:
    """Of the server at `url` (or JOBS_URL), with `api_key` (or JOBS_API_KEY). For any number of threads.

    Connection failures, 429 and 503 are tried again, five times within ten seconds; a dispatch carries an
    Idempotency-Key, so that it makes one run. Raises ApiError and ConnectionFailed.
    """

    def __init__(
        self, url: str | None = None, *, api_key: str | None = None, transport: httpx.BaseTransport | None = None
    ) -> None:
        self.url, headers = wire.server_address(url, api_key)
        self._http = httpx.Client(
            base_url=self.url,
            headers=headers,
            transport=_Trying(transport or httpx.HTTPTransport(verify=wire.is_tls(self.url), limits=wire.LIMITS)),
        )
        self.runs = RunList(self)
        self.job_types = JobTypes(self)
        self.queues = Queues(self)
        self.schedules = Schedules(self)

    @property
    def api(self) -> GeneratedClient:
        """For the functions of `blazy_jobs._generated.api`: the whole API, on this client's connections."""
        from blazy_jobs._generated.client import Client as GeneratedClient

        return GeneratedClient(base_url=self.url).set_httpx_client(self._http)

    def dispatch(
        self, job: str | Job, payload: Any = None, *, idempotency_key: str | None = None, **options: Any
    ) -> Run:
        """Makes a run and returns it at once. `options` as in `wire.dispatch_body`: queue, priority, delay, run_at,
        retry, timeout, expires, dedupe_key, tags, metadata."""
        body = wire.content(wire.dispatch_body(payload, **options))
        path = calls.path_of_job_type(job, "/runs")
        return Run(self, self.request("POST", path, content=body, headers=wire.post_headers(idempotency_key)))

    def dispatch_many(
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
            answer = self.request("POST", "/v1/runs/batch", content=body, headers=headers)
            ids += [run["id"] for run in answer["data"]]
        return ids

    def events(
        self,
        *,
        type: Sequence[str] = (),
        job_type: str | None = None,
        queue: str | None = None,
        tag: str | None = None,
        after: str | None = None,
        from_start: bool = False,
        timeout: float | None = None,
    ) -> Iterator[Event]:
        """The events of all runs from now on (or after an event's `cursor`, or from all that is kept), each once and in
        order, over reconnects. TimeoutError after `timeout` seconds."""
        known = {"job_type": job_type, "queue": queue, "tag": tag, "from": "start" if from_start else None}
        params = {"type": list(type), **{name: value for name, value in known.items() if value is not None}}
        yield from self._follow(Following("/v1/events", params, after, "the stream", timeout))

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def run(self, data: Mapping[str, Any]) -> Run:
        """A run that an answer shows."""
        return Run(self, data)

    def request(self, method: str, path: str, *, waits_seconds: float = 0.0, **options: Any) -> Any:
        """The answer's JSON. `waits_seconds`: how much longer than usual the server may take, as it was asked to."""
        extensions = {"waits_seconds": waits_seconds, "repeatable": options.pop("repeatable", False)}
        try:
            return wire.read_json(self._http.request(method, path, extensions=extensions, **options))
        except httpx.TransportError as error:
            raise ConnectionFailed(f"{self.url}: {error or type(error).__name__}") from error

    def pages(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]:
        """The items of a list, page by page."""
        cursor: dict[str, str] = {}
        while True:
            page = self.request("GET", path, params={**params, **cursor})
            yield from page["data"]
            if page["next_cursor"] is None:
                return
            cursor = {"cursor": page["next_cursor"]}

    def _follow(self, place: Following) -> Iterator[Event]:
        while not place.ended:
            options: dict[str, Any] = {"headers": place.headers(), "params": place.params}
            try:
                extensions = {"stream": True, "timeout": place.limits()}
                with self._http.stream("GET", place.path, extensions=extensions, **options) as response:
                    if response.status_code == 200:
                        for chunk in response.iter_raw():
                            yield from place.feed(chunk)
                            place.deadline.left(0)
                        pause: float | None = place.pause()
                    else:
                        response.read()
                        pause = place.refused(response)
            except httpx.TransportError:
                if self._http.is_closed:
                    raise
                pause = place.pause()
            if pause is not None:
                time.sleep(pause)


class Run(RunFacts):
    """A run, and what can be asked of it."""

    def __init__(self, client: Client, data: Mapping[str, Any]) -> None:
        super().__init__(data)
        self._client = client
        self._listening = Listening(self.id, self.events)

    def on(self, type: str, listener: Listener) -> Self:
        """Calls `listener(event)` for each of its events of this type, or of all ("*"), from the first on, each once
        and in order, in a thread that follows the run. "error" gets the exception, should it become impossible to
        follow. `wait` and `result` return when the listeners have heard of the end."""
        self._listening.add(type, listener)
        return self

    def refresh(self) -> Self:
        """Reads it anew."""
        self.data = self._client.request("GET", f"/v1/runs/{self.id}")
        return self

    def wait(self, timeout: float | None = None) -> Self:
        """Until it has ended. The server may be away meanwhile: until the `timeout` in seconds, after which
        TimeoutError is raised, or without one for a minute at a time, after which ConnectionFailed is."""
        deadline, outage = Deadline(timeout, self.id), Outage()
        while not self.finished:
            seconds = deadline.left(wire.WAIT_SECONDS)
            params = {"wait_seconds": f"{seconds:.3f}"}
            try:
                self.data = self._client.request("GET", f"/v1/runs/{self.id}", params=params, waits_seconds=seconds)
                outage.is_over()
            except ConnectionFailed:
                if not outage.goes_on(timeout):
                    raise
                time.sleep(deadline.left(wire.MAX_BACKOFF_SECONDS))
        self._listening.join(deadline.rest(wire.LISTENERS_SECONDS))
        return self

    def result(self, timeout: float | None = None) -> Any:
        """What its handler returned, when it has ended. Raises RunFailed, RunCancelled, and TimeoutError."""
        return self.wait(timeout).outcome()

    def cancel(self, reason: str | None = None) -> Self:
        """Asks for its end: at once where no handler runs, else its handler is told. Raises ApiError `run_finished`."""
        body = wire.content({"reason": reason} if reason is not None else {})
        headers = wire.post_headers(keyed=False)
        path = f"/v1/runs/{self.id}/cancel"
        try:
            self.data = self._client.request("POST", path, content=body, headers=headers, repeatable=True)
        except ApiError as error:
            if error.code != "run_finished" or self.refresh().state != "cancelled":
                raise
        return self

    def replay(self, *, idempotency_key: str | None = None) -> Run:
        """A new run with the same payload."""
        headers = wire.post_headers(idempotency_key)
        return Run(self._client, self._client.request("POST", f"/v1/runs/{self.id}/replay", headers=headers))

    def events(self, *, after: int = 0, timeout: float | None = None) -> Iterator[Event]:
        """Its events from the first (or after `seq`) to the final one, each once and in order, over reconnects.
        TimeoutError when it has not ended after `timeout` seconds."""
        cursor = str(after) if after else None
        for event in self._client._follow(Following(f"/v1/runs/{self.id}/events", {}, cursor, self.id, timeout)):
            yield event
            if event.final:
                return


class RunList:
    """`client.runs`."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def get(self, run_id: str) -> Run:
        """Raises ApiError `run_not_found`."""
        return Run(self._client, self._client.request("GET", f"/v1/runs/{quote(run_id, safe='')}"))

    def list(self, **filters: Any) -> Iterator[Run]:
        """Newest first, page by page. Filters: state (one or several), job_type, queue, tag, schedule, created_after,
        created_before, limit (of a page)."""
        params = {name: value for name, value in filters.items() if value is not None}
        for run in self._client.pages("/v1/runs", params):
            yield Run(self._client, run)


class _Trying(httpx.BaseTransport):
    """Tries again below everything that uses the connections, the generated client too."""

    def __init__(self, inner: httpx.BaseTransport) -> None:
        self._inner = inner

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        if request.extensions.get("stream"):
            return self._inner.handle_request(request)
        tries = Tries(request)
        while True:
            tries.begin(request)
            try:
                response = self._inner.handle_request(request)
                response.read()
            except httpx.TransportError:
                pause = tries.pause(None)
                if pause is None:
                    raise
            else:
                pause = tries.pause(response)
                if pause is None:
                    return response
            time.sleep(pause)

    def close(self) -> None:
        self._inner.close()
