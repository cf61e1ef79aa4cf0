"""What a webhook's message says (Standard Webhooks: `type`, `timestamp`, `data`)."""

from __future__ import annotations

from typing import Any

import orjson

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.redaction import redacted
from blazy_jobs_server.domain.run import STATE_NAMES
from blazy_jobs_server.domain.webhook import Happened

RESULT = "result"
TEST_TYPE = "webhook.test"


def body_of(event: Happened, include: tuple[str, ...], hidden: tuple[str, ...] = ()) -> str:
    """JSON text. A result that is too long is null, and `result_omitted` says so. `hidden` are the JSON Pointers of
    what is not shown of a result."""
    data: dict[str, Any] = {
        "run_id": ids.run_id(event.run_id),
        "job_type": event.job_type,
        "queue": event.queue,
        "state": STATE_NAMES[event.state],
        "seq": event.seq,
        "attempt": event.attempt,
        "error": _error(event.error),
    }
    if RESULT in include and event.type is EventType.COMPLETED:
        result = event.result or "null"
        data["result"] = orjson.Fragment(result if result == "null" else redacted(result, hidden))
        if event.result_omitted:
            data["result_omitted"] = True
    return orjson.dumps({"type": event.name, "timestamp": rfc3339(event.time), "data": data}).decode()


def _error(text: str | None) -> dict[str, Any] | None:
    if text is None:
        return None
    error = orjson.loads(text)
    return {"code": error.get("code"), "message": error.get("message")}


def body_of_test(webhook: str, now: int) -> str:
    return orjson.dumps({"type": TEST_TYPE, "timestamp": rfc3339(now), "data": {"webhook": webhook}}).decode()
