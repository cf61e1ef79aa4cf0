"""Restores a backup in place of a SQLite file; see backup.py and restoring.py."""

from __future__ import annotations

import random
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from sqlalchemy.exc import DBAPIError

from blazy_jobs_server.domain.ids import COUNTER_BITS
from blazy_jobs_server.domain.keys import ApiKey
from blazy_jobs_server.ports import Clock
from blazy_jobs_server.ports.audit import acting
from blazy_jobs_server.store import backup
from blazy_jobs_server.store.auditing import NOBODY
from blazy_jobs_server.store.definitions import NEWEST_KEY
from blazy_jobs_server.store.keys import KEYS, to_key
from blazy_jobs_server.store.restoring import SKEW_MICROSECONDS, Void, Voided
from blazy_jobs_server.store.session import SqliteSession
from blazy_jobs_server.store.sqlite import hold, upgrade, writing_engine
from blazy_jobs_server.store.unusable import DatabaseUnusable
from blazy_jobs_server.store.visiting import no_visitors, visit


class Restored(NamedTuple):
    voided: Voided
    before: backup.Before | None
    """Of the file that was replaced; None where there was none, or it cannot be read."""
    kept: Path | None
    """That file, as long as somebody may want it."""
    revived: list[ApiKey]
    """Keys that hold now, or whose secret of then does, and did not just before."""
    gone: list[ApiKey]
    """Keys that held just before, and are no more."""


def back_up(database: Path, target: Path) -> backup.Copy:
    """Raises DatabaseUnusable."""
    with visit(database):
        if backup.is_pending(database):
            with hold(database):
                pass
        return backup.make(database, target)


def restore(source: Path, database: Path, clock: Clock) -> Restored:
    """Raises DatabaseUnusable: then nothing has changed."""
    with no_visitors(database), hold(database):
        before = backup.look_into(database, NEWEST_KEY)
        kept = backup.replaced_by_restore(database) if database.exists() else None
        with backup.staged(source, database) as staging:
            upgrade(staging)
            newest = before.newest_key if before is not None else 0
            floor = max(newest, (clock.now() + SKEW_MICROSECONDS) << COUNTER_BITS)
            voided = _void(staging, clock, floor)
            with closing(sqlite3.connect(staging)) as connection:
                restored = [to_key(row) for row in connection.execute(KEYS)]
        backup.finish_restore(database)
    revived, gone = _changes_of_keys([] if before is None else before.keys, restored, clock.now())
    return Restored(voided, before, kept, revived, gone)


def _void(path: Path, clock: Clock, floor: int) -> Voided:
    with _session(path, clock) as session:
        session.begin()
        [voided] = session.perform("void", [Void(floor)], [acting.get() or NOBODY])
        session.commit()
        found: Voided = voided
        return found


@contextmanager
def _session(path: Path, clock: Clock) -> Iterator[SqliteSession]:
    session = SqliteSession(writing_engine(path), clock, random.random, 0)
    try:
        yield session
    except (DBAPIError, sqlite3.Error) as error:
        session.rollback()
        raise DatabaseUnusable(f"{path}: {getattr(error, 'orig', None) or error}") from error
    finally:
        session.close()


def _changes_of_keys(before: Sequence[ApiKey], after: Sequence[ApiKey], now: int) -> tuple[list[ApiKey], list[ApiKey]]:
    was, known = {key.id: key for key in before}, {key.id for key in after}
    revived = [
        key for key in after if key.id in was and key.is_live(now) and not _holds_too(was[key.id], key.digest, now)
    ]
    return revived, [key for key in before if key.is_live(now) and key.id not in known]


def _holds_too(key: ApiKey, digest: str, now: int) -> bool:
    return key.is_live(now) and key.knows(digest, now)
