"""HTTP handlers of BullMQ queues: the answer ends a job; nobody could hold it for long work."""

from __future__ import annotations

from pathlib import Path

import pytest

from blazy_jobs_server.clock import SystemClock
from tests.app.handlers.receiver import Receiver, Said
from tests.app.server import Server, paths, problem
from tests.support.redis import running

pytestmark = pytest.mark.system


async def test_runs_of_a_bullmq_queue_are_sent(tmp_path: Path, app: Receiver) -> None:
    app.answer = Said.json({"sent": True})
    settings = {"http_allow": "127.0.0.0/8"}
    with running(tmp_path / "redis") as redis:
        clock = SystemClock()
        async with Server(tmp_path / "data", clock, redis_url=redis.url, **settings) as server:  # type: ignore[arg-type]
            await server.http.put("/v1/queues/emails", json={"engine": "bullmq"})
            handler = {"kind": "http", "url": app.url}
            body = {"name": "mail", "queue": "emails", "handler": handler | {"completion": "report"}}
            refused = problem(await server.http.post("/v1/job-types", json=body), 422, "not_supported")
            assert paths(refused) == ["/handler/completion"]
            await server.post("/v1/job-types", body | {"handler": handler}, status=201)
            runs = [await server.dispatch("mail", n) for n in range(5)]
            for run in runs:
                done = await server.get(f"/v1/runs/{run['id']}", wait_seconds="30")
                assert (done["state"], done["result"], done["attempt"]) == ("completed", {"sent": True}, 1)
            app.answer = Said(503, b"", {"retry-after": "1"})
            run = await server.dispatch("mail")
            await app.called(6)
            app.answer = Said.json("later")
            assert (await server.get(f"/v1/runs/{run['id']}", wait_seconds="30"))["result"] == "later"
