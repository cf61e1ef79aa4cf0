"""3. Cancelling: what has not begun is cancelled at once; a handler that runs is asked."""

from __future__ import annotations

import httpx
import pytest


@pytest.fixture(autouse=True)
async def job_type(jobs: httpx.AsyncClient) -> None:
    await jobs.put("/v1/job-types/render-video", json={"handler": {"kind": "worker"}})


async def test_a_run_that_has_not_begun_is_cancelled_at_once(jobs: httpx.AsyncClient) -> None:
    later = {"payload": 1, "delay_seconds": 3600}
    run = (await jobs.post("/v1/job-types/render-video/runs", json=later)).json()
    assert run["state"] == "scheduled"
    cancelled = await jobs.post(f"/v1/runs/{run['id']}/cancel", json={"reason": "not needed any more"})
    assert (cancelled.status_code, cancelled.json()["state"]) == (200, "cancelled")

    # There is nothing left to cancel.
    again = await jobs.post(f"/v1/runs/{run['id']}/cancel")
    assert (again.status_code, again.json()["code"]) == (409, "run_finished")


async def test_a_running_handler_is_asked_and_ends_by_itself(jobs: httpx.AsyncClient) -> None:
    run = (await jobs.post("/v1/job-types/render-video/runs", json={"payload": 1})).json()
    worker = (await jobs.post("/v1/workers", json={"name": "w", "job_types": ["render-video"]})).json()
    [lease] = (await jobs.post(f"/v1/workers/{worker['id']}/claim")).json()["data"]

    # 202: asked. Nobody can take back what a handler has begun but the handler.
    asked = await jobs.post(f"/v1/runs/{run['id']}/cancel", json={"reason": "wrong input"})
    assert (asked.status_code, asked.json()["state"], asked.json()["cancel_requested"]) == (202, "running", True)

    # Its worker hears of it in the answer to whatever it says next, and tells the handler.
    report_url = f"/v1/workers/{worker['id']}/report"
    heard = (await jobs.post(report_url, json={"holding": [run["id"]]})).json()
    assert heard["holding"] == [{"run_id": run["id"], "held": True, "cancel_requested": True}]

    # The handler has cleaned up and is gone.
    whose = {"run_id": run["id"], "attempt": 1, "lease_token": lease["lease_token"]}
    await jobs.post(report_url, json={"reports": [whose | {"type": "cancelled"}]})
    log = (await jobs.get(f"/v1/runs/{run['id']}/events", headers={"accept": "application/json"})).json()["data"]
    assert [event["type"] for event in log] == ["queued", "started", "cancelling", "cancelled"]
    assert log[-1]["data"] == {"reason": "wrong input"}


async def test_work_that_was_done_before_the_handler_heard_of_it_stays_done(jobs: httpx.AsyncClient) -> None:
    run = (await jobs.post("/v1/job-types/render-video/runs", json={"payload": 1})).json()
    worker = (await jobs.post("/v1/workers", json={"name": "w", "job_types": ["render-video"]})).json()
    [lease] = (await jobs.post(f"/v1/workers/{worker['id']}/claim")).json()["data"]
    await jobs.post(f"/v1/runs/{run['id']}/cancel")
    whose = {"run_id": run["id"], "attempt": 1, "lease_token": lease["lease_token"]}
    done = whose | {"type": "completed", "result": "video.mp4"}
    await jobs.post(f"/v1/workers/{worker['id']}/report", json={"reports": [done]})
    assert (await jobs.get(f"/v1/runs/{run['id']}")).json()["state"] == "completed"
