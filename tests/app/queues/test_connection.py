"""Whoever waits for Redis can be cancelled at any time."""

from __future__ import annotations

import asyncio

import pytest

from blazy_jobs_server.queues.connection import Connection
from tests.support.redis import RedisServer

pytestmark = pytest.mark.system


async def test_a_cancel_is_heard_at_every_turn_of_a_command(redis_server: RedisServer) -> None:
    """`asyncio.wait_for` of Python 3.11 swallows one that comes as the write to the socket has ended."""
    connection = Connection(redis_server.url)

    async def ask_for_ever() -> None:
        while True:
            async with connection.asking():
                await connection.redis.ping()

    for turns in range(40):
        await connection.ping()
        asking = asyncio.create_task(ask_for_ever())
        for _ in range(turns):
            await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait([asking], timeout=5)
        assert asking.cancelled(), f"not after {turns} turns"
    await connection.close()
