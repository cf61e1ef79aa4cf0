"""One entry of a run's log."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
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

    @property
    def last_id(self) -> int:
        return self.id


class EventColumn(Struct):
    """The same change of many runs of one job type and queue, or what such runs have said. The ids of its events
    follow on one another."""

    first_id: int
    run_ids: list[int]
    """One for each event."""
    job_type: str
    queue: str
    tags: dict[int, str]
    """Of those runs that have any."""
    seq: int | list[int]
    """One for all, or one for each."""
    type: EventType | list[EventType]
    """One for all, or one for each."""
    time: int
    state: State
    attempt: int
    data: str | list[str]
    """One for all, or one for each."""

    @property
    def last_id(self) -> int:
        return self.first_id + len(self.run_ids) - 1

    def event(self, place: int) -> Event:
        run_id = self.run_ids[place]
        return Event(
            run_id,
            self.job_type,
            self.queue,
            self.tags.get(run_id, "[]"),
            self.seq if isinstance(self.seq, int) else self.seq[place],
            self.type if isinstance(self.type, EventType) else self.type[place],
            self.time,
            self.state,
            self.attempt,
            self.data if isinstance(self.data, str) else self.data[place],
            self.first_id + place,
        )

    def events(self) -> list[Event]:
        return [self.event(place) for place in range(len(self.run_ids))]


def one_by_one(events: Iterable[Event | EventColumn]) -> Iterator[Event]:
    for event in events:
        if isinstance(event, EventColumn):
            yield from event.events()
        else:
            yield event
