"""How many quick runs a worker claims ahead, by the pace of late."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from blazy_jobs.worker import pace as module
from blazy_jobs.worker.pace import MOST_AHEAD, Pace


@pytest.fixture
def move(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Moves the clock."""
    now = [1000.0]

    class Clock:
        @staticmethod
        def monotonic() -> float:
            return now[0]

    def move(seconds: float) -> None:
        now[0] += seconds

    monkeypatch.setattr(module, "time", Clock)
    return move


def ahead_after(pace: Pace, move: Callable[[float], None], claim_seconds: float, run_seconds: float) -> int:
    """Of two slots whose runs take so long, when some time has passed."""
    for _ in range(50):
        held = 2 + pace.ahead()
        move(claim_seconds + held / 2 * run_seconds)
        pace.claim_took(claim_seconds)
        pace.note(held)
    return pace.ahead()


@pytest.mark.parametrize("claim_seconds", [0.002, 0.02, 0.06])
def test_quick_runs_are_claimed_ahead_however_long_a_claim_takes(
    move: Callable[[float], None], claim_seconds: float
) -> None:
    assert ahead_after(Pace(), move, claim_seconds, 0.0001) > 100


def test_no_more_is_ahead_than_the_bound(move: Callable[[float], None]) -> None:
    pace = Pace()
    pace.note(10 * MOST_AHEAD)
    assert pace.ahead() == MOST_AHEAD


def test_of_long_runs_few_are_ahead(move: Callable[[float], None]) -> None:
    pace = Pace()
    for _ in range(20):
        move(0.5)
        pace.claim_took(0.002)
        pace.note(1)
        assert pace.ahead() <= 1


def test_what_has_ended_long_ago_does_not_count(move: Callable[[float], None]) -> None:
    pace = Pace()
    pace.claim_took(60)
    pace.note(50)
    move(module.WAIT_SECONDS + 0.01)
    assert pace.ahead() == 0
