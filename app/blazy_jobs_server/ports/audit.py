"""The store's verbs of the audit log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from msgspec import Struct

from blazy_jobs_server.domain.audit import Act, AuditEntry

acting: ContextVar[Act | None] = ContextVar("acting", default=None)
"""For whom the store is asked. What changes then is written into the audit log, in the transaction of the change: who
asks is of no concern to all that lies between a request and the store."""


@contextmanager
def acting_for(act: Act) -> Iterator[None]:
    token = acting.set(act)
    try:
        yield
    finally:
        acting.reset(token)


def acting_as() -> str | None:
    """Who is kept with what is made: the Actor as text, None without a key."""
    act = acting.get()
    return None if act is None or act.actor is None else act.actor.text


class AuditFilter(Struct, frozen=True, kw_only=True):
    """None: any."""

    actor: str | None = None
    action: str | None = None
    target: str | None = None
    outcome: str | None = None


class AuditStore(Protocol):
    async def audit(self, where: AuditFilter, before: int | None, limit: int) -> list[AuditEntry]:
        """The newest first, from the id `before` (exclusive)."""
        ...

    async def note_audit(self, entries: Sequence[AuditEntry]) -> None:
        """What no other verb tells of: requests that were refused, sessions."""
        ...
