"""Records of the standard `logging` that are made inside a handler become its run's log events."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from blazy_jobs.errors import Stopped
from blazy_jobs.text import clean, printed
from blazy_jobs.worker.logs import Log
from blazy_jobs.worker.standing import Standing, current
from blazy_jobs.worker.tracebacks import message_of, traceback_of

MAX_EXCEPTION_BYTES = 8 * 1024
MAX_MESSAGE_BYTES = 2 * 1024
_USUAL = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}
_LEVELS = ((50, "critical"), (40, "error"), (30, "warning"), (20, "info"))


class RunLogHandler(logging.Handler):
    """`run_of` says whose run this code is. Records outside of runs go where they went without this handler."""

    def __init__(self, run_of: Callable[[], Standing | None] = current.get) -> None:
        super().__init__()
        self._run_of = run_of

    def handle(self, record: logging.LogRecord) -> bool:
        # Without the handler's lock: an outbox has its own, and a run stopped in the middle must not hold everyone's.
        kept = bool(self.filter(record))
        if kept:
            self.emit(record)
        return kept

    def emit(self, record: logging.LogRecord) -> None:
        run = self._run_of()
        if run is None:
            if record.levelno >= logging.WARNING and logging.lastResort and len(logging.root.handlers) == 1:
                logging.lastResort.handle(record)
            return
        level, message, fields = level_name(record.levelno), printed(_Message(record)), _fields(record)
        if not run.voice.keep(level, message, fields) and len(logging.root.handlers) == 1:
            # Of a forked child, or of what has outlived its run; other handlers have it already.
            Log(record.name).write(level, message, {"run_id": run.run_id, **fields})


class _Message:
    """A record's message, as text when it is asked for: arguments that do not fit, or cannot be printed, are told."""

    def __init__(self, record: logging.LogRecord) -> None:
        self._record = record

    def __str__(self) -> str:
        try:
            return self._record.getMessage()
        except Stopped:
            raise
        except BaseException as error:  # noqa: BLE001 - the arguments' own code
            return f"{printed(self._record.msg)} (its arguments cannot be printed: {type(error).__name__})"


def _fields(record: logging.LogRecord) -> dict[str, Any]:
    fields: dict[str, Any] = {"logger": record.name}
    fields.update((key, value) for key, value in vars(record).items() if key not in _USUAL)
    if record.exc_info and record.exc_info[1] is not None:
        error = record.exc_info[1]
        raised = traceback_of(error, MAX_EXCEPTION_BYTES) or ""
        fields["exception"] = f"{raised}{type(error).__name__}: {clean(message_of(error), MAX_MESSAGE_BYTES)}"
    return fields


def level_name(number: int) -> str:
    return next((name for least, name in _LEVELS if number >= least), "debug")


def catch(run_of: Callable[[], Standing | None] = current.get) -> None:
    """Catches records of all loggers, from INFO on where the modules have not set the root's level themselves."""
    logging.root.addHandler(RunLogHandler(run_of))
    if logging.root.level == logging.WARNING:
        logging.root.setLevel(logging.INFO)
