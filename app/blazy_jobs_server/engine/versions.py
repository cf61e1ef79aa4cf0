"""Numbers that say whether something is as it was: who shows a list reads it again when its number is another one.

They are instants, each greater than the one before, so that no two servers, or starts of one, give the same number to
different contents. Kept only while somebody looks: at the first look everything counts as changed.
"""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.domain.keys import Within
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.domain.topics import ALL_TOPICS, Topic
from blazy_jobs_server.domain.webhook import lies_inside
from blazy_jobs_server.engine.catalogue import Catalogue
from blazy_jobs_server.engine.membership import Membership
from blazy_jobs_server.engine.sight import sees_schedule, sees_worker
from blazy_jobs_server.ports import Clock, Commit, Store

Place = tuple[str, str, State]
"""A job type, a queue and a state in which runs of them are."""
PAGE = 200
PERSONAL = Topic.JOB_TYPES | Topic.QUEUES | Topic.SCHEDULES | Topic.WORKERS | Topic.WEBHOOKS | Topic.BULK
"""Of these a restricted key sees a part, and is told of changes of that part alone."""


class Versions:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._now = 0
        self._base = 0
        self._counts: dict[Place, int] = {}
        self._lanes: set[tuple[str, str]] = set()
        self._moved: set[Place] = set()
        self._changed: dict[Place, int] = {}
        self._topics: dict[Topic, int] = {}
        self._touched = Topic(0)

    def begin(self, counts: dict[Place, int]) -> None:
        """Somebody looks, after nobody did: what happened before is not known."""
        self._base = self._next()
        self._counts = dict(counts)
        self._lanes = {place[:2] for place in counts}
        self._changed.clear()
        self._topics.clear()
        self._moved.clear()
        self._touched = Topic(0)

    def _next(self) -> int:
        self._now = max(self._now + 1, self._clock.now())
        return self._now

    # -- what has changed

    def on_commit(self, commit: Commit) -> None:
        self._touched |= commit.topics
        for event in commit.events:
            if event.type is not EventType.LOG:
                self._moved.add((event.job_type, event.queue, event.state))
        self._moved.update(key[1:] for key in commit.errors)  # where a failed run was resolved, too

    def on_elsewhere(self, topics: int, moved: frozenset[Place] | None) -> None:
        """On another server. None: it may be any place."""
        self._touched |= topics
        self._moved |= self._counts.keys() if moved is None else moved

    def touch(self, topics: int) -> None:
        self._touched |= topics

    def settle(self, counts: dict[Place, int]) -> None:
        """Gives new numbers to what has changed since the last time."""
        before = self._counts
        moved = {place for place, n in counts.items() if before.get(place, 0) != n}
        moved |= {place for place in before if place not in counts}
        moved |= self._moved
        lanes = {place[:2] for place in counts}
        if lanes != self._lanes:
            self._touched |= Topic.QUEUES
        if moved or self._touched:
            version = self._next()
            self._changed.update(dict.fromkeys(moved, version))
            self._topics.update(dict.fromkeys(self._touched & ALL_TOPICS, version))
        self._counts, self._lanes = dict(counts), lanes
        self._moved, self._touched = set(), Topic(0)

    # -- what they are

    def runs(self, within: Within) -> dict[State, int]:
        found = dict.fromkeys(State, self._base)
        for (job_type, queue, state), version in self._changed.items():
            if version > found[state] and within.admits(job_type, queue):
                found[state] = version
        return found

    def topic(self, topic: Topic) -> int:
        return self._topics.get(topic, self._base)


class Personal:
    """Numbers of what a restricted key sees of the definitions: a checksum of it."""

    def __init__(self, store: Store, catalogue: Catalogue, membership: Membership) -> None:
        self._store = store
        self._catalogue = catalogue
        self._membership = membership

    async def read(self, within: Within, topics: int, known: dict[Topic, int]) -> dict[Topic, int]:
        """Those of `known`, anew where they are in memory, or of these topics. Raises StoreUnavailable."""
        found = known | {
            Topic.JOB_TYPES: self._of_job_types(within),
            Topic.QUEUES: self._of_queues(within),
            Topic.WORKERS: self._of_workers(within),
        }
        if topics & Topic.SCHEDULES:
            found[Topic.SCHEDULES] = await self._of_schedules(within)
        if topics & Topic.WEBHOOKS:
            webhooks = [w for w in await self._store.webhooks() if lies_inside(w.within, within)]
            found[Topic.WEBHOOKS] = checksum(
                (w.name, w.revision, w.enabled, w.failing_since, w.last_success_at) for w in webhooks
            )
        if topics & Topic.BULK:
            seen = [b for b in await self._store.bulks(None, PAGE) if lies_inside(b.within, within)]
            found[Topic.BULK] = checksum((b.id, b.state, b.place, b.done, b.skipped, b.failed) for b in seen)
        return found

    def _of_job_types(self, within: Within) -> int:
        seen = [j for j in self._catalogue.job_types() if within.admits(j.name, j.definition.queue)]
        return checksum((j.name, j.version, j.paused, j.updated_at) for j in seen)

    def _of_queues(self, within: Within) -> int:
        seen = [queue for _, queue in self._catalogue.queues() if within.admits_queue(queue.name)]
        return checksum((queue.name, queue.paused) for queue in seen)

    def _of_workers(self, within: Within) -> int:
        seen = [m for m in self._membership.everyone() if sees_worker(within, m.record)]
        return checksum(m.record.id for m in seen)

    async def _of_schedules(self, within: Within) -> int:
        crc, before = 0, None
        while True:
            page, more = await self._store.schedules(before, PAGE)
            seen = [s for _, s in page if sees_schedule(self._catalogue, within, s)]
            crc = checksum(((s.definition.name, s.revision, s.last_fire_at, s.paused) for s in seen), crc)
            if not more:
                return crc
            before = page[-1][0]


def checksum(items: Iterable[object], crc: int = 0) -> int:
    for item in items:
        crc = crc32(repr(item).encode(), crc)
    return crc
