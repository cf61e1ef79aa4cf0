"""Histograms of durations, and the counts of a commit that are added to them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blazy_jobs_server.domain.durations import BOUNDS, BucketCounts, Histogram


def filled(*seconds: float) -> Histogram:
    histogram = Histogram()
    for value in seconds:
        histogram.add(value)
    return histogram


def test_without_values_there_is_no_quantile() -> None:
    assert Histogram().quantile(0.5) is None


def test_a_quantile_is_the_bound_below_which_the_share_lies() -> None:
    histogram = filled(*[0.002] * 90, *[0.3] * 9, 100)
    assert histogram.quantile(0.5) == 0.0025
    assert histogram.quantile(0.9) == 0.0025
    assert histogram.quantile(0.95) == 0.5
    assert histogram.quantile(0.99) == 0.5
    assert histogram.quantile(1) == 300
    assert (histogram.count, round(histogram.total, 6)) == (100, 102.88)


def test_a_value_on_a_bound_belongs_to_it_and_what_is_longer_to_the_last() -> None:
    assert [filled(bound).buckets.index(1) for bound in BOUNDS] == list(range(len(BOUNDS)))
    assert filled(1e9).buckets[-1] == 1
    assert filled(1e9).quantile(0.5) == BOUNDS[-1]


@given(seconds=st.lists(st.floats(0, 7200), min_size=1), share=st.floats(0.01, 1))
def test_a_quantile_is_never_below_the_true_one(seconds: list[float], share: float) -> None:
    found = filled(*seconds).quantile(share)
    assert found is not None
    below = sum(value <= found for value in seconds)
    assert below >= share * len(seconds) - 1e-9
    under = [bound for bound in BOUNDS if bound < found]
    assert not under or sum(value <= under[-1] for value in seconds) < share * len(seconds)


NOW = 1_000_000_000_000
near_bounds = st.builds(lambda bound, off: round(bound * 1e6) + off, st.sampled_from(BOUNDS), st.integers(-1, 1))
durations = st.lists(near_bounds | st.integers(-5_000_000, 10**11), min_size=1, max_size=40)


@given(first=durations, second=durations)
def test_many_at_once_are_counted_as_one_by_one(first: list[int], second: list[int]) -> None:
    together, alone, histogram = BucketCounts(), BucketCounts(), Histogram()
    for values in (first, second):
        together.add_since([NOW - value for value in values], NOW)
        for value in values:
            alone.add(value)
            histogram.add(value / 1_000_000)
    assert together.buckets == alone.buckets
    assert (together.count, together.microseconds) == (alone.count, alone.microseconds)
    added = Histogram()
    added.add_counts(together)
    assert (added.buckets, added.count) == (histogram.buckets, histogram.count)
    assert abs(added.total - histogram.total) < 1e-3
