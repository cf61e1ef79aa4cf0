"""The server itself: its store, its loop, its schedules, and what it speaks to."""

from __future__ import annotations

import platform
from collections.abc import Iterator

from msgspec import Struct
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from blazy_jobs_server.api.context import Context
from blazy_jobs_server.api.metrics.families import Labels, counter, cumulative, gauge, histogram
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.version import VERSION


class Stored(Struct, frozen=True, kw_only=True):
    """What is read from the store for a scrape."""

    sizes: dict[str, int]
    oldest_due: dict[tuple[str, str], int]
    next_deletable_at: int | None
    in_hand: dict[int, int]
    """How many runs each worker has, of those that have any."""


async def stored(context: Context) -> Stored:
    """Raises StoreUnavailable."""
    store = context.jobs.store
    everyone = [member.record.id for member in context.jobs.leasing.membership.everyone()]
    hands = await store.in_hand(everyone, 1) if everyone else {}
    return Stored(
        sizes=await store.sizes(),
        oldest_due=await store.oldest_due(),
        next_deletable_at=await store.next_deletable(),
        in_hand={worker_id: hand.number for worker_id, hand in hands.items()},
    )


def of_build() -> Iterator[Metric]:
    build: dict[Labels, float] = {(VERSION, platform.python_version()): 1}
    yield gauge("jobs_build_info", "1; the labels say what is running", ["version", "python"], build)


def of_store(context: Context, stored: Stored) -> Iterator[Metric]:
    jobs = context.jobs
    numbers = jobs.numbers
    batches = HistogramMetricFamily("jobs_commit_batch_size", "Requests that shared a commit")
    bounds = [2**n for n in range(len(numbers.batch_sizes) - 1)]
    batches.add_metric([], cumulative(bounds, numbers.batch_sizes), numbers.batched)
    yield batches
    yield histogram("jobs_commit_seconds", "Duration of a transaction and its commit", [], {(): numbers.commit_seconds})
    errors: dict[Labels, float] = {(kind,): jobs.incidents.store_errors[kind] for kind in ("read", "write")}
    yield counter("jobs_store_errors", "Requests that the store could not do", ["kind"], errors)
    yield CounterMetricFamily("jobs_deleted_runs", "Runs deleted after their retention", jobs.sweeper.deleted)
    at = stored.next_deletable_at
    lag = 0.0 if at is None else max(0.0, (jobs.clock.now() - at) / SECOND)
    yield GaugeMetricFamily("jobs_retention_lag_seconds", "How long the oldest run to be deleted is overdue", lag)
    for name in ("database_bytes", "wal_bytes", "free_bytes"):
        yield GaugeMetricFamily(f"jobs_{name}", "Of the database", stored.sizes[name])


def of_loop(context: Context) -> Iterator[Metric]:
    yield histogram(
        "jobs_event_loop_lag_seconds",
        "How late the event loop comes to what is due",
        [],
        {(): context.jobs.loop_lag.seconds},
    )


def of_schedules(context: Context) -> Iterator[Metric]:
    scheduler = context.jobs.scheduler
    times: dict[Labels, float] = {
        ("fired",): scheduler.fired,
        ("skipped",): scheduler.skipped,
        ("missed",): scheduler.missed,
    }
    yield counter("jobs_schedule_times", "Times of schedules, by what came of them", ["outcome"], times)
    yield histogram(
        "jobs_schedule_lateness_seconds",
        "From a schedule's time to when its run was made",
        [],
        {(): scheduler.lateness},
    )


def of_bullmq(context: Context) -> Iterator[Metric]:
    projection = context.jobs.projection
    if projection.configured:
        yield GaugeMetricFamily("jobs_redis_up", "Whether the Redis of BullMQ queues answers", projection.is_up)
        yield GaugeMetricFamily("jobs_bullmq_backlog", "Runs of which Redis is still to be told", projection.backlog)


def of_endpoints(context: Context) -> Iterator[Metric]:
    """Those that the server sends to: of HTTP handlers and webhooks."""
    webhooks = context.webhooks
    closed, opened = context.handlers.lanes.breakers()
    origins: dict[Labels, float] = {("closed",): closed, ("open",): opened}
    yield gauge("jobs_breakers", "Origins of HTTP handlers, by the state of their circuit breaker", ["state"], origins)
    attempts: dict[Labels, float] = {(outcome,): webhooks.outcomes[outcome] for outcome in ("delivered", "failed")}
    yield counter(
        "jobs_webhook_attempts", "Attempts to deliver a webhook's message, by what came of them", ["outcome"], attempts
    )
    yield CounterMetricFamily(
        "jobs_webhook_given_up", "Messages of which all attempts failed", webhooks.outcomes["given_up"]
    )
    lags: dict[Labels, float] = {(name,): seconds for name, seconds in webhooks.lags().items()}
    yield gauge(
        "jobs_webhook_lag_seconds", "Age of the oldest event not yet tried, of webhooks served here", ["webhook"], lags
    )
