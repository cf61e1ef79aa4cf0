from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from examples.long_running import Primes, Report, find_primes, write_report
from tests.examples.conftest import RUN_ID, Attempt


async def test_a_report_has_all_its_pages(reports_dir: Path, attempt: Attempt) -> None:
    result = await write_report(Report(pages=4, seconds_a_page=0), attempt.context)
    assert result["pages"] == 4
    assert Path(result["path"]).read_text().splitlines() == ["page 1", "page 2", "page 3", "page 4"]
    assert attempt.percents == [25, 50, 75, 100]


async def test_a_new_attempt_goes_on_where_the_last_one_stopped(reports_dir: Path, attempt: Attempt) -> None:
    (reports_dir / f"{RUN_ID}.txt").write_text("page 1\npage 2\n")
    await write_report(Report(pages=3, seconds_a_page=0), attempt.context)
    assert (reports_dir / f"{RUN_ID}.txt").read_text() == "page 1\npage 2\npage 3\n"
    assert attempt.percents == [100]


async def test_a_half_written_line_is_written_anew(reports_dir: Path, attempt: Attempt) -> None:
    (reports_dir / f"{RUN_ID}.txt").write_text("page 1\npag")
    await write_report(Report(pages=3, seconds_a_page=0), attempt.context)
    assert (reports_dir / f"{RUN_ID}.txt").read_text() == "page 1\npage 2\npage 3\n"


async def test_cancelled_it_says_how_far_it_came_and_ends_as_cancelled(reports_dir: Path, attempt: Attempt) -> None:
    task = asyncio.create_task(write_report(Report(pages=100, seconds_a_page=60), attempt.context))
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert attempt.lines == [("info", "told to stop", {"pages_written": 0})]


def test_primes_are_found(reports_dir: Path, attempt: Attempt) -> None:
    assert find_primes(Primes(below=3_000), attempt.context) == {"primes": 430}
    assert attempt.messages == ["168 primes up to 1,000", "303 primes up to 2,000"]
