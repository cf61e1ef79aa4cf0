"""A run, and what can be asked of it, awaited."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from typing import Any, Generic, Literal, Self, Unpack, overload

from blazy_jobs.client import calls
from blazy_jobs.client.aio.bulk import AsyncBulk
from blazy_jobs.client.aio.connection import AsyncConnection
from blazy_jobs.client.event import Event
from blazy_jobs.client.facts import BulkPreview, RunCount, RunFacts
from blazy_jobs.client.fields import Explanation
from blazy_jobs.client.listening import AsyncListening, Listener, ListenerType
from blazy_jobs.client.stream import Following
from blazy_jobs.client.waiting import LISTENERS_SECONDS, Deadline
from blazy_jobs.declared import JobName, ResultT, reader_of
from blazy_jobs.options import BulkAction, EventType, RunChoice, RunFilters


class AsyncRun(RunFacts, Generic[ResultT]):
    """A run, and what can be asked of it. Of a `Job` it knows the type of its result."""

    def __init__(self, client: AsyncConnection, data: Mapping[str, Any], job: JobName | None = None) -> None:
        super().__init__(data)
        self._client = client
        self._job = job
        self._listening = AsyncListening(self.id, self.events)

    @overload
    def on(self, type: EventType | Literal["*"], listener: Callable[[Event], object]) -> Self: ...
    @overload
    def on(self, type: Literal["error"], listener: Callable[[Exception], object]) -> Self: ...
    def on(self, type: ListenerType, listener: Listener) -> Self:
        """Calls `listener(event)` for each of its events of this type, or of all ("*"), from the first on, each once
        and in order; a coroutine function is awaited. "error" gets the exception, should it become impossible to
        follow. `wait` and `result` return when the listeners have heard of the end. ValueError for any other type."""
        self._client.listenings.add(self._listening)
        self._listening.add(type, listener)
        return self

    async def refresh(self) -> Self:
        """Reads it anew."""
        self.data = await self._client.ask(calls.get_run(self.id))
        return self

    async def wait(self, timeout: float | None = None) -> Self:
        """Until it has ended. The server may be away meanwhile: until the `timeout` in seconds, after which
        TimeoutError is raised, or without one for a minute at a time, after which ConnectionFailed is."""
        deadline = Deadline(timeout, self.id)
        await self._client.carry_out(calls.waiting(self, deadline, timeout))
        await self._listening.join(deadline.rest(LISTENERS_SECONDS))
        return self

    async def result(self, timeout: float | None = None) -> ResultT:
        """What its handler returned, when it has ended. Dispatched by its `Job`, it is read by the handler's
        annotation: a model is a model again. Raises RunFailed, RunCancelled, TimeoutError, and ValueError where it
        does not fit."""
        await self.wait(timeout)
        result: ResultT = reader_of(self._job)(self.outcome())
        return result

    async def cancel(self, reason: str | None = None) -> Self:
        """Asks for its end: at once where no handler runs, else its handler is told. Raises ApiError `run_finished`."""
        await self._client.carry_out(calls.cancelling(self, reason))
        return self

    async def explain(self) -> Explanation:
        """Why it is where it is, in plain words."""
        return await self._client.ask(calls.explain(self.id))

    async def resolve(self) -> Self:
        """Nothing is left to be done about its failure. Raises ApiError `run_not_failed`."""
        self.data = await self._client.ask(calls.resolve(self.id))
        return self

    async def run_now(self) -> Self:
        """A scheduled or retrying run is due at once. Raises ApiError `run_not_waiting` of any other, or
        `run_finished`."""
        self.data = await self._client.ask(calls.run_now(self.id))
        return self

    async def replay(self, *, payload: Any = calls.SAME, idempotency_key: str | None = None) -> AsyncRun[ResultT]:
        """A new run with the same payload, or this one."""
        data = await self._client.ask(calls.replay(self.id, idempotency_key, payload))
        return AsyncRun(self._client, data, self._job)

    async def events(self, *, after: int = 0, timeout: float | None = None) -> AsyncIterator[Event]:
        """Its events from the first (or after `seq`) to the final one, each once and in order, over reconnects.
        TimeoutError when it has not ended after `timeout` seconds."""
        cursor = str(after) if after else None
        place = Following(calls.path_of_run(self.id, "/events"), {}, cursor, self.id, timeout, Event.read)
        async for event in self._client.follow(place):
            yield event
            if event.final:
                return


class AsyncRunList:
    """`client.runs`."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client

    async def get(self, run_id: str) -> AsyncRun:
        """Raises ApiError `run_not_found`."""
        return AsyncRun(self._client, await self._client.ask(calls.get_run(run_id)))

    async def explain(self, run_id: str) -> Explanation:
        """Why it is where it is, in plain words. Raises ApiError `run_not_found`."""
        return await self._client.ask(calls.explain(run_id))

    def list(self, **filters: Unpack[RunFilters]) -> AsyncIterator[AsyncRun]:
        """Newest first, page by page; `limit` is that of a page. TypeError for a filter that there is not, ValueError
        for one that cannot be, such as a datetime without a time zone."""
        return self._list(calls.run_filters(filters))

    async def _list(self, params: Mapping[str, Any]) -> AsyncIterator[AsyncRun]:
        async for run in self._client.pages("/v1/runs", params):
            yield AsyncRun(self._client, run)

    async def count(self, **where: Unpack[RunChoice]) -> RunCount:
        """How many runs there are: exactly by state, job type and queue, otherwise up to 10,000. TypeError and
        ValueError as of `list`."""
        return await self._client.ask(calls.count_runs(where))

    @overload
    async def bulk(
        self,
        action: BulkAction,
        *,
        dry_run: Literal[True],
        ids: Iterable[str] | None = None,
        all: bool = False,
        priority: int | None = None,
        **where: Unpack[RunChoice],
    ) -> BulkPreview: ...
    @overload
    async def bulk(
        self,
        action: BulkAction,
        *,
        dry_run: Literal[False] = False,
        ids: Iterable[str] | None = None,
        all: bool = False,
        priority: int | None = None,
        expect_at_most: int | None = None,
        **where: Unpack[RunChoice],
    ) -> AsyncBulk: ...
    async def bulk(
        self,
        action: BulkAction,
        *,
        dry_run: bool = False,
        ids: Iterable[str] | None = None,
        all: bool = False,
        priority: int | None = None,
        expect_at_most: int | None = None,
        **where: Unpack[RunChoice],
    ) -> AsyncBulk | BulkPreview:
        """Does it with all runs that fit `where`, or with those named, in the background; with a dry run it says what
        would be done. Sent once. Raises ApiError `filter_required` where neither is given and not `all`, and
        `too_many_matches`. TypeError and ValueError as of `list`."""
        options = {"dry_run": dry_run, "all": all, "priority": priority, "expect_at_most": expect_at_most}
        answer = await self._client.ask(calls.bulk(action, ids, options, where))
        return BulkPreview(answer) if dry_run else AsyncBulk(self._client, answer)

    async def get_bulk(self, bulk_id: str) -> AsyncBulk:
        """The bulk operation of this id. Raises ApiError `bulk_not_found`."""
        return AsyncBulk(self._client, await self._client.ask(calls.get_bulk(bulk_id)))
