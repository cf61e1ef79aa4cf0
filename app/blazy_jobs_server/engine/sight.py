"""What whoever asks is shown: nothing that lies outside of its restrictions."""

from __future__ import annotations

from msgspec import Struct

from blazy_jobs_server.domain.keys import EVERYTHING, Within
from blazy_jobs_server.domain.schedule import Schedule
from blazy_jobs_server.engine.catalogue import Catalogue
from blazy_jobs_server.ports import WorkerRecord


class Sight(Struct, frozen=True):
    """Readers with the same sight are shown the same. `administers`: keys and the audit log too."""

    within: Within = EVERYTHING
    administers: bool = False


def sees_worker(within: Within, record: WorkerRecord) -> bool:
    """One that serves something else too is not there for a restricted key."""
    return within.is_everything or (
        all(map(within.admits_job_type, record.job_types))
        and (within.queues is None or (record.queues is not None and all(map(within.admits_queue, record.queues))))
    )


def sees_schedule(catalogue: Catalogue, within: Within, schedule: Schedule) -> bool:
    definition = schedule.definition
    known = catalogue.get(definition.job_type)
    queue = definition.queue or (None if known is None else known.definition.queue)
    return within.admits_job_type(definition.job_type) and (queue is None or within.admits_queue(queue))
