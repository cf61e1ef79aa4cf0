"""The fields and enumerations that several resources share."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema
from pydantic_core import PydanticCustomError
from typing_extensions import TypeAliasType

from blazy_jobs_server.domain.redaction import MAX_POINTER_LENGTH, MAX_POINTERS, is_pointer

T = TypeVar("T")


def _not_null(value: object) -> object:
    if value is None:
        raise PydanticCustomError("null_value", "may be omitted, but must not be null")
    return value


Omittable = Annotated[T | SkipJsonSchema[None], BeforeValidator(_not_null)]
"""May be left out, but not be null."""


def _whole(value: object) -> object:
    return int(value) if type(value) is float and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""JSON Schema calls 3.0 an integer, and so do we."""

NAME_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$"
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN)]
Tag = Annotated[str, StringConstraints(min_length=1, max_length=128)]
Tags = Annotated[list[Tag], Field(max_length=20)]
Priority = Annotated[int, Field(ge=-100, le=100, strict=True), WHOLE]
YEAR_SECONDS = 366 * 86_400
Seconds = Annotated[float, Field(ge=0, le=YEAR_SECONDS, allow_inf_nan=False)]
Timeout = Annotated[float, Field(gt=0, le=30 * 86_400, allow_inf_nan=False)]
Expiry = Annotated[float, Field(gt=0, le=YEAR_SECONDS, allow_inf_nan=False)]

# Names of their own in the document, so that generated code has one type for each.
RunState = TypeAliasType(
    "RunState", Literal["scheduled", "queued", "running", "retrying", "completed", "failed", "cancelled"]
)
Backoff = TypeAliasType("Backoff", Literal["exponential", "linear", "fixed"])
OnLost = TypeAliasType("OnLost", Literal["retry", "fail"])
WaitReason = TypeAliasType(
    "WaitReason",
    Annotated[
        Literal[
            "paused",
            "no_worker",
            "concurrency_limit",
            "rate_limit",
            "queue_unavailable",
            "waiting_children",
            "destination_unavailable",
        ],
        Field(
            description="Why a due run does not start. More values may be added: treat an unknown one as another reason"
            " to wait. `queue_unavailable`: the Redis of its queue is unavailable, or refuses a required command."
            " `waiting_children`: its BullMQ job is the parent of a flow and waits for its children."
            " `destination_unavailable`: the origin of its HTTP handler refuses connections, and is tried now and then."
        ),
    ],
)
QueueEngine = TypeAliasType("QueueEngine", Literal["database", "bullmq"])
JsonSchema = TypeAliasType(
    "JsonSchema",
    Annotated[
        dict[str, Any] | bool,
        Field(
            description="JSON Schema 2020-12, at most 64 KiB. References must point within it; patterns must not need"
            " more than linear time."
        ),
    ],
)


def _pointer(value: str) -> str:
    if not is_pointer(value):
        raise PydanticCustomError(
            "invalid_pointer",
            "must be a JSON Pointer (RFC 6901): empty, or '/' before each name; '~' as ~0, '/' as ~1",
        )
    return value


Pointer = Annotated[str, StringConstraints(max_length=MAX_POINTER_LENGTH), AfterValidator(_pointer)]
Pointers = Annotated[list[Pointer], Field(max_length=MAX_POINTERS)]
Metadata = TypeAliasType(
    "Metadata",
    Annotated[
        dict[Annotated[str, StringConstraints(max_length=128)], Annotated[str, StringConstraints(max_length=4096)]],
        Field(max_length=50, description="The caller's own data about a run."),
    ],
)

MAX_ATTEMPT = 1_000_000
MAX_SEARCH = 256
"""Characters of a text to search for."""

RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)


def _instant(value: object) -> object:
    if not isinstance(value, str) or not RFC3339.fullmatch(value):
        raise ValueError("must be an RFC 3339 instant, such as 2026-01-31T12:00:00Z")
    return value


Instant = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_instant)]


class In(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class EmptyIn(In):
    """An object without fields."""


class Actor(BaseModel):
    id: str
    name: str
