"""What the engine asks of the outside, at the grain of verbs.

Instants are microseconds since the epoch. Every writing verb is one transaction: a run's change, its events, counts and
idempotency record commit together, and the call returns after the commit is durable. A verb that raises wrote nothing.
All raise `StoreUnavailable` when the database cannot be read or written; the next call tries again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from msgspec import UNSET, Struct, UnsetType
from msgspec.json import decode

from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.following import JobSeen
from blazy_jobs_server.domain.instants import EARLIEST
from blazy_jobs_server.domain.job_type import Bullmq, Declarer, Definition, JobType, Queue, Settings, Source
from blazy_jobs_server.domain.lifecycle import Lease
from blazy_jobs_server.domain.retry import RetryPolicy
from blazy_jobs_server.domain.run import Error, Run, State
from blazy_jobs_server.domain.schedule import Schedule


class Clock(Protocol):
    def now(self) -> int:
        """Microseconds since the epoch; never follows a step of the wall clock while the process lives."""
        ...


class Timer(Protocol):
    """Wakes one waiting loop at the earliest instant that it was set to, or at once."""

    def set(self, at: int) -> None:
        """Ring at `at` (microseconds since the epoch) unless an earlier time is set."""
        ...

    def ring(self) -> None:
        """Now."""
        ...

    async def wait(self) -> None: ...
    def clear(self) -> None: ...


class Order(Struct, frozen=True, kw_only=True):
    """A run to be made. `due_at` 0 means at once. JSON texts as in `Run`."""

    job_type: str
    definition_id: int
    version: int
    settings: Settings
    queue: str
    priority: int
    payload: str
    overrides: str | None = None
    due_at: int = 0
    expires_seconds: float | None = None
    dedupe_key: str | None = None
    tags: str = "[]"
    metadata: str = "{}"
    replay_of: int | None = None
    schedule: str | None = None
    fire_at: int | None = None
    """The time of the schedule that it is made for, which `due_at` is then too."""
    job_id: str | None = None
    """The job of others, in a queue of another engine, that the run is to follow; `job_added_at` as in `Run`."""
    job_added_at: int | None = None


class IdempotencyKey(Struct, frozen=True):
    """`scope` is the caller's key, method and path; `fingerprint` that of the parsed body."""

    scope: str
    key: str
    fingerprint: str


class Dispatched(Struct, frozen=True):
    """The runs of a dispatch in the order asked. `made` is false where a `dedupe_key` or the idempotency key found the
    run; `replayed` says that the idempotency key did."""

    runs: list[Run]
    made: list[bool]
    replayed: bool = False
    first_ids: list[int] = []
    """Of a replayed answer: all run keys that the first one gave, in its order."""
    erased: dict[int, State] = {}
    """Those of them that are erased since, with their state in the first answer."""


class Claim(Struct, frozen=True):
    """A worker asks for at most `limit` runs of `job_types` in `queues` (None: all), to be leased under `token`."""

    worker_id: int
    job_types: frozenset[str]
    queues: frozenset[str] | None
    limit: int
    token: str


class Report(Struct, frozen=True, kw_only=True):
    """One item of a worker's report. `kind` is the report's type, or `touch`, which writes no event; which of the rest
    holds depends on it. `dropped` counts log lines that were not kept.

    `data` is JSON text: a progress's or log line's event data, or the result.
    """

    run_id: int
    attempt: int
    token: str
    kind: str
    data: str = "null"
    error: Error | None = None
    retryable: bool = True
    retry_after_seconds: float | None = None
    delay_seconds: float = 0
    dropped: int = 0


class Reported(Struct, frozen=True):
    """`status` is `accepted`, `lease_lost` or `rejected` (then `error` says why)."""

    status: str
    cancel_requested: bool = False
    error: str | None = None


class Held(Struct, frozen=True):
    run_id: int
    held: bool
    cancel_requested: bool


class Fire(Struct, frozen=True, kw_only=True):
    """What has become due of a schedule. `schedule` is as it was read; `orders` are the runs to make, oldest first, and
    the rest is how it stands afterwards. `refused` says that no run can be made although it is time."""

    schedule: Schedule
    orders: tuple[Order, ...]
    next_fire_at: int | None
    last_fire_at: int
    missed: int = 0
    refused: bool = False


class Fired(Struct, frozen=True, kw_only=True):
    """`schedule` is None where it was changed, or fired by another server, meanwhile: nothing happened then."""

    schedule: Schedule | None
    made: list[Run] = []
    skipped: int = 0
    """Times without a run because of `overlap`, or because it was refused."""
    cancelling: list[int] = []
    """Workers whose handlers are asked to end."""


class WorkerRecord(Struct, frozen=True, kw_only=True):
    """A registered worker. `pool` marks those of this server's own pool, with their process."""

    id: int
    name: str
    job_types: tuple[str, ...]
    queues: tuple[str, ...] | None
    concurrency: int
    registered_at: int
    pool: bool = False
    pid: int | None = None
    home: str | None = None
    """Of a pool's worker: the place of its server."""
    seen_at: int | None = None
    """When any server heard it, where several are there."""


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

    async def ping(self) -> None: ...
    async def close(self) -> None: ...
    async def offer(self, queue: Queue, offers: Sequence[Offer]) -> None:
        """Puts in those that are not there already."""
        ...

    async def take(self, queue: Queue, tokens: Sequence[str]) -> list[Job]:
        """At most as many jobs as tokens, each locked under one of them (`seen.token`)."""
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
    async def state(self, queue: Queue) -> QueueState: ...
    async def mark(self, queue: Queue) -> None: ...
    async def news(self, queue: Queue, place: str, seconds: float) -> tuple[list[JobNews], str]:
        """What happened after the place `place`, waiting at most so long, and the place reached."""
        ...

    async def newest_place(self, queue: Queue) -> str: ...
    async def unfinished(self, queue: Queue, start: int, limit: int) -> tuple[list[str], bool]:
        """Ids of jobs, page by page, and whether more follow. What moves meanwhile may be missed or come twice."""
        ...

    async def recover(self, queue: Queue) -> None:
        """Gives back the jobs whose worker let its lock run out. Called often; the engine bounds it."""
        ...


class RunFilter(Struct, frozen=True, kw_only=True):
    states: frozenset[State] = frozenset()
    job_type: str | None = None
    queue: str | None = None
    tag: str | None = None
    schedule: str | None = None
    created_after: int | None = None
    created_before: int | None = None


class EventFilter(Struct, frozen=True, kw_only=True):
    """What a stream of all runs lets through; left out means all."""

    types: frozenset[int] = frozenset()
    job_type: str | None = None
    queue: str | None = None
    tag: str | None = None

    def admits(self, event: Event) -> bool:
        return (
            (not self.types or event.type in self.types)
            and self.job_type in (None, event.job_type)
            and self.queue in (None, event.queue)
            and (self.tag is None or (event.tags != "[]" and self.tag in decode(event.tags)))
        )


class Commit(Struct):
    """What a transaction changed, told to the engine after the commit, in the order of commits."""

    events: list[Event]
    ready: set[tuple[str, str]]
    """(job type, queue) pairs that may have gained a run to claim."""
    counts: dict[tuple[str, str, State], int]
    """Changes of the numbers of runs."""
    waited: list[tuple[str, int]] = []
    """(job type, microseconds from due to started) of each start."""
    ran: list[tuple[str, State, int]] = []
    """(job type, state after it, microseconds from started to ended) of each ended attempt."""
    due_at: int | None = None
    """The earliest instant at which a sweep may find something to do because of this transaction."""
    fire_at: int | None = None
    """The earliest instant at which a schedule that was changed may fire."""


class Elsewhere(Struct, frozen=True, kw_only=True):
    """What other servers on the same database have changed: a hint, which comes within some ten milliseconds.

    As one may be lost, each second one comes that says nothing in particular (None: it may be anything).
    """

    runs: frozenset[int] | None = None
    """Those that have changed."""
    cancelling: frozenset[int] = frozenset()
    """Workers whose handlers are asked to end."""
    ready: bool = True
    """There may be something to claim."""
    definitions: bool = True
    """Job types, queues or workers may have changed."""
    due_at: int | None = None
    fire_at: int | None = None
    """As in `Commit`."""
    departed: bool = False
    """One of them is gone, and with it what it had still to tell other systems of its commits."""


class Swept(Struct, frozen=True):
    """`due_at` is when to sweep next; None when nothing waits for its time."""

    due_at: int | None


class Neighbours(Protocol):
    """What a store adds whose database several servers share, all of them equal.

    Only here are events of all runs not published in the order of this server's commits: `on_feed` gives them, of all
    servers, in the order of their keys, once, and never one that goes before another already given.
    """

    alone: bool
    """No other server is there."""
    on_elsewhere: Callable[[Elsewhere], None]
    on_feed: Callable[[list[Event], int], None]
    """Events, and the key up to which none will come any more."""
    on_feed_torn: Callable[[], None]
    """The next ones may not follow on the last: whoever reads along reads from the store, from where it stands."""

    def follow_feed(self, wanted: bool) -> None:
        """Whether anybody reads along; else `on_feed` is not called."""
        ...

    async def revision(self) -> int:
        """Another one than before says that a job type, queue or lane has changed."""
        ...

    async def standing(self, run_ids: Sequence[int]) -> dict[int, tuple[int, bool]]:
        """Of those that are there, the number of the last event, and whether it is the final one."""
        ...

    async def worker(self, worker_id: int) -> WorkerRecord | None: ...
    async def heard(self, seen_at: Mapping[int, int]) -> list[int]:
        """This server is there, and has heard these workers, then. Answers those that are no more."""
        ...

    async def silent_workers(self, seconds: float) -> list[tuple[WorkerRecord, bool]]:
        """Those that no server has heard for so long, and whether there was one to hear them (else it is no loss)."""
        ...

    def at_home(self, worker: WorkerRecord) -> bool:
        """Whether it is of the pool of this server, or of the one before it in the same place."""
        ...


class Store(Protocol):
    on_commit: Callable[[Commit], None]
    neighbours: Neighbours | None
    """None where this server has the database for itself."""

    async def open(self) -> None:
        """Every lease found is valid for a full term from now, whatever it said."""
        ...

    async def close(self) -> None: ...

    async def ping(self) -> None:
        """Takes the database's write lock, and after a failure proves that it can be written again."""
        ...

    async def job_types(self) -> list[JobType]: ...

    async def save_job_type(
        self,
        definition: Definition,
        *,
        expect: int | None,
        source: Source,
        declarer: Declarer | None,
        paused: bool | None,
    ) -> JobType | None:
        """Registers or replaces. `expect` is the version that must be there (None: no live one); None is returned where
        it was not. An unchanged definition keeps its version; `paused` None leaves it."""
        ...

    async def retire_job_type(self, name: str) -> bool:
        """False while runs of it are unfinished, or a schedule names it."""
        ...

    async def pause_job_type(self, name: str, paused: bool) -> JobType | None: ...
    async def queues(self) -> list[Queue]: ...
    async def save_queue(self, name: str, paused: bool | None, bullmq: Bullmq | UnsetType | None = UNSET) -> Queue:
        """Makes it where it is not there; `paused` None and `bullmq` UNSET leave it.

        Raises QueueInUse where runs in it are unfinished and would have to be found elsewhere.
        """
        ...

    async def counts(self) -> dict[tuple[str, str, State], int]:
        """Runs by (job type, queue, state), as stored."""
        ...

    async def dispatch(self, orders: Sequence[Order], idempotency: IdempotencyKey | None) -> Dispatched:
        """Makes all of the runs or none. Without orders it only looks for the answer of an earlier one under the key.

        Raises IdempotencyKeyReused, JobTypeNotFound where one was retired meanwhile, and DefinitionChanged where
        another server has changed one.
        """
        ...

    async def run(self, run_id: int) -> Run | None: ...
    async def runs(self, where: RunFilter, before: int | None, limit: int) -> tuple[list[Run], bool]:
        """Newest first, from `before` (exclusive), and whether more follow. Ends early at 4 MiB of JSON."""
        ...

    async def events(self, run_id: int, after: int, limit: int) -> list[Event]:
        """Of one run with a greater `seq` than `after`, oldest first."""
        ...

    async def attempt_events(self, run_id: int) -> list[Event]:
        """Those events of a run that begin or end an attempt, oldest first."""
        ...

    async def feed(self, after: int, where: EventFilter, limit: int) -> tuple[list[Event], int]:
        """Of all runs in the order of commits, after the event key `after`, and the key up to which was looked."""
        ...

    async def feed_bounds(self, where: EventFilter) -> tuple[int, int]:
        """A place after all events that there are, for who starts now, and the newest event key that retention has
        deleted of those that `where` may match."""
        ...

    # -- queues of other engines, which own the delivery there

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

    # -- schedules

    async def schedules(self, before: int | None, limit: int) -> tuple[list[tuple[int, Schedule]], bool]:
        """Newest first, each with its key, from the key `before` (exclusive), and whether more follow."""
        ...

    async def schedule(self, name: str) -> Schedule | None: ...
    async def schedules_of_app(self, app: str) -> list[Schedule]:
        """Those that this app has declared."""
        ...

    async def due_schedules(self, now: int, limit: int, offset: int = 0, since: int = EARLIEST) -> list[Schedule]:
        """Those to be fired from `since` to now, the earliest first, without the first `offset` of them. One that was
        fired and is due again comes after all that came before it."""
        ...

    async def next_wake(self, after: int) -> int | None:
        """When the next schedule is to be fired, of those that were not yet due at `after`."""
        ...

    async def save_schedule(self, schedule: Schedule, *, expect: int | None) -> Schedule | None:
        """Makes or changes it. `expect` is the revision that must be there (None: none); None is returned where it was
        not. Raises JobTypeNotFound."""
        ...

    async def delete_schedule(self, name: str) -> bool: ...
    async def fire(self, fires: Sequence[Fire]) -> list[Fired]:
        """Each in one: that its `next_fire_at` is still the one that was read, its runs with their events, and its new
        state. So each time of a schedule makes one run at most, whoever fires, and however often."""
        ...

    async def claim(self, claims: Sequence[Claim], lease_seconds: float) -> Sequence[list[Run] | None]:
        """Leases out what is due by now, by priority, then due time, then creation, dealt over the claims in turn.

        Counts the attempt. Passes over paused job types and queues and full concurrency limits. None answers a claim
        whose worker another server has given up.
        """
        ...

    async def report(
        self, worker_id: int, reports: Sequence[Report], holding: Sequence[int], lease_seconds: float
    ) -> tuple[list[Reported], list[Held]]:
        """Writes what still holds its token and attempt, and renews the leases that are named.

        Sending it again is safe: what was accepted before is `accepted` again where it was the run's last word.
        """
        ...

    async def cancel(self, run_id: int, reason: str | None) -> Run | None:
        """The run after it; None when there is none. Raises RunFinished."""
        ...

    async def erase(self, run_id: int) -> bool:
        """False when there is none. Raises RunNotFinished."""
        ...

    async def sweep(self) -> Swept:
        """One bounded step of everything whose time has come: promotes due runs, expires, takes back leases past their
        deadline (timeout) or not renewed (released). The answer says when the next step is due."""
        ...

    async def give_up_worker(self, worker_id: int, *, lost: bool) -> int:
        """Removes the worker and gives its runs back: `lost` counts a loss, else released. Returns how many."""
        ...

    async def register_worker(self, worker: WorkerRecord) -> WorkerRecord:
        """Stores it under a new id (the record's own is ignored)."""
        ...

    async def workers(self) -> list[WorkerRecord]: ...

    async def prune(self, limit: int) -> int:
        """Deletes at most `limit` finished runs that have passed their retention, with their events; says how many."""
        ...

    async def sizes(self) -> dict[str, int]:
        """Bytes and rows, and the oldest rows, for the statistics."""
        ...
