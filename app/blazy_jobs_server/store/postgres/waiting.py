"""The verb `run_now` on PostgreSQL."""

from __future__ import annotations

from blazy_jobs_server.domain.errors import JobsError
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.waiting import run_now_one


async def run_now(tx: Transaction, arguments: list[int]) -> list[Run | JobsError | None]:
    await tx.lock(set(arguments))
    return [run_now_one(tx, tx.locked, run_id) for run_id in arguments]
