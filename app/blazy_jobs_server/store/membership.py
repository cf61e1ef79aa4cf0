"""The verbs of workers: `register_worker` and `give_up_worker`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.batch import Batch
from blazy_jobs_server.domain.declaration import Declaration
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports import WorkerRecord
from blazy_jobs_server.store.declaring import declare, declares_text
from blazy_jobs_server.store.rows import pack
from blazy_jobs_server.store.transaction import Transaction

IN_HAND = (
    "SELECT h.worker_id, h.n, h.id, h.lane_id, h.attempt, h.started_at FROM ("
    "SELECT r.worker_id, r.id, r.lane_id, r.attempt, r.started_at, count(*) OVER (PARTITION BY r.worker_id) AS n, "
    "row_number() OVER (PARTITION BY r.worker_id ORDER BY r.started_at, r.id) AS place "
    f"FROM (SELECT lane_id FROM run_counts WHERE state = {int(State.RUNNING)} AND runs > 0) AS p "
    f"CROSS JOIN runs AS r ON r.lane_id = p.lane_id AND r.state = {int(State.RUNNING)} "
    "WHERE r.worker_id IN (SELECT value FROM json_each(?))) AS h WHERE h.place <= ? ORDER BY h.worker_id, h.place"
)
"""What runs is no more than workers have slots."""


class Register(NamedTuple):
    worker: WorkerRecord
    declares: Sequence[Declaration]


class GiveUp(NamedTuple):
    worker_id: int
    lost: bool

    def holds(self, batch: Batch) -> bool:
        return batch.worker_id == self.worker_id


def register_worker(tx: Transaction, arguments: list[Register]) -> list[WorkerRecord]:
    answers = []
    for argument, declares in arguments:
        worker = msgspec.structs.replace(argument, id=tx.ledger.keys.next(tx.now), registered_at=tx.now)
        worker = msgspec.structs.replace(worker, declares=declare(tx, declares, worker))
        tx.cursor.execute(
            "INSERT INTO workers (id, name, job_types, queues, concurrency, registered_at, pool, pid, declares, "
            "key_id, host, version) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                worker.id,
                worker.name,
                pack(worker.job_types),
                None if worker.queues is None else pack(worker.queues),
                worker.concurrency,
                worker.registered_at,
                worker.pool,
                worker.pid,
                declares_text(worker),
                worker.key_id,
                worker.host,
                worker.version,
            ),
        )
        answers.append(worker)
    return answers


class Unknown(NamedTuple):
    worker_id: int
    definition_ids: Sequence[int]


def note_unknown(tx: Transaction, arguments: list[Unknown]) -> list[None]:
    for worker_id, definition_ids in arguments:
        tx.cursor.execute("UPDATE workers SET unknown = ? WHERE id = ?", (pack(list(definition_ids)), worker_id))
    return [None] * len(arguments)


def drain_worker(tx: Transaction, arguments: list[int]) -> list[bool]:
    answers = []
    for worker_id in arguments:
        tx.cursor.execute("UPDATE workers SET draining = 1 WHERE id = ?", (worker_id,))
        answers.append(tx.cursor.rowcount > 0)
    return answers


def give_up_worker(tx: Transaction, arguments: list[GiveUp]) -> list[int]:
    answers = []
    for argument in arguments:
        worker_id, lost = argument
        tx.unbatch(argument.holds)
        held = [run for run in tx.ledger.leases.values() if run.worker_id == worker_id]
        for run in held:
            tx.move(run, lifecycle.lose(run, tx.now) if lost else lifecycle.release(run, tx.now))
        tx.cursor.execute("DELETE FROM workers WHERE id = ?", (worker_id,))
        answers.append(len(held))
    return answers
