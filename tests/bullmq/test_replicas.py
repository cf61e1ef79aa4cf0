"""Several servers on one PostgreSQL database deliver one BullMQ queue together."""

from __future__ import annotations

import socket
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain

import pytest

from tests.bullmq.scene import FINAL, QUEUE, Scene
from tests.support.postgres import Postgres
from tests.support.redis import RedisServer
from tests.support.server import Server, wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
RUNS = 60
ONE_WORKERS = 100
"""So many runs one worker has in hand at most."""
Look = Callable[[Server], Scene]


@pytest.fixture
def look(redis_server: RedisServer) -> Iterator[Look]:
    scenes: list[Scene] = []

    def at(server: Server) -> Scene:
        scenes.append(Scene(server, redis_server, consume=True))
        return scenes[-1]

    yield at
    for scene in scenes:
        scene.http.close()


@pytest.fixture
def servers(
    serve: Callable[..., Server], redis_server: RedisServer, postgres: Postgres, empty_postgres: str
) -> list[Server]:
    env = {
        "JOBS_DATABASE_URL": postgres.url(postgres.borrow(empty_postgres)),
        "JOBS_REDIS_URL": redis_server.url,
        "JOBS_LEASE_SECONDS": "4",
    }
    return [serve("tests.bullmq.jobs", workers=1, env=env) for _ in range(2)]


def test_what_a_killed_server_had_not_told_redis_is_told_by_the_other(
    serve: Callable[..., Server], redis_server: RedisServer, postgres: Postgres, empty_postgres: str, look: Look
) -> None:
    """At once, and not with the next comparison of all, a minute later."""
    database = {"JOBS_DATABASE_URL": postgres.url(postgres.borrow(empty_postgres))}
    with socket.create_server(("127.0.0.1", 0)) as deaf:
        doomed = serve(env=database | {"JOBS_REDIS_URL": f"redis://127.0.0.1:{deaf.getsockname()[1]}/0"}, workers=0)
        one = look(serve("tests.bullmq.jobs", workers=1, env=database | {"JOBS_REDIS_URL": redis_server.url}))
        assert one.finished(one.dispatch("echo"))["state"] == "completed"
        with doomed.client() as client:
            answer = client.post("/v1/job-types/echo/runs", json={"payload": 1, "queue": QUEUE})
            assert answer.status_code == 202
        run = answer.json()["id"]
        assert one.run(run)["state"] == "queued"
        doomed.kill()
        assert one.finished(run, 15)["state"] == "completed"


def test_both_take_jobs_and_each_run_ends_once(servers: list[Server], look: Look) -> None:
    one = look(servers[0])
    with servers[1].client() as other:
        assert other.get(f"/v1/queues/{QUEUE}").json()["engine"] == "bullmq", "known on the other one at once"
        ids = one.batch("slow", ONE_WORKERS + 50, payload=1)
        there = other.post("/v1/job-types/echo/runs", json={"payload": 1, "queue": QUEUE}).json()["id"]
        runs = [one.finished(run_id) for run_id in (*ids, there)]
    assert {run["state"] for run in runs} == {"completed"}
    for run in runs:
        types = one.types(run["id"])
        assert (types.count("started"), types.count("completed")) == (1, 1), types
    taken = Counter(run["worker_id"] for run in runs)
    assert len(taken) == 2, "the workers of both"


def test_what_a_killed_server_had_in_hand_goes_on_at_the_other(servers: list[Server], look: Look) -> None:
    one = look(servers[1])
    ids = one.batch("slow", RUNS, payload=1)
    wait_until(lambda: len(one.runs(state="running")) >= RUNS // 2, "many are under way")
    servers[0].kill()
    runs = [one.finished(run_id, 60) for run_id in ids]
    assert {run["state"] for run in runs} == {"completed"}, [run for run in runs if run["state"] != "completed"]
    assert {run["losses"] for run in runs} == {0}
    final = Counter(chain.from_iterable(one.types(run_id) for run_id in ids))
    assert sum(final[name] for name in FINAL) == RUNS
