"""Query parameters: only those that a route knows, once each but where it takes several, and of characters that a
database can hold."""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping
from typing import Any

from fastapi import Request
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.datastructures import QueryParams
from starlette.types import Scope

from blazy_jobs_server.api.problems import find
from blazy_jobs_server.domain.errors import FieldError, InvalidRequest
from blazy_jobs_server.engine.schema_tree import pointer

MAX_LISTED = 20


async def known_query(request: Request) -> None:
    """The dependency of every route under /v1. A route with a body has no parameters; that it was given some is said
    after what is wrong with its body (`refuse_query`).

    Raises InvalidRequest, and before it that what the path names is not there.
    """
    if not request.scope["query_string"] or request.method in ("POST", "PUT", "PATCH"):
        return
    if not request.scope["route"].include_in_schema:
        return  # it refuses the method, whatever the query
    errors = faults(request.query_params, known_by(request.scope["route"]))
    if errors:
        await find(request)
        raise InvalidRequest(errors)


def refuse_query(scope: Scope) -> None:
    """Of a route that takes no parameters. Raises InvalidRequest."""
    if scope["query_string"] and (errors := faults(QueryParams(scope["query_string"]), {})):
        raise InvalidRequest(errors)


def faults(given: QueryParams, known: Mapping[str, bool]) -> list[FieldError]:
    """`known`: names, and whether several values may be given."""
    errors: list[FieldError] = []
    for name in list(dict.fromkeys(given))[:MAX_LISTED]:
        if name not in known:
            those = f"known here are {', '.join(sorted(known))}" if known else "none is known here"
            errors.append(
                FieldError(pointer(name), f"is not a query parameter of this path; {those}", "extra_forbidden")
            )
        elif not known[name] and len(given.getlist(name)) > 1:
            errors.append(FieldError(pointer(name), "is given more than once", "duplicate"))
        elif any("\0" in value for value in given.getlist(name)):
            errors.append(FieldError(pointer(name), "must not contain U+0000", "invalid_character"))
    return errors


def known_by(route: APIRoute) -> dict[str, bool]:
    return {
        field.alias: typing.get_origin(field.field_info.annotation) is list for field in _parameters(route.dependant)
    }


def _parameters(dependant: Dependant) -> Iterator[Any]:
    yield from dependant.query_params
    for needed in dependant.dependencies:
        yield from _parameters(needed)
