"""A run's result as its handler returned it: read by the annotation, as a payload is."""

from __future__ import annotations

import typing
from collections.abc import Callable
from typing import Any

import orjson

from blazy_jobs import typed_json

PLAIN = (dict, list, str, int, float, bool, type(None), object, Any)
"""What JSON has as it is: the server has it checked, and it needs no reading."""


class Outlet:
    """How a handler's results are read, worked out when the first one is."""

    def __init__(self, handler: Callable[..., Any]) -> None:
        self._handler = handler
        self._read: Callable[[Any], Any] | None = None

    def read(self, result: Any) -> Any:
        """Raises ValueError where it is not of the annotated type."""
        if self._read is None:
            self._read = _reader(self._handler)
        return self._read(result)


def _reader(handler: Callable[..., Any]) -> Callable[[Any], Any]:
    annotation = _annotation(handler)
    if _is_plain(annotation):
        return _as_it_is
    from pydantic import TypeAdapter
    from pydantic.errors import PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError

    try:
        adapter: TypeAdapter[Any] = TypeAdapter(annotation)
    except (PydanticSchemaGenerationError, PydanticUndefinedAnnotation, PydanticUserError):
        return _as_it_is  # nothing that Pydantic knows: it stays JSON
    read = typed_json.reader(adapter)
    return lambda result: read(orjson.dumps(result))


def _annotation(handler: Callable[..., Any]) -> Any:
    call = handler if not isinstance(handler, type) and hasattr(handler, "__annotations__") else type(handler).__call__
    try:
        return typing.get_type_hints(call, include_extras=True).get("return", Any)
    except (NameError, TypeError):  # only known to type checkers
        return Any


def _is_plain(annotation: Any) -> bool:
    """Whether JSON's own values are all that it has."""
    if annotation in PLAIN or typing.is_typeddict(annotation):
        return True
    origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
    return origin in (dict, list, typing.Union, _UNION) and all(_is_plain(argument) for argument in arguments)


_UNION = type(int | str)


def _as_it_is(result: Any) -> Any:
    return result
