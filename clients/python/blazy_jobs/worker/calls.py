"""Process handlers that are run for their middleware, which runs in the host."""

from __future__ import annotations

import time
from typing import Any, Protocol

from blazy_jobs.worker.held import Held


class Caller(Protocol):
    def returned(self, call: Call, report: bytes) -> None: ...


class Call:
    """A lease of its own in the slots, whose end goes to the host."""

    def __init__(self, hosting: Caller, caller: Held, lease: dict[str, Any]) -> None:
        self._hosting = hosting
        self.caller = caller
        self.shadow = Held(lease, caller.job, self, time.monotonic(), called=True)
        self.last_word: dict[str, Any] | None = None

    def tell(self, held: Held, kind: str, report: bytes) -> None:
        self.caller.desk.tell(self.caller, kind, report)

    def finish(self, held: Held, kind: str, report: bytes) -> None:
        self._hosting.returned(self, report)
