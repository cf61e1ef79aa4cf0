"""The verbs of job types and queues, and how the ledger is read."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
import orjson
from msgspec import UNSET, UnsetType

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.errors import QueueInUse
from blazy_jobs_server.domain.ids import COUNTER_BITS
from blazy_jobs_server.domain.job_type import Bullmq, Declarer, Definition, JobType, Queue, Source, Version
from blazy_jobs_server.domain.limits import NO_LIMITS, Limits
from blazy_jobs_server.domain.run import UNFINISHED, State
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.ledger import Ledger
from blazy_jobs_server.store.limiting import windows
from blazy_jobs_server.store.rows import pack, to_run
from blazy_jobs_server.store.transaction import Transaction

JOB_TYPE_COLUMNS = (
    "name",
    "definition_id",
    "version",
    "source",
    "app",
    "paused",
    "retired",
    "created_at",
    "updated_at",
    "declaration",
    "owner",
    "secrets",
)
JOB_TYPES = f"SELECT {', '.join(JOB_TYPE_COLUMNS)} FROM job_types"

RETIRED = (
    "SELECT v.body FROM job_types AS t JOIN job_type_versions AS v ON v.id = t.definition_id "
    "WHERE t.retired ORDER BY t.name"
)
VERSIONS = "SELECT id, version, body, created_at, created_by FROM job_type_versions WHERE name"

decode_definition = msgspec.json.Decoder(Definition).decode
_bullmq = msgspec.json.Decoder(Bullmq)
_limits = msgspec.json.Decoder(Limits)


def to_versions(rows: Iterable[Sequence[Any]]) -> list[Version]:
    return [
        Version(
            definition_id=definition_id,
            version=version,
            definition=decode_definition(body),
            created_at=created_at,
            created_by=created_by,
        )
        for definition_id, version, body, created_at, created_by in rows
    ]


class SaveJobType(NamedTuple):
    definition: Definition
    expect: int | None
    source: Source
    declarer: Declarer | None
    paused: bool | None
    owner: str | None = None
    secrets: str | UnsetType | None = UNSET
    by: str | None = None


class KeepSecrets(NamedTuple):
    name: str
    before: str | None
    secrets: str


class PauseJobType(NamedTuple):
    name: str
    paused: bool


class SaveQueue(NamedTuple):
    """`bullmq` UNSET leaves the engine, and `limits` None the limits."""

    name: str
    paused: bool | None
    bullmq: Bullmq | UnsetType | None
    limits: Limits | None = None


def save_job_type(tx: Transaction, arguments: list[SaveJobType]) -> list[JobType | None]:
    return [_save_job_type(tx, argument) for argument in arguments]


def _save_job_type(tx: Transaction, argument: SaveJobType) -> JobType | None:
    known = tx.ledger.job_types.get(argument.definition.name)
    if (known.version if known else None) != argument.expect:
        return None
    version = next_version(tx.ledger, argument.definition)
    if known is not None and known.version == version:
        definition_id = known.definition_id
    else:
        definition_id = _add_version(tx, argument, version)
    job_type = saved_job_type(known, argument, definition_id, version, tx.now)
    if job_type != known:
        _write(tx, job_type)
    return job_type


def next_version(ledger: Ledger, definition: Definition) -> int:
    """The present one where the definition is as it is; a retired name goes on counting."""
    known = ledger.job_types.get(definition.name)
    if known is not None and known.definition == definition:
        return known.version
    return (known.version if known else ledger.retired.get(definition.name, 0)) + 1


def saved_job_type(known: JobType | None, argument: SaveJobType, definition_id: int, version: int, now: int) -> JobType:
    return JobType(
        definition=argument.definition,
        definition_id=definition_id,
        version=version,
        source=argument.source,
        declarer=argument.declarer,
        owner=argument.owner,
        paused=argument.paused if argument.paused is not None else known is not None and known.paused,
        created_at=known.created_at if known else now,
        updated_at=known.updated_at if known and known.version == version else now,
        secrets=(known.secrets if known else None) if argument.secrets is UNSET else argument.secrets,
    )


def job_type_row(job_type: JobType, *, retired: bool = False) -> tuple[Any, ...]:
    """The values of JOB_TYPE_COLUMNS."""
    declarer = job_type.declarer
    return (
        job_type.name,
        job_type.definition_id,
        job_type.version,
        job_type.source,
        declarer.app if declarer else None,
        job_type.paused,
        retired,
        job_type.created_at,
        job_type.updated_at,
        declarer.declaration if declarer else None,
        job_type.owner,
        None if retired else job_type.secrets,
    )


def _add_version(tx: Transaction, argument: SaveJobType, version: int) -> int:
    definition = argument.definition
    body = msgspec.json.encode(definition).decode()
    definition_id: int = tx.cursor.execute(
        "INSERT INTO job_type_versions (name, version, body, created_at, created_by) "
        "VALUES (?, ?, ?, ?, ?) RETURNING id",
        (definition.name, version, body, tx.now, argument.by),
    ).fetchone()[0]
    tx.ledger.add_version(definition_id, version, definition)
    tx.lane(definition.name, definition.queue)
    return definition_id


def _write(tx: Transaction, job_type: JobType, *, retired: bool = False) -> None:
    tx.cursor.execute(
        f"INSERT OR REPLACE INTO job_types ({', '.join(JOB_TYPE_COLUMNS)}) "
        f"VALUES ({', '.join('?' * len(JOB_TYPE_COLUMNS))})",
        job_type_row(job_type, retired=retired),
    )
    if retired:
        del tx.ledger.job_types[job_type.name]
        tx.ledger.retired[job_type.name] = job_type.version
    else:
        tx.ledger.job_types[job_type.name] = job_type
        tx.ledger.retired.pop(job_type.name, None)
        tx.note_opened(tx.ledger.lanes_of(job_type.name))


def retire_job_type(tx: Transaction, arguments: list[str]) -> list[bool]:
    answers = []
    for name in arguments:
        free = not tx.ledger.in_states(name, UNFINISHED) and not tx.ids(sql.SCHEDULES_OF_JOB_TYPE, name)
        if free and name in tx.ledger.job_types:
            _write(tx, tx.ledger.job_types[name], retired=True)
        answers.append(free)
    return answers


def pause_job_type(tx: Transaction, arguments: list[PauseJobType]) -> list[JobType | None]:
    answers: list[JobType | None] = []
    for name, paused in arguments:
        known = tx.ledger.job_types.get(name)
        if known is not None and known.paused != paused:
            known = msgspec.structs.replace(known, paused=paused)
            _write(tx, known)
        answers.append(known)
    return answers


def keep_secrets(tx: Transaction, arguments: list[KeepSecrets]) -> list[JobType | None]:
    answers: list[JobType | None] = []
    for name, before, secrets in arguments:
        known = tx.ledger.job_types.get(name)
        if known is None or known.secrets != before:
            answers.append(None)
            continue
        kept = msgspec.structs.replace(known, secrets=secrets)
        _write(tx, kept)
        answers.append(kept)
    return answers


def save_queue(tx: Transaction, arguments: list[SaveQueue]) -> list[Queue | QueueInUse]:
    return [_save_queue(tx, argument) for argument in arguments]


def _save_queue(tx: Transaction, argument: SaveQueue) -> Queue | QueueInUse:
    tx.queue(argument.name)
    known = tx.ledger.queues[argument.name]
    queue = changed_queue(known, argument)
    moving = moves(known.bullmq, queue.bullmq)
    if moving and tx.ledger.unfinished_in(queue.name):
        return QueueInUse(queue.name)
    if queue != known:
        tx.cursor.execute(
            "UPDATE queues SET paused = ?, bullmq = ?, limits = ?, "
            f"place = {'NULL' if moving else 'place'} WHERE name = ?",
            (queue.paused, bullmq_text(queue), limits_text(queue), queue.name),
        )
        tx.ledger.add_queue(queue)
        tx.note_opened(lane for lane in tx.ledger.lanes.values() if lane.queue == queue.name)
    return queue


def changed_queue(known: Queue, argument: SaveQueue) -> Queue:
    return Queue(
        name=known.name,
        paused=known.paused if argument.paused is None else argument.paused,
        bullmq=known.bullmq if argument.bullmq is UNSET else argument.bullmq,
        limits=known.limits if argument.limits is None else argument.limits,
    )


def bullmq_text(queue: Queue) -> str | None:
    return None if queue.bullmq is None else msgspec.json.encode(queue.bullmq).decode()


def limits_text(queue: Queue) -> str | None:
    return None if queue.limits == NO_LIMITS else msgspec.json.encode(queue.limits).decode()


def to_queue(name: str, paused: bool, bullmq: str | None, limits: str | None) -> Queue:
    return Queue(
        name=name,
        paused=paused,
        bullmq=None if bullmq is None else _bullmq.decode(bullmq),
        limits=NO_LIMITS if limits is None else _limits.decode(limits),
    )


def moves(before: Bullmq | None, after: Bullmq | None) -> bool:
    """Whether the runs would have to be found in another place."""
    return (before and before.prefix) != (after and after.prefix)


def load_queues(cursor: sqlite3.Cursor, ledger: Ledger) -> None:
    """In the order of their creation."""
    statement = "SELECT name, paused, bullmq, limits FROM queues ORDER BY rowid"
    for name, paused, bullmq, limits in cursor.execute(statement).fetchall():
        ledger.add_queue(to_queue(name, bool(paused), bullmq, limits))


NEWEST_KEY = (
    "SELECT max((SELECT coalesce(max(id), 0) FROM runs), (SELECT coalesce(max(id), 0) FROM events), "
    "(SELECT coalesce(max(id), 0) FROM workers), (SELECT coalesce(max(pruned_event), 0) FROM lanes), "
    "(SELECT coalesce(max(erased_key), 0) FROM shared), (SELECT coalesce(max(id), 0) FROM audit))"
)


def load_ledger(cursor: sqlite3.Cursor, now: int, lease_until: int) -> Ledger:
    """All that the writer keeps in memory, as the database has it.

    Every lease is valid until `lease_until` at least: nobody could renew while nobody was there to hear it.
    """
    ledger = Ledger()
    load_definitions(cursor, ledger)
    load_queues(cursor, ledger)
    ledger.rates = windows(cursor.execute(sql.RATES).fetchall())
    for lane_id, state, runs in cursor.execute("SELECT lane_id, state, runs FROM run_counts").fetchall():
        ledger.counts[lane_id, State(state)] = runs
    for (lane_id, state), runs in list(ledger.counts.items()):
        if state is State.RUNNING and runs:
            ids = [row[0] for row in cursor.execute(sql.RUNNING, (lane_id,)).fetchall()]
            for row in orjson.loads(cursor.execute(sql.HEADS_BY_ID, (pack(ids),)).fetchone()[0]):
                run = ledger.leases[row[0]] = to_run(row, ledger)
                if run.worker_id is not None:  # a worker of others has no lease here
                    run.lease_until = lease_until
                    run.deadline_at = max(run.deadline_at or 0, lease_until)
                elif run.is_detached:
                    run.lease_until = lifecycle.silent_at(now, ledger.silence_seconds(run.job_type))
    newest = cursor.execute(NEWEST_KEY).fetchone()[0]
    ledger.keys.last = max(newest, 1 << COUNTER_BITS)
    return ledger


def load_definitions(cursor: sqlite3.Cursor, ledger: Ledger) -> None:
    for lane_id, job_type, queue in cursor.execute("SELECT id, job_type, queue FROM lanes").fetchall():
        ledger.add_lane(lane_id, job_type, queue)
    for definition_id, version, body in cursor.execute("SELECT id, version, body FROM job_type_versions").fetchall():
        ledger.add_version(definition_id, version, decode_definition(body))
    for row in cursor.execute(JOB_TYPES).fetchall():
        add_job_type(ledger, row)


def add_job_type(ledger: Ledger, row: Sequence[Any]) -> None:
    """From the values of JOB_TYPES; its version is known."""
    name, definition_id, version, source, app, paused, retired, created_at, updated_at, declaration, *rest = row
    owner, secrets = rest
    if retired:
        ledger.retired[name] = version
        return
    ledger.job_types[name] = JobType(
        definition=ledger.versions[definition_id].definition,
        definition_id=definition_id,
        version=version,
        source=source,
        declarer=None if app is None else Declarer(app, declaration),
        owner=owner,
        paused=bool(paused),
        created_at=created_at,
        updated_at=updated_at,
        secrets=secrets,
    )
