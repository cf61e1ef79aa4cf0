"""What an HTTP answer means for the run that it answers."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, NamedTuple

import orjson
from msgspec.structs import replace

from blazy_jobs_server.domain.errors import MalformedJson
from blazy_jobs_server.domain.run import INVALID_RESULT, Error
from blazy_jobs_server.outbound import retry_after
from blazy_jobs_server.ports import Report
from blazy_jobs_server.ports.outbound import (
    Answer,
    AnswerEncoded,
    AnswerTooLarge,
    DestinationBlocked,
    NoConnection,
    ProtocolBroken,
    SendFailed,
    SendTimedOut,
    UrlRefused,
)

RETRIED = frozenset((408, 425, 429))
"""Of the 4xx; and all 5xx."""
POSTPONED = frozenset((429, 503))
"""Those with which Retry-After is heeded."""
MAX_MESSAGE_BYTES = 1024

Parse = Callable[[bytes], Any]
"""Strict JSON. Raises MalformedJson."""


class Outcome(NamedTuple):
    """`report` is what to report of the run, after the words in `said`. `postponed_seconds`: the answer asks for
    another try then, at no attempt's cost; `report` is for the case that too many were asked for. `connected` None: not
    known."""

    report: Report
    said: tuple[Report, ...] = ()
    postponed_seconds: float | None = None
    connected: bool | None = True


def of_answer(base: Report, answer: Answer, *, may_detach: bool, parse: Parse, now: float) -> Outcome:
    """`base` names the run and its lease; `now` is in seconds since the epoch."""
    if may_detach and answer.status == HTTPStatus.ACCEPTED:
        return Outcome(replace(base, kind="detached"))
    if 200 <= answer.status < 300:
        return _completed(base, answer, parse)
    retried = answer.status in RETRIED or answer.status >= 500
    failed = replace(base, kind="failed", error=_http_status(answer, parse), retryable=retried)
    if answer.status not in POSTPONED:
        return Outcome(failed)
    seconds = retry_after.seconds(answer.headers.get("retry-after"), now)
    return Outcome(replace(failed, retry_after_seconds=seconds), postponed_seconds=seconds)


def of_failure(base: Report, failure: SendFailed | UrlRefused, timeout_seconds: float) -> Outcome:
    failed = replace(base, kind="failed")
    match failure:
        case DestinationBlocked() | UrlRefused():
            message = "The handler's URL leads where the server does not go."
            return Outcome(
                replace(failed, error=Error("blocked_destination", message), retryable=False), connected=None
            )
        case NoConnection():
            return Outcome(replace(failed, error=Error("no_connection", str(failure))), connected=False)
        case SendTimedOut():
            error = Error("timeout", f"Ran longer than {timeout_seconds:g} seconds.")
            return Outcome(replace(failed, error=error), connected=None)
        case AnswerTooLarge() | AnswerEncoded():
            return Outcome(replace(failed, error=Error(INVALID_RESULT, str(failure)), retryable=False))
        case ProtocolBroken():
            return Outcome(replace(failed, error=Error("connection_lost", str(failure))))
    raise failure


def _completed(base: Report, answer: Answer, parse: Parse) -> Outcome:
    completed = replace(base, kind="completed")
    if not answer.body or not _is_json(answer):
        return Outcome(completed)
    try:
        result = orjson.dumps(parse(answer.body)).decode()
    except MalformedJson as error:
        return Outcome(completed, (_warning(base, f"The answer's body counts as none: {error.detail}"),))
    return Outcome(replace(completed, data=result))


def _warning(base: Report, message: str) -> Report:
    line = {"level": "warning", "message": message, "fields": {}}
    return replace(base, kind="log", data=orjson.dumps(line).decode())


def _is_json(answer: Answer) -> bool:
    """By its media type (RFC 8259, RFC 6839); an answer without one may be."""
    kind = answer.headers.get("content-type", "application/json").partition(";")[0].strip().lower()
    return kind in ("application/json", "text/json") or kind.endswith("+json")


def _http_status(answer: Answer, parse: Parse) -> Error:
    said = _message(answer, parse)
    message = _cut(said) if said else f"The handler answered HTTP {answer.status}."
    return Error("http_status", message, status=answer.status)


def _message(answer: Answer, parse: Parse) -> str:
    if not answer.body or not _is_json(answer):
        return ""
    try:
        value = parse(answer.body)
    except MalformedJson:
        return ""
    message = value.get("message") if isinstance(value, dict) else None
    return message if isinstance(message, str) else ""


def _cut(message: str) -> str:
    return message.encode()[:MAX_MESSAGE_BYTES].decode(errors="ignore")
