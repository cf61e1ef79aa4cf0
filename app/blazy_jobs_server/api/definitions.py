"""From what a request says of a job type or a run to the domain's values, with all that is left out."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import UNSET

from blazy_jobs_server.api import fields, job_type_models, run_models
from blazy_jobs_server.domain.errors import InvalidRequest
from blazy_jobs_server.domain.instants import SECOND, from_datetime
from blazy_jobs_server.domain.job_type import Definition, Handler
from blazy_jobs_server.domain.retry import RetryPolicy
from blazy_jobs_server.engine.dispatch import Wish

_FIELDS = (
    "description",
    "queue",
    "priority",
    "timeout_seconds",
    "expires_seconds",
    "payload_schema",
    "result_schema",
    "retention_seconds",
    "retention_failed_seconds",
    "concurrency",
)


def retry_changes(value: job_type_models.RetryIn | int) -> dict[str, Any]:
    """What it says of the policy; a bare integer is the number of retries."""
    if isinstance(value, int):
        return {"max_attempts": value + 1}
    return value.model_dump(exclude_unset=True)


def changes(body: job_type_models.JobTypePatch) -> dict[str, Any]:
    """The fields of a Definition that the body sets."""
    given = body.model_fields_set
    fields: dict[str, Any] = {name: getattr(body, name) for name in _FIELDS if name in given}
    if body.tags is not None and "tags" in given:
        fields["tags"] = tuple(body.tags)
    if body.redact is not None:
        fields["redact"] = tuple(body.redact)
    if body.handler is not None:
        fields["handler"] = _handler(body.handler)
    return fields


def _handler(handler: job_type_models.WorkerHandlerIn | job_type_models.HttpHandlerIn) -> Handler:
    if isinstance(handler, job_type_models.WorkerHandlerIn):
        return Handler("worker")
    return Handler(
        "http",
        handler.url,
        completion=handler.completion or "response",
        heartbeat_seconds=handler.heartbeat_seconds,
        given=handler.headers or {},
        omitted=handler.headers is None,
    )


def writes_handler(body: job_type_models.JobTypePatch) -> bool:
    """Whether it says what an HTTP handler is to be."""
    return isinstance(body.handler, job_type_models.HttpHandlerIn)


def definition(name: str, body: job_type_models.JobTypeIn | job_type_models.JobTypePut) -> Definition:
    """A whole definition, with the defaults for what is left out."""
    fields = changes(body)
    if body.retry is not None:
        fields["retry"] = RetryPolicy(**retry_changes(body.retry))
    return Definition(name=name, **fields)


def changed(known: Definition, body: job_type_models.JobTypePatch) -> Definition:
    """`known` with what a PATCH says; a partial `retry` or HTTP handler keeps the rest of it."""
    fields = changes(body)
    if isinstance(body.handler, job_type_models.HttpHandlerIn) and known.handler.kind == "http":
        fields["handler"] = _changed_handler(known.handler, body.handler)
    if body.retry is not None:
        fields["retry"] = msgspec.structs.replace(known.retry, **retry_changes(body.retry))
    return msgspec.structs.replace(known, **fields)


def _changed_handler(known: Handler, asked: job_type_models.HttpHandlerIn) -> Handler:
    given = asked.model_fields_set
    return msgspec.structs.replace(
        known,
        url=asked.url,
        completion=asked.completion or known.completion,
        heartbeat_seconds=asked.heartbeat_seconds if "heartbeat_seconds" in given else known.heartbeat_seconds,
        given=asked.headers,
    )


def wish(body: run_models.DispatchIn, now: int, created_by: str | None, path: str = "") -> Wish:
    """What a dispatch asks for. Raises InvalidRequest."""
    given = body.model_fields_set
    run_at = None
    if body.run_at is not None:
        run_at = from_datetime(body.run_at)
        if run_at > now + fields.YEAR_SECONDS * SECOND:
            raise InvalidRequest.at(f"{path}/run_at", "is more than a year ahead", "out_of_range")
    return Wish(
        payload=body.payload,
        queue=UNSET if body.queue is None else body.queue,
        priority=UNSET if body.priority is None else body.priority,
        delay_seconds=body.delay_seconds,
        run_at=None if run_at is None else max(run_at, 1),
        retry=UNSET if body.retry is None else retry_changes(body.retry),
        timeout_seconds=UNSET if body.timeout_seconds is None else body.timeout_seconds,
        expires_seconds=body.expires_seconds if "expires_seconds" in given else UNSET,
        dedupe_key=body.dedupe_key,
        tags=tuple(body.tags),
        metadata=body.metadata,
        created_by=created_by,
    )
