"""How a handler takes its payload: its arguments, its type, its schema."""

from __future__ import annotations

import inspect
import sys
import typing
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from blazy_jobs.errors import DefinitionError
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
    """What a handler is called with, worked out once from its signature.

    A handler takes (), (payload) or (payload, ctx); one argument that is annotated `JobContext` is the context.
    `schema` is the JSON Schema of the payload's annotation, None without one.
    """

    def __init__(self, handler: Callable[..., Any], name: str) -> None:
        parameters = _positional(handler, name)
        annotations = [_annotation(handler, parameter) for parameter in parameters]
        self.takes_payload = bool(parameters) and not _is_context(annotations[0])
        self.takes_context = len(parameters) == 2 or (len(parameters) == 1 and not self.takes_payload)
        self._adapter: TypeAdapter[Any] | None = None
        self.schema: dict[str, Any] | None = None
        if self.takes_payload and _is_typed(annotations[0]):
            self._adapter, self.schema = _typed(annotations[0], name)
        self.plain = self._adapter is None

    def arguments(self, payload: Any, context: Any) -> tuple[Any, ...]:
        """Raises InvalidPayload."""
        if self._adapter is not None:
            payload = self._validated(payload)
        if self.takes_payload:
            return (payload, context) if self.takes_context else (payload,)
        return (context,) if self.takes_context else ()

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


def _positional(handler: Callable[..., Any], name: str) -> list[inspect.Parameter]:
    try:
        parameters = list(inspect.signature(handler).parameters.values())
    except (TypeError, ValueError) as error:
        raise DefinitionError(f"job {name!r}: the handler has no signature that can be read: {error}") from None
    taken: list[inspect.Parameter] = []
    for parameter in parameters:
        if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.POSITIONAL_OR_KEYWORD):
            if len(taken) < 2:
                taken.append(parameter)
                continue
        elif parameter.kind == parameter.VAR_POSITIONAL:
            taken += [parameter] * (2 - len(taken))
            continue
        elif parameter.kind == parameter.VAR_KEYWORD:
            continue
        if parameter.default is parameter.empty:
            raise DefinitionError(
                f"job {name!r}: a handler takes (), (payload) or (payload, ctx); {parameter.name!r} is more than that"
            )
    return taken


def _annotation(handler: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    """The annotation, or its text where that cannot be resolved."""
    if not isinstance(parameter.annotation, str):
        return parameter.annotation
    function = inspect.unwrap(handler)
    function = getattr(function, "func", function)
    if not hasattr(function, "__globals__"):
        function = getattr(function, "__func__", None) or type(function).__call__
    names = {**getattr(function, "__globals__", {}), **_closure(function)}
    try:
        return eval(parameter.annotation, names)  # noqa: S307 - the module's own text, as typing.get_type_hints does
    except Exception:  # noqa: BLE001 - unresolved: judged by who needs it
        return parameter.annotation


def _closure(function: Any) -> dict[str, Any]:
    cells = getattr(function, "__closure__", None) or ()
    names = function.__code__.co_freevars if cells else ()
    found = {}
    for name, cell in zip(names, cells, strict=False):
        try:
            found[name] = cell.cell_contents
        except ValueError:
            continue
    return found


def _is_context(annotation: Any) -> bool:
    from blazy_jobs.context import JobContext

    if isinstance(annotation, str):
        return annotation.rpartition(".")[2] == "JobContext"
    return isinstance(annotation, type) and issubclass(annotation, JobContext)


def _is_typed(annotation: Any) -> bool:
    return annotation not in (inspect.Parameter.empty, Any, object)


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
