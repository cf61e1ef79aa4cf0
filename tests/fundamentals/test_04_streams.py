"""4. Watching: a run's log is an event stream, which a browser's `EventSource` can follow as it is."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.app.server import Server


@pytest.fixture
async def leased(jobs: httpx.AsyncClient) -> dict[str, Any]:
    """A run that a worker has just begun."""
    await jobs.put("/v1/job-types/import-file", json={"handler": {"kind": "worker"}})
    await jobs.post("/v1/job-types/import-file/runs", json={"payload": "a.csv"})
    worker = (await jobs.post("/v1/workers", json={"name": "w", "job_types": ["import-file"]})).json()
    [lease] = (await jobs.post(f"/v1/workers/{worker['id']}/claim")).json()["data"]
    return {"report_url": f"/v1/workers/{worker['id']}/report", "run_id": lease["run"]["id"], **lease}


async def say(jobs: httpx.AsyncClient, leased: dict[str, Any], **report: Any) -> None:
    whose = {name: leased[name] for name in ("run_id", "attempt", "lease_token")}
    await jobs.post(leased["report_url"], json={"reports": [whose | report]})


async def test_a_stream_tells_what_was_and_then_what_comes(
    server: Server, jobs: httpx.AsyncClient, leased: dict[str, Any]
) -> None:
    async with server.stream(f"/v1/runs/{leased['run_id']}/events") as stream:
        # What has happened already is told first, so nobody comes too late.
        assert [(await stream.event()).event, (await stream.event()).event] == ["queued", "started"]

        # From then on it is live.
        await say(jobs, leased, type="progress", percent=40, message="120 of 300")
        progress = await stream.event()
        assert (progress.id, progress.event) == ("3", "progress")
        assert progress.data["data"] == {"percent": 40, "message": "120 of 300", "data": None}

        # After the final event the stream ends by itself.
        await say(jobs, leased, type="completed", result=300)
        assert [block.event for block in await stream.rest()] == ["completed"]


async def test_a_reader_that_was_cut_off_goes_on_where_it_was(
    server: Server, jobs: httpx.AsyncClient, leased: dict[str, Any]
) -> None:
    """An `EventSource` does this by itself: it sends the last id that it saw."""
    path = f"/v1/runs/{leased['run_id']}/events"
    async with server.stream(path) as stream:
        last_seen = [await stream.event(), await stream.event()][-1].id
    await say(jobs, leased, type="log", level="info", message="nobody watches")
    await say(jobs, leased, type="completed")
    async with server.stream(path, last_event_id=str(last_seen)) as stream:
        assert [block.event for block in await stream.rest()] == ["log", "completed"]

    # Who has read it all is told so, and stops asking.
    assert (await jobs.get(path, headers={"last-event-id": "4"})).status_code == 204


async def test_one_stream_tells_of_all_runs(server: Server, jobs: httpx.AsyncClient, leased: dict[str, Any]) -> None:
    """For dashboards and for whoever reacts to ends: with filters, and with places to resume from."""
    async with server.stream("/v1/events?from=start&type=started&type=completed") as stream:
        started = await stream.event()
        assert (started.event, started.data["run_id"]) == ("started", leased["run_id"])
        await say(jobs, leased, type="log", message="not for this reader")
        await say(jobs, leased, type="completed")
        assert (await stream.event()).event == "completed"
    async with server.stream("/v1/events?type=completed", last_event_id=str(started.id)) as stream:
        assert (await stream.event()).data["run_id"] == leased["run_id"]
