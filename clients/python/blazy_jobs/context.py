"""What a handler and its middleware know of their run, and how they speak to it."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Protocol

from blazy_jobs.errors import Stopped
from blazy_jobs.text import printed


class Voice(Protocol):
    """Where a run's words go. Neither call blocks; both may come from any thread."""

    def progress(self, percent: float, message: str | None, data: Any) -> None: ...
    def log(self, level: str, message: str, fields: Mapping[str, Any]) -> None: ...


class Standing(Protocol):
    """How the run stands in its worker."""

    @property
    def voice(self) -> Voice: ...
    @property
    def stop_reason(self) -> str | None: ...
    @property
    def deadline_at(self) -> float: ...


class JobContext:
    """One attempt of a run, as its handler sees it."""

    __slots__ = ("_run", "_standing")

    def __init__(self, run: Mapping[str, Any], standing: Standing) -> None:
        self._run = run
        self._standing = standing

    @property
    def run_id(self) -> str:
        return str(self._run["id"])

    @property
    def job_type(self) -> str:
        return str(self._run["job_type"])

    @property
    def attempt(self) -> int:
        """1 for the first."""
        return int(self._run["attempt"])

    @property
    def max_attempts(self) -> int:
        return int(self._run["max_attempts"])

    @property
    def deadline(self) -> datetime:
        """When this attempt's time is over, in UTC."""
        return datetime.fromtimestamp(self._standing.deadline_at, UTC)

    @property
    def tags(self) -> list[str]:
        return list(self._run.get("tags") or ())

    @property
    def metadata(self) -> dict[str, str]:
        return dict(self._run.get("metadata") or {})

    @property
    def cancelled(self) -> bool:
        """Whether the handler was told to stop: by a cancel, its timeout, or its worker's end."""
        return self._standing.stop_reason is not None

    def raise_if_cancelled(self) -> None:
        """Raises Stopped (an asyncio.CancelledError) where the handler was told to stop."""
        reason = self._standing.stop_reason
        if reason is not None:
            raise Stopped(reason)

    def progress(self, percent: float, message: str | None = None, data: Any = None) -> None:
        """Says how far the run is, in percent (clamped to 0 to 100). Never blocks; the newest word wins."""
        try:
            number = float(percent)
        except OverflowError:
            number = math.inf if percent > 0 else -math.inf
        if math.isnan(number):
            raise ValueError("percent is not a number")
        self._standing.voice.progress(min(max(number, 0.0), 100.0), None if message is None else printed(message), data)

    def log(self, message: str, level: str = "info", **fields: Any) -> None:
        """Writes a line to the run's log. Never blocks; over 100 lines a second the rest is counted, not kept."""
        self._standing.voice.log(level, printed(message), fields)

    def __repr__(self) -> str:
        return f"JobContext({self.job_type!r}, {self.run_id!r}, attempt={self.attempt})"


class MiddlewareRun:
    """The run as middleware sees it. A `payload` put in place is what the handler gets."""

    __slots__ = ("_run", "context", "payload")

    def __init__(self, run: Mapping[str, Any], context: JobContext) -> None:
        self._run = run
        self.context = context
        self.payload: Any = run["payload"]

    @property
    def id(self) -> str:
        return self.context.run_id

    @property
    def job_type(self) -> str:
        return self.context.job_type

    @property
    def queue(self) -> str:
        return str(self._run["queue"])

    @property
    def attempt(self) -> int:
        return self.context.attempt

    @property
    def max_attempts(self) -> int:
        return self.context.max_attempts

    @property
    def tags(self) -> list[str]:
        return self.context.tags

    @property
    def metadata(self) -> dict[str, str]:
        return self.context.metadata

    def __repr__(self) -> str:
        return f"MiddlewareRun({self.job_type!r}, {self.id!r}, attempt={self.attempt})"


class CallNext(Protocol):
    """What middleware awaits for the handler's result; without an argument, of the same run."""

    def __call__(self, run: MiddlewareRun | None = None, /) -> Awaitable[Any]: ...


Middleware = Callable[[MiddlewareRun, CallNext], Awaitable[Any]]
