"""The shapes of groups of errors, as the OpenAPI document shows them."""

from __future__ import annotations

from pydantic import AwareDatetime, BaseModel


class ErrorGroup(BaseModel):
    group: str
    code: str
    type: str | None
    message: str
    job_types: list[str]
    count: int
    first_at: AwareDatetime
    last_at: AwareDatetime
    sample_run_id: str


class ErrorGroupPage(BaseModel):
    data: list[ErrorGroup]
    next_cursor: str | None
