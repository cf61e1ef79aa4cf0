"""How routes describe themselves in the OpenAPI document, where the framework cannot see it from their signature."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from app.api.models import Problem

Responses = dict[int | str, dict[str, Any]]

_TEXTS = {
    400: "malformed",
    401: "no valid key",
    403: "refused",
    404: "not found",
    409: "conflict with the present state",
    410: "passed its retention",
    413: "body too large",
    415: "not JSON",
    422: "invalid",
    429: "queue full",
    500: "a bug of the server",
    503: "the store is not available now",
}

DISPATCH_HEADERS: list[dict[str, Any]] = [
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "The same key with the same body gives the first answer's run, at least for 24 hours.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    },
    {
        "name": "Prefer",
        "in": "header",
        "required": False,
        "description": "`wait=10`: answer with the finished run if it ends within so many seconds (RFC 7240).",
        "schema": {"type": "string"},
    },
]

REQUEST_MODELS: dict[str, type[BaseModel]] = {}
"""Models of bodies that routes read themselves; openapi.py adds them to the document."""


def accepts(
    model: type[BaseModel],
    *,
    required: bool = True,
    headers: list[dict[str, Any]] | None = None,
    example: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """The body that a route reads itself, and its headers."""
    REQUEST_MODELS[model.__name__] = model
    content: dict[str, Any] = {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
    if example is not None:
        content["example"] = example
    extra: dict[str, Any] = {"requestBody": {"required": required, "content": {"application/json": content}}}
    if headers:
        extra["parameters"] = headers
    return extra


def answers(*problems: int) -> Responses:
    """The problem documents that a route may answer, with those of every route."""
    statuses = sorted({400, 401, 403, 422, 500, 503, *problems})
    schema = {"$ref": f"#/components/schemas/{Problem.__name__}"}
    REQUEST_MODELS[Problem.__name__] = Problem
    return {
        status: {"description": _TEXTS[status], "content": {"application/problem+json": {"schema": schema}}}
        for status in statuses
    }


def describe(models: dict[int, type[BaseModel]], *problems: int, text: dict[int, str] | None = None) -> Responses:
    """The answers of a route: a model for each good status, and its problems."""
    good: Responses = {
        status: {"model": model, "description": (text or {}).get(status, "done")} for status, model in models.items()
    }
    return {**good, **answers(*problems)}
