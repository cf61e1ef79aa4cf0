"""Groups of errors: what counts in one, and what does no more."""

from __future__ import annotations

import asyncio

import pytest

from blazy_jobs_server.domain.errors import RunNotFailed
from blazy_jobs_server.domain.run import Error, Run, State
from tests.contract.stage import Stage


async def failed(stage: Stage, message: str = "boom", name: str = "greet", *, retryable: bool = False) -> Run:
    lease = await stage.started(name=name)
    await stage.fail(lease, error=Error("handler_error", message, "ValueError"), retryable=retryable)
    return await stage.read(lease)


async def test_a_failed_run_has_a_group_and_a_code(stage: Stage) -> None:
    one, another, other = await failed(stage, "no user 1"), await failed(stage, "no user 2"), await failed(stage)
    assert one.error_group == another.error_group != other.error_group
    assert one.error is not None
    assert f'"group":"{one.error_group}"' in one.error
    assert one.error_code == "handler_error"
    assert one.resolved_at is None


async def test_a_run_that_completes_after_a_failure_has_no_group_any_more(stage: Stage) -> None:
    retrying = await failed(stage, retryable=True)
    assert (retrying.state, retrying.open_error) == (State.RETRYING, retrying.error_group)
    await stage.sweep_at(3600)
    [lease] = await stage.take()
    assert (lease.error_group, lease.open_error) == (retrying.error_group, None)
    await stage.complete(lease)
    run = await stage.read(lease)
    assert (run.state, run.error, run.error_group, run.error_code) == (State.COMPLETED, None, None, None)


async def test_a_failed_run_is_resolved_once(stage: Stage) -> None:
    run = await failed(stage)
    resolved = await stage.store.resolve(run.id)
    assert resolved is not None
    assert resolved.resolved_at == stage.clock.now()
    stage.clock.move(5)
    again = await stage.store.resolve(run.id)
    assert again is not None
    assert again.resolved_at == resolved.resolved_at
    stored = await stage.read(run)
    assert (stored.resolved_at, stored.open_error, stored.seq) == (resolved.resolved_at, None, run.seq)
    assert await stage.store.resolve(99) is None


@pytest.mark.parametrize("state", ["queued", "running", "retrying", "completed"])
async def test_only_a_failed_run_is_resolved(stage: Stage, state: str) -> None:
    run = await stage.run_of() if state == "queued" else await stage.started()
    if state == "completed":
        await stage.complete(run)
    elif state == "retrying":
        await stage.fail(run)
    with pytest.raises(RunNotFailed, match=state):
        await stage.store.resolve(run.id)


async def test_a_replay_resolves_its_original_unless_it_makes_no_run(stage: Stage) -> None:
    run, kept = await failed(stage), await failed(stage)
    await stage.dispatch(stage.order(dedupe_key="one"))
    await stage.dispatch(stage.order(replay_of=kept.id, dedupe_key="one"))
    assert (await stage.read(kept)).resolved_at is None
    stage.clock.move(1)
    answers = await asyncio.gather(*(stage.dispatch(stage.order(replay_of=run.id), key="k") for _ in range(3)))
    assert len({answer.runs[0].id for answer in answers}) == 1
    assert (await stage.read(run)).resolved_at == stage.clock.now()
    await stage.dispatch(stage.order(replay_of=run.id), stage.order(replay_of=run.id))
    assert (await stage.store.counts())["greet", "default", State.FAILED] == 2


async def test_a_replay_of_what_did_not_fail_or_is_erased_resolves_nothing(stage: Stage) -> None:
    completed, gone = await stage.finished(), await failed(stage)
    await stage.store.erase(gone.id)
    await stage.dispatch(stage.order(replay_of=completed.id), stage.order(replay_of=gone.id))
    assert (await stage.read(completed)).resolved_at is None


async def test_failed_runs_have_a_retention_of_their_own(stage: Stage) -> None:
    await stage.define(retention_seconds=10, retention_failed_seconds=100)
    await failed(stage)
    await stage.finished()
    stage.clock.move(10)
    assert await stage.store.prune(10) == 1
    [left] = await stage.all_runs()
    assert left.state is State.FAILED
    stage.clock.move(90)
    assert await stage.store.prune(10) == 1
