"""What the server sends: a call of an HTTP handler, and a webhook's event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal
from urllib.parse import urlsplit

import orjson

from blazy_jobs.client.facts import RunFacts
from blazy_jobs.receiving.errors import BodyInvalid
from blazy_jobs.receiving.verification import (
    DEFAULT_TOLERANCE_SECONDS,
    Headers,
    Message,
    Secrets,
    verify,
)

EventType = Literal["run.completed", "run.failed", "run.cancelled", "run.retrying", "webhook.test"]


@dataclass(frozen=True)
class ReportAddress:
    """Where one attempt of a run is reported on. Both are plain text, to be kept until then, also in another process.
    `token` is good for this attempt alone, and secret."""

    url: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class HandlerCall:
    """One attempt of a run, given to an HTTP handler.

    `message_id` is the run's id, the same for each of its attempts. `report` is None where the server gave none.
    """

    message_id: str
    run: RunFacts
    attempt: int
    deadline_at: datetime
    """When the server takes the attempt for timed out, by its clock."""
    report: ReportAddress | None
    sent_at: datetime
    """When it was signed, by the server's clock, in whole seconds."""

    @property
    def payload(self) -> Any:
        return self.run.payload

    @property
    def seconds(self) -> float:
        """How long the attempt may take, from its beginning: a span, which no clock that is wrong changes."""
        return float(self.run.data["timeout_seconds"])


@dataclass(frozen=True)
class WebhookEvent:
    """What became of a run. `id` is the same however often the event is delivered; events of a run may arrive in
    another order than that of their `seq`. `data` has all that was sent, also what a newer server adds.

    None: the event is not about a run, as `webhook.test` is not, which is sent on request.
    """

    id: str
    type: EventType | str
    time: datetime
    data: Mapping[str, Any]
    run_id: str | None = None
    job_type: str | None = None
    queue: str | None = None
    state: str | None = None
    seq: int | None = None
    attempt: int | None = None
    error: Mapping[str, Any] | None = None
    """`code` and `message` of a run that failed, or of the attempt that is tried again."""

    @property
    def result(self) -> Any:
        """Of a completed run, where the webhook includes it; else None."""
        return self.data.get("result")


def read_call(
    headers: Headers,
    body: bytes | str,
    secrets: Secrets = None,
    *,
    tolerance: float | timedelta = DEFAULT_TOLERANCE_SECONDS,
    now: float | None = None,
) -> HandlerCall:
    """A genuine call of an HTTP handler. Raises what `verify` raises, and BodyInvalid."""
    return call_of(verify(headers, body, secrets, tolerance=tolerance, now=now))


def read_event(
    headers: Headers,
    body: bytes | str,
    secrets: Secrets = None,
    *,
    tolerance: float | timedelta = DEFAULT_TOLERANCE_SECONDS,
    now: float | None = None,
) -> WebhookEvent:
    """A genuine event of a webhook. Raises what `verify` raises, and BodyInvalid."""
    return event_of(verify(headers, body, secrets, tolerance=tolerance, now=now))


def call_of(message: Message) -> HandlerCall:
    """Raises BodyInvalid."""
    body = _object(message.body)
    run = body.get("run")
    if not isinstance(run, dict):
        what = "an event of a webhook" if "data" in body and "type" in body else "something else"
        raise BodyInvalid(f"this address takes calls of HTTP handlers, and this is {what}")
    try:
        return HandlerCall(
            message_id=message.id,
            run=_run(run),
            attempt=int(body["attempt"]),
            deadline_at=_instant(body["deadline_at"]),
            report=_report(body.get("report")),
            sent_at=message.sent_at,
        )
    except (KeyError, TypeError, ValueError) as error:
        raise BodyInvalid(f"the handler call cannot be read: {type(error).__name__}: {error}") from None


def event_of(message: Message) -> WebhookEvent:
    """Raises BodyInvalid."""
    body = _object(message.body)
    data = body.get("data")
    if not isinstance(data, dict):
        what = "a call of an HTTP handler" if "run" in body else "something else"
        raise BodyInvalid(f"this address takes events of webhooks, and this is {what}")
    about = {name: data.get(name) for name in ("run_id", "job_type", "queue", "state", "seq", "attempt", "error")}
    try:
        return WebhookEvent(id=message.id, type=str(body["type"]), time=_instant(body["timestamp"]), data=data, **about)
    except (KeyError, TypeError, ValueError) as error:
        raise BodyInvalid(f"the event cannot be read: {type(error).__name__}: {error}") from None


def _object(raw: bytes) -> dict[str, Any]:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        raise BodyInvalid("the body is not JSON") from None
    if not isinstance(body, dict):
        raise BodyInvalid("the body is no JSON object")
    return body


def _run(run: Mapping[str, Any]) -> RunFacts:
    known = {"id": str(run["id"]), "job_type": str(run["job_type"]), "payload": run["payload"]}
    return RunFacts({**run, **known, "timeout_seconds": float(run["timeout_seconds"])})


def _instant(text: Any) -> datetime:
    instant = datetime.fromisoformat(text)
    if instant.utcoffset() is None:
        raise ValueError("an instant without a time zone")
    return instant


def _report(report: Any) -> ReportAddress | None:
    if report is None:
        return None
    address = ReportAddress(str(report["url"]), str(report["token"]))
    if urlsplit(address.url).scheme not in ("http", "https"):
        raise ValueError("the report's address is neither http:// nor https://")
    return address
