"""A server with a fault in it, to show that the checker finds it: `python -m tests.faults.planted FAULT serve ...`.

The faults are put in from the outside, here, and only where BLAZY_PLANTED_FAULTS says so: the server itself has no hook
for them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

GUARD = "BLAZY_PLANTED_FAULTS"
WINDOW_SECONDS = 0.1


def launcher(fault: str) -> tuple[str, ...]:
    """For `Server(launcher=...)`; its environment must have the guard."""
    return (sys.executable, "-m", "tests.faults.planted", fault, "serve")


def no_fence() -> None:
    """Whoever reports on a running run is believed: neither token nor attempt nor worker is compared."""
    from blazy_jobs_server.domain.run import State
    from blazy_jobs_server.store import reporting

    def holds(run: Any, *_: Any) -> bool:
        return run.state is State.RUNNING

    _replace(reporting, "_holds", holds)


def second_transaction() -> None:
    """A change commits first, its events in a transaction of their own."""
    from blazy_jobs_server.store.session import SqliteSession
    from blazy_jobs_server.store.transaction import Transaction

    save_events = Transaction._save_events
    commit = SqliteSession.commit

    def commit_twice(self: SqliteSession) -> Any:
        transaction = self._transaction
        assert transaction is not None
        news = commit(self)
        if news.events:
            time.sleep(WINDOW_SECONDS)
            transaction.cursor.execute("BEGIN IMMEDIATE")
            save_events(transaction)
            transaction.cursor.execute("COMMIT")
        return news

    _replace(Transaction, "_save_events", lambda self: None)
    _replace(SqliteSession, "commit", commit_twice)


def synchronous_off() -> None:
    """Commits are handed to the kernel, and not waited for."""
    from sqlalchemy import Engine, event

    from blazy_jobs_server.store import sqlite

    make_engine = sqlite.writing_engine

    def make_careless_engine(path: Path) -> Engine:
        engine = make_engine(path)
        event.listen(engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous = OFF"))
        return engine

    _replace(sqlite, "writing_engine", make_careless_engine)


def _replace(owner: Any, name: str, value: Any) -> None:
    if not hasattr(owner, name):
        raise SystemExit(f"{owner} has no {name} any more: plant the fault where it is now")
    setattr(owner, name, value)


FAULTS: dict[str, Callable[[], None]] = {
    "none": lambda: None,
    "no_fence": no_fence,
    "second_transaction": second_transaction,
    "synchronous_off": synchronous_off,
}


def main() -> None:
    if os.environ.get(GUARD) != "yes":
        raise SystemExit(f"only for tests: set {GUARD}=yes")
    fault = sys.argv.pop(1)
    FAULTS[fault]()
    from blazy_jobs_server.cli import main as server

    server()


if __name__ == "__main__":
    main()
