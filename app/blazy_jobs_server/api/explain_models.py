"""The shape of an explanation, as the OpenAPI document shows it."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel


class Blocking(BaseModel):
    reason: str
    scope: str
    name: str | None
    detail: str
    link: str | None


class Explanation(BaseModel):
    run_id: str
    summary: str
    facts: list[str]
    since: AwareDatetime | None
    blocking: list[Blocking]
    next: str | None
    suggestions: list[str]
