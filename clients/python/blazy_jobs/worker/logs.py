"""The worker's own words, on stderr: one line each, pretty on a terminal and JSON otherwise (JOBS_LOG_FORMAT)."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import traceback
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import orjson

from blazy_jobs.readable import readable

_COLOURS = {"debug": "\x1b[2m", "info": "\x1b[32m", "warning": "\x1b[33m", "error": "\x1b[31m"}


class Log:
    """`name` rides in every line. Levels below JOBS_LOG_LEVEL (info) are left out."""

    def __init__(self, name: str) -> None:
        self._name = name
        wanted = os.environ.get("JOBS_LOG_LEVEL", "info").lower()
        self._least = logging.getLevelNamesMapping().get(wanted.upper(), logging.INFO)
        shape = os.environ.get("JOBS_LOG_FORMAT", "auto")
        self._json = shape == "json" or (shape == "auto" and not os.isatty(2))

    def debug(self, event: str, **fields: Any) -> None:
        self._write(logging.DEBUG, "debug", event, fields)

    def info(self, event: str, **fields: Any) -> None:
        self._write(logging.INFO, "info", event, fields)

    def warning(self, event: str, **fields: Any) -> None:
        self._write(logging.WARNING, "warning", event, fields)

    def error(self, event: str, **fields: Any) -> None:
        self._write(logging.ERROR, "error", event, fields)

    def write(self, level: str, event: str, fields: Mapping[str, Any]) -> None:
        """A line of a level that is known only then."""
        self._write(logging.getLevelNamesMapping().get(level.upper(), logging.INFO), level, event, dict(fields))

    def _write(self, number: int, level: str, event: str, fields: dict[str, Any]) -> None:
        if number < self._least:
            return
        now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if self._json:
            line = {"timestamp": now, "level": level, "logger": self._name, "event": event, "pid": os.getpid()}
            raw = orjson.dumps(line | readable(fields)) + b"\n"
        else:
            rest = "".join(f" {key}={value}" for key, value in fields.items())
            mark = f"{_COLOURS.get(level, '')}{level:<8}\x1b[0m" if os.isatty(2) else f"{level:<8}"
            raw = f"{now[11:23]} {mark} {event}{rest} ({self._name} {os.getpid()})\n".encode(errors="replace")
        try:
            os.write(2, raw)  # in one piece, so that the lines of several processes do not mix
        except OSError:
            sys.stderr = None  # nobody reads: say no more, go on


def report_error(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """The exception handler of a worker's own loop: what happened and where. Neither what the error says nor what the
    objects at hand look like: there may be payloads in it."""
    error = context.get("exception")
    fields: dict[str, Any] = {"what": context["message"]}
    if error is not None:
        fields["error"] = type(error).__name__
        fields["at"] = "".join(traceback.format_tb(error.__traceback__, limit=-20)) or None
    Log("blazy_jobs.worker").error("unexpected error", **fields)
