"""The same queue shared with Node: its producers and workers, by the official package."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from blazy_jobs_server.domain.following import UNSAID
from tests.bullmq.node_agent import NodeAgent, NodeFailed
from tests.bullmq.scene import PAYLOAD, QUEUE, Scene

pytestmark = pytest.mark.system
StartScene = Callable[..., Scene]


@pytest.mark.parametrize("consume", [True, False])
def test_our_dispatch_to_a_worker_in_node(scene: StartScene, node: NodeAgent, consume: bool) -> None:
    stage = scene(workers=0, consume=consume)
    stage.know("mail", retry={"max_attempts": 3, "backoff": "fixed", "initial_seconds": 0.1, "jitter": False})
    paused = stage.dispatch("mail", {"n": "before any worker"})
    node.ask("work", queue=QUEUE, concurrency=1)
    assert stage.finished(paused)["result"] == {"done": {"n": "before any worker"}}

    # payload, progress, logs and result
    wish = PAYLOAD | {"progress": [10, {"percent": 60, "message": "böth", "data": {"step": "✓"}}], "sleep": 300}
    run_id = stage.dispatch("mail", wish | {"logs": ["first ✓", "second"], "result": {"ünï": [1.5, None, "🎉"]}})
    streamed = stage.streamed(run_id)
    run = stage.run(run_id)
    assert (run["state"], run["attempt"], run["worker_id"]) == ("completed", 1, None)
    assert run["result"] == {"ünï": [1.5, None, "🎉"]}
    assert [e["type"] for e in stage.events(run_id)] == [name for name, _ in streamed]
    kinds = [name for name, _ in streamed]
    assert kinds[:2] == ["queued", "started"]
    assert kinds[-1] == "completed"
    progress = [event["data"] for name, event in streamed if name == "progress"]
    assert progress[-1] == {"percent": 60, "message": "böth", "data": {"step": "✓"}}
    assert [event["data"]["message"] for name, event in streamed if name == "log"] == ["first ✓", "second"]
    told = node.heard(lambda news: news["news"] == "started" and news["id"] == run_id)
    assert {name: told["data"][name] for name in PAYLOAD} == PAYLOAD

    # failed attempts, then a result
    run_id = stage.dispatch("mail", {"fail": 2, "result": "at last"})
    run = stage.finished(run_id)
    assert (run["state"], run["result"], run["attempt"]) == ("completed", "at last", 3)
    assert stage.types(run_id) == ["queued", *["started", "retrying"] * 2, "started", "completed"]
    error = stage.events(run_id)[2]["data"]["error"]
    assert (error["code"], error["type"], error["message"]) == ("handler_error", "TypeError", "no luck ✗ 1")
    assert "agent.mjs" in error["traceback"]
    assert [a["worker_id"] for a in stage.get(f"/v1/runs/{run_id}/attempts")["data"]] == [None] * 3

    # failures that last
    out, never = stage.dispatch("mail", {"fail": 9}), stage.dispatch("mail", {"stop": True})
    run = stage.finished(out)
    assert (run["state"], run["attempt"], run["error"]["message"]) == ("failed", 3, "no luck ✗ 3")
    run = stage.finished(never)
    assert (run["state"], run["attempt"], run["error"]["message"]) == ("failed", 1, "never ✗")

    # what is thrown without being an error, and a result that is too large
    odd, long = stage.dispatch("mail", {"raise": "a string"}), stage.dispatch("mail", {"long": 2**20})
    assert stage.finished(odd)["error"]["message"] == UNSAID
    said = [e["data"]["error"]["message"] for e in stage.events(odd) if e["type"] in ("retrying", "failed")]
    assert said == [UNSAID] * 3
    run = stage.finished(long)
    assert (run["state"], run["attempt"], run["error"]["code"]) == ("failed", 1, "invalid_result")
    assert run["result"] is None

    # a delay, and the order of priorities
    delayed = stage.dispatch("mail", {}, delay_seconds=0.5)
    busy = stage.dispatch("mail", {"sleep": 700})
    low, plain, high = (stage.dispatch("mail", {"p": p}, priority=p) for p in (-50, 0, 100))
    runs = {run_id: stage.finished(run_id) for run_id in (delayed, busy, low, plain, high)}
    assert runs[delayed]["started_at"] >= runs[delayed]["due_at"]
    order = [news["data"].get("p") for news in node.news if news["news"] == "started"]
    assert [p for p in order if p is not None] == [100, 0, -50]


def test_a_producer_in_node_to_our_workers(scene: StartScene, node: NodeAgent) -> None:
    stage = scene(JOBS_WORKER_CONCURRENCY="1")
    node.ask("listen", queue=QUEUE)

    # the job becomes a run; its producer gets the result, and everyone there sees the progress
    job_id = node.ask("add", queue=QUEUE, name="echo", data=PAYLOAD)
    assert node.ask("wait", queue=QUEUE, id=job_id, ms=20000) == {"echo": PAYLOAD, "attempt": 1}
    run = stage.finished(stage.run_of_job("echo")["id"])
    assert (run["payload"], run["result"]["echo"], run["queue"], run["priority"]) == (PAYLOAD, PAYLOAD, QUEUE, 0)
    assert sorted(stage.types(run["id"])) == ["completed", "log", "progress", "queued", "started"]
    told = node.heard(lambda news: news["news"] == "progress" and news["jobId"] == job_id)
    assert told["data"] == {"percent": 50, "message": "half way", "data": None}

    # its attempts are the producer's, their wait too long for it is ours
    job_id = node.ask("add", queue=QUEUE, name="flaky", data=1, opts={"attempts": 3})
    assert node.ask("wait", queue=QUEUE, id=job_id, ms=20000) == 3
    run = stage.finished(stage.run_of_job("flaky")["id"])
    assert (run["attempt"], run["max_attempts"]) == (3, 3)
    job = node.ask("job", queue=QUEUE, id=job_id)
    assert job["attemptsMade"] == 3
    assert ["raise ValueError" in stack for stack in json.loads(job["stacktrace"])] == [True] * 2, (
        "one for each failure"
    )

    job_id = node.ask("add", queue=QUEUE, name="hopeless", data=1, opts={"attempts": 5})
    with pytest.raises(NodeFailed, match="never"):
        node.ask("wait", queue=QUEUE, id=job_id, ms=20000)
    assert stage.finished(stage.run_of_job("hopeless")["id"])["error"]["code"] == "non_retryable"

    # a delay, and the order of priorities
    busy = node.ask("add", queue=QUEUE, name="slow", data=1)
    stage.reaches(stage.run_of_job("slow")["id"], "running")
    delayed = node.ask("add", queue=QUEUE, name="noop", data="delayed", opts={"delay": 1500})
    jobs = {p: node.ask("add", queue=QUEUE, name="noop", data=p, opts={"priority": p}) for p in (9, 5, 1)}
    for job_id in (busy, delayed, *jobs.values()):
        node.ask("wait", queue=QUEUE, id=job_id, ms=20000)
    runs = {run["payload"]: stage.finished(run["id"]) for run in stage.runs(job_type="noop")}
    assert sorted((9, 5, 1), key=lambda p: runs[p]["started_at"]) == [1, 5, 9]
    assert max(runs, key=lambda p: runs[p]["started_at"]) == "delayed"
    assert {p: runs[p]["priority"] for p in jobs} == {9: 92, 5: 96, 1: 100}


def test_what_others_produce_and_others_do_is_followed(scene: StartScene, node: NodeAgent) -> None:
    stage = scene(workers=0, consume=False)
    stage.know("mail")
    with_name = node.ask("add", queue=QUEUE, name="mail", data={"progress": [5], "sleep": 500, "result": 7})
    node.ask("add", queue=QUEUE, name="unknown here", data={})
    stage.run_of_job("mail")
    node.ask("work", queue=QUEUE)
    assert node.ask("wait", queue=QUEUE, id=with_name, ms=20000) == 7
    run = stage.finished(stage.run_of_job("mail")["id"])
    assert (run["result"], run["state"]) == (7, "completed")
    node.heard(lambda news: news["news"] == "started" and news["name"] == "unknown here")
    assert len(stage.runs()) == 1, "a job whose name is no job type makes no run"


def test_jobs_of_others_that_redis_lost_are_not_made_up(scene: StartScene, node: NodeAgent) -> None:
    stage = scene(workers=0)
    stage.know("mail")
    node.ask("add", queue=QUEUE, name="mail", data={"n": 1})
    run_id = stage.run_of_job("mail")["id"]
    stage.redis.flush()
    assert stage.finished(run_id)["state"] == "cancelled"
    node.ask("add", queue=QUEUE, name="mail", data={"n": 2})
    second = stage.until(
        lambda: [r for r in stage.runs(job_type="mail") if r["id"] != run_id], "the id is another job's"
    )
    assert (len(second), second[0]["payload"]) == (1, {"n": 2})


def test_a_job_that_none_of_our_workers_serves_goes_back_at_no_cost(scene: StartScene, node: NodeAgent) -> None:
    stage = scene()
    stage.know("theirs")
    ours, unknown = stage.dispatch("theirs", {"n": 1}), node.ask("add", queue=QUEUE, name="unknown", data={})
    stage.until(
        lambda: [node.ask("job", queue=QUEUE, id=job_id)["state"] for job_id in (ours, unknown)] == ["delayed"] * 2,
        "both are put off",
    )
    assert stage.run(ours)["attempt"] == 0
    assert stage.types(ours) == ["queued"]
    assert stage.finished(stage.dispatch("echo", 1))["state"] == "completed", "others go on"
    stage.server.terminate()
    stage.server.process.wait(60)  # type: ignore[union-attr]
    node.ask("work", queue=QUEUE, concurrency=5)
    for job_id in (ours, unknown):
        node.heard(lambda news, job_id=job_id: news["news"] == "started" and news["id"] == job_id)
        assert node.ask("job", queue=QUEUE, id=job_id)["attemptsMade"] <= 1


def test_a_pause_is_everybodys(scene: StartScene, node: NodeAgent) -> None:
    stage = scene(workers=0)
    stage.know("mail")
    node.ask("work", queue=QUEUE)
    assert stage.post(f"/v1/queues/{QUEUE}/pause")["paused"] is True
    assert node.ask("paused", queue=QUEUE) is True
    held = stage.dispatch("mail", {"n": 1})
    stage.until(lambda: node.ask("counts", queue=QUEUE).get("prioritized") == 1, "its job is there")
    node.ask("resume", queue=QUEUE)
    stage.until(lambda: stage.queue()["paused"] is False, "it goes on here too")
    assert stage.finished(held)["state"] == "completed"
    node.ask("pause", queue=QUEUE)
    stage.until(lambda: stage.queue()["paused"] is True, "their pause is seen")
    assert stage.post(f"/v1/queues/{QUEUE}/resume")["paused"] is False
    assert node.ask("paused", queue=QUEUE) is False


def test_cancel_and_removal_across_the_two(scene: StartScene, node: NodeAgent) -> None:
    stage = scene(workers=0)
    stage.know("mail")
    node.ask("listen", queue=QUEUE)
    ours, theirs = stage.dispatch("mail", {}), stage.dispatch("mail", {})
    stage.until(lambda: node.ask("job", queue=QUEUE, id=theirs), "its job is there")
    assert stage.http.post(f"/v1/runs/{ours}/cancel").status_code == 200
    assert node.ask("job", queue=QUEUE, id=ours) is None
    node.ask("remove", queue=QUEUE, id=theirs)
    assert stage.finished(theirs)["state"] == "cancelled"
    node.ask("work", queue=QUEUE, concurrency=3)
    asked = stage.dispatch("mail", {"sleep": 500, "fail": 1})
    done = stage.dispatch("mail", {"sleep": 500, "result": "kept"})
    for run_id in (asked, done):
        stage.reaches(run_id, "running")
        assert stage.http.post(f"/v1/runs/{run_id}/cancel").status_code == 202
    assert stage.finished(asked)["state"] == "cancelled"
    assert stage.finished(done)["result"] == "kept"
    stage.until(lambda: node.ask("job", queue=QUEUE, id=asked) is None, "no further attempt")


def test_a_worker_in_node_that_is_killed(scene: StartScene, node: NodeAgent, redis_server: Any) -> None:
    """Its job stalls; who takes it then is told apart, and nothing runs to an end twice."""
    stage = scene(workers=0)
    stage.know("mail")
    quick = {"lockDuration": 1000, "stalledInterval": 500}
    with NodeAgent(redis_server.url) as doomed:
        doomed.ask("work", queue=QUEUE, opts=quick)
        run_id = stage.dispatch("mail", {"sleep": 1500, "result": "done"})
        stage.reaches(run_id, "running")
        doomed.kill()
    node.ask("work", queue=QUEUE, opts=quick)
    run = stage.finished(run_id)
    assert (run["result"], run["attempt"], run["losses"]) == ("done", 1, 1)
    assert stage.types(run_id) == ["queued", "started", "interrupted", "started", "completed"]
