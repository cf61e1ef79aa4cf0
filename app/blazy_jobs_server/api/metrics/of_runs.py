"""Runs, attempts and what they wait for."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client.core import GaugeMetricFamily, Metric

from blazy_jobs_server.api.context import Context
from blazy_jobs_server.api.metrics.families import Labels, counter, gauge, histogram, summed
from blazy_jobs_server.api.metrics.naming import OTHER, job_type_label, lane_labels, queue_label
from blazy_jobs_server.api.metrics.of_service import Stored
from blazy_jobs_server.domain.durations import Histogram
from blazy_jobs_server.domain.event import EVENT_NAMES
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.run import STATE_NAMES, UNFINISHED, State
from blazy_jobs_server.engine.numbers import Numbers


def of_job_types(context: Context) -> Iterator[Metric]:
    numbers, attempts = context.jobs.numbers, context.jobs.attempts
    kept = summed(
        ((*lane_labels(context, job_type, queue), STATE_NAMES[state]), n)
        for (job_type, queue, state), n in numbers.counts.items()
    )
    yield gauge("jobs_runs", "Runs that are kept", ["job_type", "queue", "state"], kept)
    events: dict[Labels, float] = {(name,): n for name, n in zip(EVENT_NAMES, numbers.events, strict=True)}
    yield counter("jobs_events", "Events written", ["type"], events)
    waited = _together(context, (((name,), h) for name, h in numbers.waited.items()))
    yield histogram("jobs_wait_seconds", "From due to started", ["job_type"], waited)
    ran = _together(context, (((name, STATE_NAMES[state]), h) for (name, state), h in numbers.ran.items()))
    yield histogram("jobs_attempt_seconds", "From started to ended, by the state after it", ["job_type", "state"], ran)
    ended = summed(
        ((*lane_labels(context, job_type, queue), outcome), n)
        for (job_type, queue, outcome), n in attempts.ended.items()
    )
    yield counter("jobs_attempts", "Attempts that ended, by how", ["job_type", "queue", "outcome"], ended)
    errors = summed(
        ((job_type_label(context, job_type), code), n)
        for job_type, codes in attempts.errors.items()
        for code, n in codes.items()
    )
    yield counter("jobs_errors", "Failed attempts and runs, by the code of the error", ["job_type", "code"], errors)
    yield counter("jobs_leases_lost", "Attempts whose worker died or fell silent", [], {(): attempts.lost})
    yield gauge("jobs_concurrency_limit", "Runs of the job type that may run at once", ["job_type"], _limits(context))


def _limits(context: Context) -> dict[Labels, float]:
    """Of job types that have one, and series of their own: limits of several do not add up to one."""
    return {
        (known.name,): known.definition.concurrency
        for known in context.jobs.catalogue.job_types()
        if known.definition.concurrency is not None and known.name in context.named_job_types
    }


def _together(context: Context, found: Iterable[tuple[Labels, Histogram]]) -> dict[Labels, Histogram]:
    """By labels, of which the first is the job type; those without series of their own as one."""
    kept: dict[Labels, Histogram] = {}
    rest: dict[Labels, list[Histogram]] = {}
    for labels, of_one in found:
        if labels[0] in context.named_job_types:
            kept[labels] = of_one
        else:
            rest.setdefault((OTHER, *labels[1:]), []).append(of_one)
    return kept | {labels: Numbers.together(histograms) for labels, histograms in rest.items()}


def of_queues(context: Context, stored: Stored) -> Iterator[Metric]:
    jobs = context.jobs
    now = jobs.clock.now()
    oldest = GaugeMetricFamily(
        "jobs_oldest_seconds", "For how long the oldest unfinished run has been due", labels=["state"]
    )
    for state in UNFINISHED:
        at = stored.sizes.get(f"oldest_{STATE_NAMES[state]}_at")
        if at is not None:
            oldest.add_metric([STATE_NAMES[state]], max(0, now - at) / SECOND)  # not late before it is due
    yield oldest
    queues = [queue for _, queue in reversed(jobs.catalogue.queues())]
    latency: dict[Labels, float] = {(queue_label(context, queue.name),): 0 for queue in queues}
    for (_, name), at in stored.oldest_due.items():
        label = (queue_label(context, name),)
        latency[label] = max(latency.get(label, 0), (now - at) / SECOND)
    yield gauge("jobs_queue_latency_seconds", "For how long the oldest queued run has been due", ["queue"], latency)
    unserved: dict[Labels, float] = {(queue_label(context, queue.name),): 0 for queue in queues}
    for (job_type, name, state), n in jobs.numbers.counts.items():
        if state is State.QUEUED and n > 0 and _is_unserved(context, job_type, name):
            label = (queue_label(context, name),)
            unserved[label] = unserved.get(label, 0) + n
    yield gauge("jobs_unserved_runs", "Queued runs that no connected worker serves", ["queue"], unserved)
    paused: dict[Labels, float] = {}
    for queue in queues:
        label = (queue_label(context, queue.name),)
        paused[label] = max(paused.get(label, 0), queue.paused)
    yield gauge("jobs_queue_paused", "1 where the queue is paused", ["queue"], paused)


def _is_unserved(context: Context, job_type: str, queue: str) -> bool:
    jobs = context.jobs
    if jobs.catalogue.is_paused(job_type, queue):
        return False
    if jobs.catalogue.has_queue(queue) and jobs.projection.delivered_by_others(jobs.catalogue.queue(queue)):
        return False
    return not jobs.leasing.membership.served(job_type, queue)


def of_workers(context: Context, stored: Stored) -> Iterator[Metric]:
    everyone = context.jobs.leasing.membership.everyone()
    yield GaugeMetricFamily("jobs_workers", "Workers that are there", len(everyone))
    total = sum(member.record.concurrency for member in everyone)
    # A process slot may have short runs ahead, which wait for it.
    busy = sum(min(stored.in_hand.get(m.record.id, 0), m.record.concurrency) for m in everyone)
    slots: dict[Labels, float] = {("busy",): busy, ("free",): total - busy}
    yield gauge("jobs_worker_slots", "Runs that the workers can run at once, by whether they do", ["state"], slots)
