"""Bulk operations: a step is made once, from where it begins, and does to each run what is done to one alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from blazy_jobs_server.domain.bulk import Bulk, BulkAction, BulkState
from blazy_jobs_server.domain.errors import BulkFinished
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports.bulk import Advance
from tests.app.clock import SECOND
from tests.contract.stage import Stage, ids


async def begun(stage: Stage, action: BulkAction, **fields: Any) -> Bulk:
    made = await stage.store.create_bulk(Bulk(action=action, **fields))
    leased = await stage.store.lease_bulk(made.id, "mine", stage.clock.now() + 15 * SECOND)
    assert leased == made
    return made


def step(bulk: Bulk, run_ids: list[int], place: int, **fields: Any) -> Advance:
    return Advance(bulk=bulk, lease="mine", lease_until=1 << 61, run_ids=run_ids, place=place, **fields)


async def test_runs_that_wait_are_cancelled_as_if_each_were_by_itself(stage: Stage) -> None:
    await stage.define("greet", retention_seconds=60.0)
    running = await stage.started()
    retrying = await stage.started()
    await stage.fail(retrying, retry_after_seconds=100)
    waiting = (
        await stage.dispatch(
            stage.order(tags='["x","y"]'),
            stage.order(delay_seconds=50),
            stage.order(),
            stage.order(priority=3),
            key="k",
        )
    ).runs
    run_ids = sorted([*ids(waiting), running.id, retrying.id], reverse=True)
    bulk = await begun(stage, BulkAction.CANCEL)
    assert bulk.id > run_ids[0]
    stage.clock.move(1)
    advanced = await stage.store.advance_bulk(step(bulk, run_ids, run_ids[-1], end=BulkState.COMPLETED))
    assert advanced is not None
    assert (advanced.bulk.done, advanced.bulk.skipped, advanced.bulk.state) == (6, 0, BulkState.COMPLETED)
    assert advanced.cancelling == {7}
    single = await stage.run_of()
    await stage.store.cancel(single.id, None)
    expected = await stage.read(single)
    for run_id in [*ids(waiting), retrying.id]:
        run = await stage.read(run_id)
        assert (run.state, run.cancel_requested, run.finished_at) == (State.CANCELLED, True, expected.finished_at)
        assert run.delete_at == (expected.delete_at if run_id == retrying.id else run.keep_until)
        [*_, last] = await stage.store.events(run_id, 0, 10)
        assert (last.data, last.seq, last.state, last.attempt) == (
            '{"reason":null}',
            run.seq,
            State.CANCELLED,
            run.attempt,
        )
    assert (await stage.read(running)).cancel_requested
    assert await stage.take() == []


async def test_a_step_is_made_once_and_by_who_has_the_lease(stage: Stage) -> None:
    runs = [await stage.run_of() for _ in range(4)]
    bulk = await begun(stage, BulkAction.REPRIORITISE, priority=9)
    first = step(bulk, [runs[3].id], runs[3].id)
    answers = await asyncio.gather(*(stage.store.advance_bulk(first) for _ in range(4)))
    [advanced] = [answer for answer in answers if answer is not None]
    assert (advanced.bulk.place, advanced.bulk.done) == (runs[3].id, 1)
    foreign = Advance(bulk=advanced.bulk, lease="other", lease_until=1 << 61, run_ids=[runs[2].id], place=runs[2].id)
    assert await stage.store.advance_bulk(foreign) is None
    assert [(await stage.read(run)).priority for run in runs] == [0, 0, 0, 9]
    assert await stage.store.running_bulks() == [advanced.bulk]


async def test_what_has_ended_is_at_an_end(stage: Stage) -> None:
    run = await stage.run_of(delay_seconds=10)
    bulk = await begun(stage, BulkAction.RUN_NOW)
    cancelled = await stage.store.cancel_bulk(bulk.id)
    assert cancelled is not None
    assert (cancelled.state, cancelled.finished_at) == (BulkState.CANCELLED, stage.clock.now())
    assert await stage.store.advance_bulk(step(bulk, [run.id], run.id)) is None
    assert await stage.store.lease_bulk(bulk.id, "mine", 1) is None
    with pytest.raises(BulkFinished):
        await stage.store.cancel_bulk(bulk.id)
    assert await stage.store.cancel_bulk(99) is None
    assert (await stage.read(run)).state is State.SCHEDULED
    assert [found.id for found in await stage.store.bulks(None, 5)] == [bulk.id]
    stage.clock.move(91 * 86_400)
    await stage.store.prune(10)
    assert await stage.store.bulk(bulk.id) is None
