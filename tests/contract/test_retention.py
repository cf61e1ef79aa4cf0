"""`erase` and `prune`: how history ends."""

from __future__ import annotations

import asyncio

import pytest

from blazy_jobs_server.domain.errors import RunNotFinished
from blazy_jobs_server.ports import EventFilter
from tests.contract.stage import Stage, ids

DAY = 86_400


async def test_an_erased_run_is_gone_with_its_events(stage: Stage) -> None:
    kept, gone = await stage.finished(), await stage.finished()
    assert await stage.store.erase(gone.id) is True
    assert await stage.store.run(gone.id) is None
    assert await stage.events(gone) == []
    assert await stage.store.attempt_events(gone.id) == []
    assert ids(await stage.all_runs()) == [kept.id]
    assert await stage.store.erase(gone.id) is False
    assert await stage.store.erase(99) is False


@pytest.mark.parametrize("state", ["queued", "scheduled", "running", "retrying"])
async def test_an_unfinished_run_is_not_erased(stage: Stage, state: str) -> None:
    run = await stage.run_of(delay_seconds=5 if state == "scheduled" else 0)
    if state in ("running", "retrying"):
        [lease] = await stage.take()
        if state == "retrying":
            await stage.fail(lease)
    with pytest.raises(RunNotFinished, match=state):
        await stage.store.erase(run.id)
    assert await stage.state(run) == state


async def test_a_run_erased_twice_at_once_is_counted_once(stage: Stage) -> None:
    run = await stage.finished()
    answers = await asyncio.gather(stage.store.erase(run.id), stage.store.erase(run.id), stage.store.prune(10))
    assert answers == [True, False, 0]


async def test_finished_runs_are_deleted_after_their_retention(stage: Stage) -> None:
    await stage.define("short", retention_seconds=10)
    short, long = await stage.finished("short"), await stage.finished()
    waiting, lease = await stage.run_of("short", delay_seconds=DAY), await stage.started(name="short")
    stage.clock.move(9.999999)
    assert await stage.store.prune(100) == 0
    stage.clock.move(0.000001)
    assert await stage.store.prune(100) == 1
    assert await stage.store.run(short.id) is None
    assert await stage.events(short) == []
    assert set(ids(await stage.all_runs())) == {long.id, waiting.id, lease.id}
    stage.clock.move(8 * DAY)
    assert await stage.store.prune(100) == 1
    await stage.complete(lease)
    assert await stage.store.prune(100) == 0, "the retention counts from the end"


async def test_retention_goes_in_batches_oldest_first(stage: Stage) -> None:
    await stage.define("greet", retention_seconds=10)
    runs = []
    for _ in range(5):
        runs.append(await stage.finished())
        stage.clock.move(1)
    stage.clock.move(100)
    assert await stage.store.prune(2) == 2
    assert ids(await stage.all_runs()) == ids(runs)[:1:-1]
    await stage.sound()
    assert [await stage.store.prune(2) for _ in range(3)] == [2, 1, 0]
    assert await stage.store.counts() == {}


async def test_pruning_twice_at_once_deletes_no_run_twice(stage: Stage) -> None:
    await stage.define("greet", retention_seconds=1)
    for _ in range(5):
        await stage.finished()
    stage.clock.move(10)
    assert await asyncio.gather(stage.store.prune(3), stage.store.prune(3)) == [3, 2]


async def test_a_run_is_kept_as_long_as_its_idempotency_key_is_promised(stage: Stage) -> None:
    await stage.define("greet", retention_seconds=1)
    await stage.dispatch(stage.order(), key="k")
    [lease] = await stage.take()
    await stage.complete(lease)
    stage.clock.move(DAY - 1)
    assert await stage.store.prune(100) == 0
    assert (await stage.dispatch(stage.order(), key="k")).replayed
    stage.clock.move(1)
    assert await stage.store.prune(100) == 1
    assert (await stage.dispatch(stage.order(), key="k")).made == [True], "the key went with the run"


async def test_a_key_outlives_its_day_while_its_run_is_unfinished(stage: Stage) -> None:
    for key, orders in (("one", 1), ("batch", 2)):
        await stage.dispatch(*(stage.order(delay_seconds=3 * DAY) for _ in range(orders)), key=key)
    stage.clock.move(2 * DAY)
    await stage.store.prune(100)
    assert (await stage.dispatch(key="one")).replayed
    assert (await stage.dispatch(key="batch")).replayed


async def test_the_key_of_a_batch_is_forgotten_a_day_later_when_all_its_runs_have_finished(stage: Stage) -> None:
    await stage.dispatch(stage.order(), stage.order(), key="k")
    one, two = await stage.take()
    await stage.complete(one)
    stage.clock.move(DAY + 1)
    await stage.report(7, holding=(two.id,))
    await stage.store.prune(100)
    assert (await stage.dispatch(key="k")).replayed
    await stage.complete(two)
    await stage.store.prune(100)
    assert not (await stage.dispatch(key="k")).replayed
    assert len(await stage.all_runs()) == 2, "the runs have their own retention"


async def test_the_key_of_a_batch_is_kept_for_its_day_although_its_runs_have_finished(stage: Stage) -> None:
    await stage.define("greet", retention_seconds=1)
    made = await stage.dispatch(stage.order(), stage.order(), key="k")
    for lease in await stage.take():
        await stage.complete(lease)
    stage.clock.move(DAY - 1)
    await stage.store.prune(100)
    again = await stage.dispatch(stage.order(), key="k")
    assert (again.replayed, ids(again.runs)) == (True, ids(made.runs))


# -- what followers of all runs are told of it


async def bounds(stage: Stage, newest: int = 0, where: EventFilter = EventFilter()) -> tuple[int, int]:
    """`newest` where the place to start from is that or a later one, before which no event is still to come."""
    place, pruned = await stage.store.feed_bounds(where)
    assert place >= newest
    assert await stage.store.feed(place, EventFilter(), 10) == ([], place)
    return newest, pruned


async def test_the_bounds_say_what_retention_has_taken_from_whom(stage: Stage) -> None:
    await stage.define("short", retention_seconds=1)
    assert await bounds(stage) == (0, 0)
    short, long = await stage.finished("short", queue="a"), await stage.finished(queue="b")
    last = (await stage.events(short))[-1].id
    newest = (await stage.events(long))[-1].id
    assert await bounds(stage, newest) == (newest, 0)
    stage.clock.move(10)
    await stage.store.prune(100)
    for where in (
        EventFilter(),
        EventFilter(job_type="short"),
        EventFilter(queue="a"),
        EventFilter(job_type="short", queue="a"),
    ):
        assert await bounds(stage, newest, where) == (newest, last)
    for where in (EventFilter(job_type="greet"), EventFilter(queue="b"), EventFilter(job_type="short", queue="b")):
        assert await bounds(stage, newest, where) == (newest, 0)


async def test_the_newest_key_does_not_go_back_when_its_run_is_deleted(stage: Stage) -> None:
    await stage.define("greet", retention_seconds=1)
    run = await stage.finished()
    newest = (await stage.events(run))[-1].id
    stage.clock.move(10)
    await stage.store.prune(100)
    assert await bounds(stage, newest) == (newest, newest)
    stage.clock.move(-100)
    await stage.reopen()
    again = await stage.run_of()
    assert again.id > run.id, "nor is a key given twice"
    assert (await stage.events(again))[0].id > newest


async def test_the_id_of_an_erased_run_is_not_given_again(stage: Stage) -> None:
    await stage.finished()
    run = await stage.finished()
    await stage.store.erase(run.id)
    stage.clock.move(-100)
    await stage.reopen()
    assert (await stage.run_of()).id > run.id


async def test_the_bounds_are_kept_over_a_restart(stage: Stage) -> None:
    await stage.define("greet", retention_seconds=1)
    await stage.finished()
    stage.clock.move(10)
    await stage.store.prune(100)
    newest, pruned = await stage.store.feed_bounds(EventFilter())
    assert pruned
    await stage.reopen(crashed=True)
    assert await bounds(stage, newest) == (newest, pruned)
