"""Requests, and streams of events."""

from __future__ import annotations

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from blazy_jobs_server.api.context import Context
from blazy_jobs_server.api.metrics.families import Labels, counter, cumulative
from blazy_jobs_server.api.traffic import BOUNDS


def of_requests(context: Context) -> Iterator[Metric]:
    labels = ["route", "method", "code"]
    requests = CounterMetricFamily("jobs_http_requests", "Requests answered", labels=labels)
    seconds = HistogramMetricFamily("jobs_http_requests_seconds", "From a request to its answer's head", labels=labels)
    for (route, method, status), answered in context.traffic.answered.items():
        given = [route, method, str(status)]
        requests.add_metric(given, answered.number)
        seconds.add_metric(given, cumulative(BOUNDS, answered.buckets), answered.seconds)
    yield requests
    yield seconds
    feed = context.jobs.feed
    yield GaugeMetricFamily("jobs_open_streams", "Event streams that are open", feed.open_streams)
    overflows: dict[Labels, float] = {(kind,): n for kind, n in feed.overflows.items()}
    yield counter(
        "jobs_stream_overflows",
        "Times that a stream's reader fell behind, and was served from the store",
        ["kind"],
        overflows,
    )
