"""The verbs of workers on PostgreSQL: `register_worker` and `give_up_worker`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec
import orjson

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.declaration import Declaration
from blazy_jobs_server.ports import WorkerRecord
from blazy_jobs_server.store.declaring import declares_text
from blazy_jobs_server.store.membership import GiveUp, Unknown
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.declaring import declare
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.rows import pack


class Register(NamedTuple):
    worker: WorkerRecord
    declares: Sequence[Declaration]
    server: int
    home: str


def to_worker(row: Sequence[Any]) -> WorkerRecord:
    """From the values of WORKER_COLUMNS."""
    return WorkerRecord(
        id=row[0],
        name=row[1],
        job_types=tuple(orjson.loads(row[2])),
        queues=None if row[3] is None else tuple(orjson.loads(row[3])),
        concurrency=row[4],
        registered_at=row[5],
        pool=row[6],
        pid=row[7],
        home=row[8],
        seen_at=row[9],
        declares=tuple(orjson.loads(row[10] or "[]")),
        unknown=frozenset(orjson.loads(row[11] or "[]")),
        key_id=row[12],
        host=row[13],
        version=row[14],
        draining=row[15],
        server=row[16],
    )


async def register_worker(tx: Transaction, arguments: list[Register]) -> list[WorkerRecord]:
    answers = []
    for argument in arguments:
        worker = msgspec.structs.replace(
            argument.worker,
            id=tx.ledger.keys.next(tx.now),
            registered_at=tx.now,
            seen_at=tx.now,
            home=argument.home if argument.worker.pool else None,
            server=argument.server,
        )
        worker = msgspec.structs.replace(worker, declares=await declare(tx, argument.declares, worker))
        await tx.execute(
            sql.INSERT_WORKER,
            worker.id,
            worker.name,
            pack(worker.job_types),
            None if worker.queues is None else pack(worker.queues),
            worker.concurrency,
            worker.registered_at,
            worker.pool,
            worker.pid,
            worker.home,
            declares_text(worker),
            worker.server,
            worker.key_id,
            worker.host,
            worker.version,
        )
        tx.definitions = True
        answers.append(worker)
    return answers


async def note_unknown(tx: Transaction, arguments: list[Unknown]) -> list[None]:
    for worker_id, definition_ids in arguments:
        await tx.execute("UPDATE workers SET unknown = $2 WHERE id = $1", worker_id, pack(list(definition_ids)))
        tx.definitions = True
    return [None] * len(arguments)


async def drain_worker(tx: Transaction, arguments: list[int]) -> list[bool]:
    answers = []
    for worker_id in arguments:
        answers.append(await tx.execute("UPDATE workers SET draining = true WHERE id = $1", worker_id) > 0)
        tx.definitions = True
    return answers


async def give_up_worker(tx: Transaction, arguments: list[GiveUp]) -> list[int]:
    answers = []
    for worker_id, lost in arguments:
        # First, so that a claim under way is over, and its runs are found, and the next one finds no worker.
        await tx.execute(sql.DELETE_WORKER, worker_id)
        held = await tx.locked_runs(sql.LEASED_TO, worker_id)
        for run in held:
            tx.move(run, lifecycle.lose(run, tx.now) if lost else lifecycle.release(run, tx.now))
        tx.definitions = True
        answers.append(len(held))
    return answers
