"""How long after a failed attempt the next one comes: the server's arithmetic, for runs without a server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from blazy_jobs.retry import Retry, RetryOption


def retry_of(option: RetryOption, base: Retry | None = None) -> Retry:
    """In full: a number of retries, or settings that take what they leave out from `base` (left out: the defaults)."""
    base = base or Retry()
    if option is None:
        return base
    if isinstance(option, Retry):
        return option
    if isinstance(option, Mapping):
        return Retry(**{**asdict(base), **option})
    return Retry(**{**asdict(base), "max_attempts": option + 1})


def delay_seconds(retry: Retry, attempt: int, draw: float | None = None) -> float:
    """After the failure of `attempt`, 1 for the first. `draw` is what the jitter draws, from 0 (the shortest delay) to
    1; None is without jitter. Cut to microseconds, as the server does."""
    if retry.backoff == "exponential":
        try:
            seconds = retry.initial_seconds * float(retry.factor) ** (attempt - 1)
        except OverflowError:
            seconds = retry.max_seconds if retry.initial_seconds else 0.0
    elif retry.backoff == "linear":
        seconds = retry.initial_seconds * attempt
    else:
        seconds = retry.initial_seconds
    seconds = min(seconds, retry.max_seconds)
    if retry.jitter and draw is not None:
        seconds *= 0.5 + 0.5 * draw
    return int(seconds * 1_000_000) / 1_000_000
