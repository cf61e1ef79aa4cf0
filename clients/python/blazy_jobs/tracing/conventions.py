"""Names of spans and attributes: OpenTelemetry's semantic conventions of messaging, and our own."""

from __future__ import annotations

from hashlib import blake2b

SCHEMA_URL = "https://opentelemetry.io/schemas/1.37.0"
"""The version of the conventions that these are of."""
SCOPE, WORKER_SCOPE, CALLS_SCOPE = "blazy_jobs", "blazy_jobs.worker", "blazy_jobs.worker.calls"
SYSTEM = "blazy_jobs"

MESSAGING_SYSTEM = "messaging.system"
OPERATION_NAME = "messaging.operation.name"
OPERATION_TYPE = "messaging.operation.type"
DESTINATION = "messaging.destination.name"
"""The queue."""
MESSAGE_ID = "messaging.message.id"
"""The run's id."""
CLIENT_ID = "messaging.client.id"
"""The worker."""
BATCH_COUNT = "messaging.batch.message_count"
SERVER_ADDRESS, SERVER_PORT = "server.address", "server.port"
ERROR_TYPE = "error.type"

JOB_TYPE = "messaging.blazy_jobs.job_type"
ATTEMPT = "messaging.blazy_jobs.attempt"
MAX_ATTEMPTS = "messaging.blazy_jobs.max_attempts"
CLAIM = "messaging.blazy_jobs.claim"
OUTCOME = "messaging.blazy_jobs.outcome"
REPORTS = "messaging.blazy_jobs.reports"
REPLAY_OF = "messaging.blazy_jobs.replay_of"
LINK = "messaging.blazy_jobs.link"
"""Of a link: what it leads to: `dispatch`, `previous_attempt` or `replay_of`."""


def ids_of(run_id: str, claim: int) -> tuple[int, int]:
    """The trace and the span of an attempt. They follow from its run, so that a later attempt, in another process and
    after whatever became of this one, can link to it."""
    digest = blake2b(f"{run_id}/{claim}".encode(), digest_size=24, person=b"blazy-jobs").digest()
    return int.from_bytes(digest[:16], "big") or 1, int.from_bytes(digest[16:], "big") or 1
