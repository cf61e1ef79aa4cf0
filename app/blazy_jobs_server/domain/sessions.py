"""Sessions of browsers: opened with an API key, and ended with it."""

from __future__ import annotations

import hashlib
import secrets

from msgspec import Struct

from blazy_jobs_server.domain.instants import SECOND

IDLE_SECONDS = 12 * 3600
MOST_SECONDS = 7 * 86_400
TOKEN_BYTES = 32


class BrowserSession(Struct, frozen=True, kw_only=True):
    """`id` is the SHA-256 of the token in the browser's cookie, which is kept nowhere. `secret` tells which secret of
    the key it was opened with: its digest, and of the key of the settings its realm. Instants as everywhere."""

    id: str
    key_id: str
    secret: str
    created_at: int
    used_at: int

    @property
    def ends_at(self) -> int:
        """Where it is not used again."""
        return min(self.used_at + IDLE_SECONDS * SECOND, self.created_at + MOST_SECONDS * SECOND)


def new_token() -> str:
    return secrets.token_urlsafe(TOKEN_BYTES)


def id_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
