"""One entry of a run's log."""

from __future__ import annotations

from enum import IntEnum

from msgspec import Struct

from blazy_jobs_server.domain.run import State


class EventType(IntEnum):
    """The numbers are stored: never reuse one."""

    QUEUED = 0
    STARTED = 1
    PROGRESS = 2
    LOG = 3
    RETRYING = 4
    INTERRUPTED = 5
    CANCELLING = 6
    COMPLETED = 7
    FAILED = 8
    CANCELLED = 9


EVENT_NAMES = tuple(kind.name.lower() for kind in EventType)
EVENT_TYPES = {name: EventType(number) for number, name in enumerate(EVENT_NAMES)}


class Event(Struct):
    """A change of a run. `data` is JSON text; `state` and `attempt` are those after the change.

    `id` is drawn by the store at commit and orders the events of all runs.
    """

    run_id: int
    job_type: str
    queue: str
    tags: str
    seq: int
    type: EventType
    time: int
    state: State
    attempt: int
    data: str
    id: int = 0

    @property
    def final(self) -> bool:
        return self.type >= EventType.COMPLETED
