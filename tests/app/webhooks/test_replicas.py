"""Webhooks of two whole servers on one PostgreSQL database: one of them delivers, and the other takes over."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from blazy_jobs_server.api import application
from blazy_jobs_server.clock import SystemClock
from blazy_jobs_server.webhooks import deliverer
from tests.app import server as servers
from tests.app.server import Server
from tests.app.webhooks.test_webhooks import URL, complete, deliveries
from tests.support.postgres import Postgres
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]
Both = tuple[Server, Server]
OTHER = "https://other.example/hook"


@pytest.fixture
async def both(
    tmp_path: Path, postgres: Postgres, empty_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Both]:
    """With one job type, `greet`, and a webhook that the first server delivers for."""
    monkeypatch.setattr(servers, "_application", application.build)
    monkeypatch.setattr(deliverer, "RENEW_SECONDS", 0.2)
    url = postgres.url(postgres.borrow(empty_postgres))
    keyring = tmp_path / "keyring"
    clock: Any = SystemClock()
    async with Server(tmp_path / "one", clock, database_url=url, keyring_file=keyring) as one:
        await one.register()
        await one.post("/v1/webhooks", {"name": "shop", "url": URL}, status=201)
        await until(lambda: bool(one.deliverer._couriers))
        async with Server(tmp_path / "other", clock, database_url=url, keyring_file=keyring) as other:
            yield one, other


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(stretched(20)):
        while not true():  # noqa: ASYNC110  # of the other server
            await asyncio.sleep(0.01)


async def until_so(true: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(stretched(20)):
        while not (found := await true()):  # noqa: ASYNC110  # of the other server
            await asyncio.sleep(0.02)
        return found


def told(*found: Server) -> list[str]:
    return [post.json["data"]["run_id"] for server in found for post in server.sender.posts]


async def test_what_happens_at_both_is_told_once(both: Both) -> None:
    one, other = both
    runs = [(await complete(server))["id"] for _ in range(5) for server in both]
    await until(lambda: len(told(one, other)) >= 10)
    assert sorted(told(one)) == sorted(runs)
    assert told(other) == []


async def test_one_that_stops_leaves_it_to_the_other(both: Both) -> None:
    one, other = both
    first = await complete(one)
    await until(lambda: len(told(one)) == 1)
    await one.deliverer.stop()
    second = await complete(one)
    await until(lambda: len(told(other)) >= 1)
    assert (told(one), told(other)) == ([first["id"]], [second["id"]])


async def test_one_that_died_is_succeeded_when_its_lease_is_over(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    one, other = both
    monkeypatch.setattr(deliverer, "LEASE_SECONDS", 1)
    [courier] = one.deliverer._couriers.values()
    courier.renew(one.clock.now() + 1_000_000)
    await until(lambda: courier._lease_until <= one.clock.now() + 1_000_000)
    await one.deliverer._tasks.stop()
    await courier._tasks.stop()
    run = await complete(one)
    await until(lambda: told(other) == [run["id"]])
    # What it still had to note is refused.
    assert not await courier._write(courier._progress())


async def test_a_change_at_the_other_holds_at_the_one(both: Both) -> None:
    one, other = both
    await other.http.patch("/v1/webhooks/shop", json={"url": OTHER})
    await until(lambda: [courier.webhook.url for courier in one.deliverer._couriers.values()] == [OTHER])
    await complete(other)
    await until(lambda: [post.url for post in one.sender.posts] == [OTHER])
    await other.http.patch("/v1/webhooks/shop", json={"enabled": False})
    await until(lambda: not one.deliverer._couriers)
    run = await complete(other)
    await other.http.patch("/v1/webhooks/shop", json={"enabled": True})
    await until(lambda: run["id"] in told(one, other))


async def test_a_delivery_is_tried_again_by_whoever_holds_it(both: Both) -> None:
    one, other = both
    one.sender.answers[URL] = 500
    await complete(one)
    [delivery] = await until_so(lambda: deliveries(other))
    one.sender.answers[URL] = 200
    await other.post(f"/v1/webhooks/shop/deliveries/{delivery['id']}/retry", status=202)
    await until(lambda: len(one.sender.posts) >= 2)
    await until_so(lambda: _none_left(other))


async def _none_left(server: Server) -> bool:
    return await deliveries(server) == []


async def test_one_that_is_gone_is_disabled_everywhere(both: Both) -> None:
    one, other = both
    one.sender.answers[URL] = other.sender.answers[URL] = 410
    await complete(other)

    async def disabled() -> bool:
        return not (await other.get("/v1/webhooks/shop"))["enabled"]

    await until_so(disabled)
    await until(lambda: not one.deliverer._couriers and not other.deliverer._couriers)
