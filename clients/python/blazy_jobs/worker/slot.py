"""A slot: a process that runs one attempt at a time and can be killed for it.

Sync handlers run in its main thread; the async handler of an `alone` lease, and middleware around it, on a loop of its
own there. A second thread sends what the handler says on its way and gives back what has not begun.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # `signal.getsignal` also looks for the handler's name
import asyncio
import contextvars
import os
import signal
import socket
import sys
import threading
import time
import weakref
from collections import deque
from collections.abc import Coroutine
from concurrent.futures import thread as executor_threads
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, NoReturn

import orjson

from blazy_jobs.errors import Stopped
from blazy_jobs.tracing import setup
from blazy_jobs.worker import forks, frames, outcome, run_log, slot_log
from blazy_jobs.worker.descriptors import copy_out_of_reach
from blazy_jobs.worker.executor import Executor, Unfinished, close_loop
from blazy_jobs.worker.frames import Unpacker, pack
from blazy_jobs.worker.modules import Loaded
from blazy_jobs.worker.pulse import PULSE_SECONDS, Page, end_with_leases
from blazy_jobs.worker.slot_log import Last
from blazy_jobs.worker.standing import Entry, Group, Standing, current, standing_of
from blazy_jobs.worker.surroundings import Surroundings

TELL_SECONDS = 0.005
"""What has ended is told of so late while more follows."""
LOOK_SECONDS = 0.05
OWN_THREADS = 2
_EXECUTOR_THREAD = executor_threads._worker.__code__


def _leave() -> NoReturn:
    setup.flush()
    os._exit(0)


def serve(sock: socket.socket, pulse: Page, loaded: Loaded) -> NoReturn:
    slot = Slot(sock, pulse, loaded)
    run_log.catch(slot.run_of)
    threading.Thread(target=slot.attend, name="pulse", daemon=True).start()
    slot.work()


class Slot:
    def __init__(self, sock: socket.socket, pulse: Page, loaded: Loaded) -> None:
        sock.setblocking(True)
        self._sock = sock
        self._pulse = pulse
        self._jobs = loaded.jobs
        self._middlewares = loaded.middlewares
        self._executor = Executor(loaded)
        self._waiting: deque[tuple[Entry, bool]] = deque()
        """What it has been given, and whether an async handler's middleware runs here too."""
        self._log = pulse.log
        self._told = 0
        """How much of the log the control process knows of, and since when."""
        self._told_at = 0.0
        self._looked_at = 0.0
        """When this process last made sure that its leases hold."""
        self._standing: Standing | None = None
        """The run whose handler is running: the one that a stop may hit."""
        self._task: asyncio.Task[outcome.Report] | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reading = threading.Lock()
        self._unpacker = Unpacker()
        self._sending = threading.Lock()
        self._unsent = b""
        self._wakes: SimpleQueue[None] = SimpleQueue()
        """Of what may be put from anywhere, a `__del__` or a signal's handler within this very queue too."""
        self._context = contextvars.copy_context()
        self._surroundings = Surroundings(frozenset((signal.SIGTERM,)))
        self._strays: weakref.WeakKeyDictionary[threading.Thread, Standing] = weakref.WeakKeyDictionary()
        """Threads that have outlived the run in which they were begun."""
        self._stop_handler = self._told_to_stop
        self._broken = False
        self._at_home: weakref.WeakSet[threading.Thread] = weakref.WeakSet()
        self._stdio = [copy_out_of_reach(number) for number in (0, 1, 2)]

    # -- the main thread

    def work(self) -> NoReturn:
        self._at_home = weakref.WeakSet(threading.enumerate())
        while True:
            if not self._waiting:
                self._tell()
                self._wait_for_runs()
            try:
                entry, inline = self._waiting.popleft()
            except IndexError:  # given back meanwhile
                continue
            standing = standing_of(entry)
            self._begin(standing)
            report = self._run(standing, inline)
            with self._sending:  # so that the other thread has nothing of this run left to send after its outcome
                self._standing = None
                said = standing.take_words(last=True)
            self._end(standing, said, report)

    def _begin(self, standing: Standing) -> None:
        """Noted before its handler starts: what has not begun is not lost with this process."""
        now_ns = time.monotonic_ns()
        now = now_ns / 1e9
        if now - self._looked_at > LOOK_SECONDS:
            end_with_leases(self._pulse)  # this process may have stood still since the run was claimed
            self._looked_at = now
        standing.begin(now)
        self._pulse.set_running(standing.number, now_ns)
        if self._told != self._log.written:
            if now - self._told_at > TELL_SECONDS:
                self._tell()
            else:
                self._woken(standing)

    def _end(self, standing: Standing, said: list[dict[str, Any]], report: outcome.Report) -> None:
        """Noted before the next one begins. The control process is told of it in a moment."""
        seconds = time.monotonic() - standing.begun
        leaves = standing.stop_reason is not None or self._broken or _is_out_of_memory(report)
        if report["type"] == "completed" and not leaves and (not said or standing.group is not None):
            kind, data = slot_log.COMPLETED, orjson.dumps(report["result"])
            if said:
                kind, data = slot_log.SPOKEN, Last(standing.said, len(said), orjson.dumps(said)[1:-1], data).pack()
            if self._log.append(standing.number, seconds, kind, data):
                return
        words = [(str(item["type"]), standing.report(item)) for item in (*said, report)]
        header = {"items": [(standing.run_id, kind, len(raw)) for kind, raw in words]}
        blob = b"".join(raw for _, raw in words)
        if leaves:
            self._send_after_log({**header, "bye": True}, blob)
            _leave()
        if not self._log.append(standing.number, seconds, slot_log.WORDS, pack(frames.WORDS, header, blob)):
            self._send_after_log(header, blob)

    def _run(self, standing: Standing, inline: bool) -> outcome.Report:
        if _signal.getsignal(signal.SIGTERM) is not self._stop_handler:
            forks.handle(signal.SIGTERM, self._stop_handler)
        try:
            try:
                on_a_loop = inline or standing.job.is_async
                if on_a_loop:
                    report = self._run_on_a_loop(standing, self._executor.run(standing))
                else:
                    report = self._run_here(standing)
            finally:
                self._standing = None
        except BaseException as error:  # noqa: BLE001 - a stop that came between the handler's end and this line
            report = outcome.of_error(error, standing.stop_reason)
        self._mend_stdio()
        self._broken = not self._surroundings.restore() or self._broken
        self._note_strays(standing)
        return report

    def _run_here(self, standing: Standing) -> outcome.Report:
        return self._context.copy().run(self._call, standing)

    def _call(self, standing: Standing) -> outcome.Report:
        current.set(standing)
        self._standing = standing
        self._stop_if_asked(standing)
        ended = self._executor.call(standing)
        if isinstance(ended, Unfinished):
            return self._run_on_a_loop(standing, self._executor.finish(standing, ended))
        self._standing = None
        return ended

    def _run_on_a_loop(self, standing: Standing, work: Coroutine[Any, Any, outcome.Report]) -> outcome.Report:
        loop = self._loop = asyncio.new_event_loop()
        try:
            asyncio.set_event_loop(loop)
            task = self._task = loop.create_task(work, context=self._context.copy())
            self._standing = standing
            if (reason := self._pulse.stop_of(standing.number)) is not None:
                standing.stop_reason = reason
                loop.call_soon(task.cancel)
            while not task.done():
                try:
                    loop.run_until_complete(task)
                except (SystemExit, KeyboardInterrupt):
                    continue  # raised by a task that the handler has made
            return task.result()
        except OSError as error:  # never the handler's own, which the executor turns into a report
            self._broken = True
            return outcome.crashed(f"its event loop was broken: {error}")
        finally:
            self._standing = self._task = self._loop = None
            if not self._broken:
                close_loop(loop)

    def _told_to_stop(self, number: int, frame: object) -> None:
        standing = self._standing
        if standing is None or standing.stop_reason is not None:
            return
        reason = self._pulse.stop_of(standing.number)
        if reason is None:
            return  # meant for a run that has ended meanwhile
        standing.stop_reason = reason
        if self._task is not None and self._loop is not None:
            self._loop.call_soon_threadsafe(self._task.cancel)
            return
        raise Stopped(reason)

    def _stop_if_asked(self, standing: Standing) -> None:
        """A signal that came before the run was in its place has done nothing."""
        reason = self._pulse.stop_of(standing.number)
        if reason is not None and standing.stop_reason is None:
            standing.stop_reason = reason
            raise Stopped(reason)

    def _mend_stdio(self) -> None:
        for number, copy in enumerate(self._stdio):
            try:
                os.fstat(number)
            except OSError:
                os.dup2(copy, number)

    def _wait_for_runs(self) -> None:
        while not self._waiting:
            with self._reading:
                data = self._sock.recv(128 * 1024)
                if not data:
                    os._exit(0)
                self._take(data)

    # -- both threads

    def _take(self, data: bytes) -> None:
        """With `_reading` held."""
        for frame in self._unpacker.feed(data):
            if frame.kind == frames.LEASES:
                self._log.read = frame.header
                for given in orjson.loads(frame.blob):
                    lease = given["lease"]
                    job = self._jobs[lease["run"]["job_type"]]
                    self._waiting.append((Standing(lease, job, given["number"], self._woken), given["inline"]))
            elif frame.kind == frames.GROUP:
                number, common, self._log.read = frame.header
                payloads = orjson.loads(frame.blob)
                group = Group(common, payloads, self._jobs[common["job_type"]], number, self._woken)
                self._waiting.extend(((group, place), False) for place in range(len(payloads)))
            elif frame.kind == frames.RECALL:
                returned = []
                while self._waiting:
                    try:
                        returned.append(standing_of(self._waiting.popleft()[0]).run_id)
                    except IndexError:
                        break
                self._send_after_log({"items": [], "returned": returned})
            elif frame.kind == frames.QUIT:
                _leave()

    def _tell(self) -> None:
        """Of what was noted in the log."""
        with self._sending:
            if self._told != self._log.written:
                self._told, self._told_at = self._log.written, time.monotonic()
                self._send(pack(frames.LOGGED, self._told))

    def _send_after_log(self, header: dict[str, Any], blob: bytes = b"") -> None:
        """What is in the log was before it."""
        with self._sending:
            self._told = self._log.written
            self._send(pack(frames.WORDS, {**header, "logged": self._told}, blob))

    def _send(self, frame: bytes) -> None:
        """With `_sending` held."""
        self._sock.sendall(self._unsent + frame)
        self._unsent = b""

    # -- the second thread

    def attend(self) -> None:
        while True:
            self._pulse.child_beat()
            end_with_leases(self._pulse)
            wait = self._speak()
            if self._standing is not None:
                self._read_on()
            if wait is None:
                with suppress(Empty):
                    idle = self._standing is None and not self._waiting
                    self._wakes.get(timeout=self._pulse.idle_pulse_seconds if idle else PULSE_SECONDS)
                    time.sleep(TELL_SECONDS)  # in which the main thread may tell of more
            else:
                time.sleep(min(wait, PULSE_SECONDS))  # deaf meanwhile: a flood of words costs no wake-ups

    def _speak(self) -> float | None:
        """Sends what is due without waiting. Seconds until more is; None when nothing waits."""
        with suppress(Empty):
            while True:
                self._wakes.get_nowait()
        with self._sending:
            if self._told != self._log.written and not self._unsent:
                self._told = self._log.written  # what runs now takes longer than what has ended before
                self._offer(pack(frames.LOGGED, self._told))
            standing = self._standing
            if standing is None or standing.outbox is None:
                return None
            if not self._unsent:
                if standing.group is not None:
                    number, raw = standing.bare_words(last=False)
                    if number:
                        self._told = self._log.written
                        header = [[standing.run_id], [standing.count(number)], number, self._told]
                        self._offer(pack(frames.SPOKEN, header, b"[%s]" % raw))
                elif words := standing.words(last=False):
                    items = [(standing.run_id, kind, len(raw)) for kind, raw in words]
                    self._told = self._log.written
                    about = {"items": items, "logged": self._told}
                    self._offer(pack(frames.WORDS, about, b"".join(raw for _, raw in words)))
            elif self._unsent:
                self._offer(b"")
            due_at = standing.outbox.due_at()
        return None if due_at is None else max(0.01, due_at - time.monotonic())

    def _offer(self, frame: bytes) -> None:
        frame = self._unsent + frame
        try:
            sent = self._sock.send(frame, socket.MSG_DONTWAIT)
        except BlockingIOError:
            sent = 0
        self._unsent = frame[sent:]

    def _read_on(self) -> None:
        """While a handler runs, what the control process says is heard here."""
        if self._reading.acquire(blocking=False):
            try:
                data = self._sock.recv(128 * 1024, socket.MSG_DONTWAIT)
                self._take(data)
            except BlockingIOError:
                pass
            finally:
                self._reading.release()

    def _woken(self, standing: Standing) -> None:
        if self._wakes.empty():
            self._wakes.put(None)

    def _note_strays(self, standing: Standing) -> None:
        """What they say is not the next run's. An executor's thread that waits for work is not one of them."""
        if threading.active_count() <= OWN_THREADS:
            return
        frames_now = sys._current_frames()
        for thread in threading.enumerate():
            frame = frames_now.get(thread.ident or 0)
            idle = frame is not None and frame.f_code is _EXECUTOR_THREAD
            if not idle and thread not in self._at_home:
                self._strays.setdefault(thread, standing)

    def run_of(self) -> Standing | None:
        """The run that a record is of, in whatever thread it is made."""
        return current.get() or self._strays.get(threading.current_thread()) or self._standing


def _is_out_of_memory(report: outcome.Report) -> bool:
    return bool(report["type"] == "failed" and report["error"].get("type") == "MemoryError")
