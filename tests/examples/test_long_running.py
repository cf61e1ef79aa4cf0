from __future__ import annotations

from pathlib import Path

from blazy_jobs.testing import Clock, run_job

from examples.long_running import find_primes, write_report
from tests.examples.conftest import RUN_ID


def test_a_report_has_all_its_pages(reports_dir: Path) -> None:
    outcome = run_job(write_report, {"pages": 4, "seconds_a_page": 0})
    assert outcome.result["pages"] == 4
    assert Path(outcome.result["path"]).read_text().splitlines() == ["page 1", "page 2", "page 3", "page 4"]
    assert outcome.percents == [25, 50, 75, 100]


def test_a_new_attempt_goes_on_where_the_last_one_stopped(reports_dir: Path) -> None:
    clock = Clock()
    outcome = run_job(write_report, {"pages": 5, "seconds_a_page": 60}, timeout=150, clock=clock, retries=True)
    assert (outcome.state, outcome.result["pages"]) == ("completed", 5)
    assert [attempt.percents for attempt in outcome.attempts] == [[20, 40], [60, 80], [100]]
    assert [attempt.messages for attempt in outcome.attempts] == [["told to stop"], ["told to stop"], []]
    assert Path(outcome.result["path"]).read_text().splitlines() == [f"page {number}" for number in range(1, 6)]


def test_a_half_written_line_is_written_anew(reports_dir: Path) -> None:
    (reports_dir / f"{RUN_ID}.txt").write_text("page 1\npag")
    run_job(write_report, {"pages": 3, "seconds_a_page": 0}, run_id=RUN_ID)
    assert (reports_dir / f"{RUN_ID}.txt").read_text() == "page 1\npage 2\npage 3\n"


def test_cancelled_it_says_how_far_it_came_and_ends_as_cancelled(reports_dir: Path) -> None:
    outcome = run_job(write_report, {"pages": 100, "seconds_a_page": 60}, clock=Clock(), cancel_after=150)
    assert outcome.state == "cancelled"
    assert outcome.logs == [{"level": "info", "message": "told to stop", "fields": {"pages_written": 2}}]


def test_primes_are_found(reports_dir: Path) -> None:
    outcome = run_job(find_primes, {"below": 3_000})
    assert outcome.result == {"primes": 430}
    assert [word["message"] for word in outcome.progress] == ["168 primes up to 1,000", "303 primes up to 2,000"]


def test_primes_end_with_their_time(reports_dir: Path) -> None:
    outcome = run_job(find_primes, {"below": 10**12}, timeout=0.1)
    assert outcome.error is not None
    assert (outcome.state, outcome.error["code"]) == ("retrying", "timeout")
