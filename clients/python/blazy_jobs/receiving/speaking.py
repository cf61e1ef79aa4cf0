"""How what a handler says reaches the server while it works: written once, driven by a task or by a thread."""

from __future__ import annotations

import asyncio
import logging
import math
import threading
import time
from collections.abc import Generator
from typing import NamedTuple

import orjson

from blazy_jobs.client.tries import Backoff
from blazy_jobs.errors import ApiError, JobsError
from blazy_jobs.receiving.attempt import Attempt
from blazy_jobs.receiving.errors import AttemptOver, ReportRefused
from blazy_jobs.receiving.messages import ReportAddress
from blazy_jobs.receiving.reporter import AsyncReporter, Reporter
from blazy_jobs.receiving.reports import RELEASED, Heard, Item
from blazy_jobs.worker.outcome import instead_of

BEAT_SECONDS = 5.0
"""The longest silence of one that reports, or wants to know whether it was cancelled."""
RELEASE_SECONDS = 2.0
"""How long an app that ends waits for a run that it gives back."""
LAST_WORDS_SECONDS = 2.0
"""How long an answer waits for what its handler has said last."""
AFTER_DEADLINE_SECONDS = 15.0
"""A verdict may still be taken that long after the deadline, by the server's own grace."""
UNSENT_BYTES = 1 << 20
MAX_ITEMS = 500
"""In one request; the server takes twice as many."""

log = logging.getLogger("blazy_jobs.receiving")


class Wait(NamedTuple):
    seconds: float


class Send(NamedTuple):
    items: list[Item]


Steps = Generator[Wait | Send, Heard | JobsError | None, None]
"""Each Send is sent what was heard, or the error."""


class Speech:
    """What one attempt has to say. `beat_seconds`: the longest silence."""

    def __init__(self, attempt: Attempt, beat_seconds: float) -> None:
        self.attempt = attempt
        self._beat_seconds = beat_seconds
        self._backoff = Backoff(0.25)
        self._unsent: list[Item] = []
        self._not_before = 0.0
        self._told = False
        self.closing = False
        self.patience_seconds = math.inf
        """How long a verdict is sent again at most."""
        self.verdict: Item | None = None
        """What the attempt came to, where that is reported and not answered."""

    def steps(self) -> Steps:
        """Until `closing`: then the last words, and the verdict for as long as it can be taken."""
        beat_at = time.monotonic() + self._beat_seconds
        while not self.closing and not self.attempt.over:
            now = time.monotonic()
            due_at = max(min(self._due_at(), beat_at), self._not_before)
            if due_at > now:
                yield Wait(due_at - now)
                continue
            beat_at = now + self._beat_seconds
            yield from self._send([*self._unsent, *self.attempt.take_words(last=False)])
        last = [*self._unsent, *self.attempt.take_words(last=True)]
        if self.verdict is None:
            if last and not self.attempt.over:
                yield from self._send(last)
            return
        yield from self._deliver([*last, self.verdict], self.verdict)

    def _deliver(self, last: list[Item], verdict: Item) -> Steps:
        until = min(self.attempt.deadline + AFTER_DEADLINE_SECONDS, time.monotonic() + self.patience_seconds)
        refused = False
        while not self.attempt.over:
            error = yield from self._send(last)
            if error is None:
                return
            if _is_for_good(error):
                if refused:
                    break
                refused, last = True, [instead_of(dict(verdict), str(error))]
            elif time.monotonic() >= until:
                break
            else:
                last = self._unsent or [verdict]
            yield Wait(max(0.0, self._not_before - time.monotonic()))
        if not self.attempt.over:
            log.error("the outcome of %s could not be reported", self.attempt.run_id)

    def _due_at(self) -> float:
        if self._unsent:
            return 0.0
        due_at = None if self.attempt.outbox is None else self.attempt.outbox.due_at()
        return float("inf") if due_at is None else due_at

    def _send(self, items: list[Item]) -> Generator[Wait | Send, Heard | JobsError | None, JobsError | None]:
        """The error, where the server has not taken them all."""
        while True:
            heard = yield Send(items[:MAX_ITEMS])
            if isinstance(heard, AttemptOver):
                self.attempt.stop("over")
                return None
            if isinstance(heard, JobsError):
                self._failed(items, heard)
                return heard
            self._unsent, self._not_before, self._backoff = [], 0.0, Backoff(0.25)
            if heard is not None and heard.cancel_requested:
                self.attempt.stop("cancel")
            items = items[MAX_ITEMS:]
            if not items:
                return None

    def _failed(self, items: list[Item], error: JobsError) -> None:
        self._tell(error)
        keep = not _is_for_good(error) and len(orjson.dumps(items)) <= UNSENT_BYTES
        self._unsent = items if keep else []
        self._not_before = time.monotonic() + self._backoff.next(getattr(error, "retry_after_seconds", None))

    def _tell(self, error: JobsError) -> None:
        if not self._told:
            self._told = True
            log.warning("what %s says does not reach the server: %s", self.attempt.run_id, error)


class AsyncSpeaker:
    """Speaks by a task of the running loop, from the first word on, or from `start`."""

    def __init__(self, speech: Speech, address: ReportAddress) -> None:
        self._speech = speech
        self._reporter = AsyncReporter(address)
        self._loop = asyncio.get_running_loop()
        self._woken = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        speech.attempt.on_word = self._wake_soon

    def start(self) -> None:
        if self._task is None:
            self._task = self._loop.create_task(self._speak())
        self._woken.set()

    async def close(self, verdict: Item | None = None) -> None:
        """The last words are sent, and the verdict, when this returns; without one it takes two seconds at most."""
        self._speech.closing, self._speech.verdict = True, verdict
        if self._task is None and verdict is None:
            return
        self.start()
        assert self._task is not None
        if verdict is not None:
            await self._task
            return
        done, _ = await asyncio.wait([self._task], timeout=LAST_WORDS_SECONDS)
        if not done:
            self._task.cancel()

    def release(self) -> None:
        """Gives the run back at once, and holds the loop up for it: a web server that ends cancels what still works,
        and waits for nothing more before the process is gone."""
        if self._task is not None:
            self._task.cancel()
        self._speech.patience_seconds = RELEASE_SECONDS
        ThreadSpeaker(self._speech, self._reporter.address).close(RELEASED, _farewell.left())

    def _wake_soon(self) -> None:
        try:
            self._loop.call_soon_threadsafe(self.start)
        except RuntimeError:  # the loop is closed: a thread has outlived it
            return

    async def _speak(self) -> None:
        steps = self._speech.steps()
        answer: Heard | JobsError | None = None
        while (step := _next(steps, answer)) is not None:
            answer = None
            if isinstance(step, Wait):
                try:
                    async with asyncio.timeout(step.seconds):
                        await self._woken.wait()
                except TimeoutError:
                    continue
                self._woken.clear()
            else:
                try:
                    answer = await self._reporter.send(step.items)
                except JobsError as error:
                    answer = error


class ThreadSpeaker:
    """Speaks by a thread of its own, from the first word on, or from `start`."""

    def __init__(self, speech: Speech, address: ReportAddress) -> None:
        self._speech = speech
        self._reporter = Reporter(address)
        self._woken = threading.Event()
        self._starting = threading.RLock()
        self._thread: threading.Thread | None = None
        speech.attempt.on_word = self.start

    def start(self) -> None:
        with self._starting:
            if self._thread is None and not self._speech.closing:
                self._begin()
        self._woken.set()

    def close(self, verdict: Item | None = None, seconds: float | None = None) -> None:
        """As of AsyncSpeaker; the verdict in `seconds` at most."""
        with self._starting:
            self._speech.closing, self._speech.verdict = True, verdict
            if self._thread is None and verdict is not None:
                self._begin()
        self._woken.set()
        if self._thread is not None:
            self._thread.join(LAST_WORDS_SECONDS if verdict is None else seconds)

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._speak, name="blazy-jobs-reports", daemon=True)
        self._thread.start()

    def _speak(self) -> None:
        steps = self._speech.steps()
        answer: Heard | JobsError | None = None
        while (step := _next(steps, answer)) is not None:
            answer = None
            if isinstance(step, Wait):
                self._woken.wait(min(step.seconds, threading.TIMEOUT_MAX))
                self._woken.clear()
            else:
                try:
                    answer = self._reporter.send(step.items)
                except JobsError as error:
                    answer = error


class _Farewell:
    """All runs that an app gives back as it ends hold it up for `RELEASE_SECONDS` together."""

    def __init__(self) -> None:
        self._until = 0.0

    def left(self) -> float:
        now = time.monotonic()
        if now > self._until + AFTER_DEADLINE_SECONDS:
            self._until = now + RELEASE_SECONDS
        return max(0.0, self._until - now)


_farewell = _Farewell()


def _next(steps: Steps, answer: Heard | JobsError | None) -> Wait | Send | None:
    try:
        return steps.send(answer)
    except StopIteration:
        return None


def _is_for_good(error: JobsError) -> bool:
    """Whether the same would be refused again."""
    if isinstance(error, ApiError):
        return 400 <= error.status < 500 and error.status not in (408, 425, 429)
    return isinstance(error, ReportRefused)
