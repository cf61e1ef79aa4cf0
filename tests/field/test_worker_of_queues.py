"""A worker that is bound to queues takes runs of these alone, in both of its lanes."""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest
from blazy_jobs import Client

from tests.support.programs import running
from tests.support.server import REPO, Server, wait_until

pytestmark = pytest.mark.system

JOBS = """
from blazy_jobs import Jobs

jobs = Jobs()

@jobs.job
async def ping(payload): ...

@jobs.job
def pong(payload): ...
"""


@pytest.mark.parametrize("by", ["flag", "environment"])
def test_only_runs_of_its_queues(tmp_path: Path, by: str) -> None:
    (tmp_path / "bound.py").write_text(JOBS)
    with ExitStack() as stack:
        server = Server(tmp_path / "data", workers=0)
        stack.callback(server.close)
        server.start()
        env = {name: value for name, value in os.environ.items() if not name.startswith("JOBS_")}
        env |= {"PYTHONPATH": str(REPO)} | ({"JOBS_WORKER_QUEUES": "fast,mid"} if by == "environment" else {})
        flags = ["-Q", "fast,mid", "--concurrency", "3", "--slots", "1"] if by == "flag" else []
        command = [sys.executable, "-m", "blazy_jobs.cli", "worker", str(tmp_path / "bound.py"), *flags]
        stack.enter_context(running([*command, "--url", server.url], env=env))
        with Client(server.url) as client:
            wait_until(lambda: len(client.request("GET", "/v1/workers")["data"]) == 2, "both lanes are there")
            lanes = client.request("GET", "/v1/workers")["data"]
            assert all(lane["queues"] == ["fast", "mid"] for lane in lanes)
            if by == "flag":
                assert sorted(lane["concurrency"] for lane in lanes) == [1, 3]
            left = [client.dispatch(name, queue=queue) for name in ("ping", "pong") for queue in ("slow", None)]
            taken = [client.dispatch(name, queue=queue) for name in ("ping", "pong") for queue in ("fast", "mid")]
            for run in taken:
                assert run.wait(60).state == "completed"
            assert [run.refresh().state for run in left] == ["queued"] * 4, "they were dispatched before the others"
