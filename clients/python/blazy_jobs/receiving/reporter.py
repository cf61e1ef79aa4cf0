"""Speaks to the server about one attempt of a run, from anywhere that has its address and token.

`Reporter` and `AsyncReporter` are the same; the second is awaited.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from blazy_jobs.errors import ApiError
from blazy_jobs.receiving import reports
from blazy_jobs.receiving.connections import async_connection, connection
from blazy_jobs.receiving.errors import AttemptOver
from blazy_jobs.receiving.messages import ReportAddress
from blazy_jobs.receiving.reports import Heard, Item

OVER_STATUSES = (401, 404, 409, 410)
"""A token that opens nothing any more: the run has gone, or the attempt is not the one that runs."""


class Reporter:
    """Each call is one request, sent again after a failed connection, 429 and 503 (five times within ten seconds; a
    report that arrives twice counts once).

    Raises AttemptOver where the attempt has ended, ReportRefused, ApiError and ConnectionFailed.
    """

    def __init__(self, address: ReportAddress) -> None:
        self.address = address

    def progress(self, percent: float, message: str | None = None, data: Any = None) -> Heard:
        """How far the work is, in percent (clamped to 0 to 100)."""
        return self.send([reports.progress(percent, message, data)])

    def log(self, message: str, level: str = "info", **fields: Any) -> Heard:
        """A line of the run's log."""
        return self.send([reports.log(message, level, fields)])

    def heartbeat(self) -> Heard:
        """The work goes on. Silence of the job type's `heartbeat_seconds` is taken for its loss."""
        return self.send([])

    def complete(self, result: Any = None) -> Heard:
        """The run has completed. Raises ValueError where the result is not JSON."""
        return self.send([reports.completed(result)])

    def fail(
        self,
        why: str | BaseException,
        *,
        code: str | None = None,
        retryable: bool = True,
        retry_after: float | timedelta | None = None,
    ) -> Heard:
        """This attempt has failed; another follows while the job type allows it, unless not `retryable`."""
        return self.send([reports.failure(why, code=code, retryable=retryable, retry_after=retry_after)])

    def snooze(self, delay: float | timedelta) -> Heard:
        """Not now: again after `delay`; no attempt is spent."""
        return self.send([reports.snoozed(delay)])

    def release(self) -> Heard:
        """Given back, to be run again at once; no attempt is spent."""
        return self.send([reports.RELEASED])

    def cancelled(self) -> Heard:
        """The work has stopped, after `cancel_requested`."""
        return self.send([reports.CANCELLED])

    def send(self, items: Sequence[Item]) -> Heard:
        """Reports as the worker protocol has them, without what tells whose they are."""
        try:
            return connection(self.address.url).ask(reports.sending(self.address, items))
        except ApiError as error:
            raise _said_by(error) from None


class AsyncReporter:
    """As Reporter, awaited."""

    def __init__(self, address: ReportAddress) -> None:
        self.address = address

    async def progress(self, percent: float, message: str | None = None, data: Any = None) -> Heard:
        """How far the work is, in percent (clamped to 0 to 100)."""
        return await self.send([reports.progress(percent, message, data)])

    async def log(self, message: str, level: str = "info", **fields: Any) -> Heard:
        """A line of the run's log."""
        return await self.send([reports.log(message, level, fields)])

    async def heartbeat(self) -> Heard:
        """The work goes on. Silence of the job type's `heartbeat_seconds` is taken for its loss."""
        return await self.send([])

    async def complete(self, result: Any = None) -> Heard:
        """The run has completed. Raises ValueError where the result is not JSON."""
        return await self.send([reports.completed(result)])

    async def fail(
        self,
        why: str | BaseException,
        *,
        code: str | None = None,
        retryable: bool = True,
        retry_after: float | timedelta | None = None,
    ) -> Heard:
        """This attempt has failed; another follows while the job type allows it, unless not `retryable`."""
        return await self.send([reports.failure(why, code=code, retryable=retryable, retry_after=retry_after)])

    async def snooze(self, delay: float | timedelta) -> Heard:
        """Not now: again after `delay`; no attempt is spent."""
        return await self.send([reports.snoozed(delay)])

    async def release(self) -> Heard:
        """Given back, to be run again at once; no attempt is spent."""
        return await self.send([reports.RELEASED])

    async def cancelled(self) -> Heard:
        """The work has stopped, after `cancel_requested`."""
        return await self.send([reports.CANCELLED])

    async def send(self, items: Sequence[Item]) -> Heard:
        """Reports as the worker protocol has them, without what tells whose they are."""
        try:
            return await async_connection(self.address.url).ask(reports.sending(self.address, items))
        except ApiError as error:
            raise _said_by(error) from None


def _said_by(error: ApiError) -> Exception:
    return AttemptOver(error.detail) if error.status in OVER_STATUSES else error
