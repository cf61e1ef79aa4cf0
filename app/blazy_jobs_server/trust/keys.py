"""Makes, rotates and revokes API keys. The text of a key is given out once, and kept nowhere."""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from blazy_jobs_server.domain import keys
from blazy_jobs_server.domain.errors import KeyEnded, KeyNotFound, RotationPending
from blazy_jobs_server.domain.instants import after, rfc3339
from blazy_jobs_server.domain.keys import EVERYTHING, ApiKey, RateLimit, Scope, Within
from blazy_jobs_server.ports import Clock
from blazy_jobs_server.ports.keys import KeyStore
from blazy_jobs_server.trust.access import Access


class Wanted(Struct, frozen=True, kw_only=True):
    """A key to be made."""

    name: str
    scopes: tuple[Scope, ...]
    within: Within = EVERYTHING
    rate_limit: RateLimit | None = None
    expires_at: int | None = None


class Keys:
    def __init__(self, store: KeyStore, clock: Clock, access: Access) -> None:
        self._store = store
        self._clock = clock
        self._access = access

    async def create(self, wanted: Wanted, by: str) -> tuple[ApiKey, str]:
        """The key, and its text."""
        while True:
            key, text = new_key(wanted, self._clock.now(), by)
            if await self._store.save_key(key, before=None):
                await self._access.fresh()
                return key, text

    async def rotate(self, key_id: str, overlap_seconds: float) -> tuple[ApiKey, str]:
        """The key with a new secret, and its text; the secret before holds for so long. Raises KeyNotFound, KeyEnded,
        and RotationPending while the one before the last holds, unless none is to hold any longer."""
        while True:
            key = await self.get(key_id)
            now = self._clock.now()
            if not key.is_live(now):
                raise KeyEnded
            if overlap_seconds and key.previous_until is not None and key.is_rotating(now):
                raise RotationPending(rfc3339(key.previous_until))
            secret = keys.new_secret()
            rotated = replace(
                key,
                digest=keys.digest_of(secret),
                previous_digest=key.digest if overlap_seconds else None,
                previous_until=after(now, overlap_seconds) if overlap_seconds else None,
            )
            if await self._change(rotated, key):
                return rotated, keys.text_of(key_id, secret)

    async def revoke(self, key_id: str) -> None:
        """For good; a second time is harmless. Raises KeyNotFound."""
        while True:
            key = await self.get(key_id)
            if key.revoked_at is not None:
                return
            if await self._change(replace(key, revoked_at=self._clock.now()), key):
                return

    async def get(self, key_id: str) -> ApiKey:
        """Also one that has ended. Raises KeyNotFound."""
        key = self._access.key(key_id)
        if key is None:
            await self._access.fresh()  # another server may just have made it
            key = self._access.key(key_id)
        if key is None:
            raise KeyNotFound(key_id)
        return key

    async def _change(self, key: ApiKey, before: ApiKey) -> bool:
        changed = await self._store.save_key(key, before=before)
        await self._access.fresh()
        return changed


def new_key(wanted: Wanted, now: int, by: str) -> tuple[ApiKey, str]:
    """Not stored yet, and its text."""
    key_id, secret = keys.new_id(), keys.new_secret()
    key = ApiKey(
        id=key_id,
        name=wanted.name,
        digest=keys.digest_of(secret),
        scopes=wanted.scopes,
        within=wanted.within,
        rate_limit=wanted.rate_limit,
        created_at=now,
        created_by=by,
        expires_at=wanted.expires_at,
    )
    return key, keys.text_of(key_id, secret)
