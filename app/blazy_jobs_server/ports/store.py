"""The store's verbs."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Protocol

from msgspec import UNSET, UnsetType

from blazy_jobs_server.domain.declaration import Declaration, Started
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.job_type import Bullmq, Declarer, Definition, JobType, Queue, Source, Version
from blazy_jobs_server.domain.limits import Limits, RateWindow, Scope
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports.audit import AuditStore
from blazy_jobs_server.ports.bulk import BulkStore
from blazy_jobs_server.ports.config import ConfigStore
from blazy_jobs_server.ports.errors import ErrorStore
from blazy_jobs_server.ports.history import HistoryStore
from blazy_jobs_server.ports.keys import KeyStore
from blazy_jobs_server.ports.lists import Counted, Listed, RunFilter, Tally
from blazy_jobs_server.ports.neighbours import Neighbours
from blazy_jobs_server.ports.queues import FollowingStore
from blazy_jobs_server.ports.runs import (
    Claim,
    Commit,
    Completed,
    Dispatched,
    EventFilter,
    Hand,
    IdempotencyKey,
    Judged,
    Leased,
    Many,
    Order,
    Report,
    Said,
    Swept,
    WorkerRecord,
)
from blazy_jobs_server.ports.schedules import ScheduleStore
from blazy_jobs_server.ports.sessions import SessionStore
from blazy_jobs_server.ports.webhooks import WebhookStore


class Store(
    BulkStore,
    ScheduleStore,
    FollowingStore,
    KeyStore,
    SessionStore,
    ConfigStore,
    WebhookStore,
    AuditStore,
    HistoryStore,
    ErrorStore,
    Protocol,
):
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
        secrets: str | UnsetType | None = UNSET,
    ) -> JobType | None:
        """Registers or replaces. `expect` is the version that must be there (None: no live one); None is returned where
        it was not. An unchanged definition keeps its version; `paused` None leaves it; `secrets` are those that it has
        from now on, UNSET leaves them."""
        ...

    async def keep_secrets(self, name: str, secrets: str, *, before: str | None) -> JobType | None:
        """Changes a job type's sealed secrets, and nothing else; None where they are not as `before`, or it is gone."""
        ...

    async def retire_job_type(self, name: str) -> bool:
        """False while runs of it are unfinished, or a schedule names it."""
        ...

    async def retired_job_types(self) -> list[Definition]:
        """The last definition of each name that is free again."""
        ...

    async def pause_job_type(self, name: str, paused: bool) -> JobType | None: ...
    async def queues(self) -> list[Queue]: ...
    async def save_queue(
        self,
        name: str,
        paused: bool | None,
        bullmq: Bullmq | UnsetType | None = UNSET,
        limits: Limits | None = None,
    ) -> Queue:
        """Makes it where it is not there; what is None, and `bullmq` UNSET, is left.

        Raises QueueInUse where runs in it are unfinished and would have to be found elsewhere.
        """
        ...

    async def counts(self) -> dict[tuple[str, str, State], int]:
        """Runs by (job type, queue, state), as stored."""
        ...

    async def dispatch(self, orders: Sequence[Order] | Many, idempotency: IdempotencyKey | None) -> Dispatched:
        """Makes all of the runs or none. Without orders it only looks for the answer of an earlier one under the key.

        Raises IdempotencyKeyReused, JobTypeNotFound where one was retired meanwhile, and DefinitionChanged where
        another server has changed one.
        """
        ...

    async def run(self, run_id: int) -> Run | None: ...
    async def runs(self, where: RunFilter, before: int | None, limit: int, *, brief: bool = False) -> Listed:
        """Newest first, from `before` (exclusive). `brief`: without payloads, results and metadata.

        Ends early at 4 MiB of JSON, or after a few seconds of looking, then perhaps without any run. Raises
        ReadTimeout.
        """
        ...

    async def found(self, where: RunFilter, before: int | None, limit: int) -> tuple[list[int], int | None]:
        """The keys of such a page, without the end at 4 MiB. Raises ReadTimeout."""
        ...

    async def count(self, where: RunFilter, most: int) -> Counted:
        """Exact where the counters say it, else up to `most`. Raises ReadTimeout."""
        ...

    async def tally(self, where: RunFilter, before: int | None, seconds: float) -> Tally:
        """How many runs with keys below `before` there are of a filter that asks for no text, counted for about so
        long. Raises ReadTimeout."""
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

    async def was_lost(self, after: int | None) -> bool:
        """Whether the place `after` in the feed lies among events that are no more, since a backup was restored; None:
        whether there are any such."""
        ...

    async def claim(self, claims: Sequence[Claim], lease_seconds: float) -> Sequence[Leased | None]:
        """Leases out what is due by now, by priority, then due time, then creation, dealt over the claims in turn.

        Counts the attempt. Passes over paused job types and queues and full concurrency limits. None answers a claim
        whose worker another server has given up.
        """
        ...

    async def report(
        self,
        worker_id: int,
        reports: Sequence[Report],
        holding: Sequence[int],
        lease_seconds: float,
        completed: Sequence[Completed] = (),
        said: Sequence[Said] = (),
    ) -> Judged:
        """Writes what still holds its token and attempt, first what was said, then the reports, then what has
        completed, and renews the leases of those that have said something and of those that are named.

        Sending it again is safe: what was accepted before is `accepted` again where it was the run's last word.
        """
        ...

    async def cancel(self, run_id: int, reason: str | None) -> Run | None:
        """The run after it; None when there is none. Raises RunFinished."""
        ...

    async def run_now(self, run_id: int) -> Run | None:
        """The run after it, due at once; None when there is none. Raises RunFinished, RunNotWaiting, and NotSupported
        where another engine delivers it."""
        ...

    async def ahead(self, run: Run, most: int) -> int:
        """How many queued runs of its job type and queue start before it; counts no more than `most`."""
        ...

    async def resolve(self, run_id: int) -> Run | None:
        """The failed run after it, as it was where it is resolved already; None when there is none. Raises
        RunNotFailed."""
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

    async def register_worker(self, worker: WorkerRecord, declares: Sequence[Declaration] = ()) -> WorkerRecord:
        """Stores it under a new id (the record's own is ignored), with what it declares. A declaration gets a number
        when its app's start first makes it, and has it again whenever that start does."""
        ...

    async def note_unknown(self, worker_id: int, unknown: Collection[int]) -> None:
        """The definitions that a worker's code is too old for, all of them."""
        ...

    async def versions(self, job_type: str) -> list[Version]:
        """The oldest first."""
        ...

    async def started(self) -> list[Started]:
        """The declarations of the workers that are there."""
        ...

    async def declarations(self, numbers: Collection[int]) -> dict[int, tuple[Started, Declaration]]:
        """Those of them that are still known: of workers that are there, and those that hold a job type or schedule."""
        ...

    async def workers(self) -> list[WorkerRecord]: ...

    async def drain_worker(self, worker_id: int) -> bool:
        """From now on it gets no more runs; False where it is not there."""
        ...

    async def in_hand(self, worker_ids: Collection[int], most: int) -> dict[int, Hand]:
        """Of those workers that have any run, all in all and at most so many by name."""
        ...

    async def prune(self, limit: int, until: int | None = None) -> int:
        """Deletes at most `limit` finished runs that have passed their retention, by `until` if that is earlier than
        now, with their events; says how many."""
        ...

    async def next_deletable(self) -> int | None:
        """When the retention of a finished run is over for the first time; None: of none."""
        ...

    async def sealing_keys(self) -> set[str]:
        """The ids of the keys that sealed what is stored sealed."""
        ...

    async def rates(self) -> dict[Scope, RateWindow]:
        """The starts of late under each rate."""
        ...

    async def oldest_due(self) -> dict[tuple[str, str], int]:
        """Of each pair of job type and queue of which runs are queued, since when the first of them has been due."""
        ...

    async def sizes(self) -> dict[str, int]:
        """Bytes and rows, and the oldest rows, for the statistics."""
        ...
