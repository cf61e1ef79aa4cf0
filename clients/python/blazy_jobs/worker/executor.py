"""Runs middleware and handler of one attempt on a loop, and turns the end into a report."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import orjson

from blazy_jobs.context import JobContext, Middleware, MiddlewareRun
from blazy_jobs.errors import HandlerFailed
from blazy_jobs.payload import sendable
from blazy_jobs.tracing import processing
from blazy_jobs.worker.descriptors import say_if_run_out
from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.modules import Loaded
from blazy_jobs.worker.outcome import Report, max_result_bytes, of_error, of_value
from blazy_jobs.worker.standing import Standing, current, leave_if_forked

MAX_THREADS = 64

log = Log("blazy_jobs.worker")

#: Runs a process handler with this payload, from inside its middleware.
RunProcess = Callable[[Standing, Any], Awaitable[Any]]


class Unfinished(NamedTuple):
    """What a `def` handler has returned that must be awaited, as a decorator's function around an `async def` does."""

    work: Awaitable[Any]


class Executor:
    """`run_process` None: this process is the handler's own, where it is called as it is. `threads` as many as runs may
    be in hand: none waits for a thread while its time runs."""

    def __init__(self, loaded: Loaded, run_process: RunProcess | None = None, threads: int = MAX_THREADS) -> None:
        self._middlewares = loaded.middlewares
        self._run_process = run_process
        self._max_result_bytes = max_result_bytes()
        self._tracing = processing.of_worker()
        self._most_threads = threads
        self._threads: ThreadPoolExecutor | None = None

    async def run(self, standing: Standing) -> Report:
        """Never raises."""
        current.set(standing)
        raised: BaseException | None = None
        self._begin_span(standing)
        try:
            job = standing.job
            if middlewares := self._middlewares[job.name]:
                value = await self._wrapped(standing, middlewares)
            else:
                value = self._called(standing, standing.payload)
                if inspect.isawaitable(value):
                    value = await value
        except BaseException as error:  # noqa: BLE001 - SystemExit and the like end the attempt, not the process
            report, raised = self.raised(standing, error), error
        else:
            report = self.returned(standing, value)
        return self._end_span(standing, report, raised)

    def call(self, standing: Standing) -> Report | Unfinished:
        """A sync handler without middleware, in this thread. Never raises but for a stop that comes too late."""
        raised: BaseException | None = None
        self._begin_span(standing)
        try:
            value = self._call_handler(standing, standing.payload)
            if inspect.isawaitable(value):
                if standing.span is not None:
                    standing.span.leave()
                return Unfinished(value)
        except BaseException as error:  # noqa: BLE001 - as above
            report, raised = self.raised(standing, error), error
        else:
            report = self.returned(standing, value)
        return self._end_span(standing, report, raised)

    async def finish(self, standing: Standing, unfinished: Unfinished) -> Report:
        """Never raises."""
        current.set(standing)
        raised: BaseException | None = None
        if standing.span is not None:
            standing.span.enter()
        try:
            value = await unfinished.work
        except BaseException as error:  # noqa: BLE001 - as above
            report, raised = self.raised(standing, error), error
        else:
            report = self.returned(standing, value)
        return self._end_span(standing, report, raised)

    def raised(self, standing: Standing, error: BaseException) -> Report:
        leave_if_forked(standing)
        say_if_run_out(error)
        return of_error(error, standing.stop_reason)

    def returned(self, standing: Standing, value: Any) -> Report:
        leave_if_forked(standing)
        return of_value(value, standing.stop_reason, self._max_result_bytes)

    # -- spans, whose trouble is never the run's

    def _begin_span(self, standing: Standing) -> None:
        if self._tracing is not None:
            try:
                standing.span = self._tracing.begin(standing.run, standing.claim, standing.caller)
            except Exception as error:  # noqa: BLE001 - of a processor or sampler of the user's
                log.warning("a span could not be begun", run_id=standing.run_id, error_type=type(error).__name__)

    def _end_span(self, standing: Standing, report: Report, raised: BaseException | None) -> Report:
        if standing.span is not None:
            try:
                standing.span.end(report, raised)
            except Exception as error:  # noqa: BLE001 - as above
                log.warning("a span could not be ended", run_id=standing.run_id, error_type=type(error).__name__)
        return report

    def close(self) -> None:
        """Lets go of the threads of handlers, which end by themselves."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)

    async def _wrapped(self, standing: Standing, middlewares: list[Middleware]) -> Any:
        async def innermost(run: MiddlewareRun) -> Any:
            payload = run.payload
            if standing.job.isolation == "process" and self._run_process is None:
                payload = orjson.loads(sendable(payload))  # as it comes from a process of its own
            return await self._handle(standing, payload)

        call_next: Callable[[MiddlewareRun], Awaitable[Any]] = innermost
        for middleware in reversed(middlewares):
            call_next = functools.partial(_call, middleware, call_next)
        return await call_next(MiddlewareRun(standing.run, standing.context))

    async def _handle(self, standing: Standing, payload: Any) -> Any:
        value = self._called(standing, payload)
        return await value if inspect.isawaitable(value) else value

    def _called(self, standing: Standing, payload: Any) -> Any:
        """What the handler has returned, or what is to be awaited for it."""
        isolation = standing.job.isolation
        if isolation == "async" or self._run_process is None:
            return self._call_handler(standing, payload)
        if isolation == "process":
            return self._run_process(standing, payload)
        return self.called_in_thread(standing, payload)

    async def called_in_thread(self, standing: Standing, payload: Any) -> Any:
        job = standing.job
        call = functools.partial(job.intake.call, job.handler, job.intake.read(payload), _context_of(standing))
        value = await self._in_thread(call)
        return await value if inspect.isawaitable(value) else value

    def _call_handler(self, standing: Standing, payload: Any) -> Any:
        job = standing.job
        return job.intake.call(job.handler, job.intake.read(payload), _context_of(standing))

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        """A thread cannot be stopped: a cancel is passed on after it has ended by itself."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._most_threads, "handler")
        loop = asyncio.get_running_loop()
        work = loop.run_in_executor(self._threads, contextvars.copy_context().run, _no_stop_iteration, call)
        return await until_done(work)


async def until_done(work: asyncio.Future[Any], on_cancel: Callable[[], None] | None = None) -> Any:
    """Waits for `work` also while this task is cancelled; the cancel is raised after it, unless it brought a value."""
    cancelled: asyncio.CancelledError | None = None
    while not work.done():
        try:
            await asyncio.wait([work])
        except asyncio.CancelledError as error:
            cancelled = cancelled or error
            if on_cancel is not None:
                on_cancel()
    if cancelled is not None and (work.cancelled() or work.exception() is not None):
        raise cancelled
    return work.result()


def value_of(report: Report, stop_reason: str | None) -> Any:
    """What a process handler's report, decoded, is to its middleware. Raises HandlerFailed, or CancelledError where the
    handler was stopped."""
    if report["type"] == "completed":
        return report["result"]
    if stop_reason is not None or report["type"] in ("cancelled", "released"):
        raise asyncio.CancelledError
    raise HandlerFailed({key: value for key, value in report.items() if key not in _PLACE})


_PLACE = ("run_id", "attempt", "lease_token")


def _context_of(standing: Standing) -> JobContext | None:
    return standing.context if standing.job.intake.takes_context else None


def close_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Cancels the tasks that are left, and closes it. What does not end within a second by its time stays behind."""
    leftover = asyncio.all_tasks(loop)
    for task in leftover:
        task.cancel()
    if leftover:
        loop.run_until_complete(asyncio.wait(leftover, timeout=1.0))
    loop.run_until_complete(loop.shutdown_asyncgens())
    asyncio.set_event_loop(None)
    loop.close()


def _no_stop_iteration(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except StopIteration as error:  # a future cannot carry it
        raise RuntimeError("the handler raised StopIteration") from error


async def _call(
    middleware: Middleware, call_next: Callable[[MiddlewareRun], Awaitable[Any]], run: MiddlewareRun
) -> Any:
    def proceed(given: MiddlewareRun | None = None) -> Awaitable[Any]:
        """Without an argument it goes on with the same run."""
        return call_next(run if given is None else given)

    value = middleware(run, proceed)
    return await value if inspect.isawaitable(value) else value
