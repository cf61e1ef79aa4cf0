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

LIMITS = {
    "application_name": "blazy-jobs",
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


async def connect(
    url: str, settings: dict[str, str] = WRITING, answer_seconds: float | None = ANSWER_SECONDS
) -> asyncpg.Connection:
    """Raises what `away` knows."""
    return await asyncpg.connect(url, timeout=CONNECT_SECONDS, command_timeout=answer_seconds, server_settings=settings)


def migrating_engine(url: str) -> AsyncEngine:
    """Connects as everything else does: SQLAlchemy reads an address in a way of its own, which is not libpq's."""
    from sqlalchemy.ext.asyncio import create_async_engine
    from sqlalchemy.pool import NullPool

    async def patient() -> asyncpg.Connection:
        return await connect(url, PATIENT, answer_seconds=None)

    return create_async_engine("postgresql+asyncpg://", poolclass=NullPool, async_creator=patient)


def pool(url: str, size: int) -> Any:
    return asyncpg.create_pool(
        url,
        min_size=0,
        max_size=size,
        max_inactive_connection_lifetime=60,
        timeout=CONNECT_SECONDS,
        command_timeout=ANSWER_SECONDS,
        server_settings=LIMITS,
    )


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
