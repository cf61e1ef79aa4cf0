"""The keys in a SQLite file, for commands beside a server: its write-ahead log lets other processes write for a moment,
and it looks for their changes."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path

from blazy_jobs_server.domain.keys import ApiKey
from blazy_jobs_server.ports.audit import acting
from blazy_jobs_server.store import auditing
from blazy_jobs_server.store.backup import is_pending
from blazy_jobs_server.store.keys import KEYS, REVISION, SaveKey, save, to_key
from blazy_jobs_server.store.migrations import HEAD
from blazy_jobs_server.store.sqlite import hold, upgrade
from blazy_jobs_server.store.unusable import DatabaseUnusable
from blazy_jobs_server.store.visiting import visit

BUSY_SECONDS = 10.0


class KeysBeside:
    """Implements `ports.KeyStore`, within `opened`."""

    def __init__(self, connection: sqlite3.Connection, now: Callable[[], int]) -> None:
        self._connection = connection
        self._now = now

    async def keys(self) -> list[ApiKey]:
        return [to_key(row) for row in self._connection.execute(KEYS)]

    async def revision(self) -> int:
        revision: int = self._connection.execute(REVISION).fetchone()[0]
        return revision

    async def save_key(self, key: ApiKey, *, before: ApiKey | None) -> bool:
        cursor = self._connection.cursor()
        cursor.execute("BEGIN IMMEDIATE")
        try:
            asked = SaveKey(key, before)
            saved = save(cursor, asked)
            act, told = acting.get(), auditing.DEEDS["save_key"].told(asked, None, saved)
            for one in told:
                now = self._now()
                entry = auditing.entry(act or auditing.NOBODY, one, now)
                cursor.execute(auditing.INSERT, auditing.audit_row(auditing.key_beside(now), entry))
            cursor.execute("COMMIT")
        except BaseException:
            cursor.execute("ROLLBACK")
            raise
        return saved

    async def note_used(self, used: Mapping[str, int]) -> None:
        """They are used at servers only."""
        raise NotImplementedError  # no command uses a key


@contextmanager
def opened(path: Path, now: Callable[[], int]) -> Iterator[KeysBeside]:
    """The file, made where it is not there. One of an older version is migrated where no server uses it. Raises
    DatabaseUnusable."""
    path = Path(os.path.realpath(path))
    with visit(path):
        try:
            if is_pending(path) or _revision(path) != HEAD:
                with hold(path):
                    upgrade(path)
            with closing(_connect(path)) as connection:
                yield KeysBeside(connection, now)
        except sqlite3.Error as error:
            raise DatabaseUnusable(f"{path}: {error}") from error


def _revision(path: Path) -> str | None:
    if not path.exists():
        return None
    with closing(_connect(path)) as connection:
        if connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone() is None:
            return None
        row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        return None if row is None else row[0]


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA wal_autocheckpoint = 0")  # the server's business
    return connection
