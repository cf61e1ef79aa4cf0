"""Several BullMQ queues and the workers that serve them all: none waits for another one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest

from tests.bullmq.scene import Scene

pytestmark = pytest.mark.system
QUEUES = [f"q{n}" for n in range(8)]
SOON_SECONDS = 4
"""Less than a queue waits for an arrival before it looks again."""


def test_a_run_in_any_of_many_idle_queues_starts_at_once(scene: Callable[..., Scene]) -> None:
    stage = scene()
    for name in QUEUES:
        assert stage.http.put(f"/v1/queues/{name}", json={"engine": "bullmq"}).status_code == 201
    runs = []
    for _ in range(6):
        runs += [stage.dispatch("noop", queue=name) for name in (*QUEUES, "default")]
        for run_id in runs[-len(QUEUES) :]:
            stage.finished(run_id)
    waits = [_waited(stage.run(run_id)) for run_id in runs]
    assert max(waits) < SOON_SECONDS, sorted(waits)[-5:]


def _waited(run: Any) -> float:
    return (datetime.fromisoformat(run["started_at"]) - datetime.fromisoformat(run["created_at"])).total_seconds()
