"""What a handler's signature says: which of its parameters is the payload, and which the context."""

from __future__ import annotations

import functools
import inspect
import types
import typing
from collections.abc import Callable
from typing import Any

from blazy_jobs.context import JobContext
from blazy_jobs.errors import DefinitionError

CONTEXT_NAMES = frozenset(("ctx", "context", "job_context"))

_POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
_WHATEVER_COMES = [inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD]
_COLLECTING = (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)


class Signature:
    """`call` passes the payload and the context on, each where the handler takes it, or not at all.

    The context is the parameter that is annotated `JobContext`, or that has no annotation and is called `ctx`,
    `context` or `job_context`, or begins with an underscore and is no first one. The payload is the one called
    `payload`, else the first other one without a default, else the first other one. What else there is must have a
    default, which it keeps. Raises DefinitionError.
    """

    def __init__(self, handler: Callable[..., Any], name: str) -> None:
        self._about = f"job {name!r}:"
        parameters = self._parameters(handler)
        inner = _passes_on_to(handler) if [each.kind for each in parameters] == _WHATEVER_COMES else None
        if inner is not None:
            handler, parameters = inner, self._parameters(inner)
        notes = {parameter.name: _annotation(handler, parameter) for parameter in parameters}
        named = [parameter for parameter in parameters if parameter.kind not in _COLLECTING]
        self._refuse_methods(handler, named)
        context = self._context(named, notes)
        payload = self._payload([parameter for parameter in named if parameter is not context])
        for parameter in named:
            if parameter not in (payload, context) and parameter.default is parameter.empty:
                self._refuse(
                    f"nobody gives the handler its parameter {parameter.name!r}: it takes a payload and a context "
                    "(annotated `JobContext`, or called `ctx`); give it a default, or make it a field of the payload"
                )
        self.annotation: Any = inspect.Parameter.empty if payload is None else notes[payload.name]
        """Of the payload; a text where it cannot be resolved."""
        self._places = self._order(parameters, payload, context)
        positional, keywords = self._places
        self.takes_context = 1 in positional or any(place == 1 for _, place in keywords)
        self._payload_alone = self._places == ([0], [])

    def call(self, handler: Callable[..., Any], payload: Any, context: Any) -> Any:
        if self._payload_alone:
            return handler(payload)
        given = (payload, context)
        positional, keywords = self._places
        if not keywords:
            return handler(*(given[place] for place in positional))
        return handler(*(given[place] for place in positional), **{name: given[place] for name, place in keywords})

    def _order(
        self,
        parameters: list[inspect.Parameter],
        payload: inspect.Parameter | None,
        context: inspect.Parameter | None,
    ) -> tuple[list[int], list[tuple[str, int]]]:
        """Which of (payload, context) goes to each position, and to which keyword."""
        positional: list[int] = []
        keywords: list[tuple[str, int]] = []
        gap = False
        for parameter in parameters:
            if parameter.kind is parameter.VAR_POSITIONAL and not gap:
                positional += [place for place, taken in enumerate((payload, context)) if taken is None]
            if parameter is not payload and parameter is not context:
                gap = gap or parameter.kind in _POSITIONAL
                continue
            place = 0 if parameter is payload else 1
            if parameter.kind in _POSITIONAL and not gap:
                positional.append(place)
            elif parameter.kind is parameter.POSITIONAL_ONLY:
                self._refuse(f"{parameter.name!r} can only be given by position, after one that keeps its default")
            else:
                keywords.append((parameter.name, place))
        return positional, keywords

    def _parameters(self, handler: Callable[..., Any]) -> list[inspect.Parameter]:
        if inspect.isclass(handler):
            self._refuse(f"a class is no handler: give an instance that can be called, or a function, not {handler!r}")
        try:
            return list(inspect.signature(handler).parameters.values())
        except (TypeError, ValueError) as error:
            raise DefinitionError(f"{self._about} the handler has no signature that can be read: {error}") from None

    def _refuse_methods(self, handler: Callable[..., Any], named: list[inspect.Parameter]) -> None:
        if named and named[0].name in ("self", "cls") and named[0].default is inspect.Parameter.empty:
            self._refuse(
                f"{getattr(handler, '__qualname__', handler)} is a method without its object: define the job outside "
                "of the class, or give the method of an object, as in jobs.add(Job(name, object.method))"
            )

    def _context(self, named: list[inspect.Parameter], notes: dict[str, Any]) -> inspect.Parameter | None:
        annotated = [parameter for parameter in named if _is_context(notes[parameter.name])]
        if len(annotated) > 1:
            self._refuse(f"both {annotated[0].name!r} and {annotated[1].name!r} are annotated as the context")
        if annotated:
            return annotated[0]
        free = [parameter for parameter in named if not says_something(notes[parameter.name])]
        called = [parameter for parameter in free if parameter.name in CONTEXT_NAMES]
        called += [
            parameter
            for parameter in free
            if parameter.name.startswith("_") and parameter is not named[0] and parameter.default is parameter.empty
        ]
        return called[0] if called else None

    def _payload(self, others: list[inspect.Parameter]) -> inspect.Parameter | None:
        by_position = [parameter for parameter in others if parameter.kind in _POSITIONAL]
        wanted = [
            *(parameter for parameter in others if parameter.name == "payload"),
            *(parameter for parameter in by_position if parameter.default is parameter.empty),
            *by_position,
        ]
        return wanted[0] if wanted else None

    def _refuse(self, why: str) -> typing.NoReturn:
        raise DefinitionError(f"{self._about} {why}")


def _passes_on_to(handler: Callable[..., Any]) -> Callable[..., Any] | None:
    """The function that a decorator's own one, which takes whatever comes, has around it: the only one that it knows
    by closure."""
    known = [value for value in _closure(handler).values() if inspect.isfunction(value) or inspect.ismethod(value)]
    return known[0] if len(known) == 1 else None


def check_middleware(middleware: Callable[..., Any]) -> None:
    """Raises DefinitionError where it cannot be called with a run and what calls the next."""
    name = getattr(middleware, "__qualname__", None) or repr(middleware)
    try:
        signature = inspect.signature(middleware)
    except (TypeError, ValueError):
        return  # a callable of C, which says nothing
    try:
        signature.bind(None, None)
    except TypeError:
        raise DefinitionError(
            f"middleware {name!r} takes {signature}: it is called with the run and the next one, as in "
            "`async def middleware(run, call_next)`, which returns `await call_next(run)`"
        ) from None
    call = middleware if inspect.isroutine(middleware) else type(middleware).__call__
    if inspect.isasyncgenfunction(call) or inspect.isgeneratorfunction(call):
        raise DefinitionError(f"middleware {name!r} is a generator: it awaits `call_next(run)` and returns the result")


def _annotation(handler: Callable[..., Any], parameter: inspect.Parameter) -> Any:
    """The annotation, or its text where that cannot be resolved."""
    if not isinstance(parameter.annotation, str):
        return parameter.annotation
    function = inspect.unwrap(handler)
    while isinstance(function, functools.partial):
        function = inspect.unwrap(function.func)
    if not hasattr(function, "__globals__"):
        function = getattr(function, "__func__", None) or inspect.unwrap(type(function).__call__)
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
    """`JobContext`, also as text, as `JobContext | None`, or within `Annotated`."""
    if isinstance(annotation, str):
        parts = [part.strip().rpartition(".")[2] for part in annotation.replace("Optional[", "").strip("]").split("|")]
        return "JobContext" in parts
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, typing.Annotated):
        return any(_is_context(part) for part in typing.get_args(annotation))
    return isinstance(annotation, type) and issubclass(annotation, JobContext)


def says_something(annotation: Any) -> bool:
    return annotation not in (inspect.Parameter.empty, Any, object)
