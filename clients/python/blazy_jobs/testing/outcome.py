"""What came of an attempt that ran without a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypedDict

import orjson

from blazy_jobs.retry import Retry
from blazy_jobs.testing.backoff import delay_seconds
from blazy_jobs.worker.outcome import Report

State = Literal["completed", "failed", "cancelled", "retrying", "snoozed"]


class Progress(TypedDict):
    """A word of `ctx.progress`, as the data of a `progress` event."""

    percent: float
    message: str | None
    data: Any


class LogLine(TypedDict):
    """A line of `ctx.log` or of the standard `logging`, as the data of a `log` event."""

    level: str
    message: str
    fields: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What came of a run's attempt, and what it said on its way. Durations in seconds."""

    state: State
    """`completed`, `failed` or `cancelled`: the run has ended. `retrying`: the attempt failed, another one follows.
    `snoozed`: the handler raised Snooze, no attempt is spent."""
    result: Any = None
    """Of a completed run, as those read it who ask the server: plain JSON data."""
    error: dict[str, Any] | None = None
    """Of a failed attempt: `code`, `type`, `message`, `traceback`, as the run's `error` shows it."""
    exception: BaseException | None = None
    """What the handler or a middleware raised, where that is why the run has not completed."""
    progress: list[Progress] = field(default_factory=list)
    """All that was said: nothing is coalesced."""
    logs: list[LogLine] = field(default_factory=list)
    run_id: str
    attempt: int
    max_attempts: int
    retry_after_seconds: float | None = None
    """What the handler asked for by RetryAfter."""
    due_in_seconds: float | None = None
    """When the next attempt would begin, after this one's end. None where none follows."""
    seconds: float = 0.0
    """How long the handler and its middleware took, by the clock."""
    killed: bool = False
    """It had not ended JOBS_STOP_GRACE_SECONDS (5) after it was told to. A worker would have killed its process."""
    earlier: list[Outcome] = field(default_factory=list, repr=False)
    """Of `run_job(..., retries=True)`: what came of the attempts before this one."""

    @property
    def attempts(self) -> list[Outcome]:
        """All attempts that were made here, this one last."""
        return [*self.earlier, self]

    @property
    def percents(self) -> list[float]:
        """The percents of `progress`."""
        return [word["percent"] for word in self.progress]

    @property
    def messages(self) -> list[str]:
        """The messages of `logs`."""
        return [line["message"] for line in self.logs]


class Verdict(TypedDict, total=False):
    state: State
    result: Any
    error: dict[str, Any] | None
    retry_after_seconds: float | None
    due_in_seconds: float | None


def verdict(report: Report, attempt: int, retry: Retry, draw: float | None, cancelled: bool) -> Verdict:
    """What the server makes of an attempt's report. `cancelled`: a cancel was asked of the run while it ran."""
    said: Mapping[str, Any] = orjson.loads(orjson.dumps(report))
    if said["type"] == "completed":
        return {"state": "completed", "result": said["result"]}
    if cancelled or said["type"] == "cancelled":
        return {"state": "cancelled"}
    if said["type"] == "snoozed":
        return {"state": "snoozed", "due_in_seconds": said["delay_seconds"]}
    wish = said.get("retry_after_seconds")
    failed: Verdict = {"state": "failed", "error": {"traceback": None, **said["error"]}, "retry_after_seconds": wish}
    if not said["retryable"] or attempt >= retry.max_attempts:
        return failed
    due_in_seconds = delay_seconds(retry, attempt, draw) if wish is None else wish
    return {**failed, "state": "retrying", "due_in_seconds": due_in_seconds}
