"""Which job types and queues have series of their own, within `JOBS_METRICS_MAX_SERIES`: those that came first. They
keep them, so that no counter goes back; the others are told of together."""

from __future__ import annotations

from blazy_jobs_server.api.context import Context
from blazy_jobs_server.domain.durations import BOUNDS
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.engine.attempts import MAX_CODES, OUTCOMES

OTHER = "_other"
"""Job types and queues that have no series of their own; no name begins so."""

OF_A_JOB_TYPE = 3 * (len(BOUNDS) + 3) + MAX_CODES + 1 + 1
"""Histograms of its waits and of its attempts by two states after them, each with a sum and a count; its errors; its
limit."""
OF_A_LANE = len(State) + len(OUTCOMES)
"""Of a pair of job type and queue: its runs by state, its attempts by outcome."""
SHARE_OF_QUEUES = 10
"""One series in so many may be of a queue without a job type."""
OF_A_QUEUE = 3


def name_job_types(context: Context) -> None:
    """What a job type comes to in time counts, so that those that are named now do not outgrow the bound later."""
    queues: dict[str, set[str]] = {}
    for job_type, queue, _ in context.jobs.numbers.counts:
        queues.setdefault(job_type, set()).add(queue)
    series = {name: OF_A_JOB_TYPE + OF_A_LANE * len(used) for name, used in queues.items()}
    named = context.named_job_types
    room = context.settings.metrics_max_series - sum(series.get(name, 0) for name in named)
    for name, n in series.items():
        if name not in named and n <= room:
            named.add(name)
            room -= n


def name_queues(context: Context) -> None:
    named = context.named_queues
    most = context.settings.metrics_max_series // (SHARE_OF_QUEUES * OF_A_QUEUE)
    for _, queue in reversed(context.jobs.catalogue.queues()):
        if len(named) >= most:
            return
        named.add(queue.name)


def job_type_label(context: Context, job_type: str) -> str:
    return job_type if job_type in context.named_job_types else OTHER


def lane_labels(context: Context, job_type: str, queue: str) -> tuple[str, str]:
    return (job_type, queue) if job_type in context.named_job_types else (OTHER, OTHER)


def queue_label(context: Context, queue: str) -> str:
    return queue if queue in context.named_queues else OTHER
