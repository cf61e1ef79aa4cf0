"""What a database is like, as a server finds it before it uses it."""

from __future__ import annotations

from typing import Any

import asyncpg

from blazy_jobs_server.store.postgres.connecting import Database
from blazy_jobs_server.store.unusable import DatabaseUnusable

ROUNDS = 3
POOLED = (
    "its connections do not keep their sessions: a pooler between (as PgBouncer, by its pool_mode) is in transaction "
    "or statement mode. It must be in session mode, or be left out"
)
ONE_ONLY = "it lets us have one connection, but no second one, and a server needs a dozen"
SESSION = "SELECT pg_backend_pid(), current_setting('blazy_jobs.session', true)"
OURS = (
    "SELECT n.nspname, n.nspname = ANY(current_schemas(false)) FROM pg_namespace AS n "
    "WHERE n.nspname !~ '^pg_' AND 3 = (SELECT count(*) FROM pg_class AS c WHERE c.relnamespace = n.oid "
    "AND c.relkind IN ('r', 'p') AND c.relname IN ('alembic_version', 'runs', 'job_types')) "
    "ORDER BY array_position(current_schemas(false), n.nspname) NULLS LAST, n.nspname <> 'public', n.nspname"
)
PATH = (
    "SELECT current_schema(), (SELECT source = 'client' FROM pg_settings WHERE name = 'search_path'), "
    "to_regnamespace('public') IS NOT NULL"
)


async def survey(database: Database) -> None:
    """Finds the schema of our tables. Raises DatabaseUnusable, and what `away` knows."""
    one = await database.connect()
    try:
        try:
            other = await database.connect()
            try:
                kept = await _keep_their_sessions(one, other)
            finally:
                other.terminate()
        except (TimeoutError, asyncpg.TooManyConnectionsError) as error:
            raise DatabaseUnusable(ONE_ONLY) from error
        if not kept:
            raise DatabaseUnusable(POOLED)
        encoding = await one.fetchval("SHOW server_encoding")
        if encoding != "UTF8":
            raise DatabaseUnusable(f"its encoding must be UTF8, not {encoding}")
        database.schema = await _schema(one)
    finally:
        one.terminate()


async def _keep_their_sessions(one: asyncpg.Connection, other: asyncpg.Connection) -> bool:
    """Whether each of two connections has a process of PostgreSQL for itself, and what it sets stays set.

    A pooler that lends sessions out gives both the same one while they take turns, and others where one of them is
    held by a transaction.
    """
    try:
        await one.execute("SET blazy_jobs.session TO 'one'")
        await other.execute("SET blazy_jobs.session TO 'other'")
        first, second = processes = await _processes(one, other)
        if None in processes or first == second:
            return False
        for holding in (one, other) * ROUNDS:
            await holding.execute("BEGIN")
            if await _processes(one, other) != processes:
                return False
            await holding.execute("COMMIT")
            if await _processes(one, other) != processes:
                return False
    except (asyncpg.InvalidSQLStatementNameError, asyncpg.DuplicatePreparedStatementError):
        return False  # what one session has prepared was looked for in another
    except asyncpg.PostgresError as error:
        if "pooling mode" in str(error):
            return False  # of statements, where a transaction cannot be begun
        raise
    return True


async def _processes(one: asyncpg.Connection, other: asyncpg.Connection) -> tuple[int | None, int | None]:
    """PostgreSQL's behind each of the two; None where it is in another session than the one that was named."""
    found = [await _row(connection, SESSION) for connection in (one, other)]
    return (
        found[0][0] if found[0][1] == "one" else None,
        found[1][0] if found[1][1] == "other" else None,
    )


async def _row(connection: asyncpg.Connection, statement: str) -> Any:
    """Of a statement that always has one."""
    return await connection.fetchrow(statement)


async def _schema(connection: asyncpg.Connection) -> str:
    """That of our tables, wherever the role's search path points today; in an empty database where they will be."""
    current, of_the_address, has_public = await _row(connection, PATH)
    found = await connection.fetch(OURS)
    in_path = [str(name) for name, named in found if named]
    elsewhere = [] if of_the_address else [str(name) for name, named in found if not named]
    if in_path:
        return in_path[0]
    if len(elsewhere) > 1 and elsewhere[0] != "public":
        raise DatabaseUnusable(
            f"several schemas have tables of Blazy Jobs ({', '.join(elsewhere)}); name one in the address: "
            "?options=-csearch_path%3DNAME"
        )
    if elsewhere:
        return elsewhere[0]
    if current is not None:
        return str(current)
    if of_the_address or not has_public:
        raise DatabaseUnusable("no schema of its search_path is there, and one is needed for the tables")
    return "public"
