"""What the API says of BullMQ queues, without a Redis that answers; tests/bullmq has the rest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.app.clock import HandClock
from tests.app.server import Server, paths, problem
from tests.support.redis import free_port


@pytest.fixture
async def deaf(data: Path, clock: HandClock) -> AsyncIterator[Server]:
    """A server whose Redis is not there."""
    async with Server(data, clock, redis_url=f"redis://127.0.0.1:{free_port()}/0") as server:
        yield server


async def test_without_a_redis_there_are_none(server: Server) -> None:
    refused = await server.http.put("/v1/queues/emails", json={"engine": "bullmq"})
    document = problem(refused, 422, "not_supported")
    assert paths(document) == ["/engine"]
    assert "JOBS_REDIS_URL" in document["detail"]
    assert (await server.http.get("/v1/queues/emails")).status_code == 404
    assert await server.get("/readyz") == {"status": "ok"}


async def test_settings_of_redis_are_for_queues_there_only(deaf: Server) -> None:
    refused = await deaf.http.put("/v1/queues/emails", json={"engine": "database", "bullmq": {}})
    assert paths(problem(refused, 422, "invalid_request")) == ["/bullmq"]
    refused = await deaf.http.put("/v1/queues/emails", json={"engine": "bullmq", "bullmq": {"prefix": "a b"}})
    problem(refused, 422, "invalid_request")


async def test_runs_are_accepted_while_redis_is_not_there_and_the_rest_is_ready(deaf: Server) -> None:
    made = await deaf.http.put("/v1/queues/emails", json={"engine": "bullmq", "bullmq": {"consume": False}})
    assert (made.status_code, made.json()["engine"], made.json()["bullmq"]) == (
        201, "bullmq", {"prefix": "bull", "consume": False},
    )  # fmt: skip
    await deaf.register()
    run = await deaf.dispatch(queue="emails")
    assert (await deaf.run(run))["state"] == "queued"
    assert (await deaf.get("/v1/queues/emails"))["counts"]["queued"] == 1
    assert await deaf.get("/readyz") == {"status": "ok", "redis": "down"}
    metrics = (await deaf.http.get("/metrics")).text
    assert "jobs_redis_up 0.0" in metrics
    assert "jobs_bullmq_backlog 1.0" in metrics
    problem(await deaf.http.post("/v1/queues/emails/pause"), 503, "queue_unavailable")
    problem(await deaf.http.put("/v1/queues/emails", json={"engine": "database"}), 409, "queue_in_use")
    await deaf.cancel(run, status=200)
    assert (await deaf.http.put("/v1/queues/emails", json={"engine": "database"})).json()["bullmq"] is None


def declaring(**queue: object) -> dict[str, object]:
    declared = {"name": "emails", "engine": "bullmq"} | queue
    return {"app": "shop", "declared_at": "2026-01-01T00:00:00Z", "job_types": [], "queues": [declared]}


async def test_a_worker_declares_its_queue_and_names_no_other_redis(deaf: Server) -> None:
    url = deaf.settings.redis_url
    assert url is not None
    here = url.get_secret_value().replace("127.0.0.1", "localhost")
    worker = {"name": "w", "job_types": ["greet"]}
    refused = await deaf.http.post("/v1/workers", json=worker | {"declares": declaring(redis="redis://elsewhere:1/0")})
    assert paths(problem(refused, 422, "invalid_request")) == ["/declares/queues/0/redis"]
    assert (await deaf.get("/v1/workers"))["data"] == []
    taken = await deaf.post("/v1/workers", worker | {"declares": declaring(redis=here)}, status=201)
    assert taken["conflicts"] == []
    assert (await deaf.get("/v1/queues/emails"))["engine"] == "bullmq"
    other = await deaf.post("/v1/workers", worker | {"declares": declaring(bullmq={"prefix": "x"})}, status=201)
    assert [(c["kind"], c["name"]) for c in other["conflicts"]] == [("queue", "emails")]


async def test_a_worker_that_declares_one_is_refused_without_a_redis(server: Server) -> None:
    body = {"name": "w", "job_types": ["greet"], "declares": [declaring()]}
    assert paths(problem(await server.http.post("/v1/workers", json=body), 422, "not_supported")) == [
        "/declares/0/queues/0/engine"
    ]
