"""The reader itself, on the cases of the standard and of the web platform tests."""

import pytest

from tests.support.event_stream import EventStreamDecoder, Message

CASES = [
    ("data: a\n\n", [("message", "a", "")]),
    ("data:a\ndata: b\n\n", [("message", "a\nb", "")]),
    ("data\n\ndata\ndata\n\ndata:", [("message", "", ""), ("message", "\n", "")]),
    ("data:test\n\ndata: test\n\n", [("message", "test", ""), ("message", "test", "")]),
    ("data:  two spaces\n\n", [("message", " two spaces", "")]),
    ("event: add\ndata: 1\n\ndata: 2\n\n", [("add", "1", ""), ("message", "2", "")]),
    ("event: lonely\n\ndata: 2\n\n", [("message", "2", "")]),
    ("id: 7\ndata: a\n\ndata: b\n\n", [("message", "a", "7"), ("message", "b", "7")]),
    ("id: 7\n\ndata: b\n\n", [("message", "b", "7")]),
    ("id: 7\ndata: a\n\nid\ndata: b\n\n", [("message", "a", "7"), ("message", "b", "")]),
    ("id: 7\ndata: a\n\nid: x\0y\ndata: b\n\n", [("message", "a", "7"), ("message", "b", "7")]),
    (": comment\n\n:\ndata: a\n\n", [("message", "a", "")]),
    ("Data: no\nda ta: no\n data: no\ndata: yes\n\n", [("message", "yes", "")]),
    ("\ufeffdata: a\n\n\ufeffdata: b\n\ndata: c\n\n", [("message", "a", ""), ("message", "c", "")]),
    ("data: a\r\rdata: b\r\n\r\ndata: c\n\r\n", [("message", "a", ""), ("message", "b", ""), ("message", "c", "")]),
    ("data: ü\u2028\u0085\x0b\x0c𝄞\n\n", [("message", "ü\u2028\u0085\x0b\x0c𝄞", "")]),
    ("data: unfinished\n", []),
]


@pytest.mark.parametrize(("text", "expected"), CASES)
@pytest.mark.parametrize("size", [1, 2, 3, 7, 1 << 20])
def test_the_standards_cases_cut_anywhere(text: str, expected: list[tuple[str, str, str]], size: int) -> None:
    decoder = EventStreamDecoder()
    raw = text.encode()
    messages = [m for at in range(0, len(raw), size) for m in decoder.feed(raw[at : at + size])]
    assert messages == [Message(*fields) for fields in expected]


def test_an_id_counts_only_when_its_block_is_complete() -> None:
    decoder = EventStreamDecoder("5")
    assert decoder.feed(b"id: 6\ndata: cut o") == []
    assert decoder.last_event_id == "5"
    assert decoder.feed(b"ff\n\n") == [Message("message", "cut off", "6")]
    assert decoder.last_event_id == "6"


@pytest.mark.parametrize(("line", "expected"), [("1000", 1000), ("1x", None), ("", None), ("-1", None), ("٣", None)])
def test_retry_takes_ascii_digits_only(line: str, expected: int | None) -> None:
    decoder = EventStreamDecoder()
    decoder.feed(f"retry: {line}\n\n".encode())
    assert decoder.retry_milliseconds == expected


def test_broken_utf8_becomes_the_replacement_character() -> None:
    assert EventStreamDecoder().feed(b"data: \xff\xc3\n\n") == [Message("message", "\ufffd\ufffd", "")]
