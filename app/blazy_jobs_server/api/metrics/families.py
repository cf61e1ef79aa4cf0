"""Metric families from what the engine counts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily

from blazy_jobs_server.domain.durations import BOUNDS, Histogram

Labels = tuple[str, ...]


def counter(name: str, text: str, labels: Sequence[str], values: Mapping[Labels, float]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=labels)
    for given, value in values.items():
        family.add_metric(given, value)
    return family


def gauge(name: str, text: str, labels: Sequence[str], values: Mapping[Labels, float]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for given, value in values.items():
        family.add_metric(given, value)
    return family


def histogram(name: str, text: str, labels: Sequence[str], values: Mapping[Labels, Histogram]) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=labels)
    for given, value in values.items():
        family.add_metric(given, cumulative(BOUNDS, value.buckets), value.total)
    return family


def cumulative(bounds: Iterable[float], buckets: Iterable[int]) -> list[tuple[str, float]]:
    total = 0
    rows: list[tuple[str, float]] = []
    for bound, n in zip([*(str(float(b)) for b in bounds), "+Inf"], buckets, strict=True):
        total += n
        rows.append((bound, total))
    return rows


def summed(values: Iterable[tuple[Labels, float]]) -> dict[Labels, float]:
    """Those with the same labels added up."""
    totals: dict[Labels, float] = {}
    for labels, value in values:
        totals[labels] = totals.get(labels, 0) + value
    return totals
