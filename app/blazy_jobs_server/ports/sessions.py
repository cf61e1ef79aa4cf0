"""The store's verbs of browsers' sessions."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol

from blazy_jobs_server.domain.sessions import BrowserSession


class SessionStore(Protocol):
    async def sessions(self, session_id: str | None = None) -> list[BrowserSession]:
        """All that are kept, or that one."""
        ...

    async def save_session(self, session: BrowserSession) -> None:
        """A new one. Other servers are not told: they look for one that they do not know."""
        ...

    async def end_sessions(self, session_ids: Collection[str]) -> None:
        """For good, and on every server; one that is not there is passed over."""
        ...

    async def note_sessions(self, used: Mapping[str, int]) -> None:
        """When sessions were used, by their ids; the latest counts."""
        ...
