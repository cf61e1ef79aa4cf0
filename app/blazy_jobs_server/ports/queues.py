"""Queues that another engine delivers: the engine, and the runs that follow its jobs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from msgspec import Struct

from blazy_jobs_server.domain.following import JobSeen
from blazy_jobs_server.domain.job_type import Queue
from blazy_jobs_server.domain.lifecycle import Lease
from blazy_jobs_server.domain.retry import RetryPolicy
from blazy_jobs_server.domain.run import Error, Run, State
from blazy_jobs_server.ports.runs import Order


class Offer(Struct, frozen=True, kw_only=True):
    """A job to be put into a queue of another engine. `attempt`, `starts` and `losses` are those of a run that was
    under way when its job was lost."""

    job_id: str
    name: str
    payload: str
    priority: int
    due_at: int
    retry: RetryPolicy
    attempt: int = 0
    starts: int = 0
    losses: int = 0


class Job(Struct, frozen=True, kw_only=True):
    """A job as it lies in a queue of another engine. `lines` are those of its log (JSON) from the one on that was asked
    for. What is None was not asked for, or is not there."""

    job_id: str
    seen: JobSeen
    name: str = ""
    payload: str | None = None
    priority: int = 0
    added_at: int = 0
    max_attempts: int = 1
    retry: dict[str, Any] = {}
    """What its producer chose of a retry policy's other fields."""
    lines: tuple[str, ...] = ()
    line_from: int = 0


class JobNews(Struct, frozen=True, kw_only=True):
    """An entry of an engine's event stream. `kind` is `changed`, `progress`, `removed`, `paused` or `resumed`; a change
    that ended the job brings what it ended with, since the job itself may be gone. `word` is the engine's own."""

    kind: str
    word: str = ""
    job_id: str = ""
    progress: str | None = None
    ended: JobSeen | None = None


class JobEnd(Struct, frozen=True, kw_only=True):
    """What became of a job that was taken under `token`: `kind` is `completed`, `failed`, `again`, which gives it back,
    to be taken from `due_at` on, or `back`, which puts it where it was.

    `spent` says that an attempt of it failed, `lost` that its worker was lost."""

    job_id: str
    token: str
    kind: str
    result: str = "null"
    error: Error | None = None
    due_at: int = 0
    spent: bool = False
    lost: bool = False


class QueueState(Struct, frozen=True, kw_only=True):
    """`marked`: it is the queue that this server has marked, and not one that lost all it had since."""

    paused: bool
    marked: bool
    counts: dict[State, int]


class QueueEngine(Protocol):
    """Delivers the jobs of queues that are not the database's own, and owns them. All verbs raise QueueUnavailable
    where it cannot be asked; the next call tries again."""

    lock_seconds: float

    def is_at(self, url: str) -> bool:
        """Whether that is where it is."""
        ...

    async def ping(self) -> None:
        """Proves that it can be written."""
        ...

    async def shortcomings(self) -> list[str]:
        """What of how it is set up endangers jobs, each in a sentence that goes on from its name."""
        ...

    async def close(self) -> None: ...
    async def offer(self, queue: Queue, offers: Sequence[Offer], *, anew: bool = False) -> None:
        """Puts in those that are not there already. `anew`: they were, and what may be left of them is no job."""
        ...

    async def take(self, queue: Queue, tokens: Sequence[str]) -> list[Job]:
        """At most as many jobs as tokens, each locked under one of them (`seen.token`). One that turns out to have lost
        itself is `missing`, and nobody's."""
        ...

    async def begin(self, queue: Queue, job_ids: Sequence[str]) -> None:
        """Our workers begin these, which were taken: what the engine makes at a start is made, as the next job of a
        repeated one. What was not made is made when the job ends."""
        ...

    async def arrival(self, queue: Queue, seconds: float) -> bool:
        """Waits until there may be something to take, at most so long: whether there may."""
        ...

    async def pass_on(self, queue: Queue) -> None:
        """Of an arrival of which no use is made: for the others who wait for one."""
        ...

    async def hold(self, queue: Queue, locks: Sequence[tuple[str, str, int]]) -> list[str]:
        """Renews the locks of (job id, token, starts), also one that ran out while nobody else took the job. Returns
        the ids of those that are lost."""
        ...

    async def end(self, queue: Queue, ends: Sequence[JobEnd]) -> list[bool]:
        """Tells the engine of each; false where the lock is not held any more, and nothing happened."""
        ...

    async def look(self, queue: Queue, wanted: Sequence[tuple[str, int]], *, payloads: bool) -> list[Job]:
        """The jobs of (id, first line of its log to read), in one consistent view."""
        ...

    async def remove(self, queue: Queue, job_ids: Sequence[str]) -> list[bool]:
        """Those that nobody holds; false of those that someone does."""
        ...

    async def tell_progress(self, queue: Queue, progress: Sequence[tuple[str, str]]) -> None:
        """(job id, JSON of a progress event's data)."""
        ...

    async def pause(self, queue: Queue, paused: bool) -> None: ...
    async def state(self, queue: Queue) -> QueueState:
        """Also proves that it can be written."""
        ...

    async def mark(self, queue: Queue) -> None: ...
    async def news(self, queue: Queue, place: str, seconds: float) -> tuple[list[JobNews], str]:
        """What happened after the place `place`, waiting at most so long, and the place reached."""
        ...

    async def newest_place(self, queue: Queue) -> str: ...
    async def unfinished(self, queue: Queue, start: int, limit: int) -> tuple[list[str], bool]:
        """Ids of jobs, page by page, and whether more follow. What moves meanwhile may be missed or come twice."""
        ...

    async def put_back(self, queue: Queue, job_ids: Sequence[str]) -> list[str]:
        """Of jobs that stand in none of the queue's lists: those that were put back. Others are left as they are."""
        ...

    async def recover(self, queue: Queue) -> None:
        """Gives back the jobs whose worker let its lock run out. Called often; the engine bounds it."""
        ...


class Sighting(Struct, frozen=True, kw_only=True):
    """What was seen of a job in a queue of another engine. It is of the run `run_id`, or of the run that follows the
    job `job_id` of others; where there is none yet, `order` says what to make.

    `lease`: the job was taken for this worker. `progress` (JSON) and `lines` (JSON, of its log from `line_from` on)
    are what a worker of others said of it.
    """

    queue: str
    job_id: str
    seen: JobSeen
    run_id: int | None = None
    order: Order | None = None
    lease: Lease | None = None
    progress: str | None = None
    lines: tuple[str, ...] = ()
    line_from: int = 0


class Followed(Struct, frozen=True):
    """The run after it; None: there is no run, and nothing to make one of. `leased`: it runs under the lease that was
    asked for, and the run has its payload. Where a lease was asked for and not given, the job is to be given back."""

    run: Run | None
    leased: bool = False


class FollowingStore(Protocol):
    """The part of the store that brings runs to where their jobs were seen."""

    async def follow(self, sightings: Sequence[Sighting], lease_seconds: float) -> list[Followed]:
        """Brings runs to where their jobs were seen, one after the other, each by compare-and-set: a sighting older
        than what the run knows changes nothing. A lease is not given for paused job types and full concurrency
        limits, and a run past its expiry fails instead."""
        ...

    async def save_place(self, queue: str, place: str) -> None:
        """How far the events of the queue's engine are followed."""
        ...

    async def place(self, queue: str) -> str | None: ...
    async def runs_of(self, run_ids: Sequence[int]) -> list[Run]:
        """Those of them that there are."""
        ...

    async def unfinished(self, queue: str, after: int, limit: int) -> tuple[list[Run], bool]:
        """Oldest first, from the run `after` (exclusive), and whether more follow. Ends early at 4 MiB of JSON."""
        ...
