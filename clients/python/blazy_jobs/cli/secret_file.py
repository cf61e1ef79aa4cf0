"""A file for a secret, replaced in one step, so that whoever reads it meanwhile has the old one or the new one."""

from __future__ import annotations

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self


class SecretFile:
    """Room for it is made before the secret is: one that cannot be kept shall not come into being. Without a path it
    does nothing. A file that is there keeps its mode and, where we may, its owner; a new one has mode 0600."""

    def __init__(self, path: str | None) -> None:
        self.path = path
        self._target = Path(os.path.realpath(path)) if path else None
        self._room: int | None = None
        self._name = ""

    def __enter__(self) -> Self:
        if self._target is not None:
            self._room, self._name = tempfile.mkstemp(prefix=f".{self._target.name}.", dir=self._target.parent)
        return self

    def put(self, secret: str) -> None:
        if self._room is None or self._target is None:
            return
        os.write(self._room, f"{secret}\n".encode())
        with suppress(FileNotFoundError):
            was = self._target.stat()
            with suppress(PermissionError):
                os.fchown(self._room, was.st_uid, was.st_gid)
            os.fchmod(self._room, was.st_mode & 0o777)
        os.fsync(self._room)
        os.replace(self._name, self._target)
        self._name = ""
        folder = os.open(self._target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._room is not None:
            os.close(self._room)
        if self._name:
            with suppress(FileNotFoundError):
                os.unlink(self._name)
