"""Whatever crashes, and whenever: every event that a webhook is about comes to its endpoint at least once."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest

from tests.app.endpoints import Post
from tests.app.server import Server, Worker
from tests.app.webhooks.test_webhooks import URL, complete, create, settled_deliveries

OTHER = "https://other.example/hook"


async def crash(server: Server) -> None:
    """Nothing is noted of what is on its way; what the store has committed is there."""
    deliverer = server.deliverer
    await deliverer._tasks.stop()
    for courier in deliverer._couriers.values():
        courier._due.clear()
        courier._hold.clear()
        await courier._tasks.stop()
    deliverer._couriers.clear()
    await server.restart()


class Flaky:
    """Receives some, refuses some, and hangs with some until it is let go."""

    def __init__(self, random: Random) -> None:
        self._random = random
        self.received: set[str] = set()
        self.well = False
        self.healing = asyncio.Event()

    async def __call__(self, post: Post) -> int:
        fate = self._random.random()
        if not self.well:
            if fate < 0.15:
                await self.healing.wait()
            elif fate < 0.4:
                return 500
        self.received.add(post.id)
        return 204

    def heal(self) -> None:
        self.well = True
        self.healing.set()


@pytest.mark.parametrize("seed", range(12))
async def test_every_event_is_delivered_over_crashes(server: Server, seed: int) -> None:
    random = Random(seed)
    ends = {"shop": Flaky(random), "other": Flaky(random)}
    server.sender.answers = {URL: ends["shop"], OTHER: ends["other"]}
    await create(server, "shop", URL)
    await create(server, "other", OTHER, events=["run.completed"])
    await server.register(retry={"max_attempts": 2, "initial_seconds": 1, "jitter": False})
    worker: Worker = await server.worker()
    for _ in range(40):
        match random.randrange(8):
            case 0 | 1 | 2:
                await server.dispatch()
            case 3 | 4:
                for lease in await worker.claim(random.randint(1, 5)):
                    await (worker.complete(lease) if random.random() < 0.6 else worker.fail(lease))
            case 5:
                await server.advance(random.choice([0.5, 3, 6]))
            case 6:
                for _ in range(random.randint(1, 60)):
                    await asyncio.sleep(0)
            case 7:
                await crash(server)
                worker = await server.worker()
    for end in ends.values():
        end.heal()
    await crash(server)
    await server.advance(400)
    expected = await _expected(server)
    for name, types in (("shop", ("completed", "failed", "retrying", "cancelled")), ("other", ("completed",))):
        wanted = {event_id for event_id, kind in expected if kind in types}
        for _ in range(400):
            if ends[name].received >= wanted:
                break
            await server.advance(1)
        assert ends[name].received == wanted
        assert await settled_deliveries(server, 0, name) == []


async def _expected(server: Server) -> list[tuple[str, str]]:
    runs: list[Any] = (await server.get("/v1/runs", limit="200"))["data"]
    return [(event["id"], event["type"]) for run in runs for event in await server.events(run)]


async def test_what_was_received_and_noted_is_not_sent_again_after_a_crash(server: Server) -> None:
    await create(server)
    await server.register()
    await complete(server)
    await server.sender.got(1)
    await server.settle()
    await crash(server)
    await complete(server)
    await server.sender.got(2)
    await server.settle()
    assert len({post.id for post in server.sender.posts}) == len(server.sender.posts) == 2


async def test_a_webhook_whose_secret_cannot_be_opened_waits_until_it_can(server: Server) -> None:
    await create(server)
    await server.register()
    keyring = server.settings.data / "keyring"
    kept = keyring.read_bytes()
    keyring.unlink()
    await crash(server)
    await complete(server)
    await server.advance(1)
    assert server.sender.posts == []
    keyring.write_bytes(kept)
    await server.advance(31)
    await server.sender.got(1)
