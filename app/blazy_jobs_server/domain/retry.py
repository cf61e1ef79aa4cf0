"""When a failed attempt is tried again."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

Backoff = Literal["exponential", "linear", "fixed"]
MICROSECONDS = 1_000_000


class RetryPolicy(Struct, frozen=True, kw_only=True):
    max_attempts: int = 4
    backoff: Backoff = "exponential"
    initial_seconds: float = 1
    factor: float = 2
    max_seconds: float = 3600
    jitter: bool = True
    on_lost: Literal["retry", "fail"] = "retry"

    def delay(self, attempt: int, draw: float) -> int:
        """Microseconds between the failure of `attempt` (1 for the first) and the next one.

        `draw` is uniform in [0, 1); with jitter the delay is drawn from half of the computed one up to the whole of it.
        """
        if self.backoff == "exponential":
            try:
                seconds = self.initial_seconds * float(self.factor) ** (attempt - 1)
            except OverflowError:
                seconds = self.max_seconds if self.initial_seconds else 0.0
        elif self.backoff == "linear":
            seconds = self.initial_seconds * attempt
        else:
            seconds = self.initial_seconds
        seconds = min(seconds, self.max_seconds)
        if self.jitter:
            seconds *= 0.5 + 0.5 * draw
        return int(seconds * MICROSECONDS)
