"""Commands beside a server: its file may be read and written by others for a moment, but not replaced under anybody.

Whoever opens the file without owning it (a backup, a command about keys) shares a lock on its folder, which a restore
has for itself. Without it SQLite could, at the end of the one, delete by name the write-ahead log of the other.
"""

from __future__ import annotations

import fcntl
import os
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
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
        yield
    except BlockingIOError:
        raise DatabaseUnusable(f"{folder} {otherwise}.") from None
    finally:
        os.close(descriptor)
