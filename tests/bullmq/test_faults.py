"""Redis and the server killed, stopped and emptied under load: nothing acknowledged is lost, and the rest goes on."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from blazy_jobs_server.clock import SystemClock
from blazy_jobs_server.domain.errors import QueueUnavailable
from blazy_jobs_server.domain.job_type import Bullmq, Queue
from blazy_jobs_server.ports import Job
from blazy_jobs_server.queues.bullmq import BullmqEngine
from tests.app.server import Server
from tests.bullmq.scene import FINAL, QUEUE, Scene
from tests.support.redis import RedisServer
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
StartScene = Callable[..., Scene]


class Load:
    """Dispatches to the BullMQ queue and to one of the database, and keeps what was acknowledged."""

    def __init__(self, stage: Scene) -> None:
        self._stage = stage
        self._http = stage.server.client(timeout=30)
        self.there: list[str] = []
        self.here: list[str] = []
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while not self._enough.is_set():
            for queue, runs in ((QUEUE, self.there), ("default", self.here)):
                batch = [{"job_type": "noop", "payload": {"ü": n}, "queue": queue} for n in range(10)]
                try:
                    answer = self._http.post("/v1/runs/batch", json={"runs": batch})
                except httpx.HTTPError:
                    self._enough.wait(0.05)
                    continue
                assert answer.status_code == 202, answer.text
                runs.extend(run["id"] for run in answer.json()["data"])
            self._enough.wait(0.01)

    def start(self) -> Load:
        self._thread.start()
        return self

    def stop(self) -> None:
        self._enough.set()
        self._thread.join(60)
        self._http.close()

    def dispatched(self, count: int) -> None:
        """As many more as that."""
        wanted = len(self.there) + count
        self._stage.until(lambda: len(self.there) >= wanted, "the load goes on")


@contextmanager
def load(stage: Scene) -> Iterator[Load]:
    made = Load(stage).start()
    try:
        yield made
    finally:
        made.stop()


def all_end(stage: Scene, run_ids: list[str], seconds: float = 90) -> None:
    """Each acknowledged run has one recorded outcome."""

    def left() -> int:
        counts: dict[str, int] = stage.get("/v1/stats")["counts"]
        return sum(n for state, n in counts.items() if state not in FINAL)

    stage.until(lambda: left() == 0, "all runs have ended", seconds)
    for run_id in run_ids:
        types = Counter(event["type"] for event in stage.events(run_id))
        assert sum(types[kind] for kind in FINAL) == 1, (run_id, types)
        assert types["completed"] == 1, (run_id, types)


def redis_is(stage: Scene, word: str) -> None:
    stage.until(lambda: stage.get("/readyz")["redis"] == word, f"readyz says {word}")


def metric(stage: Scene, name: str) -> float:
    lines = stage.http.get("/metrics").text.splitlines()
    return float(next(line for line in lines if line.startswith(f"{name} ")).split()[1])


def the_rest_goes_on(stage: Scene) -> None:
    run = stage.post("/v1/job-types/echo/runs", {"payload": 1}, Prefer="wait=10")
    assert run["state"] == "completed"


def test_redis_is_killed_and_comes_back(scene: StartScene) -> None:
    stage = scene()
    with load(stage) as sent:
        sent.dispatched(100)
        stage.redis.kill()
        redis_is(stage, "down")
        sent.dispatched(100)
        the_rest_goes_on(stage)
        assert metric(stage, "jobs_redis_up") == 0
        stage.until(lambda: metric(stage, "jobs_bullmq_backlog") > 0, "what waits for Redis is counted")
        stage.redis.start()
        redis_is(stage, "up")
        sent.dispatched(100)
    all_end(stage, sent.there + sent.here[-100:])
    stage.until(lambda: metric(stage, "jobs_bullmq_backlog") == 0, "all is handed over")


@pytest.mark.parametrize("how", ["flushed", "lost"])
def test_redis_loses_all_that_it_had(scene: StartScene, how: str) -> None:
    stage = scene()
    stage.redis.durable = how == "flushed"
    if how == "lost":
        stage.redis.kill()
        stage.redis.start()
    slow = stage.dispatch("slow", 3)
    stage.reaches(slow, "running")
    delayed = stage.dispatch("noop", delay_seconds=4)
    with load(stage) as sent:
        sent.dispatched(100)
        if how == "flushed":
            stage.redis.flush()
        else:
            stage.redis.kill()
            stage.redis.start()
        sent.dispatched(100)
    all_end(stage, [*sent.there, *sent.here[-100:], slow, delayed])
    assert stage.types(slow)[-1] == "completed"
    assert stage.run(slow)["attempt"] == 1


def test_redis_stands_still(scene: StartScene) -> None:
    stage = scene()
    with load(stage) as sent:
        sent.dispatched(50)
        stage.redis.pause()
        try:
            redis_is(stage, "down")
            for _ in range(5):
                the_rest_goes_on(stage)
            sent.dispatched(50)
        finally:
            stage.redis.go_on()
    all_end(stage, sent.there + sent.here[-100:])


def test_the_server_is_killed(scene: StartScene) -> None:
    stage = scene()
    slow = stage.dispatch("slow", 4)
    stage.reaches(slow, "running")
    with load(stage) as sent:
        for _ in range(3):
            sent.dispatched(60)
            stage.server.restart()
    stage.again()
    all_end(stage, [*sent.there, *sent.here[-100:], slow])


def test_what_a_killed_server_had_just_taken_goes_on_as_soon_as_the_next_one_is_there(scene: StartScene) -> None:
    """Not when its lock runs out, half a minute later."""
    stage = scene(workers=0)
    stage.know("noop")
    run_id = stage.dispatch("noop")
    with stage.redis.client() as client:
        stage.until(lambda: client.exists(f"bull:{QUEUE}:{run_id}"), "its job is there")
    stage.server.kill()
    home = (stage.server.data / "home").read_text()
    asyncio.run(taken(stage, f"blazy-{home}-before-1"))
    stage.server.modules, stage.server.workers = ["tests.bullmq.jobs"], 1
    stage.server.start()
    stage.again()
    assert stage.finished(run_id, 10)["state"] == "completed"
    assert stage.types(run_id) == ["queued", "started", "completed"]


async def taken(stage: Scene, token: str) -> None:
    engine = BullmqEngine(stage.redis.url)
    try:
        assert len(await engine.take(Queue(name=QUEUE, bullmq=Bullmq()), [token])) == 1
    finally:
        await engine.close()


async def test_what_came_in_an_answer_that_was_lost_goes_back_at_once(
    tmp_path: Path, redis_server: RedisServer
) -> None:
    async with Server(tmp_path / "data", SystemClock(), redis_url=redis_server.url) as server:  # type: ignore[arg-type]
        await server.http.put(f"/v1/queues/{QUEUE}", json={"engine": "bullmq"})
        await server.register()
        worker = await server.worker()
        engine = server.jobs.projection._engine
        assert engine is not None
        take, lost = engine.take, []

        async def lose(queue: Queue, tokens: Sequence[str]) -> list[Job]:
            jobs = await take(queue, tokens)
            if jobs and not lost:
                lost.extend(jobs)
                raise QueueUnavailable("the connection broke")
            return jobs

        engine.take = lose  # type: ignore[method-assign]
        for _ in range(3):
            await server.dispatch(queue=QUEUE)
        leases = []
        async with asyncio.timeout(stretched(10)):
            while len(leases) < 3:
                try:
                    leases += await worker.claim(10, 5)
                except httpx.HTTPStatusError:
                    continue
        assert len(lost) > 0
        assert {lease["attempt"] for lease in leases} == {1}


def test_what_was_acknowledged_while_redis_was_down_outlives_the_server(scene: StartScene) -> None:
    stage = scene()
    stage.redis.kill()
    redis_is(stage, "down")
    runs = stage.batch("noop", 50)
    gone = stage.dispatch("noop")
    assert stage.http.post(f"/v1/runs/{gone}/cancel").status_code == 200
    stage.server.restart()
    stage.again()
    assert stage.get("/readyz")["redis"] == "down"
    the_rest_goes_on(stage)
    stage.redis.start()
    all_end(stage, runs)
    assert stage.types(gone) == ["queued", "cancelled"]


def test_a_cancel_while_redis_was_down_takes_its_job_out_later(scene: StartScene) -> None:
    stage = scene(workers=0)
    stage.know("mail")
    run_id = stage.dispatch("mail")
    key = f"bull:{QUEUE}:{run_id}"

    def exists() -> Any:
        with stage.redis.client() as client:
            return client.exists(key)

    stage.until(exists, "its job is there")
    stage.redis.kill()
    redis_is(stage, "down")
    assert stage.http.post(f"/v1/runs/{run_id}/cancel").status_code == 200
    stage.server.restart()
    stage.again()
    stage.redis.start()
    stage.until(lambda: not exists(), "its job is gone")


def test_what_ended_while_redis_was_down_does_not_come_back_when_it_is_erased(scene: StartScene) -> None:
    """By a request, and by its retention: not before its job is out of the queue, which would be a new run."""
    stage = scene(workers=0)
    stage.know("noop")
    stage.know("brief", retention_seconds=1)
    erased, pruned = (stage.dispatch(name, delay_seconds=60) for name in ("noop", "brief"))

    def jobs() -> int:
        with stage.redis.client() as client:
            return int(client.exists(*(f"bull:{QUEUE}:{run_id}" for run_id in (erased, pruned))))

    stage.until(lambda: jobs() == 2, "their jobs are there")
    stage.redis.kill()
    redis_is(stage, "down")
    for run_id in (erased, pruned):
        assert stage.http.post(f"/v1/runs/{run_id}/cancel").status_code == 200
    refused = stage.http.delete(f"/v1/runs/{erased}")
    assert (refused.status_code, refused.json()["code"]) == (503, "queue_unavailable")
    time.sleep(7)  # the retention is over, and what is past it would have been deleted
    assert stage.run(pruned)["state"] == "cancelled"
    stage.redis.start()
    stage.until(lambda: stage.http.delete(f"/v1/runs/{erased}").status_code == 204, "it can be erased")
    stage.until(lambda: stage.http.get(f"/v1/runs/{pruned}").status_code == 404, "it was deleted in the end")
    assert jobs() == 0
    assert stage.runs() == []


def test_the_work_of_an_outage_is_not_done_twice(scene: StartScene) -> None:
    """Down for longer than the handler takes: its result is kept, and BullMQ hears of it when it is back."""
    stage = scene()
    run_id = stage.dispatch("slow", 2)
    stage.reaches(run_id, "running")
    stage.redis.kill()
    run = stage.finished(run_id)
    assert (run["state"], run["result"]) == ("completed", "slept")
    stage.redis.start()
    with stage.redis.client() as client:
        stage.until(lambda: client.zscore(f"bull:{QUEUE}:completed", run_id), "BullMQ has it completed")
    assert stage.types(run_id) == ["queued", "started", "progress", "completed"]
