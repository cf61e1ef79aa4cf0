"""New keys for what is sealed.

A crash at any point loses nothing: the new key is in the file before anything is sealed by it, every value is exchanged
for one that holds the same, and a key leaves the file only when no value needs it and no server runs that could seal by
it. What was interrupted is made good by the same again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from blazy_jobs_server.trust import keyring_file
from blazy_jobs_server.trust.keyring import key_id, sealed_by, unsealed_by
from blazy_jobs_server.trust.keyring_file import KeyringUnusable, SealingKey

Exchange = Callable[[str, str], str]
"""From a sealed value and its purpose to the value that takes its place; the same where nothing is to change."""
ResealAll = Callable[[Exchange], int]
"""Exchanges every sealed value of the database; how many changed."""


def prepare(path: Path) -> SealingKey:
    """A key that does not seal yet, for the other servers' files to have before one does. Raises KeyringUnusable."""
    with keyring_file.changing(path):
        keys = keyring_file.read(path)
        waiting = [key for key in keys if key.standby]
        if waiting:
            return waiting[0]
        new = keyring_file.new_key(standby=bool(keys))
        keyring_file.write(path, (*keys, new))
        return new


def rotate(path: Path, reseal_all: ResealAll) -> tuple[SealingKey, int]:
    """Seals by a new key from now on, and seals anew what is stored. The keys before stay, for backups and for values
    that a running server has in hand. Raises KeyringUnusable, and what `reseal_all` raises."""
    with keyring_file.changing(path):
        keys = keyring_file.with_new_key(keyring_file.read(path))
        keyring_file.write(path, keys)
        return keys[0], reseal_all(_exchange(path, keys))


def retire(path: Path, reseal_all: ResealAll) -> tuple[list[SealingKey], int]:
    """Takes every key but the one that seals out of the file, after sealing anew what needs them; no server may run
    meanwhile. Those that were taken out. Raises KeyringUnusable, and what `reseal_all` raises."""
    with keyring_file.changing(path):
        keys = keyring_file.read(path)
        if not keys:
            return [], 0
        count = reseal_all(_exchange(path, keys))
        current = _current(keys)
        keyring_file.write(path, [current])
        return [key for key in keys if key is not current], count


def _current(keys: tuple[SealingKey, ...]) -> SealingKey:
    return next(key for key in keys if not key.standby)


def _exchange(path: Path, keys: tuple[SealingKey, ...]) -> Exchange:
    current = _current(keys)
    known = {key.id: key for key in keys}

    def exchange(sealed: str, purpose: str) -> str:
        name = key_id(sealed)
        if name == current.id:
            return sealed
        if name not in known:
            raise KeyringUnusable(f"a secret ({purpose}) is sealed by the key {name}, which {path} does not have")
        return sealed_by(current, unsealed_by(known[name], sealed, purpose), purpose)

    return exchange
