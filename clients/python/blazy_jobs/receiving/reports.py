"""What can be reported on an attempt, each report written once for `Reporter` and `AsyncReporter`."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import orjson

from blazy_jobs.client.call import Call
from blazy_jobs.errors import MAX_WAIT_SECONDS, seconds_of
from blazy_jobs.receiving.errors import AttemptOver, ReportRefused
from blazy_jobs.receiving.messages import ReportAddress
from blazy_jobs.strict_json import NotJson, encode
from blazy_jobs.text import printed
from blazy_jobs.worker.outbox import log_words, progress_words
from blazy_jobs.worker.outcome import failed

Item = Mapping[str, Any]


class Heard(NamedTuple):
    """What the server says to a report. `cancel_requested`: someone has cancelled the run; stop, and report
    `cancelled`."""

    cancel_requested: bool


def sending(address: ReportAddress, items: Sequence[Item]) -> Call[Heard]:
    """All of them in one request, in this order; none is a heartbeat. May be sent twice."""
    return Call("POST", address.url, _heard, body=orjson.dumps({"reports": list(items)}), token=address.token)


def progress(percent: float, message: str | None, data: Any) -> Item:
    """Raises ValueError where `percent` is not a number."""
    number = float(percent)
    if math.isnan(number):
        raise ValueError("percent is not a number")
    return progress_words(min(max(number, 0.0), 100.0), None if message is None else printed(message), data)


def log(message: str, level: str, fields: Mapping[str, Any]) -> Item:
    return log_words(level, message, fields)[0]


def completed(result: Any) -> Item:
    """Raises ValueError where the result is not JSON."""
    try:
        return {"type": "completed", "result": orjson.Fragment(encode(result))}
    except NotJson as error:
        raise ValueError(f"the result is not JSON: {error}") from None


def failure(
    why: str | BaseException, *, code: str | None, retryable: bool, retry_after: float | timedelta | None
) -> Item:
    """Raises ValueError where `retry_after` is no span of 0 to 366 days."""
    error = why if isinstance(why, BaseException) else None
    known = code or ("handler_error" if retryable else "non_retryable")
    report = failed(known, None if error else printed(why), error=error, retryable=retryable)
    if retry_after is None:
        return report
    return {**report, "retry_after_seconds": seconds_of(retry_after, "retry_after", MAX_WAIT_SECONDS)}


def snoozed(delay: float | timedelta) -> Item:
    """Raises ValueError where it is no span of 0 to 366 days."""
    return {"type": "snoozed", "delay_seconds": seconds_of(delay, "delay", MAX_WAIT_SECONDS)}


RELEASED: Item = {"type": "released"}
CANCELLED: Item = {"type": "cancelled"}


def _heard(answer: Any) -> Heard:
    data = answer.get("data") or []
    for item in data:
        match item["status"]:
            case "lease_lost":
                raise AttemptOver("the attempt is over: its run has ended, or is tried again")
            case "rejected":
                raise ReportRefused(f"the server refuses the report: {item['error']}")
    return Heard(any(item["cancel_requested"] for item in [answer, *data] if "cancel_requested" in item))
