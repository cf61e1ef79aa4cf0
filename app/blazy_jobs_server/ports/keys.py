"""The store's verbs of API keys."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from blazy_jobs_server.domain.keys import ApiKey


class KeyStore(Protocol):
    async def keys(self) -> list[ApiKey]:
        """All that there have ever been, the newest first."""
        ...

    async def revision(self) -> int:
        """Another one than before says that some may have changed."""
        ...

    async def save_key(self, key: ApiKey, *, before: ApiKey | None) -> bool:
        """Makes it, or changes it from what it was `before`; False where that is not what is there. When it was last
        used is left as it is."""
        ...

    async def note_used(self, used: Mapping[str, int]) -> None:
        """When keys were used, by their ids; the latest counts."""
        ...
