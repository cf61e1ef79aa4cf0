"""The shapes of the audit log, as the OpenAPI document shows them."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel

from blazy_jobs_server.api.fields import Actor


class AuditEntry(BaseModel):
    id: str
    time: AwareDatetime
    actor: Actor | None
    action: str
    target: str | None
    changed: list[str]
    address: str | None
    outcome: str
    count: int


class AuditPage(BaseModel):
    data: list[AuditEntry]
    next_cursor: str | None
