"""Two servers' stores on one PostgreSQL database, at once."""

from __future__ import annotations

import asyncio
import os
import random
import signal
from collections import Counter
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
import pytest

from blazy_jobs_server.domain.errors import DefinitionChanged, JobTypeNotFound, QueueFull, RunFinished, StoreUnavailable
from blazy_jobs_server.domain.event import Event
from blazy_jobs_server.domain.limits import Limits, Rate
from blazy_jobs_server.domain.run import STATE_NAMES, Run, State
from blazy_jobs_server.domain.schedule import Interval, Plan, Schedule, ScheduleDefinition
from blazy_jobs_server.ports import (
    Claim,
    Commit,
    Completed,
    Dispatched,
    EventFilter,
    Fire,
    Judged,
    Report,
    WorkerRecord,
)
from blazy_jobs_server.store.postgres import statements as sql
from blazy_jobs_server.store.postgres.neighbours import MAX_MOVED, MAX_NAMED, STATES, Hint
from blazy_jobs_server.store.postgres.session import Told
from tests.app.clock import SECOND
from tests.app.store.pair import Pair, Site, dedupe_stripe, fresh_key, limit_stripe
from tests.contract.stage import LEASE_SECONDS, MAKE_UP, ids, says
from tests.support.postgres import Postgres
from tests.support.speed import stretched

pytestmark = pytest.mark.system
ROUNDS = 20
CUT_ONE = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
    "AND application_name = 'blazy-jobs' AND state <> 'idle' ORDER BY random() LIMIT 1"
)
"""Of the connections that are at work."""


@pytest.fixture
async def pair(postgres: Postgres, empty_postgres: str, request: pytest.FixtureRequest) -> AsyncIterator[Pair]:
    async with Pair(postgres, empty_postgres, columns=getattr(request, "param", False)) as pair:
        yield pair


both_ways = pytest.mark.parametrize("pair", [False, True], indirect=True, ids=["run by run", "by columns"])
by_columns = pytest.mark.parametrize("pair", [True], indirect=True, ids=["by columns"])


# -- the events of all runs


async def test_an_event_that_commits_late_is_never_passed_over(pair: Pair) -> None:
    await pair.lock(dedupe_stripe("greet", "late"))
    late = asyncio.ensure_future(pair.one.dispatch(pair.one.order(dedupe_key="late")))
    await pair.waiting()
    quick = await pair.other.run_of()
    assert await pair.other.all_events() == [], "one with a smaller key may still come"
    await pair.unlock(dedupe_stripe("greet", "late"))
    [slow] = (await late).runs
    for site in pair.both:
        assert [event.run_id for event in await site.all_events()] == [slow.id, quick.id]


async def test_who_reads_along_gets_a_late_event_in_its_place(pair: Pair) -> None:
    given: asyncio.Queue[Event] = asyncio.Queue()
    torn = asyncio.Event()
    pair.other.neighbours.on_feed = lambda events, reached: [given.put_nowait(event) for event in events] and None
    pair.other.neighbours.on_feed_torn = torn.set
    pair.other.neighbours.follow_feed(True)
    await asyncio.wait_for(torn.wait(), 10)
    await pair.lock(dedupe_stripe("greet", "late"))
    late = asyncio.ensure_future(pair.one.dispatch(pair.one.order(dedupe_key="late")))
    await pair.waiting()
    quick = await pair.other.run_of()
    await pair.unlock(dedupe_stripe("greet", "late"))
    [slow] = (await late).runs
    async with asyncio.timeout(stretched(10)):
        assert [(await given.get()).run_id for _ in range(2)] == [slow.id, quick.id]


@both_ways
async def test_a_claim_that_began_before_a_run_was_made_does_not_start_it_before_its_beginning(pair: Pair) -> None:
    """Its events would have smaller keys than the run's first one."""
    await pair.one.define(concurrency=10)
    await pair.lock(limit_stripe("greet"))
    claiming = asyncio.ensure_future(pair.other.take())
    await pair.waiting()
    run = await pair.one.run_of()
    await pair.unlock(limit_stripe("greet"))
    [lease] = await claiming or await pair.other.take()
    assert lease.id == run.id
    assert [event.seq for event in await pair.one.all_events()] == [1, 2]


async def test_a_change_that_waited_for_another_of_the_same_run_comes_after_it_in_the_stream(pair: Pair) -> None:
    first, second = await pair.one.started(), await pair.one.started()
    async with pair.raw.transaction():
        await pair.raw.execute("SELECT 1 FROM runs WHERE id = $1 FOR UPDATE", first.id)
        cancelling = asyncio.gather(*(pair.other.store.cancel(run.id, None) for run in (first, second)))
        await pair.waiting()
        await pair.one.say(second, "log", data="{}")
    await cancelling
    events = [event for event in await pair.one.all_events() if event.run_id == second.id]
    assert [event.seq for event in events] == [1, 2, 3, 4]


@both_ways
async def test_a_reader_between_the_events_of_two_servers_sees_each_once_and_in_order(pair: Pair) -> None:
    seen: list[Event] = []
    done = asyncio.Event()

    async def read() -> None:
        at = 0
        while True:
            last = done.is_set()
            page, reached = await pair.one.store.feed(at, EventFilter(), 50)
            seen.extend(page)
            if last and reached == at:
                return
            at = reached

    reading = asyncio.ensure_future(read())

    async def write(site: Site) -> None:
        for _ in range(ROUNDS):
            await asyncio.gather(*(site.run_of() for _ in range(5)))
            for lease in await site.take():
                await site.complete(lease)

    await pair.at_once(write)
    done.set()
    await reading
    assert [event.id for event in seen] == sorted(event.id for event in seen)
    assert seen == await pair.other.all_events()
    assert Counter(event.run_id for event in seen).most_common()[-1][1] == 3


async def test_a_reader_that_comes_while_the_last_one_leaves_reads_along(pair: Pair) -> None:
    """The turn between two readers falls into a look at the database."""
    given: asyncio.Queue[Event] = asyncio.Queue()
    neighbours = pair.one.neighbours
    looked, go_on = asyncio.Event(), asyncio.Event()
    tail = pair.one.store._reader.tail

    async def slow_tail(after: int, limit: int) -> Any:
        found = await tail(after, limit)
        if limit:
            looked.set()
            await go_on.wait()
        return found

    pair.one.store._reader.tail = slow_tail  # type: ignore[method-assign]
    neighbours.on_feed = lambda events, reached: [given.put_nowait(event) for event in events] and None
    neighbours.follow_feed(True)
    await asyncio.wait_for(looked.wait(), 10)
    neighbours.follow_feed(False)
    neighbours.follow_feed(True)
    go_on.set()
    torn = asyncio.Event()
    neighbours.on_feed_torn = torn.set
    await asyncio.wait_for(torn.wait(), 10)
    run = await pair.other.run_of()
    async with asyncio.timeout(stretched(10)):
        assert (await given.get()).run_id == run.id


async def test_an_error_of_who_reads_along_does_not_end_it(pair: Pair) -> None:
    given: asyncio.Queue[Event] = asyncio.Queue()
    torn = asyncio.Queue[None]()

    def refuse_once(events: list[Event], reached: int) -> None:
        if events:
            pair.one.neighbours.on_feed = lambda events, reached: [given.put_nowait(event) for event in events] and None
            raise ValueError("made on purpose")

    pair.one.neighbours.on_feed = refuse_once
    pair.one.neighbours.on_feed_torn = lambda: torn.put_nowait(None)
    pair.one.neighbours.follow_feed(True)
    async with asyncio.timeout(stretched(10)):
        await torn.get()
        await pair.other.run_of()
        await torn.get()  # whoever reads along reads that one from the store
        run = await pair.other.run_of()
        assert (await given.get()).run_id == run.id


async def test_a_new_cluster_whose_transactions_count_from_the_beginning_goes_on_after_the_old_events(
    pair: Pair,
) -> None:
    before = await pair.one.run_of()
    last = (await pair.one.all_events())[-1].id
    # As restored into a cluster whose transaction ids are a million behind.
    await pair.raw.execute("UPDATE shared SET feed_base = feed_base - $1", 1_000_000 << sql.EVENT_BITS)
    await pair.one.store.close()
    await pair.one._open()
    after = await pair.one.run_of()
    found, _ = await pair.one.store.feed(last, EventFilter(), 10)
    assert [event.run_id for event in found] == [after.id]
    assert [event.run_id for event in await pair.other.all_events()] == [before.id, after.id]
    assert (await pair.one.store.feed_bounds(EventFilter()))[0] >= found[0].id


# -- dispatch


@both_ways
async def test_one_idempotency_key_at_once_makes_one_run(pair: Pair) -> None:
    for _ in range(ROUNDS):
        key = fresh_key()
        answers = await pair.at_once(lambda site, key=key: site.dispatch(site.order(), key=key), times=3)  # type: ignore[misc]
        assert len({run.id for answer in answers for run in answer.runs}) == 1
        assert sorted(answer.replayed for answer in answers) == [False] + [True] * 5
    assert await pair.runs() == ROUNDS


async def test_one_dedupe_key_at_once_makes_one_run(pair: Pair) -> None:
    for _ in range(ROUNDS):
        key = fresh_key()
        answers = await pair.at_once(lambda site, key=key: site.dispatch(site.order(dedupe_key=key)), times=3)  # type: ignore[misc]
        assert len({run.id for answer in answers for run in answer.runs}) == 1
        assert sorted(made for answer in answers for made in answer.made) == [False] * 5 + [True]
    assert await pair.runs() == ROUNDS


async def test_two_batches_with_the_same_dedupe_keys_the_other_way_round_wait_for_each_other(pair: Pair) -> None:
    """Both have taken what they could when the last one is free for them."""
    dedupe_keys = [fresh_key() for _ in range(30)]
    await pair.lock(dedupe_stripe("greet", dedupe_keys[15]))
    orders = [pair.one.order(dedupe_key=key) for key in dedupe_keys]
    batches = asyncio.gather(pair.one.dispatch(*orders), pair.other.dispatch(*orders[::-1]))
    await pair.waiting(2)
    await pair.unlock(dedupe_stripe("greet", dedupe_keys[15]))
    one, other = await batches
    assert ids(one.runs) == ids(other.runs)[::-1]
    assert pair.deadlocks() == 0


async def test_dispatches_under_the_same_keys_the_other_way_round_wait_for_each_other(pair: Pair) -> None:
    keys = [fresh_key() for _ in range(30)]
    held = pair.raw.transaction()
    await held.start()
    await pair.raw.execute(
        "INSERT INTO idempotency_keys (scope, key, fingerprint, created_at) VALUES ('scope', $1, '', 0)", keys[15]
    )

    async def all_keys(site: Site, keys: list[str]) -> dict[str, int]:
        answers = await asyncio.gather(*(site.dispatch(site.order(), key=key) for key in keys))
        return {key: answer.runs[0].id for key, answer in zip(keys, answers, strict=True)}

    both = asyncio.gather(all_keys(pair.one, keys), all_keys(pair.other, keys[::-1]))
    await pair.waiting(2)
    await held.rollback()
    one, other = await both
    assert one == other
    assert pair.deadlocks() == 0


async def test_batches_whose_keys_overlap_in_any_order_neither_deadlock_nor_double(pair: Pair) -> None:
    rng = random.Random(1)
    for _ in range(ROUNDS):
        keys = [fresh_key() for _ in range(3)]
        dedupe_keys = [fresh_key() for _ in range(150)]

        async def batch(site: Site, keys: list[str] = keys, dedupe_keys: list[str] = dedupe_keys) -> Any:
            wanted = rng.sample(dedupe_keys, 100)
            body = ",".join(sorted(wanted))
            key = f"{rng.choice(keys)} {body}" if rng.random() < 0.7 else None
            return await site.dispatch(*(site.order(dedupe_key=one) for one in wanted), key=key, body=body)

        answers = await pair.at_once(batch, times=6)
        made = Counter(run.dedupe_key for a in answers for run, new in zip(a.runs, a.made, strict=True) if new)
        assert set(made.values()) == {1}
        assert len({run.id for answer in answers for run in answer.runs}) == len(made)
    assert pair.deadlocks() == 0


@both_ways
async def test_dispatches_under_several_keys_in_any_order_do_not_deadlock(pair: Pair) -> None:
    for _ in range(ROUNDS):
        keys = [fresh_key() for _ in range(100)]

        async def all_keys(site: Site, keys: list[str] = keys) -> list[int]:
            shuffled = random.sample(keys, len(keys))
            answers = await asyncio.gather(*(site.dispatch(site.order(), key=key) for key in shuffled))
            return [run.id for answer in answers for run in answer.runs]

        answers = await pair.at_once(all_keys, times=1)
        assert len({run_id for answer in answers for run_id in answer}) == len(keys)
    assert pair.deadlocks() == 0


async def test_a_dispatch_that_finds_a_run_which_is_being_reported_does_not_deadlock(pair: Pair) -> None:
    """The one holds the run and wants the dedupe key, the other the key, and wants to keep the run."""
    for _ in range(ROUNDS):
        key = fresh_key()
        lease = await pair.one.started(dedupe_key=key)

        async def work(site: Site, key: str = key, lease: Run = lease) -> None:
            await asyncio.gather(
                site.report(7, holding=(lease.id,)),
                site.dispatch(site.order(dedupe_key=key), key=fresh_key()),
                site.dispatch(site.order(dedupe_key=key)),
            )

        await pair.at_once(work, times=2)
        await pair.one.complete(lease)
    assert pair.deadlocks() == 0


@both_ways
async def test_keys_of_two_servers_never_collide_and_their_counts_add_up(pair: Pair) -> None:
    """The clock stands still, so that both draw for the same instant."""

    async def make(site: Site) -> list[int]:
        made = await site.dispatch(*(site.order() for _ in range(100)))
        return [*ids(made.runs), await site.worker()]

    found = await pair.at_once(make, times=5)
    assert len({key for keys in found for key in keys}) == 10 * 101
    counts = {("greet", "default", State.QUEUED): 1000}
    assert await pair.one.store.counts() == await pair.other.store.counts() == counts


async def test_more_servers_than_shards_draw_no_key_twice(
    postgres: Postgres, empty_postgres: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql, "MAX_SHARDS", 1)
    async with Pair(postgres, empty_postgres) as pair:
        for _ in range(ROUNDS):
            pair.clock.move(1)
            runs = await pair.at_once(lambda site: site.run_of())
            workers = await pair.at_once(lambda site: site.worker())
            assert len(set(ids(runs))) == len(set(workers)) == 2
        assert await pair.runs() == 2 * ROUNDS


# -- definitions


@both_ways
async def test_a_definition_changed_on_one_holds_in_the_next_dispatch_on_the_other(pair: Pair) -> None:
    await pair.other.run_of()
    stale = pair.other.order()
    await pair.one.define(priority=5)
    with pytest.raises(DefinitionChanged):
        await pair.other.dispatch(stale)
    assert (await pair.other.run_of()).priority == 5
    await pair.one.store.pause_job_type("greet", True)
    assert await pair.other.take() == []
    await pair.one.store.pause_job_type("greet", False)
    assert len(await pair.other.take()) == 2


async def test_a_job_type_retired_on_one_is_unknown_to_the_other(pair: Pair) -> None:
    stale = pair.other.order()
    await pair.other.finished()
    assert await pair.one.store.retire_job_type("greet")
    with pytest.raises(JobTypeNotFound):
        await pair.other.dispatch(stale)


@both_ways
async def test_a_job_type_is_not_retired_beside_a_dispatch_of_it(pair: Pair) -> None:
    """Whichever comes first: no run of a name that is free."""
    for _ in range(ROUNDS):
        answers = await asyncio.gather(
            pair.one.store.retire_job_type("greet"), pair.other.dispatch(pair.other.order()), return_exceptions=True
        )
        retired, dispatched = answers
        assert retired is isinstance(dispatched, JobTypeNotFound), answers
        for lease in await pair.other.take():
            await pair.other.complete(lease)
        if retired:
            del pair.one.types["greet"]
            await pair.one.define()


@both_ways
async def test_a_queue_paused_on_one_is_not_claimed_from_on_the_other(pair: Pair) -> None:
    await pair.other.run_of(queue="mail")
    await pair.one.store.save_queue("mail", True)
    assert await pair.other.take() == []
    await pair.one.store.save_queue("mail", False)
    assert len(await pair.other.take()) == 1


async def test_of_two_who_register_one_name_at_once_one_is_told_so(pair: Pair) -> None:
    for n in range(ROUNDS):
        name = f"job-{n}"

        async def define(site: Site, name: str = name) -> bool:
            definition = msgspec.structs.replace(pair.one.types["greet"].definition, name=name)
            saved = await site.store.save_job_type(definition, expect=None, source="api", declarer=None, paused=None)
            return saved is not None

        assert sorted(await pair.at_once(define)) == [False, True]


# -- claims


@both_ways
async def test_claims_of_two_servers_share_no_run_and_take_all(pair: Pair) -> None:
    for _ in range(ROUNDS):
        made = await pair.one.dispatch(*(pair.one.order() for _ in range(60)))
        taken = await pair.at_once(lambda site: site.take(limit=15), times=2)
        while rest := await pair.other.take(limit=15):
            taken.append(rest)
        assert sorted(run.id for runs in taken for run in runs) == ids(made.runs)
        assert sum(map(bool, taken)) >= 4


@both_ways
async def test_claims_of_several_lanes_share_no_run_and_take_all(pair: Pair) -> None:
    await pair.one.define("wave")
    for _ in range(ROUNDS):
        made = await pair.one.dispatch(*(pair.one.order(name) for _ in range(30) for name in ("greet", "wave")))
        taken = await pair.at_once(lambda site: site.take(limit=15), times=2)
        while rest := await pair.other.take(limit=15):
            taken.append(rest)
        assert sorted(run.id for runs in taken for run in runs) == ids(made.runs)


@both_ways
async def test_a_concurrency_limit_holds_over_two_servers(pair: Pair) -> None:
    await pair.one.define(concurrency=3)
    await pair.one.dispatch(*(pair.one.order() for _ in range(60)))
    running: list[Run] = []
    left = 60
    while left:
        for taken in await pair.at_once(lambda site: site.take(limit=2), times=2):
            running += taken
        assert 0 < len(running) <= 3
        lease = running.pop()
        await random.choice(pair.both).complete(lease)
        left -= 1


@by_columns
async def test_what_two_servers_claim_and_complete_at_once_runs_once_each(pair: Pair) -> None:
    """Reported to either of them, beside a cancel and a run that fails, twice, and in any order."""
    ran: Counter[int] = Counter()
    token = iter(range(10_000))

    async def work(site: Site) -> None:
        while True:
            claim = Claim(7, frozenset(["greet"]), None, 15, f"own-{next(token)}", columns=True)
            [leased] = await site.store.claim([claim], LEASE_SECONDS)
            assert leased is not None
            if not leased.number:
                return
            for batch in leased.batches:
                ran.update(batch.run_ids)
                shuffled = random.sample(batch.run_ids, len(batch.run_ids))
                reporter = random.choice(pair.both).store
                said = [Completed(batch.token, 1, shuffled)]
                failed = Report(run_id=shuffled[0], attempt=1, token=batch.token, kind="failed", retryable=False)
                cancel = random.choice(pair.both).store.cancel(shuffled[1 % len(shuffled)], None)
                answers = await asyncio.gather(
                    reporter.report(7, [failed], (), LEASE_SECONDS),
                    reporter.report(7, (), tuple(shuffled), LEASE_SECONDS, said),
                    random.choice(pair.both).store.report(7, (), (), LEASE_SECONDS, said),
                    cancel,
                    return_exceptions=True,
                )
                assert all(isinstance(answer, Judged | Run | RunFinished) for answer in answers), answers

    for _ in range(ROUNDS):
        made = await pair.one.dispatch(*(pair.one.order(payload=f"{n}") for n in range(60)))
        await pair.at_once(work, times=2)
        while left := await pair.other.take(limit=60):
            ran.update(run.id for run in left)
            await pair.other.report(7, *(says(run, "completed") for run in left))
        assert all(ran[run.id] == 1 for run in made.runs)
    assert {STATE_NAMES[run.state] for run in await pair.one.all_runs()} <= {"completed", "failed"}
    assert pair.deadlocks() == 0


@by_columns
async def test_a_batch_whose_run_another_server_is_changing_waits_for_it(pair: Pair) -> None:
    runs = await pair.one.claim_of(3)
    async with pair.raw.transaction():
        await pair.raw.execute("SELECT 1 FROM runs WHERE id = $1 FOR UPDATE", runs[1].id)
        reporting = asyncio.ensure_future(pair.other.report(7, *(says(run, "completed") for run in runs)))
        await pair.waiting()
        await pair.raw.execute("UPDATE runs SET progress = '{}' WHERE id = $1", runs[1].id)
    answers, _ = await reporting
    assert [answer.status for answer in answers] == ["accepted"] * 3
    assert {await pair.one.state(run) for run in runs} == {"completed"}


@by_columns
async def test_cuts_at_any_moment_leave_no_batch_half_started_or_half_done(pair: Pair) -> None:
    await pair.one.dispatch(*(pair.one.order() for _ in range(400)))
    done = asyncio.Event()

    async def cut() -> None:
        while not done.is_set():
            await asyncio.sleep(random.uniform(0.01, 0.05))
            await pair.raw.execute(CUT_ONE)

    async def work(site: Site) -> int:
        """How many calls were refused."""
        refused = 0
        while True:
            try:
                [leased] = await site.store.claim([msgspec.structs.replace(site.asks(limit=5), columns=True)], 15.0)
            except StoreUnavailable:
                refused += 1
                continue
            if leased is None or not leased.number:
                return refused
            for batch in leased.batches:
                while True:
                    try:
                        item = Completed(batch.token, 1, batch.run_ids)
                        judged = await site.store.report(7, (), (), LEASE_SECONDS, [item])
                    except StoreUnavailable:
                        refused += 1
                    else:
                        assert judged.completed == [{}], "the report sent again is known for what it is"
                        break

    pair.tells_all = False
    cutting = asyncio.ensure_future(cut())
    refused = await pair.at_once(work)
    done.set()
    await cutting
    assert sum(refused) > 0
    states = Counter(STATE_NAMES[run.state] for run in await pair.one.all_runs())
    assert set(states) <= {"completed", "running"}, "what was claimed when the answer was cut off"
    assert states["running"] % 5 == 0


# -- leases and workers


@both_ways
async def test_a_lease_renewed_through_one_is_not_taken_back_by_the_other(pair: Pair) -> None:
    lease = await pair.one.started()
    pair.clock.move(LEASE_SECONDS - 1)
    _, [held] = await pair.one.report(7, holding=(lease.id,))
    assert held.held
    await pair.other.sweep_at(LEASE_SECONDS - 1)
    assert await pair.other.state(lease) == "running"
    await pair.other.sweep_at(2)
    assert await pair.one.state(lease) == "queued"
    assert (await pair.one.say(lease, "completed")).status == "lease_lost"


async def test_a_worker_heard_by_the_other_is_not_silent(pair: Pair) -> None:
    worker = await pair.one.worker()
    pair.clock.move(LEASE_SECONDS - 1)
    assert await pair.other.neighbours.heard({worker: pair.clock.now()}) == []
    pair.clock.move(LEASE_SECONDS - 1)
    assert await pair.one.neighbours.silent_workers(LEASE_SECONDS) == []
    pair.clock.move(2)
    for site in pair.both:
        [(record, lost)] = await site.neighbours.silent_workers(LEASE_SECONDS)
        assert (record.id, lost) == (worker, True)


async def test_what_the_pool_of_an_ended_server_had_in_hand_is_no_loss(pair: Pair) -> None:
    """There was nobody to hear it, while a pool's worker that its own server does not hear is lost."""
    record = WorkerRecord(
        id=0, name="pool", job_types=("greet",), queues=None, concurrency=1, registered_at=0, pool=True
    )
    worker = (await pair.one.store.register_worker(record)).id
    pair.clock.move(LEASE_SECONDS + 1)
    [(silent, lost)] = await pair.other.neighbours.silent_workers(LEASE_SECONDS)
    assert (silent.id, lost) == (worker, False)
    await pair.one.neighbours.heard({})
    [(silent, lost)] = await pair.other.neighbours.silent_workers(LEASE_SECONDS)
    assert (silent.id, lost) == (worker, True)


async def test_a_worker_given_up_by_one_is_told_so_by_the_other(pair: Pair) -> None:
    worker = await pair.one.worker()
    lease = await pair.one.started(worker)
    assert await pair.other.store.give_up_worker(worker, lost=True) == 1
    assert await pair.one.neighbours.heard({worker: pair.clock.now()}) == [worker]
    assert await pair.one.neighbours.worker(worker) is None
    assert (await pair.one.say(lease, "completed")).status == "lease_lost"
    assert (await pair.one.read(lease)).losses == 1


@both_ways
async def test_a_worker_that_left_at_one_gets_nothing_at_the_other(pair: Pair) -> None:
    worker, stays = await pair.one.worker(), await pair.one.worker()
    await pair.other.started(worker)
    await pair.one.store.give_up_worker(worker, lost=False)
    claims = [pair.other.asks(worker), pair.other.asks(stays)]
    gone, leased = await pair.other.store.claim(claims, LEASE_SECONDS)
    assert gone is None
    assert leased is not None
    assert [run.worker_id for run in leased.runs] == [stays]


async def test_a_worker_that_leaves_while_it_claims_gives_back_what_it_gets(pair: Pair) -> None:
    """The claim is under way when it is given up."""
    await pair.one.define(concurrency=10)
    worker, run = await pair.one.worker(), await pair.one.run_of()
    await pair.lock(limit_stripe("greet"))
    claiming = asyncio.ensure_future(pair.other.take(worker))
    await pair.waiting()
    leaving = asyncio.ensure_future(pair.one.store.give_up_worker(worker, lost=False))
    await pair.waiting(2)
    await pair.unlock(limit_stripe("greet"))
    assert ids(await claiming) == [run.id]
    assert await leaving == 1
    assert await pair.one.log(run) == ["queued", "started", "interrupted"]


@both_ways
async def test_a_worker_that_claims_while_it_leaves_gets_nothing(pair: Pair) -> None:
    """Giving it up is under way when it claims."""
    worker = await pair.one.worker()
    held = await pair.one.started(worker)
    run = await pair.one.run_of()
    async with pair.raw.transaction():
        await pair.raw.execute("SELECT 1 FROM runs WHERE id = $1 FOR UPDATE", held.id)
        leaving = asyncio.ensure_future(pair.one.store.give_up_worker(worker, lost=False))
        await pair.waiting()
        claiming = asyncio.ensure_future(pair.other.store.claim([pair.other.asks(worker)], LEASE_SECONDS))
        await pair.waiting(2)
    assert await leaving == 1
    assert await claiming == [None]
    assert [await pair.one.state(one) for one in (held, run)] == ["queued", "queued"]
    assert pair.deadlocks() == 0


async def test_after_the_database_was_away_nobody_is_silent_before_all_could_be_heard(pair: Pair) -> None:
    """The server that is back first finds that nobody has heard the workers of the other for longer than a lease."""
    worker = await pair.other.worker()
    lease = await pair.other.started(worker)
    async with pair.away():
        with pytest.raises(StoreUnavailable):
            await pair.one.neighbours.heard({})
        pair.clock.move(LEASE_SECONDS + 1)
    await pair.one.neighbours.heard({})
    assert await pair.one.neighbours.silent_workers(LEASE_SECONDS) == []
    await pair.one.store.sweep()
    assert await pair.one.neighbours.silent_workers(LEASE_SECONDS) == []
    assert await pair.one.state(lease) == "running"


async def test_the_first_server_to_come_holds_the_leases_for_the_others_that_come_with_it(pair: Pair) -> None:
    worker = await pair.one.worker()
    lease = await pair.one.started(worker)
    for site in pair.both:
        await site.store.close()
    pair.clock.move(LEASE_SECONDS + 1)
    for site in pair.both:
        await site._open()
    assert await pair.other.neighbours.silent_workers(LEASE_SECONDS) == []
    await pair.other.store.sweep()
    assert await pair.other.state(lease) == "running"


# -- one at a time


async def test_one_server_sweeps_at_a_time(pair: Pair) -> None:
    run = await pair.one.run_of(delay_seconds=1)
    pair.clock.move(2)
    await pair.lock(sql.LOCK_SWEEP)
    for site in pair.both:
        assert (await site.store.sweep()).due_at == pair.clock.now() + SECOND, "to look again soon"
    assert await pair.one.state(run) == "scheduled"
    await pair.unlock(sql.LOCK_SWEEP)
    await pair.at_once(lambda site: site.store.sweep())
    assert await pair.one.state(run) == "queued"


async def test_one_server_prunes_at_a_time(pair: Pair) -> None:
    await pair.one.define(retention_seconds=1)
    for _ in range(5):
        await pair.one.finished()
    pair.clock.move(2)
    await pair.lock(sql.LOCK_PRUNE)
    assert await pair.at_once(lambda site: site.store.prune(10)) == [0, 0]
    await pair.unlock(sql.LOCK_PRUNE)
    assert sum(await pair.at_once(lambda site: site.store.prune(10))) == 5


async def test_a_time_of_a_schedule_makes_one_run_whoever_fires(pair: Pair) -> None:
    await every_second(pair.one, "tick")
    for _ in range(ROUNDS):
        pair.clock.move(1)
        made = await pair.at_once(fire, times=2)
        assert sum(made) == 1
    assert await pair.runs(schedule="tick") == ROUNDS


async def test_a_schedule_that_both_read_before_one_fired_is_not_fired_by_the_other(pair: Pair) -> None:
    await every_second(pair.one, "tick")
    pair.clock.move(1)
    [one], [other] = await pair.at_once(due)
    assert one == other
    assert len((await pair.one.store.fire([one]))[0].made) == 1
    [late] = await pair.other.store.fire([other])
    assert (late.schedule, late.made) == (None, [])


async def every_second(site: Site, name: str) -> None:
    plan = Plan(trigger=Interval(1))
    schedule = Schedule(
        definition=ScheduleDefinition(name=name, job_type="greet", plan=plan),
        source="api",
        created_at=site.clock.now(),
        next_fire_at=site.clock.now() + SECOND,
    )
    assert await site.store.save_schedule(schedule, expect=None) is not None


async def due(site: Site) -> list[Fire]:
    """What a server would fire now."""
    fires = []
    for schedule in await site.store.due_schedules(site.clock.now(), 10):
        at = schedule.next_fire_at
        assert at is not None
        order = site.order(schedule=schedule.name, fire_at=at, due_at=at)
        fires.append(Fire(schedule=schedule, orders=(order,), next_fire_at=at + SECOND, last_fire_at=at))
    return fires


async def fire(site: Site) -> int:
    """How many runs it made."""
    fires = await due(site)
    return sum(len(fired.made) for fired in await site.store.fire(fires)) if fires else 0


# -- hints


@both_ways
async def test_hints_name_what_has_changed(pair: Pair) -> None:
    await pair.one.hears_that_it_may_be_anything()
    run = await pair.other.run_of()
    news = await pair.one.hears(lambda news: news.runs is not None)
    assert news.runs == {run.id}
    assert (news.ready, news.definitions, news.cancelling) == (True, False, frozenset())
    [lease] = await pair.other.take()
    news = await pair.one.hears(lambda news: news.runs is not None)
    assert news.due_at == pair.clock.now() + round(LEASE_SECONDS * SECOND)
    await pair.other.store.cancel(lease.id, None)
    news = await pair.one.hears(lambda news: news.runs is not None)
    assert news.cancelling == {7}


async def test_hints_tell_of_definitions_workers_and_schedules(pair: Pair) -> None:
    await pair.one.hears_that_it_may_be_anything()
    await pair.other.define(priority=1)
    assert (await pair.one.hears(lambda news: news.runs is not None)).definitions
    await pair.other.worker()
    assert (await pair.one.hears(lambda news: news.runs is not None)).definitions
    await every_second(pair.other, "tick")
    assert (await pair.one.hears(lambda news: news.runs is not None)).fire_at == pair.clock.now() + SECOND


async def test_a_server_hears_no_hint_of_its_own(pair: Pair) -> None:
    await pair.one.hears_that_it_may_be_anything()
    own = await pair.one.run_of()
    run = await pair.other.run_of()
    news = await pair.one.hears(lambda news: news.runs is not None)
    assert news.runs == {run.id}
    assert own.id not in news.runs


@both_ways
async def test_a_hint_of_many_says_that_there_are_some(pair: Pair) -> None:
    await pair.other.dispatch(*(pair.other.order() for _ in range(500)))
    news = await pair.one.hears(lambda news: news.ready and not news.definitions)
    assert news.runs is None


async def test_cancels_that_no_hint_can_name_are_found_by_looking(pair: Pair) -> None:
    lease = await pair.other.started(worker=9)
    await pair.raw.execute("UPDATE runs SET cancel_requested = 1 WHERE id = $1", lease.id)
    news = await pair.one.hears(lambda news: bool(news.cancelling))
    assert (news.runs, news.cancelling) == (None, {9})
    await pair.raw.execute("UPDATE runs SET cancel_requested = 0 WHERE id = $1", lease.id)


async def test_the_largest_hint_can_be_sent(pair: Pair) -> None:
    """Hundreds of runs of hundreds of workers cancelled in one moment; and hints go on after it."""
    workers = 250
    await pair.other.dispatch(*(pair.other.order() for _ in range(workers)))
    big = 2**63 - 2 - workers
    await pair.raw.execute(MAKE_UP.format(big, big + workers))
    leased = await pair.other.claim(*(pair.other.asks(big + n, limit=1) for n in range(workers)))
    runs = [run.id for [run] in leased]
    while True:  # until the hint of the claims, which names none, is out of the way
        mark = (await pair.other.run_of()).id
        news = await pair.one.hears(lambda news, mark=mark: news.runs is None or mark in news.runs)  # type: ignore[misc]
        if news.runs is not None:
            break
    await asyncio.gather(*(pair.other.store.cancel(run, None) for run in runs[:200]))
    await pair.one.hears(lambda news: news.runs is not None and bool(news.cancelling))
    after = await pair.other.run_of()
    await pair.one.hears(lambda news: news.runs is not None and after.id in news.runs)


def test_a_hint_of_all_that_it_can_name_is_short_enough_for_a_notify() -> None:
    """Which has 8000 bytes."""
    big = 2**63 - 1
    hint = Hint(2**62 - 1, ready=True, definitions=True, due_at=2**62, fire_at=2**62, topics=2**31)
    hint.runs = [big - n for n in range(MAX_NAMED)]
    hint.moved = [2**31 * STATES + n for n in range(MAX_MOVED)]
    hint.add(Told(Commit([], set(), {}), {big - n for n in range(1000)}, False), None)
    assert len(msgspec.json.encode(hint)) < 8000


# -- connections that break


async def test_a_listener_that_was_cut_comes_back_and_says_that_it_may_be_anything(pair: Pair) -> None:
    await pair.one.hears_that_it_may_be_anything()
    listener, _ = await pair.listeners()
    await pair.cut(listener)
    await pair.one.hears_that_it_may_be_anything()
    async with asyncio.timeout(stretched(10)):
        while True:
            run = await pair.other.run_of()
            news = await pair.one.hears(lambda news: True)
            if news.runs is not None and run.id in news.runs:
                break


async def test_a_connection_cut_in_the_middle_is_said_and_the_next_call_works(pair: Pair) -> None:
    await pair.lock(dedupe_stripe("greet", "cut"))
    cut = asyncio.ensure_future(pair.one.dispatch(pair.one.order(dedupe_key="cut")))
    await pair.cut(*await pair.waiting())
    with pytest.raises(StoreUnavailable):
        await cut
    await pair.unlock(dedupe_stripe("greet", "cut"))
    made = await pair.one.dispatch(pair.one.order(dedupe_key="cut"))
    assert made.made == [True]
    assert await pair.runs() == 1


async def test_cuts_at_any_moment_leave_nothing_half_done(pair: Pair) -> None:
    made = refused = 0
    done = asyncio.Event()

    async def cut() -> None:
        while not done.is_set():
            await asyncio.sleep(random.uniform(0.01, 0.05))
            await pair.raw.execute(CUT_ONE)

    cutting = asyncio.ensure_future(cut())
    for _ in range(100):
        answers = await asyncio.gather(
            *(site.dispatch(site.order(), key=fresh_key()) for site in pair.both), return_exceptions=True
        )
        for answer in answers:
            if isinstance(answer, BaseException):
                assert isinstance(answer, StoreUnavailable), answer
                refused += 1
            else:
                made += 1
    done.set()
    await cutting
    assert made <= len(await pair.one.all_runs()) <= made + refused
    assert refused > 0
    pair.tells_all = False


@asynccontextmanager
async def frozen(pair: Pair) -> AsyncIterator[int]:
    """All connections of the servers, as where a firewall has forgotten them; how many there are."""
    rows = await pair.raw.fetch(
        "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'blazy-jobs'"
    )
    pids = [row[0] for row in rows]
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield len(pids)
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


async def test_reads_wait_once_for_connections_that_froze(pair: Pair) -> None:
    """Not for each of them in turn."""
    await asyncio.gather(*(pair.one.store._reader.value("SELECT pg_sleep(0.1)") for _ in range(8)))
    async with frozen(pair) as connections:
        with pytest.raises(StoreUnavailable):
            await pair.one.store.counts()
        for _ in range(10):
            await pair.one.store.counts()
    assert connections >= 8


async def test_a_write_goes_on_within_five_seconds_beside_connections_that_froze(pair: Pair) -> None:
    await pair.one.dispatch(pair.one.order())
    async with frozen(pair):
        async with asyncio.timeout(5):
            with pytest.raises(StoreUnavailable):
                await pair.one.dispatch(pair.one.order())
            made = await pair.one.dispatch(pair.one.order())
        assert made.made == [True]
    assert await pair.runs() == 2, "what was refused is there"


async def test_a_server_that_hangs_in_a_transaction_stops_the_others_for_seconds_only(pair: Pair) -> None:
    """A transaction of a server whose process was stopped, by its limits."""
    from blazy_jobs_server.store.postgres import connecting

    stopped = await connecting.Database(pair.url).connect()
    await stopped.execute("BEGIN")
    await stopped.fetch(sql.BEGIN)
    await stopped.execute("SELECT pg_advisory_xact_lock($1, $2)", sql.LOCK_CLASS, dedupe_stripe("greet", "held"))
    async with asyncio.timeout(stretched(20)):
        while True:
            try:
                await pair.one.dispatch(pair.one.order(dedupe_key="held"))
                break
            except StoreUnavailable:
                continue
    assert len(await pair.one.all_events()) == 1
    stopped.terminate()


async def test_every_connection_has_its_limits(pair: Pair) -> None:
    store = pair.one.store
    connections = [await writer._session._connected() for writer in (store._hot, store._rest)]
    connections.append(store._others._connection)
    async with store._reader.connection() as reading:
        for connection in [*connections, reading]:
            assert await connection.fetchval("SHOW lock_timeout") == "3s"
            assert await connection.fetchval("SHOW idle_in_transaction_session_timeout") == "3s"
            assert await connection.fetchval("SHOW statement_timeout") in ("10s", "30s")
            assert await connection.fetchval("SHOW tcp_keepalives_idle") is not None


@both_ways
async def test_the_limits_of_a_queue_hold_over_two_servers(pair: Pair) -> None:
    await pair.one.define()
    await pair.one.dispatch(*(pair.one.order() for _ in range(40)))
    await pair.one.store.save_queue("default", None, limits=Limits(concurrency=3, rate_limit=Rate(11, 3600)))
    running: list[Run] = []
    started = 0
    while started < 11:
        for taken in await pair.at_once(lambda site: site.take(limit=2), times=2):
            running += taken
            started += len(taken)
        assert 0 < len(running) <= 3
        await random.choice(pair.both).complete(running.pop())
    assert started == 11
    assert [await site.take() for site in pair.both] == [[], []]


async def test_dispatches_of_two_servers_do_not_fill_a_queue_beyond_its_limit(pair: Pair) -> None:
    await pair.one.define()
    await pair.one.store.save_queue("default", None, limits=Limits(max_queued=20))
    made = await pair.at_once(
        lambda site: _unless_full(site.dispatch(site.order(), site.order(), site.order())), times=5
    )
    assert sum(map(len, made)) == 18
    assert len(await pair.one.all_runs()) == 18


async def _unless_full(dispatched: Awaitable[Dispatched]) -> list[Run]:
    try:
        return (await dispatched).runs
    except QueueFull:
        return []
