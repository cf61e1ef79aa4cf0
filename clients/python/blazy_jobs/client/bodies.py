"""What both clients send: JSON text."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

import orjson

from blazy_jobs.declared import JobName, name_of_job
from blazy_jobs.errors import seconds_of
from blazy_jobs.options import Seconds
from blazy_jobs.retry import RetryOption, retry_settings
from blazy_jobs.strict_json import NotJson, encode

MAX_BATCH_RUNS = 10_000
MAX_BATCH_BYTES = 15 << 20
"""The server takes 16 MiB a batch unless it is told otherwise."""

BatchRun = tuple[JobName, Any] | Mapping[str, Any]
"""A job and its payload, or a batch item as the API has it."""


def dispatch_body(
    payload: Any,
    *,
    queue: str | None = None,
    priority: int | None = None,
    delay: Seconds | None = None,
    run_at: datetime | str | None = None,
    retry: RetryOption = None,
    timeout: Seconds | None = None,
    expires: Seconds | None = None,
    dedupe_key: str | None = None,
    tags: Sequence[str] | None = None,
    metadata: Mapping[str, str] | None = None,
    delay_seconds: Seconds | None = None,
    timeout_seconds: Seconds | None = None,
    expires_seconds: Seconds | None = None,
) -> dict[str, Any]:
    """Durations in seconds or as timedelta, also by the API's names; `run_at` with its time zone. Raises ValueError."""
    if isinstance(tags, str):
        raise ValueError("tags must be a list of strings, not a single string")
    given = {
        "queue": queue,
        "priority": priority,
        "delay_seconds": _duration(delay, delay_seconds, "delay"),
        "run_at": None if run_at is None else instant(run_at, "run_at"),
        "retry": retry_settings(retry),
        "timeout_seconds": _duration(timeout, timeout_seconds, "timeout"),
        "expires_seconds": _duration(expires, expires_seconds, "expires"),
        "dedupe_key": dedupe_key,
        "tags": None if tags is None else list(tags),
        "metadata": None if metadata is None else dict(metadata),
    }
    return {"payload": payload, **{name: value for name, value in given.items() if value is not None}}


def instant(value: datetime | str, what: str) -> str:
    """As the API takes it; text is left to the server. Raises ValueError where the time zone is not said."""
    if not isinstance(value, datetime):
        return value
    if value.utcoffset() is None:
        raise ValueError(f"{what} needs a time zone: datetime(..., tzinfo=UTC), or .astimezone() for this machine's")
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _duration(short: Seconds | None, long: Seconds | None, name: str) -> float | None:
    if short is not None and long is not None:
        raise ValueError(f"give either {name} or {name}_seconds, not both")
    value = short if short is not None else long
    return None if value is None else seconds_of(value, name)


def content(body: Mapping[str, Any]) -> bytes:
    """JSON text. Raises ValueError, which says where a value cannot be sent."""
    try:
        parts = {name: orjson.Fragment(encode(value, "payload")) for name, value in body.items()}
    except NotJson as error:
        raise ValueError(f"cannot be sent as JSON: {error}") from None
    return orjson.dumps(parts)


def fresh_key() -> str:
    return uuid.uuid4().hex


class Batch(NamedTuple):
    """A body, and how many runs are in it."""

    text: bytes
    runs: int


def batches(runs: Iterable[BatchRun]) -> Iterator[Batch]:
    """The bodies of as few batches as can hold all these runs. Raises ValueError."""
    parts: list[bytes] = []
    size = 0
    for run in runs:
        item = {"job_type": name_of_job(run[0]), "payload": run[1]} if isinstance(run, tuple) else run
        part = content(item)
        if parts and (len(parts) == MAX_BATCH_RUNS or size + len(part) > MAX_BATCH_BYTES):
            yield _batch(parts)
            parts, size = [], 0
        parts.append(part)
        size += len(part) + 1
    if parts:
        yield _batch(parts)


def _batch(parts: Sequence[bytes]) -> Batch:
    return Batch(b'{"runs":[' + b",".join(parts) + b"]}", len(parts))


def batch_key(key: str, place: int) -> str:
    """Each batch has a key of its own; the first has the one that was given."""
    return key if place == 0 else f"{key}/{place}"
