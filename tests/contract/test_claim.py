"""`claim`: what is ready is leased out, in the order of starts."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from blazy_jobs_server.domain.audit import Act
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.keys import Actor
from blazy_jobs_server.domain.run import State
from blazy_jobs_server.ports.audit import acting_for
from blazy_jobs_server.ports.config import Changes, JobTypeWrite
from tests.contract.stage import LEASE_SECONDS, Stage, ids, shown
from tests.support.examples import examples


async def test_a_claim_leases_the_run_and_counts_the_attempt(stage: Stage) -> None:
    made = await stage.run_of(payload='{"a":1}')
    stage.clock.move(2)
    claim = stage.asks(9)
    [[run]] = await stage.claim(claim)
    assert (run.id, run.payload) == (made.id, '{"a":1}')
    assert (run.state, run.attempt, run.claims, run.started_at) == (State.RUNNING, 1, 1, stage.clock.now())
    assert (run.worker_id, run.lease_token) == (9, claim.token)
    assert run.lease_until == stage.clock.now() + LEASE_SECONDS * SECOND
    assert run.deadline_at == stage.clock.now() + (300 + 15) * SECOND
    stored = await stage.read(run)
    assert (stored.state, stored.attempt, stored.claims, stored.lease_token) == (State.RUNNING, 1, 1, claim.token)
    assert (stored.started_at, stored.deadline_at) == (run.started_at, run.deadline_at)
    assert await stage.log(run) == ["queued", "started"]
    assert shown(stage.told[-1].waited) == {("greet", "default"): (2 * SECOND, 1)}


@pytest.mark.parametrize("left", [0, 1])
async def test_the_engine_is_woken_for_what_a_claim_in_the_same_transaction_left(stage: Stage, left: int) -> None:
    orders = [stage.order() for _ in range(2 + left)]
    await asyncio.gather(stage.dispatch(*orders), stage.claim(stage.asks(limit=2)))
    [commit] = [commit for commit in stage.told if commit.events][-1:]
    assert len(commit.events) == 2 + left + 2, "they were not in one transaction"
    assert commit.ready == ({("greet", "default")} if left else set())


async def test_nothing_is_leased_twice(stage: Stage) -> None:
    await stage.run_of()
    assert len(await stage.take()) == 1
    assert await stage.take() == []


async def test_the_payload_comes_with_the_lease_however_large(stage: Stage) -> None:
    large = '"' + "x" * 300_000 + '"'
    await stage.dispatch(stage.order(payload=large), stage.order(payload="1"))
    leases = await stage.take()
    assert [run.payload for run in leases] == [large, "1"]
    for lease in leases:
        await stage.complete(lease)
        assert (await stage.read(lease)).payload == lease.payload


async def test_what_is_due_later_or_over_is_not_leased(stage: Stage) -> None:
    await stage.finished()
    await stage.run_of(delay_seconds=5)
    assert await stage.take() == []


async def test_the_order_is_priority_then_due_time_then_creation(stage: Stage) -> None:
    await stage.define("other")
    young = await stage.run_of(delay_seconds=2)
    old = await stage.run_of("other", delay_seconds=1)
    low = await stage.run_of(priority=-1)
    await stage.sweep_at(5)
    twins = (await stage.dispatch(stage.order("other"), stage.order(), stage.order("other"))).runs
    high = await stage.run_of("other", priority=1)
    wanted = [high.id, old.id, young.id, *ids(twins), low.id]
    assert ids(await stage.take(limit=4)) == wanted[:4]
    assert ids(await stage.take()) == wanted[4:]


async def test_the_order_holds_over_the_queues_of_one_job_type(stage: Stage) -> None:
    runs = [await stage.run_of(queue=queue, priority=n % 2) for n, queue in enumerate("abcabc")]
    wanted = sorted(runs, key=lambda run: (-run.priority, run.id))
    assert ids(await stage.take(limit=5)) == ids(wanted)[:5]


async def test_a_claim_takes_no_more_than_it_asks_for(stage: Stage) -> None:
    runs = (await stage.dispatch(*(stage.order() for _ in range(5)))).runs
    assert ids(await stage.take(limit=2)) == ids(runs)[:2]
    assert await stage.take(limit=0) == []
    assert ids(await stage.take(limit=9)) == ids(runs)[2:]


async def test_a_claim_takes_only_the_job_types_and_queues_that_it_serves(stage: Stage) -> None:
    await stage.define("other")
    a = await stage.run_of(queue="a")
    b = await stage.run_of(queue="b")
    c = await stage.run_of("other", queue="b")
    assert await stage.take(7, "unknown") == []
    assert await stage.take(queues={"nowhere"}) == []
    assert ids(await stage.take(7, "greet", queues={"b", "c"})) == [b.id]
    assert ids(await stage.take(queues={"b"})) == [c.id]
    assert ids(await stage.take(7, "greet")) == [a.id]


# -- many claims at once


async def test_runs_are_dealt_over_the_claims_in_turn(stage: Stage) -> None:
    runs = (await stage.dispatch(*(stage.order() for _ in range(7)))).runs
    one, two, three = await stage.claim(stage.asks(1), stage.asks(2), stage.asks(3))
    assert [ids(one), ids(two), ids(three)] == [ids(runs)[0::3], ids(runs)[1::3], ids(runs)[2::3]]
    assert {run.worker_id for run in two} == {2}
    assert len({run.lease_token for run in (one[0], two[0], three[0])}) == 3


async def test_runs_of_many_job_types_are_dealt_in_turn_too(stage: Stage) -> None:
    names = [f"type-{n}" for n in range(6)]
    for name in names:
        await stage.define(name)
    runs = [await stage.run_of(name) for name in names]
    one, two = await stage.claim(stage.asks(1, *names), stage.asks(2, *names))
    assert (ids(one), ids(two)) == (ids(runs)[0::2], ids(runs)[1::2])


async def test_what_one_claim_has_no_room_for_another_gets(stage: Stage) -> None:
    await stage.dispatch(*(stage.order() for _ in range(6)))
    sizes = [len(runs) for runs in await stage.claim(stage.asks(1, limit=1), stage.asks(2), stage.asks(3, limit=2))]
    assert sizes == [1, 3, 2]


async def test_each_claim_gets_only_what_it_serves(stage: Stage) -> None:
    await stage.define("other")
    runs = (await stage.dispatch(*(stage.order(name) for name in ("greet", "other", "greet", "other")))).runs
    greets, others, none = await stage.claim(
        stage.asks(1, "greet"), stage.asks(2, "other"), stage.asks(3, queues={"nowhere"})
    )
    assert [ids(greets), ids(others), none] == [ids(runs)[0::2], ids(runs)[1::2], []]


async def test_a_claim_that_serves_more_leaves_the_rest_to_those_that_serve_less(stage: Stage) -> None:
    await stage.define("other")
    await stage.dispatch(*(stage.order() for _ in range(4)), *(stage.order("other") for _ in range(4)))
    everything, greets = await stage.claim(stage.asks(1, limit=4), stage.asks(2, "greet", limit=4))
    assert Counter(run.job_type for run in greets) == {"greet": 2}
    assert Counter(run.job_type for run in everything) == {"greet": 2, "other": 2}


# -- paused, limited


async def test_paused_job_types_and_queues_are_passed_over(stage: Stage) -> None:
    await stage.define("other")
    a = await stage.run_of(queue="a")
    b = await stage.run_of("other", queue="b")
    await stage.store.pause_job_type("greet", True)
    await stage.store.save_queue("b", True)
    assert await stage.take() == []
    await stage.store.pause_job_type("greet", False)
    assert ("greet", "a") in stage.told[-1].ready, "those that wait are told"
    assert ids(await stage.take()) == [a.id]
    await stage.store.save_queue("b", False)
    assert ("other", "b") in stage.told[-1].ready
    assert ids(await stage.take()) == [b.id]


async def test_a_pause_leaves_alone_what_runs(stage: Stage) -> None:
    lease = await stage.started()
    await stage.store.pause_job_type("greet", True)
    await stage.complete(lease)
    assert await stage.state(lease) == "completed"


async def test_no_more_runs_of_a_type_run_than_its_limit_says(stage: Stage) -> None:
    await stage.define("greet", concurrency=2)
    await stage.define("other")
    runs = [await stage.run_of(queue=queue) for queue in ("a", "b", "a", "b")]
    free = await stage.run_of("other")
    [one, last], [two] = await stage.claim(stage.asks(1), stage.asks(2))
    assert ids([one, two, last]) == [runs[0].id, runs[1].id, free.id]
    assert await stage.take() == []
    await stage.complete(one)
    assert {("greet", "a"), ("greet", "b")} <= stage.told[-1].ready, "room in one lane is room in all of the type"
    assert ids(await stage.take()) == [runs[2].id]


async def test_a_limit_that_shrinks_stops_nothing_and_starts_nothing(stage: Stage) -> None:
    await stage.dispatch(*(stage.order() for _ in range(4)))
    one, two, three = await stage.take(limit=3)
    await stage.define("greet", concurrency=2)
    assert await stage.take() == []
    await stage.complete(one)
    assert await stage.take() == []
    await stage.complete(two)
    assert len(await stage.take()) == 1
    await stage.complete(three)


async def test_a_limited_type_does_not_hold_back_what_comes_after_it(stage: Stage) -> None:
    await stage.define("greet", concurrency=1)
    await stage.define("other")
    await stage.dispatch(*(stage.order(priority=5) for _ in range(50)))
    last = await stage.run_of("other")
    assert [run.job_type for run in await stage.take(limit=2)] == ["greet", "other"]
    assert await stage.state(last) == "running"


# -- expiry, deadlines


async def test_a_claim_never_starts_what_has_expired(stage: Stage) -> None:
    """The sweep may be behind, as after a server was down."""
    await stage.dispatch(*(stage.order(expires_seconds=10) for _ in range(3)))
    fresh = await stage.run_of()
    stage.clock.move(10)
    assert ids(await stage.take()) == [fresh.id]
    await stage.store.sweep()
    assert (await stage.store.counts())["greet", "default", State.FAILED] == 3


async def test_what_has_started_once_expires_no_more(stage: Stage) -> None:
    lease = await stage.started(expires_seconds=10)
    await stage.say(lease, "released")
    stage.clock.move(60)
    assert ids(await stage.take()) == [lease.id]


@pytest.mark.parametrize(("lease_seconds", "first"), [(15, 15), (600, 20)])
async def test_the_engine_is_told_when_the_first_lease_needs_a_sweep(
    stage: Stage, lease_seconds: float, first: float
) -> None:
    await stage.define("greet", timeout_seconds=5)
    await stage.define("slow", timeout_seconds=1000)
    await stage.dispatch(stage.order("slow"), stage.order())
    await stage.store.claim([stage.asks()], lease_seconds)
    assert stage.told[-1].due_at == stage.clock.now() + first * SECOND


@settings(max_examples=examples(25), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    runs=st.lists(
        st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.integers(-1, 1), st.integers(0, 3)), max_size=25
    ),
    claims=st.lists(
        st.tuples(
            st.sets(st.sampled_from("ab")), st.none() | st.sets(st.sampled_from("xyz"), min_size=1), st.integers(0, 4)
        ),
        min_size=1,
        max_size=4,
    ),
    limits=st.tuples(st.none() | st.integers(1, 3), st.none() | st.integers(1, 3)),
)
async def test_whatever_is_asked_nobody_is_served_out_of_order(
    stage: Stage,
    runs: list[tuple[str, str, int, int]],
    claims: list[tuple[set[str], set[str] | None, int]],
    limits: tuple[int | None, int | None],
) -> None:
    """No run starts before another that the same claim could have had, and no room stays empty beside a run for it."""
    for run in await stage.all_runs():
        if not run.state.final:
            await stage.complete(run) if run.state is State.RUNNING else await stage.store.cancel(run.id, None)
    for name, limit in zip("ab", limits, strict=True):
        await stage.define(name, concurrency=limit)
    if runs:
        await stage.dispatch(
            *(
                stage.order(name, queue=queue, priority=priority, delay_seconds=delay)
                for name, queue, priority, delay in runs
            )
        )
    await stage.sweep_at(3)
    before = {run.id: run for run in await stage.all_runs() if run.state is State.QUEUED}
    asked = [
        stage.asks(n, *(names or {"none"}), queues=queues, limit=limit)
        for n, (names, queues, limit) in enumerate(claims)
    ]
    answers = await stage.claim(*asked)
    taken = [run.id for answer in answers for run in answer]
    assert len(taken) == len(set(taken))
    running = Counter(before[run_id].job_type for run_id in taken)
    for name, limit in zip("ab", limits, strict=True):
        assert limit is None or running[name] <= limit
    for claim, answer in zip(asked, answers, strict=True):
        assert len(answer) <= claim.limit
        starts = [(-run.priority, run.due_at, run.id) for run in answer]
        assert starts == sorted(starts)
        for run in answer:
            assert run.job_type in claim.job_types
            assert claim.queues is None or run.queue in claim.queues
        for left in before.values():
            serves = left.job_type in claim.job_types and (claim.queues is None or left.queue in claim.queues)
            limit = limits["ab".index(left.job_type)]
            if left.id in taken or not serves or (limit is not None and running[left.job_type] >= limit):
                continue
            assert len(answer) == claim.limit
            assert all(start <= (-left.priority, left.due_at, left.id) for start in starts)


async def test_a_worker_gets_no_run_of_a_definition_that_it_does_not_know(stage: Stage) -> None:
    old = [await stage.run_of() for _ in range(3)]
    unknown = stage.types["greet"].definition_id
    await stage.define("greet", timeout_seconds=5)
    new = [await stage.run_of() for _ in range(3)]
    for worker in ("a", "b"):
        await stage.worker(worker)
    asks = replace(stage.asks(limit=10), unknown=frozenset({unknown}))
    [runs] = await stage.claim(asks)
    assert ids(runs) == [run.id for run in new]
    assert await stage.claim(asks) == [[]]
    [picky, plain] = await stage.claim(replace(asks, unknown=frozenset({unknown})), stage.asks(limit=2))
    assert (picky, ids(plain)) == ([], [run.id for run in old[:2]])


async def test_claims_that_know_all_and_those_that_do_not_share_a_limit(stage: Stage) -> None:
    await stage.define("greet", concurrency=2)
    unknown = stage.types["greet"].definition_id
    await stage.run_of()
    await stage.define("greet", concurrency=2, timeout_seconds=5)
    for _ in range(3):
        await stage.run_of()
    picky = replace(stage.asks(limit=10), unknown=frozenset({unknown}))
    got = await stage.claim(stage.asks(limit=1), picky)
    assert sorted(map(len, got)) == [1, 1]
    assert len({run.id for runs in got for run in runs}) == 2


async def test_what_a_worker_does_not_know_is_kept_with_it(stage: Stage) -> None:
    worker = await stage.worker()
    await stage.store.note_unknown(worker, {3, 5})
    for _ in range(2):
        assert [known.unknown for known in await stage.workers()] == [frozenset({3, 5})]
        await stage.reopen()


async def test_each_version_of_a_job_type_is_told(stage: Stage) -> None:
    first = stage.types["greet"]
    second = await stage.define("greet", timeout_seconds=5)
    told = await stage.store.versions("greet")
    assert [(one.definition_id, one.version, one.definition) for one in told] == [
        (known.definition_id, known.version, known.definition) for known in (first, second)
    ]
    assert [(one.created_at, one.created_by) for one in told] == [(known.updated_at, None) for known in (first, second)]
    assert await stage.store.versions("nobody") == []


async def test_a_version_is_of_whom_it_was_made_for(stage: Stage) -> None:
    for actor, priority in ((Actor("key1", "a deploy"), 1), (Actor("root", "JOBS_API_KEY"), 2), (None, 3)):
        stage.clock.move(1)
        with acting_for(Act(actor)):
            await stage.define("greet", priority=priority)
    with acting_for(Act(Actor("key2", "nothing new"))):
        last = await stage.define("greet", priority=3)
    seen = {"greet": last}
    write = JobTypeWrite(definition=replace(last.definition, priority=4), source="config", owner="gitops")
    with acting_for(Act(Actor("key3", "gitops"))):
        assert await stage.store.apply(
            Changes(seen_job_types=seen, seen_queues={}, seen_schedules={}, job_types=(write,))
        )
    await stage.reopen()
    assert [one.created_by for one in await stage.store.versions("greet")] == [
        None,
        "key1 a deploy",
        "root JOBS_API_KEY",
        None,
        "key3 gitops",
    ]
