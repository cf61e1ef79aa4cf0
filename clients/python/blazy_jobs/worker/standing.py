"""One attempt of a run in the process that runs it, and the reports that it makes."""

from __future__ import annotations

import asyncio
import contextvars
import math
import os
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from blazy_jobs.context import JobContext
from blazy_jobs.job import Job
from blazy_jobs.tracing.processing import CALLER, Attempt
from blazy_jobs.worker.outbox import Outbox

current: contextvars.ContextVar[Standing | None] = contextvars.ContextVar("blazy_jobs_run", default=None)
"""The run whose handler or middleware this code belongs to."""

_making = threading.RLock()


class Standing:
    """`deadline` is of the monotonic clock. `number` tells the runs of one process apart, from 1."""

    group: Group | None = None
    """Those that it was claimed with, by columns."""
    place = 0
    """In its group."""
    has_begun = False
    begun = deadline = math.inf
    ended_at: float | None = None
    """When its outcome stood: what is still said in its name goes to stderr."""
    lost_seconds = 0.0
    """Time of its own that others have taken by blocking the loop: its deadline is that much later."""
    suspect = False
    """Others have taken more than could be made good, or nobody knows whether it was others."""
    said = 0
    """How many words have gone out with those of its group."""
    stop_reason: str | None = None
    stop_at = 0.0
    stuck = False
    task: asyncio.Task[None] | None = None
    claim = 1
    caller: str | None = None
    """The span of its middleware, in another process."""
    span: Attempt | None = None
    """Where spans are recorded."""
    _children: list[Any] | None = None
    _context: JobContext | None = None
    _voice: Outbox | None = None

    def __init__(self, lease: Mapping[str, Any], job: Job, number: int, wake: Callable[[Standing], None]) -> None:
        self.run: dict[str, Any] = lease["run"]
        self.run_id: str = self.run["id"]
        self.attempt: int = lease["attempt"]
        self.claim = lease.get("claim") or self.attempt
        self.caller = lease.get(CALLER)
        self.token: str = lease["lease_token"]
        self.timeout_seconds = float(self.run["timeout_seconds"])
        self.run["attempt"] = self.attempt
        self.job = job
        self.number = number
        self.wake = wake
        self.pid = os.getpid()
        self.taken_at = time.monotonic()
        self._time_from(self.taken_at)

    @property
    def payload(self) -> Any:
        return self.run["payload"]

    @property
    def context(self) -> JobContext:
        if self._context is None:
            self._context = JobContext(self.run, self)
        return self._context

    @property
    def children(self) -> list[Any]:
        """What subprocesses it has started, where that is noted."""
        if self._children is None:
            with _making:
                if self._children is None:
                    self._children = []
        return self._children

    @property
    def ended(self) -> bool:
        """What works on under its name was left behind."""
        return self.ended_at is not None

    def begin(self, now: float | None = None) -> None:
        """Its time runs from here on, not from when it was taken."""
        self.has_begun = True
        self._time_from(time.monotonic() if now is None else now)

    def _time_from(self, begun: float) -> None:
        self.begun = begun
        self.deadline = begun + self.timeout_seconds

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
        return [(str(item["type"]), self.report(item)) for item in self.take_words(last=last)]

    def bare_words(self, *, last: bool) -> tuple[int, bytes]:
        """How many they are, and the same without what tells whose they are, with commas between."""
        words = self.take_words(last=last)
        return len(words), orjson.dumps(words)[1:-1] if words else b""

    def count(self, number: int) -> int:
        """So many words go out; how many did before."""
        before = self.said
        self.said += number
        return before

    def take_words(self, *, last: bool) -> list[dict[str, Any]]:
        if last and self.ended_at is None:
            self.ended_at = time.monotonic()
        return [] if self._voice is None else self._voice.take(time.monotonic(), last=last)


class Group:
    """Runs that were claimed together, by columns: `common` is what they have in common."""

    def __init__(
        self, common: dict[str, Any], payloads: list[Any], job: Job, number: int, wake: Callable[[Standing], None]
    ) -> None:
        self.run_ids: list[str] = common.pop("run_ids")
        self.tags: list[list[str]] | None = common.pop("tags", None)
        self.metadata: list[dict[str, str]] | None = common.pop("metadata", None)
        self.common = common
        self.payloads = payloads
        self.job = job
        self.number = number
        """Of the first one; the others follow."""
        self.wake = wake
        self.attempt: int = common["attempt"]
        self.token: str = common["lease_token"]
        self.timeout_seconds = float(common["timeout_seconds"])
        self.pid = os.getpid()
        self.taken_at = time.monotonic()
        self.ended: list[str] = []
        """Those of which nobody has been told yet."""
        self._results: list[bytes] = []
        self._spoken: dict[str, tuple[int, list[bytes]]] = {}
        """How much each has said before, and what nobody has been told yet."""
        self._said = 0

    @property
    def silent(self) -> bool:
        """There is nothing to tell."""
        return not (self.ended or self._spoken)

    def say(self, standing: Standing, number: int, words: bytes) -> None:
        """So many words, with commas between."""
        self._spoken.setdefault(standing.run_id, (standing.count(number), []))[1].append(words)
        self._said += number

    def take_spoken(self) -> tuple[list[Any], bytes]:
        """The header and the blob of a frame; nothing in it where they have said nothing."""
        spoken, number, self._spoken, self._said = self._spoken, self._said, {}, 0
        words = spoken.values()
        blob = b",".join([b"[%s]" % b",".join(of_run) for _, of_run in words])
        return [list(spoken), [before for before, _ in words], number], blob

    def end(self, standing: Standing, result: bytes) -> None:
        self.ended.append(standing.run_id)
        self._results.append(result)
        self.payloads[standing.place] = None

    def take_ended(self) -> tuple[list[str], bytes]:
        """Their ids, and their results with commas between: nothing where all are null."""
        run_ids, results = self.ended, self._results
        self.ended, self._results = [], []
        return run_ids, b"" if results.count(b"null") == len(results) else b",".join(results)


class GroupStanding(Standing):
    """One run of a group. What is asked for of few of them is made when it is asked for."""

    group: Group

    def __init__(self, group: Group, place: int) -> None:
        self.group = group
        self.place = place
        self.run_id = group.run_ids[place]
        self.attempt = group.attempt
        self.token = group.token
        self.timeout_seconds = group.timeout_seconds
        self.job = group.job
        self.number = group.number + place
        self.wake = group.wake
        self.pid = group.pid

    def __getattr__(self, name: str) -> Any:
        """The run, as a claim's answer has it for one by itself."""
        if name != "run":
            raise AttributeError(name)
        group, place = self.group, self.place
        tags = group.tags[place] if group.tags else []
        metadata = group.metadata[place] if group.metadata else {}
        about = {"id": self.run_id, "payload": self.payload, "tags": tags, "metadata": metadata}
        self.run = {**group.common, **about}
        return self.run

    @property
    def payload(self) -> Any:
        return self.group.payloads[self.place]


Entry = Standing | tuple[Group, int]
"""What waits to begin: a run by itself, or one of a group and its place in it."""


def standing_of(entry: Entry) -> Standing:
    return entry if isinstance(entry, Standing) else GroupStanding(*entry)


def taken_at(entry: Entry) -> float:
    return entry.taken_at if isinstance(entry, Standing) else entry[0].taken_at


def leave_if_forked(standing: Standing) -> None:
    """Ends a process that a handler forked off and let run on out of its own code."""
    if os.getpid() != standing.pid:
        os._exit(0)
