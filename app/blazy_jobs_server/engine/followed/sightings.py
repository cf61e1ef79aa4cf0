"""What was seen of jobs, told to the store: a job becomes a sighting, and a job of others an order for a run."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import orjson

from blazy_jobs_server.domain.errors import JobTypeNotFound
from blazy_jobs_server.domain.following import JobSeen
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.engine.dispatch import Dispatcher, Wish
from blazy_jobs_server.engine.followed.tracking import TOKEN, Tracking
from blazy_jobs_server.engine.leasing import Leasing
from blazy_jobs_server.ports import Followed, Job, Order, Sighting, Store


class Sightings:
    def __init__(self, tracking: Tracking, store: Store, dispatcher: Dispatcher, leasing: Leasing) -> None:
        self._tracking = tracking
        self._queue = tracking.queue
        self._store = store
        self._dispatcher = dispatcher
        self._leasing = leasing

    def of(self, run_id: int | None, job: Job, order: Order | None = None, **told: object) -> Sighting:
        return Sighting(
            queue=self._queue.name,
            job_id=job.job_id,
            seen=job.seen,
            run_id=run_id,
            order=order,
            **told,  # type: ignore[arg-type]
        )

    def told(
        self, run_id: int | None, job: Job, order: Order | None = None, progress: str | None = None
    ) -> list[Sighting]:
        """Of a job, and first what its worker has said of the attempt that it was in, which may have ended since."""
        seen = job.seen
        if seen.stage == "active" and (seen.token or "").startswith(TOKEN):
            return []  # a server like this one has just taken it, and says so itself
        words = {"progress": progress, "lines": job.lines, "line_from": job.line_from}
        if seen.stage == "active":
            return [self.of(run_id, job, order, **words)]
        sightings = []
        if (progress is not None or job.lines) and seen.stage != "missing":
            before = seen.failed_before if seen.final else max(seen.failures - 1, 0)
            then = JobSeen(stage="active", starts=seen.starts, failures=before, stalls=seen.stalls)
            sightings.append(self.of(run_id, msgspec.structs.replace(job, seen=then), order, **words))
        return [*sightings, self.of(run_id, job, order)]

    async def tell(self, sightings: Sequence[Sighting]) -> list[Followed]:
        if not sightings:
            return []
        following = {s.run_id for s in sightings if s.run_id is not None}
        self._tracking.following |= following
        try:
            followed = await self._store.follow(sightings, self._leasing.lease_seconds)
        finally:
            self._tracking.following -= following
        for sighting, item in zip(sightings, followed, strict=True):
            run = item.run
            if run is None:
                continue
            if sighting.seen.has_children and run.state is State.QUEUED:
                self._tracking.parents.add(run.id)
            else:
                self._tracking.parents.discard(run.id)
            if run.state is State.RUNNING and run.worker_id is None:
                self._tracking.others[sighting.job_id] = run.followed_lines
            else:
                self._tracking.others.pop(sighting.job_id, None)
            if run.state.final and sighting.lease is None and sighting.seen.stage in ("waiting", "delayed"):
                self._tracking.dirty.add(run.id)
                self._tracking.work.set()
        return followed

    def order(self, job: Job) -> Order | None:
        """What to make of a job of others; nothing where its name is no job type."""
        if job.payload is None or job.seen.stage == "missing":
            return None
        try:
            entry = self._dispatcher.at_hand(job.name)
            payload = orjson.loads(job.payload)
        except (JobTypeNotFound, orjson.JSONDecodeError):
            return None
        wish = Wish(
            payload=payload,
            queue=self._queue.name,
            priority=job.priority,
            retry={"max_attempts": job.max_attempts} | job.retry,
            expires_seconds=None,
        )
        due_at = job.seen.due_at if job.seen.stage == "delayed" else 0
        return msgspec.structs.replace(
            self._dispatcher.order(entry, wish), job_id=job.job_id, job_added_at=job.added_at, due_at=due_at
        )
