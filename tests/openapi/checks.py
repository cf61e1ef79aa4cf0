"""What schemathesis holds every answer to, beside its own checks."""

from __future__ import annotations

import math
from typing import Any

import schemathesis
from schemathesis import CheckContext, Response

Case = schemathesis.Case[Any]
MAX_INTEGER = 2**53 - 1
MAX_DEPTH = 64

#: Refusals of well-formed requests, by the problem's code. The schema cannot say them: they are about what is stored,
#: what a schema or a cursor means, which fields go together, and what this server does not do yet.
MEANING = {
    "bad_last_event_id",
    "filter_required",
    "idempotency_key_reused",
    "invalid_cursor",
    "invalid_payload",
    "invalid_schema",
    "limit_unsupported",
    "not_supported",
}
#: The same, for an `invalid_request` or `invalid_batch`, by the code of each of its errors.
MEANING_OF_A_FIELD = {
    "duplicate",
    "exclusive",
    "invalid_pointer",
    "invalid_schedule",
    "invalid_url",
    "invalid_value",
    "job_type_not_found",
    "limit_unsupported",
    "name_mismatch",
    "not_restrictable",
    "not_supported",
    "out_of_range",
    "priority",
    "too_many_points",
}


@schemathesis.check
def what_fits_the_schema_is_accepted(ctx: CheckContext, response: Response, case: Case) -> None:
    if case.meta is None or not case.meta.generation.mode.is_positive or response.status_code not in (400, 413, 422):
        return
    problem = response.json()
    if problem["code"] == "malformed_json":
        assert not _is_strict(case.body), f"good JSON was refused: {problem['detail']}"
    elif problem["code"] in ("invalid_request", "invalid_batch"):
        wrong = [error for error in problem["errors"] if error["code"] not in MEANING_OF_A_FIELD]
        assert not wrong, f"the schema allows what was refused: {wrong}"
    else:
        assert problem["code"] in MEANING, f"the schema allows what was refused: {problem}"


@schemathesis.check
def a_problem_is_one_in_every_respect(ctx: CheckContext, response: Response, case: Case) -> None:
    if response.status_code < 400:
        return
    assert response.headers["content-type"] == ["application/problem+json"]
    problem = response.json()
    assert problem["status"] == response.status_code
    assert "Traceback" not in problem["detail"]


def _is_strict(value: Any, depth: int = 0) -> bool:
    """Whether every reader of JSON would understand it alike."""
    if isinstance(value, dict):
        inside = [*value, *value.values()]
        return depth < MAX_DEPTH and all(_is_strict(member, depth + 1) for member in inside)
    if isinstance(value, list):
        return depth < MAX_DEPTH and all(_is_strict(member, depth + 1) for member in value)
    if isinstance(value, str):
        return "\0" not in value and not any(0xD800 <= ord(letter) <= 0xDFFF for letter in value)
    if isinstance(value, float):
        return math.isfinite(value)
    return not isinstance(value, int) or abs(value) <= MAX_INTEGER
