from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from blazy_jobs import Job, NonRetryable
from blazy_jobs.testing import run_job

from examples.middleware import jobs, log_duration, quote_shipping, wait_for_maintenance

PARCEL = {"grams": 1_200, "country": "DE"}


def test_the_duration_is_outermost() -> None:
    assert jobs.middlewares == [log_duration, wait_for_maintenance]


async def break_down() -> Any:
    raise NonRetryable("no")


def test_the_duration_of_good_and_bad_runs_is_logged() -> None:
    good, bad = run_job(quote_shipping, PARCEL), run_job(Job("break-down", break_down), jobs=jobs)
    assert (good.state, bad.state) == ("completed", "failed")
    for outcome in (good, bad):
        (message,) = outcome.messages
        assert re.fullmatch(r"took 0\.\d{3} s", message)


def test_in_maintenance_runs_are_put_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAINTENANCE_FILE", str(tmp_path / "maintenance"))
    assert run_job(quote_shipping, PARCEL).state == "completed"
    (tmp_path / "maintenance").touch()
    outcome = run_job(quote_shipping, PARCEL)
    assert (outcome.state, outcome.due_in_seconds) == ("snoozed", 30)


def test_a_quote_counts_half_kilos_and_borders() -> None:
    assert run_job(quote_shipping, PARCEL).result == {"cents": 530}
    assert run_job(quote_shipping, PARCEL | {"country": "NO"}).result == {"cents": 1_430}
