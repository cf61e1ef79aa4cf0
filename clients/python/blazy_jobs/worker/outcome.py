"""What becomes of an attempt: a handler's value or exception, as the report that is sent."""

from __future__ import annotations

import asyncio
import os
from itertools import islice
from typing import Any

import orjson

from blazy_jobs.errors import MAX_WAIT_SECONDS, HandlerFailed, NonRetryable, RetryAfter, Snooze, seconds_of
from blazy_jobs.payload import InvalidPayload
from blazy_jobs.strict_json import NotJson, encode
from blazy_jobs.text import clean, printed
from blazy_jobs.worker.tracebacks import members_of, message_of, traceback_of

MAX_MESSAGE_BYTES = 8 * 1024
MAX_TRACEBACK_BYTES = 16 * 1024
MAX_MEMBERS = 10_000
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
    try:
        return _of_raised(error)
    except Exception as wrong:  # noqa: BLE001 - the exception's own code failed; the run must end nevertheless
        message = f"its exception cannot be read: {type(wrong).__name__}"
        return failed("handler_error", message, kind=clean(type(error).__name__, 256))


def _of_raised(error: BaseException) -> Report:
    match error:
        case Snooze() | RetryAfter():
            return _later(error)
        case HandlerFailed():
            return error.report
        case InvalidPayload():
            return failed("invalid_payload", printed(error), kind="InvalidPayload", retryable=False)
        case BaseExceptionGroup():
            return _of_group(error)
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
        about["traceback"] = traceback_of(error, MAX_TRACEBACK_BYTES)
    return {"type": "failed", "error": about, "retryable": retryable}


def _message(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"the handler called sys.exit({printed(error)})"
    if type(error) is asyncio.CancelledError and not error.args:
        return "the handler was cancelled, but not by its worker"
    return message_of(error)


def _of_group(group: BaseException) -> Report:
    """What several tasks raised together: not tried again where one of them says so, later where one asks for it."""
    members = list(islice(members_of(group), MAX_MEMBERS))
    reports = [of_error(member, None) for member in members]
    if len(members) == 1 and isinstance(members[0], HandlerFailed | Snooze | RetryAfter):
        return reports[0]
    if reports and all(report["type"] == "snoozed" for report in reports):
        return max(reports, key=lambda report: report["delay_seconds"])
    if not all(report["retryable"] for report in reports if report["type"] == "failed"):
        return failed("non_retryable", error=group, retryable=False)
    waits = [report["retry_after_seconds"] for report in reports if report.get("retry_after_seconds") is not None]
    return {**failed("handler_error", error=group), **({"retry_after_seconds": max(waits)} if waits else {})}
