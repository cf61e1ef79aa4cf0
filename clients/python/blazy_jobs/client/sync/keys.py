"""`client.keys`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Protocol, TypeVar, Unpack

from blazy_jobs.client import calls
from blazy_jobs.client.call import Call
from blazy_jobs.client.fields import Key, KeyFields, NewKey, OwnKey, Scope
from blazy_jobs.options import Seconds

T = TypeVar("T")


class Asks(Protocol):
    """A server, or a database in its place."""

    def ask(self, call: Call[T]) -> T: ...
    def pages(self, path: str, params: Mapping[str, Any]) -> Iterator[Any]: ...


class Keys:
    """`client.keys`: API keys, as dicts with the API's names. All but `own` need the scope `admin`."""

    def __init__(self, client: Asks) -> None:
        self._client = client

    def create(self, name: str, scopes: Iterable[Scope], **fields: Unpack[KeyFields]) -> NewKey:
        """A new key, whose text is in `key` and nowhere else. Not tried again where its answer is lost."""
        return self._client.ask(calls.create_key(name, scopes, fields))

    def list(self) -> Iterator[Key]:
        """Newest first, page by page; those too that were revoked or have expired."""
        yield from self._client.pages("/v1/keys", {})

    def own(self) -> OwnKey:
        """What the key of this client allows."""
        return self._client.ask(calls.own_key())

    def revoke(self, key_id: str) -> None:
        """For good, on every server within two seconds. Raises ApiError `key_not_found`."""
        self._client.ask(calls.revoke_key(key_id))

    def rotate(self, key_id: str, *, overlap: Seconds | None = None) -> NewKey:
        """The key with a new secret in `key`. The one before holds for `overlap`, a day where nothing is said; 0 ends
        it at once. Raises ApiError `key_not_found`, `key_ended`, and `rotation_pending` where two secrets hold."""
        return self._client.ask(calls.rotate_key(key_id, overlap))
