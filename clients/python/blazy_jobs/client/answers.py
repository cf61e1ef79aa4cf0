"""What both clients read: an answer's JSON, or the error that it stands for."""

from __future__ import annotations

from typing import Any

import httpx
import orjson

from blazy_jobs.errors import ApiError


def problem_of(response: httpx.Response) -> ApiError:
    """The error that an answer of 400 and above stands for; its body must have been read."""
    try:
        problem = orjson.loads(response.content)
    except orjson.JSONDecodeError:
        problem = {}
    if not isinstance(problem, dict):
        problem = {}
    detail = problem.get("detail") or problem.get("title") or response.reason_phrase
    code = str(problem.get("code") or "http_error")
    return ApiError(response.status_code, code, str(detail), problem.get("errors") or (), retry_after(response))


def read_json(response: httpx.Response) -> Any:
    """The body of an answer. Raises ApiError."""
    if response.status_code >= 400:
        raise problem_of(response)
    return orjson.loads(response.content) if response.content else None


def retry_after(response: httpx.Response) -> float | None:
    try:
        return max(0.0, float(response.headers.get("Retry-After", "")))
    except ValueError:
        return None
