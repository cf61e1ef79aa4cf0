"""What a handler in one's own web app knows of its run: as in a worker, and where its outcome can be reported later."""

from __future__ import annotations

from typing import Protocol

from blazy_jobs.context import JobContext, Standing
from blazy_jobs.receiving.errors import ReceivingError
from blazy_jobs.receiving.messages import HandlerCall, ReportAddress


class Later:
    """What a handler returns whose outcome is reported by someone else: the answer is `202`."""

    def __repr__(self) -> str:
        return "Later()"


class Listening(Standing, Protocol):
    """An attempt that asks the server how it stands once someone wants to know."""

    @property
    def call(self) -> HandlerCall: ...
    def listen(self) -> None: ...


class CallContext(JobContext):
    """One attempt of a run, as the handler sees it that the server called.

    `progress` and `log` never block: they are sent beside the handler, and before its answer. `cancelled` becomes true
    when the server has closed the connection, or said so in answer to a report or heartbeat, and when the time is over.
    """

    __slots__ = ("_listening",)

    def __init__(self, standing: Listening) -> None:
        super().__init__({**standing.call.run.data, "attempt": standing.call.attempt}, standing)
        self._listening = standing

    @property
    def call(self) -> HandlerCall:
        return self._listening.call

    @property
    def report(self) -> ReportAddress:
        """For a Reporter, also in another process. Raises ReceivingError where the server gave none."""
        address = self.call.report
        if address is None:
            raise ReceivingError("the server gave no address for reports with this call")
        return address

    @property
    def cancelled(self) -> bool:
        """Whether the handler shall stop: the run was cancelled, its time is over, or the attempt is no longer its."""
        self._listening.listen()
        return super().cancelled

    def raise_if_cancelled(self) -> None:
        """Raises Stopped (an asyncio.CancelledError) where the handler shall stop."""
        self._listening.listen()
        super().raise_if_cancelled()

    def report_later(self) -> Later:
        """To be returned: the answer is `202`, and a Reporter with `report` tells the outcome. For job types with
        `completion: report`; one with `response` takes a `202` for its completion."""
        _ = self.report
        return Later()
