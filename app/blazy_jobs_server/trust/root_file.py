"""The root key in a file, which is replaced under a running server as a mounted secret is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import structlog

log = structlog.get_logger("access")


class RootFile:
    """`fits` says whether a text can be the key. Read already when this is made."""

    def __init__(self, path: Path, fits: Callable[[str], bool]) -> None:
        self._path = path
        self._fits = fits
        self._read_at = self._state()

    def changed(self) -> str | None:
        """What is in it, if it has changed since the last look and can be a key: else the one before goes on."""
        state = self._state()
        if state is None or state == self._read_at:
            return None
        try:
            text = self._path.read_text().strip()
        except (OSError, UnicodeError):
            return None  # half replaced: looked at again
        self._read_at = state
        if self._fits(text):
            return text
        log.warning("JOBS_API_KEY_FILE has no usable key; the one before remains valid")
        return None

    def _state(self) -> tuple[int, int, int] | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return found.st_ino, found.st_mtime_ns, found.st_size
