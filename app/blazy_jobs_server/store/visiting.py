"""Commands beside a server: its file may be read and written by others for a moment, but not replaced under anybody.

Whoever opens the file without owning it (a backup, a command about keys) shares a lock on its folder, which a restore
has for itself. Without it SQLite could, at the end of the one, delete by name the write-ahead log of the other.
"""

from __future__ import annotations

import fcntl
import os
import pwd
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from blazy_jobs_server.store.unusable import DatabaseUnusable

VISITED = "is being backed up, or a command is changing its keys: try again when that has ended"
REPLACED = "is being restored: try again when that has ended"


@contextmanager
def visit(path: Path) -> Iterator[None]:
    """Others may visit the file meanwhile, and a server may use it. Raises DatabaseUnusable."""
    with _lock(path, fcntl.LOCK_SH, REPLACED):
        yield


@contextmanager
def no_visitors(path: Path) -> Iterator[None]:
    """Raises DatabaseUnusable."""
    with _lock(path, fcntl.LOCK_EX, VISITED):
        yield


@contextmanager
def _lock(path: Path, kind: int, otherwise: str) -> Iterator[None]:
    folder = path.parent
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise DatabaseUnusable(f"{folder} cannot be used as the data folder: {error.strerror}") from error
    try:
        _check_owner(folder, os.fstat(descriptor).st_uid)
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise DatabaseUnusable(f"{folder} {otherwise}.") from None
    finally:
        os.close(descriptor)


def _check_owner(folder: Path, owner: int) -> None:
    """What root made there would be closed to the server. Raises DatabaseUnusable."""
    if os.geteuid() == 0 and owner != 0:
        try:
            name = pwd.getpwuid(owner).pw_name
        except KeyError:
            name = f"#{owner}"
        raise DatabaseUnusable(f"{folder} belongs to {name}: run this command as that user (sudo -u '{name}' ...).")
