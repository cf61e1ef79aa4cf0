"""`register_worker`, `workers` and `give_up_worker`."""

from __future__ import annotations

import orjson
import pytest

from blazy_jobs_server.domain.retry import RetryPolicy
from blazy_jobs_server.ports import WorkerRecord
from tests.contract.stage import Stage, ids, says


async def test_workers_are_remembered_as_they_registered(stage: Stage) -> None:
    asked = WorkerRecord(
        id=5,
        name="pool-1/async",
        job_types=("greet", "other"),
        queues=("a", "b"),
        concurrency=3,
        registered_at=0,
        pool=True,
        pid=4711,
    )
    one = await stage.store.register_worker(asked)
    two = await stage.store.register_worker(
        WorkerRecord(id=0, name="w", job_types=(), queues=None, concurrency=1, registered_at=0)
    )
    assert one.id < two.id
    assert one.registered_at == stage.clock.now()
    assert (one.name, one.job_types, one.queues, one.pool, one.pid) == (
        asked.name,
        asked.job_types,
        asked.queues,
        True,
        4711,
    )
    await stage.reopen()
    assert await stage.workers() == [one, two]


async def test_a_worker_that_leaves_gives_its_runs_back_at_no_cost(stage: Stage) -> None:
    worker = await stage.worker()
    mine, others = [await stage.started(worker) for _ in range(2)], await stage.started(worker=99)
    assert await stage.store.give_up_worker(worker, lost=False) == 2
    assert stage.told[-1].ready == {("greet", "default")}
    for lease in mine:
        run = await stage.read(lease)
        assert (await stage.state(run), run.attempt, run.losses, run.alone) == ("queued", 0, 0, False)
        assert orjson.loads((await stage.events(run))[-1].data)["reason"] == "released"
        assert (await stage.say(lease, "completed")).status == "lease_lost"
    assert await stage.state(others) == "running"
    assert await stage.workers() == []
    await stage.complete(others)


async def test_a_lost_worker_costs_its_runs_a_loss_and_no_attempt(stage: Stage) -> None:
    worker = await stage.worker()
    lease = await stage.started(worker)
    assert await stage.store.give_up_worker(worker, lost=True) == 1
    run = await stage.read(lease)
    assert (await stage.state(run), run.attempt, run.losses, run.alone) == ("queued", 0, 1, True)
    assert orjson.loads((await stage.events(run))[-1].data)["reason"] == "lost"
    [again] = await stage.take()
    assert (again.id, again.alone, again.attempt) == (run.id, True, 1)


async def test_the_third_lost_worker_fails_the_run(stage: Stage) -> None:
    run = await stage.run_of()
    for _ in range(3):
        worker = await stage.worker()
        assert ids(await stage.take(worker)) == [run.id]
        await stage.store.give_up_worker(worker, lost=True)
    found = await stage.read(run)
    assert (await stage.state(run), found.losses) == ("failed", 3)
    assert orjson.loads(found.error or "")["code"] == "lease_lost"


async def test_a_job_that_must_not_run_again_fails_with_its_lost_worker_but_not_with_one_that_leaves(
    stage: Stage,
) -> None:
    await stage.define("greet", retry=RetryPolicy(on_lost="fail"))
    lease = await stage.started(worker=7)
    await stage.store.give_up_worker(7, lost=False)
    assert await stage.state(lease) == "queued"
    [lease] = await stage.take(worker=8)
    await stage.store.give_up_worker(8, lost=True)
    assert await stage.state(lease) == "failed"


@pytest.mark.parametrize("lost", [True, False])
async def test_what_was_asked_to_cancel_is_cancelled_with_its_worker(stage: Stage, lost: bool) -> None:
    lease = await stage.started(worker=7)
    await stage.store.cancel(lease.id, "enough")
    await stage.store.give_up_worker(7, lost=lost)
    assert await stage.log(lease) == ["queued", "started", "cancelling", "cancelled"]


async def test_giving_up_twice_or_who_has_nothing_is_harmless(stage: Stage) -> None:
    lease = await stage.started(worker=7)
    assert await stage.store.give_up_worker(7, lost=True) == 1
    assert await stage.store.give_up_worker(7, lost=True) == 0
    assert await stage.store.give_up_worker(99, lost=True) == 0
    assert (await stage.read(lease)).losses == 1


async def test_a_worker_given_up_does_not_touch_what_others_took_over(stage: Stage) -> None:
    old = await stage.started(worker=7)
    await stage.say(old, "released")
    [new] = await stage.take(worker=8)
    assert await stage.store.give_up_worker(7, lost=True) == 0
    [reported], _ = await stage.report(8, says(new, "completed"))
    assert reported.status == "accepted"
