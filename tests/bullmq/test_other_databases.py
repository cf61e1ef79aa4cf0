"""Servers with databases of their own share a Redis and a prefix: to each, the other's runs are jobs of others."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bullmq.scene import PAYLOAD, QUEUE, Scene
from tests.support.postgres import Postgres
from tests.support.redis import RedisServer
from tests.support.server import Server

pytestmark = pytest.mark.system


@pytest.mark.parametrize("store", ["sqlite", "postgres"])
def test_a_run_of_one_is_carried_out_by_the_workers_of_another(
    serve: Callable[..., Server], redis_server: RedisServer, postgres: Postgres, empty_postgres: str, store: str
) -> None:
    def start(*modules: str) -> Scene:
        env = {"JOBS_REDIS_URL": redis_server.url}
        if store == "postgres":
            env["JOBS_DATABASE_URL"] = postgres.url(postgres.borrow(empty_postgres))
        return Scene(serve(*modules, workers=len(modules), env=env), redis_server, consume=True)

    one, other = start(), start("tests.bullmq.jobs")
    one.know("echo")
    run = one.finished(one.dispatch("echo", PAYLOAD))
    assert (run["state"], run["attempt"], run["result"]["echo"]) == ("completed", 1, PAYLOAD)
    there = other.finished(other.run_of_job("echo")["id"])
    assert (there["state"], there["payload"], there["queue"]) == ("completed", PAYLOAD, QUEUE)
    assert there["id"] != run["id"]
    one.http.close()
    other.http.close()
