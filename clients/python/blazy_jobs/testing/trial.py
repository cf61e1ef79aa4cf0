"""An attempt of a run whose handler runs in the process of a test."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import orjson

from blazy_jobs.errors import Stopped
from blazy_jobs.job import Job
from blazy_jobs.testing.clock import Clock
from blazy_jobs.testing.outcome import LogLine, Progress
from blazy_jobs.worker.outbox import Outbox, log_words, progress_words
from blazy_jobs.worker.standing import Standing


class Sitting(Standing):
    """A process handler is no process here. Where a worker would raise Stopped in it wherever it is, that happens when
    the handler next speaks."""

    __slots__ = ("_thread", "_was_told", "interrupt")

    def __init__(self, lease: Mapping[str, Any], job: Job, number: int, wake: Callable[[Standing], None]) -> None:
        self._thread: int | None = None
        self._was_told = False
        self.interrupt: Callable[[], None] = _not_at_once
        """Brings a process handler to `look`, from another thread, where that can be."""
        super().__init__(lease, job, number, wake)

    @contextmanager
    def in_handler(self) -> Iterator[None]:
        """Around a process handler, in its thread."""
        self._thread = threading.get_ident()
        try:
            yield
        finally:
            self._thread = None

    def look(self) -> None:
        """Raises Stopped, once, in the thread of a process handler that was told to stop."""
        if self._thread == threading.get_ident() and not self._was_told and (reason := self.stop_reason) is not None:
            self._was_told = True
            raise Stopped(reason)

    @property
    def voice(self) -> Outbox:
        self.look()
        return super().voice


class Trial(Sitting):
    """An attempt without a server: all that it says is kept, and time is the test's own.

    `cancel_after` is in seconds from its beginning. `cancel_when` is asked with each progress.
    """

    __slots__ = ("_cancel_when", "_reason", "cancel_at", "clock", "exception", "recorder", "stop_soon")

    def __init__(
        self,
        lease: Mapping[str, Any],
        job: Job,
        clock: Clock | None,
        cancel_after: float | None,
        cancel_when: Callable[[Progress], object] | None,
    ) -> None:
        self._reason: str | None = None
        self._cancel_when = cancel_when
        self.clock = clock
        self.cancel_at = self.deadline = math.inf
        self.exception: BaseException | None = None
        self.recorder = Recorder(self._heard)
        self.stop_soon: Callable[[str], None] = _never
        super().__init__(lease, job, 1, _nobody)
        self.begun = self.time()
        self.deadline = self.begun + float(self.run["timeout_seconds"])
        if cancel_after is not None:
            self.cancel_at = self.begun + cancel_after

    def time(self) -> float:
        return time.monotonic() if self.clock is None else self.clock.seconds

    @property
    def deadline_at(self) -> float:
        if self.clock is None:
            return super().deadline_at
        return self.clock.now.timestamp() + self.deadline - self.clock.seconds

    @property
    def stop_reason(self) -> str | None:
        """Also where nobody has told it yet: what its time says counts at once."""
        if self._reason is None:
            now = self.time()
            if now >= min(self.deadline, self.cancel_at):
                self._stop("cancel" if self.cancel_at <= self.deadline else "timeout")
        return self._reason

    @stop_reason.setter
    def stop_reason(self, reason: str | None) -> None:
        self._reason = reason

    def _stop(self, reason: str) -> None:
        self._reason = reason
        self.stop_at = self.time()
        self.stop_soon(reason)

    @property
    def voice(self) -> Outbox:
        self.look()
        return self.recorder

    def _heard(self, word: Progress) -> None:
        if self._reason is None and self._cancel_when is not None and self._cancel_when(word):
            self._stop("cancel")
            self.look()


class Recorder(Outbox):
    """Keeps every word as the server would show it."""

    def __init__(self, heard: Callable[[Progress], None]) -> None:
        super().__init__(_never_woken)
        self._heard = heard
        self.words: list[Progress] = []
        self.lines: list[LogLine] = []

    def progress(self, percent: float, message: str | None, data: Any) -> None:
        said = orjson.loads(orjson.dumps(progress_words(percent, message, data)))
        if not self.open:
            return
        word = Progress(percent=said["percent"], message=said["message"], data=said["data"])
        self.words.append(word)
        self._heard(word)

    def keep(self, level: str, message: str, fields: Mapping[str, Any]) -> bool:
        said = orjson.loads(orjson.dumps(log_words(level, message, fields)[0]))
        if self.open:
            self.lines.append(LogLine(level=said["level"], message=said["message"], fields=said["fields"]))
        return self.open


def _not_at_once() -> None:
    pass


def _never_woken() -> None:
    pass


def _never(reason: str) -> None:
    pass


def _nobody(standing: Standing) -> None:
    pass
