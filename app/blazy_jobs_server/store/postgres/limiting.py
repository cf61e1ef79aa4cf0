"""Limits on PostgreSQL: counted under locks, since several servers start runs at once."""

from __future__ import annotations

from collections.abc import Iterable
from zlib import crc32

from blazy_jobs_server.domain.limits import Scope
from blazy_jobs_server.store.limiting import Room, windows
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.transaction import Transaction


async def room_of(tx: Transaction, limited: Iterable[Scope]) -> Room:
    """How many more runs may start under each limit. No other server starts any of them until this transaction ends.

    The lock is waited for in one statement, and what is running is counted in the next: one that had begun before
    another server's claim was committed would not see what that started.
    """
    scopes = sorted(limited)
    if not scopes:
        return Room(tx.ledger, {})
    await lock_limits(tx, scopes)
    limits = {scope: tx.ledger.limits(scope) for scope in scopes}
    free: dict[Scope, list[int]] = {scope: [] for scope in scopes}
    lanes = {scope: tx.ledger.lanes_in(scope) for scope in scopes if limits[scope].concurrency is not None}
    rows = await tx.rows(sql.RUNNING_OF, sorted({lane.id for of_scope in lanes.values() for lane in of_scope}))
    running = {row[0]: row[1] for row in rows}
    for scope, of_scope in lanes.items():
        free[scope].append((limits[scope].concurrency or 0) - sum(running.get(lane.id, 0) for lane in of_scope))
    await load_rates(tx, [scope for scope in scopes if limits[scope].rate_limit is not None])
    for scope in scopes:
        rate = limits[scope].rate_limit
        if rate is not None:
            free[scope].append(tx.allowed(scope, rate))
    return Room(tx.ledger, {scope: max(0, min(numbers)) for scope, numbers in free.items()})


async def lock_limits(tx: Transaction, scopes: Iterable[Scope]) -> None:
    """Until the end, against all others that count under these limits."""
    await tx.rows(sql.LOCK_ALL, sorted({sql.LOCK_LIMITED + _stripe(scope) for scope in scopes}))


def _stripe(scope: Scope) -> int:
    # A job type's is that of servers of before there were limits of queues.
    text = scope.name if scope.kind == "job_type" else f"{scope.kind}/{scope.name}"
    return crc32(text.encode()) % sql.LIMITED_STRIPES


async def load_rates(tx: Transaction, scopes: Iterable[Scope]) -> None:
    """Those that are not known yet, whose limits are locked."""
    wanted = [scope for scope in scopes if scope not in tx.rates]
    if wanted:
        rows = await tx.rows(sql.RATES_OF, [scope.kind for scope in wanted], [scope.name for scope in wanted])
        tx.rates.update(windows(rows))
