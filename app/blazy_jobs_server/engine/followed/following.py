"""Following: what the engine's event stream says is looked into, and told to the store."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from blazy_jobs_server.domain.following import JobSeen
from blazy_jobs_server.domain.ids import parse_run_id
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.engine.followed.holding import Holding
from blazy_jobs_server.engine.followed.sightings import Sightings
from blazy_jobs_server.engine.followed.tracking import Ear, Tracking
from blazy_jobs_server.ports import Clock, JobNews, QueueEngine, Sighting, Store

NEWS_SECONDS = 5.0
IDLE_WORDS = frozenset(("drained", "retries-exhausted", "cleaned", "duplicated", "deduplicated", "debounced", ""))


class Following:
    def __init__(
        self,
        tracking: Tracking,
        engine: QueueEngine,
        store: Store,
        clock: Clock,
        ear: Ear,
        sightings: Sightings,
        holding: Holding,
    ) -> None:
        self._tracking = tracking
        self._queue = tracking.queue
        self._engine = engine
        self._store = store
        self._clock = clock
        self._ear = ear
        self._sightings = sightings
        self._holding = holding

    async def run(self) -> None:
        place = await self._store.place(self._queue.name)
        newest = await self._engine.newest_place(self._queue)
        if place is None or _order_of(newest) < _order_of(place):
            # Never followed before, or Redis has lost what it had: from here on.
            place = newest if place is None else "0-0"
        caught_up, saved_at = False, 0
        while True:
            news, reached = await self._engine.news(self._queue, place, NEWS_SECONDS if caught_up else 0.001)
            self._tracking.well("follow")
            if news:
                await self._digest(news)
            elif not caught_up:
                caught_up = True
                self._tracking.unsure.set()
            now = self._clock.now()
            if reached != place and now - saved_at >= SECOND:
                await self._store.save_place(self._queue.name, reached)
                saved_at = now
            place = reached

    async def _digest(self, news: Sequence[JobNews]) -> None:
        async with self._tracking.take:
            pass  # what is being taken at this moment is known to be an echo when it has been taken
        hints: dict[str, list[JobNews]] = {}
        for item in news:
            if item.kind in ("paused", "resumed"):
                await self._ear.paused(self._queue.name, item.kind == "paused")
            elif item.word not in IDLE_WORDS and not self._tracking.is_echo(item):
                hints.setdefault(item.job_id, []).append(item)
        if hints:
            await self._look_into(hints)

    async def _look_into(self, hints: dict[str, list[JobNews]]) -> None:
        theirs = {job_id for job_id in hints if parse_run_id(job_id) is None}
        wanted = [
            (job_id, self._tracking.others.get(job_id, 0)) for job_id in hints if job_id not in self._tracking.taking
        ]
        jobs = [
            *await self._engine.look(self._queue, [w for w in wanted if w[0] not in theirs], payloads=False),
            *await self._engine.look(self._queue, [w for w in wanted if w[0] in theirs], payloads=True),
        ]
        sightings: list[Sighting] = []
        for job in jobs:
            said = hints[job.job_id]
            progress = next((item.progress for item in reversed(said) if item.progress is not None), None)
            ended = next((item.ended for item in reversed(said) if item.ended is not None), None)
            if job.seen.stage == "missing":
                if ended is None and not any(item.kind == "removed" for item in said):
                    continue
                job = msgspec.structs.replace(job, seen=ended or JobSeen(stage="missing", removed=True))
            run_id = parse_run_id(job.job_id)
            if run_id in self._tracking.hands and job.seen.stage == "active":
                continue
            sightings += self._sightings.told(
                run_id, job, self._sightings.order(job) if run_id is None else None, progress
            )
        await self._holding.let_go(sightings)
        followed = await self._sightings.tell(sightings)
        await self._adopt([s for s, item in zip(sightings, followed, strict=True) if item.run is None])

    async def _adopt(self, unknown: Sequence[Sighting]) -> None:
        """Jobs with ids like ours that are none of our runs: another server's, in the same Redis."""
        job_ids = [s.job_id for s in unknown if s.order is None and s.run_id is not None and not s.seen.final]
        jobs = await self._engine.look(self._queue, [(job_id, 0) for job_id in job_ids], payloads=True)
        orders = [(job, order) for job in jobs if (order := self._sightings.order(job)) is not None]
        await self._sightings.tell([s for job, order in orders for s in self._sightings.told(None, job, order)])


def _order_of(place: str) -> tuple[int, int]:
    milliseconds, _, counter = place.partition("-")
    return int(milliseconds), int(counter or 0)
