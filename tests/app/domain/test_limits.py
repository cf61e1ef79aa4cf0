"""The sliding window of a rate."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.limits import PARTS, Rate, RateWindow

START = 1_800_000_000 * SECOND
rates = st.builds(Rate, st.integers(1, 20), st.sampled_from([0.01, 0.3, 1.0, 1.7, 60.0, 3600.0]))


@given(rate=rates, data=st.data())
def test_no_window_has_more_starts_than_the_limit(rate: Rate, data: st.DataObject) -> None:
    window, now, starts = RateWindow(rate.per_microseconds), START, list[int]()
    per = rate.per_microseconds
    for _ in range(data.draw(st.integers(1, 40))):
        now += data.draw(st.integers(0, per // 4 + 1) | st.just(per) | st.just(2 * per))
        asked = data.draw(st.integers(0, rate.limit + 1))
        number = min(asked, window.allowed(rate, now))
        window.charge(now, number)
        starts += [now] * number
    for first in starts:
        assert sum(first <= at < first + per for at in starts) <= rate.limit


@given(rate=rates, offset=st.integers(0, 10**9))
def test_a_backlog_gets_sixteen_of_seventeen(rate: Rate, offset: int) -> None:
    window, now = RateWindow(rate.per_microseconds), START + offset
    started = 0
    turns = 5
    end = now + turns * rate.per_microseconds
    while now <= end:
        free = window.allowed(rate, now)
        window.charge(now, free)
        started += free
        opens = window.opens_at(rate, now)
        assert opens > now, "it is closed once all that may start have"
        now = opens
        assert window.allowed(rate, now) > 0, "it opens when it says"
    assert started >= rate.limit * turns * PARTS / (PARTS + 1) - rate.limit


@given(rate=rates, data=st.data())
def test_it_opens_not_a_moment_later_than_it_could(rate: Rate, data: st.DataObject) -> None:
    window, now = RateWindow(rate.per_microseconds), START
    while window.allowed(rate, now):
        window.charge(now, min(window.allowed(rate, now), data.draw(st.integers(1, rate.limit))))
        now += data.draw(st.integers(0, rate.per_microseconds // 20 + 1))
    opens = window.opens_at(rate, now)
    assert window.allowed(rate, opens - 1) == 0 or opens == now


def test_a_burst_may_be_the_limit() -> None:
    assert RateWindow(SECOND).allowed(Rate(100, 1), START) == 100


@given(rate=rates, back=st.integers(0, 10**12))
def test_a_clock_that_goes_back_gives_no_more_and_closes_for_no_longer_than_a_window(rate: Rate, back: int) -> None:
    window = RateWindow(rate.per_microseconds)
    window.charge(START, rate.limit)
    earlier = START - back
    assert window.allowed(rate, earlier) == 0
    longest = rate.per_microseconds * (PARTS + 2) / PARTS + min(back, rate.per_microseconds * (PARTS + 1) / PARTS) + 2
    assert window.opens_at(rate, earlier) - earlier <= longest


def test_under_another_window_what_has_started_counts_as_of_now() -> None:
    window = RateWindow(SECOND)
    window.charge(START, 5)
    changed = window.under(Rate(10, 60), START + SECOND // 2)
    assert changed.allowed(Rate(10, 60), START + SECOND // 2) == 5
    assert changed.under(Rate(7, 60), START + SECOND) is changed
