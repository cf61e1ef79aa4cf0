"""The verbs of job types and queues on PostgreSQL, and how the ledger is read.

Who changes one holds the lock of definitions alone: no dispatch or claim of any server is under way then, and each that
follows sees the change.
"""

from __future__ import annotations

import asyncpg
import msgspec

from blazy_jobs_server.domain.errors import QueueInUse
from blazy_jobs_server.domain.job_type import JobType, Queue
from blazy_jobs_server.store.definitions import (
    JOB_TYPE_COLUMNS,
    JOB_TYPES,
    KeepSecrets,
    PauseJobType,
    SaveJobType,
    SaveQueue,
    add_job_type,
    bullmq_text,
    changed_queue,
    decode_definition,
    job_type_row,
    limits_text,
    moves,
    next_version,
    saved_job_type,
    to_queue,
)
from blazy_jobs_server.store.ledger import Ledger
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.transaction import Transaction

CHANGED = "UPDATE shared SET revision = revision + 1 WHERE id = 1"
MADE_LANES = (
    "SELECT l.job_type, l.queue FROM unnest($1::text[], $2::text[]) AS w(job_type, queue) "
    "JOIN lanes AS l ON l.job_type = w.job_type AND l.queue = w.queue"
)
NEW_LANE = (
    "INSERT INTO lanes (job_type, queue) SELECT * FROM unnest($1::text[], $2::text[]) "
    "ON CONFLICT (job_type, queue) DO NOTHING"
)
NEW_QUEUE = (
    "INSERT INTO queues (name, paused, made_at) SELECT name, false, $2 FROM unnest($1::text[]) AS name "
    "ON CONFLICT DO NOTHING"
)
_PLACES = ", ".join(f"${i}" for i in range(1, len(JOB_TYPE_COLUMNS) + 1))
_CHANGES = ", ".join(f"{column} = excluded.{column}" for column in JOB_TYPE_COLUMNS[1:])
SAVE_QUEUE = (
    "INSERT INTO queues (name, paused, bullmq, made_at, limits) VALUES ($1, $2, $3, $4, $6) "
    "ON CONFLICT (name) DO UPDATE "
    "SET paused = $2, bullmq = $3, limits = $6, place = CASE WHEN $5::bool THEN NULL ELSE queues.place END"
)
SAVE_JOB_TYPE = (
    f"INSERT INTO job_types ({', '.join(JOB_TYPE_COLUMNS)}) VALUES ({_PLACES}) "
    f"ON CONFLICT (name) DO UPDATE SET {_CHANGES}"
)


async def load_ledger(connection: asyncpg.Connection) -> Ledger:
    """Definitions, lanes and queues; what else a ledger holds is in the database alone where it is shared."""
    ledger = Ledger()
    for lane_id, job_type, queue in await connection.fetch("SELECT id, job_type, queue FROM lanes ORDER BY id"):
        ledger.add_lane(lane_id, job_type, queue)
    for definition_id, version, body in await connection.fetch("SELECT id, version, body FROM job_type_versions"):
        ledger.add_version(definition_id, version, decode_definition(body))
    for row in await connection.fetch(JOB_TYPES):
        add_job_type(ledger, tuple(row))
    for name, paused, bullmq, limits in await connection.fetch(
        "SELECT name, paused, bullmq, limits FROM queues ORDER BY made_at, name"
    ):
        ledger.add_queue(to_queue(name, paused, bullmq, limits))
    return ledger


async def unmade_lanes(connection: asyncpg.Connection, pairs: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Those that are not there. Asked without a lock, as nearly always all are."""
    rows = await connection.fetch(MADE_LANES, [job_type for job_type, _ in pairs], [queue for _, queue in pairs])
    return pairs - {(row[0], row[1]) for row in rows}


async def make_lanes(connection: asyncpg.Connection, pairs: set[tuple[str, str]], now: int) -> None:
    """What is there already stays. In a transaction of its own: a lane without a run harms nobody."""
    ordered = sorted(pairs)
    async with connection.transaction():
        await connection.execute(sql.LOCK, sql.LOCK_DEFINITIONS)
        await connection.execute(NEW_QUEUE, sorted({queue for _, queue in ordered}), now)
        await connection.execute(NEW_LANE, [job_type for job_type, _ in ordered], [queue for _, queue in ordered])
        await connection.execute(CHANGED)


async def save_job_type(tx: Transaction, arguments: list[SaveJobType]) -> list[JobType | None]:
    return [await _save(tx, argument) for argument in arguments]


async def _save(tx: Transaction, argument: SaveJobType) -> JobType | None:
    definition = argument.definition
    known = tx.ledger.job_types.get(definition.name)
    if (known.version if known else None) != argument.expect:
        return None
    version = next_version(tx.ledger, definition)
    if known is not None and known.version == version:
        definition_id = known.definition_id
    else:
        definition_id = await tx.value(
            "INSERT INTO job_type_versions (name, version, body, created_at, created_by) "
            "VALUES ($1, $2, $3, $4, $5) RETURNING id",
            definition.name,
            version,
            msgspec.json.encode(definition).decode(),
            tx.now,
            argument.by,
        )
        tx.ledger.add_version(definition_id, version, definition)
    job_type = saved_job_type(known, argument, definition_id, version, tx.now)
    if job_type != known:
        await _write(tx, job_type)
    return job_type


async def _write(tx: Transaction, job_type: JobType, *, retired: bool = False) -> None:
    await tx.execute(SAVE_JOB_TYPE, *job_type_row(job_type, retired=retired))
    if retired:
        del tx.ledger.job_types[job_type.name]
        tx.ledger.retired[job_type.name] = job_type.version
    else:
        tx.ledger.job_types[job_type.name] = job_type
        tx.ledger.retired.pop(job_type.name, None)
        tx.note_opened(tx.ledger.lanes_of(job_type.name))
    await _changed(tx)


async def _changed(tx: Transaction) -> None:
    await tx.execute(CHANGED)
    tx.definitions = True


async def retire_job_type(tx: Transaction, arguments: list[str]) -> list[bool]:
    answers = []
    for name in arguments:
        busy = await tx.value(sql.COUNTS_OF, name) or await tx.value(sql.SCHEDULES_OF_JOB_TYPE, name)
        if not busy and name in tx.ledger.job_types:
            await _write(tx, tx.ledger.job_types[name], retired=True)
        answers.append(not busy)
    return answers


async def pause_job_type(tx: Transaction, arguments: list[PauseJobType]) -> list[JobType | None]:
    answers: list[JobType | None] = []
    for name, paused in arguments:
        known = tx.ledger.job_types.get(name)
        if known is not None and known.paused != paused:
            known = msgspec.structs.replace(known, paused=paused)
            await _write(tx, known)
        answers.append(known)
    return answers


async def keep_secrets(tx: Transaction, arguments: list[KeepSecrets]) -> list[JobType | None]:
    answers: list[JobType | None] = []
    for name, before, secrets in arguments:
        known = tx.ledger.job_types.get(name)
        if known is None or known.secrets != before:
            answers.append(None)
            continue
        kept = msgspec.structs.replace(known, secrets=secrets)
        await _write(tx, kept)
        answers.append(kept)
    return answers


async def save_queue(tx: Transaction, arguments: list[SaveQueue]) -> list[Queue | QueueInUse]:
    return [await _save_queue(tx, argument) for argument in arguments]


async def _save_queue(tx: Transaction, argument: SaveQueue) -> Queue | QueueInUse:
    known = tx.ledger.queues.get(argument.name)
    before = known or Queue(name=argument.name)
    queue = changed_queue(before, argument)
    moving = moves(before.bullmq, queue.bullmq)
    if moving and await tx.value(sql.UNFINISHED_IN, queue.name):
        return QueueInUse(queue.name)
    if queue != known:
        row = (queue.name, queue.paused, bullmq_text(queue), tx.now, moving, limits_text(queue))
        await tx.execute(SAVE_QUEUE, *row)
        tx.ledger.add_queue(queue)
        tx.note_opened(lane for lane in tx.ledger.lanes.values() if lane.queue == queue.name)
        await _changed(tx)
    return queue
