"""A real server that is killed while it delivers: nothing that happened is left untold."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import httpx
import pytest
from blazy_jobs.receiving import read_event

from tests.support.receiver import Receiver, plain
from tests.support.server import Server
from tests.support.speed import stretched

pytestmark = pytest.mark.system
RUNS = 150


async def test_every_end_of_a_run_is_told_over_kills(tmp_path: Path) -> None:
    server = Server(tmp_path / "data", workers=0, env={"JOBS_HTTP_ALLOW": "127.0.0.0/8"})

    async def slow(writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.005)
        writer.write(plain(b"", "204 No Content"))
        await writer.drain()

    async with Receiver(slow) as receiver:
        try:
            await asyncio.to_thread(server.start)
            async with httpx.AsyncClient(base_url=server.url) as http:
                await http.post("/v1/job-types", json={"name": "greet", "handler": {"kind": "worker"}})
                made = await http.post("/v1/webhooks", json={"name": "shop", "url": receiver.url()})
                assert made.status_code == 201, made.text
                batch = {"runs": [{"job_type": "greet", "payload": n} for n in range(RUNS)]}
                runs = [run["id"] for run in (await http.post("/v1/runs/batch", json=batch)).json()["data"]]
                for number, run in enumerate(runs):
                    assert (await http.post(f"/v1/runs/{run}/cancel")).status_code == 200
                    if number % 50 == 25:
                        await asyncio.to_thread(server.kill)
                        await asyncio.to_thread(server.start)
            async with asyncio.timeout(stretched(30)):
                while told(receiver) != set(runs):  # noqa: ASYNC110  # of another process
                    await asyncio.sleep(0.05)
        finally:
            await asyncio.to_thread(server.kill)
    head, body = receiver.requests[-1]
    event = read_event(receiver.headers(), body, made.json()["secret"])
    assert (event.type, event.state, event.seq) == ("run.cancelled", "cancelled", 2)
    ids = {(receiver.headers(n)["webhook-id"], json.loads(body)["data"]["run_id"]) for n, (_, body) in _all(receiver)}
    assert len(ids) == RUNS, "a message that is sent again has the same id"
    assert head.startswith(b"POST /hook HTTP/1.1\r\n")


def _all(receiver: Receiver) -> list[tuple[int, tuple[bytes, bytes]]]:
    return list(enumerate(receiver.requests))


def told(receiver: Receiver) -> set[str]:
    return {json.loads(body)["data"]["run_id"] for _, body in receiver.requests}
