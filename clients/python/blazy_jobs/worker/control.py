"""The control process: from its start to its drain. It imports no user code, so nothing a handler does can stop it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import Callable, Coroutine
from typing import Any

from blazy_jobs.tracing import calls, setup
from blazy_jobs.worker.children import Child
from blazy_jobs.worker.declares import declares as declared_by
from blazy_jobs.worker.group import Group
from blazy_jobs.worker.held import Held, JobInfo
from blazy_jobs.worker.hosting import Hosting
from blazy_jobs.worker.lane import Lane
from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.outcome import of_stop
from blazy_jobs.worker.session import DeclarationRefused, Refused, Session
from blazy_jobs.worker.settings import Settings
from blazy_jobs.worker.slots import Slots

EXIT_FAILED, EXIT_BAD_MODULE, EXIT_NO_SERVER = 1, 3, 4
BUSY_TICK_SECONDS = 0.05
IDLE_TICK_SECONDS = 1.0
LAST_STOP_SECONDS = 1.0
LAST_WORDS_SECONDS = 3.0
UNKNOWN_LEASE_SECONDS = 15.0
PARTING_SECONDS = 1.5
"""Without a server, handlers are told to end so long before their leases do."""

Count = Callable[[], int]
log = Log("blazy_jobs.worker")


class Control:
    """`run` returns the exit code: 0 drained, 3 a module cannot be used, 4 no server for the duration of a lease."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.draining = False
        self._loop = asyncio.get_running_loop()
        self._children: set[Child] = set()
        self.slots = Slots(self)
        self.hosting = Hosting(self, self._host_ready)
        self._lanes: list[Lane] = []
        self._host_lanes: list[Lane] = []
        """Those whose runs all need the host."""
        self._host_was_deaf = False
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending: asyncio.Future[int] = self._loop.create_future()
        self._drain: asyncio.Task[None] | None = None
        self._speaking: list[asyncio.Task[None]] = []
        """Who claims and reports."""
        self._told = False
        self._hurry = asyncio.Event()
        self._changed = asyncio.Event()
        self._dealing = False
        self._lease_seconds = UNKNOWN_LEASE_SECONDS
        self._deaf_seconds = 0.0
        self._answered_at = time.monotonic()
        self._ticked_at = time.monotonic()
        self._tick_seconds = IDLE_TICK_SECONDS
        self._awake = asyncio.Event()
        self._calls = calls.of_control()

    async def run(self) -> int:
        for number in (signal.SIGTERM, signal.SIGINT):
            self._loop.add_signal_handler(number, self._told_to_end)
        self.hosting.start()
        self._spawn(self._tick_on(), "ticks")
        try:
            return await self._ending
        finally:
            await self._end_children()
            for task in list(self._tasks):
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)
            for lane in self._lanes:
                lane.session.close()
            if self._calls is not None:
                await asyncio.to_thread(setup.flush)

    # -- what the parts ask for

    def spawn(self, role: str) -> Child:
        child = Child(role, self.settings.targets, {"JOBS_WORKER_CONCURRENCY": str(self.settings.concurrency)})
        child.page.renewed(self._renewed_at(), self._lease_seconds)
        self._children.add(child)
        return child

    def begin(self, runs: list[Held], raw: bytes | None) -> None:
        self._awake.set()
        plain = [held for held in runs if held.job.lane == "async" and not held.alone]
        if len(plain) == len(runs):
            if runs:
                self.hosting.begin(runs, raw)
            return
        if plain:
            self.hosting.begin(plain)
        for held in runs:
            if held.alone or held.job.lane == "process":
                self.slots.take(held)
        self.slots.deal()

    def begin_group(self, group: Group) -> None:
        self._awake.set()
        if group.job.lane == "async":
            self.hosting.begin_group(group)
        else:
            self.begin(group.singles(), None)

    def stop(self, held: Held, reason: str) -> None:
        if held.place is self.hosting or (held.job.lane == "async" and not held.alone):
            self.hosting.stop(held, reason)
        else:
            self.slots.stop(held, reason)

    def deal_soon(self) -> None:
        """Once for all that this turn of the loop has freed."""
        if not self._dealing:
            self._dealing = True
            self._loop.call_soon(self._deal)

    def later(self, seconds: float, action: Callable[[], None]) -> None:
        self._loop.call_later(seconds, action)

    def said_something(self) -> None:
        self._changed.set()

    def cannot_use_modules(self, reason: str) -> None:
        if not self._ending.done() and not self.draining:
            log.error("the modules cannot be loaded", reason=reason)
            self._end_with(EXIT_BAD_MODULE)

    def fail(self, reason: str) -> None:
        log.error("the worker exits", reason=reason)
        self._end_with(EXIT_FAILED)

    def drain(self, reason: str) -> None:
        """No more claims; what runs gets its time, what is left is given back."""
        if self._drain is None:
            log.info("draining", reason=reason, in_hand=sum(len(lane.held) for lane in self._lanes))
            self.draining = True
            self._drain = self._spawn(self._drain_all(), "drain")

    # -- start

    def _host_ready(self, child: Child) -> None:
        assert child.declared is not None
        if self._lanes:
            for lane in self._lanes:
                lane.look_for_room()
            return
        jobs = {name: JobInfo(name, **about) for name, about in child.declared["jobs"].items()}
        if not jobs:
            log.warning("the modules define no jobs: there is nothing to do", modules=list(self.settings.targets))
            self._end_with(0)
            return
        settings = self.settings
        declares = declared_by(child.declared["declares"], settings.app, settings.build, settings.start)
        kinds: tuple[tuple[str, Count, Count | None, Callable[[float], None]], ...] = (
            ("async", self._host_capacity, self._host_ahead, self.hosting.claim_took),
            ("process", self.slots.capacity, self.slots.ahead, self.slots.claim_took),
        )
        for kind, capacity, ahead, claim_took in kinds:
            served = {name: job for name, job in jobs.items() if job.lane == kind}
            if not served:
                continue
            by_host = kind == "async" or all(job.middleware for job in served.values())
            if by_host and kind == "process":
                capacity, ahead = self._wrapped_capacity, None
            lane = self._open_lane(kind, served, declares, capacity, ahead, claim_took)
            if by_host:
                self._host_lanes.append(lane)

    def _open_lane(
        self,
        kind: str,
        jobs: dict[str, JobInfo],
        declares: list[Any] | None,
        capacity: Count,
        ahead: Count | None,
        claim_took: Callable[[float], None],
    ) -> Lane:
        size = self.settings.concurrency if kind == "async" else self.settings.slots
        registration = {
            "name": f"{self.settings.name}/{kind}",
            "job_types": sorted(jobs),
            "queues": None if self.settings.queues is None else list(self.settings.queues),
            "concurrency": size,
            "host": socket.gethostname(),
            "pid": os.getpid(),
            "version": _version(),
            "declares": declares[0] if declares and len(declares) == 1 else declares,
        }
        session = Session(self.settings.endpoint, registration, self._answered, columns=True, calls=self._calls)
        lane = Lane(self, session, jobs, capacity, ahead, claim_took)
        self._lanes.append(lane)
        first = self._lanes[0]
        self._speaking.append(self._spawn(self._serve(lane, None if first is lane else first), f"lane {kind}"))
        return lane

    async def _serve(self, lane: Lane, after: Lane | None) -> None:
        """Both declare the jobs, as the work of each is this code's; the second registers when the first has."""
        if after is not None:
            await after.registered.wait()
        await lane.session.register()
        self._lease_seconds = lane.session.lease_seconds
        self.renewed()
        lane.registered.set()
        self._speaking.append(self._spawn(lane.report(), "report"))
        await lane.claim()

    def _host_capacity(self) -> int:
        return self.settings.concurrency if self.hosting.accepting else 0

    def _host_ahead(self) -> int:
        return self.hosting.ahead() if self.hosting.accepting else 0

    def _wrapped_capacity(self) -> int:
        """Of slots whose handlers all have middleware, which runs in the host."""
        return self.slots.capacity() if self.hosting.accepting else 0

    # -- time

    async def _tick_on(self) -> None:
        while True:
            busy = any(lane.held for lane in self._lanes) or self.slots.busy
            self._tick_seconds = min(BUSY_TICK_SECONDS if busy else IDLE_TICK_SECONDS, self._lease_seconds / 8)
            await self._rest(idle=not busy)
            now = time.monotonic()
            self._notice_silence(now)
            self.hosting.tick(now)
            self._notice_deafness()
            self.slots.tick(now)
            self._children = {child for child in self._children if child.alive}
            for lane in self._lanes:
                lane.look_for_room()

    async def _rest(self, *, idle: bool) -> None:
        """Until the next tick; an idle worker that gets a run ticks soon."""
        self._awake.clear()
        timer = self._loop.call_later(self._tick_seconds, self._awake.set)
        try:
            await (self._awake.wait() if idle else asyncio.sleep(self._tick_seconds))
        finally:
            timer.cancel()

    def _notice_deafness(self) -> None:
        deaf = self.hosting.deaf
        if deaf and not self._host_was_deaf:
            self.hosting.recall()
            for lane in self._host_lanes:
                lane.end_claim()
        self._host_was_deaf = deaf

    def renewed(self) -> None:
        """The server has answered a renewal: the children need not end yet."""
        renewed_at = self._renewed_at()
        for child in self._children:
            if child.alive:
                child.page.renewed(renewed_at, self._lease_seconds)

    def _renewed_at(self) -> float:
        """Since when all leases hold for sure; 0 while there can be none."""
        return min((lane.session.renewed_at for lane in self._lanes if lane.registered.is_set()), default=0.0)

    def _notice_silence(self, now: float) -> None:
        gap = now - self._ticked_at
        if gap > self._tick_seconds + self._lease_seconds / 3:
            log.warning("this worker was suspended or starved of CPU", seconds=round(gap, 1))
        self._ticked_at = now
        if self._waiting_for_server():
            # Time in which this process stood still itself is not the server's.
            self._deaf_seconds = min(self._deaf_seconds + min(gap, self._tick_seconds), now - self._answered_at)
            if (
                self._deaf_seconds > max(self._lease_seconds - PARTING_SECONDS, self._lease_seconds / 2)
                and not self._ending.done()
            ):
                trouble = self._lanes[0].session.trouble
                about = {"url": trouble.url, "reason": trouble.reason}
                log.error(
                    "no server for the duration of a lease: the worker exits",
                    **about,
                    seconds=round(self._deaf_seconds, 1),
                )
                self._end_with(EXIT_NO_SERVER)

    def _waiting_for_server(self) -> bool:
        return bool(self._lanes)

    def _answered(self) -> None:
        self._deaf_seconds = 0.0
        self._answered_at = time.monotonic()

    # -- the end

    def _told_to_end(self) -> None:
        if self._told:
            self._hurry.set()
        self._told = True
        self.drain("a signal asks for it")

    async def _drain_all(self) -> None:
        for lane in self._lanes:
            lane.stop_claiming()
        for held in [*self.hosting.unbegun(), *self.slots.unbegun()]:
            held.finish(of_stop("release"))
        await self._until(self._nothing_held, self.settings.drain_seconds)
        if not self._nothing_held():
            grace = 0.0 if self._hurry.is_set() else min(self.settings.stop_grace_seconds, LAST_STOP_SECONDS)
            await self._stop_all("release", grace)
        await self._until(self._all_said, LAST_WORDS_SECONDS, hurry=False)
        gently = setup.is_wanted()  # they may have spans to send
        self.hosting.close(gently=gently)
        self.slots.close(gently=gently)
        for task in self._speaking:
            task.cancel()  # a call that found the worker gone would register it again
        await asyncio.gather(*(lane.session.leave() for lane in self._lanes))
        log.info("drained")
        self._end_with(0)

    async def _stop_all(self, reason: str, grace_seconds: float) -> None:
        for lane in self._lanes:
            for held in lane.singles():
                self.stop(held, reason)
        await self._until(self._nothing_held, grace_seconds)
        if not self._nothing_held():
            self.hosting.close()
            self.slots.close()
            await self._until(self._nothing_held, LAST_STOP_SECONDS, hurry=False)

    async def _end_children(self) -> None:
        """Handlers end with the worker, told first where there is time."""
        if not self.draining:
            self.draining = True
            for lane in self._lanes:
                lane.stop_claiming()
            await self._stop_all("abandon", min(self.settings.stop_grace_seconds, LAST_STOP_SECONDS))
        self.hosting.close()
        self.slots.close()
        await self._until(lambda: not any(child.alive for child in self._children), LAST_STOP_SECONDS, hurry=False)

    def _nothing_held(self) -> bool:
        return not any(lane.held for lane in self._lanes)

    def _all_said(self) -> bool:
        return all(lane.idle for lane in self._lanes)

    async def _until(self, condition: Callable[[], bool], seconds: float, hurry: bool = True) -> None:
        """Until it holds, the time is over, or (if `hurry` counts) a second signal comes."""
        until = time.monotonic() + seconds
        while not condition() and time.monotonic() < until and not (hurry and self._hurry.is_set()):
            self._changed.clear()
            try:
                async with asyncio.timeout(0.05):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def _end_with(self, code: int) -> None:
        if not self._ending.done():
            self._ending.set_result(code)

    def _deal(self) -> None:
        self._dealing = False
        self.slots.deal()
        for lane in self._lanes:
            lane.look_for_room()

    # -- tasks

    def _spawn(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = self._loop.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._task_done)
        return task

    def _task_done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        error = None if task.cancelled() else task.exception()
        if isinstance(error, DeclarationRefused):
            self.cannot_use_modules(f"the server refuses what they declare: {error}")
        elif isinstance(error, Refused):
            self.fail(f"the server refuses this worker: {error}")
        elif error is not None:
            self._loop.call_exception_handler({"message": f"task {task.get_name()} failed", "exception": error})
            self.fail(f"{task.get_name()}: {type(error).__name__}")


def _version() -> str | None:
    """Of this package; None where it is not installed."""
    from importlib.metadata import PackageNotFoundError, version  # slow to import

    try:
        return version("blazy-jobs")
    except PackageNotFoundError:
        return None
