"""How a handler takes its payload: its arguments, its type, its schema."""

from __future__ import annotations

import sys
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from blazy_jobs.errors import DefinitionError
from blazy_jobs.signature import Signature, says_something
from blazy_jobs.strict_json import NotJson, encode

if TYPE_CHECKING:
    from pydantic import TypeAdapter

MAX_LISTED_ERRORS = 20


class InvalidPayload(Exception):
    """The handler's type refuses the payload. Names the places and reasons, never the values."""


def sendable(payload: Any) -> bytes:
    """A payload as it travels. Raises InvalidPayload."""
    try:
        return encode(payload, "payload")
    except NotJson as error:
        raise InvalidPayload(f"it cannot be sent as JSON: {error}") from None


class Intake:
    """What a handler is called with, worked out once from its signature. `schema` is the JSON Schema of the payload's
    annotation, None without one."""

    def __init__(self, handler: Callable[..., Any], name: str) -> None:
        self._signature = Signature(handler, name)
        self._adapter: TypeAdapter[Any] | None = None
        self.schema: dict[str, Any] | None = None
        annotation = self._signature.annotation
        if says_something(annotation):
            self._adapter, self.schema = _typed(annotation, name)
        self.plain = self._adapter is None
        self.takes_context = self._signature.takes_context
        self.call = self._signature.call
        """`call(handler, payload, context)`, with a payload that was read."""

    def read(self, payload: Any) -> Any:
        """The payload as the handler has it. Raises InvalidPayload."""
        return payload if self._adapter is None else self._validated(payload)

    def _validated(self, payload: Any) -> Any:
        from pydantic import ValidationError

        assert self._adapter is not None
        raw = sendable(payload)
        try:
            # As JSON, so that strict models accept what JSON has for dates, enums and sets; by the schema's names.
            return self._adapter.validate_json(raw)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False, include_input=False)
            places = [f"/{'/'.join(str(part) for part in item['loc'])}: {item['msg']}" for item in found]
            more = f"; and {len(places) - MAX_LISTED_ERRORS} more" if len(places) > MAX_LISTED_ERRORS else ""
            raise InvalidPayload("; ".join(places[:MAX_LISTED_ERRORS]) + more) from None


def _typed(annotation: Any, name: str) -> tuple[TypeAdapter[Any], dict[str, Any]]:
    from pydantic import TypeAdapter

    if isinstance(annotation, str):
        raise DefinitionError(f"job {name!r}: the payload's annotation {annotation!r} cannot be resolved")
    try:
        adapter: TypeAdapter[Any] = TypeAdapter(_readable(annotation))
        return adapter, adapter.json_schema()
    except Exception as error:  # noqa: BLE001 - it becomes the definition's error
        about = f"job {name!r}: the payload's annotation {annotation!r} cannot be used: {error}"
        raise DefinitionError(about) from None


def _readable(annotation: Any) -> Any:
    """Pydantic reads a `typing.TypedDict` from Python 3.12 on; before that its twin of typing_extensions is made."""
    if sys.version_info >= (3, 12) or not typing.is_typeddict(annotation):
        return annotation
    import typing_extensions

    hints = typing.get_type_hints(annotation, include_extras=True)
    fields = {
        name: (typing_extensions.Required if name in annotation.__required_keys__ else typing_extensions.NotRequired)[
            _readable(hint)
        ]
        for name, hint in hints.items()
        if typing.get_origin(hint) not in (typing.Required, typing.NotRequired)
    }
    twin = typing_extensions.TypedDict(annotation.__name__, {**hints, **fields})  # type: ignore[misc]
    twin.__doc__ = annotation.__doc__
    return twin
