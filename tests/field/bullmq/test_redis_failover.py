"""Redis behind one name: a replica takes over, the old primary becomes its replica, and connections stay open."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.bullmq.scene import QUEUE, Scene
from tests.support.redis import RedisServer, running
from tests.support.server import Server, wait_until
from tests.support.tcp_proxy import Proxy

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]
StartServer = Callable[..., Server]


class Pair:
    """Two Redis servers, one the replica of the other, behind a proxy."""

    def __init__(self, first: RedisServer, second: RedisServer, proxy: Proxy) -> None:
        self.primary, self.replica, self.name = first, second, proxy
        self._follow()

    def _follow(self) -> None:
        with self.replica.client() as client:
            client.replicaof("127.0.0.1", str(self.primary.port))
            wait_until(lambda: client.info("replication")["master_link_status"] == "up", "the replica follows")

    def fail_over(self) -> None:
        """The replica has all, becomes the primary, and the name leads to it; whoever is connected stays connected."""
        with self.primary.client() as old, self.replica.client() as new:
            old.wait(1, 5000)
            new.replicaof("NO", "ONE")
            self.name.target = self.replica.port
            old.replicaof("127.0.0.1", str(self.replica.port))
        self.primary, self.replica = self.replica, self.primary


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    with running(tmp_path / "one") as one, running(tmp_path / "two") as two, Proxy(one.port) as proxy:
        yield Pair(one, two, proxy)


@pytest.fixture
def behind(serve: StartServer) -> Iterator[Callable[..., Scene]]:
    made: list[Scene] = []

    def start(url: str, redis_server: RedisServer, **options: Any) -> Scene:
        server = serve("tests.bullmq.jobs", workers=1, env={"JOBS_REDIS_URL": url}, **options)
        made.append(Scene(server, redis_server, consume=True))
        return made[-1]

    yield start
    for scene in made:
        scene.http.close()


def log_lines(scene: Scene, event: str = "") -> list[dict[str, Any]]:
    lines = []
    for line in scene.server.log.read_text().splitlines():
        with contextlib.suppress(json.JSONDecodeError):
            lines.append(json.loads(line))
    return [line for line in lines if event in str(line.get("event"))]


class Readiness:
    """What `/readyz` says of Redis, over and over: each change."""

    def __init__(self, scene: Scene) -> None:
        self.changes: list[str] = []
        self._http = scene.server.client()
        self._enough = threading.Event()
        self._thread = threading.Thread(target=self._look)
        self._thread.start()

    def _look(self) -> None:
        while not self._enough.wait(0.05):
            said = self._http.get("/readyz").json()["redis"]
            if self.changes[-1:] != [said]:
                self.changes.append(said)

    def stop(self) -> list[str]:
        self._enough.set()
        self._thread.join(30)
        self._http.close()
        return self.changes


def test_runs_move_on_after_a_failover_that_kept_all_connections(pair: Pair, behind: Callable[..., Scene]) -> None:
    scene = behind(pair.name.url, pair.primary)
    scene.finished(scene.dispatch("echo", "before"))
    watched = Readiness(scene)
    before = len(log_lines(scene))
    pair.fail_over()

    for n in range(3):
        assert scene.finished(scene.dispatch("echo", n))["result"]["echo"] == n
    scene.until(lambda: scene.get("/readyz")["redis"] == "up", "Redis is up again")

    changes = watched.stop()
    assert len(changes) <= 3, changes
    assert len(log_lines(scene)[before:]) <= 8
    assert log_lines(scene, "Redis is available again")
    with pair.primary.client() as client:
        assert client.info("replication")["role"] == "master"
        assert client.exists(f"bull:{QUEUE}:id") or client.exists(f"bull:{QUEUE}:events")


def test_what_is_in_hand_at_a_failover_ends_once(pair: Pair, behind: Callable[..., Scene]) -> None:
    scene = behind(pair.name.url, pair.primary)
    in_hand = scene.dispatch("slow", 3)
    scene.reaches(in_hand, "running")
    pair.fail_over()
    assert scene.finished(in_hand, 60)["result"] == "slept"
    assert scene.run(in_hand)["attempt"] == 1
    with pair.primary.client() as client:
        scene.until(lambda: client.hget(f"bull:{QUEUE}:{in_hand}", "finishedOn"), "the new primary hears of the end")


def test_a_failover_back_and_forth_loses_nothing(pair: Pair, behind: Callable[..., Scene]) -> None:
    scene = behind(pair.name.url, pair.primary)
    runs = []
    for _ in range(3):
        runs += scene.batch("noop", 20)
        pair.fail_over()
        runs.append(scene.dispatch("noop"))
        with pair.replica.client() as client:
            wait_until(lambda c=client: c.info("replication")["master_link_status"] == "up", "it follows")  # type: ignore[misc]
    for run in runs:
        assert scene.finished(run, 60)["state"] == "completed"


def test_the_name_moves_away_from_a_server_that_no_longer_answers(pair: Pair, behind: Callable[..., Scene]) -> None:
    """Half-open connections: nothing comes back on them, and nobody closes them."""
    scene = behind(pair.name.url, pair.primary)
    scene.finished(scene.dispatch("echo", "before"))
    dead = pair.primary
    with dead.client() as old, pair.replica.client() as new:
        old.wait(1, 5000)
        dead.pause()
        try:
            new.replicaof("NO", "ONE")
            pair.name.target = pair.replica.port
            assert scene.finished(scene.dispatch("echo", "after"), 60)["result"]["echo"] == "after"
            scene.until(lambda: scene.get("/readyz")["redis"] == "up", "Redis is up")
        finally:
            dead.go_on()


def reasons(scene: Scene) -> list[str]:
    told = [line["reason"] for line in log_lines(scene, "waiting for Redis")]
    return ["NOREPLICAS" if "NOREPLICAS" in reason else "other" for reason in told]


def test_a_primary_without_enough_replicas_is_waited_for(pair: Pair, behind: Callable[..., Scene]) -> None:
    scene = behind(pair.name.url, pair.primary)
    scene.finished(scene.dispatch("echo", "before"))
    with pair.primary.client() as client:
        client.config_set("min-replicas-to-write", "3")
        run = scene.dispatch("echo", "held")
        scene.until(lambda: scene.get("/readyz")["redis"] == "down", "it refuses writes")
        scene.until(lambda: scene.run(run)["wait_reason"] == "queue_unavailable", "the run says so")
        scene.until(lambda: reasons(scene)[-1:] == ["NOREPLICAS"], "the log says why")
        client.config_set("min-replicas-to-write", "0")
    assert scene.finished(run)["state"] == "completed"
    assert reasons(scene) in (["NOREPLICAS"], ["other", "NOREPLICAS"]), "it may end a connection first"


def refuse(client: redis.Redis, refusal: str) -> Callable[[], None]:
    if refusal == "memory is full":
        client.config_set("maxmemory", "1")
        return lambda: client.config_set("maxmemory", "0")
    if refusal == "rights are taken away":
        client.execute_command("ACL", "SETUSER", "default", "-evalsha", "-eval")
        return lambda: client.execute_command("ACL", "SETUSER", "default", "+evalsha", "+eval")
    kept = client.dump(f"bull:{QUEUE}:meta")
    client.delete(f"bull:{QUEUE}:meta")
    client.set(f"bull:{QUEUE}:meta", "no hash")
    return lambda: client.restore(f"bull:{QUEUE}:meta", 0, kept, replace=True)


@pytest.mark.parametrize(
    ("refusal", "said"),
    [
        ("memory is full", "maxmemory"),
        ("rights are taken away", "ACL SETUSER"),
        ("a key holds something else", "choose another prefix"),
    ],
)
def test_a_refusal_is_told_once_with_what_to_do(
    pair: Pair, behind: Callable[..., Scene], refusal: str, said: str
) -> None:
    scene = behind(pair.name.url, pair.primary)
    scene.finished(scene.dispatch("echo", "before"))
    with pair.primary.client() as client:
        mend = refuse(client, refusal)
        watched = Readiness(scene)
        run = scene.dispatch("echo", {"secret": "held"})
        scene.until(lambda: scene.run(run)["wait_reason"] == "queue_unavailable", "the run says why it waits")
        reached = len(log_lines(scene))
        scene.until(lambda: scene.get("/readyz")["redis"] == "down", "readyz says it")
        # As many looks at the queue as there are in some seconds.
        assert watched._enough.wait(3) is False
        assert watched.stop()[-1] == "down"
        mend()
    assert scene.finished(run, 60)["state"] == "completed"
    told = log_lines(scene, "waiting for Redis")
    assert len(told) <= 2, told
    assert said in told[-1]["reason"]
    assert "held" not in json.dumps(told)
    scene.until(lambda: log_lines(scene, "Redis is available again"), "the recovery is told")
    assert len(log_lines(scene)) - reached <= 12
