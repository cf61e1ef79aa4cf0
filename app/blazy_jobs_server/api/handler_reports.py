"""What an HTTP handler says of its run, by the token that came with it: no API key is asked for, and none is taken."""

from __future__ import annotations

from typing import Any

import msgspec
import orjson
from fastapi import APIRouter, Request, Response

from blazy_jobs_server.api import examples, report_models
from blazy_jobs_server.api.context import Answer, context_of
from blazy_jobs_server.api.describe import BODY, accepts, describe
from blazy_jobs_server.api.queries import refuse_query
from blazy_jobs_server.api.reports import read_report
from blazy_jobs_server.api.requests import headers_of, read_body
from blazy_jobs_server.api.runs import respond
from blazy_jobs_server.api.strict_json import MAX_DEPTH, parse
from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import InvalidRequest, JobsError, TooBusy, Unauthorized
from blazy_jobs_server.handlers.reporting import Bearer
from blazy_jobs_server.ports import Report, Reported

router = APIRouter(prefix="/v1/runs", tags=["runs"])

MAX_REPORTS = 1000
REPORT_LEVELS = 3
"""Around a result."""


@router.post(
    "/{run_id}/report",
    operation_id="report_run",
    summary="Report on a run from its HTTP handler",
    responses=describe(
        {200: report_models.RunReportOut},
        *BODY,
        Unauthorized,
        TooBusy,
        text={200: "the outcome of each report, in order"},
    ),
    openapi_extra={
        **accepts(report_models.RunReportIn, examples.RUN_REPORT, required=False),
        "security": [{"report": []}],
    },
)
async def report_run(request: Request, run_id: str) -> Response:
    context = context_of(request)
    bearer = await context.handlers.reports.bearer(ids.parse_run_id(run_id), _token(request))
    settings = context.settings
    body = await read_body(request.scope, request.receive, settings.max_report_bytes, settings.body_timeout_seconds)
    items = _items({} if not body else parse(body, MAX_DEPTH + REPORT_LEVELS))
    refuse_query(request.scope)
    reports: list[Report] = []
    places: list[int | Reported] = []
    for item in items:
        try:
            given = _report(bearer, item, settings.max_result_bytes, context.jobs.clock.now())
        except (JobsError, msgspec.ValidationError) as error:
            reason = error.detail if isinstance(error, JobsError) else str(error)
            places.append(Reported("rejected", error=reason))
        else:
            places.append(len(reports))
            reports.append(given)
    judged = await context.handlers.reports.report(bearer, reports)
    answers = [place if isinstance(place, Reported) else judged[place] for place in places]
    if not reports and judged[0].status != "accepted":
        answers.append(judged[0])  # a sign of life that comes too late
    return respond(Answer(200, _json(bearer, answers, any(answer.cancel_requested for answer in judged))))


def _token(request: Request) -> str:
    """Raises Unauthorized."""
    scheme, _, token = headers_of(request.scope).get(b"authorization", b"").partition(b" ")
    if scheme.lower() != b"bearer":
        raise Unauthorized
    return token.strip().decode("latin-1")


def _items(value: Any) -> list[Any]:
    """Raises InvalidRequest for a bad frame; items are judged one by one."""
    if type(value) is not dict:
        raise InvalidRequest.at("", "must be an object", "model_type")
    for name in value.keys() - {"reports"}:
        raise InvalidRequest.at(f"/{name}", "Extra inputs are not permitted", "extra_forbidden")
    items = value.get("reports", [])
    if type(items) is not list or len(items) > MAX_REPORTS:
        raise InvalidRequest.at("/reports", f"must be a list of at most {MAX_REPORTS} reports", "list_type")
    return items


def _report(bearer: Bearer, item: Any, max_result_bytes: int, now: int) -> Report:
    """What the token implies may be left out. Raises msgspec.ValidationError or InvalidRequest."""
    if type(item) is not dict:
        raise InvalidRequest.at("", "must be an object", "model_type")
    implied = {"run_id": ids.run_id(bearer.run.id), "attempt": bearer.turn.attempt}
    for name, right in implied.items():
        if item.get(name, right) != right:
            raise InvalidRequest.at(f"/{name}", "is not that of the token", "not_of_the_token")
    return read_report({**item, **implied, "lease_token": ""}, max_result_bytes, now)


def _json(bearer: Bearer, answers: list[Reported], cancel_requested: bool) -> bytes:
    facts = {"run_id": ids.run_id(bearer.run.id), "attempt": bearer.turn.attempt}
    data = [
        {**facts, "status": answer.status, "error": answer.error, "cancel_requested": answer.cancel_requested}
        for answer in answers
    ]
    return orjson.dumps({"data": data, "cancel_requested": cancel_requested})
