"""The file of a keyring: its keys, and how it changes without ever being half a file.

One key a line, `<id> <base64>`, the newest first; `<id> <base64> standby` is a key that does not seal yet. Lines that
begin with # are comments.
"""

from __future__ import annotations

import base64
import binascii
import contextlib
import fcntl
import os
import re
import secrets
from collections.abc import Iterator, Sequence
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from blazy_jobs_server.ports.sealing import KEY_ID_CHARACTERS

KEY_BYTES = 32
_ID = re.compile(rf"[0-9a-z]{{{KEY_ID_CHARACTERS}}}")
_HEADER = """\
# The keys by which blazy-jobs seals secrets in its database, newest first. Whoever has this file and the database can
# read them; without it they are lost. Keep a copy, apart from that of the database.
"""


class KeyringUnusable(Exception):
    """The message says why, and names the file."""


class SealingKey(Struct, frozen=True):
    id: str
    key: bytes
    standby: bool = False

    def __repr__(self) -> str:
        return f"SealingKey({self.id})"


def new_key(*, standby: bool = False) -> SealingKey:
    number = secrets.randbits(40)
    digits = "0123456789abcdefghijklmnopqrstuv"
    name = "".join(digits[number >> 5 * place & 31] for place in range(KEY_ID_CHARACTERS))
    return SealingKey(name, secrets.token_bytes(KEY_BYTES), standby)


def read(path: Path) -> tuple[SealingKey, ...]:
    """None in a file that is not there. Raises KeyringUnusable."""
    try:
        text = path.read_text("ascii")
    except FileNotFoundError:
        return ()
    except (OSError, UnicodeError) as error:
        raise KeyringUnusable(f"{path} cannot be read: {error}") from error
    keys = [_key(path, number, line) for number, line in enumerate(text.splitlines(), 1) if _holds(line)]
    if len({key.id for key in keys}) < len(keys):
        raise KeyringUnusable(f"{path} has two keys of one id")
    if not any(not key.standby for key in keys):
        raise KeyringUnusable(f"{path} has no key that seals")
    return tuple(keys)


def _holds(line: str) -> bool:
    return bool(line.strip()) and not line.startswith("#")


def _key(path: Path, number: int, line: str) -> SealingKey:
    words = line.split()
    try:
        key = base64.b64decode(words[1], validate=True)
        if not _ID.fullmatch(words[0]) or len(key) != KEY_BYTES or words[2:] not in ([], ["standby"]):
            raise ValueError
    except (IndexError, ValueError, binascii.Error):
        raise KeyringUnusable(
            f"{path}, line {number}, is no key: an id of {KEY_ID_CHARACTERS} characters, a blank, and {KEY_BYTES} "
            "bytes in base64"
        ) from None
    return SealingKey(words[0], key, len(words) > 2)


@contextlib.contextmanager
def changing(path: Path) -> Iterator[None]:
    """One at a time changes the file. Raises KeyringUnusable."""
    try:
        folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as error:
        raise KeyringUnusable(f"{path.parent} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def write(path: Path, keys: Sequence[SealingKey]) -> None:
    """Durable when it returns, and whole at any instant before. Within `changing`. Raises KeyringUnusable."""
    target = Path(os.path.realpath(path))
    lines = [f"{key.id} {base64.b64encode(key.key).decode()}{' standby' * key.standby}\n" for key in keys]
    new = target.with_name(f"{target.name}.new")
    try:
        new.unlink(missing_ok=True)  # of a process that was killed
        descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            left = (_HEADER + "".join(lines)).encode()
            while left:
                left = left[os.write(descriptor, left) :]
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        os.rename(new, target)
        folder = os.open(target.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise KeyringUnusable(f"{path} cannot be written: {error.strerror}") from error


def with_new_key(keys: Sequence[SealingKey]) -> tuple[SealingKey, ...]:
    """The standby key in front, or a new one where there is none."""
    waiting = [key for key in keys if key.standby]
    first = replace(waiting[0], standby=False) if waiting else new_key()
    return (first, *(key for key in keys if key.id != first.id))
