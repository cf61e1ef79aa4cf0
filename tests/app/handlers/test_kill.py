"""A server is killed while runs are at their handlers: none is lost, none counts a loss, long work goes on."""

from __future__ import annotations

import asyncio
import os
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.app.handlers.receiver import Call, Receiver, Said
from tests.app.waiting import until
from tests.support.server import Server

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]
ENV = {"JOBS_HTTP_ALLOW": "127.0.0.0/8", "JOBS_LOG_LEVEL": "warning"}
RUNS = 60


async def test_a_killed_server_loses_no_run(tmp_path: Path) -> None:
    killed = asyncio.Event()

    async def wait_for_the_kill(call: Call) -> Said:
        await killed.wait()
        return Said.json(call.json["run"]["payload"])

    first, second = (Server(tmp_path / "data", workers=0, env=ENV) for _ in range(2))
    async with Receiver(wait_for_the_kill) as app, Receiver(Said(202)) as long:
        try:
            await asyncio.to_thread(first.start)
            async with httpx.AsyncClient(base_url=first.url, timeout=30) as client:
                for name, handler in (
                    ("short", {"kind": "http", "url": app.url}),
                    ("long", {"kind": "http", "url": long.url, "completion": "report"}),
                ):
                    answer = await client.post("/v1/job-types", json={"name": name, "handler": handler})
                    assert answer.status_code == 201, answer.text
                runs = [{"job_type": "short", "payload": n} for n in range(RUNS)]
                dispatched = (await client.post("/v1/runs/batch", json={"runs": runs})).json()["data"]
                kept = (await client.post("/v1/job-types/long/runs", json={"payload": None})).json()["id"]
                call = await long.called()
                await _until_detached(client, kept)
                await app.called(20)
            assert first.process is not None
            os.kill(first.process.pid, signal.SIGKILL)
            await asyncio.to_thread(first.process.wait)
            killed.set()
            await asyncio.to_thread(second.start)
            async with httpx.AsyncClient(base_url=second.url, timeout=90) as client:
                for place, item in enumerate(dispatched):
                    done = (await client.get(f"/v1/runs/{item['id']}", params={"wait_seconds": 60})).json()
                    found = (done["state"], done["result"], done["attempt"], done["losses"])
                    assert found == ("completed", place, 1, 0)
                token = {"authorization": f"Bearer {call.json['report']['token']}"}
                body = {"reports": [{"type": "completed", "result": "after all"}]}
                answer = await client.post(f"/v1/runs/{kept}/report", json=body, headers=token)
                assert answer.json()["data"][0]["status"] == "accepted"
                assert (await client.get(f"/v1/runs/{kept}")).json()["result"] == "after all"
            assert len(long.calls) == 1
        finally:
            for server in (first, second):
                await asyncio.to_thread(server.close)


async def _until_detached(client: httpx.AsyncClient, run_id: str) -> None:
    async def look() -> Any:
        return (await client.get(f"/v1/runs/{run_id}")).json()

    await until(look, lambda run: run["state"] == "running" and run["worker_id"] is None)
