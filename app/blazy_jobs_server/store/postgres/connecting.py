"""Connections to PostgreSQL: how they are made, with which limits, and which errors mean that the database is away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import asyncpg

from blazy_jobs_server.domain.errors import JobsError, StoreUnavailable

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncEngine

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 4.0
"""How long a statement is waited for, which is longer than it may wait for a lock: what hangs on a dead connection is
given up."""
TRANSACTION_SECONDS = 8.0
"""The same for a whole transaction that writes."""

PINNED = {
    "application_name": "blazy-jobs",
    # A claim looks again at what it has locked, which only this isolation lets it see changed.
    "default_transaction_isolation": "read committed",
    "default_transaction_read_only": "off",
    "default_transaction_deferrable": "off",
    "timezone": "UTC",
    "datestyle": "ISO, MDY",
    "intervalstyle": "postgres",
    "bytea_output": "hex",
    "extra_float_digits": "1",
    "standard_conforming_strings": "on",
    "array_nulls": "on",
    "transform_null_equals": "off",
    "plan_cache_mode": "auto",
    "gin_fuzzy_search_limit": "0",
    # Connections that listen, or wait in the pool, are idle for long.
    "idle_session_timeout": "0",
}
"""Where the role or the database has other defaults, they are for its other users."""
SINCE_17 = {"transaction_timeout": "0"}
DURABLE = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
"""What was answered must outlive a crash of PostgreSQL; whether standbys are waited for is the operator's choice."""

LIMITS = PINNED | {
    # A server that stopped in the middle of a transaction holds its locks no longer than this.
    "idle_in_transaction_session_timeout": "3000",
    "lock_timeout": "3000",
    "statement_timeout": "30000",
    "tcp_keepalives_idle": "5",
    "tcp_keepalives_interval": "2",
    "tcp_keepalives_count": "3",
    "jit": "off",
}
WRITING = LIMITS | {
    "statement_timeout": "10000",
    # The tables are planned for when they are large: a plan made while they were empty would walk them.
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
PATIENT = LIMITS | {"statement_timeout": "0", "lock_timeout": "0", "idle_in_transaction_session_timeout": "0"}
"""For what goes through whole tables, or waits until another server has done so."""


class Database:
    """Where it is, and how each session there is set up.

    By `SET` once connected: so our settings win over the defaults of the role and the database, and a pooler, which
    refuses most parameters of a connection's start, lets them through. `schema` None: as the search path has it.
    """

    def __init__(self, url: str, schema: str | None = None) -> None:
        self.url = url
        self.schema = schema

    async def connect(
        self, settings: dict[str, str] = WRITING, answer_seconds: float | None = ANSWER_SECONDS
    ) -> asyncpg.Connection:
        """Raises what `away` knows."""
        connection = await asyncpg.connect(self.url, timeout=CONNECT_SECONDS, command_timeout=answer_seconds)
        try:
            await self._set_up(connection, settings)
        except BaseException:
            connection.terminate()
            raise
        return connection

    async def _set_up(self, connection: asyncpg.Connection, settings: dict[str, str]) -> None:
        major = connection.get_server_version().major
        values = settings | SINCE_17 if major >= 17 else settings
        statements = [f"SET {name} TO '{value}'" for name, value in values.items()]
        if self.schema is not None:
            quoted = self.schema.replace('"', '""')
            statements.append(f'SET search_path TO "{quoted}"')
        await connection.execute("; ".join([*statements, DURABLE]), timeout=ANSWER_SECONDS)

    def migrating_engine(self) -> AsyncEngine:
        """Connects as everything else does: SQLAlchemy reads an address in a way of its own, which is not libpq's."""
        from sqlalchemy.ext.asyncio import create_async_engine
        from sqlalchemy.pool import NullPool

        async def patient() -> asyncpg.Connection:
            return await self.connect(PATIENT, answer_seconds=None)

        return create_async_engine("postgresql+asyncpg://", poolclass=NullPool, async_creator=patient)

    def pool(self, size: int) -> Any:
        async def set_up(connection: asyncpg.Connection) -> None:
            await self._set_up(connection, LIMITS)

        return asyncpg.create_pool(
            self.url,
            min_size=0,
            max_size=size,
            max_inactive_connection_lifetime=60,
            timeout=CONNECT_SECONDS,
            command_timeout=ANSWER_SECONDS,
            init=set_up,
            reset=_leave_as_it_is,
        )


async def _leave_as_it_is(connection: asyncpg.Connection) -> None:
    """In place of the pool's own reset, whose RESET ALL takes a session back to the defaults of its role. Whoever reads
    changes nothing of it."""


def cause(error: BaseException) -> BaseException:
    """The driver's own error, of one that SQLAlchemy raised for it."""
    while error.__cause__ is not None:
        error = error.__cause__
    return error


def away(error: BaseException) -> bool:
    """The database cannot be reached, or cannot do its work now: trying the same in smaller parts is of no use."""
    if isinstance(error, JobsError):
        return isinstance(error, StoreUnavailable)
    return isinstance(
        error,
        OSError  # TimeoutError is one of them
        | asyncpg.InterfaceError
        | asyncpg.InternalClientError
        | asyncpg.PostgresConnectionError
        | asyncpg.OperatorInterventionError  # among them shutdown, recovery, statement timeout
        | asyncpg.InsufficientResourcesError  # among them a full disk, too many connections
        | asyncpg.LockNotAvailableError
        | asyncpg.IdleInTransactionSessionTimeoutError
        | asyncpg.ReadOnlySQLTransactionError  # a standby, after a failover
        | asyncpg.InvalidAuthorizationSpecificationError
        | asyncpg.InvalidCatalogNameError
        | asyncpg.ObjectNotInPrerequisiteStateError  # the database takes no connections now
        | asyncpg.InvalidSQLStatementNameError  # a pooler that gave the session to another since the start
        | asyncpg.DuplicatePreparedStatementError
        | asyncpg.InternalServerError,
    )


class Overtaken(Exception):
    """A transaction with a greater id has written what this one wants to change."""


def crossed(error: BaseException) -> bool:
    """Two transactions stood in each other's way; the same again will do: of two that drew one key (which servers do
    that share a shard) the second one draws another."""
    return isinstance(
        error, Overtaken | asyncpg.DeadlockDetectedError | asyncpg.SerializationError | asyncpg.UniqueViolationError
    )


def unavailable(error: BaseException) -> StoreUnavailable:
    """With the database's message. Its details, and what the driver says of an argument, quote what is in the rows."""
    said = str(error)
    if isinstance(error, ValueError):
        said = ""
    elif isinstance(error, asyncpg.PostgresError):
        said = str(error.args[0]) if error.args else ""
    return StoreUnavailable(said or type(error).__name__)
