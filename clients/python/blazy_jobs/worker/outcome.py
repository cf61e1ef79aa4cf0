"""What becomes of an attempt: a handler's value or exception, as the report that is sent."""

from __future__ import annotations

import asyncio
import os
import traceback
from typing import Any

import orjson

from blazy_jobs.errors import MAX_WAIT_SECONDS, HandlerFailed, NonRetryable, RetryAfter, Snooze, seconds_of
from blazy_jobs.payload import InvalidPayload
from blazy_jobs.strict_json import NotJson, encode
from blazy_jobs.text import clean, printed

MAX_MESSAGE_BYTES = 8 * 1024
MAX_TRACEBACK_BYTES = 16 * 1024
MAX_FRAMES = 50
DEFAULT_MAX_RESULT_BYTES = 1 << 20

Report = dict[str, Any]


def max_result_bytes() -> int:
    return int(os.environ.get("JOBS_MAX_RESULT_BYTES") or DEFAULT_MAX_RESULT_BYTES)


def of_value(value: Any, stop_reason: str | None, most_bytes: int) -> Report:
    """A handler that returned: its result counts even after a cancel, but not after its time was over."""
    if stop_reason == "timeout":
        return timed_out()
    try:
        text = encode(value)
    except NotJson as error:
        return invalid_result(f"the result is not JSON: {error}", value)
    except Exception as error:  # noqa: BLE001 - a typed result's own code failed; it becomes the run's error
        return invalid_result(f"the result cannot be written as JSON: {type(error).__name__}", value)
    if len(text) > most_bytes:
        return invalid_result(f"the result has {len(text)} bytes; at most {most_bytes} are kept", value)
    return {"type": "completed", "result": orjson.Fragment(text)}


def of_error(error: BaseException, stop_reason: str | None) -> Report:
    """A handler that raised. After a stop only the reason of the stop counts."""
    if stop_reason is not None:
        return of_stop(stop_reason)
    match error:
        case Snooze() | RetryAfter():
            return _later(error)
        case HandlerFailed():
            return error.report
        case InvalidPayload():
            return failed("invalid_payload", printed(error), kind="InvalidPayload", retryable=False)
        case NonRetryable():
            return failed("non_retryable", error=error, retryable=False)
        case _:
            return failed("handler_error", error=error)


def _later(error: Snooze | RetryAfter) -> Report:
    """Its seconds may have been changed since it was made, or a subclass may have left them out."""
    try:
        seconds = seconds_of(error.seconds, type(error).__name__, MAX_WAIT_SECONDS)
    except (AttributeError, ValueError) as wrong:
        return failed("handler_error", error=wrong)
    if isinstance(error, Snooze):
        return {"type": "snoozed", "delay_seconds": seconds}
    return {**failed("handler_error", error=error), "retry_after_seconds": seconds}


def of_stop(reason: str) -> Report:
    """A handler that ended because it was told to, or was killed for it."""
    if reason == "timeout":
        return timed_out()
    if reason == "cancel":
        return {"type": "cancelled"}
    return {"type": "released"}


def suspected() -> Report:
    """Given back because it may be what held up its process: it runs alone next."""
    return {"type": "released", "alone": True}


def instead_of(report: Report, reason: str) -> Report:
    """What ends a run whose own last report the server refuses."""
    if report["type"] == "released" and "alone" in report:
        return of_stop("release")  # a server that does not know the field
    if report["type"] == "completed":
        return failed("invalid_result", f"the server refuses the result: {reason}", retryable=False)
    about = report.get("error") or {}
    cause = f" Its error: {about.get('type')}: {about.get('message')}" if about else ""
    message = f"the server refuses the report that ends the run ({report['type']}): {reason}.{cause}"
    return failed("invalid_report", clean(message, MAX_MESSAGE_BYTES), retryable=False)


def timed_out() -> Report:
    return failed("timeout", "the handler did not end within its timeout", kind="TimeoutError")


def crashed(how: str) -> Report:
    return failed("crashed", f"the handler's process died: {how}", kind="ProcessDied")


def invalid_result(message: str, value: Any) -> Report:
    return failed("invalid_result", message, kind=type(value).__name__, retryable=False)


def failed(
    code: str,
    message: str | None = None,
    *,
    error: BaseException | None = None,
    kind: str | None = None,
    retryable: bool = True,
) -> Report:
    about: dict[str, Any] = {"code": code, "type": kind, "message": message}
    if error is not None:
        about["type"] = clean(type(error).__name__, 256)
        about["message"] = clean(_message(error), MAX_MESSAGE_BYTES)
        about["traceback"] = _traceback(error)
    return {"type": "failed", "error": about, "retryable": retryable}


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the handler called sys.exit({printed(error)})"
    if type(error) is asyncio.CancelledError and not error.args:
        return "the handler was cancelled, but not by its worker"
    return printed(error)


def _traceback(error: BaseException) -> str | None:
    """Bounded before it is made: the innermost frames, without this package's own."""
    try:
        lines = []
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if not _is_own(frame.filename)]
        if len(frames) > MAX_FRAMES:
            lines.append(f"  … {len(frames) - MAX_FRAMES} frames left out\n")
        lines += traceback.format_list(frames[-MAX_FRAMES:])
        cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
        if cause is not None:
            lines.append(f"caused by {type(cause).__name__}: {clean(printed(cause), 1024)}\n")
            inner = [frame for frame in traceback.extract_tb(cause.__traceback__) if not _is_own(frame.filename)]
            lines += traceback.format_list(inner[-10:])
        return clean("".join(lines), MAX_TRACEBACK_BYTES) or None
    except (MemoryError, RecursionError):
        return None


_OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep


def _is_own(filename: str) -> bool:
    return filename.startswith(_OWN)
