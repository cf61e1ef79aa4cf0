"""Histograms of durations: how long runs wait and run."""

from __future__ import annotations

from bisect import bisect_left

BOUNDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800, 7200)
"""Upper bounds in seconds of the histograms' buckets; one more holds what is longer."""
_MICROSECONDS = [round(bound * 1_000_000) for bound in BOUNDS]


class BucketCounts:
    """The durations of one commit, in the few buckets that they fall into. Counted once, added to many histograms."""

    __slots__ = ("buckets", "count", "microseconds")

    def __init__(self) -> None:
        self.buckets: dict[int, int] = {}
        self.count = 0
        self.microseconds = 0

    def add(self, microseconds: int, number: int = 1) -> None:
        bucket = bisect_left(_MICROSECONDS, microseconds)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + number
        self.count += number
        self.microseconds += microseconds * number

    def add_since(self, instants: list[int], now: int) -> None:
        """From each of the instants (microseconds since the epoch; they are sorted here) until now."""
        instants.sort()
        number = len(instants)
        self.count += number
        self.microseconds += now * number - sum(instants)
        buckets = self.buckets
        last = bisect_left(_MICROSECONDS, now - instants[0])
        bucket = bisect_left(_MICROSECONDS, now - instants[-1])
        left = number
        while bucket < last:
            # From this instant on they are no longer than the bucket's bound.
            earlier = bisect_left(instants, now - _MICROSECONDS[bucket], 0, left)
            if earlier < left:
                buckets[bucket] = buckets.get(bucket, 0) + left - earlier
                left = earlier
            bucket += 1
        buckets[last] = buckets.get(last, 0) + left


class Histogram:
    """Durations, in buckets."""

    __slots__ = ("buckets", "count", "total")

    def __init__(self) -> None:
        self.buckets = [0] * (len(BOUNDS) + 1)
        self.count = 0
        self.total = 0.0

    def add(self, seconds: float, number: int = 1) -> None:
        self.buckets[bisect_left(BOUNDS, seconds)] += number
        self.count += number
        self.total += seconds * number

    def add_counts(self, counts: BucketCounts) -> None:
        for bucket, number in counts.buckets.items():
            self.buckets[bucket] += number
        self.count += counts.count
        self.total += counts.microseconds / 1_000_000

    def quantile(self, share: float) -> float | None:
        """The bound below which that share lies; None without values."""
        return quantile(self.buckets, share)


def quantile(buckets: list[int], share: float) -> float | None:
    wanted = share * sum(buckets)
    if not wanted:
        return None
    seen = 0
    for bound, n in zip((*BOUNDS, BOUNDS[-1]), buckets, strict=True):
        seen += n
        if seen >= wanted:
            return float(bound)
    return float(BOUNDS[-1])
