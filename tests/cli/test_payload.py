"""The payload of a dispatch, and what is said when it is none."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import pytest
from blazy_jobs.cli.failures import Unusable
from blazy_jobs.cli.payload import read_payload


def refusal(given: str) -> str:
    with pytest.raises(Unusable) as refused:
        read_payload(given)
    return str(refused.value)


def give_stdin(monkeypatch: pytest.MonkeyPatch, raw: bytes) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(raw)))


def test_nothing_is_null() -> None:
    assert read_payload(None) is None


def test_it_is_on_the_command_line() -> None:
    assert read_payload('{"userId": "123", "n": [1, 2.5, null]}') == {"userId": "123", "n": [1, 2.5, None]}


@pytest.mark.parametrize("word", ["-", "@-"])
def test_it_comes_from_standard_input(word: str, monkeypatch: pytest.MonkeyPatch) -> None:
    give_stdin(monkeypatch, b'{"a": 1}\n')
    assert read_payload(word) == {"a": 1}


def test_it_comes_from_a_file_with_or_without_a_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    for raw in (b'"\xc3\xbc"', b'\xef\xbb\xbf"\xc3\xbc"'):
        file.write_bytes(raw)
        assert read_payload(f"@{file}") == "ü"


def test_bad_json_is_said_with_its_line_and_column() -> None:
    assert "the payload is not JSON: line 2, column 7: " in refusal('{"a": 1,\n "b": }')


def test_quotes_that_a_shell_took_away_are_guessed() -> None:
    assert "between single quotes" in refusal("{userId: 123}")
    assert "between single quotes" not in refusal('{"userId": 123,}')


def test_a_bad_file_is_named_with_the_place(tmp_path: Path) -> None:
    file = tmp_path / "payload.json"
    file.write_bytes(b'{\n"a" 1}')
    assert f"the file '{file}' is not JSON: line 2, column 5: " in refusal(f"@{file}")
    file.write_bytes(b"ab\xff")
    assert refusal(f"@{file}") == f"the file '{file}' is not UTF-8, at byte 2"
    assert "No such file or directory" in refusal(f"@{tmp_path / 'none'}")


def test_empty_standard_input_is_no_json(monkeypatch: pytest.MonkeyPatch) -> None:
    give_stdin(monkeypatch, b"")
    assert "standard input is not JSON: line 1, column 1" in refusal("-")


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ("NaN", "NaN is not JSON"),
        ("[1e999]", "NaN and Infinity are not JSON"),
        ('{"a": 1, "a": 2}', "the key 'a' is there twice"),
        ("9007199254740993", "an integer is beyond ±(2^53-1); send it as a string"),
        ('"\\ud800"', "lone surrogate"),
        ('"\\u0000"', "U+0000"),
        ("[" * 65 + "]" * 65, "nested deeper than 64 levels"),
        ("[" * 100_000 + "]" * 100_000, "nested deeper than 64 levels"),
        ("1" * 5000, "cannot be sent as JSON"),
    ],
)
def test_what_the_server_would_refuse_as_json_is_refused_here(given: str, reason: str) -> None:
    assert reason in refusal(given)


def test_what_stands_in_it_is_never_said() -> None:
    assert "secret" not in refusal('{"password": "secret",}')
