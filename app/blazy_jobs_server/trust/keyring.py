"""Secrets at rest: sealed with AES-256-GCM (NIST SP 800-38D) by the first key of a file, unsealed by any."""

from __future__ import annotations

import base64
import os
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from blazy_jobs_server.domain.errors import KeyringUnavailable, NotSupported, SealBroken
from blazy_jobs_server.ports.sealing import PREFIX
from blazy_jobs_server.trust import keyring_file
from blazy_jobs_server.trust.keyring_file import KeyringUnusable, SealingKey

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

NONCE_BYTES = 12
NO_FILE = (
    "The server stores secrets sealed, and has no key: set JOBS_KEYRING_FILE on every server to the same keys; "
    "`blazy-jobs keyring rotate` makes the file."
)


class Keyring:
    """Implements `ports.sealing.Sealer`. The file is read again whenever it has changed, so that a rotation holds at
    once. `path` None: there is none. `makes`: a file that is missing is made when something is first sealed."""

    def __init__(self, path: Path | None, *, makes: bool) -> None:
        self._path = path
        self._makes = makes
        self._keys: tuple[SealingKey, ...] = ()
        self._read_at: tuple[int, int, int] | None = None

    def seal(self, text: str, purpose: str) -> str:
        if self._path is None:
            raise NotSupported("", NO_FILE)
        self._refresh()
        if not self._keys:
            self._make()
        key = next(key for key in self._keys if not key.standby)
        return sealed_by(key, text, purpose)

    def unseal(self, sealed: str, purpose: str) -> str:
        name = key_id(sealed)
        if (key := self._known(name)) is None:
            self._refresh()
            if (key := self._known(name)) is None:
                raise KeyringUnavailable(f"A secret is sealed by the key {name}, which {self._place()} does not have.")
        return unsealed_by(key, sealed, purpose)

    def check(self, used: Collection[str]) -> None:
        """At the start, with the ids of the keys that sealed what is stored. Raises KeyringUnusable."""
        if self._path is None:
            if used:
                raise KeyringUnusable("it is not set, but the database holds sealed secrets")
            return
        self._keys = keyring_file.read(self._path)
        if missing := sorted(set(used) - {key.id for key in self._keys}):
            raise KeyringUnusable(
                f"the database holds secrets sealed by the key {', '.join(missing)}, which {self._path} does not have: "
                "put that file back, from where its copy is kept"
            )

    def _known(self, name: str) -> SealingKey | None:
        return next((key for key in self._keys if key.id == name), None)

    def _place(self) -> str:
        return f"JOBS_KEYRING_FILE ({self._path})" if self._path is not None else "the server without JOBS_KEYRING_FILE"

    def _refresh(self) -> None:
        if self._path is None:
            return
        try:
            found = self._path.stat()
            seen = (found.st_ino, found.st_mtime_ns, found.st_size)
        except FileNotFoundError:
            if self._keys:
                raise KeyringUnavailable(f"{self._place()} is no longer there.") from None
            return
        except OSError as error:
            raise KeyringUnavailable(f"{self._place()} cannot be read: {error.strerror}.") from error
        if seen != self._read_at:
            try:
                self._keys = keyring_file.read(self._path)
            except KeyringUnusable as error:
                raise KeyringUnavailable(f"JOBS_KEYRING_FILE: {error}.") from error
            self._read_at = seen

    def _make(self) -> None:
        assert self._path is not None
        if not self._makes:
            raise KeyringUnavailable(f"{self._place()} is not there; `blazy-jobs keyring rotate` makes it.")
        try:
            with keyring_file.changing(self._path):
                if not (keys := keyring_file.read(self._path)):
                    keys = (keyring_file.new_key(),)
                    keyring_file.write(self._path, keys)
        except KeyringUnusable as error:
            raise KeyringUnavailable(f"JOBS_KEYRING_FILE: {error}.") from error
        self._keys = keys


def key_id(sealed: str) -> str:
    """Of the key that sealed it. Raises SealBroken for what is nothing sealed."""
    prefix, name, _ = (*sealed.split(":", 2), "", "")[:3]
    if f"{prefix}:" != PREFIX or not name:
        raise SealBroken
    return name


def sealed_by(key: SealingKey, text: str, purpose: str) -> str:
    nonce = os.urandom(NONCE_BYTES)
    data = nonce + _cipher(key).encrypt(nonce, text.encode(), _bound(key, purpose))
    return f"{PREFIX}{key.id}:{base64.urlsafe_b64encode(data).decode().rstrip('=')}"


def unsealed_by(key: SealingKey, sealed: str, purpose: str) -> str:
    """Raises SealBroken."""
    from cryptography.exceptions import InvalidTag

    encoded = sealed.rpartition(":")[2]
    try:
        data = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        return _cipher(key).decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], _bound(key, purpose)).decode()
    except (ValueError, InvalidTag):
        raise SealBroken from None


def _bound(key: SealingKey, purpose: str) -> bytes:
    return f"{key.id}:{purpose}".encode()


def _cipher(key: SealingKey) -> AESGCM:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # few servers seal anything

    return AESGCM(key.key)
