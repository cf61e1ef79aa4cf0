"""The audit log, read."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from blazy_jobs_server.api import audit_models, render
from blazy_jobs_server.api.context import Answer, context_of
from blazy_jobs_server.api.describe import describe
from blazy_jobs_server.api.requests import cursor_key
from blazy_jobs_server.api.runs import Cursor, Limit, respond
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.audit import AuditEntry
from blazy_jobs_server.domain.errors import InvalidCursor, InvalidRequest
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.ports.audit import AuditFilter

router = APIRouter(prefix="/v1/audit", tags=["audit"])

Exactly = Annotated[str | None, Query(min_length=1, max_length=256)]


def _json(entry: AuditEntry) -> str:
    actor = entry.act.actor
    shown = {
        "id": ids.audit_id(entry.id),
        "time": rfc3339(entry.at),
        "actor": None if actor is None else {"id": actor.id, "name": actor.name},
        "action": entry.action,
        "target": entry.target,
        "changed": list(entry.changed),
        "address": entry.act.address,
        "outcome": entry.outcome,
        "count": entry.count,
    }
    return orjson.dumps(shown).decode()


@router.get(
    "",
    operation_id="list_audit",
    summary="List who changed what, newest first",
    responses=describe(
        {200: audit_models.AuditPage}, InvalidRequest, InvalidCursor, text={200: "a page, newest first"}
    ),
)
async def list_audit(
    request: Request,
    actor: Exactly = None,
    action: Exactly = None,
    target: Exactly = None,
    outcome: Exactly = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Response:
    where = AuditFilter(actor=actor, action=action, target=target, outcome=outcome)
    entries = await context_of(request).jobs.store.audit(where, cursor_key(cursor), limit + 1)
    page = entries[:limit]
    following = ids.encode(page[-1].id) if len(entries) > limit else None
    return respond(Answer(200, render.page_json([_json(entry) for entry in page], following)))
