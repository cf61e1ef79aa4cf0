"""The verbs of browsers' sessions on PostgreSQL. That one has ended is told to the other servers, as a change of
definitions is."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from blazy_jobs_server.domain.sessions import BrowserSession
from blazy_jobs_server.store.postgres.definitions import CHANGED
from blazy_jobs_server.store.postgres.transaction import Transaction
from blazy_jobs_server.store.sessions import SESSION_COLUMNS, SESSIONS, session_row

SESSION = f"{SESSIONS} WHERE id = $1"
_PLACES = ", ".join(f"${i}" for i in range(1, len(SESSION_COLUMNS) + 1))
_INSERT = f"INSERT INTO sessions ({', '.join(SESSION_COLUMNS)}) VALUES ({_PLACES})"
_DELETE = "DELETE FROM sessions WHERE id = ANY($1::text[])"
_NOTE = (
    "UPDATE sessions AS s SET used_at = greatest(s.used_at, u.at) "
    "FROM unnest($1::text[], $2::bigint[]) AS u(id, at) WHERE s.id = u.id"
)


async def save_session(tx: Transaction, arguments: list[BrowserSession]) -> list[None]:
    for session in arguments:
        await tx.execute(_INSERT, *session_row(session))
    return [None] * len(arguments)


async def end_sessions(tx: Transaction, arguments: list[Collection[str]]) -> list[None]:
    ended = sorted({session_id for each in arguments for session_id in each})
    if await tx.execute(_DELETE, ended):
        await tx.execute(CHANGED)
        tx.definitions = True
    return [None] * len(arguments)


async def note_sessions(tx: Transaction, arguments: list[Mapping[str, int]]) -> list[None]:
    for used in arguments:
        # In one order, so that two servers do not wait for each other.
        ids = sorted(used)
        await tx.execute(_NOTE, ids, [used[session_id] for session_id in ids])
    return [None] * len(arguments)
