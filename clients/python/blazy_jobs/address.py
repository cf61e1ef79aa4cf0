"""Where the server is, and the key that opens it: for the clients, the worker and the command line alike."""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

DEFAULT_URL = "http://127.0.0.1:8000"
UNIX = "unix://"


class ApiKey:
    """A key, or a file that holds it, which is read anew when it has changed: keys are rotated under running processes.

    Raises ValueError where the file cannot be read or is empty, at first; later the last key stays.
    """

    def __init__(self, text: str | None = None, path: Path | None = None) -> None:
        self._text = text or None
        self._path = path
        self._read_at: tuple[int, int, int] | None = None
        if path is not None:
            self._text, self._read_at = _read(path), _state(path)

    @property
    def in_file(self) -> bool:
        return self._path is not None

    def text(self) -> str | None:
        """None: there is none."""
        if self._path is not None:
            state = _state(self._path)
            if state is not None and state != self._read_at:
                with suppress(ValueError):  # half written: looked at again with the next request
                    self._text, self._read_at = _read(self._path), state
        return self._text


def _state(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(path: Path) -> str:
    try:
        text = path.read_text().strip()
    except (OSError, UnicodeError) as error:
        raise ValueError(f"JOBS_API_KEY_FILE cannot be read: {error}") from None
    if not text:
        raise ValueError(f"JOBS_API_KEY_FILE is empty: {path}")
    return text


def key_of(env: Mapping[str, str]) -> ApiKey:
    """JOBS_API_KEY, or what is in JOBS_API_KEY_FILE. Raises ValueError."""
    if text := env.get("JOBS_API_KEY"):
        return ApiKey(text)
    path = env.get("JOBS_API_KEY_FILE")
    return _kept_in(path) if path else ApiKey()


@cache
def _kept_in(path: str) -> ApiKey:
    return ApiKey(path=Path(path))


@dataclass(frozen=True)
class Address:
    """`url` is http://, https:// or, of a server on this machine, unix:// and the path of its socket."""

    url: str
    key: ApiKey = field(default_factory=ApiKey, compare=False)

    @property
    def socket_path(self) -> str | None:
        return unquote(urlsplit(self.url).path) if self.url.startswith(UNIX) else None

    @property
    def base_url(self) -> str:
        return self.url if self.socket_path is None else "http://localhost"

    @property
    def secure(self) -> bool:
        """Reading all certificates costs 70 ms, which only https:// needs."""
        return self.url.startswith("https://")


serving: ContextVar[Address | None] = ContextVar("blazy_jobs_serving", default=None)
"""The server whose run is being carried out here, where a process serves several."""


def unix_url(path: str) -> str:
    return UNIX + quote(path)


def find(url: str | None = None, api_key: str | None = None, env: Mapping[str, str] = os.environ) -> Address:
    """What is given; else, in a handler, the server that its run is from; else JOBS_URL with JOBS_API_KEY or
    JOBS_API_KEY_FILE. Raises ValueError."""
    here = serving.get()
    key = ApiKey(api_key) if api_key is not None else None
    if url is None and here is not None:
        return Address(here.url, key or here.key)
    return Address((url or env.get("JOBS_URL") or DEFAULT_URL).rstrip("/"), key or key_of(env))
