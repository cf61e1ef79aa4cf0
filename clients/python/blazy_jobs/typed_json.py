"""Pydantic models, dataclasses and the other values that Pydantic has JSON for, as plain data.

Names go by one rule. A payload has those that its job's schema has, which are the aliases that validation reads; a
result has the aliases that serialization writes, as in FastAPI. A `SecretStr` is its value in both, as stars are of no
use to who reads them; where a value is only shown (`ctx.log`, `ctx.progress`), it stays hidden.
"""

from __future__ import annotations

import dataclasses
import functools
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from pydantic import TypeAdapter
    from pydantic_core import SchemaSerializer

Use = Literal["payload", "result", "shown"]
"""What a value is written for."""

_TYPES = frozenset(("model", "dataclass", "typed-dict"))
_FIELDS = frozenset(("model-field", "dataclass-field", "typed-dict-field"))
_EXTRA = frozenset(("extra_behavior", "extra_fields_behavior"))
_FOREIGN = frozenset(("metadata", "default", "expected", "members"))
"""Parts of a core schema that are the user's own objects."""


def stand_in(value: Any, use: Use) -> Any:
    """What is written in place of a value that JSON lacks; its parts may need the same. TypeError where there is none,
    and whatever the value's own code raises."""
    if is_typed(value):
        return plain(value, use)
    if isinstance(value, tuple | set | frozenset | deque):
        return list(value)
    if isinstance(value, Mapping):
        return dict(value)
    if isinstance(value, Iterator):
        raise TypeError(f"an iterator is no data: {type(value).__name__}")
    if use != "shown" and hasattr(type(value), "get_secret_value"):
        return _revealed(value)
    from pydantic_core import to_jsonable_python

    return to_jsonable_python(value)


def is_typed(value: Any) -> bool:
    """Whether it is a Pydantic model or a dataclass."""
    kind = type(value)
    return hasattr(kind, "__pydantic_core_schema__") or hasattr(kind, "__dataclass_fields__")


def fields_of(value: Any) -> dict[str, Any]:
    """A model's or dataclass's fields under the names that they have in code, as they are."""
    if hasattr(type(value), "__dataclass_fields__"):
        return {field.name: getattr(value, field.name, None) for field in dataclasses.fields(value)}
    return {**vars(value), **(getattr(value, "__pydantic_extra__", None) or {})}


def plain(value: Any, use: Use) -> Any:
    """A Pydantic model or a dataclass as plain data."""
    kind: Any = type(value)
    serializer = _serializer(kind, use)
    if serializer is None:  # a dataclass of types that Pydantic does not know: each field is judged by what it holds
        return fields_of(value)
    return serializer.to_python(value, mode="json", by_alias=True, warnings=False)


@functools.lru_cache(maxsize=1024)
def _serializer(kind: Any, use: Use) -> SchemaSerializer | None:
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticUserError
    from pydantic_core import SchemaSerializer

    try:
        adapter: TypeAdapter[Any] = TypeAdapter(kind)
        if use == "shown":
            return adapter.serializer
        schema = _for_sending(adapter.core_schema, use)
    except (PydanticUserError, NameError):
        if hasattr(kind, "__pydantic_core_schema__"):
            raise
        return None
    # Serializers that the nested models have made for themselves go by other rules.
    return SchemaSerializer(schema, None, _use_prebuilt=False)


def _for_sending(part: Any, use: Use, by_alias: bool = True) -> Any:
    """A core schema whose serializer goes by the rule at the top of this module. `by_alias`: the type around it is read
    by its aliases."""
    if isinstance(part, list | tuple):
        return type(part)(_for_sending(item, use, by_alias) for item in part)
    if not isinstance(part, dict):
        return part
    kind = part.get("type")
    if kind in _TYPES:
        by_alias = (part.get("config") or {}).get("validate_by_alias", True)
    made = {key: item if key in _FOREIGN else _for_sending(item, use, by_alias) for key, item in part.items()}
    if use == "payload" and kind in _FIELDS:
        made.pop("serialization_alias", None)
        if by_alias and (name := _name_in_schema(part.get("validation_alias"))) is not None:
            made["serialization_alias"] = name
    if use == "payload" and "computed_fields" in part:
        made["computed_fields"] = []  # no part of what a validation reads
    if kind == "any" and "serialization" not in part:
        made["serialization"] = _by(functools.partial(_untyped, use=use))
    elif isinstance(how := part.get("serialization"), dict) and how.get("function") in _hiding():
        made["serialization"] = {**_by(_revealed), "when_used": how.get("when_used", "always")}
    return made


def reader(adapter: TypeAdapter[Any]) -> Callable[[bytes], Any]:
    """Reads JSON of this type under the names that its results have; those that its payloads have will do, too."""
    from pydantic_core import SchemaValidator

    validator = SchemaValidator(_for_reading(adapter.core_schema), None, _use_prebuilt=False)
    return lambda raw: validator.validate_json(raw, by_alias=True, by_name=True)


def _for_reading(part: Any) -> Any:
    if isinstance(part, list | tuple):
        return type(part)(_for_reading(item) for item in part)
    if not isinstance(part, dict):
        return part
    made = {key: item if key in _FOREIGN else _for_reading(item) for key, item in part.items()}
    for key in _EXTRA & made.keys():
        if made[key] == "forbid":
            made[key] = "ignore"  # what is written has more than what is read, such as computed fields
    if part.get("type") in _FIELDS and (written := part.get("serialization_alias")) is not None:
        read = part.get("validation_alias")
        others = [[read]] if isinstance(read, str) else read if isinstance(read, list) else []
        made["validation_alias"] = [[written], *(path if isinstance(path, list) else [path] for path in others)]
    return made


def _name_in_schema(alias: Any) -> str | None:
    """Of several aliases, the one that the JSON Schema shows."""
    if isinstance(alias, list):
        return next((path[0] for path in alias if len(path) == 1 and isinstance(path[0], str)), None)
    return alias if isinstance(alias, str) else None


def _by(function: Callable[[Any], Any]) -> dict[str, Any]:
    from pydantic_core import core_schema

    return dict(core_schema.plain_serializer_function_ser_schema(function))


@functools.cache
def _hiding() -> frozenset[Any]:
    """Pydantic's functions that write stars for secrets."""
    from pydantic import Secret, SecretStr, TypeAdapter

    found: set[Any] = set()
    parts: list[Any] = [TypeAdapter(kind).core_schema for kind in (SecretStr, Secret[int])]
    while parts:
        part = parts.pop()
        if isinstance(part, dict):
            if isinstance(how := part.get("serialization"), dict):
                found.add(how.get("function"))
            parts.extend(part.values())
        elif isinstance(part, list):
            parts.extend(part)
    return frozenset(found - {None})


def _revealed(secret: Any) -> Any:
    value = secret.get_secret_value()
    return value.decode() if isinstance(value, bytes) else value


def _untyped(value: Any, use: Use) -> Any:
    """What stands in a field of type `Any`, by the same rule as elsewhere."""
    if isinstance(value, dict):
        return {key: _untyped(item, use) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset | deque):
        return [_untyped(item, use) for item in value]
    if is_typed(value) or hasattr(type(value), "get_secret_value"):
        return stand_in(value, use)
    return value
