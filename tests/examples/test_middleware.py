from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
from blazy_jobs import MiddlewareRun, Snooze

from examples.middleware import Parcel, jobs, log_duration, quote_shipping, wait_for_maintenance
from tests.examples.conftest import RUN_ID, Attempt


@pytest.fixture
def run(attempt: Attempt) -> MiddlewareRun:
    return MiddlewareRun({"id": RUN_ID, "payload": None, "queue": "default"}, attempt.context)


async def answer(run: MiddlewareRun) -> Any:
    return 7


async def break_down(run: MiddlewareRun) -> Any:
    raise ValueError("no")


def test_the_duration_is_outermost() -> None:
    assert jobs.middlewares == [log_duration, wait_for_maintenance]


async def test_the_duration_of_good_and_bad_runs_is_logged(
    run: MiddlewareRun, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    assert await log_duration(run, answer) == 7
    with pytest.raises(ValueError, match="no"):
        await log_duration(run, break_down)
    assert [record.msg for record in caplog.records] == ["took %.3f s"] * 2


async def test_in_maintenance_runs_are_put_off(
    run: MiddlewareRun, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAINTENANCE_FILE", str(tmp_path / "maintenance"))
    assert await wait_for_maintenance(run, answer) == 7
    (tmp_path / "maintenance").touch()
    with pytest.raises(Snooze) as snooze:
        await wait_for_maintenance(run, answer)
    assert snooze.value.seconds == 30


async def test_a_quote_counts_half_kilos_and_borders() -> None:
    assert await quote_shipping(Parcel(grams=1_200, country="DE")) == {"cents": 530}
    assert await quote_shipping(Parcel(grams=1_200, country="NO")) == {"cents": 1_430}
