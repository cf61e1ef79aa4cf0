"""The shape of errors, as the OpenAPI document shows it."""

from __future__ import annotations

from pydantic import BaseModel


class ProblemError(BaseModel):
    path: str
    message: str
    code: str


class Problem(BaseModel):
    """An error (RFC 9457). `code` is stable; `detail` is for people."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    errors: list[ProblemError] | None = None
