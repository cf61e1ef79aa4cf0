"""Secrets at rest."""

from __future__ import annotations

from typing import Protocol

PREFIX = "sealed:"
KEY_ID_CHARACTERS = 8


class Sealer(Protocol):
    """Authenticated encryption of what the database shall not hold in the clear.

    `purpose` names where a value stands (`job_type/emails/secrets`), and is bound to it: a sealed value that is moved
    elsewhere does not unseal. A column of sealed values says so in `store/tables.py` (`sealed`), or a rotation of the
    keys would miss it.
    """

    def seal(self, text: str, purpose: str) -> str:
        """`sealed:<key id>:<base64url>`, other each time. Raises NotSupported where the server has no keyring, and
        KeyringUnavailable where it cannot be read or made."""
        ...

    def unseal(self, sealed: str, purpose: str) -> str:
        """Raises KeyringUnavailable where the keyring lacks the key, and SealBroken where the value was changed or
        sealed for another purpose."""
        ...
