"""Runs middleware and handler of one attempt on a loop, and turns the end into a report."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import inspect
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from blazy_jobs.context import MiddlewareRun
from blazy_jobs.jobs import Middleware
from blazy_jobs.worker.modules import Loaded
from blazy_jobs.worker.outcome import Report, max_result_bytes, of_error, of_value
from blazy_jobs.worker.standing import Standing, current, leave_if_forked

MAX_THREADS = 64

#: Runs a process handler with this payload, from inside its middleware.
RunProcess = Callable[[Standing, Any], Awaitable[Any]]


class Executor:
    """`run_process` None: this process is the handler's own, where it is called as it is."""

    def __init__(self, loaded: Loaded, run_process: RunProcess | None = None) -> None:
        self._middlewares = loaded.middlewares
        self._run_process = run_process
        self._max_result_bytes = max_result_bytes()
        self._threads: ThreadPoolExecutor | None = None

    async def run(self, standing: Standing) -> Report:
        """Never raises."""
        current.set(standing)
        try:
            middlewares = self._middlewares[standing.job.name]
            if middlewares:
                value = await self._wrapped(standing, middlewares)
            else:
                value = await self._handle(standing, standing.run["payload"])
        except BaseException as error:  # noqa: BLE001 - SystemExit and the like end the attempt, not the process
            leave_if_forked()
            return of_error(error, standing.stop_reason)
        leave_if_forked()
        return of_value(value, standing.stop_reason, self._max_result_bytes)

    def call(self, standing: Standing) -> Report:
        """A sync handler without middleware, in this thread. Never raises but for a stop that comes too late."""
        try:
            arguments = standing.job.intake.arguments(standing.run["payload"], standing.context)
            value = standing.job.handler(*arguments)
        except BaseException as error:  # noqa: BLE001 - as above
            leave_if_forked()
            return of_error(error, standing.stop_reason)
        leave_if_forked()
        return of_value(value, standing.stop_reason, self._max_result_bytes)

    async def _wrapped(self, standing: Standing, middlewares: list[Middleware]) -> Any:
        async def innermost(run: MiddlewareRun) -> Any:
            return await self._handle(standing, run.payload)

        call_next: Callable[[MiddlewareRun], Awaitable[Any]] = innermost
        for middleware in reversed(middlewares):
            call_next = functools.partial(_call, middleware, call_next)
        return await call_next(MiddlewareRun(standing.run, standing.context))

    async def _handle(self, standing: Standing, payload: Any) -> Any:
        job = standing.job
        if job.isolation == "process" and self._run_process is not None:
            return await self._run_process(standing, payload)
        arguments = job.intake.arguments(payload, standing.context)
        if job.isolation == "thread" and self._run_process is not None:
            return await self._in_thread(functools.partial(job.handler, *arguments))
        value = job.handler(*arguments)
        return await value if inspect.isawaitable(value) else value

    async def _in_thread(self, call: Callable[[], Any]) -> Any:
        """A thread cannot be stopped: a cancel is passed on after it has ended by itself."""
        if self._threads is None:
            self._threads = ThreadPoolExecutor(MAX_THREADS, "handler")
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


def _no_stop_iteration(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except StopIteration as error:  # a future cannot carry it
        raise RuntimeError("the handler raised StopIteration") from error


async def _call(
    middleware: Middleware, call_next: Callable[[MiddlewareRun], Awaitable[Any]], run: MiddlewareRun
) -> Any:
    return await middleware(run, call_next)
