"""Keys and the public ids made from them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazy_jobs_server.domain import ids
from blazy_jobs_server.domain.ids import KeyMaker

KEYS = st.integers(0, 2**63 - 1)
KINDS = [
    (ids.run_id, ids.parse_run_id, "run_"),
    (ids.worker_id, ids.parse_worker_id, "wrk_"),
]


@given(key=KEYS)
def test_an_id_says_its_key_in_thirteen_digits(key: int) -> None:
    text = ids.encode(key)
    assert re.fullmatch(r"[0-9a-v]{13}", text)
    assert (ids.decode(text), int(text, 32)) == (key, key)


@given(a=KEYS, b=KEYS)
def test_ids_sort_as_their_keys_do(a: int, b: int) -> None:
    assert (ids.encode(a) < ids.encode(b)) == (a < b)


@pytest.mark.parametrize(("kind", "parse", "prefix"), KINDS)
def test_an_id_says_what_it_is_of(kind: Callable[[int], str], parse: Callable[[str], int | None], prefix: str) -> None:
    text = kind(1 << 40)
    assert text == prefix + ids.encode(1 << 40)
    assert parse(text) == 1 << 40
    others = [other for other, _, _ in KINDS if other is not kind] + [ids.event_id]
    assert [parse(other(1 << 40)) for other in others] == [None, None]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0" * 12,
        "0" * 14,
        "0" * 12 + "w",
        "0" * 12 + "A",
        "8" + "0" * 12,
        "v" * 13,
        "0" * 13 + "\n",
        " " + "0" * 12,
        "-" + "0" * 12,
        "0_" + "0" * 11,
        "\u0663" * 13,
        "\u0661" + "0" * 12,
    ],
)
def test_another_form_is_no_id(text: str) -> None:
    assert ids.decode(text) is None
    assert ids.parse_run_id("run_" + text) is None
    assert ids.parse_worker_id("wrk_" + text) is None


@given(text=st.text(max_size=20))
def test_no_text_is_read_as_another_ids_key(text: str) -> None:
    key = ids.decode(text)
    assert key is None or ids.encode(key) == text


@given(last=st.integers(0, 2**60), nows=st.lists(st.integers(0, 2**50), min_size=2))
def test_keys_grow_strictly_whatever_the_clock_does(last: int, nows: list[int]) -> None:
    maker = KeyMaker(last)
    keys = [maker.next(now) for now in nows]
    assert all(a < b for a, b in zip([last, *keys], keys, strict=False))
    assert all(key >= now << ids.COUNTER_BITS for key, now in zip(keys, nows, strict=True))


def test_a_key_tells_its_instant() -> None:
    assert KeyMaker().next(1_767_225_600_000_001) >> ids.COUNTER_BITS == 1_767_225_600_000_001
