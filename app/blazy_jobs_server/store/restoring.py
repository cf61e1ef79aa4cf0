"""What a restored database must be told before a server has it: that what it says of the present is the past.

Leases and workers are void, so the runs that were running are lost, and run again as their job types say. Keys that
were given out after the backup are not given again: all that are made from now on are greater. Who has read events that
are no more is told so by `lost_events`.
"""

from __future__ import annotations

from typing import NamedTuple

from blazy_jobs_server.domain import lifecycle
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.store.transaction import Transaction

SKEW_MICROSECONDS = 500_000
"""What the clock of another machine may be ahead, unless the replaced file says more. Less than the second from which
on a key counts as ahead of its time."""
ADD = "INSERT INTO lost_events (lost_after, lost_until) VALUES ({}, {})"
WAS_LOST = "SELECT EXISTS (SELECT 1 FROM lost_events WHERE lost_after < {} AND {} <= lost_until)"
ANY = "SELECT EXISTS (SELECT 1 FROM lost_events)"
LOG_OUT = "DELETE FROM sessions"
"""Browsers that logged out after the backup stay so: all log in again."""
FLOOR = "UPDATE shared SET erased_key = {}, revision = revision + 1"


class Void(NamedTuple):
    """No key up to `floor` is given out again."""

    floor: int


class Voided(NamedTuple):
    runs: int
    workers: int


def void(tx: Transaction, arguments: list[Void]) -> list[Voided]:
    return [_void(tx, argument.floor) for argument in arguments]


def _void(tx: Transaction, floor: int) -> Voided:
    newest = tx.ledger.keys.last
    floor = max(floor, newest)
    tx.ledger.keys.last = floor
    tx.cursor.execute(ADD.format("?", "?"), (newest, floor))
    tx.cursor.execute(FLOOR.format("?"), (floor,))
    held = [run for run in tx.ledger.leases.values() if run.worker_id is not None and run.state is State.RUNNING]
    for run in held:
        tx.move(run, lifecycle.lose(run, tx.now))
    tx.cursor.execute(LOG_OUT)
    workers = tx.cursor.execute("DELETE FROM workers").rowcount
    return Voided(len(held), workers)
