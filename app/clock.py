"""The system clock."""

from __future__ import annotations

import time


class SystemClock:
    """Wall time at the start plus monotonic time, in microseconds since the epoch: it never follows a step."""

    def __init__(self) -> None:
        self._offset = time.time_ns() - time.monotonic_ns()

    def now(self) -> int:
        return (self._offset + time.monotonic_ns()) // 1000
