"""What a Redis is like is said at the connection, as BullMQ does."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from tests.bullmq.scene import Scene
from tests.support.redis import RedisServer

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]


def warnings(scene: Scene) -> list[str]:
    lines = [json.loads(line) for line in scene.server.log.read_text().splitlines() if line.startswith("{")]
    return [line["reason"] for line in lines if line.get("event") == "Redis is not configured as BullMQ requires"]


def test_an_eviction_policy_that_loses_jobs_is_warned_of(
    redis_server: RedisServer, scene: Callable[..., Scene]
) -> None:
    with redis_server.client() as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
    stage = scene()
    [said] = stage.until(lambda: warnings(stage), "it is said")
    assert "allkeys-lru" in said
    assert "noeviction" in said
    assert stage.finished(stage.dispatch("echo"))["state"] == "completed"


def test_a_redis_as_it_should_be_gives_no_warning(scene: Callable[..., Scene]) -> None:
    stage = scene()
    assert stage.finished(stage.dispatch("echo"))["state"] == "completed"
    assert warnings(stage) == []


@pytest.mark.parametrize("consume", [True, False])
def test_a_run_says_that_redis_is_away_and_goes_on_when_it_is_back(
    redis_server: RedisServer, scene: Callable[..., Scene], consume: bool
) -> None:
    stage = scene(consume=consume)
    stage.until(lambda: stage.get("/readyz")["redis"] == "up", "Redis is up")
    redis_server.kill()
    run = stage.dispatch("echo")
    stage.until(lambda: stage.run(run)["wait_reason"] == "queue_unavailable", "the run says it")
    assert stage.runs()[0]["wait_reason"] == "queue_unavailable"
    redis_server.start()
    if consume:
        assert stage.finished(run)["wait_reason"] is None
    else:
        stage.until(lambda: stage.run(run)["wait_reason"] is None, "it waits for a worker elsewhere")
