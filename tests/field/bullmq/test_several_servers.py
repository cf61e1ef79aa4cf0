"""Two servers on one PostgreSQL database share a queue: what Node's programs put in is made and told once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial

import httpx
import pytest

from tests.bullmq.node_agent import NodeAgent
from tests.bullmq.scene import QUEUE, Scene
from tests.support.postgres import Postgres
from tests.support.redis import RedisServer
from tests.support.server import Server, wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


@pytest.fixture
def pair(
    serve: Callable[..., Server], redis_server: RedisServer, postgres: Postgres, empty_postgres: str
) -> Iterator[tuple[Scene, Server]]:
    env = {
        "JOBS_DATABASE_URL": postgres.url(postgres.borrow(empty_postgres)),
        "JOBS_REDIS_URL": redis_server.url,
    }
    one, other = (serve("tests.bullmq.jobs", workers=1, env=env) for _ in range(2))
    scene = Scene(one, redis_server, consume=True)
    yield scene, other
    scene.http.close()


def test_a_scheduler_makes_one_job_for_each_time(pair: tuple[Scene, Server], node: NodeAgent) -> None:
    stage, _ = pair
    node.ask("scheduler", queue=QUEUE, id="beat", repeat={"every": 300}, template={"name": "noop"})
    stage.until(lambda: len(stage.runs(state="completed")) >= 8, "it goes on", 60)
    node.ask("removeScheduler", queue=QUEUE, id="beat")
    stage.until(lambda: not stage.runs(state="scheduled") and not stage.runs(state="queued"), "it ends")
    with stage.redis.client() as client:
        jobs = [key.rsplit(":", 1)[1] for key in client.scan_iter(f"bull:{QUEUE}:repeat:beat:*") if key[-1].isdigit()]
    assert max(Counter(jobs).values()) == 1
    assert all(run["attempt"] == 1 for run in stage.runs(state="completed"))


def says(http: httpx.Client, path: str, reason: str) -> bool:
    return bool(http.get(path).json()["wait_reason"] == reason)


def test_both_say_what_a_run_waits_for(pair: tuple[Scene, Server], node: NodeAgent) -> None:
    stage, other = pair
    children = [{"name": "noop-sync", "queueName": "elsewhere"}]
    node.ask("flow", tree={"name": "noop", "queueName": QUEUE, "children": children})
    run = stage.run_of_job("noop")
    path = f"/v1/runs/{run['id']}"
    with other.client() as client:
        for http in (stage.http, client):
            wait_until(partial(says, http, path, "waiting_children"), "it says it")
        node.ask("work", queue="elsewhere")
        assert stage.finished(run["id"])["state"] == "completed"
        assert client.get(f"/v1/runs/{run['id']}").json()["wait_reason"] is None


def test_a_limit_of_the_queue_holds_for_both(pair: tuple[Scene, Server], node: NodeAgent) -> None:
    stage, _ = pair
    node.ask("limit", queue=QUEUE, concurrency=2)
    runs = stage.batch("noop", 30)
    for run in runs:
        assert stage.finished(run, 60)["state"] == "completed"
    spans = [(stage.run(run)["started_at"], stage.run(run)["finished_at"]) for run in runs]
    changes = sorted([(begin, 1) for begin, _ in spans] + [(end, -1) for _, end in spans])
    at_once = most = 0
    for _, change in changes:
        at_once += change
        most = max(most, at_once)
    assert most <= 2
