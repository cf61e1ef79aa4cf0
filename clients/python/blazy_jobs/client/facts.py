"""A run as an answer shows it, and many."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from blazy_jobs.errors import RunCancelled, RunFailed

FINAL_STATES = frozenset(("completed", "failed", "cancelled"))


class RunFacts:
    """A run as the server last told it. `refresh` and `wait` of its subclasses bring news."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = dict(data)
        """The run as api.md shows it."""

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def job_type(self) -> str:
        return str(self.data["job_type"])

    @property
    def state(self) -> str:
        """scheduled, queued, running, retrying, completed, failed or cancelled."""
        return str(self.data["state"])

    @property
    def payload(self) -> Any:
        return self.data["payload"]

    @property
    def error(self) -> dict[str, Any] | None:
        error: dict[str, Any] | None = self.data["error"]
        return error

    @property
    def progress(self) -> dict[str, Any] | None:
        progress: dict[str, Any] | None = self.data["progress"]
        return progress

    @property
    def attempt(self) -> int:
        return int(self.data["attempt"])

    @property
    def tags(self) -> list[str]:
        return list(self.data["tags"])

    @property
    def metadata(self) -> dict[str, str]:
        return dict(self.data["metadata"])

    @property
    def finished(self) -> bool:
        return self.state in FINAL_STATES

    def outcome(self) -> Any:
        """The result of a finished run. Raises RunFailed and RunCancelled."""
        if self.state == "failed":
            raise RunFailed(self.id, self.error)
        if self.state == "cancelled":
            raise RunCancelled(self.id, self.data.get("cancel_reason"))
        return self.data["result"]

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, {self.job_type!r}, {self.state!r})"


@dataclass(frozen=True)
class RunCount:
    """How many runs there are; `at_least`: there may be more, which were not counted."""

    count: int
    at_least: bool

    @classmethod
    def read(cls, answer: Mapping[str, Any]) -> RunCount:
        return cls(answer["count"], answer["at_least"])

    def __int__(self) -> int:
        return self.count


class BulkPreview:
    """What a dry run found: `matched` runs (`at_least`: there may be more), of these states, among them `sample`."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = dict(data)
        """As the API shows it."""
        self.matched: int = data["matched"]
        self.at_least: bool = data["at_least"]
        self.by_state: dict[str, int] = dict(data["by_state"])
        self.sample: list[dict[str, Any]] = list(data["sample"])

    def __repr__(self) -> str:
        return f"BulkPreview(matched={self.matched}, by_state={self.by_state})"


class BulkFacts:
    """A bulk operation as the server last told it. `refresh` and `wait` of its subclasses bring news."""

    def __init__(self, data: Mapping[str, Any]) -> None:
        self.data = dict(data)
        """As the API shows it."""

    @property
    def id(self) -> str:
        return str(self.data["id"])

    @property
    def state(self) -> str:
        """running, completed, cancelled or failed."""
        return str(self.data["state"])

    @property
    def matched(self) -> int:
        return int(self.data["matched"])

    @property
    def done(self) -> int:
        return int(self.data["done"])

    @property
    def skipped(self) -> int:
        """So many were no more as the filter or the action wants them when their turn came."""
        return int(self.data["skipped"])

    @property
    def failed(self) -> int:
        return int(self.data["failed"])

    @property
    def finished(self) -> bool:
        return self.state != "running"

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.id!r}, {self.state!r}, {self.done} of {self.matched})"
