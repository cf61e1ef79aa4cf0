"""A run: one dispatch of a job type, and all that is known of it."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from msgspec import UNSET, Struct, UnsetType

from blazy_jobs_server.domain.job_type import Settings


class State(IntEnum):
    """The numbers are stored: never reuse one. Those from COMPLETED on are final."""

    SCHEDULED = 0
    QUEUED = 1
    RUNNING = 2
    RETRYING = 3
    COMPLETED = 4
    FAILED = 5
    CANCELLED = 6

    @property
    def final(self) -> bool:
        return self >= State.COMPLETED


STATE_NAMES = tuple(state.name.lower() for state in State)
STATES = {name: State(number) for number, name in enumerate(STATE_NAMES)}
UNFINISHED = (State.SCHEDULED, State.QUEUED, State.RUNNING, State.RETRYING)


INVALID_RESULT = "invalid_result"


class Error(Struct, frozen=True):
    """Why an attempt or a run failed. `type` is the exception's bare class name."""

    code: str
    message: str
    type: str | None = None
    traceback: str | None = None
    status: int | UnsetType = UNSET
    """What an HTTP handler answered."""
    group: str | None = None
    """`error_groups.group_of` it; None of what failed before there were groups."""


class Run(Struct):
    """Instants (`_at`, `_until`) are microseconds since the epoch. `payload`, `result`, `error`, `progress`, `tags`,
    `metadata` and `overrides` are JSON text, as they came in or as they are answered.

    Treated as a value: the lifecycle copies it, nobody else writes to it.
    """

    id: int
    lane_id: int
    job_type: str
    queue: str
    definition_id: int
    version: int
    settings: Settings
    state: State
    priority: int
    due_at: int
    created_at: int
    payload: str
    tags: str = "[]"
    metadata: str = "{}"
    overrides: str | None = None
    seq: int = 0
    attempt: int = 0
    claims: int = 0
    losses: int = 0
    alone: bool = False
    cancel_requested: bool = False
    cancel_reason: str | None = None
    started_at: int | None = None
    finished_at: int | None = None
    expires_at: int | None = None
    keep_until: int | None = None
    delete_at: int | None = None
    worker_id: int | None = None
    lease_token: str | None = None
    lease_until: int | None = None
    deadline_at: int | None = None
    result: str | None = None
    error: str | None = None
    progress: str | None = None
    dedupe_key: str | None = None
    replay_of: int | None = None
    logs: int = 0
    logs_dropped: int = 0
    schedule: str | None = None
    fire_at: int | None = None
    """The time of its schedule for which it was made; of each there is one run at most."""
    job_id: str | None = None
    """Of a job that others have put into a queue that is not ours; None: the job has the run's own public id."""
    job_added_at: int | None = None
    """The job's own time (milliseconds since the epoch): ids are given again, and this tells which job it is."""
    followed: int | None = None
    """How many starts of the job are told in this run; None where the queue is the database's own."""
    followed_lines: int = 0
    """How many lines of the job's log are."""
    created_by: str | None = None
    """`Actor.text` of whose key it was made with."""
    error_group: str | None = None
    """Of `error`, as `error_code` is."""
    error_code: str | None = None
    resolved_at: int | None = None
    """When someone said of the failed run that nothing is left to be done about it, or replayed it."""

    @property
    def open_error(self) -> str | None:
        """The group of errors that it counts in: of what has failed and is not resolved, and of what is to be tried
        again."""
        if self.state is State.RETRYING or (self.state is State.FAILED and self.resolved_at is None):
            return self.error_group
        return None

    @property
    def is_detached(self) -> bool:
        """It runs, and no worker has it: an HTTP handler goes on with it."""
        return self.state is State.RUNNING and self.worker_id is None and self.followed is None


class Attempt(Struct, frozen=True):
    """One claim of a run, read from its events. `number` counts claims, `attempt` those that count."""

    number: int
    attempt: int
    worker_id: str | None
    started_at: int
    finished_at: int | None
    outcome: str | None
    error: Any
