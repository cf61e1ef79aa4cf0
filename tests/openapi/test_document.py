"""openapi.json is good enough to generate from: valid, complete, named, and its examples are what it says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from fastapi.routing import APIRoute
from openapi_spec_validator import OpenAPIV31SpecValidator

from blazy_jobs_server.api import describe, texts
from blazy_jobs_server.api.application import build
from blazy_jobs_server.domain import errors
from blazy_jobs_server.openapi import text, unopened
from tests.support.server import REPO

DOCUMENT: dict[str, Any] = json.loads((REPO / "openapi.json").read_text())
METHODS = {"get", "put", "post", "patch", "delete"}
OPERATIONS = {
    operation["operationId"]: (method, path, operation)
    for path, item in DOCUMENT["paths"].items()
    for method, operation in item.items()
}
OPEN = {"get_health", "get_readiness"}
BY_SESSION = {"get_session", "log_out"}
BY_TOKEN = {"report_run"}
"""The run's own token says which run, so there is none that is not found."""

#: What is refused before any route is found, and what stands for others.
OF_NO_ROUTE = {
    errors.SealBroken,
    errors.HeaderTooLarge,
    errors.MalformedRequest,
    errors.MethodNotAllowed,
}


def nodes(node: Any, place: str = "") -> Iterator[tuple[str, Any]]:
    """Every object of the document but the values of examples, and where it is."""
    if isinstance(node, list):
        for index, member in enumerate(node):
            yield from nodes(member, f"{place}/{index}")
    elif isinstance(node, dict):
        yield place, node
        for key, member in node.items():
            if key not in ("example", "examples", "default", "value"):
                yield from nodes(member, f"{place}/{key}")


def resolve(node: dict[str, Any]) -> Any:
    while "$ref" in node:
        found: Any = DOCUMENT
        for part in node["$ref"].removeprefix("#/").split("/"):
            found = found[part]
        node = found
    return node


def complaints(schema: Any, value: Any) -> list[str]:
    whole = {"$schema": "https://json-schema.org/draft/2020-12/schema", "components": DOCUMENT["components"]}
    validator = jsonschema_rs.validator_for({**whole, "allOf": [schema]}, validate_formats=True)
    return [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(value)]


def examples_of(node: dict[str, Any]) -> list[Any]:
    """Of a parameter, a media type or a header."""
    found = [member["value"] for member in node.get("examples", {}).values()]
    return [*found, node["example"]] if "example" in node else found


def test_it_is_openapi_3_1() -> None:
    OpenAPIV31SpecValidator(DOCUMENT).validate()


def test_it_is_the_committed_one() -> None:
    assert json.loads(text()) == DOCUMENT


def test_every_route_is_in_it() -> None:
    app = build(unopened(None))
    served = {
        (method.lower(), route.path)
        for route in every_route(app.routes)
        if route.include_in_schema
        for method in route.methods or ()
    }
    assert served == {(method, path) for method, path, _ in OPERATIONS.values()}
    hidden = {route.path for route in every_route(app.routes) if not route.include_in_schema}
    pages = {"/openapi.json", "/docs", "/docs/{name}", "/login", "/login/{name}"}
    dashboard = {"/", "/ui", "/ui/{path:path}", "/ui/-/{version}/{name:path}"}
    refusing = {
        "/v1/runs/batch",
        "/v1/runs/bulk",
        "/v1/runs/count",
        "/v1/keys/self",
    }  # what is no run's or key's id, and the methods that it refuses
    assert hidden == pages | dashboard | refusing


def every_route(routes: Any) -> Iterator[APIRoute]:
    for route in routes:
        if isinstance(route, APIRoute):
            yield route
        else:
            yield from every_route(route.original_router.routes)


def test_it_says_who_it_is() -> None:
    info = DOCUMENT["info"]
    assert info["license"] == {"name": "MIT", "identifier": "MIT"}
    assert len(info["description"]) > 100
    assert DOCUMENT["servers"]
    assert DOCUMENT["security"] == [{}, {"key": []}], "a server may have no key"


def test_a_server_with_a_key_says_that_it_needs_one() -> None:
    app = build(unopened("a-key-of-the-operator"))
    assert app.openapi()["security"] == [{"key": []}]
    assert "a-key-of-the-operator" not in json.dumps(app.openapi())


@pytest.mark.parametrize("name", OPERATIONS)
class TestOperation:
    def test_reads_well(self, name: str) -> None:
        _, _, operation = OPERATIONS[name]
        assert re.fullmatch(r"[a-z]+(_[a-z]+)+", name)
        assert 5 < len(operation["summary"]) < 80
        assert operation["summary"][0].isupper()
        assert not operation["summary"].endswith(".")
        [tag] = operation["tags"]
        assert tag in [known["name"] for known in DOCUMENT["tags"]]

    def test_names_its_refusals_with_their_schema(self, name: str) -> None:
        _, _, operation = OPERATIONS[name]
        refused = {int(status): resolve(a) for status, a in operation["responses"].items() if int(status) >= 400}
        needed = {500} if name in OPEN else {401, 403, 500, 503}
        if "requestBody" in operation:
            needed |= {400, 408, 413, 415, 422}
        if "{" in OPERATIONS[name][1] and name not in BY_TOKEN:
            needed |= {404}
        assert needed <= set(refused)
        for status, answer in refused.items():
            content = answer["content"]["application/problem+json"]
            assert content["schema"] == {"$ref": "#/components/schemas/Problem"}
            shown = examples_of(content)
            assert shown
            assert {problem["status"] for problem in shown} == {status}
            assert re.findall(r"`(\w+)`", answer["description"]) == [problem["code"] for problem in shown]

    def test_needs_a_key_unless_it_is_open(self, name: str) -> None:
        expected: Any = [] if name in OPEN | {"log_in"} else None
        if name in BY_SESSION:
            expected = [*DOCUMENT["security"], {"session": []}]
        if name in BY_TOKEN:
            expected = [{"report": []}]
        assert OPERATIONS[name][2].get("security") == expected

    def test_says_what_its_answers_are(self, name: str) -> None:
        for status, answer in OPERATIONS[name][2]["responses"].items():
            found = resolve(answer)
            assert found["description"] != ""
            assert ("content" in found) == (status != "204")
            for content in found.get("content", {}).values():
                assert content["schema"]

    def test_shows_requests_as_they_are(self, name: str) -> None:
        _, _, operation = OPERATIONS[name]
        for parameter in operation.get("parameters", []):
            for value in examples_of(parameter):
                assert complaints(parameter["schema"], value) == []
        if "requestBody" in operation:
            content = operation["requestBody"]["content"]["application/json"]
            assert content["examples"]
            for value in examples_of(content):
                assert complaints(content["schema"], value) == []


@pytest.mark.parametrize("name", DOCUMENT["components"]["schemas"])
def test_examples_of_a_schema_are_valid(name: str) -> None:
    schema = DOCUMENT["components"]["schemas"][name]
    for value in schema.get("examples", []):
        assert complaints({"$ref": f"#/components/schemas/{name}"}, value) == []


def test_examples_that_are_wrong_are_found() -> None:
    assert complaints({"$ref": "#/components/schemas/Run"}, {"id": 1})
    assert complaints({"$ref": "#/components/schemas/Event"}, {"type": "queued"})


NEEDS = [need for node in [DOCUMENT, *(found[2] for found in OPERATIONS.values())] for need in node.get("security", [])]


@pytest.mark.parametrize("kind", ["schemas", "responses", "headers", "links", "securitySchemes"])
def test_every_component_is_used(kind: str) -> None:
    used = {node["$ref"] for _, node in nodes(DOCUMENT) if "$ref" in node}
    used |= {f"#/components/securitySchemes/{name}" for need in NEEDS for name in need}
    assert {f"#/components/{kind}/{name}" for name in DOCUMENT["components"][kind]} <= used


def test_every_reference_leads_somewhere() -> None:
    for _, node in nodes(DOCUMENT):
        resolve(node)
        for target in node.get("discriminator", {}).get("mapping", {}).values():
            resolve({"$ref": target})


def test_every_link_leads_to_an_operation_and_fills_its_path() -> None:
    for link in DOCUMENT["components"]["links"].values():
        _, path, _ = OPERATIONS[link["operationId"]]
        assert set(link["parameters"]) == set(re.findall(r"{(\w+)}", path))


def test_every_object_with_fields_has_a_name() -> None:
    unnamed = [
        place
        for place, node in nodes(DOCUMENT)
        if isinstance(node.get("properties"), dict)
        and node.get("type") == "object"
        and not re.fullmatch(r"/components/schemas/\w+", place)
    ]
    assert unnamed == []


def test_unions_of_objects_have_a_tag() -> None:
    for place, node in nodes(DOCUMENT):
        shapes = [resolve(shape) for shape in node.get("oneOf", [])]
        if len([shape for shape in shapes if shape.get("type") == "object"]) > 1:
            assert "discriminator" in node, place


def test_no_field_has_a_default() -> None:
    """Generators would take it for required, or write code that does not compile; the words say it."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        for field, shape in schema.get("properties", {}).items():
            assert "default" not in shape, f"{name}.{field}"


def test_no_link_has_a_body() -> None:
    """The standard allows any value there, a generator that many use a text only."""
    assert not [name for name, link in DOCUMENT["components"]["links"].items() if "requestBody" in link]


def test_a_stream_is_text() -> None:
    streams = [node["text/event-stream"]["schema"] for _, node in nodes(DOCUMENT) if "text/event-stream" in node]
    assert len(streams) == 3, "of a run, of all runs, and of what changes"
    assert {stream["type"] for stream in streams} == {"string"}


def test_a_report_may_be_anything() -> None:
    """It is answered with `rejected`, within a `200`."""
    report = {"$ref": "#/components/schemas/ReportIn"}
    assert not complaints(report, {"reports": [{"type": "completed"}, {"run_id": 5}, 7, None]})
    assert complaints(report, {"reports": 7})
    assert complaints({"$ref": "#/components/schemas/ReportItem"}, {"type": "completed"})


# -- every field, parameter and operation is told

SHAPES: dict[str, Any] = DOCUMENT["components"]["schemas"]
PROPERTIES = [(name, field) for name, shape in SHAPES.items() for field in shape.get("properties", {})]
UNITS = {"seconds": "econds", "bytes": "(size|Room)", "percent": "0 to 100"}
SPANS = {"31622400": "366 days", "2592000": "30 days", "316224000": "ten years"}
LEFT_OUT = {
    (name, field)
    for name, field in PROPERTIES
    if name.endswith(("In", "Item", "Patch", "Put", "Report")) and field not in SHAPES[name].get("required", [])
}


def words(text: str) -> set[str]:
    return {word.lower().rstrip("s") for word in re.findall("[A-Za-z]+", text)} - {"the", "a", "an", "of", "it", "i"}


def limits(shape: dict[str, Any]) -> set[str]:
    """The numbers that bound it."""
    shapes = [shape, *shape.get("anyOf", [])]
    keys = ("maximum", "maxLength", "maxItems")
    return {str(int(part[key])) for part in shapes for key in keys if part.get(key, 2**53) < 2**53 - 1}


def untold(name: str, field: str) -> Iterator[str]:
    """What the words of a field lack."""
    shape = SHAPES[name]["properties"][field]
    text = shape.get("description", "")
    if not re.match(r"[A-Z`\d]", text) or not text.endswith("."):
        yield "a sentence"
    if not words(text) - words(f"{name} {field}"):
        yield "more than the name"
    unit = UNITS.get(field.rsplit("_", 1)[-1])
    if unit is not None and not re.search(unit, text):
        yield "the unit"
    if {"type": "null"} in shape.get("anyOf", []) and not re.search(r"\bnull\b", text):
        yield "what null means"
    if (name, field) in LEFT_OUT and not re.search("[Dd]efault|omitted", text):
        yield "the default"
    if name.endswith(("In", "Patch", "Put", "Report")):
        numbers = {number.replace(",", "") for number in re.findall(r"\d[\d,]*", text)}
        for bound in limits(shape):
            if bound not in numbers and SPANS.get(bound, "?") not in text:
                yield f"the bound {bound}"


def test_every_field_is_told() -> None:
    lacks = {f"{name}.{field}": found for name, field in PROPERTIES if (found := list(untold(name, field)))}
    assert lacks == {}


def test_every_shape_parameter_and_operation_is_told() -> None:
    for name, shape in SHAPES.items():
        assert shape.get("description"), name
    for name, (_, path, operation) in OPERATIONS.items():
        assert words(operation["description"]) - words(operation["summary"]), name
        for parameter in operation.get("parameters", []):
            assert resolve(parameter)["description"], (path, parameter)


def test_no_words_are_left_of_what_is_no_more() -> None:
    for name, fields in texts.FIELDS.items():
        assert set(fields) <= set(SHAPES[name]["properties"]), name
    assert set(texts.SHAPES) <= set(SHAPES)
    assert set(texts.OPERATIONS) <= set(OPERATIONS)
    parameters = {
        (path.removeprefix("/v1/").strip("/").split("/")[0], resolve(parameter)["name"])
        for _, path, operation in OPERATIONS.values()
        for parameter in operation.get("parameters", [])
    }
    assert set(texts.PARAMETERS) <= parameters


@pytest.mark.parametrize("field", ["queue", "priority", "retry", "timeout_seconds", "tags"])
def test_what_may_not_be_null_does_not_say_so(field: str) -> None:
    assert complaints({"$ref": "#/components/schemas/DispatchIn"}, {"payload": 1, field: None})
    assert not complaints({"$ref": "#/components/schemas/DispatchIn"}, {"payload": 1, "expires_seconds": None})


def kinds(parent: type[errors.JobsError]) -> Iterator[type[errors.JobsError]]:
    for kind in parent.__subclasses__():
        yield kind
        yield from kinds(kind)


def test_every_refusal_is_shown_somewhere() -> None:
    written = json.dumps(DOCUMENT)
    shown = {type(sample) for sample in describe.SAMPLES}
    for kind in kinds(errors.JobsError):
        if kind.__module__ != errors.__name__ or kind in OF_NO_ROUTE or kind.__subclasses__():
            continue
        assert kind in shown
        assert f'"code": "{kind.code}"' in written, kind
