"""`dispatch`: runs, their first events and the idempotency record, all or none."""

from __future__ import annotations

import asyncio

import pytest
from msgspec.structs import replace

from blazy_jobs_server.domain.errors import DedupeKeyInUse, IdempotencyKeyReused, JobTypeNotFound
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.keys import Within
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports import Listed, RunFilter
from tests.contract.stage import Stage, ids


async def test_a_run_is_kept_as_it_was_ordered(stage: Stage) -> None:
    order = stage.order(
        payload='{"a":[1,2.5,"é"]}',
        priority=-7,
        queue="mail",
        expires_seconds=30,
        dedupe_key="d",
        tags='["x","y"]',
        metadata='{"k":"v"}',
        overrides='{"priority":-7}',
        replay_of=12,
    )
    [made] = (await stage.dispatch(order)).runs
    run = await stage.read(made)
    assert run == made
    assert (run.payload, run.priority, run.queue, run.dedupe_key) == ('{"a":[1,2.5,"é"]}', -7, "mail", "d")
    assert (run.tags, run.metadata, run.overrides, run.replay_of) == ('["x","y"]', '{"k":"v"}', order.overrides, 12)
    assert (run.state, run.seq, run.attempt, run.claims) == (State.QUEUED, 1, 0, 0)
    assert (run.created_at, run.due_at) == (stage.clock.now(), stage.clock.now())
    assert run.expires_at == stage.clock.now() + 30 * SECOND
    assert await stage.log(run) == ["queued"]


async def test_a_run_due_later_is_scheduled(stage: Stage) -> None:
    run = await stage.run_of(delay_seconds=60)
    assert (run.state, run.due_at) == (State.SCHEDULED, stage.clock.now() + 60 * SECOND)
    assert stage.told[-1].due_at == run.due_at


async def test_the_runs_come_in_the_order_asked_and_their_ids_grow(stage: Stage) -> None:
    await stage.define("other")
    orders = [stage.order("other" if n % 3 else "greet", payload=str(n), priority=n % 5) for n in range(2500)]
    dispatched = await stage.dispatch(*orders)
    assert [run.payload for run in dispatched.runs] == [str(n) for n in range(2500)]
    assert dispatched.made == [True] * 2500
    assert not dispatched.replayed
    assert ids(dispatched.runs) == sorted(set(ids(dispatched.runs)))
    assert sum((await stage.store.counts()).values()) == 2500


async def test_ids_grow_over_a_clock_that_stands_still_or_goes_back(stage: Stage) -> None:
    first = await stage.run_of()
    second = await stage.run_of()
    stage.clock.move(-3600)
    third = await stage.run_of()
    await stage.reopen()
    fourth = await stage.run_of()
    assert first.id < second.id < third.id < fourth.id


async def test_all_or_none(stage: Stage) -> None:
    await stage.define("other")
    orders = [stage.order(), stage.order("other")]
    assert await stage.store.retire_job_type("other")
    with pytest.raises(JobTypeNotFound):
        await stage.dispatch(*orders, key="k")
    assert await stage.all_runs() == []
    assert (await stage.dispatch(key="k")).replayed is False, "a refused request stores no key"


# -- idempotency keys


async def test_the_key_finds_the_first_run_as_it_is_now(stage: Stage) -> None:
    first = await stage.dispatch(stage.order(), key="k")
    [lease] = await stage.take()
    await stage.complete(lease, "5")
    again = await stage.dispatch(stage.order(), key="k")
    assert (ids(again.runs), again.made, again.replayed) == (ids(first.runs), [False], True)
    assert (again.runs[0].state, again.runs[0].result) == (State.COMPLETED, "5")
    assert again.first_ids == ids(first.runs)
    assert len(await stage.all_runs()) == 1


async def test_without_orders_only_the_answer_is_looked_for(stage: Stage) -> None:
    assert (await stage.dispatch(key="k")) == await stage.dispatch(key="other")
    assert await stage.all_runs() == []
    first = await stage.dispatch(stage.order(), key="k")
    found = await stage.dispatch(key="k")
    assert (ids(found.runs), found.replayed) == (ids(first.runs), True)


async def test_another_body_is_refused(stage: Stage) -> None:
    await stage.dispatch(stage.order(), key="k", body="one")
    for orders in ([stage.order()], []):
        with pytest.raises(IdempotencyKeyReused):
            await stage.dispatch(*orders, key="k", body="two")
    assert len(await stage.all_runs()) == 1


async def test_a_batch_is_remembered_with_its_erased_runs(stage: Stage) -> None:
    first = await stage.dispatch(stage.order(), stage.order(delay_seconds=5), stage.order(), key="k")
    gone = first.runs[1]
    await stage.store.cancel(gone.id, None)
    assert await stage.store.erase(gone.id)
    again = await stage.dispatch(stage.order(), key="k")
    assert again.first_ids == ids(first.runs)
    assert again.erased == {gone.id: State.SCHEDULED}
    assert set(ids(again.runs)) == {first.runs[0].id, first.runs[2].id}
    assert again.replayed


async def test_an_erased_run_takes_its_key_along(stage: Stage) -> None:
    [first] = (await stage.dispatch(stage.order(), key="k")).runs
    await stage.store.cancel(first.id, None)
    await stage.store.erase(first.id)
    again = await stage.dispatch(stage.order(), key="k")
    assert (again.made, again.replayed) == ([True], False)


async def test_the_same_request_twice_at_once_makes_one_run(stage: Stage) -> None:
    first, again = await asyncio.gather(
        stage.dispatch(stage.order(), stage.order(), key="k"), stage.dispatch(stage.order(), stage.order(), key="k")
    )
    assert first.made == [True, True]
    assert (again.replayed, again.first_ids, again.erased) == (True, ids(first.runs), {})
    assert ids(again.runs) == ids(first.runs)


# -- dedupe keys


async def test_an_unfinished_run_with_the_dedupe_key_is_found(stage: Stage) -> None:
    first = await stage.run_of(dedupe_key="d")
    again = await stage.dispatch(stage.order(dedupe_key="d"))
    assert (ids(again.runs), again.made, again.replayed) == ([first.id], [False], False)
    [lease] = await stage.take()
    assert ids((await stage.dispatch(stage.order(dedupe_key="d"))).runs) == [lease.id], "also while it runs"
    await stage.complete(lease)
    assert (await stage.dispatch(stage.order(dedupe_key="d"))).made == [True]


async def test_a_run_outside_is_not_found_by_its_dedupe_key(stage: Stage) -> None:
    await stage.run_of(queue="b", dedupe_key="d")
    orders = [
        replace(stage.order(queue="a", dedupe_key=key), within=Within(queues=("a",))) for key in (None, "c", "d", "c")
    ]
    with pytest.raises(DedupeKeyInUse):
        await stage.dispatch(*orders, key="k")
    assert len(await stage.all_runs()) == 1
    for made in ([True, True, False], [False, False, False]):
        assert (await stage.dispatch(orders[0], orders[1], orders[3], key="l")).made == made


async def test_dedupe_keys_of_other_job_types_never_meet(stage: Stage) -> None:
    await stage.define("other")
    made = (await stage.dispatch(stage.order(dedupe_key="d"), stage.order("other", dedupe_key="d"))).made
    assert made == [True, True]


async def test_a_dedupe_key_holds_within_a_batch_and_between_batches_at_once(stage: Stage) -> None:
    orders = [stage.order(dedupe_key="d"), stage.order(), stage.order(dedupe_key="d")]
    one, two = await asyncio.gather(stage.dispatch(*orders), stage.dispatch(*orders))
    assert one.made == [True, True, False]
    assert two.made == [False, True, False]
    assert {run.id for run in (one.runs[0], one.runs[2], two.runs[0], two.runs[2])} == {one.runs[0].id}


@pytest.mark.parametrize("at_once", [False, True])
async def test_a_run_found_by_its_dedupe_key_is_kept_as_long_as_the_key_that_found_it(
    stage: Stage, at_once: bool
) -> None:
    await stage.define("greet", retention_seconds=1)
    plain, keyed = stage.dispatch(stage.order(dedupe_key="d")), stage.dispatch(stage.order(dedupe_key="d"), key="k")
    if at_once:
        await asyncio.gather(plain, keyed)
    else:
        await plain
        await keyed
    [lease] = await stage.take()
    await stage.complete(lease)
    stage.clock.move(86_000)
    assert await stage.store.prune(100) == 0
    assert (await stage.dispatch(key="k")).replayed
    stage.clock.move(500)
    assert await stage.store.prune(100) == 1


async def test_a_leased_run_found_by_its_dedupe_key_is_kept_too(stage: Stage) -> None:
    await stage.define("greet", retention_seconds=1)
    lease = await stage.started(dedupe_key="d")
    await stage.dispatch(stage.order(dedupe_key="d"), key="k")
    await stage.complete(lease)
    stage.clock.move(86_000)
    assert await stage.store.prune(100) == 0


# -- reads


async def test_lists_are_newest_first_and_go_on_from_where_they_ended(stage: Stage) -> None:
    runs = (await stage.dispatch(*(stage.order() for _ in range(5)))).runs
    page, more, _ = await stage.store.runs(RunFilter(), None, 2)
    assert (ids(page), more) == ([runs[4].id, runs[3].id], runs[3].id)
    page, more, _ = await stage.store.runs(RunFilter(), page[-1].id, 3)
    assert (ids(page), more) == ([runs[2].id, runs[1].id, runs[0].id], None)


async def test_lists_show_what_the_filter_says(stage: Stage) -> None:
    await stage.define("other")
    stage.clock.move(10)
    a = await stage.run_of(queue="mail", tags='["x"]')
    stage.clock.move(10)
    b = await stage.run_of("other", queue="mail", delay_seconds=9)
    stage.clock.move(10)
    c = await stage.run_of("other", tags='["x","y"]')
    wanted = {
        RunFilter(job_type="other"): [c, b],
        RunFilter(queue="mail"): [b, a],
        RunFilter(queue="mail", job_type="other"): [b],
        RunFilter(queue="nowhere"): [],
        RunFilter(states=frozenset({State.SCHEDULED})): [b],
        RunFilter(states=frozenset({State.SCHEDULED, State.QUEUED})): [c, b, a],
        RunFilter(states=frozenset({State.FAILED})): [],
        RunFilter(tag="x"): [c, a],
        RunFilter(tag="x", job_type="greet"): [a],
        RunFilter(created_after=b.created_at): [c, b],
        RunFilter(created_before=b.created_at): [a],
        RunFilter(created_after=b.created_at, created_before=c.created_at): [b],
        RunFilter(schedule="nightly"): [],
    }
    for where, runs in wanted.items():
        assert (await stage.store.runs(where, None, 50)) == Listed(runs, None), where
    assert ids((await stage.store.runs(RunFilter(job_type="other"), c.id, 50))[0]) == [b.id]


async def test_a_page_ends_early_when_it_is_large_and_goes_on_after(stage: Stage) -> None:
    large = '"' + "x" * 1_000_000 + '"'
    runs = (await stage.dispatch(*(stage.order(payload=large) for _ in range(10)))).runs
    page, more, _ = await stage.store.runs(RunFilter(), None, 50)
    assert 1 < len(page) < 5
    assert more
    assert ids(await stage.all_runs()) == ids(runs)[::-1]
