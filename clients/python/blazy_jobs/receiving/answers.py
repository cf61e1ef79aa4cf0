"""What is answered: by status, which is all that the server goes by, and with a reason for people."""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from blazy_jobs.receiving.errors import BodyInvalid, ReceivingError, VerificationFailed
from blazy_jobs.receiving.messages import WebhookEvent
from blazy_jobs.text import clean
from blazy_jobs.worker.outcome import Report, of_error

log = logging.getLogger("blazy_jobs.receiving")

MAX_MESSAGE_BYTES = 1024
"""The server keeps no more of it."""
MAX_RETRY_AFTER_SECONDS = 86_400
"""The server takes no longer one."""
RELEASED_RETRY_SECONDS = 1


@dataclass(frozen=True)
class Answer:
    status: int
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)

    def all_headers(self) -> list[tuple[str, str]]:
        """With those of the body."""
        about = {"Content-Type": "application/json"} if self.body else {}
        # RFC 9110, 8.6: a 204 has no length.
        length = {} if self.status == 204 else {"Content-Length": str(len(self.body))}
        return [*about.items(), *length.items(), *self.headers.items()]


ACCEPTED = Answer(202)
DONE = Answer(204)


def of_report(report: Report) -> Answer:
    """What an attempt has come to. `500`: failed, tried again as the job type says. `422`: failed for good. `503` and
    `429` with `Retry-After`: tried again then, and no attempt is spent."""
    match report["type"]:
        case "completed":
            return Answer(200, orjson.dumps(report["result"]))
        case "snoozed":
            seconds = report["delay_seconds"]
            return _said(429, f"snoozed for {seconds:g} s", headers=_retry_after(seconds))
        case "failed":
            error = report["error"]
            if (wait := report.get("retry_after_seconds")) is not None:
                return _said(503, error["message"], error, _retry_after(wait))
            return _said(500 if report["retryable"] else 422, error["message"], error)
        case _:  # cancelled: nobody reads it; released: this process is ending
            return _said(503, "the handler was stopped", headers=_retry_after(RELEASED_RETRY_SECONDS))


def of_event_error(error: BaseException) -> Answer:
    """An event's handler that raised."""
    return of_report(of_error(error, None))


def tell(event: WebhookEvent, error: BaseException) -> None:
    """In the app's own log."""
    log.error("the handler of the event %s (%s) failed", event.id, event.type, exc_info=error)


def of_refusal(error: ReceivingError) -> Answer:
    """A request that is not from the server, or not for this address."""
    if isinstance(error, VerificationFailed):
        return _said(401, str(error))
    return _said(400 if isinstance(error, BodyInvalid) else 500, str(error))


def unknown_job(name: str) -> Answer:
    return _said(404, f"there is no handler here for the job type {name!r:.200}")


def too_large(most_bytes: int) -> Answer:
    return _said(413, f"a body has at most {most_bytes} bytes here")


METHOD_NOT_ALLOWED = Answer(405, b'{"message":"only POST is answered here"}', {"Allow": "POST"})
LENGTH_REQUIRED = Answer(411, b'{"message":"a request without Content-Length cannot be read here"}')


def _said(
    status: int, message: str, error: Mapping[str, Any] | None = None, headers: Mapping[str, str] | None = None
) -> Answer:
    body = {"message": clean(message, MAX_MESSAGE_BYTES)}
    if error is not None:
        body |= {name: error[name] for name in ("code", "type") if error.get(name)}
    return Answer(status, orjson.dumps(body), headers or {})


def _retry_after(seconds: float) -> dict[str, str]:
    return {"Retry-After": str(min(math.ceil(seconds), MAX_RETRY_AFTER_SECONDS))}
