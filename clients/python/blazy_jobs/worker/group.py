"""Plain runs that were claimed together, by columns, as the control process has them: no object for a run until
something happens to it alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from blazy_jobs.worker.held import Desk, Held, JobInfo


class GroupDesk(Desk, Protocol):
    """The lane that a group came by."""

    def spoken(self, group: Group, run_ids: Sequence[str], before: Sequence[int], number: int, words: bytes) -> None:
        """These have said so many words, each after those `before`: JSON with commas between, a list for each run."""

    def apart(self, group: Group, held: Held) -> None:
        """A run of a group is one by itself from now on."""

    def completed(self, group: Group, run_ids: Sequence[str], results: bytes) -> None:
        """These have completed, with `results` (JSON with commas between; nothing: null for each)."""


class Group:
    """`run_ids` and `payloads` in the order in which they begin. Instants are monotonic."""

    __slots__ = (
        "_places",
        "_singles",
        "attempt",
        "begun_at",
        "claimed_at",
        "common",
        "desk",
        "first_number",
        "job",
        "metadata",
        "payloads",
        "place",
        "run_ids",
        "singly",
        "tags",
        "timeout_seconds",
        "token",
    )

    def __init__(self, columns: dict[str, Any], job: JobInfo, desk: GroupDesk, claimed_at: float) -> None:
        self.run_ids: list[str] = columns.pop("run_ids")
        self.payloads: list[Any] = columns.pop("payloads")
        self.tags: list[list[str]] | None = columns.pop("tags", None)
        self.metadata: list[dict[str, str]] | None = columns.pop("metadata", None)
        self.common = columns
        self.attempt: int = columns["attempt"]
        self.token: str = columns["lease_token"]
        self.timeout_seconds = float(columns["timeout_seconds"])
        self.job = job
        self.desk = desk
        self.claimed_at = claimed_at
        self.first_number = 0
        """In the process that has them; the others follow."""
        self.begun_at: float | None = None
        """No later than this the first of them began."""
        self.place: Any = None
        """The host that has them."""
        self.singly = False
        """Words of it were reported one by one: those after them are too, so that they stay in order."""
        self._places: dict[str, int] = {}
        self._singles: dict[str, Held] = {}

    def single(self, run_id: str) -> Held:
        """One of them, by itself from now on."""
        held = self._singles.get(run_id)
        if held is None:
            place = self._place_of(run_id)
            held = self._singles[run_id] = Held.of_group(self, place, self.job, self.desk, self.claimed_at)
            held.place = self.place
            if self.first_number:
                held.number = self.first_number + place
                held.begun_at = self.begun_at
            self.desk.apart(self, held)
        return held

    def singles(self) -> list[Held]:
        return [self.single(run_id) for run_id in self.run_ids]

    @property
    def deadline(self) -> float:
        """When the time of the first of them is over; far away while none has begun."""
        return float("inf") if self.begun_at is None else self.begun_at + self.timeout_seconds

    @property
    def whole(self) -> bool:
        """None of them is by itself."""
        return not self._singles

    def is_single(self, run_id: str) -> bool:
        return run_id in self._singles

    def header(self) -> dict[str, Any]:
        """What the process that runs them is to know, but for their payloads."""
        return {**self.common, **self._columns()}

    def part(self, places: Sequence[int]) -> tuple[dict[str, Any], list[Any]]:
        """Of some of them: the same, and their payloads."""
        header = {name: [column[place] for place in places] for name, column in self._columns().items()}
        return {**self.common, **header}, [self.payloads[place] for place in places]

    def spoken(self, run_ids: Sequence[str], before: Sequence[int], number: int, words: bytes) -> None:
        self.desk.spoken(self, run_ids, before, number, words)

    def completed(self, run_ids: Sequence[str], results: bytes) -> None:
        self.desk.completed(self, run_ids, results)

    def report(self, run_id: str) -> dict[str, Any]:
        """The head of a report of it."""
        return {"run_id": run_id, "attempt": self.attempt, "lease_token": self.token}

    def _columns(self) -> dict[str, list[Any]]:
        columns = {"run_ids": self.run_ids, "tags": self.tags, "metadata": self.metadata}
        return {name: column for name, column in columns.items() if column}

    def _place_of(self, run_id: str) -> int:
        if not self._places:
            self._places = {run_id: place for place, run_id in enumerate(self.run_ids)}
        return self._places[run_id]

    def lease(self, place: int) -> dict[str, Any]:
        """As a claim's answer has it for a run by itself."""
        common = self.common
        run = {
            "id": self.run_ids[place],
            "job_type": common["job_type"],
            "job_type_version": common["job_type_version"],
            "queue": common["queue"],
            "payload": self.payloads[place],
            "attempt": self.attempt,
            "max_attempts": common["max_attempts"],
            "timeout_seconds": common["timeout_seconds"],
            "tags": self.tags[place] if self.tags else [],
            "metadata": self.metadata[place] if self.metadata else {},
        }
        lease = {name: common[name] for name in ("lease_token", "lease_until", "deadline_at")}
        return {"run": run, "attempt": self.attempt, "alone": False, **lease}
