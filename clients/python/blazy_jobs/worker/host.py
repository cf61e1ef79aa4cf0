"""The host: one loop for all async handlers, for light sync ones in threads, and for all middleware."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import threading
import time
import weakref
from collections import deque
from contextlib import suppress
from itertools import repeat
from typing import Any, NoReturn

import orjson

from blazy_jobs.payload import sendable
from blazy_jobs.tracing import setup
from blazy_jobs.worker import frames, outcome, run_log, subprocesses
from blazy_jobs.worker.channel import Channel
from blazy_jobs.worker.executor import Executor, until_done, value_of
from blazy_jobs.worker.frames import Frame, pack
from blazy_jobs.worker.host_loop import HostLoop
from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.modules import Loaded
from blazy_jobs.worker.mouth import Mouth
from blazy_jobs.worker.pace import WAIT_SECONDS
from blazy_jobs.worker.pulse import NOT_WORN, WORN, WORN_OUT, Page, end_with_leases
from blazy_jobs.worker.standing import Entry, Group, Standing, current, standing_of, taken_at
from blazy_jobs.worker.threads import RunThreads
from blazy_jobs.worker.watchdog import BLOCKED_SECONDS, Watchdog

TICK_SECONDS = 0.05
FULL_BYTES = 256 * 1024
DEFAULT_GRACE_SECONDS = 5.0
DEFAULT_CONCURRENCY = 100
SPARE_THREADS = 32
LOOK_SECONDS = 0.05
MOST_LOST_SECONDS = 8.0
"""How much later a deadline may become: the server's own is 15 s later than the first, and a stop takes time too."""

log = Log("blazy_jobs.worker")


def serve(sock: socket.socket, pulse: Page, loaded: Loaded) -> NoReturn:
    loop = HostLoop()
    asyncio.set_event_loop(loop)
    run_log.catch()
    subprocesses.note_all()
    logging.getLogger("asyncio").propagate = logging.getLogger("asyncio").isEnabledFor(logging.DEBUG)
    host = Host(loop, sock, pulse, loaded)
    host.watchdog = Watchdog(loop, pulse, host)
    host.watchdog.start()
    while True:
        try:
            loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            continue  # raised by a task that a handler left behind


class Host:
    def __init__(self, loop: HostLoop, sock: socket.socket, pulse: Page, loaded: Loaded) -> None:
        self._loop = loop
        self._thread = threading.get_ident()
        self._pulse = pulse
        self._jobs = loaded.jobs
        concurrency = int(os.environ.get("JOBS_WORKER_CONCURRENCY") or DEFAULT_CONCURRENCY)
        self._executor = Executor(loaded, self._run_process, concurrency)
        self._threads = RunThreads(2 * concurrency + SPARE_THREADS)
        """Half of them may be lost before the host is: those that are left suffice for all runs in hand."""
        self._told_of: weakref.WeakSet[Standing] = weakref.WeakSet()
        loop.set_default_executor(self._threads)
        self._grace_seconds = float(os.environ.get("JOBS_STOP_GRACE_SECONDS") or DEFAULT_GRACE_SECONDS)
        self._most = concurrency
        self._runs: dict[str, Standing] = {}
        self._queue: deque[Entry] = deque()
        """Runs that wait for room, in the order in which they came."""
        self._beginning = False
        self._looked_at = 0.0
        """When this process last made sure that its leases hold."""
        self._others: weakref.WeakKeyDictionary[asyncio.Task[Any], Standing] = weakref.WeakKeyDictionary()
        self._mouth = Mouth()
        self.watchdog: Watchdog | None = None
        self._flushing = False
        self._talking: set[Standing] = set()
        self._tidying: set[Standing] = set()
        self._speaking = False
        self._ticking = False
        self._tick_due = 0.0
        self._calls: dict[str, asyncio.Future[dict[str, Any]]] = {}
        loop.set_task_factory(self._make_task)
        self._channel = Channel(loop, sock, self._heard, _leave)

    # -- what the control process says

    def _heard(self, frame: Frame) -> None:
        match frame.kind:
            case frames.LEASES:
                for number, lease in enumerate(orjson.loads(frame.blob)["data"], frame.header):
                    job = self._jobs[lease["run"]["job_type"]]
                    self._queue.append(Standing(lease, job, number, self._woken))
                self._begin_more()
                self._tick_later()
            case frames.GROUP:
                number, common = frame.header
                job = self._jobs[common["job_type"]]
                group = Group(common, orjson.loads(frame.blob), job, number, self._woken)
                self._queue.extend(zip(repeat(group), range(len(group.run_ids)), strict=False))
                self._begin_more()
                self._tick_later()
            case frames.STOP:
                for run_id, reason in frame.header:
                    if (standing := self._runs.get(run_id)) is not None:
                        self._stop(standing, reason)
                    else:
                        self._stop_unbegun(run_id, reason)
            case frames.RECALL:
                self._recall()
                self._flush()
            case frames.RETURNED:
                report: dict[str, Any] = frame.header
                call = self._calls.pop(report["run_id"], None)
                if call is not None and not call.done():
                    call.set_result(report)
            case frames.QUIT:
                _leave()

    def _begin_more(self) -> None:
        """As many as there is room for."""
        self._beginning = False
        queue, runs = self._queue, self._runs
        number = 0
        while queue and len(runs) < self._most:
            try:
                standing = standing_of(queue.popleft())
            except IndexError:  # given back meanwhile
                break
            number = standing.number
            runs[standing.run_id] = standing
            standing.task = asyncio.Task(self._carry_out(standing), loop=self._loop)
        if number:
            self._pulse.set_begun(number)
            if self.watchdog is not None:
                self.watchdog.wake()

    def _stop_unbegun(self, run_id: str, reason: str) -> None:
        for entry in list(self._queue):
            standing = standing_of(entry)
            if standing.run_id == run_id:
                self._queue.remove(entry)
                report = outcome.of_stop(reason)
                self._put(run_id, str(report["type"]), standing.report(report))

    def _recall(self) -> None:
        """What has not begun shall begin elsewhere."""
        with self._mouth.lock, suppress(IndexError):
            while self._queue:
                standing = standing_of(self._queue.popleft())
                self._mouth.give_back(standing.run_id, standing.attempt, standing.token)

    async def _carry_out(self, standing: Standing) -> None:
        now = time.monotonic()
        if now - self._looked_at > LOOK_SECONDS:
            end_with_leases(self._pulse)  # this process may have stood still since the run was claimed
            self._looked_at = now
        with self._mouth.lock:
            given_back = standing.ended
            if not given_back:
                standing.begin(now)
        if not given_back:
            report = await self._executor.run(standing)
            if standing.stop_reason is not None and standing.children:
                self._tidying.add(standing)
                await subprocesses.end(standing.children)
                self._tidying.discard(standing)
            self._ended(standing, report)
        if self._runs.get(standing.run_id) is standing:
            del self._runs[standing.run_id]
        if self._queue and not self._beginning:
            self._beginning = True
            self._loop.call_soon(self._begin_more)

    def _ended(self, standing: Standing, report: outcome.Report) -> None:
        standing.ended_at = time.monotonic()
        group = standing.group
        if group is not None:
            said = standing.bare_words(last=True)
            if report["type"] == "completed" and not standing.stop_reason:
                self._mouth.put_result(group, standing, *said, orjson.dumps(report["result"]))
                self._talking.discard(standing)
                return self._flush_soon()
            self._mouth.put_words(group, standing, *said)
        if report["type"] == "released" and standing.suspect:
            report["alone"] = True
        words = [*standing.words(last=True), (report["type"], standing.report(report))]
        self._talking.discard(standing)
        for kind, word in words:
            self._put(standing.run_id, kind, word)
        return None

    # -- stops

    def _stop(self, standing: Standing, reason: str) -> None:
        if standing.stop_reason is not None:
            return
        standing.stop_reason = reason
        standing.stop_at = time.monotonic()
        # A task that is cancelled before its first step would never report: its first step is due before this call.
        assert standing.task is not None
        self._loop.call_soon(standing.task.cancel)
        self._tick_later()

    def _tick_later(self) -> None:
        if not self._ticking and self._runs:
            self._ticking = True
            self._tick_due = time.monotonic() + TICK_SECONDS
            self._loop.call_later(TICK_SECONDS, self._tick)

    def _tick(self) -> None:
        self._ticking = False
        now = time.monotonic()
        if now - self._tick_due >= BLOCKED_SECONDS:
            self._make_good(now - self._tick_due)
        stuck = []
        for standing in self._runs.values():
            if standing.stop_reason is None:
                if standing.has_begun and now >= standing.deadline:
                    self._stop(standing, "release" if standing.suspect else "timeout")
            elif now - standing.stop_at >= self._grace_seconds and not standing.stuck and self._may_be_stuck(standing):
                standing.stuck = True
                stuck.append(standing.run_id)
        if self._queue and now - taken_at(self._queue[0]) > WAIT_SECONDS:
            self._recall()
            self._flush()
        if stuck:
            self._flush()
            self._channel.send(pack(frames.STUCK, stuck))
        self._tick_later()

    def _make_good(self, seconds: float) -> None:
        """The loop was blocked so long, which was not the time of those that waited for it."""
        assert self.watchdog is not None
        named = self.watchdog.take_named()
        for standing in self._runs.values():
            if standing.has_begun and standing not in named:
                made_good = min(seconds, MOST_LOST_SECONDS - standing.lost_seconds)
                standing.lost_seconds += made_good
                standing.deadline += made_good
                standing.suspect = standing.suspect or made_good < seconds

    def _may_be_stuck(self, standing: Standing) -> bool:
        """Not while its process handler, or what it has started, is being stopped, which has a grace of its own."""
        return standing.run_id not in self._calls and standing not in self._tidying

    # -- process handlers inside middleware

    async def _run_process(self, standing: Standing, payload: Any) -> Any:
        raw = sendable(payload)  # as it is now: middleware may have changed it in its place
        call: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._calls[standing.run_id] = call
        within = None if standing.span is None else standing.span.traceparent
        self._channel.send(pack(frames.CALL, [standing.run_id, orjson.Fragment(raw), within]))

        def hang_up() -> None:
            self._channel.send(pack(frames.HANG_UP, [standing.run_id, standing.stop_reason or "cancel"]))

        report = await until_done(call, hang_up)
        if standing.stop_reason is not None:
            standing.stop_at = time.monotonic()  # the middleware's own grace begins when its handler has ended
        return value_of(report, standing.stop_reason)

    # -- what the runs say

    def _put(self, run_id: str, kind: str, report: bytes) -> None:
        self._mouth.put(run_id, kind, report)
        self._flush_soon()

    def _flush_soon(self) -> None:
        if self._mouth.results_bytes > FULL_BYTES:
            self._flush()
        elif not self._flushing:
            self._flushing = True
            self._loop.call_soon(self._flush)

    def _flush(self) -> None:
        self._flushing = False
        with self._mouth.lock:
            if said := self._mouth.next_frames():
                self._channel.send(said)

    def _woken(self, standing: Standing) -> None:
        if standing in self._talking:
            return
        if threading.get_ident() == self._thread:
            self._talk(standing)
        else:
            self._loop.call_soon_threadsafe(self._talk, standing)

    def _talk(self, standing: Standing) -> None:
        if standing.run_id in self._runs:
            self._talking.add(standing)
            if not self._speaking:
                self._speaking = True
                self._loop.call_soon(self._speak)

    def _speak(self) -> None:
        self._speaking = False
        if self._channel.backlog_bytes > FULL_BYTES:
            return self._speak_in(TICK_SECONDS)
        waits = []
        for standing in list(self._talking):
            self._talking.discard(standing)  # before the look into the outbox, so that a word after it wakes again
            if standing.group is not None:
                self._mouth.put_words(standing.group, standing, *standing.bare_words(last=False))
                self._flush_soon()
            for kind, words in standing.words(last=False):
                self._put(standing.run_id, kind, words)
            if (due_at := standing.voice.due_at()) is not None:
                self._talking.add(standing)
                waits.append(due_at)
        if waits:
            self._speak_in(max(0.001, min(waits) - time.monotonic()))
        return None

    def _speak_in(self, seconds: float) -> None:
        self._speaking = True
        self._loop.call_later(seconds, self._speak)

    # -- for the watchdog, in its thread

    @property
    def idle(self) -> bool:
        return not self._runs

    def owner_of(self, task: asyncio.Task[Any] | None) -> Standing | None:
        if task is None:
            return self._loop.timer_of
        own = next((standing for standing in list(self._runs.values()) if standing.task is task), None)
        return own or self._others.get(task)

    def rescue(self) -> None:
        self._channel.read_from_outside(self._give_back)
        self._recall()
        with self._mouth.lock:
            for standing in list(self._runs.values()):
                if not standing.has_begun and not standing.ended:
                    standing.ended_at = time.monotonic()
                    self._mouth.give_back(standing.run_id, standing.attempt, standing.token)
            if said := self._mouth.next_frames():
                self._channel.send_from_outside(said)

    def look_at_threads(self, now: float) -> None:
        """What works on for a run that was stopped is to end with its process, as soon as that harms nobody."""
        outlived = self._threads.outlived()
        late = [run for run in outlived if run.stop_reason and now - (run.ended_at or now) > self._grace_seconds]
        for run in late:
            if run not in self._told_of:
                self._told_of.add(run)
                log.warning(
                    "a thread is still running for a run that was stopped", job_type=run.job.name, run_id=run.run_id
                )
        worn = WORN_OUT if 2 * len(outlived) >= self._threads.most else WORN if late else NOT_WORN
        self._pulse.set_worn(worn, len(outlived))

    def _give_back(self, frame: Frame) -> bool:
        """Of what came while the loop was blocked: no run begins."""
        if frame.kind == frames.QUIT:
            _leave()
        if frame.kind == frames.LEASES:
            given = [
                (each["run"]["id"], each["attempt"], each["lease_token"]) for each in orjson.loads(frame.blob)["data"]
            ]
        elif frame.kind == frames.GROUP:
            _, common = frame.header
            given = [(run_id, common["attempt"], common["lease_token"]) for run_id in common["run_ids"]]
        else:
            return False
        with self._mouth.lock:
            for run_id, attempt, token in given:
                self._mouth.give_back(run_id, attempt, token)
        return True

    def _make_task(self, loop: asyncio.AbstractEventLoop, work: Any, **options: Any) -> asyncio.Task[Any]:
        task: asyncio.Task[Any] = asyncio.Task(work, loop=loop, **options)
        if (standing := current.get()) is not None:
            self._others[task] = standing
        return task


def _leave() -> NoReturn:
    """At once: threads and exit handlers of the user's modules cannot hold it up."""
    setup.flush()
    os._exit(0)
