"""Copies of a SQLite file: made beside a running server, and put in place of the file that they are of.

A copy is a database by itself, without a write-ahead log and without what was deleted. Both ways a crash at any point
leaves the file before or the one after: what is to become the file has another name until it is whole and on disk, and
its renaming is the moment.

A restore has two such names, since the file and its write-ahead log cannot be replaced in one step: the copy is
`jobs.db.restoring` until it is as it shall be, and `jobs.db.restored` from then on. Whoever owns the folder next
(`finish_restore`) moves the old files away and the new one into their place; doing so twice does no harm.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

from blazy_jobs_server.domain.keys import ApiKey
from blazy_jobs_server.store.keys import KEYS, to_key
from blazy_jobs_server.store.owning import give_to_owner
from blazy_jobs_server.store.unusable import DatabaseUnusable

WAL, SHM, JOURNAL = "-wal", "-shm", "-journal"
RESTORING, RESTORED, REPLACED = ".restoring", ".restored", ".replaced"
STEPS = 10_000
"""Of SQLite's machine between two looks at signals."""


class Copy(NamedTuple):
    """A file that was made, with its size and the revision of its schema."""

    path: Path
    size_bytes: int
    revision: str


# -- making one


def make(database: Path, target: Path) -> Copy:
    """A consistent copy as of now, checked, with mode 0600, in place of what is at `target`. Servers go on. Raises
    DatabaseUnusable."""
    if not database.exists():
        raise DatabaseUnusable(f"{database}: there is no such file")
    target = Path(os.path.realpath(target))
    part = target.with_name(target.name + ".part")
    if target.name.removesuffix(".part") == "" or target in _files_of(database):
        raise DatabaseUnusable(f"{target} is the database itself, not a place for a copy")
    if target.is_dir():
        raise DatabaseUnusable(f"{target} is a folder: name a file in it")
    with _usable(target), _own(part) as descriptor:
        _copy(database, part)
        revision = check(part)
        os.fsync(descriptor)
        size_bytes = os.fstat(descriptor).st_size
        os.replace(part, target)
        sync_folder(target)
    return Copy(target, size_bytes, revision)


def _files_of(database: Path) -> set[Path]:
    names = ("", WAL, SHM, JOURNAL, ".lock", RESTORING, RESTORED, REPLACED)
    return {database.with_name(database.name + name) for name in names}


@contextmanager
def _own(part: Path) -> Iterator[int]:
    """An empty file of ours alone, which is gone afterwards unless it was renamed."""
    descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        found = os.fstat(descriptor)
        if not stat.S_ISREG(found.st_mode) or found.st_uid != os.geteuid() or found.st_nlink != 1:
            raise DatabaseUnusable(f"{part} exists, and is not left from a backup of this user")
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise DatabaseUnusable(f"{part}: another backup into this file is under way") from None
        os.fchmod(descriptor, 0o600)
        os.ftruncate(descriptor, 0)
        try:
            yield descriptor
        except BaseException:
            for name in ("", JOURNAL):
                part.with_name(part.name + name).unlink(missing_ok=True)
            raise
    finally:
        os.close(descriptor)


def _copy(database: Path, part: Path) -> None:
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_autocheckpoint = 0")  # the server's business
        connection.execute("PRAGMA cache_size = -65536")
        connection.set_progress_handler(lambda: 0, STEPS)  # so that Ctrl-C is heard
        revision_in(connection, database)
        connection.execute("VACUUM INTO ?", (str(part),))


def check(path: Path) -> str:
    """The revision of its schema. Raises DatabaseUnusable where it is damaged, or no database of ours."""
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro&immutable=1", uri=True)) as connection:
        connection.set_progress_handler(lambda: 0, STEPS)
        revision = revision_in(connection, path)
        found = [row[0] for row in connection.execute("PRAGMA integrity_check(5)")]
    if found != ["ok"]:
        raise DatabaseUnusable(f"{path} is damaged: {'; '.join(found)}")
    return revision


def revision_in(connection: sqlite3.Connection, path: Path) -> str:
    tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if not {"alembic_version", "runs", "job_types"} <= tables:
        raise DatabaseUnusable(f"{path} is not a database of Blazy Jobs")
    revision: str = connection.execute("SELECT version_num FROM alembic_version").fetchone()[0]
    return revision


# -- putting one in place


@contextmanager
def staged(backup: Path, database: Path) -> Iterator[Path]:
    """A copy of the backup beside the database, checked, to be worked on; at the end it is what `finish_restore` puts
    in place. By whoever owns the folder. Raises DatabaseUnusable."""
    staging = database.with_name(database.name + RESTORING)
    backup = Path(os.path.realpath(backup))
    if not backup.is_file():
        raise DatabaseUnusable(f"{backup}: there is no such file")
    if backup in _files_of(database) - {database.with_name(database.name + REPLACED)}:
        raise DatabaseUnusable(f"{backup} is the database itself, not a copy of it")
    for name in (WAL, JOURNAL):
        log = backup.with_name(backup.name + name)
        if log.exists() and log.stat().st_size:
            raise DatabaseUnusable(f"{backup} is not whole without {log}: it is no backup, but a file that was in use")
    with _usable(backup):
        try:
            _clear(staging)
            _copy_file(backup, staging)
            check(staging)
            yield staging
            with closing(sqlite3.connect(staging, isolation_level=None)) as connection:
                connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            if any(staging.with_name(staging.name + name).exists() for name in (WAL, JOURNAL)):
                raise DatabaseUnusable(f"{staging} is in use by another process")
            _sync(staging)
            _clear(database.with_name(database.name + REPLACED))
            os.replace(staging, database.with_name(database.name + RESTORED))
            sync_folder(database)
        except BaseException:
            _clear(staging)
            raise


def finish_restore(database: Path) -> None:
    """The end of a restore, also of one that was cut short. By whoever owns the folder, before it opens the file."""
    restored, replaced = (database.with_name(database.name + name) for name in (RESTORED, REPLACED))
    if not restored.exists():
        return
    for name in (WAL, JOURNAL, ""):  # the log first: beside the new file it would be taken for its own
        old = database.with_name(database.name + name)
        if old.exists():
            os.replace(old, replaced.with_name(replaced.name + name))
    database.with_name(database.name + SHM).unlink(missing_ok=True)
    sync_folder(database)
    os.replace(restored, database)
    sync_folder(database)


def is_pending(database: Path) -> bool:
    """Whether a restore was cut short that `finish_restore` has to end."""
    return database.with_name(database.name + RESTORED).exists()


def replaced_by_restore(database: Path) -> Path:
    return database.with_name(database.name + REPLACED)


class Before(NamedTuple):
    """What is to be known of a file that is replaced."""

    newest_key: int
    keys: list[ApiKey]


def look_into(database: Path, newest: str) -> Before | None:
    """`newest` is the statement that asks for the greatest key. None where the file cannot be read any more."""
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(database, isolation_level=None)) as connection:
            revision_in(connection, database)
            return Before(
                connection.execute(newest).fetchone()[0], [to_key(row) for row in connection.execute(KEYS).fetchall()]
            )
    except (sqlite3.Error, DatabaseUnusable, ValueError):
        return None  # which may be why it is replaced


def _clear(path: Path) -> None:
    for name in ("", WAL, SHM, JOURNAL):
        path.with_name(path.name + name).unlink(missing_ok=True)


def _copy_file(source: Path, target: Path) -> None:
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    give_to_owner(target)
    with open(source, "rb") as reading, os.fdopen(descriptor, "wb") as writing:
        shutil.copyfileobj(reading, writing, 1 << 20)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """The names in its folder are on disk."""
    descriptor = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _usable(path: Path) -> Iterator[None]:
    """Raises DatabaseUnusable."""
    try:
        yield
    except sqlite3.Error as error:
        raise DatabaseUnusable(f"{path}: {error}") from error
    except OSError as error:
        name = error.filename or path
        full = " (the old state is left as it was)" if error.errno == errno.ENOSPC else ""
        raise DatabaseUnusable(f"{name}: {error.strerror}{full}") from error
