"""Health, statistics and metrics."""

from __future__ import annotations

import asyncio
import gzip
import platform
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from fastapi import APIRouter, Depends, Request, Response
from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector
from starlette.responses import PlainTextResponse

from blazy_jobs_server.api import operation_models, visibility
from blazy_jobs_server.api.context import Answer, Context, caller_of, context_of, guard
from blazy_jobs_server.api.describe import ALWAYS, GUARDED, STORED, describe, problems_of, reference
from blazy_jobs_server.api.negotiation import parse_accept, quality, takes_gzip
from blazy_jobs_server.api.queries import known_query
from blazy_jobs_server.api.runs import respond
from blazy_jobs_server.domain.errors import Draining, StoreUnavailable, Unavailable
from blazy_jobs_server.domain.event import EVENT_NAMES
from blazy_jobs_server.domain.instants import SECOND, rfc3339
from blazy_jobs_server.domain.run import STATE_NAMES, UNFINISHED, State
from blazy_jobs_server.engine.numbers import BOUNDS, Histogram, Numbers
from blazy_jobs_server.version import VERSION

router = APIRouter(tags=["operations"])

OPENMETRICS = "application/openmetrics-text"
OTHER = "_other"
"""Job types that have no series of their own; no name begins so."""


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
    sizes = await jobs.store.sizes()
    numbers = jobs.numbers
    oldest = {name: rfc3339(at) for name in STATE_NAMES if (at := sizes.get(f"oldest_{name}_at")) is not None}
    outside = {name for name, queue, _ in numbers.counts if not within.admits(name, queue)}

    def admits(name: str) -> bool:
        return name not in outside and within.admits_job_type(name)

    waited = [histogram for name, histogram in numbers.waited.items() if admits(name)]
    ran = [histogram for (name, _), histogram in numbers.ran.items() if admits(name)]
    workers = [m for m in jobs.leasing.membership.everyone() if visibility.sees_worker(within, m.record)]
    stats = {
        "version": VERSION,
        "counts": {STATE_NAMES[state]: n for state, n in numbers.by_state(within=within).items()},
        "finished_last_minute": numbers.finished.total(admits),
        "started_last_minute": numbers.started.total(admits),
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
    registry.register(_Metrics(context, await context.jobs.store.sizes()))
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


class _Metrics(Collector):
    def __init__(self, context: Context, sizes: dict[str, int]) -> None:
        self._jobs = context.jobs
        self._webhooks = context.webhooks
        self._sizes = sizes
        self._named = _name(context)

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("jobs_build_info", "1; the labels say what is running", labels=["version", "python"])
        build.add_metric([VERSION, platform.python_version()], 1)
        yield build
        numbers = self._jobs.numbers
        yield from self._runs(numbers)
        events = CounterMetricFamily("jobs_events", "Events written", labels=["type"])
        for name, n in zip(EVENT_NAMES, numbers.events, strict=True):
            events.add_metric([name], n)
        yield events
        waited = self._together(((name,), h) for name, h in numbers.waited.items())
        yield _histogram("jobs_wait_seconds", "From due to started", waited, ["job_type"])
        ran = self._together(((name, STATE_NAMES[state]), h) for (name, state), h in numbers.ran.items())
        yield _histogram(
            "jobs_attempt_seconds", "From started to ended, by the state after it", ran, ["job_type", "state"]
        )
        batches = HistogramMetricFamily("jobs_commit_batch_size", "Requests that shared a commit")
        batches.add_metric(
            [], _cumulative([2**n for n in range(len(numbers.batch_sizes) - 1)], numbers.batch_sizes), numbers.batched
        )
        yield batches
        refused = CounterMetricFamily("jobs_store_errors", "Requests that the store could not do", labels=["kind"])
        for kind in ("read", "write"):
            refused.add_metric([kind], self._jobs.incidents.store_errors[kind])
        yield refused
        yield GaugeMetricFamily("jobs_open_streams", "Event streams that are open", self._jobs.feed.open_streams)
        yield GaugeMetricFamily("jobs_workers", "Workers that are there", len(self._jobs.leasing.membership.everyone()))
        times = CounterMetricFamily(
            "jobs_schedule_times", "Times of schedules, by what came of them", labels=["outcome"]
        )
        scheduler = self._jobs.scheduler
        for outcome, n in (("fired", scheduler.fired), ("skipped", scheduler.skipped), ("missed", scheduler.missed)):
            times.add_metric([outcome], n)
        yield times
        projection = self._jobs.projection
        if projection.configured:
            yield GaugeMetricFamily("jobs_redis_up", "Whether the Redis of BullMQ queues answers", projection.is_up)
            yield GaugeMetricFamily(
                "jobs_bullmq_backlog", "Runs of which Redis is still to be told", projection.backlog
            )
        yield from self._of_webhooks()
        for name in ("database_bytes", "wal_bytes", "free_bytes"):
            yield GaugeMetricFamily(f"jobs_{name}", "Of the database", self._sizes[name])

    def _of_webhooks(self) -> Iterator[Metric]:
        attempts = CounterMetricFamily(
            "jobs_webhook_attempts", "Attempts to deliver a webhook's message, by what came of them", labels=["outcome"]
        )
        for outcome in ("delivered", "failed"):
            attempts.add_metric([outcome], self._webhooks.outcomes[outcome])
        yield attempts
        yield CounterMetricFamily(
            "jobs_webhook_given_up", "Messages of which all attempts failed", self._webhooks.outcomes["given_up"]
        )
        lag = GaugeMetricFamily(
            "jobs_webhook_lag_seconds",
            "Age of the oldest event not yet tried, of webhooks served here",
            labels=["webhook"],
        )
        for name, seconds in self._webhooks.lags().items():
            lag.add_metric([name], seconds)
        yield lag

    def _runs(self, numbers: Numbers) -> Iterator[Metric]:
        runs = GaugeMetricFamily("jobs_runs", "Runs that are kept", labels=["job_type", "queue", "state"])
        counts: dict[tuple[str, str, State], int] = {}
        for (job_type, queue, state), n in numbers.counts.items():
            place = (job_type, queue, state) if job_type in self._named else (OTHER, OTHER, state)
            counts[place] = counts.get(place, 0) + n
        for (job_type, queue, state), n in counts.items():
            runs.add_metric([job_type, queue, STATE_NAMES[state]], n)
        yield runs
        oldest = GaugeMetricFamily("jobs_oldest_seconds", "Age of the oldest unfinished run", labels=["state"])
        now = self._jobs.clock.now()
        for state in UNFINISHED:
            at = self._sizes.get(f"oldest_{STATE_NAMES[state]}_at")
            if at is not None:
                oldest.add_metric([STATE_NAMES[state]], (now - at) / SECOND)
        yield oldest

    def _together(self, found: Iterable[tuple[tuple[str, ...], Histogram]]) -> dict[tuple[str, ...], Histogram]:
        """By labels, of which the first is the job type; those without series of their own as one."""
        kept: dict[tuple[str, ...], Histogram] = {}
        rest: dict[tuple[str, ...], list[Histogram]] = {}
        for labels, histogram in found:
            if labels[0] in self._named:
                kept[labels] = histogram
            else:
                rest.setdefault((OTHER, *labels[1:]), []).append(histogram)
        return kept | {labels: Numbers.together(histograms) for labels, histograms in rest.items()}


def _name(context: Context) -> set[str]:
    """The job types with series of their own: those that came first, as many as the bound has room for."""
    numbers = context.jobs.numbers
    queues: dict[str, set[str]] = {}
    for job_type, queue, _ in numbers.counts:
        queues.setdefault(job_type, set()).add(queue)
    # What a job type comes to in time, so that those that are named now do not outgrow the bound later.
    series = {name: SERIES_OF_A_JOB_TYPE + len(State) * len(used) for name, used in queues.items()}
    named = context.named_job_types
    room = context.settings.metrics_max_series - sum(series.get(name, 0) for name in named)
    for name, n in series.items():
        if name not in named and n <= room:
            named.add(name)
            room -= n
    return named


SERIES_OF_A_JOB_TYPE = 3 * (len(BOUNDS) + 3)
"""Of its histograms: from due to started, and to the end by two states after it; each has a sum and a count."""


def _cumulative(bounds: list[float] | list[int], buckets: list[int]) -> list[tuple[str, float]]:
    total = 0
    rows: list[tuple[str, float]] = []
    for bound, n in zip([*(str(float(b)) for b in bounds), "+Inf"], buckets, strict=True):
        total += n
        rows.append((bound, total))
    return rows


def _histogram(
    name: str, text: str, histograms: dict[tuple[str, ...], Histogram], labels: list[str]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, histogram in histograms.items():
        family.add_metric(list(values), _cumulative(list(BOUNDS), histogram.buckets), histogram.total)
    return family
