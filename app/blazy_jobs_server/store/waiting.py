"""The verb `run_now`, and what else may be changed of runs that wait."""

from __future__ import annotations

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.errors import JobsError, NotSupported, RunFinished, RunNotWaiting
from blazy_jobs_server.domain.run import STATE_NAMES, Run, State
from blazy_jobs_server.store.changes import Changes
from blazy_jobs_server.store.transaction import Transaction

TIMED = (State.SCHEDULED, State.RETRYING)
ELSEWHERE = "When the job of a BullMQ queue is due is for BullMQ to say."


def run_now(tx: Transaction, arguments: list[int]) -> list[Run | JobsError | None]:
    runs = tx.heads(set(arguments))
    return [run_now_one(tx, runs, run_id) for run_id in arguments]


def run_now_one(tx: Changes, runs: dict[int, Run], run_id: int) -> Run | JobsError | None:
    """`runs` has those that may be changed, as they are now."""
    run = runs.get(run_id)
    if run is None:
        return None
    if run.state.final:
        return RunFinished(STATE_NAMES[run.state])
    if run.state not in TIMED:
        return RunNotWaiting(STATE_NAMES[run.state])
    if run.followed is not None:
        return NotSupported("", ELSEWHERE)
    run = runs[run_id] = tx.move(run, lifecycle.run_now(run, tx.now))
    return run
