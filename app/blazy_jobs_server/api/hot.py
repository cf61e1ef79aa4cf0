"""The five routes that carry the load, written thin: dispatch, batch, a run's read, claim and report.

They take the ASGI scope and receive channel and give back status, headers and bytes. The front (front.py) calls them
without a way through the framework's routing; runs.py and workers.py describe them in the OpenAPI document.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from typing import Any

import msgspec
import orjson
from starlette.types import Receive, Scope

from blazy_jobs_server.api import render, report_models, run_models, shown, visibility
from blazy_jobs_server.api.context import Answer, Context
from blazy_jobs_server.api.definitions import wish
from blazy_jobs_server.api.queries import refuse_query
from blazy_jobs_server.api.reports import (
    MAX_COMPLETED,
    MAX_SAID,
    Wrong,
    read_completed,
    read_report,
    read_said,
)
from blazy_jobs_server.api.requests import (
    CALLER,
    caller_scope,
    fit,
    headers_of,
    idempotency_key,
    read_body,
    run_key,
    worker_key,
)
from blazy_jobs_server.api.strict_json import MAX_DEPTH, parse
from blazy_jobs_server.domain import ids, trace_context
from blazy_jobs_server.domain.errors import FieldError, InvalidRequest, JobsError, JobTypeNotFound, NotFound
from blazy_jobs_server.domain.keys import Caller
from blazy_jobs_server.engine.checking import MAX_LISTED_ERRORS
from blazy_jobs_server.engine.dispatch import Wish
from blazy_jobs_server.engine.jobs import Jobs
from blazy_jobs_server.ports import Dispatched, Judged, Leased, Report, Reported

_WAIT = re.compile(rb"(?:^|[,;\s])wait\s*=\s*\"?(\d{1,9})", re.IGNORECASE)
_PAYLOAD_ALONE = {"payload"}
MAX_BATCH = 10_000
REPLAYED = (b"idempotency-replayed", b"true")


REPORT_LEVELS, COLUMN_LEVELS, SAID_LEVELS = 3, 4, 6
"""A result stands so deep in a report, by itself and in a column, and the data of a progress in a column; each may
itself be as deep as any payload."""
_COLUMNS = re.compile(rb'"completed"\s*:\s*\[')
_SAID = re.compile(rb'"said"\s*:\s*\[')


def _report_depth(body: bytes) -> int:
    if _SAID.search(body):
        return MAX_DEPTH + SAID_LEVELS
    return MAX_DEPTH + (COLUMN_LEVELS if _COLUMNS.search(body) else REPORT_LEVELS)


def _payload_depth(body: bytes) -> int:
    return MAX_DEPTH


async def _json(
    context: Context,
    scope: Scope,
    receive: Receive,
    limit_bytes: int,
    max_depth: Callable[[bytes], int] = _payload_depth,
) -> Any:
    """The parsed body; an empty object for none."""
    body = await read_body(scope, receive, limit_bytes, context.settings.body_timeout_seconds)
    value = parse(body, max_depth(body)) if body else {}
    refuse_query(scope)
    return value


# -- dispatch


async def dispatch(context: Context, scope: Scope, receive: Receive, name: str) -> Answer:
    jobs = context.jobs
    caller: Caller = scope[CALLER]
    if not caller.within.admits_job_type(name):
        raise JobTypeNotFound(name)
    entry = await jobs.dispatcher.known(name)
    value = await _json(context, scope, receive, context.settings.max_body_bytes)
    headers = headers_of(scope)
    if type(value) is dict and value.keys() == _PAYLOAD_ALONE:
        asked = Wish(payload=value["payload"], created_by=caller.created_by)
    else:
        asked = wish(fit(run_models.DispatchIn, value), jobs.clock.now(), caller.created_by)
    if trace := trace_context.read(headers):
        asked = _traced(asked, trace)
    key = idempotency_key(headers, caller_scope(scope), value)
    if not caller.within.is_everything:
        visibility.check_target(jobs, caller, name, asked.queue)
        asked = msgspec.structs.replace(asked, within=caller.within)
    dispatched = await context.make(caller, 1, lambda: jobs.dispatcher.dispatch(entry, asked, key))
    return await answer_dispatched(context, scope, dispatched)


async def answer_dispatched(context: Context, scope: Scope, dispatched: Dispatched) -> Answer:
    """For one run made, found again, or waited for."""
    headers = headers_of(scope)
    run = dispatched.runs[0]
    existed = not dispatched.made[0]
    seconds = wait_preference(headers, context.settings.max_wait_seconds)
    extra: list[tuple[bytes, bytes]] = [(b"location", f"/v1/runs/{ids.run_id(run.id)}".encode())]
    if dispatched.replayed:
        extra.append(REPLAYED)
    if seconds is not None:
        run = await context.jobs.finished_run(run.id, seconds, context.ended(scope))
        if run.state.final:
            existed = True
            extra.append((b"preference-applied", f"wait={seconds:g}".encode()))
    body = shown.run_json(context.jobs, scope[CALLER], run).encode()
    return Answer(200 if existed else 202, body, tuple(extra))


def wait_preference(headers: Any, most: float) -> float | None:
    """Seconds from `Prefer: wait=` (RFC 7240), cut at the server's bound."""
    prefer = headers.get(b"prefer")
    if prefer is None:
        return None
    found = _WAIT.search(prefer)
    return None if found is None else min(float(found.group(1)), most)


async def read(context: Context, scope: Scope, run_id: str) -> Answer:
    """The run as it is now."""
    run = await context.jobs.run(run_key(run_id))
    visibility.check_run(scope[CALLER], run)
    return Answer(200, shown.run_json(context.jobs, scope[CALLER], run).encode())


async def batch(context: Context, scope: Scope, receive: Receive) -> Answer:
    jobs = context.jobs
    value = await _json(context, scope, receive, context.settings.max_batch_bytes)
    headers = headers_of(scope)
    key = idempotency_key(headers, caller_scope(scope), value)
    caller: Caller = scope[CALLER]
    trace = trace_context.read(headers)
    alike = _read_alike(value) if caller.is_unrestricted and not trace else None
    dispatched = None if alike is None else await jobs.dispatcher.many(*alike, key, caller.created_by)
    if dispatched is None:
        wishes, errors = _read_batch(value, jobs.clock.now(), caller.created_by)
        if not caller.within.is_everything:
            _leave_out(jobs, caller, wishes, errors)
        if trace:
            wishes = [None if item is None else (item[0], _traced(item[1], trace)) for item in wishes]
        dispatched = await context.make(caller, len(wishes), lambda: jobs.dispatcher.batch(wishes, errors, key))
    extra = (REPLAYED,) if dispatched.replayed else ()
    return Answer(200 if dispatched.replayed else 202, batch_json(dispatched), extra)


def _traced(asked: Wish, trace: dict[str, str]) -> Wish:
    return msgspec.structs.replace(asked, metadata=trace_context.carried(asked.metadata, trace))


def _read_alike(value: Any) -> tuple[str, list[Any]] | None:
    """The job type and the payloads, where all items are of one and say no more."""
    items = value.get("runs") if type(value) is dict and value.keys() == {"runs"} else None
    if type(items) is not list or not 1 <= len(items) <= MAX_BATCH:
        return None
    if not all(type(item) is dict and item.keys() == _PLAIN for item in items):
        return None
    name = items[0]["job_type"]
    if type(name) is not str or not all(item["job_type"] == name for item in items):
        return None
    return name, [item["payload"] for item in items]


def _read_batch(value: Any, now: int, created_by: str | None) -> tuple[list[tuple[str, Wish] | None], list[FieldError]]:
    """The items, None in place of those that are none, and what is wrong with these. Raises InvalidRequest for a bad
    frame."""
    items = value.get("runs") if type(value) is dict else None
    if type(items) is not list or value.keys() != {"runs"} or not 1 <= len(items) <= MAX_BATCH:
        fit(run_models.BatchIn, value)  # says what is wrong with it
        raise InvalidRequest.at("/runs", f"must be a list of 1 to {MAX_BATCH} runs", "list_type")
    wishes: list[tuple[str, Wish] | None] = []
    errors: list[FieldError] = []
    for index, item in enumerate(items):
        if type(item) is dict and item.keys() == _PLAIN and type(item["job_type"]) is str:
            wishes.append((item["job_type"], Wish(payload=item["payload"], created_by=created_by)))
            continue
        try:
            given = fit(run_models.BatchItem, item)
            wishes.append((given.job_type, wish(given, now, created_by, f"/runs/{index}")))
        except InvalidRequest as error:
            wishes.append(None)
            errors.extend(e if e.path.startswith("/runs/") else _within(f"/runs/{index}", e) for e in error.errors)
            if len(errors) >= MAX_LISTED_ERRORS:
                break
    return wishes, errors


def _leave_out(jobs: Jobs, caller: Caller, wishes: list[tuple[str, Wish] | None], errors: list[FieldError]) -> None:
    """What is not there for the caller becomes an error."""
    for place, item in enumerate(wishes):
        if item is None:
            continue
        name, asked = item
        try:
            visibility.check_target(jobs, caller, name, asked.queue)
            wishes[place] = (name, msgspec.structs.replace(asked, within=caller.within))
        except NotFound:
            unknown = JobTypeNotFound(name)
            errors.append(FieldError(f"/runs/{place}/job_type", unknown.detail, unknown.code))
            wishes[place] = None


def _within(path: str, error: FieldError) -> FieldError:
    return FieldError(path + error.path, error.message, error.code)


_PLAIN = {"job_type", "payload"}
"""The usual item says only what and with which payload; it needs no model."""


def batch_json(dispatched: Dispatched) -> bytes:
    if dispatched.columns is not None:
        run_ids = '","state":"queued"},{"id":"'.join(ids.run_ids(dispatched.columns))
        return f'{{"data":[{{"id":"{run_ids}","state":"queued"}}]}}'.encode()
    found = {run.id: run.state for run in dispatched.runs}
    if dispatched.replayed:
        items = [(run_id, found.get(run_id, dispatched.erased.get(run_id))) for run_id in dispatched.first_ids]
        briefs = [render.brief_json(run_id, state) for run_id, state in items if state is not None]
    else:
        briefs = [render.brief_json(run.id, run.state) for run in dispatched.runs]
    return f'{{"data":[{",".join(briefs)}]}}'.encode()


# -- claim


async def claim(context: Context, scope: Scope, receive: Receive, worker_id: str) -> Answer:
    leasing = context.jobs.leasing
    worker = worker_key(worker_id)
    visibility.check_worker_of(scope[CALLER], (await leasing.membership.known(worker)).record)
    value = await _json(context, scope, receive, context.settings.max_body_bytes)
    body = fit(report_models.ClaimIn, value)
    seconds = min(body.wait_seconds, context.settings.max_wait_seconds)
    gone = asyncio.ensure_future(_disconnected(receive))
    try:
        leased = await leasing.claims.claim(worker, body.max, seconds, gone, context.ended(scope), columns=body.columns)
    finally:
        gone.cancel()
    return leases(leased)


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def leases(leased: Leased) -> Answer:
    if not leased.number:
        return Answer(204, b"")
    data = ",".join([render.lease_json(run) for run in leased.runs])
    if not leased.batches:
        return Answer(200, f'{{"data":[{data}]}}'.encode())
    columns = ",".join([render.batch_json(batch) for batch in leased.batches])
    return Answer(200, f'{{"data":[{data}],"columns":[{columns}]}}'.encode())


# -- report


async def report(context: Context, scope: Scope, receive: Receive, worker_id: str) -> Answer:
    worker = worker_key(worker_id)
    visibility.check_worker_of(scope[CALLER], (await context.jobs.leasing.membership.known(worker)).record)
    value = await _json(context, scope, receive, context.settings.max_report_bytes, _report_depth)
    items, holding = _read_frame(value)
    completed = read_completed(value.get("completed", []), context.settings.max_result_bytes)
    said = read_said(value.get("said", []))
    reports: list[Report] = []
    places: list[int | Reported] = []
    for item in items:
        try:
            given = read_report(item, context.settings.max_result_bytes, context.jobs.clock.now())
        except (JobsError, msgspec.ValidationError) as error:
            places.append(Reported("rejected", error=error.detail if isinstance(error, JobsError) else str(error)))
        else:
            places.append(len(reports))
            reports.append(given)
    known = [ids.parse_run_id(run_id) or 0 for run_id in holding]
    heard = [item for item, _ in said]
    judged, drain = await context.jobs.leasing.report(worker, reports, known, completed, heard)
    answers = [place if isinstance(place, Reported) else judged.reported[place] for place in places]
    return Answer(200, _report_json(items, answers, holding, judged, [wrong for _, wrong in said], drain))


def _read_frame(value: Any) -> tuple[list[Any], list[str]]:
    """The items, which are judged one by one, and the ids held. Raises InvalidRequest for a bad frame."""
    if type(value) is not dict:
        raise InvalidRequest.at("", "must be an object", "model_type")
    for name in value.keys() - {"reports", "holding", "completed", "said"}:
        raise InvalidRequest.at(f"/{name}", "Extra inputs are not permitted", "extra_forbidden")
    items, holding = value.get("reports", []), value.get("holding", [])
    if type(items) is not list or len(items) > 10_000:
        raise InvalidRequest.at("/reports", "must be a list of at most 10000 reports", "list_type")
    if type(holding) is not list or len(holding) > 10_000 or not all(type(run_id) is str for run_id in holding):
        raise InvalidRequest.at("/holding", "must be a list of at most 10000 run ids", "list_type")
    for name, most in (("completed", MAX_COMPLETED), ("said", MAX_SAID)):
        columns = value.get(name, [])
        if type(columns) is not list or len(columns) > most:
            raise InvalidRequest.at(f"/{name}", f"must be a list of at most {most} columns", "list_type")
    return items, holding


def _report_json(
    items: list[Any],
    answers: list[Reported],
    holding: list[str],
    judged: Judged,
    wrong: list[list[Wrong]],
    drain: bool,
) -> bytes:
    data = [_answer(item, answer) for item, answer in zip(items, answers, strict=True)]
    holds = [
        {"run_id": run_id, "held": state.held, "cancel_requested": state.cancel_requested}
        for run_id, state in zip(holding, judged.held, strict=True)
    ]
    body: dict[str, Any] = {"data": data, "holding": holds, "drain": drain}
    if judged.completed:
        body["completed"] = [_not_accepted(answers) for answers in judged.completed]
    if judged.said or wrong:
        refused = zip(judged.said or [{}] * len(wrong), wrong, strict=True)
        body["said"] = [_not_heard(answers) + [_wrong(word) for word in words] for answers, words in refused]
    return orjson.dumps(body)


def _not_heard(answers: dict[int, Reported]) -> list[dict[str, Any]]:
    return [{**answer, "place": None} for answer in _not_accepted(answers)]


def _wrong(word: Wrong) -> dict[str, Any]:
    about = {"status": "rejected", "error": word.error, "cancel_requested": False}
    return {"run_id": word.run_id, **about, "place": word.place}


def _answer(item: Any, answer: Reported) -> Any:
    if answer.status == "accepted" and not answer.cancel_requested:
        # The usual one. What was accepted has the id of a run and a whole number.
        return orjson.Fragment(
            f'{{"run_id":"{item["run_id"]}","attempt":{item["attempt"]},'
            '"status":"accepted","error":null,"cancel_requested":false}'
        )
    run_id = item.get("run_id") if type(item) is dict else None
    attempt = item.get("attempt") if type(item) is dict else None
    return {
        "run_id": run_id if type(run_id) is str else None,
        "attempt": attempt if type(attempt) is int else None,
        "status": answer.status,
        "error": answer.error,
        "cancel_requested": answer.cancel_requested,
    }


def _not_accepted(answers: dict[int, Reported]) -> list[dict[str, Any]]:
    return [
        {
            "run_id": ids.run_id(run_id),
            "status": answer.status,
            "error": answer.error,
            "cancel_requested": answer.cancel_requested,
        }
        for run_id, answer in answers.items()
    ]
