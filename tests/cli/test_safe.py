"""What comes from payloads and from the server does nothing to a terminal but show itself."""

from __future__ import annotations

import json

import pytest
from blazy_jobs.cli.safe import cut, json_line, json_lines, safe, safe_lines
from hypothesis import given
from hypothesis import strategies as st

HARMFUL = {*range(0x20), *range(0x7F, 0xA0), *range(0x2028, 0x202F), *range(0x2066, 0x206A), 0x61C, 0x200E, 0x200F}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred", "\\x1b[31mred"),
        ("\x1b]0;title\x07", "\\x1b]0;title\\x07"),
        ("\x9b31m", "\\x9b31m"),
        ("one\r\ntwo\t3", "one\\r\\ntwo\\t3"),
        ("\u202eright to left", "\\u202eright to left"),
        ("\udc80", "\\udc80"),
        ("[bold]Grüße 👋🏽[/bold]", "[bold]Grüße 👋🏽[/bold]"),
    ],
)
def test_control_characters_are_shown_and_not_sent(text: str, shown: str) -> None:
    assert safe(text) == shown


@given(st.text())
def test_no_text_gets_a_control_character_through(text: str) -> None:
    printed = "".join([safe(text), json_line(text), *safe_lines(text), *json_lines([text])])
    assert not {ord(char) for char in printed} & HARMFUL


@given(st.recursive(st.none() | st.text() | st.integers(-(2**53), 2**53), lambda inner: st.lists(inner, max_size=3)))
def test_a_line_of_json_says_what_the_value_is(value: object) -> None:
    assert json.loads(json_line(value)) == value


def test_a_traceback_keeps_its_lines() -> None:
    assert safe_lines("a\n\tb\x1b[2J") == ["a", "    b\\x1b[2J"]


def test_much_is_cut_and_says_so() -> None:
    assert cut("x" * 12, 10) == "xxxxxxxxxx … (2 more characters; --json shows all)"
