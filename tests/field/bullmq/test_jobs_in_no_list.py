"""Jobs of which Redis has lost a part: the list that they stood in, their hash, or some of its fields."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.bullmq.node_agent import NodeAgent
from tests.bullmq.scene import FINAL, QUEUE, Scene
from tests.support.redis import RedisServer

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]
StartScene = Callable[..., Scene]
KEY = f"bull:{QUEUE}"
MOST_SECONDS = 100
"""Longer than the comparison of both sides takes to come round."""


@pytest.fixture
def held(scene: StartScene) -> Scene:
    """A queue that is paused, so that what is put in stays where it is."""
    stage = scene()
    stage.post(f"/v1/queues/{QUEUE}/pause")
    return stage


def finished(stage: Scene, run_id: str) -> Any:
    stage.until(lambda: stage.run(run_id)["state"] in FINAL, f"{run_id} ends", MOST_SECONDS)
    return stage.run(run_id)


def there(stage: Scene, client: Any, run_id: str) -> str:
    stage.until(lambda: client.hexists(f"{KEY}:{run_id}", "timestamp"), "the job is in Redis")
    return run_id


def test_waiting_jobs_whose_list_is_lost_are_put_back(held: Scene, redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        runs = [there(held, client, held.dispatch("echo", n)) for n in range(3)]
        plain = [there(held, client, held.dispatch("echo", n, priority=7)) for n in range(2)]
        client.delete(f"{KEY}:prioritized", f"{KEY}:wait", f"{KEY}:paused")
        held.post(f"/v1/queues/{QUEUE}/resume")
        for run in [*runs, *plain]:
            assert finished(held, run)["attempt"] == 1
    assert "were in no list" in held.server.log.read_text()


def test_a_delayed_job_whose_set_is_lost_waits_for_its_time_again(held: Scene, redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        run = there(held, client, held.dispatch("echo", 1, delay_seconds=3600))
        before = client.zscore(f"{KEY}:delayed", run)
        client.delete(f"{KEY}:delayed")
        after = held.until(lambda: client.zscore(f"{KEY}:delayed", run), "it is delayed again", MOST_SECONDS)
        assert int(after) // 0x1000 == int(before) // 0x1000
    assert held.run(run)["state"] == "scheduled"
    assert [event["type"] for event in held.events(run)] == ["queued"], "meanwhile it was never due"


def test_a_job_of_others_is_put_back_too(held: Scene, redis_server: RedisServer, node: NodeAgent) -> None:
    job_id = node.ask("add", queue=QUEUE, name="echo", data={"n": 1})
    run = held.run_of_job("echo")
    with redis_server.client() as client:
        client.delete(f"{KEY}:wait")
        held.post(f"/v1/queues/{QUEUE}/resume")
        assert finished(held, run["id"])["state"] == "completed"
    held.until(lambda: node.ask("job", queue=QUEUE, id=job_id)["state"] == "completed", "the job has ended, too")


def test_a_lost_hash_of_ours_is_made_anew_and_runs_once(held: Scene, redis_server: RedisServer) -> None:
    with redis_server.client() as client:
        gone, half = (there(held, client, held.dispatch("echo", n)) for n in range(2))
        client.delete(f"{KEY}:{gone}")
        client.delete(f"{KEY}:{half}")
        client.hset(f"{KEY}:{half}", mapping={"processedOn": 1, "ats": 1})
        held.post(f"/v1/queues/{QUEUE}/resume")
        for run in (gone, half):
            assert finished(held, run)["state"] == "completed"
            assert held.types(run).count("started") == 1
        held.until(lambda: client.llen(f"{KEY}:active") == 0, "nothing is left behind")
        assert client.zcard(f"{KEY}:completed") == 2


def test_a_job_of_others_whose_hash_is_lost_ends_with_a_reason(
    held: Scene, redis_server: RedisServer, node: NodeAgent
) -> None:
    job_id = node.ask("add", queue=QUEUE, name="echo", data={"n": 1})
    run = held.run_of_job("echo")
    with redis_server.client() as client:
        client.delete(f"{KEY}:{job_id}")
        held.post(f"/v1/queues/{QUEUE}/resume")
        ended = finished(held, run["id"])
        assert (ended["state"], ended["cancel_reason"]) == ("cancelled", "its job is no longer in the queue")
        held.until(lambda: client.llen(f"{KEY}:active") == 0, "its id is cleared away")
        assert not client.exists(f"{KEY}:{job_id}")


def test_a_job_in_hand_whose_list_is_lost_ends_as_its_run(scene: StartScene, redis_server: RedisServer) -> None:
    stage = scene()
    run = stage.dispatch("slow", 2)
    stage.reaches(run, "running")
    with redis_server.client() as client:
        client.delete(f"{KEY}:active")
        assert stage.finished(run)["result"] == "slept"
        stage.until(lambda: client.zscore(f"{KEY}:completed", run), "the job is completed, too")
    assert stage.run(run)["attempt"] == 1
