"""`open`: the next server on the same data finds all that was answered, and gives every lease its time."""

from __future__ import annotations

import pytest

from blazy_jobs_server.domain.run import Error
from tests.contract.stage import LEASE_SECONDS, Stage, ids

pytestmark = pytest.mark.parametrize("crashed", [False, True])


async def test_everything_is_as_it_was(stage: Stage, crashed: bool) -> None:
    await stage.define("other", queue="mail", concurrency=2)
    await stage.finished(tags='["x"]', metadata='{"k":"v"}')
    await stage.run_of("other", delay_seconds=60, expires_seconds=90, dedupe_key="d")
    lease = await stage.started()
    await stage.say(lease, "progress", data='{"percent":1}')
    await stage.fail(lease, error=Error("handler_error", "boom"))
    await stage.started(worker=99)
    await stage.run_of(priority=5)
    worker = await stage.worker()
    await stage.dispatch(stage.order(), stage.order(), key="k")

    async def everything() -> list[object]:
        return [
            await stage.all_runs(),
            await stage.all_events(),
            await stage.store.counts(),
            await stage.store.job_types(),
            await stage.store.queues(),
            await stage.workers(),
            await stage.dispatch(key="k"),
        ]

    before = await everything()
    await stage.reopen(crashed=crashed)
    assert await everything() == before
    assert [found.id for found in await stage.workers()] == [worker]
    assert (await stage.dispatch(stage.order("other", dedupe_key="d"))).made == [False]


async def test_every_lease_found_has_a_full_term_from_then(stage: Stage, crashed: bool) -> None:
    await stage.define("greet", timeout_seconds=86_400)
    lease, other = await stage.started(), await stage.started()
    stage.clock.move(3600)
    await stage.reopen(crashed=crashed)
    assert await stage.sweep_at(LEASE_SECONDS - 0.000001) == stage.clock.now() + 1
    assert (await stage.say(lease, "progress", data="{}")).status == "accepted", "the worker outlived its server"
    await stage.sweep_at(0.000001)
    assert (await stage.state(lease), await stage.state(other)) == ("running", "queued")
    assert (await stage.read(other)).losses == 0, "the end of a server is no run's loss"
    await stage.complete(lease)


async def test_a_deadline_that_passed_without_a_server_does_not_cut_the_term(stage: Stage, crashed: bool) -> None:
    await stage.define("greet", timeout_seconds=1)
    lease = await stage.started()
    stage.clock.move(3600)
    await stage.reopen(crashed=crashed)
    await stage.sweep_at(LEASE_SECONDS / 2)
    await stage.report(7, holding=(lease.id,))
    await stage.sweep_at(LEASE_SECONDS / 2 - 0.000001)
    assert await stage.state(lease) == "running"
    await stage.sweep_at(0.000001)
    assert await stage.state(lease) == "retrying", "but then it is a timeout, whatever its worker does"


async def test_a_deadline_still_to_come_stands(stage: Stage, crashed: bool) -> None:
    await stage.define("greet", timeout_seconds=100)
    lease = await stage.started()
    await stage.reopen(crashed=crashed)
    for _ in range(11):
        await stage.sweep_at(10)
        await stage.report(7, holding=(lease.id,))
    assert await stage.sweep_at(0) == lease.deadline_at
    await stage.sweep_at(5)
    assert await stage.state(lease) == "retrying"


async def test_what_is_overdue_is_done_by_the_first_sweep(stage: Stage, crashed: bool) -> None:
    due, expiring = await stage.run_of(delay_seconds=5), await stage.run_of(expires_seconds=5)
    stage.clock.move(60)
    await stage.reopen(crashed=crashed)
    assert await stage.sweep_at(0) is None
    assert (await stage.state(due), await stage.state(expiring)) == ("queued", "failed")


async def test_a_cancel_that_was_asked_stays_asked(stage: Stage, crashed: bool) -> None:
    lease = await stage.started()
    await stage.store.cancel(lease.id, "enough")
    await stage.reopen(crashed=crashed)
    _, [held] = await stage.report(7, holding=(lease.id,))
    assert (held.held, held.cancel_requested) == (True, True)
    await stage.fail(lease)
    assert (await stage.events(lease))[-1].data == '{"reason":"enough"}'


async def test_the_last_word_sent_again_to_the_next_server_is_accepted(stage: Stage, crashed: bool) -> None:
    lease = await stage.started()
    await stage.complete(lease, "1")
    await stage.reopen(crashed=crashed)
    assert (await stage.say(lease, "completed", data="1")).status == "accepted"
    assert await stage.log(lease) == ["queued", "started", "completed"]


async def test_limits_and_pauses_hold_for_what_the_last_server_started(stage: Stage, crashed: bool) -> None:
    await stage.define("greet", concurrency=2)
    await stage.started()
    await stage.dispatch(*(stage.order() for _ in range(3)))
    await stage.store.save_queue("mail", True)
    await stage.run_of(queue="mail", priority=9)
    await stage.reopen(crashed=crashed)
    [lease] = await stage.take()
    assert lease.queue == "default"
    assert await stage.take() == []


async def test_a_payload_is_kept_for_the_next_lease(stage: Stage, crashed: bool) -> None:
    payload = '"' + "x" * 100_000 + '"'
    lease = await stage.started(payload=payload)
    await stage.reopen(crashed=crashed)
    await stage.say(lease, "released")
    [again] = await stage.take()
    assert (again.id, again.payload) == (lease.id, payload)


async def test_ids_go_on_although_the_clock_went_back(stage: Stage, crashed: bool) -> None:
    await stage.finished()
    stage.clock.move(-3600)
    await stage.reopen(crashed=crashed)
    run = await stage.run_of()
    assert ids(await stage.all_runs())[0] == run.id
    assert run.created_at == stage.clock.now()
