"""The servers on the database."""

from __future__ import annotations

from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from blazy_jobs_server.api import server_models
from blazy_jobs_server.api.context import Answer, caller_of, context_of
from blazy_jobs_server.api.describe import describe
from blazy_jobs_server.api.runs import respond
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.engine.servers import Heard

router = APIRouter(tags=["operations"])


@router.get(
    "/v1/servers",
    operation_id="list_servers",
    summary="List the servers on the database",
    responses=describe({200: server_models.ServerPage}, text={200: "this server first"}),
)
async def list_servers(request: Request) -> Response:
    """Those that were heard within the last ten seconds, this one first: one where the database is a SQLite file."""
    jobs = context_of(request).jobs
    await jobs.servers.look()
    sizes = await jobs.store.sizes()
    database = {
        "kind": "sqlite" if jobs.store.neighbours is None else "postgresql",
        "bytes": sizes["database_bytes"],
        "wal_bytes": sizes["wal_bytes"],
        "free_bytes": sizes["free_bytes"],
    }
    whole = caller_of(request).within.is_everything
    data = [_json(heard, database, whole=whole, own=not place) for place, heard in enumerate(jobs.servers.everyone())]
    return respond(Answer(200, orjson.dumps({"data": data, "next_cursor": None})))


def _json(heard: Heard, database: dict[str, Any], *, whole: bool, own: bool) -> dict[str, Any]:
    about = heard.about
    return {
        "id": ids.server_id(heard.id),
        "self": own,
        "host": about.host,
        "pid": about.pid,
        "version": about.version,
        "started_at": rfc3339(about.started_at),
        "last_seen_at": rfc3339(heard.seen_at),
        "draining": about.draining,
        "workers": about.workers,
        "streams": about.streams,
        "loop_lag_p99_seconds": about.loop_lag_p99_seconds,
        "commits": {
            "count": about.commits,
            "requests": about.requests,
            "mean_requests": about.requests / about.commits if about.commits else None,
        },
        "database": database,
        "settings": about.settings if whole else None,
    }
