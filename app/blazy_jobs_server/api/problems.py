"""Every error as a problem document (RFC 9457), with a stable `code`."""

from __future__ import annotations

import re
from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.errors import (
    BulkNotFound,
    FieldError,
    InvalidCursor,
    InvalidRequest,
    JobsError,
    MethodNotAllowed,
    PathNotFound,
)
from blazy_jobs_server.engine.schema_tree import pointer

log = structlog.get_logger("api")

MEDIA_TYPE = "application/problem+json"


def document(error: JobsError) -> bytes:
    problem: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
    }
    if error.errors:
        problem["errors"] = [{"path": e.path, "message": e.message, "code": e.code} for e in error.errors]
    return orjson.dumps(problem)


def response(error: JobsError) -> Response:
    return Response(document(error), error.status, error.headers, MEDIA_TYPE)


def of_pydantic(details: Any, value: Any, base: str = "") -> list[FieldError]:
    """Pydantic's findings about `value` as ours, one a place; they never quote the input.

    Of a field that may have several shapes Pydantic tells what each of them misses, under the shape's name: such names
    are no part of the place, and the shape that was looked into most deeply tells.
    """
    found: dict[str, tuple[bool, FieldError]] = {}
    for item in details:
        loc, message, code = _tag(item) or (item["loc"], item["msg"], item["type"])
        if code == "model_type":
            message = "Input should be an object"  # Pydantic names the class
        parts, of_shape = _place(loc, value, missing=code == "missing")
        path = base + pointer(*parts)
        if path not in found:
            found[path] = (of_shape, FieldError(path, message, code))
    return [
        error
        for path, (of_shape, error) in found.items()
        if not (of_shape and any(other.startswith(path + "/") for other in found))
    ]


def _tag(item: Any) -> tuple[tuple[Any, ...], str, str] | None:
    """What is wrong with the field that tells which shape a value has; Pydantic names the value, and quotes it."""
    if item["type"] not in ("union_tag_invalid", "union_tag_not_found"):
        return None
    loc = (*item["loc"], item["ctx"]["discriminator"].strip("'"))
    if item["type"] == "union_tag_not_found":
        return loc, "Field required", "missing"
    return loc, f"must be one of {item['ctx']['expected_tags']}", "literal_error"


def _place(loc: tuple[Any, ...], value: Any, *, missing: bool) -> tuple[list[Any], bool]:
    parts: list[Any] = []
    of_shape = False
    here = value
    for index, part in enumerate(loc):
        in_list = isinstance(here, list) and isinstance(part, int) and part < len(here)
        if in_list or (isinstance(here, dict) and part in here):
            here = here[part]
        elif not (missing and index == len(loc) - 1):
            of_shape = True
            continue
        parts.append(part)
    return parts, of_shape


def of_query(error: RequestValidationError) -> JobsError:
    errors = [FieldError(pointer(*item["loc"][1:]), item["msg"], item["type"]) for item in error.errors()]
    if [e.path for e in errors] == ["/cursor"]:
        return InvalidCursor()
    return InvalidRequest(errors)


def unexpected(error: BaseException, path: str) -> JobsError:
    """A bug of ours: logged whole, answered without a word of it."""
    log.error("unexpected error", path=path, exc_info=error)
    return JobsError("Unexpected error in the server; see its log.")


def _methods(request: Request) -> list[str]:
    """Of all routes of the path; the framework names those of the first one only."""
    path = request.url.path
    paths = request.app.openapi()["paths"]
    found = {method.upper() for method in paths.get(path, {})}
    for template, operations in paths.items() if not found else ():
        if re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(template)), path):
            found |= {method.upper() for method in operations}
    if not found:  # the document itself and its page, which it does not describe
        found = {"GET"}
    return sorted(found | {"HEAD"} if "GET" in found else found)


async def find(request: Request) -> None:
    """What is not there comes before what was asked of it. Raises the NotFound of what the path names."""
    jobs = request.app.state.context.jobs
    named: dict[str, str] = request.path_params
    if "run_id" in named:
        await jobs.run(ids.parse_run_id(named["run_id"]) or 0)
    elif "bulk_id" in named:
        if await jobs.store.bulk(ids.parse_bulk_id(named["bulk_id"]) or 0) is None:
            raise BulkNotFound(named["bulk_id"])
    elif "worker_id" in named:
        await jobs.leasing.membership.known(ids.parse_worker_id(named["worker_id"]) or 0)
    elif "name" in named:
        match request.url.path.split("/")[2]:
            case "schedules":
                await jobs.schedules.get(named["name"])
            case "job-types":
                await jobs.catalogue.fresh()
                jobs.catalogue.entry(named["name"])
            case "webhooks":
                await request.app.state.context.webhooks.get(named["name"])
            case "queues":
                await jobs.refresh()
                jobs.catalogue.queue(named["name"])


def install(app: FastAPI) -> None:
    async def on_jobs_error(request: Request, error: Exception) -> Response:
        assert isinstance(error, JobsError)
        if request.url.path != "/readyz":  # a probe asks, and wants nothing done
            request.app.state.context.refused(error, request.method)
        return response(error)

    async def on_http_exception(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return response(PathNotFound())
        if error.status_code == 405:
            return response(MethodNotAllowed(", ".join(_methods(request))))
        return response(unexpected(error, request.url.path))

    async def on_validation(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        try:
            await find(request)
        except JobsError as not_there:
            return response(not_there)
        return response(of_query(error))

    async def on_bug(request: Request, error: Exception) -> Response:
        return response(unexpected(error, request.url.path))

    app.add_exception_handler(JobsError, on_jobs_error)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(Exception, on_bug)
