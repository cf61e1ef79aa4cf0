"""The shapes of bulk operations, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from blazy_jobs_server.api.fields import MAX_ATTEMPT, MAX_SEARCH, WHOLE, Actor, In, Instant, Priority, RunState
from blazy_jobs_server.api.run_models import ListedRun

BulkAction = TypeAliasType("BulkAction", Literal["cancel", "replay", "erase", "reprioritise", "run_now", "resolve"])
BulkState = TypeAliasType("BulkState", Literal["running", "completed", "cancelled", "failed"])
MAX_NAMED = 10_000
RunId = Annotated[str, StringConstraints(max_length=64)]
Text = Annotated[str, StringConstraints(max_length=128)]


class BulkFilter(In):
    """Which runs: the filters of `GET /v1/runs`, combined with AND."""

    id: RunId | Annotated[list[RunId], Field(max_length=200)] | None = None
    state: RunState | Annotated[list[RunState], Field(max_length=20)] | None = None
    job_type: Text | None = None
    queue: Text | None = None
    tag: Text | None = None
    schedule: Text | None = None
    error_code: Text | None = None
    error_group: Annotated[str, StringConstraints(max_length=64)] | None = None
    resolved: bool | None = None
    worker_id: Annotated[str, StringConstraints(max_length=64)] | None = None
    attempt_min: Annotated[int, Field(ge=0, le=MAX_ATTEMPT, strict=True), WHOLE] | None = None
    created_after: Instant | None = None
    created_before: Instant | None = None
    finished_after: Instant | None = None
    finished_before: Instant | None = None
    q: Annotated[str, StringConstraints(min_length=1, max_length=MAX_SEARCH)] | None = None


class BulkIn(In):
    action: BulkAction
    filter: BulkFilter | None = None
    ids: Annotated[list[RunId], Field(min_length=1, max_length=MAX_NAMED)] | None = None
    all: bool = False
    priority: Priority | None = None
    dry_run: bool = False
    expect_at_most: Annotated[int, Field(ge=0, strict=True), WHOLE] | None = None

    @model_validator(mode="after")
    def _fits(self) -> BulkIn:
        if self.filter is not None and self.ids is not None:
            raise PydanticCustomError("exclusive", "filter and ids are mutually exclusive")
        if (self.action == "reprioritise") is not (self.priority is not None):
            raise PydanticCustomError("priority", "priority is for the action reprioritise, which needs it")
        return self


class BulkPreview(BaseModel):
    matched: int
    at_least: bool
    by_state: dict[str, int]
    sample: list[ListedRun]


class Bulk(BaseModel):
    id: str
    action: BulkAction
    state: BulkState
    filter: dict[str, Any] | None
    ids: int | None
    priority: int | None
    matched: int
    at_least: bool
    done: int
    skipped: int
    failed: int
    created_at: AwareDatetime
    created_by: Actor | None
    finished_at: AwareDatetime | None


class BulkPage(BaseModel):
    data: list[Bulk]
    next_cursor: str | None
