"""What digests, the history, workers and servers say, by the API's names, as type checkers know them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Literal, TypedDict

from blazy_jobs.client.bodies import instant
from blazy_jobs.declared import JobName, name_of_job

State = Literal["scheduled", "queued", "running", "retrying", "completed", "failed", "cancelled"]


class LaneCounts(TypedDict):
    """The runs of a job type in a queue, by state; states without any are left out."""

    job_type: str
    queue: str
    counts: dict[State, int]


class LateQueue(TypedDict):
    """A queue in which runs wait, and since when the first of them has been due (RFC 3339)."""

    name: str
    queued: int
    unserved: int
    oldest_due_at: str | None
    paused: bool


class Digest(TypedDict):
    """How everything stands at one instant. `rates` are numbers a second; `versions` has for each list a number that is
    another one when the list may have changed. `other`: the runs of those job types that had no room in `lanes`."""

    at: str
    server: str
    counts: dict[State, int]
    rates: dict[str, float]
    workers: dict[str, int]
    trouble: list[str]
    versions: dict[str, Any]
    queues: list[LateQueue]
    queues_left_out: int
    new_errors: list[dict[str, Any]]
    lanes: list[LaneCounts]
    other: dict[str, Any] | None


class Durations(TypedDict):
    """A histogram. Histograms add up, bucket by bucket."""

    count: int
    mean_seconds: float | None
    p50_seconds: float | None
    p95_seconds: float | None
    p99_seconds: float | None
    buckets: list[int]


class SeriesTotal(TypedDict):
    """All values are None where no server was there to tell."""

    started: int | None
    completed: int | None
    failed: int | None
    cancelled: int | None
    retried: int | None
    lost: int | None
    deepest: int | None
    oldest_due_seconds: float | None
    waited: Durations | None
    ran: Durations | None


class SeriesPoint(SeriesTotal):
    at: str


Series = TypedDict(
    "Series",
    {
        "from": str,
        "to": str,
        "step_seconds": int,
        "bounds": list[float],
        "total": SeriesTotal,
        "data": list[SeriesPoint],
    },
)
"""The history in points of equal distance, the oldest first."""


def read_digest(raw: Digest, _: str) -> Digest:
    """Of a block of the stream. Its cursor says nothing: each digest is complete in itself."""
    return raw


def series_query(
    since: datetime | timedelta | None,
    until: datetime | None,
    step: timedelta | float | None,
    job_type: JobName | None,
    queue: str | None,
) -> Mapping[str, Any]:
    """Raises ValueError for a time without a zone, and for a step that is no whole number of seconds."""
    query: dict[str, Any] = {}
    if isinstance(since, timedelta):
        since = (datetime.now().astimezone() if until is None else until) - since
    if since is not None:
        query["from"] = instant(since, "since")
    if until is not None:
        query["to"] = instant(until, "until")
    if step is not None:
        seconds = step.total_seconds() if isinstance(step, timedelta) else step
        if seconds != int(seconds):
            raise ValueError(f"a step is a whole number of seconds, not {seconds}")
        query["step"] = int(seconds)
    if job_type is not None:
        query["job_type"] = name_of_job(job_type)
    if queue is not None:
        query["queue"] = queue
    return query
