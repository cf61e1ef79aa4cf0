from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from blazy_jobs_server.domain.job_type import Bullmq, Queue
from blazy_jobs_server.queues.bullmq import BullmqEngine
from tests.support.redis import RedisServer, running


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    with running(tmp_path_factory.mktemp("redis"), durable=False) as server:
        yield server


@pytest.fixture
async def engine(redis_server: RedisServer) -> AsyncIterator[BullmqEngine]:
    redis_server.flush()
    engine = BullmqEngine(redis_server.url)
    yield engine
    await engine.close()


@pytest.fixture
def queue() -> Queue:
    return Queue(name="emails", bullmq=Bullmq())
