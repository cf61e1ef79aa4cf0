"""The pytest plugin is there by itself, with its fixtures."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from blazy_jobs import Jobs
from blazy_jobs.testing import JobsServer

marked = Jobs()


@marked.job
async def double(payload: int) -> int:
    return payload * 2


@pytest.mark.system
def test_the_server_has_what_the_test_defines(jobs: Jobs, jobs_server: JobsServer) -> None:
    @jobs.job
    def add_up(payload: list[int]) -> int:
        return sum(payload)

    assert jobs_server.client.dispatch(add_up, [1, 2, 3]).result(timeout=20) == 6


@pytest.mark.system
@pytest.mark.jobs(marked)
async def test_or_what_it_is_marked_with(jobs_server: JobsServer) -> None:
    run: Any = await double.dispatch(21)
    assert await run.result(timeout=20) == 42


def test_without_pytest_the_rest_works() -> None:
    code = (
        "import sys; sys.modules['pytest'] = None\n"
        "from blazy_jobs import Job\n"
        "from blazy_jobs.testing import JobsServer, run_job\n"
        "print(run_job(Job('x', lambda: 7)).result, JobsServer.__name__)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("7 JobsServer\n", "")


def test_run_job_needs_no_http_library() -> None:
    code = "import sys, blazy_jobs.testing; print('httpx' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("False\n", "")
