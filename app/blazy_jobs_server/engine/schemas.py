"""JSON Schema 2020-12: which schemas are taken, and checking values against them.

A schema comes from outside and runs at every dispatch, so it may neither fetch anything (only `#`-local `$ref`) nor
take more than linear time over a string (patterns by an automaton engine) nor loop without looking at the value.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import orjson

from blazy_jobs_server.domain.errors import FieldError, InvalidSchema

MAX_SCHEMA_BYTES = 64 * 1024
MAX_ERRORS = 20
DIALECT = "https://json-schema.org/draft/2020-12/schema"
REFERENCES = ("$ref", "$dynamicRef")


def pointer(*parts: object) -> str:
    """A JSON Pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in parts)


def compile_schema(schema: Any, path: str) -> jsonschema_rs.Draft202012Validator:
    """A validator of `schema`, which stands at `path` of the request. Raises InvalidSchema."""
    if not isinstance(schema, (dict, bool)):
        raise _invalid(path, "must be an object or a boolean")
    if len(orjson.dumps(schema)) > MAX_SCHEMA_BYTES:
        raise _invalid(path, f"may have at most {MAX_SCHEMA_BYTES} bytes")
    if isinstance(schema, dict) and schema.get("$schema", DIALECT).rstrip("#") != DIALECT:
        raise _invalid(path + "/$schema", f"must be {DIALECT}")
    for place, reference in _references(schema, path):
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise _invalid(place, "must point within this schema (begin with '#')")
    try:
        return jsonschema_rs.Draft202012Validator(
            schema, pattern_options=jsonschema_rs.RegexOptions(), retriever=_refuse, mask="the value"
        )
    except (jsonschema_rs.ValidationError, ValueError) as error:
        place = pointer(*getattr(error, "instance_path", []))
        message = getattr(error, "message", str(error)).partition("\n")[0]
        raise _invalid(path + place, message[:300]) from error


def _invalid(path: str, message: str) -> InvalidSchema:
    return InvalidSchema([FieldError(path, message, "invalid_schema")])


def _refuse(uri: str) -> Any:
    raise ValueError(f"{uri[:200]} is not within this schema")


def _references(node: Any, path: str) -> Iterator[tuple[str, Any]]:
    stack = [(node, path)]
    while stack:
        here, place = stack.pop()
        if isinstance(here, dict):
            for key, value in here.items():
                if key in REFERENCES and not isinstance(value, (dict, list)):
                    yield f"{place}/{key}", value
                stack.append((value, place + pointer(key)))
        elif isinstance(here, list):
            stack.extend((value, f"{place}/{index}") for index, value in enumerate(here))


def faults(validator: jsonschema_rs.Draft202012Validator, value: Any, path: str) -> list[FieldError]:
    """What is wrong with `value`, which stands at `path`; never quotes it."""
    found: list[FieldError] = []
    for error in validator.iter_errors(value):
        keyword = next((str(part) for part in reversed(error.schema_path) if isinstance(part, str)), "schema")
        found.append(FieldError(path + pointer(*error.instance_path), error.message[:300], keyword))
        if len(found) == MAX_ERRORS:
            break
    return found


class ResultSchemas:
    """Whether results fit the result schema of their definition. Called by the store, for each in its own thread."""

    MOST = 1000

    def __init__(self) -> None:
        self._validators: dict[int, jsonschema_rs.Draft202012Validator] = {}

    def fits(self, definition_id: int, schema: Any, result: str) -> bool:
        """`result` is JSON text; a definition never changes."""
        validator = self._validators.get(definition_id)
        if validator is None:
            if len(self._validators) >= self.MOST:
                self._validators.clear()
            validator = self._validators[definition_id] = compile_schema(schema, "/result_schema")
        return validator.is_valid(orjson.loads(result))
