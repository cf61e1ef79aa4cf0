"""Groups of errors that two servers count, each in rows of its own."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator

import pytest

from blazy_jobs_server.domain.run import Error, Run
from tests.app.store.pair import Pair, Site
from tests.support.postgres import Postgres

pytestmark = pytest.mark.system
NAMES = "abcd"
COUNTED = "SELECT shard, runs FROM error_counts ORDER BY error_group, shard"


@pytest.fixture
async def pair(postgres: Postgres, empty_postgres: str) -> AsyncIterator[Pair]:
    async with Pair(postgres, empty_postgres) as pair:
        yield pair


async def failed(site: Site, name: str = "boom") -> Run:
    lease = await site.started()
    await site.fail(lease, error=Error("handler_error", name), retryable=False)
    return await site.read(lease)


async def test_what_one_counts_the_other_takes_back_and_no_row_of_nothing_stays(pair: Pair) -> None:
    runs = [await failed(pair.one) for _ in range(3)]
    pair.clock.move(1)
    kept = await failed(pair.other)
    for run in runs[:2]:
        await pair.other.store.resolve(run.id)
    assert [row["runs"] for row in await pair.raw.fetch(COUNTED)] == [3, -1]
    for site in pair.both:
        [group] = await site.groups()
        assert (group.count, group.sample_run_id) == (2, kept.id)
        assert (group.first_at, group.last_at) == (runs[0].finished_at, kept.finished_at)
    before = await pair.one.groups()
    await pair.one.store.prune(10)
    assert [row["runs"] for row in await pair.raw.fetch(COUNTED)] == [2], "folded"
    assert await pair.one.groups() == await pair.other.groups() == before
    await pair.one.store.resolve(kept.id)
    await pair.other.store.erase(runs[2].id)
    await pair.other.store.prune(10)
    assert await pair.raw.fetch(COUNTED) == []
    assert await pair.one.groups() == []
    await failed(pair.other)
    assert [group.count for group in await pair.one.groups()] == [1]


async def test_counts_stand_while_both_fail_resolve_replay_erase_and_fold_at_once(pair: Pair) -> None:
    """At the end what is counted is what is stored: `Stage.sound`, when the pair is closed."""
    runs = [await failed(random.choice(pair.both), random.choice(NAMES)) for _ in range(24)]

    async def change(site: Site, run: Run) -> None:
        what = random.randrange(5)
        if what == 0:
            await site.store.resolve(run.id)
        elif what == 1:
            await site.dispatch(site.order(replay_of=run.id))
        elif what == 2:
            await site.store.erase(run.id)
        elif what == 3:
            await site.store.prune(10)
        else:
            await fail_one(site)

    async def fail_one(site: Site) -> None:
        """Whichever it gets, where the other server leaves one."""
        await site.dispatch(site.order())
        for lease in await site.take(limit=1):
            await site.fail(lease, error=Error("handler_error", random.choice(NAMES)), retryable=False)

    async with asyncio.timeout(60):
        await asyncio.gather(*(change(site, run) for run in runs for site in pair.both))
    assert await pair.one.groups() == await pair.other.groups()
    assert pair.deadlocks() == 0
