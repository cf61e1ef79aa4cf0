"""When a request is sent again."""

from __future__ import annotations

import random
import time

import httpx

from blazy_jobs.client.answers import retry_after

MAX_TRIES = 5
REQUEST_SECONDS = 10.0
MAX_BACKOFF_SECONDS = 2.0

LIMITS = httpx.Limits(max_connections=100)


class Tries:
    """One request's tries: at most five, and ten seconds; only what the server can take twice is sent twice."""

    def __init__(self, request: httpx.Request) -> None:
        keyed = "Idempotency-Key" in request.headers
        self._may_repeat = request.method != "POST" or keyed or bool(request.extensions.get("repeatable"))
        self._left = MAX_TRIES
        self._until = time.monotonic() + REQUEST_SECONDS
        self._waits = float(request.extensions.get("waits_seconds", 0.0))
        self._backoff = Backoff(0.25)

    def begin(self, request: httpx.Request) -> None:
        """Before each try: what is left of the time is its limit."""
        self._left -= 1
        seconds = max(0.1, self._until - time.monotonic())
        limits = {"connect": seconds, "write": seconds, "pool": seconds, "read": seconds + self._waits}
        request.extensions = {**request.extensions, "timeout": limits}

    def pause(self, response: httpx.Response | None) -> float | None:
        """Seconds until the next try after this answer (None: there was no answer); None where it is the last word."""
        if not self._may_repeat or not self._left:
            return None
        if response is not None and response.status_code not in (429, 503):
            return None
        seconds = self._backoff.next(None if response is None else retry_after(response))
        return seconds if time.monotonic() + seconds < self._until else None


class Backoff:
    """From `first_seconds` on, twice as long each time, at most two seconds unless the server asks for more."""

    def __init__(self, first_seconds: float = 0.05) -> None:
        self._seconds = first_seconds

    def next(self, asked_seconds: float | None = None) -> float:
        seconds = self._seconds * random.uniform(0.5, 1.0)
        self._seconds = min(self._seconds * 2, MAX_BACKOFF_SECONDS)
        return max(seconds, asked_seconds or 0.0)
