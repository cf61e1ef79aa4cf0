"""Instants, and how they are written."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazy_jobs_server.domain.instants import EARLIEST, LATEST, after, from_datetime, rfc3339

INSTANTS = st.integers(EARLIEST, LATEST)


@given(instant=INSTANTS)
def test_an_instant_is_written_in_utc_to_the_microsecond(instant: int) -> None:
    text = rfc3339(instant)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", text)
    assert from_datetime(datetime.fromisoformat(text)) == instant


@given(a=INSTANTS, b=INSTANTS)
def test_texts_sort_as_their_instants_do(a: int, b: int) -> None:
    assert (rfc3339(a) < rfc3339(b)) == (a < b)


@pytest.mark.parametrize(
    ("instant", "text"),
    [
        (EARLIEST, "0001-01-01T00:00:00.000000Z"),
        (0, "1970-01-01T00:00:00.000000Z"),
        (1_767_225_600_000_001, "2026-01-01T00:00:00.000001Z"),
        (LATEST, "9999-12-31T23:59:59.999999Z"),
    ],
)
def test_some_instants(instant: int, text: str) -> None:
    assert rfc3339(instant) == text


def test_the_same_moment_elsewhere_is_the_same_instant() -> None:
    there = datetime(2026, 1, 1, 5, 30, tzinfo=timezone(timedelta(hours=5, minutes=30)))
    assert from_datetime(there) == from_datetime(datetime(2026, 1, 1, tzinfo=UTC)) == 1_767_225_600_000_000


@pytest.mark.parametrize(
    ("text", "instant"), [("0001-01-01T00:00:00+05:00", EARLIEST), ("9999-12-31T23:59:59-05:00", LATEST)]
)
def test_what_is_beyond_all_years_in_utc_is_their_end(text: str, instant: int) -> None:
    assert from_datetime(datetime.fromisoformat(text)) == instant


@given(moment=st.datetimes(timezones=st.just(UTC)))
def test_no_microsecond_is_lost(moment: datetime) -> None:
    assert datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=from_datetime(moment)) == moment


@given(instant=INSTANTS, seconds=st.floats(0, 1e15))
def test_nothing_comes_after_the_year_9999(instant: int, seconds: float) -> None:
    later = after(instant, seconds)
    assert instant <= later <= LATEST
    assert later == LATEST or abs(later - instant - seconds * 1_000_000) <= 1
