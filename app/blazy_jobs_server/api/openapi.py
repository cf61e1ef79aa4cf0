"""The OpenAPI 3.1 document: what the framework reads from the routes, made exact enough to generate from."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic.json_schema import models_json_schema

from blazy_jobs_server.api import describe, examples, texts
from blazy_jobs_server.api.cookies import SECURE_NAME
from blazy_jobs_server.api.fields import NAME_PATTERN

DESCRIPTION = """A standalone job server: register job types, dispatch runs, read their status and watch their events \
live. At-least-once execution, exactly-once recorded outcome, a gapless ordered event log for every run.

Times are RFC 3339 in UTC, durations are numbers of seconds. Errors are problem documents (RFC 9457) whose `code` is \
stable. Request JSON is read strictly: unknown fields, duplicate names, U+0000, lone surrogates, integers beyond \
±(2^53-1) and nesting deeper than 64 are refused. Fields may be added to responses."""

TAGS = [
    {"name": "runs", "description": "Dispatch, read, cancel, replay and erase runs."},
    {"name": "bulk operations", "description": "One action on all runs that match."},
    {"name": "events", "description": "Events of runs, live or from the log."},
    {"name": "errors", "description": "Failures, by what they have in common."},
    {"name": "job types", "description": "Definitions of jobs."},
    {"name": "queues", "description": "Queues are created when they are first used."},
    {"name": "schedules", "description": "Dispatch runs at given times."},
    {"name": "webhooks", "description": "Messages about what became of runs, to other systems."},
    {"name": "workers", "description": "The worker protocol."},
    {"name": "config", "description": "Everything that is defined, as one document."},
    {"name": "keys", "description": "API keys, and what they allow."},
    {"name": "sessions", "description": "Browsers log in with an API key, for a cookie."},
    {"name": "audit", "description": "Who changed what, and who was refused."},
    {"name": "operations", "description": "Health, statistics and metrics."},
]
SESSION = """A browser's session, accepted by every operation in place of a key; named `blazy_<port>` without TLS. \
A request that changes something needs `Sec-Fetch-Site: same-origin`, or an `Origin` that is the server's."""
ID = "[0-9a-z]{13,32}"
PATH_PARAMETERS: dict[str, dict[str, Any]] = {
    "run_id": {"schema": {"type": "string", "pattern": f"^run_{ID}$"}, "example": describe.RUN_ID},
    "worker_id": {"schema": {"type": "string", "pattern": f"^wrk_{ID}$"}, "example": describe.WORKER_ID},
    "bulk_id": {"schema": {"type": "string", "pattern": f"^blk_{ID}$"}, "example": describe.BULK_ID},
    "key_id": {"schema": {"type": "string", "pattern": "^[0-9A-Za-z]{10}$"}, "example": describe.KEY_ID},
    "delivery_id": {
        "schema": {"type": "string", "pattern": f"^evt_{ID}$"},
        "example": describe.DELIVERY_ID,
    },
    "name": {"schema": {"type": "string", "pattern": NAME_PATTERN}},
}
BY_SESSION: dict[str, list[str]] = {"session": []}
"""Said of the operations of sessions alone, though all take one: generated clients would send a key as both."""
NAME_EXAMPLES = {
    "job-types": "send-welcome-email",
    "queues": "default",
    "schedules": "nightly-cleanup",
    "webhooks": "shop",
}
LITERAL = {"example", "examples", "default", "const", "enum", "value"}
"""Keys below which a document has values, not schemas."""


def document(app: FastAPI) -> dict[str, Any]:
    """Made once, and once more when there is a key."""
    known: dict[bool, dict[str, Any]] = app.state.documents
    is_open = app.state.context.access.is_open
    if is_open not in known:
        known[is_open] = _document(app, is_open)
    return known[is_open]


def _document(app: FastAPI, is_open: bool) -> dict[str, Any]:
    written = get_openapi(
        title=app.title,
        version=app.version,
        description=DESCRIPTION,
        routes=app.routes,
        openapi_version="3.1.0",
        tags=TAGS,
        servers=[{"url": "/", "description": "this server"}],
        license_info={"name": "MIT", "identifier": "MIT"},
        separate_input_output_schemas=False,
    )
    for path, operation in _operations(written):
        _sharpen(path, operation)
    written["components"] = _components(written)
    written["security"] = [{}, {"key": []}] if is_open else [{"key": []}]
    for _, operation in _operations(written):
        if BY_SESSION in operation.get("security", ()):
            operation["security"] = [*written["security"], BY_SESSION]
    for schema in _schemas(written):
        _plain(schema)
    for name, schema in written["components"]["schemas"].items():
        _tell(name, schema)
    return written


def _tell(name: str, schema: dict[str, Any]) -> None:
    """What it means, and each of its fields. Without defaults: generators take a field that has one for required, and
    the words say it."""
    if name in texts.SHAPES:
        schema.setdefault("description", texts.SHAPES[name])
    told = texts.FIELDS.get(name, {})
    for field, shape in schema.get("properties", {}).items():
        shape.pop("default", None)
        if field in told:
            shape["description"] = told[field]


def _operations(written: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, operations in written["paths"].items():
        for operation in operations.values():
            yield path, operation


def _sharpen(path: str, operation: dict[str, Any]) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter.update(PATH_PARAMETERS[parameter["name"]])
            if parameter["name"] == "name":
                parameter["example"] = NAME_EXAMPLES[path.split("/")[2]]
        else:
            parameter["schema"] = _present(parameter["schema"])
            if parameter["schema"].get("default") == []:
                del parameter["schema"]["default"]
        told = texts.PARAMETERS.get((_resource(path), parameter["name"]))
        if told is not None:
            parameter.setdefault("description", told)
    told = texts.OPERATIONS.get(operation["operationId"])
    if told is not None:
        operation.setdefault("description", told)
    responses = operation["responses"]
    for status, answer in list(responses.items()):
        shared = answer.get("x-shared")
        if shared is not None:
            responses[status] = {"$ref": f"#/components/responses/{shared}"}
        elif "HTTPValidationError" in str(answer):
            del responses[status]
    operation["responses"] = dict(sorted(responses.items()))


def _resource(path: str) -> str:
    """The part of a path that names what it is about; of health and metrics, what they are."""
    return path.removeprefix("/v1/").strip("/").split("/")[0]


def _present(schema: dict[str, Any]) -> dict[str, Any]:
    """A parameter is left out, or has a value: a query knows no null."""
    shapes = [shape for shape in schema.get("anyOf", []) if shape != {"type": "null"}]
    if len(shapes) != 1:
        return schema
    return {**shapes[0], **{key: value for key, value in schema.items() if key not in ("anyOf", "title")}}


def _components(written: dict[str, Any]) -> dict[str, Any]:
    schemas = written["components"]["schemas"]
    _, extra = models_json_schema(
        [(model, "validation") for model in describe.MODELS.values()],
        ref_template="#/components/schemas/{model}",
    )
    for name, definition in extra["$defs"].items():
        schemas.setdefault(name, definition)
    for name in ("HTTPValidationError", "ValidationError"):
        schemas.pop(name, None)
    for name, shown in examples.ANSWERS.items():
        schemas[name]["examples"] = shown
    return {
        "schemas": dict(sorted(schemas.items())),
        "responses": {name: describe.problem(*shared) for name, shared in describe.SHARED.items()},
        "headers": describe.HEADERS,
        "links": describe.LINKS,
        "securitySchemes": {
            "key": {"type": "http", "scheme": "bearer", "description": "An API key."},
            "session": {"type": "apiKey", "in": "cookie", "name": SECURE_NAME, "description": SESSION},
            "report": {"type": "http", "scheme": "bearer", "description": "The token that a run was sent with."},
        },
    }


def _schemas(node: Any) -> Iterator[dict[str, Any]]:
    """Every object of the document that may be a schema, however deep."""
    if isinstance(node, list):
        for member in node:
            yield from _schemas(member)
    elif isinstance(node, dict):
        yield node
        for key, member in node.items():
            if key not in LITERAL:
                yield from _schemas(member)


def _plain(schema: dict[str, Any]) -> None:
    """Without the titles that only repeat a name, and without a null that may not be sent."""
    if "openapi" not in schema and isinstance(schema.get("title"), str) and "version" not in schema:
        del schema["title"]
    if "default" in schema and schema["default"] is None and not _takes_null(schema):
        del schema["default"]


def _takes_null(schema: dict[str, Any]) -> bool:
    return {"type": "null"} in schema.get("anyOf", [])
