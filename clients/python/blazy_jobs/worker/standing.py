"""One attempt of a run in the process that runs it, and the reports that it makes."""

from __future__ import annotations

import asyncio
import contextvars
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from blazy_jobs.context import JobContext
from blazy_jobs.job import Job
from blazy_jobs.worker.outbox import Outbox

current: contextvars.ContextVar[Standing | None] = contextvars.ContextVar("blazy_jobs_run", default=None)
"""The run whose handler or middleware this code belongs to."""

_making = threading.RLock()


class Standing:
    """`deadline` is of the monotonic clock. `number` tells the runs of one process apart, from 1."""

    __slots__ = (
        "__weakref__",
        "_voice",
        "attempt",
        "begun",
        "children",
        "context",
        "deadline",
        "ended_at",
        "has_begun",
        "job",
        "lost_seconds",
        "number",
        "pid",
        "run",
        "run_id",
        "stop_at",
        "stop_reason",
        "stuck",
        "suspect",
        "task",
        "token",
        "wake",
    )

    def __init__(self, lease: Mapping[str, Any], job: Job, number: int, wake: Callable[[Standing], None]) -> None:
        self.run: dict[str, Any] = lease["run"]
        self.run_id: str = self.run["id"]
        self.attempt: int = lease["attempt"]
        self.token: str = lease["lease_token"]
        self.run["attempt"] = self.attempt
        self.job = job
        self.number = number
        self.wake = wake
        self.has_begun = False
        self.ended_at: float | None = None
        """When its outcome stood: what is still said in its name goes to stderr."""
        self.children: list[Any] = []
        """What subprocesses it has started, where that is noted."""
        self.pid = os.getpid()
        self._time_from(time.monotonic())
        self.lost_seconds = 0.0
        """Time of its own that others have taken by blocking the loop: its deadline is that much later."""
        self.suspect = False
        """Others have taken more than could be made good, or nobody knows whether it was others."""
        self.context = JobContext(self.run, self)
        self.stop_reason: str | None = None
        self.stop_at = 0.0
        self.stuck = False
        self.task: asyncio.Task[None] | None = None
        self._voice: Outbox | None = None

    @property
    def ended(self) -> bool:
        """What works on under its name was left behind."""
        return self.ended_at is not None

    def begin(self) -> None:
        """Its time runs from here on, not from when it was taken."""
        self.has_begun = True
        self._time_from(time.monotonic())

    def _time_from(self, begun: float) -> None:
        self.begun = begun
        self.deadline = begun + float(self.run["timeout_seconds"])

    @property
    def voice(self) -> Outbox:
        if self._voice is None:
            with _making:  # by one thread only: what was said into another outbox would be lost
                if self._voice is None:
                    self._voice = Outbox(self._woken, self.run_id, self.pid, closed=self.ended)
        return self._voice

    def _woken(self) -> None:
        self.wake(self)

    @property
    def outbox(self) -> Outbox | None:
        """None while the run has said nothing."""
        return self._voice

    @property
    def deadline_at(self) -> float:
        return time.time() + self.deadline - time.monotonic()

    def report(self, words: Mapping[str, Any]) -> bytes:
        place = {"run_id": self.run_id, "attempt": self.attempt, "lease_token": self.token}
        return orjson.dumps({**place, **words})

    def words(self, *, last: bool) -> list[tuple[str, bytes]]:
        """(type, report) of what waits in the outbox. After the last ones it takes no more."""
        if last and self.ended_at is None:
            self.ended_at = time.monotonic()
        if self._voice is None:
            return []
        return [(str(item["type"]), self.report(item)) for item in self._voice.take(time.monotonic(), last=last)]


def leave_if_forked(standing: Standing) -> None:
    """Ends a process that a handler forked off and let run on out of its own code."""
    if os.getpid() != standing.pid:
        os._exit(0)
