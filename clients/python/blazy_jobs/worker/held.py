"""A lease that this worker holds, from its claim to the report that ends it."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

import orjson

from blazy_jobs.worker.outcome import Report


class JobInfo(NamedTuple):
    """What the control process knows of a job: nothing of its code."""

    name: str
    isolation: str
    middleware: bool

    @property
    def lane(self) -> str:
        return "process" if self.isolation == "process" else "async"


class Desk(Protocol):
    """The lane that a lease came by: where its words go."""

    def tell(self, held: Held, kind: str, report: bytes) -> None: ...
    def finish(self, held: Held, kind: str, report: bytes) -> None: ...


class Leases(Protocol):
    """Those of a group."""

    @property
    def run_ids(self) -> Sequence[str]: ...
    @property
    def attempt(self) -> int: ...
    @property
    def token(self) -> str: ...
    @property
    def timeout_seconds(self) -> float: ...
    def lease(self, place: int) -> dict[str, Any]: ...
    def part(self, places: Sequence[int]) -> tuple[dict[str, Any], list[Any]]:
        """What some of them have in common, with columns; and their payloads."""

    def spoken(self, run_ids: Sequence[str], before: Sequence[int], number: int, words: bytes) -> None:
        """These have said so many words, each after those `before`: JSON with commas between, a list for each run."""

    def completed(self, run_ids: Sequence[str], results: bytes) -> None:
        """These have, with `results` (JSON with commas between; nothing: null for each)."""


class Held:
    """Instants are monotonic. `begun_at` None: not begun yet."""

    __slots__ = (
        "_lease",
        "alone",
        "attempt",
        "begun_at",
        "called",
        "claimed_at",
        "desk",
        "group",
        "group_place",
        "job",
        "number",
        "place",
        "run_id",
        "stop_at",
        "stop_reason",
        "successor",
        "token",
        "verdict",
    )

    def __init__(
        self, lease: dict[str, Any], job: JobInfo, desk: Desk, claimed_at: float, *, called: bool = False
    ) -> None:
        run = lease["run"]
        self._lease: dict[str, Any] | None = lease
        self.group: Leases | None = None
        """Those that it was claimed with, by columns, and its place among them."""
        self.group_place = 0
        self.run_id: str = run["id"]
        self.attempt: int = lease["attempt"]
        self.token: str = lease["lease_token"]
        self.alone: bool = bool(lease.get("alone"))
        self._set_out(job, desk, claimed_at, called)

    @classmethod
    def of_group(cls, group: Leases, place: int, job: JobInfo, desk: Desk, claimed_at: float) -> Held:
        held = cls.__new__(cls)
        held._lease = None
        held.group, held.group_place = group, place
        held.run_id, held.attempt, held.token = group.run_ids[place], group.attempt, group.token
        held.alone = False
        held._set_out(job, desk, claimed_at, called=False)
        return held

    def _set_out(self, job: JobInfo, desk: Desk, claimed_at: float, called: bool) -> None:
        self.job = job
        self.desk = desk
        self.claimed_at = claimed_at
        self.called = called
        """Not a lease by itself: the handler of one whose middleware runs in the host."""
        self.begun_at: float | None = None
        self.number = 0
        self.place: Any = None
        """The host or slot that has it."""
        self.stop_reason: str | None = None
        self.stop_at = 0.0
        self.verdict: tuple[str, bytes] | None = None
        """The report that is sent when the process that ran it is gone."""
        self.successor: Held | None = None
        """The same run, leased anew while the old handler is still being stopped."""

    @property
    def lease(self) -> dict[str, Any]:
        """As a claim's answer has it for a run by itself."""
        if self._lease is None:
            assert self.group is not None
            self._lease = self.group.lease(self.group_place)
        return self._lease

    @property
    def timeout_seconds(self) -> float:
        return self.group.timeout_seconds if self.group is not None else float(self.lease["run"]["timeout_seconds"])

    @property
    def wrapped(self) -> bool:
        """Has middleware that must run in the host, around a slot."""
        return self.job.middleware and self.job.lane == "process" and not self.called and not self.alone

    @property
    def deadline(self) -> float:
        """When its time is over; far away while it has not begun."""
        return float("inf") if self.begun_at is None else self.begun_at + self.timeout_seconds

    def begin(self, now: float | None = None) -> None:
        self.begun_at = time.monotonic() if now is None else now

    def stop(self, reason: str) -> bool:
        """Notes why it shall stop. False where it has been told already; an `abandon` still counts then."""
        if self.stop_reason is not None:
            if reason == "abandon":
                self.stop_reason = reason
            return False
        self.stop_reason, self.stop_at = reason, time.monotonic()
        return True

    def finish(self, report: Report) -> None:
        """Ends it with this report; an abandoned one ends in silence."""
        self.desk.finish(self, str(report["type"]), self.write(report))

    def write(self, report: Report) -> bytes:
        place = {"run_id": self.run_id, "attempt": self.attempt, "lease_token": self.token}
        return orjson.dumps({**place, **report})
