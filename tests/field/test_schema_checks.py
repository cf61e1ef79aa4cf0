"""Values are judged and faults explained in bounded time and memory, whatever the schema and the value."""

from __future__ import annotations

import asyncio
import threading
import time
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blazy_jobs_server.domain.errors import InvalidSchema, TooBusy
from blazy_jobs_server.engine.examiner import JUDGE_SECONDS, Examined, Examiner, NoTime
from blazy_jobs_server.engine.explaining import Explanation
from blazy_jobs_server.engine.schema_tree import pointer
from blazy_jobs_server.engine.schemas import MAX_WAITING, PATTERNS, Kept, Schema, Steps, compile_schema, payloads
from tests.support.examples import examples

FAR_TOO_LONG_SECONDS = 20
"""What took minutes, or years, takes milliseconds; the machine may be busy."""


def branch(operator: str) -> dict[str, Any]:
    args = {"type": "array", "items": {"$ref": "#/$defs/expr"}}
    return {
        "type": "object",
        "properties": {"op": {"const": operator}, "args": args},
        "required": ["op", "args"],
    }


def expression(keyword: str) -> dict[str, Any]:
    leaf = {"type": "object", "properties": {"value": {"type": "number"}}, "required": ["value"]}
    return {"$ref": "#/$defs/expr", "$defs": {"expr": {keyword: [branch("and"), branch("or"), leaf]}}}


def tree(depth: int, leaf: object) -> Any:
    value = leaf
    for _ in range(depth):
        value = {"op": "and", "args": [value]}
    return value


def nested(depth: int, leaf: object, name: str | None) -> Any:
    value = leaf
    for _ in range(depth):
        value = [value] if name is None else {name: value}
    return value


E = {"$ref": "#/$defs/e"}
ARRAY, OBJECT = ["array", "integer"], ["object", "integer"]
RECURSIVE: dict[str, tuple[dict[str, Any], str | None]] = {
    "allOf": ({"type": ARRAY, "allOf": [{"items": E}, {"items": E}]}, None),
    "anyOf": ({"anyOf": [{"type": "array", "items": E}, {"type": "array", "items": E}, {"type": "integer"}]}, None),
    "oneOf": ({"oneOf": [{"type": "array", "items": E}, {"items": E, "type": "array"}, {"type": "integer"}]}, None),
    "if": ({"type": ARRAY, "if": {"items": E}, "then": {"items": E}, "else": {"items": E}}, None),
    "not": ({"type": ARRAY, "not": {"not": {"items": E}}, "items": E}, None),
    "contains": ({"type": ARRAY, "contains": E, "items": E}, None),
    "dependentSchemas": (
        {"type": OBJECT, "dependentSchemas": {"a": {"properties": {"a": E}}}, "properties": {"a": E}},
        "a",
    ),
    "patternProperties": ({"type": OBJECT, "patternProperties": {"a": E, "^a": E}}, "a"),
    "unevaluatedProperties": (
        {"type": OBJECT, "anyOf": [{"properties": {"a": E}}, {"properties": {"b": E}}], "unevaluatedProperties": E},
        "a",
    ),
    "unevaluatedItems": (
        {"type": ARRAY, "anyOf": [{"prefixItems": [E]}, {"prefixItems": [E]}], "unevaluatedItems": E},
        None,
    ),
}


@pytest.mark.parametrize("keyword", ["anyOf", "oneOf"])
async def test_a_deep_expression_tree_is_judged_and_explained_in_no_time(keyword: str) -> None:
    schema = Schema(expression(keyword))
    started = time.monotonic()
    for depth in (1, 12, 16, 30):
        good, bad = tree(depth, {"value": 1}), tree(depth, {"value": "x"})
        assert await schema.faults(good, "/payload") == []
        (fault,) = await schema.faults(bad, "/payload")
        assert (fault.path, fault.code) == ("/payload", keyword)
        assert fault.message == f"the value is not valid under any of the schemas listed in the '{keyword}' keyword"
    assert time.monotonic() - started < FAR_TOO_LONG_SECONDS


@pytest.mark.parametrize("keyword", RECURSIVE)
async def test_no_keyword_makes_an_explanation_explode(keyword: str) -> None:
    definition, name = RECURSIVE[keyword]
    schema = Schema({"$defs": {"e": definition}, **E})
    started = time.monotonic()
    for depth in (3, 20, 60):
        faults = await schema.faults(nested(depth, "z", name), "/payload")
        assert 1 <= len(faults) <= 20
        assert all(fault.path.startswith("/payload") and fault.code != "too_complex" for fault in faults)
    assert time.monotonic() - started < FAR_TOO_LONG_SECONDS


async def test_a_dynamic_reference_does_not_explode_either() -> None:
    items = {"items": {"$dynamicRef": "#node"}}
    schema = Schema({"$dynamicAnchor": "node", "type": ARRAY, "allOf": [items, items]})
    assert await schema.faults(nested(60, 1, None), "") == []
    assert (await schema.faults(nested(60, "z", None), ""))[0].path == "/0" * 60


async def test_the_first_of_half_a_million_faults_are_named() -> None:
    faults = await Schema({"items": {"type": "string"}}).faults([1] * 500_000, "/payload")
    assert [fault.path for fault in faults] == [f"/payload/{index}" for index in range(20)]


async def test_one_fault_at_the_end_of_a_long_list_is_found() -> None:
    faults = await Schema({"items": {"type": "string"}}).faults([*(["a"] * 100_000), 1], "/payload")
    assert [(fault.path, fault.code) for fault in faults] == [("/payload/100000", "type")]


async def test_the_loop_goes_on_while_a_value_is_checked_that_takes_long() -> None:
    schema = Schema({"items": {"allOf": [{"minimum": least} for least in range(3000)]}})
    looking = asyncio.ensure_future(schema.faults([10**6] * 100_000, "/payload"))
    turns = 0
    while not looking.done():
        await asyncio.sleep(0.001)
        turns += 1
    assert [fault.code for fault in await looking] == ["too_complex"]
    assert turns > 50
    assert (await schema.faults([10**6] * 1_000 + [3], "/payload"))[0].path == "/payload/1000"  # it goes on afterwards


def doubling(links: int, keyword: str = "allOf") -> dict[str, Any]:
    twice = [[{"$ref": f"#/$defs/d{link + 1}"}] * 2 for link in range(links)]
    chain = {f"d{link}": {keyword: both} for link, both in enumerate(twice)}
    return {"$ref": "#/$defs/d0", "$defs": {**chain, f"d{links}": {"type": "string"}}}


@pytest.mark.parametrize(
    "schema",
    [
        doubling(40),
        doubling(400, "anyOf"),
        {"$ref": "#/d0", **{f"d{i}": {"$ref": f"#/d{i + 1}"} for i in range(2000)}, "d2000": {}},
        {"pattern": "a{0,60000}"},
        {"patternProperties": {"a{0,60000}": {}}},
        {"allOf": [{"pattern": f"^.{{1,{most}}}$"} for most in range(200, 260)]},
        {"pattern": "(a+)+\\1$"},
        {"pattern": "("},
    ],
    ids=["doubling", "doubling anyOf", "chain", "pattern", "name pattern", "patterns", "back-reference", "no pattern"],
)
def test_a_schema_that_costs_too_much_is_refused(schema: dict[str, Any]) -> None:
    with pytest.raises(InvalidSchema) as refusal:
        compile_schema(schema, "/payload_schema")
    assert refusal.value.errors[0].path.startswith("/payload_schema")


@pytest.mark.parametrize(
    "schema", [doubling(5), {"pattern": r"^\p{L}{1,50}$"}, {"pattern": r"^.{1,255}$"}, {"pattern": "^(a+)+$"}]
)
def test_an_ordinary_schema_is_not(schema: dict[str, Any]) -> None:
    compile_schema(schema, "/payload_schema")


def test_compiled_schemas_make_room_for_others() -> None:
    kept = Kept(16 << 20)
    schemas = [Schema({"pattern": f"^.{{1,{most}}}$"}) for most in range(200, 240)]
    for schema in schemas:
        assert kept.of(schema).validator.is_valid("x")
    assert kept.bytes <= 16 << 20
    assert kept.of(schemas[0]).validator.is_valid("x")  # compiled again


MANY = {"items": {"allOf": [{"minimum": least} for least in range(3000)]}}


def test_an_examiner_says_whether_a_value_fits_takes_too_long_or_could_not_be_looked_at() -> None:
    examiner = Examiner()
    try:
        assert examiner.examine(MANY, [10**6] * 10, None).fits is True
        assert examiner.examine(MANY, [1] * 1_000, None).fits is False
        too_long = examiner.examine(MANY, [10**6] * 100_000, "/payload")
        assert (too_long.fits, [fault.code for fault in too_long.faults]) == (None, ["too_complex"])
        assert too_long.seconds == JUDGE_SECONDS
        assert examiner.examine(MANY, [10**6], "").fits is True
        assert examiner._process is not None
        examiner._process.kill()  # as the system does that runs out of memory
        assert examiner.examine(MANY, [10**6], "").fits is True
    finally:
        examiner.close()


def test_a_value_whose_examiner_is_killed_over_it_is_not_called_too_complex() -> None:
    examiner = Examiner()
    refusals: list[NoTime] = []

    def examine() -> None:
        try:
            examiner.examine(MANY, [10**6] * 100_000, None)
        except NoTime as error:
            refusals.append(error)

    assert examiner.examine(True, 1, None).fits is True
    thread = threading.Thread(target=examine)
    thread.start()
    while thread.is_alive():
        examiner.interrupt()
    examiner.close()
    assert len(refusals) == 1


async def test_a_payload_that_cannot_be_looked_at_now_is_no_bad_one(monkeypatch: pytest.MonkeyPatch) -> None:
    async def too_late(*_: object, **__: object) -> Examined:
        raise NoTime

    monkeypatch.setattr(payloads, "examine", too_late)
    with pytest.raises(TooBusy) as refusal:
        await Schema(MANY).faults([10**6] * 100_000, "/payload")
    assert [(error.path, error.code) for error in refusal.value.errors] == [("/payload", "too_busy")]


# -- what is explained is what the validator says

LEAVES = [
    *(True, False, {}, {"type": "string"}, {"type": "integer"}, {"type": ["array", "null"]}, {"const": 1}),
    *({"enum": [1, "a"]}, {"minimum": 2}, {"maxLength": 1}, {"pattern": "^a"}, {"minItems": 1}, {"required": ["a"]}),
    *({"uniqueItems": True}, {"$ref": "#"}, {"$ref": "#/$defs/d"}, {"maxProperties": 1}, {"$ref": "#/x/y"}),
]
NAMES = st.sampled_from(["a", "b", "a b", "c/d", "é"])
ONE = ["additionalProperties", "contains", "items", "not", "propertyNames", "unevaluatedItems", "unevaluatedProperties"]


def _larger(part: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    named = st.dictionaries(NAMES, part, max_size=2)
    keywords = st.one_of(
        *(st.fixed_dictionaries({name: part}) for name in ONE),
        *(
            st.fixed_dictionaries({name: st.lists(part, min_size=1, max_size=3)})
            for name in ("allOf", "anyOf", "oneOf", "prefixItems")
        ),
        *(st.fixed_dictionaries({name: named}) for name in ("properties", "dependentSchemas")),
        st.fixed_dictionaries(
            {"patternProperties": st.dictionaries(st.sampled_from(["^a", "b", ""]), part, max_size=2)}
        ),
        st.fixed_dictionaries({"if": part, "then": part, "else": part}),
        st.fixed_dictionaries({"contains": part, "minContains": st.integers(0, 2), "maxContains": st.integers(0, 2)}),
    )
    return st.builds(lambda one, other: {**one, **other}, keywords, keywords)


SCHEMAS = st.recursive(st.sampled_from(LEAVES), _larger, max_leaves=8)
VALUES = st.recursive(
    st.sampled_from([None, 1, 2.5, "a", "bb", True, 3]),
    lambda part: st.one_of(st.lists(part, max_size=3), st.dictionaries(NAMES, part, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=examples(300), deadline=None, suppress_health_check=list(HealthCheck))
@given(SCHEMAS.filter(lambda schema: isinstance(schema, dict)), SCHEMAS, SCHEMAS, VALUES)
def test_faults_are_found_where_the_validator_finds_them(root: Any, known: Any, elsewhere: Any, value: Any) -> None:
    document = {**root, "$defs": {"d": known}, "x": {"y": elsewhere}}
    validator = jsonschema_rs.Draft202012Validator(document, pattern_options=PATTERNS)
    errors = [pointer(*error.instance_path) for error in validator.iter_errors(value)]
    if errors:
        faults = Explanation(document, PATTERNS, Steps(100_000)).faults(value, "")
        assert {fault.path for fault in faults[:20]} <= set(errors)
        if len(errors) < 20:
            assert {fault.path for fault in faults} == set(errors)


@pytest.mark.parametrize("pattern", ["[^a]{1,1000}x", "[ab]*a[ab]{200}c", r"\d{1,100}x"])
async def test_a_pattern_with_many_states_is_kept_off_the_loop_over_a_long_text(pattern: str) -> None:
    text = "ba" * 100_000
    schema = Schema({"pattern": pattern})
    assert schema.judge(text, len(text)) is None
    assert [fault.path for fault in await schema.faults(text, "/payload")] == ["/payload"]


async def test_usual_patterns_are_judged_at_once_over_usual_texts() -> None:
    usual = {r"^\d{4}-\d{2}-\d{2}$": 20_000, "^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$": 20_000, "^[a-z]+$": 200_000}
    for pattern, length in usual.items():
        assert Schema({"items": {"pattern": pattern}}).judge(["a" * 100], length) is not None


async def test_however_many_values_take_long_those_that_fit_are_taken() -> None:
    schema = Schema({"items": {"enum": [{"a": number} for number in range(4000)]}})
    found = await asyncio.gather(*[schema.faults([{"a": 0}] * 6_000, "/payload") for _ in range(3 * MAX_WAITING)])
    assert found == [[]] * (3 * MAX_WAITING)


def test_a_fault_that_was_met_while_another_keyword_was_tried_is_found_in_its_place() -> None:
    part = {"unevaluatedItems": True, "if": False, "then": True, "else": {"$ref": "#/$defs/none"}}
    schema = {"properties": {}, "prefixItems": [part], "$defs": {"none": False}}
    assert [fault.path for fault in Explanation(schema, PATTERNS, lambda: None).faults([None], "")] == ["/0"]


def test_what_is_not_allowed_is_named() -> None:
    schema = {"properties": {"name": {"type": "string"}}, "additionalProperties": False}
    found = Explanation(schema, PATTERNS, lambda: None).faults({"nome": 1, "name": "x"}, "/payload")
    [unexpected] = found
    assert (unexpected.path, unexpected.code) == ("/payload", "additionalProperties")
    assert "'nome'" in unexpected.message
