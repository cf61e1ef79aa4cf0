"""`client.keys` of the asynchronous client."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from typing import Unpack

from blazy_jobs.client import calls
from blazy_jobs.client.aio.connection import AsyncConnection
from blazy_jobs.client.fields import Key, KeyFields, NewKey, OwnKey, Scope
from blazy_jobs.options import Seconds


class AsyncKeys:
    """`client.keys`: API keys, as dicts with the API's names. All but `own` need the scope `admin`."""

    def __init__(self, client: AsyncConnection) -> None:
        self._client = client

    async def create(self, name: str, scopes: Iterable[Scope], **fields: Unpack[KeyFields]) -> NewKey:
        """A new key, whose text is in `key` and nowhere else. Not tried again where its answer is lost."""
        return await self._client.ask(calls.create_key(name, scopes, fields))

    async def list(self) -> AsyncIterator[Key]:
        """Newest first, page by page; those too that were revoked or have expired."""
        async for key in self._client.pages("/v1/keys", {}):
            yield key

    async def own(self) -> OwnKey:
        """What the key of this client allows."""
        return await self._client.ask(calls.own_key())

    async def revoke(self, key_id: str) -> None:
        """For good, on every server within two seconds. Raises ApiError `key_not_found`."""
        await self._client.ask(calls.revoke_key(key_id))

    async def rotate(self, key_id: str, *, overlap: Seconds | None = None) -> NewKey:
        """The key with a new secret in `key`. The one before holds for `overlap`, a day where nothing is said; 0 ends
        it at once. Raises ApiError `key_not_found`, `key_ended`, and `rotation_pending` where two secrets hold."""
        return await self._client.ask(calls.rotate_key(key_id, overlap))
