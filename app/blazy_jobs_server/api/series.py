"""The history over HTTP."""

from __future__ import annotations

from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response

from blazy_jobs_server.api import series_models
from blazy_jobs_server.api.context import Answer, caller_of, context_of
from blazy_jobs_server.api.describe import describe
from blazy_jobs_server.api.fields import Instant
from blazy_jobs_server.api.runs import respond
from blazy_jobs_server.domain.durations import BOUNDS, quantile
from blazy_jobs_server.domain.errors import InvalidRequest
from blazy_jobs_server.domain.history import DAY_SECONDS, KEPT_SECONDS, MINUTE_SECONDS, Durations
from blazy_jobs_server.domain.instants import SECOND, from_datetime, rfc3339
from blazy_jobs_server.engine.series import MOST_POINTS, Point, Series, series, usual_step
from blazy_jobs_server.engine.tally import DEED_NAMES
from blazy_jobs_server.ports.history import HistoryFilter

router = APIRouter(tags=["operations"])

USUAL_SECONDS = 3600
MAX_STEP_SECONDS = 366 * DAY_SECONDS
Name = Annotated[str | None, Query(max_length=128)]


@router.get(
    "/v1/stats/series",
    operation_id="get_series",
    summary="History: what happened, how deep queues were, and how long runs waited and ran",
    responses=describe({200: series_models.Series}, InvalidRequest, text={200: "the points, oldest first"}),
)
async def get_series(
    request: Request,
    from_: Annotated[Instant | None, Query(alias="from")] = None,
    to: Annotated[Instant | None, Query()] = None,
    step: Annotated[int | None, Query(ge=MINUTE_SECONDS, le=MAX_STEP_SECONDS, multiple_of=MINUTE_SECONDS)] = None,
    job_type: Name = None,
    queue: Name = None,
) -> Response:
    """Minutes are kept for 48 hours, quarters of an hour for 30 days, days for 400 days: `step_seconds` is longer than
    asked for where nothing finer is kept. Up to 200 job types and queues have a history of their own in a minute; the
    others are counted together under `_other`. Written every ten seconds."""
    jobs = context_of(request).jobs
    now = jobs.clock.now() // SECOND
    end = now if to is None else -(-from_datetime(to) // SECOND)
    start = end - USUAL_SECONDS if from_ is None else from_datetime(from_) // SECOND
    if start >= end:
        raise InvalidRequest.at("/from", "must be before `to`", "out_of_range")
    start = max(start, now - KEPT_SECONDS[DAY_SECONDS])
    if start >= end:
        raise InvalidRequest.at("/to", "must lie within what is kept: the last 400 days", "out_of_range")
    asked = usual_step(start, end) if step is None else step
    if len(range(start // asked * asked, end, asked)) > MOST_POINTS:
        raise InvalidRequest.at("/step", f"makes more than {MOST_POINTS} points: take a longer one", "too_many_points")
    where = HistoryFilter(job_type, queue, caller_of(request).within)
    found = await series(jobs.store, where, start, end, asked, now)
    return respond(Answer(200, orjson.dumps(_json(found, end))))


def _json(found: Series, end: int) -> dict[str, Any]:
    return {
        "from": rfc3339(found.points[0].at * SECOND),
        "to": rfc3339(end * SECOND),
        "step_seconds": found.step,
        "bounds": BOUNDS,
        "total": _values(found.total),
        "data": [{"at": rfc3339(point.at * SECOND), **_values(point)} for point in found.points],
    }


def _values(point: Point) -> dict[str, Any]:
    if not point.known:
        return dict.fromkeys((*DEED_NAMES, "deepest", "oldest_due_seconds", "waited", "ran"))
    return {
        **dict(zip(DEED_NAMES, point.counts, strict=True)),
        "deepest": point.deepest,
        "oldest_due_seconds": point.oldest / SECOND,
        "waited": _durations(point.waited),
        "ran": _durations(point.ran),
    }


def _durations(durations: Durations | None) -> dict[str, Any]:
    buckets = [0] * (len(BOUNDS) + 1) if durations is None else durations.buckets
    count = sum(buckets)
    return {
        "count": count,
        "mean_seconds": None if durations is None or not count else durations.total_seconds / count,
        "p50_seconds": quantile(buckets, 0.5),
        "p95_seconds": quantile(buckets, 0.95),
        "p99_seconds": quantile(buckets, 0.99),
        "buckets": buckets,
    }
