"""What the dashboard's modules work out without a page: schedules in words, forms made from schemas."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest

from blazy_jobs_server.api.dashboard_files import UI

WORDS = {
    "* * * * *": "Every minute",
    "*/5 * * * *": "Every 5 minutes",
    "*/7 * * * *": "Every 7 minutes of each hour",
    "0 * * * *": "Every hour, on the hour",
    "1 * * * *": "Every hour, at 1 minute past",
    "0 */5 * * *": "Every 5 hours from midnight, on the hour",
    "@daily": "At 00:00 every day",
    "@weekly": "At 00:00 every Sunday",
    "@Yearly": "At 00:00 on 1 January",
    "*/15 8-18 * * mon-fri": "Every 15 minutes from 08:00 to 18:59, Monday to Friday",
    "30 8 * * MON": "At 08:30 every Monday",
    "30 8 * * 1,3,5": "At 08:30 on Monday, Wednesday and Friday",
    "0 0 * * 0,7": "At 00:00 every Sunday",
    "0 9 * * 0-5": "At 09:00 on Sunday to Friday",
    "0 9 1,15 * *": "At 09:00 on day 1 and 15 of the month",
    "0 9 L * *": "At 09:00 on the last day of the month",
    "0 9 13 * fri": "At 09:00 on day 13 of the month or on Friday",
    "0 9 */2 * mon": "At 09:00 on every 2nd day of the month from the 1st if it is Monday",
    "0 9 * * mon#1": "At 09:00 on the first Monday",
    "0 22 * 6-8 *": "At 22:00 in June to August",
    "0 0,6,12,18 * * *": "At 00:00, 06:00, 12:00 and 18:00 every day",
    "0 9 ? * *": None,
    "0 9 LW * *": None,
    "60 9 * * *": None,
    "0 18-8 * * *": None,
    "": None,
}

SHAPES: dict[str, tuple[Any, str]] = {
    "text": ({"type": "string"}, "text"),
    "number": ({"type": "integer"}, "number"),
    "flag": ({"type": "boolean"}, "flag"),
    "choice": ({"enum": ["a", 1, None]}, "choice"),
    "constant": ({"const": 3}, "choice"),
    "nullable": ({"anyOf": [{"type": "string"}, {"type": "null"}]}, "text"),
    "nullable list of types": ({"type": ["integer", "null"]}, "number"),
    "either": ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "json"),
    "list": ({"type": "array", "items": {"type": "string"}}, "list"),
    "tuple": ({"type": "array", "prefixItems": [{}]}, "json"),
    "map": ({"type": "object", "additionalProperties": {"type": "string"}}, "json"),
    "group": ({"type": "object", "properties": {"a": {}}}, "group"),
    "group without a type": ({"properties": {"a": {"type": "string"}}}, "group"),
    "needs what it does not name": ({"type": "object", "properties": {"a": {}}, "required": ["b"]}, "json"),
    "conditional": ({"type": "object", "properties": {"a": {}}, "if": {}}, "json"),
    "reference": ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"type": "number"}}}, "number"),
    "of itself": ({"$ref": "#"}, "json"),
    "to nowhere": ({"$ref": "#/$defs/none"}, "json"),
    "to elsewhere": ({"$ref": "https://x.example/schema"}, "json"),
    "to an inherited name": ({"$ref": "#/constructor"}, "json"),
    "endless": ({"type": "object", "properties": {"next": {"$ref": "#"}}}, "group"),
    "anything": (True, "json"),
    "of a name that JavaScript treats apart": (
        {"type": "object", "properties": json.loads('{"__proto__": {"type": "string"}}'), "required": ["__proto__"]},
        "group",
    ),
}


def run(code: str, given: object) -> Any:
    if shutil.which("node") is None:
        pytest.skip("Node is not installed")
    script = code.replace("UI/", UI.as_uri() + "/")
    found = subprocess.run(
        ("node", "--input-type=module", "-e", script),
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(found.stdout)


READ = "import { readFileSync } from 'node:fs'; const given = JSON.parse(readFileSync(0, 'utf8'));"


def test_cron_expressions_are_said_in_words_or_not_at_all() -> None:
    code = f"import {{ cronWords }} from 'UI/core/cron.js'; {READ} console.log(JSON.stringify(given.map(cronWords)));"
    assert dict(zip(WORDS, run(code, list(WORDS)), strict=True)) == WORDS


def test_a_schema_becomes_fields_where_they_can_say_all_of_it() -> None:
    code = (
        f"import {{ shapeOf }} from 'UI/core/schema.js'; {READ} "
        "console.log(JSON.stringify(given.map((schema) => shapeOf(schema, schema).kind)));"
    )
    kinds = run(code, [schema for schema, _ in SHAPES.values()])
    assert dict(zip(SHAPES, kinds, strict=True)) == {name: kind for name, (_, kind) in SHAPES.items()}


def test_a_form_begins_with_defaults_and_what_is_required() -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"type": "string"},
            "size": {"type": "integer", "default": 3},
            "note": {"type": "string"},
            "loud": {"type": "boolean"},
            "lines": {
                "type": "array",
                "minItems": 1,
                "items": {"type": "object", "properties": {"sku": {"type": "string"}}, "required": ["sku"]},
            },
        },
        "required": ["name", "loud", "lines", "size"],
    }
    code = (
        f"import {{ initial, shapeOf }} from 'UI/core/schema.js'; {READ} "
        "console.log(JSON.stringify(initial(shapeOf(given, given), true)));"
    )
    assert run(code, schema) == {"name": "", "loud": False, "lines": [{"sku": ""}], "size": 3}


def test_two_texts_are_compared_line_by_line() -> None:
    before = "\n".join(["{", *(f"  {n}," for n in range(10)), "}"])
    after = before.replace("  4,", "  four,\n  more,")
    code = (
        f"import {{ difference }} from 'UI/core/lines.js'; {READ} "
        "const [before, after] = given; const found = [difference(before, after), difference(before, before)]; "
        "console.log(JSON.stringify([...found, difference('a', 'a\\n'.repeat(700))]));"
    )
    changed, same, long = run(code, [before, after])
    assert [(line["kind"], line["text"].strip()) for line in changed] == [
        ("gap", "…"),
        ("same", "2,"),
        ("same", "3,"),
        ("out", "4,"),
        ("in", "four,"),
        ("in", "more,"),
        ("same", "5,"),
        ("same", "6,"),
        ("gap", "…"),
    ]
    assert [line["kind"] for line in same] == ["gap"]
    assert long is None
