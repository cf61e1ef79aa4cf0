"""Carries out an attempt on a loop of this process, and stops it as a worker would, but for the killing."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import orjson

from blazy_jobs.errors import HandlerFailed, Stopped
from blazy_jobs.payload import sendable
from blazy_jobs.testing.trial import Sitting, Trial
from blazy_jobs.worker.executor import Executor, until_done, value_of
from blazy_jobs.worker.modules import Loaded
from blazy_jobs.worker.outcome import Report, of_stop
from blazy_jobs.worker.standing import Standing, current

#: Calls something away from the loop that asks for it.
Submit = Callable[[Callable[[], Report]], "asyncio.Future[Report]"]


class Course:
    """One attempt. `grace_seconds` after it was told to stop, it is given up."""

    def __init__(self, standing: Sitting, executor: Executor, grace_seconds: float) -> None:
        self._standing = standing
        self.executor = executor
        self._grace_seconds = grace_seconds
        self._loop: asyncio.AbstractEventLoop | None = None
        self._task: asyncio.Task[Report] | None = None
        self._given_up: asyncio.Future[None] | None = None
        self._timers: list[asyncio.TimerHandle] = []
        self._told = False
        self.killed = False

    async def run(self, cancel_after: float | None = None) -> Report:
        """Its report, when it has ended or is given up. Times by the loop's clock."""
        loop = self._loop = asyncio.get_running_loop()
        self._given_up = loop.create_future()
        self._task = loop.create_task(self.executor.run(self._standing))
        self._timers.append(loop.call_later(float(self._standing.run["timeout_seconds"]), self.stop, "timeout"))
        if cancel_after is not None:
            self._timers.append(loop.call_later(cancel_after, self.stop, "cancel"))
        try:
            ends: list[asyncio.Future[Any]] = [self._task, self._given_up]
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for timer in self._timers:
                timer.cancel()
            if not self._task.done():
                self._task.cancel()
        if self._given_up.done():
            self.killed = True
            return of_stop(self._standing.stop_reason or "release")
        return self._task.result()

    def stop(self, reason: str, *, at_once: bool = False) -> None:
        """On its loop. Only the first reason counts."""
        if self._told or self._loop is None or self._task is None or self._task.done():
            return
        self._told = True
        standing = self._standing
        if standing.stop_reason is None:
            standing.stop_reason = reason
            standing.stop_at = self._loop.time()  # monotonic, or the clock's: the standing's own time in either case
        # A task that is cancelled before its first step would never report: its first step is due before this call.
        if at_once:
            self._task.cancel()
        else:
            self._loop.call_soon(self._task.cancel)
        self._timers.append(self._loop.call_at(standing.stop_at + self._grace_seconds, self._give_up))

    def stop_soon(self, reason: str) -> None:
        """From any thread; from the handler's own task it comes with its next await."""
        if self._loop is None or self._loop.is_closed():
            return
        if running_loop() is self._loop:
            self.stop(reason, at_once=True)
        else:
            self._loop.call_soon_threadsafe(self.stop, reason)

    def abandon(self) -> None:
        """On its loop: nobody waits for it any more."""
        self.stop("release")
        self._give_up()

    def _give_up(self) -> None:
        if self._given_up is not None and not self._given_up.done():
            self._given_up.set_result(None)


def executor_of(loaded: Loaded, submit: Submit) -> Executor:
    """The worker's executor, with process handlers as `submit` calls them.

    As from a process of their own, only JSON comes back to middleware, a failure is HandlerFailed, and the context
    variables that middleware sets don't cross.
    """
    inner = _Watched(Loaded(jobs=loaded.jobs, middlewares=defaultdict(list)))
    context = contextvars.copy_context()

    def call(standing: Sitting) -> Report:
        current.set(standing)
        with standing.in_handler():
            try:
                ended = inner.call(standing)
                return ended if isinstance(ended, dict) else asyncio.run(inner.finish(standing, ended))
            except Stopped:  # between the handler's end and this line
                return of_stop(standing.stop_reason or "release")

    async def run_process(standing: Standing, payload: Any) -> Any:
        assert isinstance(standing, Sitting)
        standing.run = {**standing.run, "payload": orjson.loads(sendable(payload))}
        if standing.job.is_async:
            loop = asyncio.get_running_loop()
            report = await loop.create_task(inner.run(standing), context=context.copy())
        else:
            work = submit(functools.partial(context.copy().run, call, standing))
            report = await until_done(work, standing.interrupt)
        return value_of(orjson.loads(orjson.dumps(report)), standing.stop_reason)

    return _Watched(loaded, run_process)


def running_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None


class _Watched(Executor):
    """Keeps what was raised, for the test to see."""

    def raised(self, standing: Standing, error: BaseException) -> Report:
        if isinstance(standing, Trial) and not isinstance(error, HandlerFailed):
            standing.exception = error
        return super().raised(standing, error)
