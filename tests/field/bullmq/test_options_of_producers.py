"""What Node's producers choose for a job holds when one of our workers runs it."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from blazy_jobs_server.queues.translation import retry_of
from tests.bullmq.node_agent import NodeAgent
from tests.bullmq.scene import Scene

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]


class Producer:
    def __init__(self, stage: Scene, node: NodeAgent) -> None:
        self.stage, self._node = stage, node

    def add(self, name: str = "noop", data: Any = None, **opts: Any) -> str:
        job_id: str = self._node.ask("add", queue=self.stage.name, name=name, data=data or {}, opts=opts)
        return job_id

    def state(self, job_id: str) -> str:
        return (self._node.ask("job", queue=self.stage.name, id=job_id) or {"state": "gone"})["state"]

    def ended(self, job_id: str) -> Any:
        self.stage.until(lambda: self.state(job_id) in ("completed", "failed", "gone"), f"{job_id} ends")
        return self._node.ask("job", queue=self.stage.name, id=job_id)

    def flow(self, **child: Any) -> tuple[str, str]:
        children = [
            {"name": "hopeless", "queueName": self.stage.name, "opts": child},
            {"name": "noop", "queueName": self.stage.name},
        ]
        made = self._node.ask("flow", tree={"name": "noop", "queueName": self.stage.name, "children": children})
        return made["id"], made["children"][0]


@pytest.fixture
def producer(own_queue: Scene, shared_node: NodeAgent) -> Producer:
    return Producer(own_queue, shared_node)


def waits(stage: Scene, run: Any) -> list[float]:
    """Seconds from each failed attempt to the next start that was planned."""
    events = [event for event in stage.events(run["id"]) if event["type"] == "retrying"]
    return [
        (datetime.fromisoformat(e["data"]["due_at"]) - datetime.fromisoformat(e["time"])).total_seconds()
        for e in events
    ]


def test_the_backoff_of_a_producer_holds_for_our_workers(producer: Producer) -> None:
    producer.ended(producer.add("flaky", attempts=3, backoff={"type": "exponential", "delay": 700}))
    first, second = waits(producer.stage, producer.stage.run_of_job("flaky"))
    assert 0.5 < first <= 0.71
    assert 1.2 < second <= 1.41


def test_counts_of_attempts_are_those_that_node_keeps(producer: Producer) -> None:
    job = producer.ended(producer.add("flaky", attempts=3, backoff=50))
    assert (job["state"], job["attemptsMade"], job["attemptsStarted"]) == ("completed", 3, 3)
    job = producer.ended(producer.add("hopeless", attempts=5))
    assert (job["state"], job["attemptsMade"], job["attemptsStarted"]) == ("failed", 1, 1)


def test_what_is_to_be_kept_of_finished_jobs(producer: Producer) -> None:
    assert producer.ended(producer.add(removeOnComplete=True)) is None
    assert producer.ended(producer.add("hopeless", removeOnFail=True)) is None
    last = [producer.add(removeOnComplete=2) for _ in range(6)][-1]
    producer.ended(last)
    with producer.stage.redis.client() as client:
        producer.stage.until(lambda: client.zcard(f"bull:{producer.stage.name}:completed") == 2, "two are kept")
    assert producer.ended(producer.add(removeOnComplete={"age": 3600}))["state"] == "completed"


def test_deduplication_ends_with_the_job(producer: Producer) -> None:
    first = producer.add("slow", 1, deduplication={"id": "d"})
    assert producer.add("slow", 1, deduplication={"id": "d"}) == first
    producer.ended(first)
    again = producer.add("slow", 1, deduplication={"id": "d"})
    assert again != first
    assert producer.ended(again)["state"] == "completed"


@pytest.mark.parametrize(
    ("option", "parent"),
    [
        ("failParentOnFailure", "failed"),
        ("ignoreDependencyOnFailure", "completed"),
        ("removeDependencyOnFailure", "completed"),
        ("continueParentOnFailure", "completed"),
    ],
)
def test_a_child_that_ours_fail_is_told_to_its_parent(producer: Producer, option: str, parent: str) -> None:
    parent_id, child_id = producer.flow(**{option: True})
    assert producer.ended(child_id)["state"] == "failed"
    assert producer.ended(parent_id)["state"] == parent


def test_a_cancel_of_a_schedulers_run_does_not_end_the_scheduler(producer: Producer, shared_node: NodeAgent) -> None:
    stage = producer.stage
    shared_node.ask("scheduler", queue=stage.name, id="s", repeat={"every": 2000}, template={"name": "noop"})
    [run] = stage.until(lambda: stage.runs(job_type="noop", state="scheduled"), "the next one is there")[:1]
    assert stage.post(f"/v1/runs/{run['id']}/cancel", {})["state"] == "cancelled"
    before = len(stage.runs(job_type="noop", state="completed"))
    stage.until(lambda: len(stage.runs(job_type="noop", state="completed")) > before, "the one after it runs", 30)


@pytest.mark.parametrize(
    ("backoff", "expected"),
    [
        (250, ("fixed", 0.25, False)),
        ({"type": "fixed", "delay": 1500, "jitter": 0.5}, ("fixed", 1.5, True)),
        ({"type": "exponential", "delay": 1000}, ("exponential", 1.0, False)),
        ({"type": "exponential"}, ("exponential", 0, False)),
        ({"type": "exponential", "delay": 1e15}, ("exponential", 366 * 86_400, False)),
        ({"type": "mine", "delay": 5}, None),
        ("soon", None),
        (True, None),
        (None, None),
    ],
)
def test_backoff_in_our_words(backoff: Any, expected: tuple[str, float, bool] | None) -> None:
    chosen = retry_of(json.dumps({"attempts": 3, "backoff": backoff}))
    assert (tuple(chosen[name] for name in ("backoff", "initial_seconds", "jitter")) if chosen else None) == expected
