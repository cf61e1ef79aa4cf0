"""What is asked and told of runs and of the workers that run them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from msgspec import Struct
from msgspec.json import decode
from msgspec.structs import replace

from blazy_jobs_server.domain.batch import Batch
from blazy_jobs_server.domain.durations import BucketCounts
from blazy_jobs_server.domain.event import EVENT_NAMES, Event, EventColumn, EventType
from blazy_jobs_server.domain.instants import from_datetime
from blazy_jobs_server.domain.job_type import Settings
from blazy_jobs_server.domain.keys import EVERYTHING, Within
from blazy_jobs_server.domain.run import Error, Run, State


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
    created_by: str | None = None
    """As in `Run`."""
    within: Within = EVERYTHING
    """What may be found by `dedupe_key` in its place."""


class Many(Struct, frozen=True, kw_only=True):
    """Runs of one job type to be made together: due at once, in its queue, with its priority and settings, and with
    nothing of their own but their payloads (JSON texts)."""

    job_type: str
    definition_id: int
    version: int
    settings: Settings
    queue: str
    priority: int
    payloads: list[str]
    requests: int = 1
    """How many requests asked for them."""
    created_by: str | list[str | None] | None = None
    """As in `Run`; a list has that of each."""

    def orders(self) -> tuple[Order, ...]:
        return tuple(
            Order(
                job_type=self.job_type,
                definition_id=self.definition_id,
                version=self.version,
                settings=self.settings,
                queue=self.queue,
                priority=self.priority,
                payload=payload,
                created_by=created_by,
            )
            for payload, created_by in zip(self.payloads, self._created_by_of_each(), strict=True)
        )

    def _created_by_of_each(self) -> list[str | None]:
        return self.created_by if isinstance(self.created_by, list) else [self.created_by] * len(self.payloads)


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
    columns: list[int] | None = None
    """Where `Many` were made by columns: their keys, in order, and no `runs`. All are queued."""
    made_at: int = 0
    """When these were made, which is when they are due."""

    @property
    def fresh(self) -> list[Run]:
        return [run for run, made in zip(self.runs, self.made, strict=True) if made]


class Claim(Struct, frozen=True):
    """A worker asks for at most `limit` runs of `job_types` in `queues` (None: all), to be leased under `token`.
    `unknown` are definitions whose runs it is not given: its code is older."""

    worker_id: int
    job_types: frozenset[str]
    queues: frozenset[str] | None
    limit: int
    token: str
    unknown: frozenset[int] = frozenset()
    columns: bool = False
    """Whether it takes plain runs as batches."""


class Leased(Struct):
    """What a claim gets: runs one by one, and batches, where it takes them and the store makes them."""

    runs: list[Run] = []
    batches: list[Batch] = []

    @property
    def number(self) -> int:
        return len(self.runs) + sum(len(batch.run_ids) for batch in self.batches)


class Verdict(Struct, frozen=True):
    """On a result: `misfit` says what is wrong with it by the result schema of the definition, None that it fits."""

    definition_id: int
    misfit: Error | None


class Report(Struct, frozen=True, kw_only=True):
    """One item of a worker's report. `kind` is the report's type, or `touch` or `detached`, which write no event; which
    of the rest holds depends on it. `dropped` counts log lines that were not kept.

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
    alone: bool = False
    dropped: int = 0
    written_at: int | None = None
    """Of a log line: when the worker wrote it, by its own clock."""
    verdict: Verdict | None = None
    """Of a result, where its run may have a result schema."""


class Completed(Struct, frozen=True):
    """What a worker says of runs that it was leased under one token: all of them completed, with these results (JSON
    texts; None: each with null)."""

    token: str
    attempt: int
    run_ids: list[int]
    results: list[str] | None = None

    def reports(self) -> list[Report]:
        results = ["null"] * len(self.run_ids) if self.results is None else self.results
        return [
            Report(run_id=run_id, attempt=self.attempt, token=self.token, kind="completed", data=result)
            for run_id, result in zip(self.run_ids, results, strict=True)
        ]


class Said(Struct, frozen=True):
    """Progress and log lines of runs that a worker was leased under one token.

    `kinds` and `data` (JSON texts of events) have those of the first run, then those of the second, and so on, each
    run's in the order in which it said them; `numbers` says how many are of which run.
    """

    token: str
    attempt: int
    run_ids: list[int]
    numbers: list[int]
    kinds: list[EventType]
    data: list[str]
    written_at: list[datetime | None] = []
    """As in `Report`."""
    dropped: dict[int, int] = {}
    """As in `Report`, by place, of those that have any."""
    before: list[int] | None = None
    """How many of each run were sent in calls before this one: what is known of them already is not written again."""

    def entries(self) -> Iterator[tuple[int, int, int]]:
        """Each run, with the place of its first word and the place after its last."""
        start = 0
        for run_id, number in zip(self.run_ids, self.numbers, strict=True):
            yield run_id, start, start + number
            start += number

    def report(self, run_id: int, place: int) -> Report:
        """The word at this place, by itself."""
        written_at = self.written_at[place] if self.written_at else None
        return Report(
            run_id=run_id,
            attempt=self.attempt,
            token=self.token,
            kind=EVENT_NAMES[self.kinds[place]],
            data=self.data[place],
            dropped=self.dropped.get(place, 0),
            written_at=None if written_at is None else from_datetime(written_at),
        )

    def reports(self) -> list[Report]:
        return [self.report(run_id, place) for run_id, start, end in self.entries() for place in range(start, end)]


ANY_WORKER = 0
"""In place of the key of a worker that reports: whoever has a run, by whose own token the reporter was let in."""


class Reported(Struct, frozen=True):
    """`status` is `accepted`, `lease_lost` or `rejected` (then `error` says why)."""

    status: str
    cancel_requested: bool = False
    error: str | None = None

    @property
    def is_plain(self) -> bool:
        """Accepted, and nothing more to say."""
        return self.status == "accepted" and not self.cancel_requested


class Unjudged(Reported, frozen=True):
    """Nothing was recorded but that the run is still its worker's: the result needs a verdict by this schema.

    Without a schema, the report comes after such a result, and is to be sent again after it.
    """

    definition_id: int = 0
    result_schema: Any = None


class Held(Struct, frozen=True):
    run_id: int
    held: bool
    cancel_requested: bool


class Judged(Struct, frozen=True):
    """The answer to a worker's report: to each of its reports, and of what it holds."""

    reported: list[Reported]
    completed: list[dict[int, Reported]]
    """For each `Completed`, of its runs those that are not simply accepted."""
    held: list[Held]
    said: list[dict[int, Reported]] = []
    """For each `Said`, of its runs those whose words are not simply accepted."""

    def apart(self, said: list[list[Report]]) -> Judged:
        """Where what was said stood before the reports, one by one."""
        answers = []
        place = 0
        for reports in said:
            judged = zip(reports, self.reported[place : place + len(reports)], strict=True)
            answers.append({report.run_id: answer for report, answer in judged if not answer.is_plain})
            place += len(reports)
        return replace(self, reported=self.reported[place:], said=answers)


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
    declares: tuple[int, ...] = ()
    """The numbers of its declarations."""
    unknown: frozenset[int] = frozenset()
    """The definitions that its code is too old for."""
    key_id: str | None = None
    """Of the API key that registered it."""
    host: str | None = None
    version: str | None = None
    """Of the package that it is made with."""
    draining: bool = False
    """It gets no more runs."""
    server: int | None = None
    """Which server heard it last, where several are there."""


class Hand(Struct, frozen=True):
    """What a worker has in hand: how many runs, and the first of them to have started."""

    number: int
    runs: list[tuple[int, str, str, int, int]]
    """Run key, job type, queue, attempt and when it started."""


class EventFilter(Struct, frozen=True, kw_only=True):
    """What a stream of all runs lets through; left out means all. `within` as of a list."""

    types: frozenset[int] = frozenset()
    job_type: str | None = None
    queue: str | None = None
    tag: str | None = None
    within: Within = EVERYTHING

    def admits_lane(self, job_type: str, queue: str) -> bool:
        return self.job_type in (None, job_type) and self.queue in (None, queue) and self.within.admits(job_type, queue)

    def admits(self, event: Event) -> bool:
        return (
            (not self.types or event.type in self.types)
            and self.admits_lane(event.job_type, event.queue)
            and (self.tag is None or (event.tags != "[]" and self.tag in decode(event.tags)))
        )


class Commit(Struct):
    """What a transaction changed, told to the engine after the commit, in the order of commits."""

    events: list[Event | EventColumn]
    ready: set[tuple[str, str]]
    """(job type, queue) pairs that may have gained a run to claim."""
    counts: dict[tuple[str, str, State], int]
    """Changes of the numbers of runs."""
    waited: dict[tuple[str, str], BucketCounts] = {}
    """Starts, by job type and queue: from due to started."""
    ran: dict[tuple[str, str, State], BucketCounts] = {}
    """Ended attempts, by job type, queue and the state after it: from started to ended."""
    due_at: int | None = None
    """The earliest instant at which a sweep may find something to do because of this transaction."""
    fire_at: int | None = None
    """The earliest instant at which a schedule that was changed may fire."""
    errors: dict[tuple[str, str, str, State], int] = {}
    """Changes of groups of errors, by group, job type, queue and state (`failed`, `retrying`): of the numbers of runs;
    0 where another attempt has failed so, and their number is as before."""
    topics: int = 0
    """What else has changed: `Topic`s."""


class Swept(Struct, frozen=True):
    """`due_at` is when to sweep next; None when nothing waits for its time."""

    due_at: int | None
