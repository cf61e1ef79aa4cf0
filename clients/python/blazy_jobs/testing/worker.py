"""A worker in the process of a test: it speaks the worker protocol, and its handlers are the test's own objects."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Coroutine, Iterable
from contextlib import suppress
from typing import Any, TypeVar

from blazy_jobs.address import Address, serving
from blazy_jobs.job import Job
from blazy_jobs.jobs import Jobs
from blazy_jobs.testing.course import Course, executor_of
from blazy_jobs.testing.plan import grace_seconds
from blazy_jobs.testing.trial import Sitting
from blazy_jobs.worker.declares import declares
from blazy_jobs.worker.executor import Executor, close_loop
from blazy_jobs.worker.group import Group
from blazy_jobs.worker.held import Held, JobInfo
from blazy_jobs.worker.http import Endpoint
from blazy_jobs.worker.lane import Lane
from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.modules import Loaded
from blazy_jobs.worker.outcome import Report
from blazy_jobs.worker.session import Session
from blazy_jobs.worker.standing import Standing

CONCURRENCY = 100
REGISTER_TIMEOUT_SECONDS = 30.0
LAST_WORDS_SECONDS = 3.0

T = TypeVar("T")
log = Log("blazy_jobs.testing")


class ThreadWorker:
    """A thread with an event loop. `def` handlers have a thread each, which is told to stop and cannot be killed."""

    def __init__(self, address: Address) -> None:
        self._address = address
        self._endpoint = Endpoint(address.base_url, address.socket_path, address.key)
        self._loop = asyncio.new_event_loop()
        self._crews: list[Crew] = []
        self._thread = threading.Thread(target=self._work, name="blazy-jobs-worker", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def serve(self, jobs: Iterable[tuple[Job, Jobs]]) -> None:
        """Declares these jobs and serves them; returns when the server knows them. Raises CannotLoad and Refused."""
        name = f"test-{os.getpid()}-{len(self._crews) + 1}"
        loaded = Loaded()
        for job, collection in jobs:
            loaded.take(loaded.part(collection, name), job, collection)
        self._call(self._serve(name, loaded))

    def close(self) -> None:
        """Tells its handlers to stop, gives them JOBS_STOP_GRACE_SECONDS, and gives back what is left."""
        self._call(self._leave())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    async def _serve(self, name: str, loaded: Loaded) -> None:
        serving.set(self._address)  # for all that is begun from here: its runs, and their handlers' threads
        crew = Crew(self._endpoint, name, loaded)
        self._crews.append(crew)
        await crew.begin_work()

    async def _leave(self) -> None:
        await asyncio.gather(*(crew.leave() for crew in self._crews))

    def _work(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_forever()
        finally:
            close_loop(self._loop)

    def _call(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


class Crew:
    """One registration, and the runs that it has claimed: what the control process and the host are to a worker."""

    def __init__(self, endpoint: Endpoint, name: str, loaded: Loaded) -> None:
        self._loop = asyncio.get_running_loop()
        infos = {
            job.name: JobInfo(job.name, job.isolation, bool(loaded.middlewares[job.name]))
            for job in loaded.jobs.values()
        }
        registration = {
            "name": name,
            "job_types": sorted(infos),
            "concurrency": CONCURRENCY,
            "declares": declares(loaded.describe()["declares"], name, None, name),
        }
        self._jobs = loaded.jobs
        self._executor: Executor = executor_of(loaded, self._in_a_thread)
        self._session = Session(endpoint, registration, _answered)
        self._lane = Lane(self, self._session, infos, lambda: CONCURRENCY)
        self._courses: dict[str, Course] = {}
        self._begun = 0
        self._changed = asyncio.Event()
        self._tasks: set[asyncio.Task[Any]] = set()

    async def begin_work(self) -> None:
        async with asyncio.timeout(REGISTER_TIMEOUT_SECONDS):
            await self._session.register()
        self._spawn(self._lane.report())
        self._spawn(self._lane.claim())

    async def leave(self) -> None:
        self._lane.stop_claiming()
        for held in self._lane.singles():
            self.stop(held, "release")
        try:
            async with asyncio.timeout(grace_seconds() + LAST_WORDS_SECONDS):
                while not self._lane.idle:
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            log.warning("some runs were not returned to the queue", in_hand=len(self._lane.held))
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.leave()
        self._session.close()
        self._executor.close()

    # -- what the lane asks for

    def begin(self, runs: list[Held], raw: bytes | None) -> None:
        for held in runs:
            self._begun += 1
            held.begin()
            job = self._jobs[held.job.name]
            speaker = _Speaker(self._loop, held)
            standing = Sitting(held.lease, job, self._begun, speaker.woken)
            course = Course(standing, self._executor, grace_seconds())
            self._courses[held.run_id] = course
            self._spawn(self._carry_out(held, standing, course, speaker))

    def begin_group(self, group: Group) -> None:
        self.begin(group.singles(), None)

    def stop(self, held: Held, reason: str) -> None:
        if held.stop(reason) and (course := self._courses.get(held.run_id)) is not None:
            course.stop(reason)

    def renewed(self) -> None:
        pass

    def said_something(self) -> None:
        self._changed.set()

    def drain(self, reason: str) -> None:
        self._lane.stop_claiming()

    # -- runs

    async def _carry_out(self, held: Held, standing: Sitting, course: Course, speaker: _Speaker) -> None:
        report = await course.run()
        speaker.fall_silent()
        if course.killed:
            about = {"job_type": held.job.name, "run_id": held.run_id, "reason": standing.stop_reason}
            log.warning("a handler does not end; a worker would kill its process", **about)
        for kind, words in standing.words(last=True):
            held.desk.tell(held, kind, words)
        if self._courses.get(held.run_id) is course:
            del self._courses[held.run_id]
        held.finish(report)

    def _in_a_thread(self, call: Callable[[], Report]) -> asyncio.Future[Report]:
        work: asyncio.Future[Report] = self._loop.create_future()

        def run() -> None:
            report = call()
            with suppress(RuntimeError):  # the loop is closed: the server's time is over
                self._loop.call_soon_threadsafe(work.set_result, report)

        threading.Thread(target=run, name="handler", daemon=True).start()
        return work

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task = self._loop.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)

    def _task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.error("the worker of the test has failed", reason=f"{type(error).__name__}: {error}")


class _Speaker:
    """Sends what a run says on its way when it is due."""

    def __init__(self, loop: asyncio.AbstractEventLoop, held: Held) -> None:
        self._loop = loop
        self._held = held
        self._timer: asyncio.TimerHandle | None = None
        self._silent = False

    def woken(self, standing: Standing) -> None:
        """From any thread."""
        with suppress(RuntimeError):  # a thread that was given up, when the loop is closed
            self._loop.call_soon_threadsafe(self._speak, standing)

    def fall_silent(self) -> None:
        """Its outcome is the last word."""
        self._silent = True
        if self._timer is not None:
            self._timer.cancel()

    def _speak(self, standing: Standing) -> None:
        if self._silent or standing.outbox is None:
            return
        if self._timer is not None:
            self._timer.cancel()
        for kind, words in standing.words(last=False):
            self._held.desk.tell(self._held, kind, words)
        if (due_at := standing.outbox.due_at()) is not None:
            self._timer = self._loop.call_later(max(0.001, due_at - time.monotonic()), self._speak, standing)


def _answered() -> None:
    pass
