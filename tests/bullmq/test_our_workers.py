"""Our dispatches in a BullMQ queue, carried out by our workers: what the API promises for a run holds there too."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import pairwise

import pytest

from tests.bullmq.scene import PAYLOAD, QUEUE, Scene
from tests.support.speed import stretched

pytestmark = pytest.mark.system
StartScene = Callable[..., Scene]


def test_a_run_is_a_job_in_redis_and_completes(own_queue: Scene) -> None:
    stage = own_queue
    run = stage.finished(stage.dispatch("echo", PAYLOAD, tags=["x"]))
    assert (run["state"], run["result"]["echo"], run["attempt"]) == ("completed", PAYLOAD, 1)
    assert sorted(stage.types(run["id"])) == ["completed", "log", "progress", "queued", "started"]
    assert [name for name, _ in stage.streamed(run["id"])] == stage.types(run["id"])
    with stage.redis.client() as client:
        stage.until(lambda: client.zscore(f"bull:{stage.name}:completed", run["id"]), "BullMQ has it completed")
        job = client.hgetall(f"bull:{stage.name}:{run['id']}")
    assert (job["name"], job["atm"], job["ats"], job["progress"]) == (
        "echo", "1", "1", '{"percent":50,"message":"half way","data":null}',
    )  # fmt: skip


def test_failed_attempts_come_again_by_our_backoff(own_queue: Scene) -> None:
    stage = own_queue
    run_id = stage.dispatch("flaky")
    assert stage.finished(run_id)["result"] == 3
    events = stage.events(run_id)
    assert [e["type"] for e in events] == ["queued", *["started", "retrying"] * 2, "started", "completed"]
    assert events[2]["data"]["error"]["message"] == "no luck ✗ 1"
    attempts = stage.get(f"/v1/runs/{run_id}/attempts")["data"]
    assert [a["attempt"] for a in attempts] == [1, 2, 3]
    for before, following in pairwise(attempts):
        assert 0.2 <= _seconds(before["finished_at"], following["started_at"]) < stretched(2)


def test_what_is_not_to_be_retried_fails_at_once(own_queue: Scene) -> None:
    stage = own_queue
    hopeless, hasty = stage.dispatch("hopeless"), stage.dispatch("hasty")
    assert stage.finished(hopeless)["error"]["code"] == "non_retryable"
    assert stage.finished(hasty)["error"]["code"] == "timeout"
    with stage.redis.client() as client:
        stage.until(lambda: client.zcard(f"bull:{stage.name}:failed") == 2, "BullMQ has both failed")
        assert client.hget(f"bull:{stage.name}:{hopeless}", "failedReason") == "never"


def test_retry_after_and_snooze(own_queue: Scene) -> None:
    stage = own_queue
    run_id = stage.dispatch("again")
    run = stage.reaches(run_id, "scheduled")
    assert run["attempt"] == 1
    assert stage.types(run_id) == ["queued", "started", "retrying", "started", "interrupted"]
    with stage.redis.client() as client:
        stage.until(lambda: client.zscore(f"bull:{stage.name}:delayed", run_id), "it is delayed in BullMQ")


def test_a_delay_and_the_order_of_priorities(scene: StartScene) -> None:
    stage = scene(JOBS_WORKER_CONCURRENCY="1")
    delayed = stage.dispatch("noop", delay_seconds=0.5)
    busy = stage.dispatch("slow", 1)
    stage.reaches(busy, "running")
    low, plain, high = (stage.dispatch("noop", priority=p) for p in (-50, 0, 100))
    runs = {run_id: stage.finished(run_id) for run_id in (delayed, busy, low, plain, high)}
    started = sorted((low, plain, high), key=lambda run_id: runs[run_id]["started_at"])
    assert started == [high, plain, low]
    assert runs[delayed]["started_at"] >= runs[delayed]["due_at"]


def test_cancelling_what_waits_and_what_runs(own_queue: Scene) -> None:
    stage = own_queue
    waiting = stage.dispatch("slow", delay_seconds=60)
    running = stage.dispatch("slow")
    stage.reaches(running, "running")
    assert stage.http.post(f"/v1/runs/{waiting}/cancel").status_code == 200
    assert stage.http.post(f"/v1/runs/{running}/cancel").status_code == 202
    assert stage.finished(running)["state"] == "cancelled"
    assert stage.types(waiting) == ["queued", "cancelled"]
    with stage.redis.client() as client:
        stage.until(lambda: not client.exists(f"bull:{stage.name}:{waiting}"), "its job is gone")
        stage.until(lambda: client.zscore(f"bull:{stage.name}:failed", running), "BullMQ has it ended")


def test_what_is_not_started_in_time_expires_and_leaves_redis(scene: StartScene) -> None:
    stage = scene(workers=0)
    stage.know("nobody")
    run_id = stage.dispatch("nobody", expires_seconds=0.5)
    assert stage.finished(run_id)["error"]["code"] == "expired"
    with stage.redis.client() as client:
        stage.until(lambda: not client.exists(f"bull:{QUEUE}:{run_id}"), "its job is gone")


def test_a_batch_with_prefer_wait_idempotency_and_replay(own_queue: Scene) -> None:
    stage = own_queue
    runs = stage.batch("noop", 300)
    for run_id in runs:
        assert stage.finished(run_id)["state"] == "completed"
    replayed = stage.post(f"/v1/runs/{runs[0]}/replay")
    assert stage.finished(replayed["id"])["queue"] == stage.name
    stage.until(lambda: stage.counts()["running"] == 0, "nothing runs")
    assert stage.counts()["completed"] == 301


def test_async_and_sync_jobs_share_a_queue(own_queue: Scene) -> None:
    """Two lanes of one worker claim from one line of jobs, whose names are known only when they are taken."""
    stage = own_queue
    runs = [run_id for _ in range(10) for name in ("noop", "noop-sync") for run_id in stage.batch(name, 20)]
    stage.until(lambda: stage.counts()["completed"] == len(runs), "all are completed", 30)
    assert {stage.run(run_id)["attempt"] for run_id in runs} == {1}


def test_a_server_that_stops_leaves_nothing_untold(scene: StartScene) -> None:
    stage = scene()
    runs = stage.batch("noop", 50)
    stage.until(lambda: stage.counts()["completed"] == 50, "all are completed here")
    assert stage.server.stop() == 0
    with stage.redis.client() as client:
        assert {client.zscore(f"bull:{QUEUE}:completed", run_id) is not None for run_id in runs} == {True}


def test_a_queue_is_made_described_and_kept(scene: StartScene) -> None:
    stage = scene(workers=0)
    stage.know("nobody")
    assert (stage.queue()["engine"], stage.queue()["bullmq"]) == ("bullmq", {"prefix": "bull", "consume": True})
    stage.dispatch("nobody")
    for body in ({"engine": "database"}, {"engine": "bullmq", "bullmq": {"prefix": "other"}}):
        refused = stage.http.put(f"/v1/queues/{QUEUE}", json=body)
        assert (refused.status_code, refused.json()["code"]) == (409, "queue_in_use")
    assert stage.http.put(f"/v1/queues/{QUEUE}", json={"paused": True}).json()["engine"] == "bullmq"
    assert stage.get("/readyz") == {"status": "ok", "redis": "up"}
    stage.until(lambda: stage.counts()["queued"] == 1, "its job is counted")


def _seconds(earlier: str, later: str) -> float:
    return (datetime.fromisoformat(later) - datetime.fromisoformat(earlier)).total_seconds()
