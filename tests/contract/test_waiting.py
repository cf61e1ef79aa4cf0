"""Runs that wait for their time, and are wanted before."""

from __future__ import annotations

import asyncio

import pytest

from blazy_jobs_server.domain.errors import RunFinished, RunNotWaiting
from blazy_jobs_server.domain.run import State
from tests.contract.stage import Stage


async def test_a_scheduled_run_is_ready_at_once(stage: Stage) -> None:
    run = await stage.run_of(delay_seconds=100)
    stage.clock.move(1)
    hurried = await stage.store.run_now(run.id)
    assert hurried is not None
    stored = await stage.read(run)
    assert (stored.state, stored.due_at, stored.seq) == (State.QUEUED, stage.clock.now(), 2)
    assert [lease.id for lease in await stage.take()] == [run.id]
    assert [event.seq for event in await stage.store.events(run.id, 0, 10)] == [1, 2, 3]


async def test_a_retrying_run_starts_its_next_attempt(stage: Stage) -> None:
    lease = await stage.started()
    await stage.fail(lease, retry_after_seconds=50)
    await stage.store.run_now(lease.id)
    [again] = await stage.take()
    assert (again.id, again.attempt) == (lease.id, 2)
    await stage.complete(again)
    stage.clock.move(60)
    await stage.store.sweep()
    assert (await stage.read(lease)).state is State.COMPLETED, "its time comes no more"


@pytest.mark.parametrize("state", ["queued", "running", "completed", "cancelled"])
async def test_no_other_run_waits_for_its_time(stage: Stage, state: str) -> None:
    run = await stage.run_of() if state in ("queued", "cancelled") else await stage.started()
    if state == "completed":
        await stage.complete(run)
    elif state == "cancelled":
        await stage.store.cancel(run.id, None)
    with pytest.raises(RunFinished if state in ("completed", "cancelled") else RunNotWaiting, match=state):
        await stage.store.run_now(run.id)
    assert await stage.store.run_now(99) is None


async def test_of_many_who_want_it_now_one_is_told_so(stage: Stage) -> None:
    run = await stage.run_of(delay_seconds=100)
    answers = await asyncio.gather(*(stage.store.run_now(run.id) for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(answer, RunNotWaiting) for answer in answers) == 4
    assert (await stage.read(run)).seq == 2
