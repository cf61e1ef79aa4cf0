"""Which scope a request needs, by its method and path."""

from __future__ import annotations

from collections.abc import Sequence

from blazy_jobs_server.domain.keys import Scope

READING = ("GET", "HEAD", "OPTIONS")


def needed(method: str, parts: Sequence[str]) -> Scope | None:
    """None: any key will do. `parts` are those of the path, between slashes, with the empty one before the first."""
    match parts[1:]:
        case ["metrics"]:
            return Scope.METRICS
        case ["v1", "keys", "self"] | ["v1", "session"] | ["openapi.json"] | ["docs" | "ui", *_]:
            return None
        case ["v1", "keys" | "audit", *_]:
            return Scope.ADMIN
        case ["v1", "config", *_]:
            return Scope.CONFIG
        case ["v1", *rest]:
            return Scope.READ if method in READING else _to_write(rest)
    return Scope.ADMIN


def _to_write(rest: Sequence[str]) -> Scope:
    match rest:
        case ["runs" | "bulk", *_] | ["job-types", _, "runs"] | ["schedules", _, "trigger"]:
            return Scope.WRITE
        case ["workers", *_]:
            return Scope.WORKERS
        case ["job-types", _, "secret", *_]:
            return Scope.ADMIN
        case ["job-types" | "queues" | "schedules" | "webhooks", *_]:
            return Scope.CONFIG
    return Scope.ADMIN
