"""The audit log: who changed what, and who was refused."""

from __future__ import annotations

from msgspec import Struct

from blazy_jobs_server.domain.keys import Actor

RETENTION_SECONDS = 90 * 86_400
DONE = "done"
"""The outcome of what was done; of what was refused it is the error's code."""


class Act(Struct, frozen=True):
    """By whom a change is made, and from where. `actor` None: by somebody without a key; `address` None: not over the
    network."""

    actor: Actor | None
    address: str | None = None


class AuditEntry(Struct, frozen=True, kw_only=True):
    """`changed` names the fields that a change has changed. `count` is how often it happened within the minute that
    begins `at`: of what was refused; of a change always 1. An entry that is not stored yet has the id 0."""

    id: int = 0
    at: int
    act: Act
    action: str
    target: str | None = None
    changed: tuple[str, ...] = ()
    outcome: str = DONE
    count: int = 1
