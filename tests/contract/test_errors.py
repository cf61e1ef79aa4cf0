"""Groups of errors: what counts in one, and what does no more."""

from __future__ import annotations

import asyncio

import pytest

from blazy_jobs_server.domain.errors import RunNotFailed
from blazy_jobs_server.domain.keys import Within
from blazy_jobs_server.domain.run import Error, Run, State
from blazy_jobs_server.ports.errors import ErrorFilter
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


async def test_the_groups_of_failed_runs_the_last_failed_first(stage: Stage) -> None:
    await stage.define("mail", queue="mail")
    begun = stage.clock.now()
    one = await failed(stage, "no user 1")
    stage.clock.move(1)
    await failed(stage)
    stage.clock.move(1)
    newest = await failed(stage, "no user 2", "mail")
    first, second = await stage.groups()
    assert (first.group, first.code, first.type) == (one.error_group, "handler_error", "ValueError")
    assert (first.count, first.job_types, first.message) == (2, ("greet", "mail"), "no user 2")
    assert (first.first_at, first.last_at) == (begun, begun + 2_000_000)
    assert first.sample_run_id == newest.id
    assert (second.message, second.count, second.job_types) == ("boom", 1, ("greet",))
    assert [group.count for group in await stage.groups(group=one.error_group)] == [2]
    assert await stage.groups(group="0" * 16) == []


async def test_groups_are_counted_over_what_a_list_may_show(stage: Stage) -> None:
    await stage.define("mail", queue="mail")
    one = await failed(stage, "no user 1")
    stage.clock.move(1)
    await failed(stage, "no user 2", "mail")
    stage.clock.move(1)
    await failed(stage, "secret", "mail")
    for where in ({"job_type": "greet"}, {"queue": "default"}, {"within": Within(job_types=("greet",))}):
        [group] = await stage.groups(**where)
        assert (group.count, group.job_types, group.message, group.sample_run_id) == (
            1,
            ("greet",),
            "no user 1",
            one.id,
        )
        assert group.last_at == one.finished_at
    assert await stage.groups(job_type="other") == await stage.groups(within=Within(queues=())) == []
    assert await stage.groups(job_type="greet", queue="mail") == []


async def test_what_retries_has_groups_of_its_own(stage: Stage) -> None:
    run = await failed(stage, retryable=True)
    [group] = await stage.groups(state=State.RETRYING)
    assert (group.group, group.count, group.sample_run_id) == (run.error_group, 1, run.id)
    assert await stage.groups() == []
    await stage.sweep_at(3600)
    assert await stage.groups(state=State.RETRYING) == []
    [lease] = await stage.take()
    await stage.fail(lease, error=Error("handler_error", "boom", "ValueError"), retryable=False)
    assert [group.count for group in await stage.groups()] == [1]
    assert await stage.groups(state=State.RETRYING) == []


async def test_what_is_resolved_replayed_erased_or_pruned_counts_no_more(stage: Stage) -> None:
    await stage.define(retention_failed_seconds=10)
    pruned, resolved, replayed, erased, left = [await failed(stage) for _ in range(5)]
    stage.clock.move(10)
    assert await stage.store.prune(1) == 1
    assert await stage.store.run(pruned.id) is None
    assert [group.count for group in await stage.groups()] == [4]
    await asyncio.gather(stage.store.resolve(resolved.id), stage.store.resolve(resolved.id))
    await stage.dispatch(stage.order(replay_of=replayed.id))
    await stage.store.erase(erased.id)
    [group] = await stage.groups()
    assert (group.count, group.sample_run_id) == (1, left.id)
    await stage.store.erase(resolved.id)
    assert [group.count for group in await stage.groups()] == [1], "it counted no more"
    assert await stage.store.prune(10) == 2
    assert await stage.groups() == []


async def test_a_group_that_comes_again_begins_anew(stage: Stage) -> None:
    run = await failed(stage)
    await stage.store.resolve(run.id)
    await stage.store.prune(10)
    stage.clock.move(5)
    await failed(stage)
    [group] = await stage.groups()
    assert group.first_at == group.last_at == stage.clock.now()


async def test_groups_are_paged_without_a_gap(stage: Stage) -> None:
    """Several stand at the same instant, and several in two lanes."""
    await stage.define("mail", queue="mail")
    runs = []
    for place in range(12):
        message = f"{chr(97 + place % 8)} failed"
        runs.append(await failed(stage, message, ("greet", "mail")[place % 2]))
        stage.clock.move(place % 3 // 2)
    whole = await stage.groups(page=100)
    assert [group.place for group in whole] == sorted((group.place for group in whole), reverse=True)
    assert {group.group for group in whole} == {run.error_group for run in runs}
    for page in (1, 2, 7, 8):
        assert await stage.groups(page=page) == whole


async def test_a_page_ends_where_the_next_one_begins(stage: Stage) -> None:
    for name in "abc":
        await failed(stage, f"{name} failed")
        stage.clock.move(1)
    groups, before = await stage.store.error_groups(ErrorFilter(), None, 2)
    assert before == groups[-1].place
    await failed(stage, "c failed")
    rest, end = await stage.store.error_groups(ErrorFilter(), before, 2)
    assert ([group.message for group in rest], end) == (["a failed"], None)


async def test_the_engine_hears_of_groups_that_change(stage: Stage) -> None:
    run = await failed(stage)
    await stage.store.resolve(run.id)
    told = [change for commit in stage.told for change in commit.errors.items()]
    place = (run.error_group, "greet", "default", State.FAILED)
    assert told == [(place, 1), (place, -1)]
