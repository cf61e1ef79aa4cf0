"""The verb `sweep`: everything that happens because its time has come."""

from __future__ import annotations

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.lifecycle import Transition
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports import Swept
from blazy_jobs_server.store import statements as sql
from blazy_jobs_server.store.changes import Changes
from blazy_jobs_server.store.transaction import Transaction

BATCH = 500
NEVER = 1 << 62


def sweep(tx: Transaction, arguments: list[None]) -> list[Swept]:
    """One bounded step. The answer's `due_at` is in the past where more is to be done at once."""
    full = promote(tx)
    full = expire(tx) or full
    _take_back(tx)
    tx.flush()
    due_at = tx.now if full else _next(tx)
    return [Swept(due_at)] * len(arguments)


def promote(tx: Transaction) -> bool:
    """Queues what is due; whether there may be more."""
    due = tx.ids(sql.DUE, tx.now, BATCH)
    for run in tx.heads(due).values():
        tx.move(run, lifecycle.promote(run))
    tx.flush()
    return len(due) == BATCH


def expire(tx: Transaction) -> bool:
    """Fails what was not started by its expiry; whether there may be more."""
    expired = tx.ids(sql.EXPIRED, tx.now, BATCH)
    for run in tx.heads(expired).values():
        tx.move(run, lifecycle.expire(run, tx.now))
    tx.flush()
    return len(expired) == BATCH


def _take_back(tx: Transaction) -> None:
    tx.unbatch(lambda batch: batch.ends_at <= tx.now)
    for run in list(tx.ledger.leases.values()):
        transition = overdue(tx, run)
        if transition is not None:
            tx.move(run, transition)


def overdue(tx: Changes, run: Run) -> Transition | None:
    if run.deadline_at is not None and run.deadline_at <= tx.now:
        return lifecycle.time_out(run, tx.now, tx.draw())
    if run.lease_until is not None and run.lease_until <= tx.now:
        if run.is_detached:
            return lifecycle.lose(run, tx.now)
        # Its worker lives but does not name it: the claim's answer may never have arrived.
        return lifecycle.release(run, tx.now)
    return None


def _next(tx: Transaction) -> int | None:
    instants = [
        instant
        for run in tx.ledger.leases.values()
        for instant in (run.lease_until, run.deadline_at)
        if instant is not None
    ]
    instants += [batch.ends_at for batch in tx.ledger.batches]
    instants += _open(tx)
    tx.ledger.due_at = next_due(tx)
    if tx.ledger.due_at < NEVER:
        instants.append(tx.ledger.due_at)
    return min(instants, default=None)


def _open(tx: Transaction) -> list[int]:
    """What waits for a rate alone may be claimed as soon as it opens; the instants of those that are closed."""
    instants = []
    for scope, rate in tx.ledger.rated():
        waiting = [lane for lane in tx.ledger.lanes_in(scope) if tx.ledger.count(lane.id, State.QUEUED)]
        if not waiting:
            continue
        window = tx.window(scope, rate)
        if window.allowed(rate, tx.now):
            tx.note_opened(waiting)
        else:
            instants.append(window.opens_at(rate, tx.now))
    return instants


def next_due(tx: Transaction) -> int:
    """When the next run's time comes, to be queued or to expire; NEVER where there is none."""
    rows = [tx.cursor.execute(statement).fetchone() for statement in (sql.NEXT_DUE, sql.NEXT_EXPIRY)]
    return min((row[0] for row in rows if row is not None), default=NEVER)
