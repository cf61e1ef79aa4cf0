"""Flows of BullMQ: a parent whose children are not done."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bullmq.node_agent import NodeAgent
from tests.bullmq.scene import QUEUE, Scene

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]
TREE = {
    "name": "noop",
    "queueName": QUEUE,
    "children": [{"name": "noop-sync", "queueName": "elsewhere", "data": {"n": n}} for n in range(2)],
}


@pytest.mark.parametrize("consume", [True, False])
def test_a_parent_waits_for_its_children_and_says_so(
    scene: Callable[..., Scene], node: NodeAgent, consume: bool
) -> None:
    stage = scene(consume=consume)
    node.ask("flow", tree=TREE)
    run = stage.run_of_job("noop")
    stage.until(lambda: stage.run(run["id"])["wait_reason"] == "waiting_children", "it says what it waits for")
    assert stage.run(run["id"])["state"] == "queued"
    assert stage.runs(state="queued")[0]["wait_reason"] == "waiting_children"
    counts = stage.counts()
    assert (counts["queued"], counts["scheduled"]) == (1, 0)

    # A server that starts finds it, too.
    stage.server.kill()
    stage.server.start()
    stage.again()
    stage.until(lambda: stage.run(run["id"])["wait_reason"] == "waiting_children", "it still waits")

    node.ask("work", queue="elsewhere")
    if not consume:
        node.ask("work", queue=QUEUE)
    assert stage.finished(run["id"])["state"] == "completed"
    assert stage.run(run["id"])["wait_reason"] is None
    assert stage.counts()["queued"] == 0


def test_a_flow_that_was_there_before_the_server_is_found(scene: Callable[..., Scene], node: NodeAgent) -> None:
    node.ask("flow", tree=TREE)
    stage = scene()
    run = stage.run_of_job("noop")
    assert (run["state"], run["wait_reason"]) == ("queued", "waiting_children")
    node.ask("work", queue="elsewhere")
    assert stage.finished(run["id"])["state"] == "completed"


def test_a_parent_fails_with_its_child(scene: Callable[..., Scene], node: NodeAgent) -> None:
    stage = scene()
    child = {
        "name": "noop-sync",
        "queueName": "elsewhere",
        "data": {"stop": True},
        "opts": {"failParentOnFailure": True},
    }
    node.ask("flow", tree={"name": "noop", "queueName": QUEUE, "children": [child]})
    run = stage.run_of_job("noop")
    node.ask("work", queue="elsewhere")
    ended = stage.finished(run["id"])
    assert ended["state"] == "failed"
    assert "child" in ended["error"]["message"]
