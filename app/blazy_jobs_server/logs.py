"""Structured logs on stderr: for people on a terminal, a JSON object a line otherwise.

They never hold payloads, results, headers or keys. So a traceback shows where something happened and of which kind it
is, and neither local variables nor what the exceptions say: messages of libraries quote the input that they refuse.
"""

from __future__ import annotations

import logging
import os
import sqlite3
import sys
import threading
import traceback
from collections.abc import MutableMapping
from pathlib import PurePath
from typing import Any

import orjson
import structlog

from blazy_jobs_server.api import request_ids
from blazy_jobs_server.domain.errors import JobsError
from blazy_jobs_server.settings import Settings

log = structlog.get_logger("server")

MAX_FRAMES = 50
MAX_ERRORS = 20
CAUSE = "\nThe above exception was the direct cause of the following exception:\n\n"
CONTEXT = "\nDuring handling of the above exception, another exception occurred:\n\n"


def configure(settings: Settings) -> None:
    pretty = settings.log_format == "console" or (settings.log_format == "auto" and sys.stderr.isatty())
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        _tell_request,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        _tell_exception,
    ]
    finish: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=structlog.dev.plain_traceback)
        if pretty
        else structlog.processors.JSONRenderer(serializer=lambda event, **_: _json(event))
    )
    structlog.configure(
        processors=[*shared, finish],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[settings.log_level.upper()]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries that log in the standard way (asyncio, uvicorn): their warnings, in the same form.
    handler = _Handler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _tell_exception, finish],
        )
    )
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    _hook_what_nobody_catches()


def _tell_request(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Which request it was written for."""
    request_id = request_ids.current.get()
    if request_id is not None:
        event["request_id"] = request_id
    return event


def _tell_exception(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    given = event.pop("exc_info", None)
    if given is True:
        given = sys.exc_info()
    error = given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = traceback_text(error)
    return event


def _json(event: Any) -> str:
    try:
        return orjson.dumps(event, default=_plain).decode()
    except (TypeError, ValueError):  # text that is no UTF-8
        return orjson.dumps({key: ascii(value) for key, value in event.items()}).decode()


def _plain(value: Any) -> str:
    return str(value) if isinstance(value, PurePath) else type(value).__name__


class _Handler(logging.StreamHandler[Any]):
    def handleError(self, record: logging.LogRecord) -> None:  # logging's name
        """Without the record's arguments, which logging itself would show."""
        log.error("a log record cannot be written", logger=record.name, exc_info=True)


def _hook_what_nobody_catches() -> None:
    def in_main(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        if issubclass(kind, KeyboardInterrupt):
            sys.__excepthook__(kind, error, trace)
        else:
            log.critical("unexpected error", exc_info=error)

    def in_thread(args: threading.ExceptHookArgs) -> None:
        log.error("thread failed", thread=args.thread.name if args.thread else None, exc_info=args.exc_value)

    def nowhere(args: sys.UnraisableHookArgs) -> None:
        log.error("exception ignored", exc_info=args.exc_value)

    sys.excepthook = in_main
    threading.excepthook = in_thread
    sys.unraisablehook = nowhere


def traceback_text(error: BaseException) -> str:
    """As the interpreter prints a traceback, without local variables, messages and notes."""
    return _tell(error, set()).rstrip("\n")


def _tell(error: BaseException, seen: set[int]) -> str:
    seen.add(id(error))
    text = ""
    before, words = error.__cause__, CAUSE
    if before is None and not error.__suppress_context__:
        before, words = error.__context__, CONTEXT
    if before is not None and id(before) not in seen and len(seen) < MAX_ERRORS:
        text = _tell(before, seen) + words
    if error.__traceback__ is not None:
        frames = traceback.extract_tb(error.__traceback__, limit=-MAX_FRAMES)
        text += "Traceback (most recent call last):\n" + "".join(frames.format())
    text += f"{_kind(error)}\n"
    if isinstance(error, BaseExceptionGroup):
        for number, member in enumerate(error.exceptions, 1):
            if id(member) not in seen and len(seen) < MAX_ERRORS:
                text += f"  {number} of {len(error.exceptions)}:\n" + _indented(_tell(member, seen))
    return text


def _indented(text: str) -> str:
    return "".join(f"    {line}\n" for line in text.splitlines())


def _kind(error: BaseException) -> str:
    """Its class, and what is known to be no data: `OSError (No space left on device)`."""
    mark = _mark(error)
    module = type(error).__module__
    name = type(error).__qualname__ if module == "builtins" else f"{module}.{type(error).__qualname__}"
    return f"{name} ({mark})" if mark else name


def _mark(error: BaseException) -> str | None:
    match error:
        case JobsError():
            return error.code
        case OSError(errno=int(number)) if number > 0:
            return os.strerror(number)
        case sqlite3.Error():
            return getattr(error, "sqlite_errorname", None)
        case AttributeError(name=str(name)) if name.isidentifier():
            return f"{type(error.obj).__name__} has no {name}"
        case NameError(name=str(name)) | ImportError(name=str(name)):
            return name
    state = getattr(error, "sqlstate", None)
    return f"SQLSTATE {state}" if isinstance(state, str) and len(state) == 5 and state.isalnum() else None
