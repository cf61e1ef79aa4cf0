"""Health and statistics."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response

from blazy_jobs_server.api import operation_models, visibility
from blazy_jobs_server.api.context import Answer, Context, caller_of, context_of, guard
from blazy_jobs_server.api.describe import ALWAYS, describe, problems_of, reference
from blazy_jobs_server.api.queries import known_query
from blazy_jobs_server.api.runs import respond
from blazy_jobs_server.domain.durations import Histogram
from blazy_jobs_server.domain.errors import Draining, StoreUnavailable, Unavailable
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.run import STATE_NAMES
from blazy_jobs_server.engine.tally import FINAL, Deed
from blazy_jobs_server.version import VERSION

router = APIRouter(tags=["operations"])

OPEN: dict[str, Any] = {"security": []}
"""Of routes that need no key."""


def _healthy(text: str) -> dict[int | str, dict[str, Any]]:
    return {200: {"description": text, "content": {"application/json": {"schema": reference(operation_models.Health)}}}}


@router.get(
    "/healthz",
    operation_id="get_health",
    summary="Liveness",
    responses={**_healthy("up"), **problems_of(*ALWAYS)},
    openapi_extra=OPEN,
)
async def get_health() -> Response:
    return respond(Answer(200, b'{"status":"ok"}'))


@router.get(
    "/readyz",
    operation_id="get_readiness",
    summary="Readiness",
    responses={**_healthy("ready"), **problems_of(*ALWAYS, StoreUnavailable, Unavailable, Draining)},
    openapi_extra=OPEN,
)
async def get_readiness(request: Request) -> Response:
    """`503` while draining, without the database, and until the job types of the served modules are declared."""
    context = context_of(request)
    if context.jobs.draining:
        raise Draining
    if not request.app.state.ready():
        raise Unavailable("The pool's workers have not declared their job types yet.")
    await context.jobs.store.ping()
    context.jobs.incidents.store_worked()
    if context.jobs.incidents.store_is_failing:
        raise Unavailable(
            "The database could not be read or written recently; requests are refused until it is available again."
        )
    return respond(Answer(200, orjson.dumps({"status": "ok"} | _redis(context))))


def _redis(context: Context) -> dict[str, str]:
    """Said, and no reason not to be ready: all but the queues there goes on without it."""
    projection = context.jobs.projection
    return {"redis": "up" if projection.is_up else "down"} if projection.configured else {}


@router.get(
    "/v1/stats",
    operation_id="get_stats",
    summary="Statistics: counts, throughput, latencies and sizes",
    responses=describe({200: operation_models.Stats}, text={200: "as of now"}),
    dependencies=[Depends(guard), Depends(known_query)],
)
async def get_stats(request: Request) -> Response:
    jobs, within = context_of(request).jobs, caller_of(request).within
    await jobs.refresh()
    await jobs.servers.try_to_look()
    sizes = await jobs.store.sizes()
    numbers = jobs.numbers
    oldest = {name: rfc3339(at) for name in STATE_NAMES if (at := sizes.get(f"oldest_{name}_at")) is not None}
    outside = {name for name, queue, _ in numbers.counts if not within.admits(name, queue)}

    def admits(name: str) -> bool:
        return name not in outside and within.admits_job_type(name)

    waited = [histogram for name, histogram in numbers.waited.items() if admits(name)]
    ran = [histogram for (name, _), histogram in numbers.ran.items() if admits(name)]
    lately = [counts for lane, counts in jobs.servers.last_minute().items() if within.admits(*lane)]
    workers = [m for m in jobs.leasing.membership.everyone() if visibility.sees_worker(within, m.record)]
    stats = {
        "version": VERSION,
        "counts": {STATE_NAMES[state]: n for state, n in numbers.by_state(within=within).items()},
        "finished_last_minute": sum(counts[deed] for counts in lately for deed in FINAL),
        "started_last_minute": sum(counts[Deed.STARTED] for counts in lately),
        "waited": _latency(numbers.together(waited)),
        "ran": _latency(numbers.together(ran)),
        "workers": len(workers),
        "open_streams": jobs.feed.open_streams,
        "database_bytes": sizes["database_bytes"],
        "wal_bytes": sizes["wal_bytes"],
        "free_bytes": sizes["free_bytes"],
        "oldest": oldest if within.is_everything else {},
    }
    return respond(Answer(200, orjson.dumps(stats)))


def _latency(histogram: Histogram) -> dict[str, float | None]:
    return {
        "count": histogram.count,
        "mean_seconds": histogram.total / histogram.count if histogram.count else None,
        "p50_seconds": histogram.quantile(0.5),
        "p99_seconds": histogram.quantile(0.99),
    }
