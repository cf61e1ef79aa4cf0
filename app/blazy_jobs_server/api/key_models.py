"""The shapes of API keys, as the OpenAPI document shows them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from blazy_jobs_server.api.fields import WHOLE, YEAR_SECONDS, In, Instant, Omittable

KeyScope = TypeAliasType(
    "KeyScope", Literal["runs:read", "runs:write", "runs:reveal", "workers", "config", "metrics", "admin"]
)
Pattern = Annotated[str, StringConstraints(pattern=r"^(\*|[A-Za-z0-9][A-Za-z0-9._-]{0,126}\*?|[A-Za-z0-9._-]{128})$")]
Patterns = Annotated[list[Pattern], Field(min_length=1, max_length=100)]
UNRESTRICTED = {"metrics", "admin"}


class KeyRate(In):
    limit: Annotated[int, Field(ge=1, le=1_000_000, strict=True), WHOLE]
    per_seconds: Annotated[float, Field(gt=0, le=YEAR_SECONDS, allow_inf_nan=False)]


class KeyIn(In):
    name: Annotated[str, StringConstraints(min_length=1, max_length=128)]
    scopes: Annotated[list[KeyScope], Field(min_length=1, max_length=10)]
    job_types: Patterns | None = None
    queues: Patterns | None = None
    expires_at: Instant | None = None
    rate_limit: KeyRate | None = None

    @model_validator(mode="after")
    def _restrictable(self) -> KeyIn:
        beyond = sorted(UNRESTRICTED & set(self.scopes))
        if beyond and (self.job_types is not None or self.queues is not None):
            raise PydanticCustomError(
                "not_restrictable", "a key with the scope {scope} cannot be restricted", {"scope": beyond[0]}
            )
        return self


class RotateIn(In):
    overlap_seconds: Omittable[Annotated[float, Field(ge=0, le=30 * 86_400, allow_inf_nan=False)]] = None


class KeyRateOut(BaseModel):
    limit: int
    per_seconds: float


class Key(BaseModel):
    id: str
    name: str
    scopes: list[KeyScope]
    job_types: list[str] | None
    queues: list[str] | None
    rate_limit: KeyRateOut | None
    created_at: AwareDatetime
    created_by: str
    expires_at: AwareDatetime | None
    last_used_at: AwareDatetime | None
    revoked_at: AwareDatetime | None
    previous_until: AwareDatetime | None


class NewKey(Key):
    key: str


class KeyPage(BaseModel):
    data: list[Key]
    next_cursor: str | None


class Self(BaseModel):
    id: str
    name: str
    scopes: list[KeyScope]
    job_types: list[str] | None
    queues: list[str] | None
