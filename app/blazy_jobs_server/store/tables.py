"""The tables. Instants are microseconds since the epoch; states and event types are their numbers.

Rows are lean because there are many: integer keys from which the public ids are derived, no foreign keys on the hot
path, JSON as text. What one column could say twice is said once: a run takes its settings from its definition, and a
final event's result or error stands in its run.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Text, false
from sqlmodel import Field, SQLModel

from blazy_jobs_server.domain.ids import COUNTER_BITS
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.store.migrations import where

UNFINISHED_SQL = f"state < {int(State.COMPLETED)}"
WAITING_SQL = f"state IN ({int(State.SCHEDULED)}, {int(State.RETRYING)}) AND followed IS NULL"
"""What waits here for its time; what is in another engine's queue waits there."""

CANCELLING_SQL = f"state = {int(State.RUNNING)} AND cancel_requested = 1"
AHEAD_MICROSECONDS = 1_000_000
AHEAD_SQL = f"(id >> {COUNTER_BITS}) > created_at + {AHEAD_MICROSECONDS}"
"""Of a run whose key is of a later time than it is, since the clock went back before it was made."""

SEALED = "sealed"
"""In the `info` of a column: its text is sealed (ports/sealing.py), or null."""

ERROR_SQL = "error_group IS NOT NULL"
UNRESOLVED_SQL = f"{ERROR_SQL} AND resolved_at IS NULL"
SPENT_SQL = "runs <= 0"
EXPIRING_SQL = f"expires_at IS NOT NULL AND claims = 0 AND {UNFINISHED_SQL}"


def _big(*, null: bool = False, default: str | None = None) -> Column[int]:
    return Column(BigInteger, nullable=null, server_default=default)


def sealed(purpose: str) -> Column[str]:
    """Of sealed text. `purpose` as it was sealed for, with the row's columns in braces: `job_type/{name}/secrets`."""
    return Column(Text, nullable=True, info={SEALED: purpose})


def _key() -> Column[int]:
    # INTEGER, not BIGINT: only so does SQLite make it the row's own key.
    return Column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False)


class JobTypeRow(SQLModel, table=True):
    """The live or retired name; its definition is in `job_type_versions`."""

    __tablename__ = "job_types"
    name: str = Field(primary_key=True)
    definition_id: int
    version: int
    source: str
    app: str | None = None
    declared_at: int | None = Field(default=None, sa_column=_big(null=True))
    """Of versions before 0.1.0; no more written."""
    paused: bool = False
    retired: bool = False
    created_at: int = Field(sa_column=_big())
    updated_at: int = Field(sa_column=_big())
    declaration: int | None = None
    owner: str | None = None
    """Who applied the configuration that it is from."""
    secrets: str | None = Field(default=None, sa_column=sealed("job_type/{name}/secrets"))
    """Of its HTTP handler: what signs, and the values of headers."""


class JobTypeVersionRow(SQLModel, table=True):
    """Never changed once written: runs point at it."""

    __tablename__ = "job_type_versions"
    id: int | None = Field(default=None, primary_key=True)
    name: str
    version: int
    body: str = Field(sa_column=Column(Text, nullable=False))
    created_at: int | None = Field(default=None, sa_column=_big(null=True))
    created_by: str | None = None


class QueueRow(SQLModel, table=True):
    """`bullmq` is how it lives in Redis (JSON), `place` how far its events there are followed."""

    __tablename__ = "queues"
    name: str = Field(primary_key=True)
    paused: bool = False
    made_at: int = Field(default=0, sa_column=_big(default="0"))
    """Where several servers share the database; else the row's own number says the order."""
    bullmq: str | None = None
    place: str | None = None
    limits: str | None = None
    """`domain.limits.Limits` (JSON)."""


class RateRow(SQLModel, table=True):
    """The starts of late under one rate: `domain.limits.RateWindow`, of a `domain.limits.Scope`."""

    __tablename__ = "rates"
    scope: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    per_microseconds: int = Field(sa_column=_big())
    starts: str
    """[part, how many] (JSON)."""


class LaneRow(SQLModel, table=True):
    """A pair of job type and queue: what claims, counts and lists are made of."""

    __tablename__ = "lanes"
    id: int | None = Field(default=None, primary_key=True)
    job_type: str
    queue: str
    pruned_event: int = Field(default=0, sa_column=_big(default="0"))
    """The newest event key that retention has deleted here."""

    __table_args__ = (Index("lanes_pair", "job_type", "queue", unique=True),)


class RunRow(SQLModel, table=True):
    __tablename__ = "runs"
    id: int = Field(sa_column=_key())
    lane_id: int
    definition_id: int
    state: int
    rank: int
    """Minus the priority: ascending order is the order of starts."""
    due_at: int = Field(sa_column=_big())
    created_at: int = Field(sa_column=_big())
    seq: int
    attempt: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    claims: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    losses: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    alone: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    cancel_requested: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    logs: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    logs_dropped: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    started_at: int | None = Field(default=None, sa_column=_big(null=True))
    finished_at: int | None = Field(default=None, sa_column=_big(null=True))
    delete_at: int | None = Field(default=None, sa_column=_big(null=True))
    expires_at: int | None = Field(default=None, sa_column=_big(null=True))
    keep_until: int | None = Field(default=None, sa_column=_big(null=True))
    worker_id: int | None = Field(default=None, sa_column=_big(null=True))
    lease_token: str | None = None
    lease_until: int | None = Field(default=None, sa_column=_big(null=True))
    """Where several servers share the database; one that owns it keeps it in memory."""
    deadline_at: int | None = Field(default=None, sa_column=_big(null=True))
    replay_of: int | None = Field(default=None, sa_column=_big(null=True))
    dedupe_key: str | None = None
    overrides: str | None = None
    schedule: str | None = None
    fire_at: int | None = Field(default=None, sa_column=_big(null=True))
    job_id: str | None = None
    job_added_at: int | None = Field(default=None, sa_column=_big(null=True))
    followed: int | None = None
    followed_lines: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    tags: str | None = None
    meta: str | None = None
    cancel_reason: str | None = None
    error: str | None = None
    progress: str | None = None
    result: str | None = None
    payload: str = Field(sa_column=Column(Text, nullable=False))
    created_by: str | None = None
    error_group: str | None = None
    error_code: str | None = None
    """Of `error`, as the group."""
    resolved_at: int | None = Field(default=None, sa_column=_big(null=True))

    __table_args__ = (
        # the claim: the head of each lane, in the order of starts
        Index("runs_ready", "lane_id", "rank", "due_at", "id", **where(f"state = {int(State.QUEUED)}")),
        # the sweep: what waits for its time
        Index("runs_due", "due_at", **where(WAITING_SQL)),
        # the sweep: what may expire unstarted
        Index("runs_expiring", "expires_at", **where(EXPIRING_SQL)),
        # lists by job type, queue or state, newest first; the running ones of a lane
        Index("runs_listed", "lane_id", "state", "id"),
        # what is leased: the sweep, and a worker that is given up
        Index("runs_leased", "worker_id", **where(f"state = {int(State.RUNNING)}")).ddl_if(dialect="postgresql"),
        # whose handlers are asked to end
        Index("runs_cancelling", "worker_id", **where(CANCELLING_SQL)).ddl_if(dialect="postgresql"),
        # dispatch with a dedupe key
        Index("runs_dedupe", "dedupe_key", **where(f"dedupe_key IS NOT NULL AND {UNFINISHED_SQL}")),
        # retention
        Index("runs_deletable", "delete_at", **where("delete_at IS NOT NULL")),
        # lists by schedule
        Index("runs_of_schedule", "schedule", "id", **where("schedule IS NOT NULL")),
        # a schedule's overlap
        Index("runs_overlapping", "schedule", **where(f"schedule IS NOT NULL AND {UNFINISHED_SQL}")),
        # the run of a job of others
        Index("runs_of_job", "job_id", "id", **where("job_id IS NOT NULL")),
        # lists by the time of creation, of which the key is no measure
        Index("runs_ahead", "id", **where(AHEAD_SQL)),
        # lists by group and by code of the error
        Index("runs_of_error", "error_group", "id", **where(ERROR_SQL)),
        Index("runs_of_error_code", "error_code", "id", **where("error_code IS NOT NULL")),
        # the newest run of a group of errors
        Index("runs_unresolved", "error_group", "state", "lane_id", "id", **where(UNRESOLVED_SQL)),
        # one run a time of a schedule
        Index("runs_fired", "schedule", "fire_at", unique=True, **where("fire_at IS NOT NULL")),
    )


class TagRow(SQLModel, table=True):
    """Lists by tag. PostgreSQL keeps it in step by triggers."""

    __tablename__ = "run_tags"
    tag: str = Field(sa_column=Column(Text().with_variant(Text(collation="C"), "postgresql"), primary_key=True))
    run_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))

    __table_args__ = ({"sqlite_with_rowid": False},)


class EventRow(SQLModel, table=True):
    __tablename__ = "events"
    id: int = Field(sa_column=_key())
    run_id: int = Field(sa_column=_big())
    seq: int
    type: int
    state: int
    attempt: int
    time: int = Field(sa_column=_big())
    data: str | None = None
    """JSON text; null where it stands in the run: the result of `completed`, the error of `failed`."""

    __table_args__ = (
        # a run's log in order; and that no number is given twice
        Index("events_of_run", "run_id", "seq", unique=True),
    )


class IdempotencyRow(SQLModel, table=True):
    __tablename__ = "idempotency_keys"
    scope: str = Field(primary_key=True)
    key: str = Field(primary_key=True)
    fingerprint: str
    created_at: int = Field(sa_column=_big())
    run_id: int | None = Field(default=None, sa_column=_big(null=True))
    """The run of a single dispatch; a batch has its in `answer`."""
    answer: str | None = None
    """JSON: [[run key, state], ...]"""

    __table_args__ = (
        # erasing a run takes its key along
        Index("idempotency_of_run", "run_id", **where("run_id IS NOT NULL")),
        # retention of keys
        Index("idempotency_age", "created_at"),
        {"sqlite_with_rowid": False},
    )


class CountRow(SQLModel, table=True):
    """How many runs there are, kept in step in each transaction."""

    __tablename__ = "run_counts"
    lane_id: int = Field(primary_key=True)
    state: int = Field(primary_key=True)
    shard: int = Field(default=0, primary_key=True, sa_column_kwargs={"server_default": "0"})
    """Each server that shares the database counts in its own, and the sum is the number."""
    runs: int


class ErrorCountRow(SQLModel, table=True):
    """How many runs of a lane count in a group of errors (`Run.open_error`), kept in step in each transaction; and when
    an attempt failed so first and last while any did."""

    __tablename__ = "error_counts"
    error_group: str = Field(primary_key=True)
    lane_id: int = Field(primary_key=True)
    state: int = Field(primary_key=True)
    shard: int = Field(default=0, primary_key=True, sa_column_kwargs={"server_default": "0"})
    """As in `run_counts`."""
    runs: int
    first_at: int | None = Field(default=None, sa_column=_big(null=True))
    last_at: int = Field(default=0, sa_column=_big(default="0"))

    __table_args__ = (
        # lists of groups, the last failed first
        Index("error_counts_newest", "lane_id", "state", "last_at", "error_group"),
        # groups that may be empty
        Index("error_counts_spent", "error_group", "lane_id", "state", **where(SPENT_SQL)).ddl_if(dialect="postgresql"),
        {"sqlite_with_rowid": False},
    )


class ScheduleRow(SQLModel, table=True):
    """`body` is its definition; the rest is how it stands."""

    __tablename__ = "schedules"
    id: int | None = Field(default=None, primary_key=True)
    name: str
    job_type: str
    body: str = Field(sa_column=Column(Text, nullable=False))
    source: str
    app: str | None = None
    declared_at: int | None = Field(default=None, sa_column=_big(null=True))
    """As in `job_types`."""
    paused: bool = False
    orphaned: bool = False
    revision: int
    created_at: int = Field(sa_column=_big())
    updated_at: int = Field(sa_column=_big())
    next_fire_at: int | None = Field(default=None, sa_column=_big(null=True))
    wake_at: int | None = Field(default=None, sa_column=_big(null=True))
    """`next_fire_at` and the schedule's jitter."""
    last_fire_at: int | None = Field(default=None, sa_column=_big(null=True))
    last_run_id: int | None = Field(default=None, sa_column=_big(null=True))
    last_skipped_at: int | None = Field(default=None, sa_column=_big(null=True))
    missed: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    declaration: int | None = None
    wall: str | None = None
    """What the wall clock shows at `next_fire_at`, and by which rules."""
    rules: str | None = None
    owner: str | None = None
    """As in `job_types`."""

    __table_args__ = (
        Index("schedules_name", "name", unique=True),
        # what is to be fired, the earliest first
        Index("schedules_due", "wake_at", **where("wake_at IS NOT NULL")),
        # retiring a job type
        Index("schedules_of_job_type", "job_type"),
        # what a newer declaration lacks
        Index("schedules_of_app", "app", **where("app IS NOT NULL")),
    )


class WorkerRow(SQLModel, table=True):
    __tablename__ = "workers"
    id: int = Field(sa_column=_key())
    name: str
    job_types: str = Field(sa_column=Column(Text, nullable=False))
    queues: str | None = None
    concurrency: int
    registered_at: int = Field(sa_column=_big())
    pool: bool = False
    pid: int | None = None
    home: str | None = None
    """Of a pool's worker: the data folder whose server it belongs to."""
    server: int | None = Field(default=None, sa_column=_big(null=True))
    """Which server heard it last."""
    seen_at: int | None = Field(default=None, sa_column=_big(null=True))
    declares: str | None = None
    """The numbers of its declarations (JSON)."""
    unknown: str | None = None
    """The definitions that its code is too old for (JSON)."""
    key_id: str | None = None
    """Of the API key that registered it."""
    host: str | None = None
    version: str | None = None
    draining: bool = Field(default=False, sa_column_kwargs={"server_default": false()})


class DeclarationRow(SQLModel, table=True):
    """What a start of an app declares (JSON). The order of the numbers is that of the starts."""

    __tablename__ = "declarations"
    id: int | None = Field(default=None, primary_key=True)
    app: str
    start: str
    digest: str
    build: str | None = None
    body: str = Field(sa_column=Column(Text, nullable=False))

    __table_args__ = (Index("declarations_start", "app", "start", "digest", unique=True),)


class BuildRow(SQLModel, table=True):
    """In the order of their first appearance."""

    __tablename__ = "builds"
    id: int | None = Field(default=None, primary_key=True)
    app: str
    build: str

    __table_args__ = (Index("builds_name", "app", "build", unique=True),)


class KeyRow(SQLModel, table=True):
    """API keys, also those that are no more. `digest` is the SHA-256 of the secret."""

    __tablename__ = "api_keys"
    id: str = Field(primary_key=True)
    name: str
    digest: str
    scopes: str
    job_types: str | None = None
    queues: str | None = None
    rate_limit: str | None = None
    created_at: int = Field(sa_column=_big())
    created_by: str
    expires_at: int | None = Field(default=None, sa_column=_big(null=True))
    last_used_at: int | None = Field(default=None, sa_column=_big(null=True))
    revoked_at: int | None = Field(default=None, sa_column=_big(null=True))
    previous_digest: str | None = None
    previous_until: int | None = Field(default=None, sa_column=_big(null=True))


class SessionRow(SQLModel, table=True):
    """Sessions of browsers. `id` is the SHA-256 of the cookie's token."""

    __tablename__ = "sessions"
    id: str = Field(primary_key=True)
    key_id: str
    secret: str
    created_at: int = Field(sa_column=_big())
    used_at: int = Field(sa_column=_big())


class WebhookRow(SQLModel, table=True):
    """`lease_token` is that of who delivers for it, `lease_until` where several servers share the database."""

    __tablename__ = "webhooks"
    id: int = Field(sa_column=_key())
    name: str
    url: str
    events: str
    job_types: str | None = None
    queues: str | None = None
    include: str
    enabled: bool
    disabled_reason: str | None = None
    secret: str = Field(sa_column=sealed("webhook/{name}/secret"))
    previous_secret: str | None = Field(default=None, sa_column=sealed("webhook/{name}/secret"))
    previous_until: int | None = Field(default=None, sa_column=_big(null=True))
    source: str
    revision: int
    created_at: int = Field(sa_column=_big())
    updated_at: int = Field(sa_column=_big())
    cursor: int = Field(sa_column=_big())
    read_until: int = Field(sa_column=_big())
    expired_key: int = Field(sa_column=_big())
    failing_since: int | None = Field(default=None, sa_column=_big(null=True))
    last_success_at: int | None = Field(default=None, sa_column=_big(null=True))
    lease_token: str | None = None
    lease_until: int | None = Field(default=None, sa_column=_big(null=True))
    owner: str | None = None
    """As in `job_types`."""

    __table_args__ = (Index("webhooks_name", "name", unique=True),)


class WebhookDeliveryRow(SQLModel, table=True):
    """Only what was not received at the first attempt."""

    __tablename__ = "webhook_deliveries"
    webhook_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    event_id: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    run_id: int = Field(sa_column=_big())
    type: str
    body: str = Field(sa_column=Column(Text, nullable=False))
    attempts: int
    next_at: int | None = Field(default=None, sa_column=_big(null=True))
    created_at: int = Field(sa_column=_big())
    tried_at: int = Field(sa_column=_big())
    error_code: str
    error_message: str
    status: int | None = None

    __table_args__ = (
        # what is to be tried next
        Index("webhook_deliveries_due", "webhook_id", "next_at", **where("next_at IS NOT NULL")),
        # retention of what has failed for good
        Index("webhook_deliveries_failed", "tried_at", **where("next_at IS NULL")),
    )


class BulkRow(SQLModel, table=True):
    """Bulk operations. `named` are keys of runs (JSON). The lease is of the server that is at it."""

    __tablename__ = "bulks"
    id: int = Field(sa_column=_key())
    action: str
    filter: str = Field(sa_column=Column(Text, nullable=False))
    named: str | None = None
    priority: int | None = None
    job_types: str | None = None
    queues: str | None = None
    reveals: bool
    place: int = Field(sa_column=_big())
    matched: int
    at_least: bool
    done: int
    skipped: int
    failed: int
    state: str
    created_at: int = Field(sa_column=_big())
    created_by: str | None = None
    finished_at: int | None = Field(default=None, sa_column=_big(null=True))
    lease_token: str | None = None
    lease_until: int | None = Field(default=None, sa_column=_big(null=True))

    __table_args__ = (
        # what is to be gone on with
        Index("bulks_running", "id", **where("state = 'running'")),
        # retention
        Index("bulks_age", "finished_at", **where("finished_at IS NOT NULL")),
    )


class ServerRow(SQLModel, table=True):
    """The servers that share the database."""

    __tablename__ = "servers"
    id: int = Field(sa_column=_key())
    seen_at: int = Field(sa_column=_big())
    about: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    """What it says of itself (JSON)."""


class HistoryRow(SQLModel, table=True):
    """As `domain.history.Row`. Found by its key alone: an index on the time would be as large as the table."""

    __tablename__ = "history"
    step: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    job_type: str = Field(sa_column=Column(Text, primary_key=True))
    queue: str = Field(sa_column=Column(Text, primary_key=True))
    at: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    server: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    started: int
    completed: int
    failed: int
    cancelled: int
    retried: int
    lost: int
    deepest: int
    oldest: int = Field(sa_column=_big())
    waited: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    """JSON: the sum in seconds, and the number in each bucket."""
    ran: str | None = Field(default=None, sa_column=Column(Text, nullable=True))

    __table_args__ = ({"sqlite_with_rowid": False},)


class SharedRow(SQLModel, table=True):
    """One row, of what a server leaves to the next, or servers that share the database agree on."""

    __tablename__ = "shared"
    id: int = Field(primary_key=True)
    revision: int = Field(default=0, sa_column=_big(default="0"))
    """Goes up with every change of a job type, queue or lane."""
    erased_key: int = Field(default=0, sa_column=_big(default="0"))
    """Keys of deleted rows are no greater: none is given twice, although the clock goes back."""
    feed_base: int = Field(default=0, sa_column=_big(default="0"))
    """Added to the keys of events; see postgres/statements.py."""


class LostEventsRow(SQLModel, table=True):
    """Keys of events that were given out once, and are no more since an older database was put in place."""

    __tablename__ = "lost_events"
    id: int | None = Field(default=None, primary_key=True)
    lost_after: int = Field(sa_column=_big())
    lost_until: int = Field(sa_column=_big())


class AuditRow(SQLModel, table=True):
    """Of a change, or of what was refused within a minute. Its key tells the time, as everywhere."""

    __tablename__ = "audit"
    id: int = Field(sa_column=_key())
    at: int = Field(sa_column=_big())
    actor_id: str | None = None
    actor_name: str | None = None
    address: str | None = None
    action: str
    target: str | None = None
    changed: str
    outcome: str
    count: int

    __table_args__ = (
        Index("audit_actor", "actor_id", "id"),
        Index("audit_action", "action", "id"),
        Index("audit_target", "target", "id"),
    )


metadata = SQLModel.metadata
