"""1. A job type says what can be run; a run is one time that it does."""

from __future__ import annotations

import httpx


async def test_a_run_from_its_dispatch_to_its_result(jobs: httpx.AsyncClient) -> None:
    # A job type has a name, and says who runs it: here, any worker process that serves the name.
    job_type = {"name": "send-welcome-email", "handler": {"kind": "worker"}}
    assert (await jobs.post("/v1/job-types", json=job_type)).status_code == 201

    # Dispatching it makes a run. 202: it is stored and will not be forgotten, but nothing has run yet.
    dispatched = await jobs.post("/v1/job-types/send-welcome-email/runs", json={"payload": {"userId": "123"}})
    assert dispatched.status_code == 202
    run_url = dispatched.headers["location"]
    assert run_url == f"/v1/runs/{dispatched.json()['id']}"

    # It is queued, and says why it does not start: nobody is there to do it.
    run = (await jobs.get(run_url)).json()
    assert (run["state"], run["wait_reason"]) == ("queued", "no_worker")

    # A worker comes, and claims what there is to do. The claim gives it a lease of the run: from now on it is running.
    worker = (await jobs.post("/v1/workers", json={"name": "mail-1", "job_types": ["send-welcome-email"]})).json()
    [lease] = (await jobs.post(f"/v1/workers/{worker['id']}/claim")).json()["data"]
    assert lease["run"]["payload"] == {"userId": "123"}
    assert (await jobs.get(run_url)).json()["state"] == "running"

    # It does the work (out of our sight: the server never runs a job's code), and reports the outcome.
    report = {"run_id": lease["run"]["id"], "attempt": lease["attempt"], "lease_token": lease["lease_token"]}
    outcome = report | {"type": "completed", "result": {"sent": True}}
    answer = await jobs.post(f"/v1/workers/{worker['id']}/report", json={"reports": [outcome]})
    assert answer.json()["data"][0]["status"] == "accepted"

    run = (await jobs.get(run_url)).json()
    assert (run["state"], run["result"]) == ("completed", {"sent": True})

    # All of it is in the run's log, numbered without a gap.
    log = (await jobs.get(f"{run_url}/events", headers={"accept": "application/json"})).json()["data"]
    assert [(event["seq"], event["type"]) for event in log] == [(1, "queued"), (2, "started"), (3, "completed")]


async def test_a_dispatch_can_be_sent_again_without_fear(jobs: httpx.AsyncClient) -> None:
    """An answer may be lost on its way. With an `Idempotency-Key`, asking again makes no second run."""
    await jobs.put("/v1/job-types/send-welcome-email", json={"handler": {"kind": "worker"}})
    key = {"idempotency-key": "welcome-123"}
    first = await jobs.post("/v1/job-types/send-welcome-email/runs", json={"payload": 1}, headers=key)
    again = await jobs.post("/v1/job-types/send-welcome-email/runs", json={"payload": 1}, headers=key)
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["id"] == again.json()["id"]


async def test_a_payload_is_checked_before_anything_is_stored(jobs: httpx.AsyncClient) -> None:
    """What a job expects can be said in JSON Schema. A refusal names the place."""
    schema = {"type": "object", "required": ["userId"], "properties": {"userId": {"type": "string"}}}
    definition = {"handler": {"kind": "worker"}, "payload_schema": schema}
    await jobs.put("/v1/job-types/send-welcome-email", json=definition)
    refused = await jobs.post("/v1/job-types/send-welcome-email/runs", json={"payload": {"userId": 123}})
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_payload")
    assert refused.json()["errors"][0]["path"] == "/payload/userId"
