"""What can go wrong, and what a handler can say by raising.

JobsError
├── DefinitionError        a job that cannot be what its code says
├── ApiError               the server refused; carries the problem's `code`
├── ConnectionFailed       no answer after all tries
├── RunFailed              `result()` of a run that failed
└── RunCancelled           `result()` of a run that was cancelled

Stopped                    inside a handler that is told to stop (an asyncio.CancelledError)
NonRetryable, RetryAfter, Snooze    raised by a handler to say what comes next
HandlerFailed              what `call_next` raises in middleware around a process handler that failed
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

MAX_WAIT_SECONDS = 366 * 86_400
"""The longest time that the server lets a run wait for its next attempt."""


class JobsError(Exception):
    """Whatever this package raises to its callers."""


class DefinitionError(JobsError):
    """A job's name, handler or options cannot be used; raised where it is defined."""


class ApiError(JobsError):
    """The server's answer is a problem (RFC 9457). `code` is its stable name; `errors` lists what is invalid."""

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        errors: Sequence[Mapping[str, Any]] = (),
        retry_after_seconds: float | None = None,
    ) -> None:
        self.status = status
        self.code = code
        self.detail = detail
        self.errors = list(errors)
        self.retry_after_seconds = retry_after_seconds
        places = [f"{error.get('path', '')}: {error.get('message', '')}" for error in self.errors[:5]]
        more = "".join(f"; {place}" for place in places if place not in detail)
        super().__init__(f"{status} {code}: {detail}{more}")


class ConnectionFailed(JobsError):
    """The server could not be reached, or gave no answer, after all tries."""


class RunFailed(JobsError):
    """`error` is the run's error: `code`, `type`, `message`, `traceback`."""

    def __init__(self, run_id: str, error: Mapping[str, Any] | None) -> None:
        self.run_id = run_id
        self.error = dict(error or {})
        self.code = str(self.error.get("code", "unknown"))
        super().__init__(f"{run_id} failed ({self.code}): {self.error.get('message', '')}")


class RunCancelled(JobsError):
    def __init__(self, run_id: str, reason: str | None = None) -> None:
        self.run_id = run_id
        self.reason = reason
        super().__init__(f"{run_id} was cancelled" + (f": {reason}" if reason else ""))


class Stopped(asyncio.CancelledError):
    """The handler was told to stop: its time is over, it was cancelled, or its worker is stopping.

    No `Exception`, so that a handler's own `except Exception` does not swallow it.
    """


class NonRetryable(Exception):
    """Raised by a handler: fail at once, no further attempt."""


class RetryAfter(Exception):
    """Raised by a handler: this attempt failed, the next one comes after `seconds`, of 0 to 366 days. What the server
    would not take is a ValueError here."""

    def __init__(self, seconds: float | timedelta, message: str | None = None) -> None:
        self.seconds = seconds_of(seconds, "RetryAfter", MAX_WAIT_SECONDS)
        super().__init__(message or f"try again in {self.seconds:g} s")


class Snooze(Exception):
    """Raised by a handler: not now, again after `seconds`, of 0 to 366 days; no attempt is spent. What the server would
    not take is a ValueError here."""

    def __init__(self, seconds: float | timedelta) -> None:
        self.seconds = seconds_of(seconds, "Snooze", MAX_WAIT_SECONDS)
        super().__init__(f"snoozed for {self.seconds:g} s")


class HandlerFailed(Exception):
    """A process handler's failure as its middleware sees it. Let through, it is reported as it was in its process."""

    def __init__(self, report: Mapping[str, Any]) -> None:
        self.report = dict(report)
        error = self.report.get("error") or {}
        self.code = str(error.get("code", "handler_error"))
        self.type = error.get("type")
        super().__init__(str(error.get("message", "")))


def seconds_of(value: float | timedelta, what: str, most: float = math.inf) -> float:
    """Seconds of a number or a timedelta; ValueError unless finite, not negative, and `most` at most."""
    try:
        seconds = value.total_seconds() if isinstance(value, timedelta) else float(value)
    except (TypeError, ValueError, OverflowError):
        seconds = math.nan
    if isinstance(value, bool | str | bytes) or not 0 <= seconds <= most or math.isinf(seconds):
        span = "0 or more" if math.isinf(most) else f"0 to {most:,}"
        raise ValueError(f"{what} takes seconds of {span}, as a number or a timedelta, not {value!r:.100}")
    return seconds
