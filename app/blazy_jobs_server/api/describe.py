"""How routes describe themselves in the OpenAPI document, where the framework cannot see it from their signature."""

from __future__ import annotations

from typing import Any

import orjson
from pydantic import BaseModel

from blazy_jobs_server.api import problems
from blazy_jobs_server.api.problem_models import Problem
from blazy_jobs_server.domain import errors
from blazy_jobs_server.domain.errors import FieldError, JobsError

Responses = dict[int | str, dict[str, Any]]
Examples = dict[str, tuple[str, Any]]
"""Of a request: name → what it shows, and the value."""


RUN_ID, WORKER_ID, KEY_ID = "run_1i9lna4ic0000", "wrk_1i9ljurb30000", "T1k2nQ8sWz"
BULK_ID = "blk_1i9lna4ic0000"
DELIVERY_ID = "evt_1i9lna4ic0001"

_FIELD = FieldError("/priority", "Input should be less than or equal to 100", "less_than_equal")
_PAYLOAD = FieldError("/payload", '"userId" is a required property', "required")
SAMPLES: tuple[JobsError, ...] = (
    errors.PathNotFound(),
    errors.JobTypeNotFound("send-welcome-email"),
    errors.RunNotFound(RUN_ID),
    errors.WorkerNotFound(WORKER_ID),
    errors.QueueNotFound("mail"),
    errors.ScheduleNotFound("nightly-cleanup"),
    errors.WebhookNotFound("shop"),
    errors.DeliveryNotFound(DELIVERY_ID),
    errors.KeyNotFound(KEY_ID),
    errors.SecretNotFound("send-welcome-email"),
    errors.Unauthorized(),
    errors.ScopeMissing("runs:write"),
    errors.CrossSite(),
    errors.HostRefused(),
    errors.ProxyWithoutKey(),
    errors.BadRequest("Idempotency-Key must have 1 to 255 characters."),
    errors.MalformedJson("An object has a duplicate name.", "/payload/userId"),
    errors.BadLastEventId(),
    errors.RequestTimeout(30),
    errors.JobTypeExists("send-welcome-email"),
    errors.JobTypeInUse("send-welcome-email"),
    errors.ScheduleExists("nightly-cleanup"),
    errors.WebhookExists("shop"),
    errors.TooManyWebhooks(100),
    errors.QueueInUse("emails"),
    errors.ConfigConflict([FieldError("/job_types/0", "belongs to the owner 'shop' and differs", "owned_by_another")]),
    errors.RunFinished("completed"),
    errors.RunNotFailed("completed"),
    errors.RunNotFinished("running"),
    errors.RunNotWaiting("running"),
    errors.DrainRefused(),
    errors.BulkNotFound("blk_1i9lna4ic0000"),
    errors.BulkFinished("completed"),
    errors.TooManyMatches(1200, 1000, at_least=False),
    errors.FilterRequired(),
    errors.DedupeKeyInUse(),
    errors.IdempotencyInFlight(),
    errors.KeyEnded(),
    errors.RotationPending("2026-02-01T12:00:00.000000Z"),
    errors.RateLimited(100, 60, 5),
    errors.TooManyTries(5, 60, 42),
    errors.EventsExpired(),
    errors.PayloadTooLarge(1_048_576),
    errors.UnsupportedMedia(),
    errors.UnsupportedEncoding(),
    errors.InvalidRequest([_FIELD]),
    errors.InvalidPayload([_PAYLOAD]),
    errors.InvalidSchema([FieldError("/payload_schema/type", '"text" is not a type', "invalid_schema")]),
    errors.BlockedDestination.at("/url", "leads to an address that the server does not send to", "blocked_destination"),
    errors.InvalidBatch([FieldError("/runs/5/payload", _PAYLOAD.message, _PAYLOAD.code)]),
    errors.InvalidCursor(),
    errors.BlockedDestination.at("/handler/url", "leads where the server does not go", "blocked_destination"),
    errors.HeadersRequired.of("/handler/headers", ["Authorization"]),
    errors.NotSupported("/queues/0/engine", "JOBS_REDIS_URL is not set."),
    errors.IdempotencyKeyReused(),
    errors.StoreUnavailable("disk I/O error"),
    errors.KeyringUnavailable("JOBS_KEYRING_FILE (/etc/jobs/keyring) cannot be read."),
    errors.SealBroken(),
    errors.ReadTimeout(10),
    errors.DefinitionChanged("send-welcome-email"),
    errors.QueueUnavailable("Connection refused."),
    errors.KeyringUnavailable("A secret is sealed by the key 7k2m9q4x, which JOBS_KEYRING_FILE does not have."),
    errors.TooBusy.at("/payload"),
    errors.Draining(),
    errors.Unavailable("The pool's workers have not declared their job types yet."),
    errors.QueueFull("mail", 100_000),
    errors.LimitUnsupported("/concurrency"),
    JobsError("Unexpected error in the server; see its log."),
)
"""Each refusal as it comes."""
_SAMPLES = {type(sample): sample for sample in SAMPLES}

ALWAYS: tuple[type[JobsError], ...] = (JobsError,)
GUARDED: tuple[type[JobsError], ...] = (
    errors.Unauthorized,
    errors.ScopeMissing,
    errors.CrossSite,
    errors.HostRefused,
    errors.ProxyWithoutKey,
)
STORED: tuple[type[JobsError], ...] = (errors.StoreUnavailable,)
BODY: tuple[type[JobsError], ...] = (
    errors.MalformedJson,
    errors.RequestTimeout,
    errors.PayloadTooLarge,
    errors.UnsupportedEncoding,
    errors.UnsupportedMedia,
    errors.InvalidRequest,
)
"""What every route with a body may answer."""
IDEMPOTENT: tuple[type[JobsError], ...] = (
    errors.BadRequest,
    errors.IdempotencyKeyReused,
    errors.IdempotencyInFlight,
    errors.RateLimited,
    errors.QueueFull,
)
"""What every route that makes runs may answer beside."""

SHARED: dict[str, tuple[type[JobsError], ...]] = {
    "Unauthorized": (errors.Unauthorized,),
    "Forbidden": (errors.ScopeMissing, errors.CrossSite, errors.HostRefused, errors.ProxyWithoutKey),
    "RequestTimeout": (errors.RequestTimeout,),
    "PayloadTooLarge": (errors.PayloadTooLarge,),
    "UnsupportedMedia": (errors.UnsupportedEncoding, errors.UnsupportedMedia),
    "InvalidRequest": (errors.InvalidRequest,),
    "TooManyRequests": (errors.RateLimited, errors.QueueFull),
    "InternalError": (JobsError,),
    "StoreUnavailable": (errors.StoreUnavailable,),
    "JobTypeNotFound": (errors.JobTypeNotFound,),
    "RunNotFound": (errors.RunNotFound,),
    "WorkerNotFound": (errors.WorkerNotFound,),
    "QueueNotFound": (errors.QueueNotFound,),
    "ScheduleNotFound": (errors.ScheduleNotFound,),
    "KeyNotFound": (errors.KeyNotFound,),
    "WebhookNotFound": (errors.WebhookNotFound,),
}
"""Answers that the document keeps once, for many routes."""

HEADERS: dict[str, dict[str, Any]] = {
    "Location": {
        "description": "the path of the created resource",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "Idempotency-Replayed": {
        "description": "`true` if an earlier request had the same Idempotency-Key",
        "schema": {"type": "string", "const": "true"},
    },
    "Preference-Applied": {
        "description": "the `Prefer: wait` that was applied (RFC 7240)",
        "schema": {"type": "string"},
        "example": "wait=10",
    },
    "Retry-After": {"description": "seconds to wait before a retry", "schema": {"type": "string"}, "example": "1"},
    "WWW-Authenticate": {"description": "the scheme (RFC 9110)", "schema": {"type": "string"}, "example": "Bearer"},
    "Connection": {"description": "`close`", "schema": {"type": "string"}},
    "Vary": {"description": "the request headers that the response depends on", "schema": {"type": "string"}},
    "Accept-Encoding": {"description": "`identity`: bodies must not be encoded", "schema": {"type": "string"}},
    "Cache-Control": {
        "description": "`no-cache, no-transform` for streams, `no-store` for what is only the client's",
        "schema": {"type": "string"},
    },
    "Set-Cookie": {"description": "the session's cookie (RFC 6265)", "schema": {"type": "string"}},
}

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A request with the same key and body returns the run of the first one, for at least 24 hours.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": r"\S"},
    "example": "order-1234",
}
PREFER: dict[str, Any] = {
    "name": "Prefer",
    "in": "header",
    "required": False,
    "description": "`wait=10`: respond with the finished run if it finishes within 10 seconds (RFC 7240).",
    "schema": {"type": "string"},
    "example": "wait=10",
}
DISPATCH_HEADERS = [IDEMPOTENCY_KEY, PREFER]
LAST_EVENT_ID: dict[str, Any] = {
    "name": "Last-Event-ID",
    "in": "header",
    "required": False,
    "description": "The `id` of the last event that was received; the stream continues after it.",
    "schema": {"type": "string"},
}

_RUN = {"run_id": "$response.body#/id"}
_NAME = {"name": "$response.body#/name"}
_BULK = {"bulk_id": "$response.body#/id"}
_WORKER = {"worker_id": "$response.body#/id"}
RUN_LINKS = (
    "get_run",
    "cancel_run",
    "follow_run",
    "list_attempts",
    "replay_run",
    "resolve_run",
    "run_now",
    "erase_run",
)
JOB_TYPE_LINKS = (
    "dispatch_run",
    "get_job_type",
    "patch_job_type",
    "pause_job_type",
    "resume_job_type",
    "retire_job_type",
)
QUEUE_LINKS = ("get_queue", "pause_queue", "resume_queue")
SCHEDULE_LINKS = (
    "get_schedule",
    "patch_schedule",
    "pause_schedule",
    "resume_schedule",
    "trigger_schedule",
    "list_fire_times",
    "delete_schedule",
)
WEBHOOK_LINKS = (
    "get_webhook",
    "patch_webhook",
    "test_webhook",
    "list_deliveries",
    "recover_deliveries",
    "rotate_webhook_secret",
    "forget_previous_webhook_secret",
    "delete_webhook",
)
BULK_LINKS = ("get_bulk", "cancel_bulk")
WORKER_LINKS = ("claim_runs", "report_runs", "drain_worker", "remove_worker")
LINKS: dict[str, dict[str, Any]] = {
    **{name: {"operationId": name, "parameters": _RUN} for name in RUN_LINKS},
    **{
        name: {"operationId": name, "parameters": _NAME}
        for name in (*JOB_TYPE_LINKS, *QUEUE_LINKS, *SCHEDULE_LINKS, *WEBHOOK_LINKS)
    },
    **{name: {"operationId": name, "parameters": _BULK} for name in BULK_LINKS},
    **{name: {"operationId": name, "parameters": _WORKER} for name in WORKER_LINKS},
}

MODELS: dict[str, type[BaseModel]] = {Problem.__name__: Problem}
"""Models that the framework does not see in a signature; application.py adds them to the document."""


def accepts(
    model: type[BaseModel],
    examples: Examples,
    *,
    required: bool = True,
    headers: list[dict[str, Any]] | None = None,
) -> dict[str, Any]:
    """The body that a route reads itself, and its headers."""
    content = {
        "schema": reference(model),
        "examples": {name: {"summary": summary, "value": value} for name, (summary, value) in examples.items()},
    }
    extra: dict[str, Any] = {"requestBody": {"required": required, "content": {"application/json": content}}}
    if headers:
        extra["parameters"] = headers
    return extra


def reference(model: type[BaseModel]) -> dict[str, str]:
    MODELS[model.__name__] = model
    return {"$ref": f"#/components/schemas/{model.__name__}"}


def describe(
    models: dict[int, type[BaseModel]],
    *refusals: type[JobsError],
    text: dict[int, str] | None = None,
    links: tuple[str, ...] = (),
    headers: dict[int, tuple[str, ...]] | None = None,
) -> Responses:
    """The answers of a guarded route: a model for each good status, and its problems."""
    good: Responses = {}
    for status, model in models.items():
        good[status] = {"model": model, "description": (text or {}).get(status, "done")}
        if links:
            good[status]["links"] = {name: {"$ref": f"#/components/links/{name}"} for name in links}
        if headers and status in headers:
            good[status]["headers"] = headers_of(*headers[status])
    return {**good, **answers(*refusals)}


def answers(*refusals: type[JobsError]) -> Responses:
    """The problem documents that a guarded route may answer."""
    return problems_of(*ALWAYS, *GUARDED, *STORED, errors.InvalidRequest, *refusals)


def problems_of(*refusals: type[JobsError]) -> Responses:
    by_status: dict[int, list[type[JobsError]]] = {}
    for refusal in sorted(dict.fromkeys(refusals), key=lambda r: r.status):
        by_status.setdefault(refusal.status, []).append(refusal)
    return {status: _problem(tuple(found)) for status, found in by_status.items()}


def _problem(refusals: tuple[type[JobsError], ...]) -> dict[str, Any]:
    """FastAPI adds a description beside a reference, so application.py puts the reference in its place."""
    for name, shared in SHARED.items():
        if set(shared) == set(refusals):
            return {"description": name, "x-shared": name}
    return problem(*refusals)


def problem(*refusals: type[JobsError]) -> dict[str, Any]:
    """One answer: its codes, and each as it comes."""
    samples = [_SAMPLES[refusal] for refusal in refusals]
    content = {
        "schema": {"$ref": f"#/components/schemas/{Problem.__name__}"},
        "examples": {s.code: {"summary": s.title, "value": orjson.loads(problems.document(s))} for s in samples},
    }
    answer: dict[str, Any] = {
        "description": ", ".join(dict.fromkeys(f"`{sample.code}`" for sample in samples)),
        "content": {problems.MEDIA_TYPE: content},
    }
    named = sorted({name for sample in samples for name in sample.headers})
    if named:
        answer["headers"] = headers_of(*named)
    return answer


def headers_of(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
