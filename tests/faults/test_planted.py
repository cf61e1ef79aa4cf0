"""Shows that the checker works: faults planted in a real server are found, and the same server without them passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.campaign import Plan, run_round
from tests.faults.checker import check
from tests.faults.history import History
from tests.faults.planted import GUARD, launcher
from tests.faults.power_cut import NoCompiler, PowerCut
from tests.faults.zombie import REPORTS, zombie_reports
from tests.support.server import Server

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

SHORT_LEASE = {"JOBS_LEASE_SECONDS": "1", "JOBS_HEARTBEAT_SECONDS": "0.3", GUARD: "yes"}


def rules_broken(history: History) -> set[str]:
    return {violation.rule for violation in check(history)}


async def test_a_late_report_of_any_kind_changes_nothing(serve: Callable[..., Server]) -> None:
    server = serve(workers=0, env=SHORT_LEASE, launcher=launcher("none"))
    history, answers = await zombie_reports(server.url, list(REPORTS))
    assert answers == ["lease_lost"] * len(REPORTS)
    assert [str(violation) for violation in check(history)] == []


async def test_a_missing_fence_is_found(serve: Callable[..., Server]) -> None:
    server = serve(workers=0, env=SHORT_LEASE, launcher=launcher("no_fence"))
    history, answers = await zombie_reports(server.url, ["completed"])
    assert answers == ["accepted"]
    assert {"after_final", "wrong_result"} <= rules_broken(history)


async def test_events_in_a_second_transaction_are_found(tmp_path: Path) -> None:
    plan = Plan(
        kills=2,
        seed=1,
        pause_seconds=0.03,
        follow_seconds=5,  # the end of some streams is what is lost
        targets={"server": 1},
        between_seconds=(0.3, 0.6),
        launcher=launcher("second_transaction"),
        env={GUARD: "yes"},
    )
    found: set[str] = set()
    for attempt in range(5):
        found |= rules_broken((await run_round(tmp_path / str(attempt), plan)).history)
        if found & {"gap", "first_event", "final_event"}:
            break
    assert found & {"gap", "first_event", "final_event"}


@pytest.fixture
def power_cut(tmp_path: Path) -> PowerCut:
    try:
        return PowerCut.prepare(tmp_path / "power-cut")
    except NoCompiler as reason:
        pytest.skip(f"a power cut is imitated by a small C library: {reason}")


def cutting(power_cut: PowerCut, fault: str, kills: int) -> Plan:
    return Plan(
        kills=kills,
        seed=2,
        pause_seconds=0.05,
        targets={"power": 1},
        launcher=launcher(fault),
        env={GUARD: "yes"},
        power_cut=power_cut,
    )


async def test_what_was_acknowledged_survives_power_cuts(tmp_path: Path, power_cut: PowerCut) -> None:
    outcome = await run_round(tmp_path / "round", cutting(power_cut, "none", 2))
    assert [str(violation) for violation in check(outcome.history)] == []
    assert outcome.killed == {"power": 2}


async def test_commits_that_were_not_waited_for_are_found_after_a_power_cut(
    tmp_path: Path, power_cut: PowerCut
) -> None:
    outcome = await run_round(tmp_path / "round", cutting(power_cut, "synchronous_off", 1))
    assert "lost" in rules_broken(outcome.history)
