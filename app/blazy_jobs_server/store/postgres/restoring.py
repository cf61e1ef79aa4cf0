"""What a PostgreSQL database must be told that its own tools have restored; see the store's restoring.py."""

from __future__ import annotations

import asyncpg

from blazy_jobs_server.domain.ids import COUNTER_BITS
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports import Clock
from blazy_jobs_server.ports.audit import acting
from blazy_jobs_server.store.auditing import NOBODY, RESTORED, entry
from blazy_jobs_server.store.postgres import connecting
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.neighbours import OTHERS
from blazy_jobs_server.store.postgres.store import PostgresStore, usable
from blazy_jobs_server.store.postgres.surveying import survey
from blazy_jobs_server.store.restoring import ADD, LOG_OUT, SKEW_MICROSECONDS, Voided
from blazy_jobs_server.store.unusable import DatabaseUnusable

MOST_TRANSACTIONS_A_SECOND = 1 << 16
MOST_SECONDS = 30 * 86_400
"""How fast, and for how long, the cluster may have counted on after the backup: keys of events follow its numbers."""
NEWEST_EVENT = (
    "SELECT greatest((SELECT max(id) FROM events), (SELECT max(pruned_event) FROM lanes), 0), "
    "(SELECT time FROM events ORDER BY id DESC LIMIT 1), "
    "greatest((SELECT max(id) FROM runs), (SELECT max(id) FROM workers), erased_key), "
    "pg_current_xact_id()::text::bigint FROM shared WHERE id = 1"
)
NO_FURTHER = "UPDATE shared SET erased_key = $1, feed_base = $2, revision = revision + 1 WHERE id = 1"
HOLDERS = (
    "SELECT id FROM workers UNION SELECT worker_id FROM runs "
    f"WHERE state = {int(State.RUNNING)} AND worker_id IS NOT NULL"
)


async def void(url: str, clock: Clock) -> Voided:
    """By the only one who uses the database. A second time is harmless. Raises DatabaseUnusable."""
    with usable(url):
        store = PostgresStore(url, clock, lease_seconds=1)
        database = connecting.Database(url)
        await survey(database)
        connection = await database.connect(connecting.PATIENT, answer_seconds=None)
        try:
            if await connection.fetch(OTHERS):
                raise DatabaseUnusable("servers use it: stop them first")
            await store.upgrade()
            await _end_history(connection, clock.now())
            holders = [row[0] for row in await connection.fetch(HOLDERS)]
        finally:
            connection.terminate()
        runs = 0
        await store.open()
        try:
            for worker_id in holders:
                runs += await store.give_up_worker(worker_id, lost=True)
            await store.note_audit([entry(acting.get() or NOBODY, RESTORED, clock.now())])
        finally:
            await store.close()
        return Voided(runs, len(holders))


async def _end_history(connection: asyncpg.Connection, now: int) -> None:
    """Keys go on after all that were given out, as far as can be known."""
    async with connection.transaction():
        await connection.execute(sql.LOCK, sql.LOCK_DEFINITIONS)
        [(newest, written_at, newest_key, tx)] = await connection.fetch(NEWEST_EVENT)
        age = min(max(0, now - (written_at or now)) // SECOND + 1, MOST_SECONDS)
        floor = max(now << COUNTER_BITS, newest + (age * MOST_TRANSACTIONS_A_SECOND << sql.EVENT_BITS))
        least_key = max(newest_key, (now + SKEW_MICROSECONDS) << COUNTER_BITS)
        await connection.execute(LOG_OUT)
        await connection.execute(ADD.format("$1", "$2"), newest, floor)
        await connection.execute(NO_FURTHER, least_key, floor + 1 - (tx << sql.EVENT_BITS))
