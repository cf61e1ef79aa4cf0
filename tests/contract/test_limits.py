"""Limits of queues: on runs at once, on the rate of starts, on runs that wait."""

from __future__ import annotations

import asyncio

import pytest

from blazy_jobs_server.domain.errors import QueueFull
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.limits import NO_LIMITS, Limits, Rate
from blazy_jobs_server.domain.run import Run
from tests.contract.stage import Stage

LANES = {("greet", "mail"), ("other", "mail")}


async def limit(stage: Stage, **limits: object) -> None:
    await stage.store.save_queue("mail", None, limits=Limits(**limits))  # type: ignore[arg-type]


async def fill(stage: Stage, number: int = 10) -> None:
    await stage.define("greet", queue="mail")
    await stage.define("other", queue="mail")
    for name in ("greet", "other"):
        await stage.dispatch(*(stage.order(name) for _ in range(number)))


async def test_limits_are_kept_and_what_is_left_out_stays(stage: Stage) -> None:
    limits = Limits(concurrency=3, rate_limit=Rate(5, 1.5), max_queued=100)
    assert (await stage.store.save_queue("mail", True, limits=limits)).limits == limits
    assert (await stage.store.save_queue("mail", False)).limits == limits
    await stage.reopen()
    assert {queue.name: queue.limits for queue in await stage.store.queues()}["mail"] == limits
    assert (await stage.store.save_queue("mail", None, limits=NO_LIMITS)).limits == NO_LIMITS


async def test_concurrency_holds_over_all_job_types_and_for_what_waits(stage: Stage) -> None:
    await fill(stage)
    await limit(stage, concurrency=3)
    assert stage.told[-1].ready == LANES, "those that wait are told of a change"
    running = await stage.take()
    assert len(running) == 3
    assert await stage.take(8) == []
    await stage.complete(running.pop())
    assert stage.told[-1].ready == LANES, "room under the limit is told to all that it is on"
    running += await stage.take(8)
    assert len(running) == 3
    await stage.reopen()
    assert await stage.take() == [], "a lease found at the start is a slot"
    await limit(stage, concurrency=1)
    for lease in list(running):
        assert await stage.take() == [], "a lower limit ends nothing, and nothing starts above it"
        await stage.complete(lease)
    assert len(await stage.take()) == 1


async def test_another_queue_is_not_held_back(stage: Stage) -> None:
    await fill(stage)
    await stage.dispatch(*(stage.order(queue="free") for _ in range(5)))
    await limit(stage, concurrency=1)
    assert sorted(run.queue for run in await stage.take()) == ["free"] * 5 + ["mail"]


async def test_both_limits_hold_at_once(stage: Stage) -> None:
    await stage.define("greet", queue="mail", concurrency=2)
    await stage.define("other", queue="mail")
    await stage.dispatch(*(stage.order(name) for name in ("greet", "other") for _ in range(9)))
    await limit(stage, concurrency=5)
    taken = await stage.take()
    assert sorted(run.job_type for run in taken) == ["greet"] * 2 + ["other"] * 3


@pytest.mark.parametrize("end", ["failed", "released", "cancelled", "lost"])
async def test_whatever_ends_an_attempt_frees_its_place(stage: Stage, end: str) -> None:
    await fill(stage, 1)
    await limit(stage, concurrency=1)
    [lease] = await stage.take()
    if end == "failed":
        await stage.fail(lease)
    elif end == "released":
        await stage.say(lease, "released")
    elif end == "cancelled":
        await stage.store.cancel(lease.id, None)
        assert await stage.take(8) == [], "a cancel that is asked frees nothing before the handler has stopped"
        await stage.say(lease, "cancelled")
    else:
        await stage.sweep_at(10_000)
    assert len(await stage.take(8)) == 1


async def opened(stage: Stage) -> None:
    """The sweep that the last claim asked for has been."""
    due_at = stage.told[-1].due_at
    assert due_at is not None
    await stage.sweep_at((due_at - stage.clock.now()) / SECOND)


async def test_a_rate_lets_no_more_start_and_opens_at_a_computed_instant(stage: Stage) -> None:
    await fill(stage)
    await limit(stage, rate_limit=Rate(4, 10))
    began = stage.clock.now()
    leases = await stage.take()
    assert len(leases) == 4
    for lease in leases:
        await stage.complete(lease)
    assert await stage.take() == [], "a start is charged, whatever became of the run"
    await opened(stage)
    assert 10 <= (stage.clock.now() - began) / SECOND <= 10 * 18 / 16
    assert stage.told[-1].ready == LANES
    assert len(await stage.take()) == 4


async def test_a_rate_is_kept_over_a_restart(stage: Stage) -> None:
    await fill(stage)
    await limit(stage, rate_limit=Rate(4, 10))
    assert len(await stage.take(limit=3)) == 3
    await stage.reopen(crashed=True)
    assert len(await stage.take()) == 1
    assert await stage.take() == []
    assert (await stage.sweep_at(0)) is not None, "the next sweep is due when the rate opens"
    await limit(stage, rate_limit=Rate(6, 10))
    assert len(await stage.take()) == 2, "a changed limit counts what has started"
    await limit(stage, rate_limit=Rate(6, 20))
    assert await stage.take() == []
    await limit(stage)
    assert len(await stage.take()) == 14


async def test_runs_one_by_one_are_charged_as_those_of_a_column(stage: Stage) -> None:
    await stage.define("greet", queue="mail")
    await stage.dispatch(*(stage.order(expires_seconds=100) for _ in range(5)))
    await stage.dispatch(*(stage.order() for _ in range(5)))
    await limit(stage, rate_limit=Rate(7, 10))
    assert len(await stage.take(limit=6)) == 6
    assert len(await stage.take()) == 1


async def test_a_full_queue_refuses_a_batch_as_a_whole(stage: Stage) -> None:
    await stage.define("greet", queue="mail")
    await limit(stage, max_queued=3)
    await stage.dispatch(stage.order(), stage.order(delay_seconds=60))
    with pytest.raises(QueueFull, match="No more than 3 runs may wait in the queue 'mail'"):
        await stage.dispatch(stage.order(), stage.order())
    assert len(await stage.all_runs()) == 2
    await stage.dispatch(stage.order(), key="k")
    with pytest.raises(QueueFull):
        await stage.dispatch(stage.order())
    assert (await stage.dispatch(stage.order(), key="k")).replayed, "what was accepted is answered again"
    await stage.dispatch(stage.order(queue="free"))
    [lease, _] = await stage.take(queues={"mail"})
    await stage.dispatch(stage.order(), stage.order())
    await stage.fail(lease)
    assert await stage.state(lease) == "retrying", "a retry is not refused, and counts"
    with pytest.raises(QueueFull):
        await stage.dispatch(stage.order())


async def test_what_exists_under_its_dedupe_key_takes_no_place(stage: Stage) -> None:
    await stage.define("greet", queue="mail")
    await limit(stage, max_queued=1)
    first = await stage.run_of(dedupe_key="one")
    assert (await stage.run_of(dedupe_key="one")).id == first.id
    with pytest.raises(QueueFull):
        await stage.dispatch(stage.order(dedupe_key="one"), stage.order(dedupe_key="two"))


async def test_dispatches_at_once_do_not_pass_the_limit_together(stage: Stage) -> None:
    await stage.define("greet", queue="mail")
    await limit(stage, max_queued=5)
    answers = await asyncio.gather(*(stage.dispatch(stage.order()) for _ in range(9)), return_exceptions=True)
    assert sum(isinstance(answer, QueueFull) for answer in answers) == 4
    assert len(await stage.all_runs()) == 5


async def test_events_and_counts_are_sound_under_limits(stage: Stage) -> None:
    await fill(stage, 6)
    await limit(stage, concurrency=4, rate_limit=Rate(5, 10), max_queued=20)
    done: list[Run] = []
    while len(done) < 12:
        for lease in await stage.take(limit=3):
            await stage.complete(lease)
            done.append(lease)
        await stage.sweep_at(3)
    await stage.sound()
