"""A database that crashes gives transaction numbers again that it had written nothing of; no reader passes over what
has them then."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest

from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.ports import EventFilter
from blazy_jobs_server.store.postgres import PostgresStore
from tests.app.clock import HandClock
from tests.app.store.pair import Site
from tests.contract.stage import PostgresPlace
from tests.support.postgres import Postgres
from tests.support.speed import stretched

pytestmark = pytest.mark.system
NUMBERS = 100


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    """Its log reaches the disk with commits, and at no other time."""
    cluster = Postgres(settings=("synchronous_commit=on", "wal_writer_delay=10s", "autovacuum=off"))
    yield cluster
    cluster.close()


@pytest.fixture
async def site(cluster: Postgres) -> AsyncIterator[Site]:
    database = cluster.new_database()
    store = PostgresStore(cluster.url(database), HandClock(), lease_seconds=15)
    await store.open()
    await store.close()
    site = Site(PostgresPlace(cluster, database))
    await site._open()
    await site.define("greet")
    yield site
    await site.store.close()


async def use_up_numbers(cluster: Postgres, site: Site) -> int:
    """By transactions that write nothing; the last number."""
    assert isinstance(site.place, PostgresPlace)
    connection = await asyncpg.connect(cluster.url(site.place.database))
    try:
        for _ in range(NUMBERS):
            number: int = await connection.fetchval("SELECT pg_current_xact_id()::text::bigint")
        return number
    finally:
        await connection.close()


async def crash(cluster: Postgres) -> None:
    await asyncio.to_thread(cluster.stop, signal.SIGQUIT)
    await asyncio.to_thread(cluster.start)


async def run_after(cluster: Postgres, site: Site, number: int) -> Run:
    """One that is made after the crash, under a number of before."""
    async with asyncio.timeout(stretched(10)):
        while True:
            try:
                run = await site.run_of()
                break
            except StoreUnavailable:
                await asyncio.sleep(0.01)
    assert await use_up_numbers(cluster, site) < number + NUMBERS, "no number was given again: this tests nothing"
    return run


async def test_a_place_to_start_from_is_before_all_that_comes_after_a_crash(cluster: Postgres, site: Site) -> None:
    await site.run_of()
    number = await use_up_numbers(cluster, site)
    place, _ = await site.store.feed_bounds(EventFilter())
    await crash(cluster)
    run = await run_after(cluster, site, number)
    events, _ = await site.store.feed(place, EventFilter(), 10)
    assert [event.run_id for event in events] == [run.id]


async def test_who_reads_along_gets_what_comes_after_a_crash(cluster: Postgres, site: Site) -> None:
    given: asyncio.Queue[Event] = asyncio.Queue()
    told: list[int] = []
    torn = asyncio.Event()

    def take(events: list[Event], reached: int) -> None:
        told.append(reached)
        for event in events:
            given.put_nowait(event)

    site.neighbours.on_feed = take
    site.neighbours.on_feed_torn = torn.set
    await site.run_of()
    site.neighbours.follow_feed(True)
    async with asyncio.timeout(stretched(10)):
        await torn.wait()
        number = await use_up_numbers(cluster, site)
        before = len(told)
        while len(told) < before + 2:  # noqa: ASYNC110  # it looks each second, and sets nothing
            await asyncio.sleep(0.01)
        await crash(cluster)
        run = await run_after(cluster, site, number)
        event = await given.get()
    assert event.run_id == run.id
    assert max(told[: before + 2]) < event.id
