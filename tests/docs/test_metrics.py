"""The table of metrics in docs/operating.md has those that the server gives, with their labels and kinds."""

from __future__ import annotations

import re
from collections import defaultdict
from types import SimpleNamespace
from typing import Any, cast

from blazy_jobs_server.api.operations import _Metrics
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.engine.numbers import Histogram, Numbers
from tests.docs.pages import OPERATING, rows

NOW = SimpleNamespace(now=lambda: 0)


def collected() -> dict[str, tuple[str, set[str]]]:
    """Metric → its kind and labels, of a server that has seen something of everything."""
    numbers = Numbers(cast(Any, None), NOW)
    numbers.counts["job", "queue", State.QUEUED] = 1
    numbers.waited["job"] = Histogram()
    numbers.ran["job", State.COMPLETED] = Histogram()
    jobs = SimpleNamespace(
        numbers=numbers,
        incidents=SimpleNamespace(store_errors=defaultdict(int)),
        clock=NOW,
        feed=SimpleNamespace(open_streams=0),
        leasing=SimpleNamespace(membership=SimpleNamespace(everyone=list)),
        scheduler=SimpleNamespace(fired=0, skipped=0, missed=0),
        projection=SimpleNamespace(configured=True, is_up=True, backlog=0),
    )
    settings = SimpleNamespace(metrics_max_series=1000)
    webhooks = SimpleNamespace(outcomes=defaultdict(int), lags=lambda: {"shop": 0.0})
    context = SimpleNamespace(jobs=jobs, settings=settings, named_job_types=set(), webhooks=webhooks)
    found = {}
    for metric in _Metrics(cast(Any, context), defaultdict(int, oldest_queued_at=0)).collect():
        name = f"{metric.name}_total" if metric.type == "counter" else metric.name
        labels = {label for sample in metric.samples for label in sample.labels} - {"le"}
        found[name] = (metric.type, labels)
    return found


def test_the_table_is_what_the_server_gives() -> None:
    table = {}
    for name, kind, _ in rows(OPERATING, "Metric"):
        parts = re.fullmatch(r"`(\w+)(?:\{([\w,]+)\})?`", name)
        assert parts is not None, name
        table[parts[1]] = (kind, set(parts[2].split(",")) if parts[2] else set())
    assert table == collected()
