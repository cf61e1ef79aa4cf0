from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from clients import node_packages as node_packages_of
from tests.bullmq.node_agent import FOLDER, NodeAgent
from tests.bullmq.scene import Scene
from tests.support.fixtures import *  # noqa: F403
from tests.support.redis import RedisServer, running
from tests.support.server import Server, serving

StartServer = Callable[..., Server]
_numbers = itertools.count(1)


@pytest.fixture
def redis_server(tmp_path: Path) -> Iterator[RedisServer]:
    with running(tmp_path / "redis") as server:
        yield server


@pytest.fixture(scope="session")
def node_packages() -> None:
    if not node_packages_of.node_is_there():
        pytest.skip("Node and npm are not installed")
    node_packages_of.install(FOLDER)


@pytest.fixture
def node(node_packages: None, redis_server: RedisServer) -> Iterator[NodeAgent]:
    with NodeAgent(redis_server.url) as agent:
        yield agent


@pytest.fixture(scope="module")
def shared_redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running(tmp_path_factory.mktemp("shared") / "redis") as server:
        yield server


@pytest.fixture(scope="module")
def shared_server(shared_redis: RedisServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    env = {"JOBS_REDIS_URL": shared_redis.url}
    with serving(tmp_path_factory.mktemp("shared") / "data", ["tests.bullmq.jobs"], env=env) as server:
        yield server


@pytest.fixture(scope="module")
def shared_node(node_packages: None, shared_redis: RedisServer) -> Iterator[NodeAgent]:
    with NodeAgent(shared_redis.url) as agent:
        yield agent


@pytest.fixture
def own_queue(
    shared_server: Server, shared_redis: RedisServer, attach_logs: Callable[[Server], None]
) -> Iterator[Scene]:
    """A queue of the test's own, on a server and a Redis that the module's tests share."""
    attach_logs(shared_server)
    scene = Scene(shared_server, shared_redis, consume=True, name=f"emails-{next(_numbers)}")
    yield scene
    scene.http.close()


@pytest.fixture
def scene(serve: StartServer, redis_server: RedisServer) -> Iterator[Callable[..., Scene]]:
    """Starts a server with a BullMQ queue `emails`; `workers=0`: only workers of others."""

    def start(*, workers: int = 1, consume: bool = True, **env: str) -> Scene:
        server = serve(
            *(["tests.bullmq.jobs"] if workers else []),
            workers=workers,
            env={"JOBS_REDIS_URL": redis_server.url} | env,
        )
        scenes.append(Scene(server, redis_server, consume=consume))
        return scenes[-1]

    scenes: list[Scene] = []
    yield start
    for made in scenes:
        made.http.close()
