"""Why a run is where it is."""

from __future__ import annotations

from functools import partial

import orjson
from fastapi import APIRouter, Request, Response

from blazy_jobs_server.api import explain_models, visibility
from blazy_jobs_server.api.context import Answer, caller_of, context_of
from blazy_jobs_server.api.describe import describe
from blazy_jobs_server.api.requests import run_key
from blazy_jobs_server.api.runs import respond
from blazy_jobs_server.domain import explaining, ids
from blazy_jobs_server.domain.errors import InvalidRequest, RunNotFound
from blazy_jobs_server.domain.explaining import Blocking, Explanation
from blazy_jobs_server.domain.instants import rfc3339
from blazy_jobs_server.domain.keys import Scope
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.engine.situation import situation

router = APIRouter(prefix="/v1/runs", tags=["runs"])


@router.get(
    "/{run_id}/explain",
    operation_id="explain_run",
    summary="Explain why a run is where it is",
    responses=describe({200: explain_models.Explanation}, InvalidRequest, RunNotFound),
)
async def explain_run(request: Request, run_id: str) -> Response:
    jobs = context_of(request).jobs
    caller = caller_of(request)
    await jobs.refresh()
    run = await jobs.run(run_key(run_id))
    tells_of = partial(visibility.sees_worker, caller.within)
    seen = await situation(jobs, run, tells_of=tells_of, tells_who=caller.may(Scope.ADMIN))
    return respond(Answer(200, orjson.dumps(_json(run, explaining.explain(run, seen)))))


def _json(run: Run, found: Explanation) -> dict[str, object]:
    return {
        "run_id": ids.run_id(run.id),
        "summary": found.summary,
        "facts": list(found.facts),
        "since": None if found.since is None else rfc3339(found.since),
        "blocking": [_blocking(one) for one in found.blocking],
        "next": found.next,
        "suggestions": list(found.suggestions),
    }


def _blocking(one: Blocking) -> dict[str, str | None]:
    return {"reason": one.reason, "scope": one.scope, "name": one.name, "detail": one.detail, "link": one.link}
