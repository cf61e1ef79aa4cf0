"""Every error that the API returns, in one tree.

    JobsError
    ├── NotFound            404   JobTypeNotFound · RunNotFound · WorkerNotFound · QueueNotFound · ScheduleNotFound
    │                             · KeyNotFound · WebhookNotFound · DeliveryNotFound · SecretNotFound · BulkNotFound
    │                             · PathNotFound
    ├── MethodNotAllowed    405
    ├── Unauthorized        401
    ├── Forbidden           403   ScopeMissing · CrossSite · HostRefused · ProxyWithoutKey
    ├── BadRequest          400   MalformedRequest · MalformedJson · BadLastEventId
    ├── RequestTimeout      408
    ├── Conflict            409   JobTypeExists · JobTypeInUse · ScheduleExists · RunFinished · RunNotFinished
    │                             · RunNotWaiting · BulkFinished · TooManyMatches
    │                             · QueueInUse · DedupeKeyInUse · IdempotencyInFlight · KeyEnded · RotationPending
    │                             · WebhookExists · TooManyWebhooks · ConfigConflict
    ├── Gone                410   EventsExpired
    ├── PayloadTooLarge     413
    ├── UnsupportedMedia    415   UnsupportedEncoding
    ├── TooMany             429   RateLimited · TooManyTries
    ├── HeaderTooLarge      431
    ├── Invalid             422   InvalidRequest · InvalidPayload · InvalidSchema · InvalidBatch · InvalidCursor
    │                             · BlockedDestination · HeadersRequired · NotSupported · IdempotencyKeyReused
    │                             · FilterRequired
    └── Unavailable         503   StoreUnavailable (DefinitionChanged) · QueueUnavailable · TooBusy · Draining
                              · KeyringUnavailable

Each carries the HTTP status and the stable `code` of its problem document (RFC 9457) and builds its own message.
"""

from __future__ import annotations

from msgspec import Struct


class FieldError(Struct, frozen=True):
    """One thing wrong with the input, at a JSON Pointer (RFC 6901)."""

    path: str
    message: str
    code: str


class JobsError(Exception):
    status = 500
    code = "internal_error"
    title = "Internal error"

    def __init__(self, detail: str = "", *, errors: list[FieldError] | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.errors = errors or []

    @property
    def headers(self) -> dict[str, str]:
        return {}


class SealBroken(JobsError):
    """A sealed value was changed, or stands where it was not sealed for: the database was edited, or is damaged."""

    def __init__(self) -> None:
        super().__init__("A stored secret cannot be unsealed.")


class NotFound(JobsError):
    status, code, title = 404, "not_found", "Not found"


class PathNotFound(NotFound):
    def __init__(self) -> None:
        super().__init__("Nothing is served at this path.")


class JobTypeNotFound(NotFound):
    code, title = "job_type_not_found", "Job type not found"

    def __init__(self, name: str) -> None:
        super().__init__(f"No job type is registered as {name[:128]!r}.")


class RunNotFound(NotFound):
    code, title = "run_not_found", "Run not found"

    def __init__(self, run_id: str) -> None:
        super().__init__(f"There is no run {run_id[:40]!r}; it may have been erased, or deleted after its retention.")


class WorkerNotFound(NotFound):
    code, title = "worker_not_found", "Worker not found"

    def __init__(self, worker_id: str) -> None:
        super().__init__(
            f"There is no worker {worker_id[:40]!r}; a worker whose registration has expired must register again."
        )


class ScheduleNotFound(NotFound):
    code, title = "schedule_not_found", "Schedule not found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no schedule {name[:128]!r}.")


class QueueNotFound(NotFound):
    code, title = "queue_not_found", "Queue not found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no queue {name[:128]!r}; a queue is created when it is first used, or with PUT.")


class WebhookNotFound(NotFound):
    code, title = "webhook_not_found", "Webhook not found"

    def __init__(self, name: str) -> None:
        super().__init__(f"There is no webhook {name[:128]!r}.")


class DeliveryNotFound(NotFound):
    code, title = "delivery_not_found", "Delivery not found"

    def __init__(self, delivery_id: str) -> None:
        super().__init__(
            f"There is no delivery {delivery_id[:40]!r} that failed; those that were received are not kept."
        )


class KeyNotFound(NotFound):
    code, title = "key_not_found", "Key not found"

    def __init__(self, key_id: str) -> None:
        super().__init__(f"There is no API key {key_id[:40]!r}.")


class SecretNotFound(NotFound):
    code, title = "secret_not_found", "Secret not found"

    def __init__(self, name: str) -> None:
        super().__init__(f"The job type {name[:128]!r} has no signing secret: it has never had an HTTP handler.")


class BulkNotFound(NotFound):
    code, title = "bulk_not_found", "Bulk operation not found"

    def __init__(self, bulk_id: str) -> None:
        super().__init__(f"There is no bulk operation {bulk_id[:40]!r}; it may have been deleted after its retention.")


class MethodNotAllowed(JobsError):
    status, code, title = 405, "method_not_allowed", "Method not allowed"

    def __init__(self, allowed: str) -> None:
        super().__init__(f"This path allows {allowed}.")
        self.allowed = allowed

    @property
    def headers(self) -> dict[str, str]:
        return {"Allow": self.allowed}


class Unauthorized(JobsError):
    status, code, title = 401, "unauthorized", "Unauthorized"

    def __init__(self) -> None:
        super().__init__("Send a valid key as 'Authorization: Bearer <key>'.")

    @property
    def headers(self) -> dict[str, str]:
        return {"WWW-Authenticate": "Bearer"}


class Forbidden(JobsError):
    status, code, title = 403, "forbidden", "Forbidden"


class ScopeMissing(Forbidden):
    def __init__(self, scope: str) -> None:
        super().__init__(f"This key lacks the scope {scope}.")


class CrossSite(Forbidden):
    code, title = "cross_site", "Cross-site request"

    def __init__(self) -> None:
        super().__init__("Requests from a page of another site are refused.")


class HostRefused(Forbidden):
    code, title = "host_refused", "Host refused"

    def __init__(self) -> None:
        super().__init__("Without an API key, the server accepts only a loopback name or address in 'Host'.")


class ProxyWithoutKey(Forbidden):
    code, title = "proxy_without_key", "Proxy without a key"

    def __init__(self) -> None:
        super().__init__("Behind a proxy, a server without an API key would be open to all: set JOBS_API_KEY.")


class BadRequest(JobsError):
    status, code, title = 400, "bad_request", "Bad request"


class MalformedRequest(BadRequest):
    code, title = "malformed_request", "Malformed request"

    def __init__(self, detail: str = "This is not a valid HTTP/1.1 request, or its method is unknown.") -> None:
        super().__init__(detail)


class MalformedJson(BadRequest):
    code, title = "malformed_json", "Malformed JSON"

    def __init__(self, detail: str, path: str | None = None) -> None:
        errors = [] if path is None else [FieldError(path, detail, "malformed_json")]
        super().__init__(detail if not path else f"{detail} (at {path})", errors=errors)


class BadLastEventId(BadRequest):
    code, title = "bad_last_event_id", "Bad Last-Event-ID"

    def __init__(self) -> None:
        super().__init__("Last-Event-ID is not the id of an event of this stream.")


class RequestTimeout(JobsError):
    status, code, title = 408, "request_timeout", "Request timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The body did not arrive within {seconds:g} seconds.")

    @property
    def headers(self) -> dict[str, str]:
        return {"Connection": "close"}


class Conflict(JobsError):
    status, code, title = 409, "conflict", "Conflict"


class KeyEnded(Conflict):
    code, title = "key_ended", "Key revoked or expired"

    def __init__(self) -> None:
        super().__init__("The key has been revoked or has expired; it cannot be rotated. Create another one.")


class RotationPending(Conflict):
    code, title = "rotation_pending", "Rotation pending"

    def __init__(self, until: str) -> None:
        super().__init__(
            f"Two secrets are valid until {until}, after the last rotation. With overlap_seconds 0 both end at once."
        )


class ConfigConflict(Conflict):
    code, title = "config_conflict", "Configuration conflict"

    def __init__(self, errors: list[FieldError]) -> None:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{first.path}: {first.message}{more}", errors=errors)


class RunNotFailed(Conflict):
    code, title = "run_not_failed", "Run not failed"

    def __init__(self, state: str) -> None:
        super().__init__(f"The run is {state}; only a failed run can be resolved.")


class RunNotWaiting(Conflict):
    code, title = "run_not_waiting", "Run not waiting"

    def __init__(self, state: str) -> None:
        super().__init__(f"The run is {state}; only a scheduled or retrying run waits for its time.")


class BulkFinished(Conflict):
    code, title = "bulk_finished", "Bulk operation finished"

    def __init__(self, state: str) -> None:
        super().__init__(f"The bulk operation is {state}; it cannot be cancelled any more.")


class TooManyMatches(Conflict):
    code, title = "too_many_matches", "Too many matches"

    def __init__(self, matched: int, expected: int, *, at_least: bool) -> None:
        least = "at least " if at_least else ""
        super().__init__(f"{least.capitalize()}{matched} runs match, and at most {expected} were expected.")


class JobTypeExists(Conflict):
    code, title = "job_type_exists", "Job type exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"A job type {name!r} already exists; PUT replaces it, PATCH changes it.")


class JobTypeInUse(Conflict):
    code, title = "job_type_in_use", "Job type in use"

    def __init__(self, name: str) -> None:
        super().__init__(f"{name!r} has unfinished runs, or a schedule uses it; finish or delete these first.")


class ScheduleExists(Conflict):
    code, title = "schedule_exists", "Schedule exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"A schedule {name!r} already exists; PUT replaces it, PATCH changes it.")


class WebhookExists(Conflict):
    code, title = "webhook_exists", "Webhook exists"

    def __init__(self, name: str) -> None:
        super().__init__(f"A webhook {name!r} already exists; PUT replaces it, PATCH changes it.")


class TooManyWebhooks(Conflict):
    code, title = "too_many_webhooks", "Too many webhooks"

    def __init__(self, most: int) -> None:
        super().__init__(f"There are {most} webhooks, as many as a server takes. Delete one first.")


class QueueInUse(Conflict):
    code, title = "queue_in_use", "Queue in use"

    def __init__(self, name: str) -> None:
        super().__init__(f"The queue {name!r} has unfinished runs; its engine can be changed when they have finished.")


class RunFinished(Conflict):
    code, title = "run_finished", "Run finished"

    def __init__(self, state: str) -> None:
        super().__init__(f"The run is {state}; a final state cannot change.")


class RunNotFinished(Conflict):
    code, title = "run_not_finished", "Run not finished"

    def __init__(self, state: str) -> None:
        super().__init__(f"The run is {state}; only a finished run can be erased.")


class DrainRefused(Conflict):
    code, title = "drain_refused", "Drain refused"

    def __init__(self) -> None:
        super().__init__("This worker is the server's own, for HTTP handlers: pause the job type instead.")


class DedupeKeyInUse(Conflict):
    """By a run that is not there for who asks."""

    code, title = "dedupe_key_in_use", "Dedupe key in use"

    def __init__(self) -> None:
        super().__init__("An unfinished run that this key is not shown has the dedupe_key; nothing was stored.")


class IdempotencyInFlight(Conflict):
    code, title = "idempotency_in_flight", "Idempotent request in flight"

    def __init__(self) -> None:
        super().__init__("The first request with this Idempotency-Key is still in progress; try again.")

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


class Gone(JobsError):
    status, code, title = 410, "gone", "Gone"


class EventsExpired(Gone):
    code, title = "events_expired", "Events expired"

    def __init__(self) -> None:
        super().__init__(
            "Events after this id have passed their retention, or are no more since a backup was restored; start again"
            " without Last-Event-ID."
        )


class TooMany(JobsError):
    status, code, title = 429, "too_many_requests", "Too many requests"


class RateLimited(TooMany):
    code, title = "rate_limited", "Rate limited"

    def __init__(self, limit: int, per_seconds: float, retry_after_seconds: int) -> None:
        super().__init__(f"This key may make {limit} runs per {per_seconds:g} seconds.")
        self.retry_after_seconds = retry_after_seconds

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_seconds)}


class QueueFull(TooMany):
    """Of a queue's `max_queued`."""

    code, title = "queue_full", "Queue full"

    def __init__(self, queue: str, limit: int) -> None:
        super().__init__(f"No more than {limit} runs may wait in the queue {queue!r}.")

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


class TooManyTries(TooMany):
    code, title = "rate_limited", "Rate limited"

    def __init__(self, limit: int, per_seconds: int, retry_after_seconds: int) -> None:
        super().__init__(f"From an address, {limit} keys that are not valid may be tried per {per_seconds} seconds.")
        self.retry_after_seconds = retry_after_seconds

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": str(self.retry_after_seconds)}


class PayloadTooLarge(JobsError):
    status, code, title = 413, "payload_too_large", "Payload too large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The body must not exceed {limit_bytes} bytes.")


class HeaderTooLarge(JobsError):
    status, code, title = 431, "header_too_large", "Request header fields too large"

    def __init__(self, limit_bytes: int) -> None:
        super().__init__(f"The request line and headers must not exceed {limit_bytes} bytes.")


class UnsupportedMedia(JobsError):
    status, code, title = 415, "unsupported_media_type", "Unsupported media type"

    def __init__(self) -> None:
        super().__init__("Send the body as 'Content-Type: application/json'.")


class UnsupportedEncoding(UnsupportedMedia):
    def __init__(self) -> None:
        JobsError.__init__(self, "Send the body without a Content-Encoding.")

    @property
    def headers(self) -> dict[str, str]:
        return {"Accept-Encoding": "identity"}


class Invalid(JobsError):
    status, code, title = 422, "invalid_request", "Invalid request"


class InvalidRequest(Invalid):
    def __init__(self, errors: list[FieldError]) -> None:
        first = errors[0]
        more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
        super().__init__(f"{first.path or 'The body'}: {first.message}{more}", errors=errors)

    @classmethod
    def at(cls, path: str, message: str, code: str = "invalid_value") -> InvalidRequest:
        return cls([FieldError(path, message, code)])


class InvalidPayload(InvalidRequest):
    code, title = "invalid_payload", "Invalid payload"


class InvalidSchema(InvalidRequest):
    code, title = "invalid_schema", "Invalid schema"


class InvalidBatch(InvalidRequest):
    code, title = "invalid_batch", "Invalid batch"


class BlockedDestination(InvalidRequest):
    """A URL that leads where the server does not go. It names no address: that would tell of the network."""

    code, title = "blocked_destination", "Blocked destination"


class InvalidCursor(Invalid):
    code, title = "invalid_cursor", "Invalid cursor"

    def __init__(self) -> None:
        super().__init__(
            "The cursor does not belong to this list.",
            errors=[FieldError("/cursor", "is not a cursor of this list", "invalid_cursor")],
        )


class FilterRequired(Invalid):
    code, title = "filter_required", "Filter required"

    def __init__(self) -> None:
        detail = "An empty filter matches all runs. Give a filter or ids; 'all': true says that all are meant."
        super().__init__(detail, errors=[FieldError("/filter", "must not be empty", self.code)])


class NotSupported(Invalid):
    code, title = "not_supported", "Not supported"

    def __init__(self, path: str, detail: str) -> None:
        super().__init__(detail, errors=[FieldError(path, detail, "not_supported")])


class LimitUnsupported(Invalid):
    code, title = "limit_unsupported", "Limit unsupported"

    def __init__(self, pointer: str) -> None:
        message = "is not for a queue with the engine 'bullmq'"
        super().__init__(
            "A queue in Redis has no limits of this server.", errors=[FieldError(pointer, message, self.code)]
        )


class HeadersRequired(InvalidRequest):
    code, title = "headers_required", "Headers required"

    @classmethod
    def of(cls, path: str, names: list[str]) -> HeadersRequired:
        message = "must be sent in full: it is kept for the origin that it was set for only"
        return cls(
            [FieldError(f"{path}/{name.replace('~', '~0').replace('/', '~1')}", message, cls.code) for name in names]
        )


class IdempotencyKeyReused(Invalid):
    code, title = "idempotency_key_reused", "Idempotency key reused"

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was already used with a different request body.")


class Unavailable(JobsError):
    status, code, title = 503, "unavailable", "Unavailable"

    @property
    def headers(self) -> dict[str, str]:
        return {"Retry-After": "1"}


class KeyringUnavailable(Unavailable):
    """Secrets cannot be sealed or unsealed until an operator has put the keyring right."""

    code, title = "keyring_unavailable", "Keyring unavailable"


class StoreUnavailable(Unavailable):
    code, title = "store_unavailable", "Store unavailable"

    def __init__(self, reason: str) -> None:
        super().__init__(f"The database cannot be read or written: {reason}")


class ReadTimeout(Unavailable):
    code, title = "read_timeout", "Read timeout"

    def __init__(self, seconds: float) -> None:
        super().__init__(f"The database took longer than {seconds:g} s; narrow the filter, or try again later")


class DefinitionChanged(StoreUnavailable):
    """Another server has changed it since it was read here; read it again and retry."""

    def __init__(self, name: str) -> None:
        super().__init__(f"others keep changing {name}")


class QueueUnavailable(Unavailable):
    code, title = "queue_unavailable", "Queue unavailable"

    def __init__(self, reason: str, cause: str = "unreachable", *, refused: bool = False) -> None:
        """`cause` is a stable word for the reason; empty if another failure led to this one. `refused`: Redis answered
        and refuses until an operator corrects it."""
        super().__init__(f"The queue's Redis is unavailable: {reason}")
        self.cause = cause
        self.refused = refused


class TooBusy(Unavailable):
    """Values could not be checked against their schemas in time; sent again, they may be."""

    code, title = "too_busy", "Too busy"

    @classmethod
    def at(cls, *paths: str) -> TooBusy:
        message = "could not be checked against the schema in time"
        return cls(
            f"{paths[0]}: {message}; send the request again later.",
            errors=[FieldError(path, message, cls.code) for path in paths],
        )


class Draining(Unavailable):
    code, title = "draining", "Draining"

    def __init__(self) -> None:
        super().__init__("The server is shutting down.")
