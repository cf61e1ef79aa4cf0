"""Every error as a problem document (RFC 9457), with a stable `code`."""

from __future__ import annotations

from typing import Any

import orjson
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.routing import Match

from app.domain.errors import (
    FieldError,
    InvalidCursor,
    InvalidRequest,
    JobsError,
    MethodNotAllowed,
    PathNotFound,
)
from app.engine.schemas import pointer

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


def of_pydantic(details: Any, base: str = "") -> list[FieldError]:
    """Pydantic's findings as ours; they never quote the input."""
    return [
        FieldError(base + pointer(*(part for part in item["loc"] if part != "__root__")), item["msg"], item["type"])
        for item in details
    ]


def of_query(error: RequestValidationError) -> JobsError:
    errors = [FieldError(pointer(*item["loc"][1:]), item["msg"], item["type"]) for item in error.errors()]
    if [e.path for e in errors] == ["/cursor"]:
        return InvalidCursor()
    return InvalidRequest(errors)


def unexpected(error: BaseException, path: str) -> JobsError:
    """A bug of ours: logged whole, answered without a word of it."""
    log.error("unexpected error", path=path, exc_info=error)
    return JobsError("Something went wrong in the server; its log says what.")


def _methods(request: Request) -> list[str]:
    """Of all routes of the path; the framework names those of the first one only."""
    found: set[str] = set()
    for route in request.app.routes:
        if route.matches(request.scope)[0] is not Match.NONE:
            found |= getattr(route, "methods", None) or set()
    return sorted(found)


def install(app: FastAPI) -> None:
    async def on_jobs_error(_: Request, error: Exception) -> Response:
        assert isinstance(error, JobsError)
        return response(error)

    async def on_http_exception(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            return response(PathNotFound())
        if error.status_code == 405:
            return response(MethodNotAllowed(", ".join(_methods(request))))
        return response(unexpected(error, request.url.path))

    async def on_validation(_: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return response(of_query(error))

    async def on_bug(request: Request, error: Exception) -> Response:
        return response(unexpected(error, request.url.path))

    app.add_exception_handler(JobsError, on_jobs_error)
    app.add_exception_handler(HTTPException, on_http_exception)
    app.add_exception_handler(RequestValidationError, on_validation)
    app.add_exception_handler(Exception, on_bug)
