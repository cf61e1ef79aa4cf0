"""Which JSON is taken: what two readers could understand differently is refused, everything else passes untouched."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazy_jobs_server.api.strict_json import _SUSPICIOUS, MAX_DEPTH, MAX_INTEGER, exact, is_suspicious, parse
from blazy_jobs_server.domain.errors import MalformedJson
from tests.app.server import Server, paths, problem

BAD: dict[str, bytes] = {
    "nan": b'{"payload": NaN}',
    "infinity": b'{"payload": Infinity}',
    "minus infinity": b'{"payload": [-Infinity]}',
    "overflows a double": b'{"payload": 1e999}',
    "overflows a double in digits": b'{"payload": ' + b"9" * 400 + b".0}",
    "overflows, negative": b'{"payload": -1E400}',
    "duplicate key": b'{"payload": {"a": 1, "a": 2}}',
    "duplicate key, apart": b'{"payload": {"a": 1, "b": {"a": 1}, "a": 2}}',
    "duplicate key, escaped": b'{"payload": {"a": 1, "\\u0061": 2}}',
    "duplicate key at the top": b'{"payload": 1, "payload": 1}',
    "duplicate key hidden by a string": b'{"payload": {"a": 1, "a": "\\":"}}',
    "duplicate empty key": b'{"payload": {"": 1, "": 2}}',
    "lone high surrogate": b'{"payload": "\\ud800"}',
    "lone low surrogate": b'{"payload": "\\udc00x"}',
    "surrogates the wrong way round": b'{"payload": "\\udc00\\ud800"}',
    "lone surrogate in a key": b'{"payload": {"\\ud800": 1}}',
    "U+0000": b'{"payload": "a\\u0000b"}',
    "U+0000 in a key": b'{"payload": {"\\u0000": 1}}',
    "U+0000 after a backslash": b'{"payload": "\\\\\\u0000"}',
    "raw control character": b'{"payload": "a\x01b"}',
    "raw U+0000": b'{"payload": "a\x00b"}',
    "raw newline": b'{"payload": "a\nb"}',
    "not UTF-8": b'{"payload": "\xff"}',
    "surrogate in UTF-8": b'{"payload": "\xed\xa0\x80"}',
    "UTF-16": '{"payload": 1}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"payload": 1}',
    "too large an integer": b'{"payload": 9007199254740992}',
    "too small an integer": b'{"payload": {"a": [1, -9007199254740992]}}',
    "a huge integer": b'{"payload": ' + b"1" * 5000 + b"}",
    "trailing comma": b'{"payload": [1,]}',
    "comment": b'{"payload": 1} // yes',
    "single quotes": b"{'payload': 1}",
    "leading zero": b'{"payload": 01}',
    "plus": b'{"payload": +1}',
    "point without digits": b'{"payload": 1.}',
    "cut": b'{"payload": ',
    "two values": b'{"payload": 1}{"payload": 1}',
    "blank": b"  ",
    "unquoted key": b"{payload: 1}",
    "hex": b'{"payload": 0x10}',
    "bad escape": b'{"payload": "\\x41"}',
}


@pytest.mark.parametrize("body", BAD.values(), ids=BAD.keys())
async def test_is_malformed(server: Server, body: bytes) -> None:
    await server.register()
    problem(await server.raw("POST", "/v1/job-types/greet/runs", body), 400, "malformed_json")


async def test_an_integer_too_large_is_named_by_its_path(server: Server) -> None:
    await server.register()
    body = b'{"payload": {"a/b": [1, {"id": 12345678901234567890}]}}'
    document = problem(await server.raw("POST", "/v1/job-types/greet/runs", body), 400, "malformed_json")
    assert paths(document) == ["/payload/a~1b/1/id"]
    assert "string" in document["detail"]
    assert "/payload/a~1b/1/id" in document["detail"]


def nested(containers: int, innermost: Any = 1) -> Any:
    value = innermost
    for _ in range(containers):
        value = [value]
    return value


@pytest.mark.parametrize("innermost", [1, [], {}], ids=["a number", "an empty list", "an empty object"])
async def test_depth_ends_at_64(server: Server, innermost: Any) -> None:
    await server.register()
    own = 1 if innermost == 1 else 2  # the body's object, and the innermost one
    for containers, status in ((MAX_DEPTH - own, 202), (MAX_DEPTH - own + 1, 400), (900, 400), (100_000, 400)):
        body = b'{"payload": ' + b"[" * containers + json.dumps(innermost).encode() + b"]" * containers + b"}"
        assert (await server.raw("POST", "/v1/job-types/greet/runs", body)).status == status, containers


async def test_depth_counts_without_any_string(server: Server) -> None:
    problem(await server.raw("POST", "/v1/job-types", b"[" * 100 + b"]" * 100), 400, "malformed_json")


GOOD: dict[str, Any] = {
    "a quote and a colon in a key": {'a":b': 1, "c": {'":': '":'}},
    "an escaped quote before a colon": 'a\\":b',
    "an opening brace": "{",
    "JSON in a string": json.dumps({"a": 1, "b": "\\u0000"}),
    "a backslash before u0000": "\\u0000",
    "two backslashes before u0000": "\\\\u0000",
    "the largest integer": MAX_INTEGER,
    "the smallest integer": -MAX_INTEGER,
    "digits in a string": "12345678901234567890",
    "sixteen digits after the point": 0.1234567890123456,
    "a large double": 1.7976931348623157e308,
    "a small double": 5e-324,
    "minus zero": -0.0,
    "astral": "😀 \U0010ffff",
    "line separators": "\u2028\u2029\x85",
    "newlines": "a\nb\r\nc\rd: e\n\ndata: x\n\nid: 9",
    "empty": {"": "", "a": [], "b": {}, "c": None},
    "numbers": [0, -1, 1.5, 1e10],
    "false and true": [False, True],
    "NaN as a string": "NaN",
    "the same key at other places": [{"a": {"a": {"a": 1}}}, {"a": 2}],
    "keys of numbers": {"1": 1, "1e999": 2, "NaN": 3},
    "a key with escapes": {"\t\n\x1f": 1, "é": 2, "e\u0301": 3},
}


@pytest.mark.parametrize("payload", GOOD.values(), ids=GOOD.keys())
async def test_passes_untouched(server: Server, payload: Any) -> None:
    await server.register()
    for body in (json.dumps({"payload": payload}), json.dumps({"payload": payload}, ensure_ascii=False, indent=1)):
        answer = await server.raw("POST", "/v1/job-types/greet/runs", body.encode())
        assert answer.status == 202, answer.body
        assert (await server.run(answer.json()))["payload"] == payload
    worker = await server.worker()
    lease = (await worker.claim())[0]
    assert lease["run"]["payload"] == payload
    await worker.complete(lease, payload)
    done = await server.run(lease)
    assert done["result"] == payload
    assert (await server.events(lease))[-1]["data"] == {"result": payload}


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-MAX_INTEGER, MAX_INTEGER)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(JSON_VALUES, st.booleans())
def test_every_value_of_i_json_is_read_as_it_was_written(value: Any, escaped: bool) -> None:
    body = json.dumps(value, ensure_ascii=escaped).encode()
    assert parse(body) == value
    assert exact(body) == value


MARKS = ['"', ":", ",", "{", "}", "[", "]", "\\", " ", '"a":', '"b":', '\\"']
WORDS = ["a", "b", "1", "e9", "9" * 17, "0.5", "\\u0000", "\\ud800", "null", "NaN"]
PIECES = st.sampled_from(MARKS + WORDS)


@given(st.lists(PIECES, max_size=14).map(lambda pieces: "".join(pieces).encode()))
def test_the_quick_reader_takes_what_the_exact_one_takes(body: bytes) -> None:
    def outcome(reader: Any) -> Any:
        try:
            return ("value", repr(reader(body)))
        except MalformedJson:
            return ("refused",)

    assert outcome(parse) == outcome(exact)


NEAR_SUSPICION = st.sampled_from(
    [
        "9" * 15,
        "0" * 16,
        "1" * 17,
        "-",
        ".",
        "e",
        "E+",
        ":",
        ",",
        "[",
        " ",
        "\n",
        '"',
        "\\u0000",
        "\\u000",
        "\\",
        "é",
        "٣" * 16,
        "\0",
    ]
)


@given(st.lists(NEAR_SUSPICION | PIECES | st.text("0123456789", max_size=20), max_size=14).map("".join))
def test_the_cheap_look_finds_what_the_pattern_finds(text: str) -> None:
    for body in (text.encode(), text.encode("utf-16-le"), text.encode("latin-1", "replace")):
        assert is_suspicious(body) == (_SUSPICIOUS.search(body) is not None)


@pytest.mark.parametrize("leaf", ["", "1", '""', "[]", "{}"])
@pytest.mark.parametrize("depth", range(62, 68))
def test_both_readers_count_depth_alike(depth: int, leaf: str) -> None:
    for opening, closing in (("[", "]"), ('{"a":', "}")):
        if opening != "[" and not leaf:
            continue
        body = (opening * depth + leaf + closing * depth).encode()
        containers = depth + (leaf in ("[]", "{}"))
        for reader in (parse, exact):
            if containers <= MAX_DEPTH:
                reader(body)
            else:
                with pytest.raises(MalformedJson):
                    reader(body)
