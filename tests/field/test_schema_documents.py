"""Whatever stands in the place of a schema is taken or refused with its place, on every way in; what looks like a
reference and is none is data."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blazy_jobs_server.domain.errors import InvalidSchema
from blazy_jobs_server.engine.schemas import compile_schema
from tests.app.server import Server
from tests.support.examples import examples

WORKER = {"kind": "worker"}
DIALECT = "https://json-schema.org/draft/2020-12/schema"

WRONG: dict[str, tuple[Any, str]] = {
    **{
        f"$schema {value!r}": ({"$schema": value}, "/$schema")
        for value in (5, None, [], {}, True, "", "x", 1.5, [DIALECT])
    },
    "$schema of another dialect": ({"$schema": "http://json-schema.org/draft-07/schema#"}, "/$schema"),
    "$schema of a part": ({"$defs": {"a": {"$schema": 5}}}, "/$defs/a/$schema"),
    "$id": ({"$id": 5}, "/$id"),
    "$id with a fragment": ({"$id": "#x"}, "/$id"),
    "$id that is no URI": ({"$id": "http://[::1"}, "/$id"),
    "$id with a space": ({"$id": "a b"}, "/$id"),
    "$id with a line's end": ({"$id": "a\nb"}, "/$id"),
    "$id of a part": ({"properties": {"a": {"$id": "http://[::1"}}}, "/properties/a/$id"),
    "$id of a part, in a document with one": (
        {"$id": "https://example.com/", "$defs": {"a/b": {"$id": "http://[x"}}},
        "/$defs/a~1b/$id",
    ),
    "$id of one part of several": (
        {"$id": "https://example.com/", "allOf": [{"$id": "a"}, {"$id": "//["}]},
        "/allOf/1/$id",
    ),
    "$id of what only a reference makes a schema": ({"$ref": "#/x", "x": {"$id": "http://["}}, "/x/$id"),
    "$id that cannot be relative to the one above": ({"$id": "urn:x:y", "items": {"$id": "b"}}, "/items/$id"),
    "$ref": ({"$ref": 5}, "/$ref"),
    "$ref null": ({"properties": {"a": {"$ref": None}}}, "/properties/a/$ref"),
    "$ref that is no URI": ({"$ref": "http://[::1"}, "/$ref"),
    "$ref that is no URI, of a part with an $id": (
        {"$id": "https://example.com/", "items": {"$id": "a", "not": {"$ref": "http://["}}},
        "/items/not/$ref",
    ),
    "$dynamicRef": ({"$dynamicRef": []}, "/$dynamicRef"),
    "$anchor": ({"$anchor": 5}, "/$anchor"),
    "$dynamicAnchor": ({"$dynamicAnchor": {}}, "/$dynamicAnchor"),
    "$defs": ({"$defs": []}, "/$defs"),
    "$defs of no schema": ({"$defs": {"a": 5}}, "/$defs/a"),
    "$vocabulary": ({"$vocabulary": 5}, "/$vocabulary"),
    "$comment": ({"$comment": 5}, "/$comment"),
    "properties": ({"properties": []}, "/properties"),
    "items as a list": ({"items": [{}]}, "/items"),
    "allOf as an object": ({"allOf": {}}, "/allOf"),
    "anyOf empty": ({"anyOf": []}, "/anyOf"),
    "enum": ({"enum": 5}, "/enum"),
    "pattern": ({"pattern": 5}, "/pattern"),
    "a name's pattern": ({"patternProperties": {"(": {}}}, "/patternProperties/("),
    "multipleOf": ({"multipleOf": 0}, "/multipleOf"),
    "type": ({"type": "text"}, "/type"),
    "required": ({"required": {}}, "/required"),
    "dependentRequired": ({"dependentRequired": {"a": "b"}}, "/dependentRequired/a"),
    "a reference to no schema": ({"$ref": "#/minimum", "minimum": 3}, "/minimum"),
}


@pytest.mark.parametrize("field", ["payload_schema", "result_schema"])
@pytest.mark.parametrize(("schema", "place"), WRONG.values(), ids=WRONG.keys())
async def test_a_wrong_schema_is_refused_with_its_place(server: Server, field: str, schema: Any, place: str) -> None:
    await server.register()
    body = {"handler": WORKER, field: schema}
    declared = {"name": "new", **body}
    requests = [
        ("POST", "/v1/job-types", {**body, "name": "new"}, ""),
        ("PUT", "/v1/job-types/new", body, ""),
        ("PUT", "/v1/job-types/greet", body, ""),
        ("PATCH", "/v1/job-types/greet", {field: schema}, ""),
        ("POST", "/v1/workers", _worker(declared), "/declares/job_types/0"),
        ("POST", "/v1/workers", _worker(declared, several=True), "/declares/0/job_types/0"),
    ]
    for method, path, json, prefix in requests:
        answer = await server.http.request(method, path, json=json)
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid_schema"), (method, answer.text)
        assert [error["path"] for error in answer.json()["errors"]] == [f"{prefix}/{field}{place}"]
    assert (await server.get("/v1/job-types/greet"))["version"] == 1


def _worker(job_type: dict[str, Any], several: bool = False) -> dict[str, Any]:
    declares = {"app": "shop", "declared_at": "2026-01-01T00:00:00Z", "job_types": [job_type]}
    return {"name": "w", "job_types": ["new"], "declares": [declares] if several else declares}


REMOTE = {"$ref": "https://example.com/schema"}
DATA: dict[str, tuple[Any, Any, Any]] = {
    "const": ({"const": REMOTE}, REMOTE, {}),
    "enum": ({"enum": [REMOTE, 1]}, REMOTE, 2),
    "default": ({"type": "integer", "default": REMOTE}, 1, "x"),
    "examples": ({"type": "integer", "examples": [REMOTE, {"$dynamicRef": "x"}]}, 1, "x"),
    "const deep": ({"const": {"a": [REMOTE]}}, {"a": [REMOTE]}, 1),
    "a property's name": ({"properties": {"$ref": {"type": "string"}}}, REMOTE, {"$ref": 1}),
    "a property's name, referring": (
        {"properties": {"$ref": {"$ref": "#/$defs/a"}}, "$defs": {"a": {"type": "string"}}},
        REMOTE,
        {"$ref": 1},
    ),
    "names of all kinds": (
        {
            "$defs": {"$ref": {"type": "string"}},
            "properties": {
                "$dynamicRef": {"type": "string"},
                "$id": {"type": "string"},
                "$schema": {"type": "integer"},
            },
            "patternProperties": {"$ref": {}},
            "dependentSchemas": {"$ref": {}},
            "dependentRequired": {"$ref": ["$id"]},
        },
        {"$dynamicRef": "x", "$id": "y", "$schema": 5},
        {"$dynamicRef": 1},
    ),
    "an unknown keyword": ({"x-note": REMOTE, "type": "integer"}, 1, "x"),
    "an anchor": ({"$ref": "#text", "$defs": {"a": {"$anchor": "text", "type": "string"}}}, "x", 1),
    "a dynamic anchor": (
        {"$dynamicAnchor": "node", "type": ["array", "integer"], "items": {"$dynamicRef": "#node"}},
        [[1]],
        [["x"]],
    ),
    "a part by its absolute $id": (
        {"$ref": "https://example.com/text", "$defs": {"a": {"$id": "https://example.com/text", "type": "string"}}},
        "x",
        1,
    ),
    "a part by its relative $id": (
        {
            "$id": "https://example.com/root",
            "$ref": "text",
            "$defs": {"a": {"$id": "text", "type": "string"}},
        },
        "x",
        1,
    ),
    "a place in a part": (
        {
            "$ref": "https://example.com/person#/properties/name",
            "$defs": {"p": {"$id": "https://example.com/person", "properties": {"name": {"type": "string"}}}},
        },
        "x",
        1,
    ),
    "a part that refers within itself": (
        {
            "properties": {"a": {"$ref": "urn:example:a"}},
            "$defs": {"a": {"$id": "urn:example:a", "$ref": "#/$defs/b", "$defs": {"b": {"type": "string"}}}},
        },
        {"a": "x"},
        {"a": 1},
    ),
    "itself by its $id": (
        {"$id": "https://example.com/t", "type": ["array", "integer"], "items": {"$ref": "https://example.com/t"}},
        [[1]],
        [["x"]],
    ),
    "its dialect": ({"$schema": DIALECT + "#", "type": "integer"}, 1, "x"),
    "the standard's own schema": ({"$ref": DIALECT}, {"type": "string"}, {"type": "text"}),
}


@pytest.mark.parametrize(("schema", "good", "bad"), DATA.values(), ids=DATA.keys())
async def test_what_is_in_the_schema_itself_is_taken_and_holds(
    server: Server, schema: Any, good: Any, bad: Any
) -> None:
    await server.register(payload_schema=schema)
    await server.dispatch(payload=good)
    answer = await server.http.post("/v1/job-types/greet/runs", json={"payload": bad})
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_payload")
    assert answer.json()["errors"]


ELSEWHERE: dict[str, tuple[Any, str]] = {
    "$ref": (REMOTE, "/$ref"),
    "in a property": ({"properties": {"$ref": REMOTE}}, "/properties/$ref/$ref"),
    "in unused $defs": ({"$defs": {"a/b": REMOTE}}, "/$defs/a~1b/$ref"),
    "in a list": ({"allOf": [{}, {"not": REMOTE}]}, "/allOf/1/not/$ref"),
    "a file": ({"items": {"$ref": "file:///etc/passwd"}}, "/items/$ref"),
    "a relative one": ({"items": {"$ref": "other.json"}}, "/items/$ref"),
    "a dynamic one": ({"$dynamicRef": "https://example.com/x#y"}, "/$dynamicRef"),
    "relative to its $id": ({"$id": "https://example.com/root", "items": {"$ref": "other"}}, "/items/$ref"),
    "in a place that is no schema but for a reference": (
        {"$ref": "#/x-note", "x-note": REMOTE},
        "/x-note/$ref",
    ),
    "no such anchor": ({"items": {"$ref": "#none"}}, "/items/$ref"),
    "no such place": ({"items": {"$ref": "#/$defs/none"}}, "/items/$ref"),
    "contentSchema": ({"contentSchema": REMOTE}, "/contentSchema/$ref"),
}


@pytest.mark.parametrize(("schema", "place"), ELSEWHERE.values(), ids=ELSEWHERE.keys())
async def test_a_reference_to_elsewhere_is_refused_with_its_place(server: Server, schema: Any, place: str) -> None:
    body = {"name": "new", "handler": WORKER, "payload_schema": schema}
    answer = await server.http.post("/v1/job-types", json=body)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_schema")
    assert [error["path"] for error in answer.json()["errors"]] == ["/payload_schema" + place]


WORDS = """
$schema $id $ref $dynamicRef $anchor $dynamicAnchor $defs $vocabulary $comment $recursiveRef $recursiveAnchor
additionalProperties allOf anyOf const contains contentEncoding contentMediaType contentSchema default definitions
dependencies dependentRequired dependentSchemas deprecated description else enum examples exclusiveMaximum
exclusiveMinimum format if items maxContains maxItems maxLength maxProperties maximum minContains minItems minLength
minProperties minimum multipleOf not oneOf pattern patternProperties prefixItems properties propertyNames readOnly
required then title type unevaluatedItems unevaluatedProperties uniqueItems writeOnly x
"""
VALUES = """
# #/ #a #/$defs/a #/x a a# http://a/b http://a/b#c urn:a % // [ ( ^a+$ string integer email uri base64 #/a~1b #/a%20b
#/~ .. http://a/../b https://json-schema.org/draft/2020-12/schema İ
"""
KEYWORDS, TEXTS = WORDS.split(), st.sampled_from(VALUES.split())
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(-3, 70), st.floats(allow_nan=False, allow_infinity=False), TEXTS
)
ANYTHING = st.recursive(
    SCALARS,
    lambda part: st.one_of(
        st.lists(part, max_size=3), st.dictionaries(st.one_of(st.sampled_from(KEYWORDS), TEXTS), part, max_size=4)
    ),
    max_leaves=12,
)
LIKE_SCHEMAS = st.dictionaries(st.sampled_from(KEYWORDS), ANYTHING, min_size=1, max_size=5)


@settings(max_examples=examples(1000), deadline=None, suppress_health_check=list(HealthCheck))
@given(LIKE_SCHEMAS, ANYTHING)
def test_anything_is_taken_or_refused(schema: dict[str, Any], value: Any) -> None:
    try:
        compiled = compile_schema(schema, "/payload_schema")
    except InvalidSchema as refusal:
        (error,) = refusal.errors
        assert error.path.startswith("/payload_schema")
        assert error.message
    else:
        compiled.validator.is_valid(value)
