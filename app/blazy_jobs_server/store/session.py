"""The writer's side of SQLite: begins, performs and ends the transactions, and knows every verb."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any, NamedTuple

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import DBAPIError

from blazy_jobs_server.domain.audit import Act
from blazy_jobs_server.domain.errors import JobsError, StoreUnavailable
from blazy_jobs_server.domain.instants import after
from blazy_jobs_server.domain.topics import Topic
from blazy_jobs_server.ports import Clock, Commit
from blazy_jobs_server.store import (
    applying,
    auditing,
    bulks,
    claiming,
    definitions,
    dispatching,
    following,
    history,
    keys,
    membership,
    reporting,
    resolving,
    restoring,
    retention,
    scheduling,
    sessions,
    sweeping,
    waiting,
    webhooks,
)
from blazy_jobs_server.store.ledger import Ledger
from blazy_jobs_server.store.topics import TOPICS
from blazy_jobs_server.store.transaction import Transaction


class Verb(NamedTuple):
    """`order` sorts the verbs of one transaction: what makes work or room comes before what takes it.

    The function takes the arguments of all callers that share the transaction and returns their answers in order; an
    exception among the answers is a refusal of that caller alone.
    """

    order: int
    function: Callable[[Transaction, list[Any]], list[Any]]


VERBS: dict[str, Verb] = {
    "save_job_type": Verb(0, definitions.save_job_type),
    "retire_job_type": Verb(0, definitions.retire_job_type),
    "pause_job_type": Verb(0, definitions.pause_job_type),
    "keep_secrets": Verb(0, definitions.keep_secrets),
    "save_queue": Verb(0, definitions.save_queue),
    "apply": Verb(0, applying.apply),
    "register_worker": Verb(0, membership.register_worker),
    "note_unknown": Verb(0, membership.note_unknown),
    "drain_worker": Verb(0, membership.drain_worker),
    "save_schedule": Verb(0, scheduling.save_schedule),
    "delete_schedule": Verb(0, scheduling.delete_schedule),
    "save_key": Verb(0, keys.save_key),
    "note_used": Verb(0, keys.note_used),
    "save_session": Verb(0, sessions.save_session),
    "end_sessions": Verb(0, sessions.end_sessions),
    "note_sessions": Verb(0, sessions.note_sessions),
    "note_audit": Verb(0, auditing.note_audit),
    "save_place": Verb(0, following.save_place),
    "save_webhook": Verb(0, webhooks.save_webhook),
    "delete_webhook": Verb(0, webhooks.delete_webhook),
    "lease_webhook": Verb(0, webhooks.lease_webhook),
    "dispatch": Verb(1, dispatching.dispatch),
    "follow": Verb(2, following.follow),
    "report": Verb(2, reporting.report),
    "cancel": Verb(3, reporting.cancel),
    "resolve": Verb(3, resolving.resolve),
    "run_now": Verb(3, waiting.run_now),
    "create_bulk": Verb(0, bulks.create_bulk),
    "lease_bulk": Verb(0, bulks.lease_bulk),
    "cancel_bulk": Verb(0, bulks.cancel_bulk),
    "advance_bulk": Verb(3, bulks.advance_bulk),
    "give_up_worker": Verb(3, membership.give_up_worker),
    "fire": Verb(3, scheduling.fire),
    "sweep": Verb(4, sweeping.sweep),
    "claim": Verb(5, claiming.claim),
    "record_webhook": Verb(5, webhooks.record_webhook),
    "retry_deliveries": Verb(5, webhooks.retry_deliveries),
    "erase": Verb(6, retention.erase),
    "prune": Verb(6, retention.prune),
    "void": Verb(7, restoring.void),
    "save_history": Verb(7, history.save_history),
    "prune_history": Verb(7, history.prune_history),
    "ping": Verb(7, lambda _, arguments: [None] * len(arguments)),
}


class SqliteSession:
    """Owns the one writing connection. Lives on the writer's thread."""

    def __init__(self, engine: Engine, clock: Clock, draw: Callable[[], float], lease_seconds: float) -> None:
        self._engine = engine
        self._clock = clock
        self._draw = draw
        self._lease_seconds = lease_seconds
        self._connection: Connection | None = None
        self._cursor: sqlite3.Cursor | None = None
        self._ledger: Ledger | None = None
        self._transaction: Transaction | None = None
        self._failing = False
        """The last transaction failed. The next one writes in any case, so that also an empty one proves something."""

    def begin(self) -> None:
        if self._connection is None:
            self._connection = self._engine.connect()
        driver = self._connection.connection.driver_connection
        assert isinstance(driver, sqlite3.Connection)
        cursor = self._cursor = driver.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        now = self._clock.now()
        if self._ledger is None:
            self._ledger = definitions.load_ledger(cursor, now, after(now, self._lease_seconds))
        self._transaction = Transaction(cursor, self._ledger, now, self._draw)

    def perform(self, verb: str, arguments: list[Any], acts: list[Act | None]) -> list[Any]:
        transaction = self._transaction
        assert transaction is not None
        transaction.news.topics |= TOPICS.get(verb, 0)
        if any(acts):
            pairs = zip(arguments, acts, strict=True)
            return [self._audited(transaction, verb, argument, act) for argument, act in pairs]
        answers = VERBS[verb].function(transaction, arguments)
        transaction.flush()
        return answers

    @staticmethod
    def _audited(tx: Transaction, verb: str, argument: Any, act: Act | None) -> Any:
        deed = auditing.DEEDS[verb]
        before = deed.before(tx.ledger, argument)
        if deed.schedule is not None:
            before = scheduling.read(tx, deed.schedule(argument))
        elif deed.webhook is not None:
            before = webhooks.read(tx, deed.webhook(argument))
        [answer] = VERBS[verb].function(tx, [argument])
        tx.flush()
        if act is not None:
            told = deed.told(argument, before, answer)
            if told:
                tx.news.topics |= Topic.AUDIT
            auditing.note_audit(tx, [[auditing.entry(act, one, tx.now) for one in told]])
        return answer

    def commit(self) -> Commit:
        transaction, self._transaction = self._transaction, None
        assert transaction is not None
        transaction.save_counts()
        if self._failing:
            transaction.cursor.execute("PRAGMA user_version = 0")  # which it is already; the page is written anew
        transaction.cursor.execute("COMMIT")
        self._failing = False
        return transaction.news

    def rollback(self) -> None:
        """The connection goes with the transaction: SQLite rolls back what a closed one left open, whatever failed.

        So does the ledger, which may have noted what now never happened. The cursor is closed by name: the error's
        traceback holds on to it, and a connection with an open statement keeps its lock although it is closed.
        """
        self._failing = True
        self._transaction = None
        self._ledger = None
        cursor, self._cursor = self._cursor, None
        if cursor is not None:
            cursor.close()
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.invalidate()
            connection.close()

    def failed(self, error: Exception) -> Exception:
        if self.transient(error):
            return StoreUnavailable(str(getattr(error, "orig", None) or error))
        return error

    def transient(self, error: Exception) -> bool:
        if isinstance(error, JobsError):
            return False
        driver_error = error.orig if isinstance(error, DBAPIError) else error
        return isinstance(driver_error, sqlite3.OperationalError) or (
            type(driver_error) is sqlite3.DatabaseError  # a damaged or foreign file
        )

    def close(self) -> None:
        """The last connection to be closed moves all that the write-ahead log holds into the database file."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        self._engine.dispose()
