"""What the writer keeps in memory, and reads anew from the database after a transaction that failed.

One server owns the file and one thread writes it, so these are never stale: the few and small things that every
transaction needs (job types, queues, lanes, numbers of runs), and the runs that are leased out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from functools import cached_property, lru_cache
from typing import NamedTuple

import msgspec
from msgspec import Struct

from blazy_jobs_server.domain.ids import KeyMaker
from blazy_jobs_server.domain.job_type import Definition, JobType, Overrides, Queue, Settings
from blazy_jobs_server.domain.limits import NO_LIMITS, Limits, Rate, RateWindow, Scope
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.store.batches import Batches

WAITING = (State.SCHEDULED, State.QUEUED, State.RETRYING)


class Lane(Struct, frozen=True):
    """A pair of job type and queue."""

    id: int
    job_type: str
    queue: str

    @property
    def pair(self) -> tuple[str, str]:
        return (self.job_type, self.queue)


class Version(Struct, frozen=True):
    """One version of a definition, never changed."""

    name: str
    version: int
    definition: Definition
    settings: Settings


class Endings(NamedTuple):
    """How runs of the definitions end."""

    judged: list[int]
    """Those with a result schema."""
    usual: Settings
    """Of the others, as far as their retention goes, but for `others`."""
    others: dict[int, Settings]


_overrides = msgspec.json.Decoder(Overrides)


class Ledger:
    def __init__(self) -> None:
        self.lanes: dict[int, Lane] = {}
        self.lane_ids: dict[tuple[str, str], int] = {}
        self.versions: dict[int, Version] = {}
        self.job_types: dict[str, JobType] = {}
        self.retired: dict[str, int] = {}
        """The last version of a name that is free again."""
        self.queues: dict[str, Queue] = {}
        self.counts: dict[tuple[int, State], int] = {}
        self.leases: dict[int, Run] = {}
        """The running runs, without their payload, but for those of `batches`."""
        self.batches = Batches()
        self.due_at = 0
        """Before that instant no run's time comes, to be queued or to expire: there is nothing to look for."""
        self.rates: dict[Scope, RateWindow] = {}
        """The starts of late under each rate; of one that the server owns alone."""
        self.heavy_lanes: set[int] = set()
        """Those of which a claim once got more payload than it should."""
        self.keys = KeyMaker()
        self._settings = lru_cache(maxsize=4096)(self._parse_settings)

    def _parse_settings(self, definition_id: int, overrides: str) -> Settings:
        return _overrides.decode(overrides).settings(self.versions[definition_id].definition)

    def settings(self, definition_id: int, overrides: str) -> Settings:
        """A version's settings with a dispatch's own (JSON text) over them."""
        return self._settings(definition_id, overrides)

    def add_version(self, definition_id: int, version: int, definition: Definition) -> None:
        settings = Overrides().settings(definition)
        self.versions[definition_id] = Version(definition.name, version, definition, settings)
        self.__dict__.pop("endings", None)

    @cached_property
    def endings(self) -> Endings:
        known = {key: version.settings for key, version in self.versions.items()}
        judged = [key for key, version in self.versions.items() if version.definition.result_schema is not None]
        [(most, _)] = Counter(settings.retention_seconds for settings in known.values()).most_common(1)
        usual = next(settings for settings in known.values() if settings.retention_seconds == most)
        others = {key: settings for key, settings in known.items() if settings.retention_seconds != most}
        return Endings(judged, usual, others)

    def add_lane(self, lane_id: int, job_type: str, queue: str) -> None:
        self.lanes[lane_id] = Lane(lane_id, job_type, queue)
        self.lane_ids[job_type, queue] = lane_id

    def add_queue(self, queue: Queue) -> None:
        self.queues[queue.name] = queue

    def elsewhere(self, queue: str) -> bool:
        """Whether another engine delivers the queue."""
        known = self.queues.get(queue)
        return known is not None and known.bullmq is not None

    def count(self, lane_id: int, state: State) -> int:
        return self.counts.get((lane_id, state), 0)

    def lanes_of(self, job_type: str) -> list[Lane]:
        return [lane for lane in self.lanes.values() if lane.job_type == job_type]

    def in_states(self, job_type: str, states: Iterable[State]) -> int:
        return sum(self.count(lane.id, state) for lane in self.lanes_of(job_type) for state in states)

    def unfinished_in(self, queue: str) -> bool:
        return any(
            n > 0 and not state.final and self.lanes[lane_id].queue == queue
            for (lane_id, state), n in self.counts.items()
        )

    def held_back(self, lane: Lane) -> bool:
        """Paused, delivered by another engine, or of a retired name (which has no unfinished runs)."""
        job_type = self.job_types.get(lane.job_type)
        queue = self.queues[lane.queue]
        return job_type is None or job_type.paused or queue.paused or queue.bullmq is not None

    def silence_seconds(self, job_type: str) -> float | None:
        """For how long nothing may be heard of a run that goes on at its HTTP handler; None: up to its deadline."""
        known = self.job_types.get(job_type)
        return None if known is None else known.definition.handler.heartbeat_seconds

    def limits(self, scope: Scope) -> Limits:
        if scope.kind == "queue":
            queue = self.queues.get(scope.name)
            return NO_LIMITS if queue is None else queue.limits
        known = self.job_types.get(scope.name)
        return NO_LIMITS if known is None else Limits(concurrency=known.definition.concurrency)

    def scopes(self, lane: Lane) -> list[Scope]:
        """Whose limits bound the starts of its runs."""
        both = (Scope("job_type", lane.job_type), Scope("queue", lane.queue))
        return [scope for scope in both if self.limits(scope).bounds_starts]

    def lanes_in(self, scope: Scope) -> list[Lane]:
        return [lane for lane in self.lanes.values() if scope.name == getattr(lane, scope.kind)]

    def rated(self) -> list[tuple[Scope, Rate]]:
        """All that have a rate."""
        queues = ((Scope("queue", queue.name), queue.limits.rate_limit) for queue in self.queues.values())
        return [(scope, rate) for scope, rate in queues if rate is not None]

    def may_be_full(self, queue: str) -> bool:
        return self.limits(Scope("queue", queue)).max_queued is not None

    def waiting_in(self, queue: str) -> int:
        """How many runs count for its `max_queued`."""
        lanes = self.lanes_in(Scope("queue", queue))
        return sum(self.count(lane.id, state) for lane in lanes for state in WAITING)

    def room_left(self, job_type: str) -> int | None:
        """How many more runs may run under the job type's limit; None without one, also of a retired name."""
        limit = self.limits(Scope("job_type", job_type)).concurrency
        return None if limit is None else max(0, limit - self.in_states(job_type, (State.RUNNING,)))

    def running_in(self, scope: Scope) -> int:
        return sum(self.count(lane.id, State.RUNNING) for lane in self.lanes_in(scope))
