"""The jobs that an address of a web app serves, and how one attempt of them is carried out."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable
from typing import Any, Literal

from blazy_jobs.errors import NonRetryable, RetryAfter, Snooze
from blazy_jobs.job import Job
from blazy_jobs.jobs import Jobs
from blazy_jobs.payload import InvalidPayload
from blazy_jobs.receiving.attempt import Attempt
from blazy_jobs.receiving.context import Later
from blazy_jobs.receiving.messages import HandlerCall
from blazy_jobs.worker.executor import Executor, Unfinished
from blazy_jobs.worker.modules import Loaded
from blazy_jobs.worker.outcome import Report, of_stop
from blazy_jobs.worker.standing import Standing

Handled = Callable[..., Any] | Job | Jobs
"""A function, or a Job: takes all that is sent to its address. Jobs: each by its name, with their middleware."""
Completion = Literal["response", "report"]
"""As the job type says it. `response`: the answer is the outcome. `report`: the answer is `202`, before the work."""

_MEANT = (NonRetryable, RetryAfter, Snooze, InvalidPayload)

LATER = "later"
"""The type of the report of a handler whose outcome someone else reports."""

log = logging.getLogger("blazy_jobs.receiving")


class Served:
    """Raises DefinitionError for a handler that cannot be one."""

    def __init__(self, handled: Handled) -> None:
        self._jobs = Loaded()
        self._only: Job | None = None
        if isinstance(handled, Jobs):
            self._jobs.jobs = {job.name: job for job in handled}
            self._jobs.middlewares = {job.name: handled.middlewares for job in handled}
        else:
            job = self._only = handled if isinstance(handled, Job) else Job("handler", handled)
            self._jobs.jobs[job.name] = job
            self._jobs.middlewares[job.name] = job.middlewares[0] if job.middlewares else []
        self._inline = _Executor(self._jobs)
        self._threaded = _Executor(self._jobs, self._in_thread)

    def attempt(self, call: HandlerCall) -> Attempt | None:
        """None: nothing here serves this job type."""
        job = self._only or self._jobs.jobs.get(call.run.job_type)
        return None if job is None else Attempt(call, job)

    async def run(self, attempt: Attempt) -> Report:
        """On this loop, `def` handlers in threads. Ends the handler at its deadline, and when it is told to stop."""
        return await _stoppable(self._threaded, attempt)

    def run_here(self, attempt: Attempt) -> Report:
        """In this thread, `async def` handlers and middleware on a loop of their own."""
        executor = self._inline
        if not executor.is_bare(attempt.job):
            return asyncio.run(_stoppable(executor, attempt))
        report = executor.call(attempt)
        return asyncio.run(executor.finish(attempt, report)) if isinstance(report, Unfinished) else report

    async def _in_thread(self, standing: Standing, payload: Any) -> Any:
        return await self._threaded.called_in_thread(standing, payload)


class _Executor(Executor):
    """The worker's, with the exceptions of handlers in the app's own log."""

    def is_bare(self, job: Job) -> bool:
        return not job.is_async and not self._middlewares[job.name]

    def raised(self, standing: Standing, error: BaseException) -> Report:
        if standing.stop_reason is None and not isinstance(error, _MEANT):
            log.error("%s of %s failed", standing.run_id, standing.job.name, exc_info=error)
        return super().raised(standing, error)

    def returned(self, standing: Standing, value: Any) -> Report:
        return {"type": LATER} if isinstance(value, Later) else super().returned(standing, value)


async def _stoppable(executor: _Executor, attempt: Attempt) -> Report:
    loop = asyncio.get_running_loop()
    work = loop.create_task(executor.run(attempt))

    def stop() -> None:
        try:
            loop.call_soon_threadsafe(work.cancel)
        except RuntimeError:  # the loop is closed: it has ended
            return

    attempt.on_stop = stop
    timer = loop.call_later(attempt.call.seconds, attempt.stop, "timeout")
    try:
        while True:
            try:
                await asyncio.wait([work])
            except asyncio.CancelledError:
                attempt.release()
                continue
            # Cancelled before its first step, it has no report of its own.
            return of_stop(attempt.stop_reason or "release") if work.cancelled() else work.result()
    finally:
        timer.cancel()


def is_async(handler: Callable[..., Any]) -> bool:
    call = getattr(handler, "__call__", None)  # noqa: B004  # of an object that is called as a function
    return inspect.iscoroutinefunction(handler) or inspect.iscoroutinefunction(call)
