"""When a failed attempt is tried again."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazy_jobs_server.domain.retry import RetryPolicy

SECOND = 1_000_000
DRAWS = st.floats(0, 1, exclude_max=True)
POLICIES = st.builds(
    RetryPolicy,
    backoff=st.sampled_from(["exponential", "linear", "fixed"]),
    initial_seconds=st.floats(0, 31_536_000),
    factor=st.floats(1, 100),
    max_seconds=st.floats(0, 31_536_000),
    jitter=st.booleans(),
)


@pytest.mark.parametrize(
    ("policy", "seconds"),
    [
        ({}, [1, 2, 4, 8, 16]),
        ({"factor": 3, "initial_seconds": 0.5}, [0.5, 1.5, 4.5]),
        ({"backoff": "linear", "initial_seconds": 2}, [2, 4, 6, 8]),
        ({"backoff": "fixed", "initial_seconds": 7}, [7, 7, 7]),
        ({"max_seconds": 5}, [1, 2, 4, 5, 5]),
        ({"backoff": "fixed", "initial_seconds": 7, "max_seconds": 3}, [3, 3]),
    ],
)
def test_the_backoff_is_what_its_kind_says(policy: dict[str, Any], seconds: list[float]) -> None:
    retry = RetryPolicy(jitter=False, **policy)
    assert [retry.delay(n, 0.9) / SECOND for n in range(1, len(seconds) + 1)] == seconds


def whole(policy: RetryPolicy, attempt: int) -> Fraction:
    """The delay without jitter, in exact numbers."""
    initial = Fraction(policy.initial_seconds)
    if policy.backoff == "exponential":
        seconds = initial * Fraction(policy.factor) ** (attempt - 1)
    else:
        seconds = initial * attempt if policy.backoff == "linear" else initial
    return min(seconds, Fraction(policy.max_seconds)) * SECOND


@given(policy=POLICIES, attempt=st.integers(1, 400), draw=DRAWS)
def test_no_delay_leaves_its_bounds(policy: RetryPolicy, attempt: int, draw: float) -> None:
    delay, exact = policy.delay(attempt, draw), float(whole(policy, attempt))
    slack = 1 + exact * 1e-9
    assert delay <= exact + slack
    assert delay >= (exact / 2 if policy.jitter else exact) - slack


def test_jitter_reaches_from_half_to_nearly_the_whole() -> None:
    retry = RetryPolicy(initial_seconds=10)
    assert retry.delay(1, 0.0) == 5 * SECOND
    assert retry.delay(1, 0.5) == 7.5 * SECOND
    assert 9.99 * SECOND < retry.delay(1, 0.999999) <= 10 * SECOND


def test_an_attempt_beyond_all_numbers_waits_the_longest_wait() -> None:
    assert RetryPolicy(factor=100, jitter=False).delay(10_000, 0.0) == 3600 * SECOND


def test_no_wait_stays_no_wait_at_any_attempt() -> None:
    retry = RetryPolicy(initial_seconds=0, factor=100)
    assert [retry.delay(n, 0.5) for n in (1, 2, 154, 156, 10_000)] == [0] * 5
