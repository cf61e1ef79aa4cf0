"""The crash tester at the size of every day. At large: `make faults`."""

import random
from pathlib import Path

import pytest

from tests.faults.campaign import Plan, on_postgres, run_round
from tests.faults.checker import check

KILLS = 6
KILLS_OF_REPLICAS = 4


@pytest.mark.system
@pytest.mark.timeout(240)
async def test_nothing_acknowledged_is_lost_or_done_twice_through_kills(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    outcome = await run_round(tmp_path, Plan(kills=KILLS, seed=seed))
    print(f"seed {seed}: {outcome.summary()}")
    assert [str(violation) for violation in check(outcome.history)] == []
    assert outcome.killed.total() == KILLS
    assert len(outcome.history.runs) > 40


@pytest.mark.system
@pytest.mark.timeout(240)
async def test_nothing_is_lost_or_done_twice_by_three_servers_on_one_database(tmp_path: Path) -> None:
    seed = random.SystemRandom().randrange(2**32)
    outcome = await run_round(tmp_path, on_postgres(KILLS_OF_REPLICAS, seed))
    print(f"seed {seed}: {outcome.summary()}")
    assert [str(violation) for violation in check(outcome.history)] == []
    assert outcome.killed.total() == KILLS_OF_REPLICAS
    assert len(outcome.history.runs) > 20
