"""One attempt of a run in the web app that was called for it."""

from __future__ import annotations

import math
import time
from collections.abc import Callable

from blazy_jobs.job import Job
from blazy_jobs.receiving.context import CallContext
from blazy_jobs.receiving.messages import HandlerCall
from blazy_jobs.worker.standing import Standing


class Attempt(Standing):
    """`on_stop` is called, from any thread and once, when the handler shall stop; `on_word`, from any thread, when
    something waits to be sent, or the handler wants to know how it stands; `on_release` when the app is ending.

    Its time runs from here on, as a worker's does.
    """

    def __init__(self, call: HandlerCall, job: Job) -> None:
        token = "" if call.report is None else call.report.token
        self.call = call
        self.on_stop: Callable[[], None] = _nobody
        self.on_word: Callable[[], None] = _nobody
        self.on_release: Callable[[], None] = _nobody
        self._reason: str | None = None
        self.deadline = math.inf
        self._call_context: CallContext | None = None
        super().__init__({"run": dict(call.run.data), "attempt": call.attempt, "lease_token": token}, job, 1, _speak)
        if call.report is None:
            self.ended_at = self.begun  # nobody hears what it says: it goes to stderr

    @property
    def context(self) -> CallContext:
        if self._call_context is None:
            self._call_context = CallContext(self)
        return self._call_context

    @property
    def stop_reason(self) -> str | None:
        if self._reason is None and time.monotonic() >= self.deadline:
            self._reason = "timeout"
        return self._reason

    @stop_reason.setter
    def stop_reason(self, reason: str | None) -> None:
        self._reason = reason

    def stop(self, reason: str) -> None:
        """`cancel`, `timeout`, `release`; `over`: its run goes on without it. The first one counts, but for `over`."""
        known = self._reason
        if known is None or reason == "over":
            self._reason = reason
        if known is None:
            self.on_stop()

    def release(self) -> None:
        """The app is ending. Who has been told to stop before is not given back."""
        if self._reason is None:
            self.stop("release")
            self.on_release()

    def end(self) -> None:
        """Its outcome stands: nothing stops it any more."""
        self.on_stop = _nobody

    @property
    def over(self) -> bool:
        """Nobody waits for what it comes to."""
        return self._reason == "over"

    def listen(self) -> None:
        if self.call.report is not None:
            self.on_word()


def _speak(standing: Standing) -> None:
    assert isinstance(standing, Attempt)
    standing.on_word()


def _nobody() -> None:
    pass
