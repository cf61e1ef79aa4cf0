"""What JSON Pointers hide of a document, and how a mask becomes the value again."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazy_jobs_server.domain.redaction import MASK, NothingKept, covers, is_pointer, redacted, restored

CARD = '{"card":{"number":"4111","holder":"A"},"amount":5}'


@pytest.mark.parametrize(
    ("text", "pointers", "shown"),
    [
        (CARD, ["/card/number"], '{"card":{"number":"***","holder":"A"},"amount":5}'),
        (CARD, ["/card/number", "/card"], '{"card":"***","amount":5}'),
        (CARD, ["/card", "/card/number"], '{"card":"***","amount":5}'),
        (CARD, [""], '"***"'),
        (CARD, ["", "/card"], '"***"'),
        (CARD, ["/cart", "/card/number/0", "/amount/0", "/0"], CARD),
        ('{"n":null,"o":{},"b":false}', ["/n", "/o", "/b"], '{"n":"***","o":"***","b":"***"}'),
        ('[{"n":1},{"n":2}]', ["/1/n"], '[{"n":1},{"n":"***"}]'),
        ("[1,2]", ["/-", "/2", "/00", "/01", "/+1", "/1 ", "/-1", "/\u0660", "/" + "9" * 40], "[1,2]"),
        ('{"0":1,"01":2}', ["/0", "/01"], '{"0":"***","01":"***"}'),
        ('{"a/b":1,"m~n":2,"":3," ":4,"~1":5}', ["/a~1b", "/m~0n", "/", "/~01"], None),
        ("null", [""], '"***"'),
        ("5", ["/a"], "5"),
        (' {"a" : 1.0e5 , "b":100000000000000000000000} ', ["/a"], '{"a":"***","b":100000000000000000000000}'),
        ("not JSON", ["/a"], "not JSON"),
        ("{not JSON", ["/a"], '"***"'),
    ],
)
def test_the_values_at_the_pointers_are_hidden(text: str, pointers: list[str], shown: str | None) -> None:
    wanted = '{"a/b":"***","m~n":"***","":"***"," ":4,"~1":"***"}' if shown is None else shown
    assert redacted(text, tuple(pointers)) == wanted


@pytest.mark.parametrize("text", ["", "/", "//", "/a/b~0c~1d", "/0", "/ü", "/a b", "/a\nb"])
def test_a_pointer(text: str) -> None:
    assert is_pointer(text)


@pytest.mark.parametrize("text", ["a", "a/b", "#/a", "/~", "/a~2", "/a/~b", " /a"])
def test_no_pointer(text: str) -> None:
    assert not is_pointer(text)


def test_a_shorter_pointer_covers_a_longer_one() -> None:
    assert covers(["/card"], ["/card/number", "/card"])
    assert covers([""], ["/card", ""])
    assert covers(["/a"], [])
    assert not covers(["/card"], ["/cards"])
    assert not covers(["/card/number"], ["/card"])
    assert not covers([], [""])


@pytest.mark.parametrize(
    ("sent", "known", "stored"),
    [
        ('{"card":{"number":"***"},"amount":6}', CARD, '{"card":{"number":"4111"},"amount":6}'),
        ('{"card":{"number":"5"}}', CARD, '{"card":{"number":"5"}}'),
        ('{"card":{"holder":"***"}}', CARD, '{"card":{"holder":"***"}}'),
        ('{"amount":"***"}', CARD, '{"amount":"***"}'),
    ],
)
def test_a_mask_that_is_sent_back_stands_for_what_was_there(sent: str, known: str, stored: str) -> None:
    assert restored(sent, known, ("/card/number",)) == stored


@pytest.mark.parametrize("known", [None, "{}", '{"card":[]}', '{"card":{}}', '{"card":{"number":"***"}}', "1"])
def test_a_mask_without_a_value_before_is_refused(known: str | None) -> None:
    with pytest.raises(NothingKept) as refused:
        restored('{"card":{"number":"***"}}', known, ("/card/number",))
    assert refused.value.pointer == "/card/number"
    with pytest.raises(NothingKept) as refused:
        restored('{"a/b":"***"}', known, ("/a~1b",))
    assert refused.value.pointer == "/a~1b"


NAMES = st.sampled_from(["a", "b", "0", "1", "", "/", "~", "~1", "ü"])
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
POINTERS = st.lists(
    st.lists(NAMES, max_size=3).map(
        lambda tokens: "".join("/" + token.replace("~", "~0").replace("/", "~1") for token in tokens)
    ),
    max_size=4,
)


def _by_the_book(value: Any, tokens: list[str]) -> Any:
    """RFC 6901, section 4, one pointer after the other."""
    if not tokens:
        return MASK
    token, rest = tokens[0].replace("~1", "/").replace("~0", "~"), tokens[1:]
    if isinstance(value, dict) and token in value:
        return value | {token: _by_the_book(value[token], rest)}
    if isinstance(value, list) and token in ("0", "1") and int(token) < len(value):
        place = int(token)
        return [*value[:place], _by_the_book(value[place], rest), *value[place + 1 :]]
    return value


@given(DOCUMENTS, POINTERS)
def test_any_document_is_redacted_as_the_rfc_says_and_restored_by_itself(document: Any, pointers: list[str]) -> None:
    wanted = document
    for pointer in sorted(pointers, key=len, reverse=True):
        wanted = _by_the_book(wanted, pointer.split("/")[1:])
    text = json.dumps(document)
    shown = redacted(text, tuple(pointers))
    assert json.loads(shown) == wanted
    if MASK not in text:
        assert json.loads(restored(shown, text, tuple(pointers))) == document
