"""`oldest_due`: since when the first queued run of each pair of job type and queue has been due."""

from __future__ import annotations

from tests.contract.stage import Stage


async def test_it_is_the_earliest_due_time_whatever_the_priority_and_the_creation(stage: Stage) -> None:
    await stage.define("other")
    assert await stage.store.oldest_due() == {}
    late = await stage.run_of(delay_seconds=5)
    stage.clock.move(1)
    urgent = await stage.run_of(priority=9)
    other = await stage.run_of("other", queue="mail")
    assert await stage.store.oldest_due() == {
        ("greet", "default"): urgent.due_at,
        ("other", "mail"): other.due_at,
    }
    stage.clock.move(10)
    await stage.store.sweep()
    low = await stage.run_of(priority=-9)
    assert low.due_at > late.due_at > urgent.due_at
    assert (await stage.store.oldest_due())["greet", "default"] == urgent.due_at
    assert len(await stage.take(limit=1)) == 1
    assert (await stage.store.oldest_due())["greet", "default"] == late.due_at, "the urgent one has started"


async def test_where_nothing_waits_there_is_none(stage: Stage) -> None:
    await stage.finished()
    await stage.run_of(delay_seconds=60)
    assert await stage.store.oldest_due() == {}


async def test_the_oldest_in_each_state_counts_from_when_it_was_due_and_not_from_its_creation(stage: Stage) -> None:
    late = await stage.run_of(delay_seconds=3600)
    soon = await stage.run_of(delay_seconds=60)
    sizes = await stage.store.sizes()
    assert sizes["oldest_scheduled_at"] == soon.due_at
    assert "oldest_queued_at" not in sizes
    stage.clock.move(100)
    await stage.store.sweep()
    fresh = await stage.run_of(priority=5)
    assert fresh.due_at > soon.due_at
    sizes = await stage.store.sizes()
    assert (sizes["oldest_queued_at"], sizes["oldest_scheduled_at"]) == (soon.due_at, late.due_at)
    for lease in await stage.take(limit=10):
        await stage.complete(lease)
    assert (await stage.store.sizes())["oldest_completed_at"] == soon.due_at
