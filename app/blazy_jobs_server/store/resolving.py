"""The verb `resolve`: nothing is left to be done about a failure. A replay says so of the run that it replays."""

from __future__ import annotations

from collections.abc import Iterable

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.errors import RunNotFailed
from blazy_jobs_server.domain.run import STATE_NAMES, Run, State
from blazy_jobs_server.store.changes import Changes
from blazy_jobs_server.store.transaction import Transaction


def resolve(tx: Transaction, arguments: list[int]) -> list[Run | RunNotFailed | None]:
    runs = tx.heads(set(arguments))
    return [resolve_one(tx, runs, run_id) for run_id in arguments]


def resolve_one(tx: Changes, runs: dict[int, Run], run_id: int) -> Run | RunNotFailed | None:
    """`runs` has those that may be resolved, as they are now."""
    run = runs.get(run_id)
    if run is None:
        return None
    if run.state is not State.FAILED:
        return RunNotFailed(STATE_NAMES[run.state])
    if run.resolved_at is None:
        run = runs[run_id] = tx.move(run, lifecycle.resolve(run, tx.now))
    return run


def resolve_replayed(tx: Changes, runs: dict[int, Run], made: Iterable[Run]) -> None:
    """Those that were replayed by runs that were made."""
    for replayed in sorted({run.replay_of for run in made if run.replay_of is not None}):
        resolve_one(tx, runs, replayed)
