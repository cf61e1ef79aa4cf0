"""2. An attempt may fail. The run is tried again, after a while, until it succeeds or its attempts are spent."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.fundamentals.conftest import PassTime


@pytest.fixture
async def worker(jobs: httpx.AsyncClient) -> str:
    """The path of a worker that serves `import-file`: three attempts, after one second and after two."""
    retry = {"max_attempts": 3, "backoff": "exponential", "initial_seconds": 1, "factor": 2, "jitter": False}
    await jobs.put("/v1/job-types/import-file", json={"handler": {"kind": "worker"}, "retry": retry})
    worker = (await jobs.post("/v1/workers", json={"name": "w", "job_types": ["import-file"]})).json()
    return f"/v1/workers/{worker['id']}"


async def attempt(jobs: httpx.AsyncClient, worker: str, outcome: dict[str, Any]) -> None:
    """Claims the run and reports what became of it."""
    [lease] = (await jobs.post(f"{worker}/claim")).json()["data"]
    whose = {"run_id": lease["run"]["id"], "attempt": lease["attempt"], "lease_token": lease["lease_token"]}
    await jobs.post(f"{worker}/report", json={"reports": [whose | outcome]})


FAILED = {"type": "failed", "error": {"type": "OSError", "message": "connection reset"}}


async def test_a_failed_attempt_is_tried_again_later(jobs: httpx.AsyncClient, worker: str, pass_time: PassTime) -> None:
    run_url = (await jobs.post("/v1/job-types/import-file/runs", json={"payload": "a.csv"})).headers["location"]
    await attempt(jobs, worker, FAILED)

    # It waits for its time, and shows its last error.
    run = (await jobs.get(run_url)).json()
    assert (run["state"], run["attempt"], run["error"]["message"]) == ("retrying", 1, "connection reset")
    nothing = await jobs.post(f"{worker}/claim", json={"wait_seconds": 0})
    assert nothing.status_code == 204

    await pass_time(1)
    assert (await jobs.get(run_url)).json()["state"] == "queued"
    await attempt(jobs, worker, {"type": "completed", "result": 42})

    run = (await jobs.get(run_url)).json()
    assert (run["state"], run["attempt"], run["result"], run["error"]) == ("completed", 2, 42, None)
    attempts = (await jobs.get(f"{run_url}/attempts")).json()["data"]
    assert [(a["number"], a["outcome"]) for a in attempts] == [(1, "failed"), (2, "completed")]


async def test_when_its_attempts_are_spent_the_run_has_failed(
    jobs: httpx.AsyncClient, worker: str, pass_time: PassTime
) -> None:
    run_url = (await jobs.post("/v1/job-types/import-file/runs", json={"payload": "a.csv"})).headers["location"]
    for delay in (1, 2, 0):
        await attempt(jobs, worker, FAILED)
        await pass_time(delay)
    run = (await jobs.get(run_url)).json()
    assert (run["state"], run["attempt"]) == ("failed", 3)

    # Final is final. Trying it once more makes a new run, of the same payload.
    again = (await jobs.post(f"{run_url}/replay")).json()
    assert (again["state"], again["payload"], again["replay_of"]) == ("queued", "a.csv", run["id"])


async def test_some_failures_are_not_worth_another_attempt(jobs: httpx.AsyncClient, worker: str) -> None:
    run_url = (await jobs.post("/v1/job-types/import-file/runs", json={"payload": "a.csv"})).headers["location"]
    await attempt(jobs, worker, FAILED | {"retryable": False})
    assert (await jobs.get(run_url)).json()["state"] == "failed"
