"""`GET /metrics`."""

from __future__ import annotations

import asyncio
import gzip
from collections.abc import Iterator

from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.responses import PlainTextResponse

from blazy_jobs_server.api.context import Context, context_of, guard
from blazy_jobs_server.api.describe import ALWAYS, GUARDED, STORED, problems_of
from blazy_jobs_server.api.metrics import of_requests, of_runs, of_service
from blazy_jobs_server.api.metrics.naming import name_job_types, name_queues
from blazy_jobs_server.api.negotiation import parse_accept, quality, takes_gzip

router = APIRouter(tags=["operations"])

OPENMETRICS = "application/openmetrics-text"


@router.get(
    "/metrics",
    operation_id="get_metrics",
    summary="Metrics for Prometheus, or as OpenMetrics depending on `Accept`",
    dependencies=[Depends(guard)],
    response_class=PlainTextResponse,
    responses={**problems_of(*ALWAYS, *GUARDED, *STORED), 200: {"description": "text exposition"}},
)
async def get_metrics(request: Request) -> Response:
    context = context_of(request)
    await context.jobs.refresh()
    registry = CollectorRegistry()
    registry.register(Metrics(context, await of_service.stored(context)))
    ProcessCollector(registry=registry)
    encode, content_type = choose_encoder(_exposition(request))
    body = encode(registry)
    headers = {"Content-Type": content_type, "Vary": "Accept, Accept-Encoding"}
    if takes_gzip(parse_accept(request.headers.getlist("accept-encoding"))):
        body = await asyncio.to_thread(gzip.compress, body, 3)
        headers["Content-Encoding"] = "gzip"
    return Response(body, headers=headers)


def _exposition(request: Request) -> str:
    """OpenMetrics for those who would rather have it than the older text."""
    accepted = parse_accept(request.headers.getlist("accept"))
    wished = quality(accepted, OPENMETRICS)
    older = quality(accepted, "text/plain")
    if wished > older or (wished == older > 0 and OPENMETRICS in accepted):
        return f"{OPENMETRICS}; version=1.0.0"
    return ""


class Metrics(Collector):
    def __init__(self, context: Context, stored: of_service.Stored) -> None:
        self._context = context
        self._stored = stored

    def collect(self) -> Iterator[Metric]:
        context, stored = self._context, self._stored
        name_job_types(context)
        name_queues(context)
        yield from of_service.of_build()
        yield from of_runs.of_job_types(context)
        yield from of_runs.of_queues(context, stored)
        yield from of_runs.of_workers(context, stored)
        yield from of_requests.of_requests(context)
        yield from of_service.of_store(context, stored)
        yield from of_service.of_loop(context)
        yield from of_service.of_schedules(context)
        yield from of_service.of_bullmq(context)
        yield from of_service.of_endpoints(context)
