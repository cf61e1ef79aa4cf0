"""`run_job`: a run in this process, without a server, by the steps of a worker."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from queue import SimpleQueue
from typing import Any, Unpack

from blazy_jobs.job import Job
from blazy_jobs.testing.course import Course, executor_of, running_loop
from blazy_jobs.testing.log_capture import logs_caught
from blazy_jobs.testing.loop import ClockLoop
from blazy_jobs.testing.outcome import Outcome, verdict
from blazy_jobs.testing.plan import Options, Plan
from blazy_jobs.testing.trial import Sitting, Trial
from blazy_jobs.worker.executor import close_loop
from blazy_jobs.worker.outcome import Report
from blazy_jobs.worker.surroundings import Settings

STOP_SIGNAL = signal.SIGUSR2


def run_job(job: Job, payload: Any = None, **options: Unpack[Options]) -> Outcome:
    """Runs a job's handler inside its middleware, here and now, and says what came of it.

    The payload goes through JSON and the handler's type, the result is checked, and exceptions, `ctx.log` and standard
    `logging` become what a worker makes of them. What a handler raises is not raised here, but for what belongs to the
    test: KeyboardInterrupt and the like. A payload that is no JSON is a ValueError, as at dispatch. A `payload_schema`
    or `result_schema` that is written by hand is the server's to check: that takes `JobsServer`.

    What is run: `attempt` (1), `tags`, `metadata`, `queue`, `run_id` (a new one for each call), and `retry` and
    `timeout` as a dispatch may bring them. `jobs` says whose middleware is around the handler: left out, that of the
    `Jobs` which the job was added to; `jobs=Jobs()` is without any.

    How it goes: `cancel_after` cancels it so long after its first attempt began, `cancel_when(progress)` when that is
    true of something that it says. With `retries=True` it goes on while its state is `retrying`; the last attempt's
    outcome has the `earlier` ones. Delays between attempts are never waited for, and have no jitter, unless `jitter`
    says what shall be drawn: 0 for the shortest delay, 1 for the whole. `clock` is a `Clock` that the run goes by
    instead of real time; it is moved by the delays too.

    How it is stopped by its timeout or a cancel: the task of an `async def` handler is cancelled. A `def` handler gets
    `Stopped` where it next speaks through its context or moves the clock; without a `clock`, and with `run_job` called
    in the main thread, wherever it is, by a signal (SIGUSR2). One with `isolation="thread"` can only look at
    `ctx.cancelled`. Nobody is killed: what still goes on JOBS_STOP_GRACE_SECONDS (5) after it was told to stop is given
    up, and `outcome.killed` is true; a `def` handler must end by itself even then.

    Where it runs: a `def` handler in the calling thread, without an event loop there, and its middleware in another
    thread; all else on an event loop in the calling thread. Where a loop runs there already, everything is done in a
    thread while the caller waits; `arun_job` is better then. What a crash does to a worker shows only with a worker.
    """
    plan = Plan(job=job, payload=payload, **options)
    if running_loop() is None:
        return _rehearse(plan)
    with ThreadPoolExecutor(1, "run_job") as thread:
        return thread.submit(contextvars.copy_context().run, _rehearse, plan).result()


async def arun_job(job: Job, payload: Any = None, **options: Unpack[Options]) -> Outcome:
    """As `run_job`, awaited. The handler runs on this event loop; a `def` handler, and all that goes by a `clock`, in a
    thread of its own."""
    plan = Plan(job=job, payload=payload, **options)
    if plan.clock is not None or plan.needs_a_thread:
        return await asyncio.to_thread(_rehearse, plan)
    loop = asyncio.get_running_loop()
    with logs_caught():
        rehearsal = Rehearsal(plan)
        while True:
            trial = rehearsal.begin()
            course = _course(plan, trial, lambda call: loop.run_in_executor(None, call))
            try:
                report = await course.run(rehearsal.cancel_seconds)
            finally:
                course.executor.close()
            if (outcome := rehearsal.end(trial, report, course.killed)) is not None:
                return outcome


class Rehearsal:
    """The attempts of one run: `begin` and `end` in turn, until there is an outcome."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._attempt = plan.attempt
        self._earlier: list[Outcome] = []
        self.cancel_seconds = plan.cancel_seconds
        """How long after the next attempt's beginning it is cancelled."""

    def begin(self) -> Trial:
        plan = self._plan
        return Trial(plan.lease(self._attempt), plan.job, plan.clock, self.cancel_seconds, plan.cancel_when)

    def end(self, trial: Trial, report: Report, killed: bool) -> Outcome | None:
        trial.recorder.take(0.0, last=True)
        if trial.exception is not None and _belongs_to_the_test(trial.exception):
            raise trial.exception
        plan = self._plan
        seconds = trial.time() - trial.begun
        judged = verdict(report, self._attempt, plan.settings, plan.jitter, trial.stop_reason == "cancel")
        outcome = Outcome(
            **judged,
            exception=None if judged["state"] == "completed" else trial.exception,
            progress=list(trial.recorder.words),
            logs=list(trial.recorder.lines),
            run_id=trial.run_id,
            attempt=self._attempt,
            max_attempts=plan.settings.max_attempts,
            seconds=seconds,
            killed=killed,
            earlier=list(self._earlier),
        )
        if not plan.retries or outcome.state != "retrying":
            return outcome
        return self._wait(outcome)

    def _wait(self, outcome: Outcome) -> Outcome | None:
        """The time until the next attempt, in none. The outcome, where the cancel comes meanwhile."""
        delay_seconds = outcome.due_in_seconds or 0.0
        if self.cancel_seconds is not None:
            left_seconds = max(0.0, self.cancel_seconds - outcome.seconds)
            if left_seconds < delay_seconds:
                self._move(left_seconds)
                return replace(outcome, state="cancelled", due_in_seconds=None)
            self.cancel_seconds = left_seconds - delay_seconds
        self._move(delay_seconds)
        self._earlier.append(outcome)
        self._attempt += 1
        return None

    def _move(self, seconds: float) -> None:
        if self._plan.clock is not None:
            self._plan.clock.move(seconds)


def _belongs_to_the_test(error: BaseException) -> bool:
    """What ends a test, Ctrl-C or pytest's own, and no handler's way to fail."""
    return not isinstance(error, Exception | asyncio.CancelledError | SystemExit | GeneratorExit)


def _rehearse(plan: Plan) -> Outcome:
    """In a thread where no event loop runs."""
    with logs_caught(), ExitStack() as around:
        if plan.needs_a_thread:
            settings = Settings()  # which its worker would put back, too
            around.callback(settings.close)
            around.callback(settings.restore)
        rehearsal = Rehearsal(plan)
        while True:
            trial = rehearsal.begin()
            stage = Stage(plan, trial)
            report = stage.perform(rehearsal.cancel_seconds)
            if (outcome := rehearsal.end(trial, report, stage.course.killed)) is not None:
                return outcome


def _course(plan: Plan, trial: Trial, submit: Callable[[Callable[[], Report]], asyncio.Future[Report]]) -> Course:
    course = Course(trial, executor_of(plan.loaded, submit), plan.grace_seconds)
    trial.stop_soon = course.stop_soon
    return course


class Stage:
    """One attempt on a loop of its own: in this thread, or in another where this one is the handler's."""

    def __init__(self, plan: Plan, trial: Trial) -> None:
        self._plan = plan
        self._trial = trial
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._works: list[asyncio.Future[Report]] = []
        self._loop = asyncio.new_event_loop() if plan.clock is None else ClockLoop(plan.clock)
        self.course = _course(plan, trial, self._submit)

    def perform(self, cancel_after: float | None) -> Report:
        with ExitStack() as around:
            if isinstance(self._loop, ClockLoop):
                around.enter_context(self._loop.clock.watched(self._loop.moved))
                around.enter_context(self._loop.clock.watched(self._trial.look))
            if not self._plan.needs_a_thread:
                return self._run(cancel_after)
            around.enter_context(interruptible(self._trial))
            return self._run_beside(cancel_after)

    def _run(self, cancel_after: float | None) -> Report:
        loop = self._loop
        try:
            report = loop.run_until_complete(self.course.run(cancel_after))
            if any(not work.done() for work in self._works):
                loop.run_until_complete(asyncio.wait(self._works))
            if not self.course.killed:
                loop.run_until_complete(loop.shutdown_default_executor())
            return report
        finally:
            self.course.executor.close()
            close_loop(loop)

    def _run_beside(self, cancel_after: float | None) -> Report:
        ends: list[Report | BaseException] = []

        def run() -> None:
            try:
                ends.append(self._run(cancel_after))
            except BaseException as error:  # noqa: BLE001 - raised in the calling thread
                ends.append(error)
            self._calls.put(None)

        host = threading.Thread(target=contextvars.copy_context().run, args=(run,), name="run_job", daemon=True)
        host.start()
        try:
            while (call := self._calls.get()) is not None:
                call()
        except BaseException:
            self._loop.call_soon_threadsafe(self.course.abandon)
            raise
        finally:
            host.join()
        if isinstance(ends[0], BaseException):
            raise ends[0]
        return ends[0]

    def _submit(self, call: Callable[[], Report]) -> asyncio.Future[Report]:
        """A call in the thread of `run_job`."""
        loop = self._loop
        work: asyncio.Future[Report] = loop.create_future()
        if isinstance(loop, ClockLoop):
            loop.stand_still_for(work)

        def make_it() -> None:
            report = call()
            loop.call_soon_threadsafe(work.set_result, report)

        self._calls.put(make_it)
        self._works.append(work)
        return work


@contextmanager
def interruptible(trial: Sitting) -> Iterator[None]:
    """In the main thread, by real time: a handler is stopped wherever it is, as by its worker."""
    if threading.current_thread() is not threading.main_thread() or (isinstance(trial, Trial) and trial.clock):
        yield
        return
    main = threading.get_ident()
    before = signal.signal(STOP_SIGNAL, lambda number, frame: trial.look())
    trial.interrupt = lambda: signal.pthread_kill(main, STOP_SIGNAL)
    try:
        yield
    finally:
        time.sleep(0)  # a signal sent before the end comes now, while its handler is in its place
        signal.signal(STOP_SIGNAL, signal.SIG_DFL if before is None else before)
