"""What one run says on its way, thinned to what the server keeps: 10 progress and 100 log lines a second.

Saying costs microseconds and never blocks; what does not go out is replaced (progress) or counted (log lines). Reports
keep the order of the calls, except progress above that rate: its newest waits, and comes after lines said meanwhile.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from blazy_jobs.readable import encode_anyway
from blazy_jobs.text import clean, printed
from blazy_jobs.worker.logs import Log

PROGRESS_SECONDS = 0.1
LINES_A_SECOND = 100
MAX_LINES = 20_000
MAX_WAITING_BYTES = 1 << 20
MAX_MESSAGE_BYTES = 8 * 1024
MAX_DATA_BYTES = 16 * 1024
LEVELS = frozenset(("debug", "info", "warning", "error", "critical"))

_Line = tuple[dict[str, Any], int]
"""A report, and about how many bytes it takes."""


class Outbox:
    """`wake` is called, from any thread, when something waits to be taken.

    What is said is written at once, in the thread that says it and without the lock: writing runs the user's code,
    which may fail, speak itself, or change the value a moment later. The lock can be entered again by a thread that has
    it, as a `__del__` that logs may run anywhere.
    """

    def __init__(
        self, wake: Callable[[], None], run_id: str = "", pid: int | None = None, *, closed: bool = False
    ) -> None:
        self._wake = wake
        self._run_id = run_id
        self._pid = os.getpid() if pid is None else pid
        self._closed = closed
        self._lock = threading.RLock()
        self._progress: dict[str, Any] | None = None
        self._progress_at = 0.0
        self._lines: list[dict[str, Any]] = []
        self._waiting_bytes = 0
        self._window_at = 0.0
        self._in_window = 0
        self._kept = 0
        self._dropped = 0
        self._held_back: _Line | None = None
        """The newest line over the limit: it is sent after all if no other follows in time, with the others' count."""

    @property
    def open(self) -> bool:
        """Not in a forked child, whose copy nobody empties, nor after the run's last word."""
        return not self._closed and os.getpid() == self._pid

    def progress(self, percent: float, message: str | None, data: Any) -> None:
        report = progress_words(percent, message, data)
        if not self.open:
            return
        with self._lock:
            self._progress = report
        self._wake()

    def log(self, level: str, message: str, fields: Mapping[str, Any]) -> None:
        """A line that is said too late, or in a forked child, goes to stderr."""
        if not self.keep(level, message, fields):
            Log("blazy_jobs.run").write(level, message, {"run_id": self._run_id, **fields})

    def keep(self, level: str, message: str, fields: Mapping[str, Any]) -> bool:
        """False where nobody would read it."""
        line = log_words(level, message, fields)
        if not self.open:
            return False
        now = time.monotonic()
        with self._lock:
            if now - self._window_at >= 1.0:
                self._window_at, self._in_window = now, 0
            if self._in_window < LINES_A_SECOND and self._kept < MAX_LINES and self._waiting_bytes < MAX_WAITING_BYTES:
                self._count_held_back()
                if self._progress is not None and now - self._progress_at >= PROGRESS_SECONDS:
                    self._lines.append(self._take_progress(self._progress, now))
                self._keep(line)
            else:
                self._count_held_back()
                self._held_back = line
        self._wake()
        return True

    def due_at(self) -> float | None:
        """When there is next something to take (monotonic seconds), None when nothing waits."""
        with self._lock:
            if self._lines:
                return 0.0
            waits = []
            if self._progress is not None:
                waits.append(self._progress_at + PROGRESS_SECONDS)
            if self._held_back is not None and self._kept < MAX_LINES:
                waits.append(self._window_at + 1.0)
            return min(waits, default=None)

    def take(self, now: float, *, last: bool = False) -> list[dict[str, Any]]:
        """The reports that are due, without the run's place. `last` takes all that waits, and closes the outbox."""
        with self._lock:
            self._closed = self._closed or last
            reports, self._lines, self._waiting_bytes = self._lines, [], 0
            if self._held_back is not None and (last or (now - self._window_at >= 1.0 and self._kept < MAX_LINES)):
                line, self._held_back = self._held_back, None
                self._window_at, self._in_window = now, 0
                self._lines = reports
                self._keep(line)
                reports, self._lines, self._waiting_bytes = self._lines, [], 0
            if self._progress is not None and (last or now - self._progress_at >= PROGRESS_SECONDS):
                reports.append(self._take_progress(self._progress, now))
        return reports

    def _take_progress(self, report: dict[str, Any], now: float) -> dict[str, Any]:
        self._progress, self._progress_at = None, now
        return report

    def _count_held_back(self) -> None:
        if self._held_back is not None:
            self._held_back = None
            self._dropped += 1

    def _keep(self, line: _Line) -> None:
        report, size = line
        if self._dropped:
            report["dropped"], self._dropped = self._dropped, 0
        report["written_at"] = _now()
        self._kept += 1
        self._in_window += 1
        self._waiting_bytes += size
        self._lines.append(report)


def _now() -> str:
    seconds, micros = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{_second(seconds)}.{micros:06d}+00:00"


@functools.lru_cache(maxsize=4)
def _second(seconds: int) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()[:19]


_NOTHING, _NO_FIELDS = orjson.Fragment(b"null"), orjson.Fragment(b"{}")


def progress_words(percent: float, message: str | None, data: Any) -> dict[str, Any]:
    text = None if message is None else clean(message, MAX_MESSAGE_BYTES)
    raw = _NOTHING if data is None else orjson.Fragment(encode_anyway(data, MAX_DATA_BYTES))
    return {"type": "progress", "percent": percent, "message": text, "data": raw}


def log_words(level: str, message: str, fields: Mapping[str, Any]) -> _Line:
    known = level if isinstance(level, str) and level in LEVELS else "info"
    text = clean(printed(message), MAX_MESSAGE_BYTES)
    if not fields:
        return {"type": "log", "level": known, "message": text, "fields": _NO_FIELDS}, len(text)
    raw = encode_anyway(dict(fields), MAX_DATA_BYTES)
    report = {"type": "log", "level": known, "message": text, "fields": orjson.Fragment(raw)}
    return report, len(text) + len(raw)
