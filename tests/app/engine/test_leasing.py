"""Workers of the pool, and claims while the store fails: what the routes do not reach."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

import pytest

from blazy_jobs_server.domain.errors import StoreUnavailable, WorkerNotFound
from blazy_jobs_server.domain.ids import parse_run_id
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.engine.leasing import Leasing
from blazy_jobs_server.ports import Claim, Leased, WorkerRecord
from tests.app.server import Server, item
from tests.support.speed import stretched


async def pool_worker(leasing: Leasing, name: str, pid: int = 1) -> int:
    leasing.membership.pool_names.add(name.partition("/")[0])
    record = WorkerRecord(
        id=0, name=name, job_types=("greet",), queues=None, concurrency=10, registered_at=0, pool=True, pid=pid
    )
    return (await leasing.membership.register(record)).id


async def take(leasing: Leasing, worker_id: int) -> Run:
    [run] = (await leasing.claims.claim(worker_id, 1, 0, None)).runs
    return run


async def read(server: Server, run: Run) -> Run:
    return await server.jobs.run(run.id)


async def another(server: Server) -> Leasing:
    """The leasing of the next server over the same store, not yet started."""
    await server.jobs.leasing.stop()
    return Leasing(server.store, server.clock, lease_seconds=15, heartbeat_seconds=5)


# -- the pool


@pytest.mark.parametrize(("end", "losses"), [("died", 1), ("stopped", 0)])
async def test_the_end_of_a_pool_process_ends_both_its_lanes_and_no_others(
    server: Server, end: str, losses: int
) -> None:
    await server.register()
    leasing = server.jobs.leasing
    workers = [await pool_worker(leasing, name) for name in ("p1/async", "p1/slots", "p10/async")]
    for _ in workers:
        await server.dispatch()
    runs = [await take(leasing, worker) for worker in workers]
    if end == "died":
        await leasing.membership.pool_process_died("p1")
    else:
        await leasing.membership.pool_process_stopped("p1")
    found = [await read(server, run) for run in runs]
    assert [(run.state, run.losses, run.alone) for run in found] == [
        (State.QUEUED, losses, bool(losses)),
        (State.QUEUED, losses, bool(losses)),
        (State.RUNNING, 0, False),
    ]
    assert [member.record.id for member in leasing.membership.members()] == [workers[2]]
    with pytest.raises(WorkerNotFound):
        await leasing.claims.claim(workers[0], 1, 0, None)
    await leasing.membership.pool_process_died("p1")
    assert [(await read(server, run)).losses for run in runs] == [losses, losses, 0]


async def test_a_worker_elsewhere_of_the_same_name_is_not_the_pools(server: Server) -> None:
    await server.register()
    worker = await server.worker(name="p1/async")
    await server.dispatch()
    lease = await worker.take()
    await server.jobs.leasing.membership.pool_process_died("p1")
    assert (await server.run(lease))["state"] == "running"


async def test_a_pool_worker_of_another_server_is_told_to_stop_and_gets_nothing(server: Server) -> None:
    await server.register()
    leasing = server.jobs.leasing
    mine, others = await pool_worker(leasing, "p1/async"), await pool_worker(leasing, "p2/async")
    leasing.membership.pool_names.discard("p2")
    await server.dispatch()
    assert await leasing.claims.claim(others, 1, 0, None) == Leased()
    assert (await leasing.report(others, [], [])).drain is True
    assert (await leasing.report(mine, [], [])).drain is False
    assert (await leasing.claims.claim(mine, 1, 0, None)).number == 1
    leasing.drain()
    assert (await leasing.report(mine, [], [])).drain is True


async def test_a_pool_worker_that_died_with_its_server_is_nobodys_loss(server: Server) -> None:
    await server.register()
    for _ in range(2):
        await server.dispatch()
    dead, alive = [await pool_worker(server.jobs.leasing, f"p{n}/async", pid=n) for n in (1, 2)]
    of_the_dead, of_the_living = [await take(server.jobs.leasing, worker) for worker in (dead, alive)]
    leasing = await another(server)
    leasing.membership.alive = lambda record: record.pid != 1
    await leasing.start()
    run = await read(server, of_the_dead)
    assert (run.state, run.losses, run.alone) == (State.QUEUED, 0, False)
    assert (await read(server, of_the_living)).state is State.RUNNING
    assert [member.record.id for member in leasing.membership.members()] == [alive]
    await leasing.stop()


@pytest.mark.parametrize(("pool", "called", "losses"), [(True, False, 0), (True, True, 1), (False, False, 1)])
async def test_who_falls_silent_is_lost_but_for_a_pool_worker_never_heard_since_the_start(
    server: Server, pool: bool, called: bool, losses: int
) -> None:
    await server.register()
    await server.dispatch()
    if pool:
        worker = await pool_worker(server.jobs.leasing, "p1/async")
        run = await take(server.jobs.leasing, worker)
    else:
        elsewhere = await server.worker()
        key = parse_run_id((await elsewhere.take())["run"]["id"])
        assert key is not None
        run = await server.jobs.run(key)
        assert run.worker_id is not None
        worker = run.worker_id
    leasing = await another(server)
    await leasing.start()
    if called:
        await leasing.report(worker, [], [run.id])
    for _ in range(16):
        server.clock.move(0.95)
        await leasing.membership.give_up_silent()
    found = await read(server, run)
    assert (found.state, found.losses) == (State.QUEUED, losses)
    assert leasing.membership.members() == []
    await leasing.stop()


async def test_what_is_served_changes_with_who_is_there(server: Server) -> None:
    leasing = server.jobs.leasing
    assert not leasing.membership.served("greet", "default")
    worker = await server.worker()
    assert leasing.membership.served("greet", "default")
    assert not leasing.membership.served("other", "default")
    mail = await server.worker("other", queues=["mail"])
    assert leasing.membership.served("other", "mail")
    assert not leasing.membership.served("other", "default")
    await worker.leave()
    await mail.leave()
    assert not leasing.membership.served("greet", "default")
    assert not leasing.membership.served("other", "mail")


# -- a store that fails


class Failing:
    """Stands in for one verb: fails the first times, then lets through."""

    def __init__(self, verb: Any, times: int) -> None:
        self._verb = verb
        self.times = times
        self.calls = 0

    async def __call__(self, *arguments: Any, **named: Any) -> Any:
        self.calls += 1
        if self.calls <= self.times:
            raise StoreUnavailable("disk full")
        return await self._verb(*arguments, **named)


async def test_claims_that_wait_hear_of_a_store_that_fails_and_the_next_ones_are_served(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    leasing = server.jobs.leasing
    one, two = await pool_worker(leasing, "p1/async"), await pool_worker(leasing, "p1/slots")
    monkeypatch.setattr(server.store, "claim", Failing(server.store.claim, 1))
    answers = await asyncio.gather(
        leasing.claims.claim(one, 1, 30, None), leasing.claims.claim(two, 1, 30, None), return_exceptions=True
    )
    assert [type(answer) for answer in answers] == [StoreUnavailable] * 2
    waiting = asyncio.create_task(leasing.claims.claim(one, 1, 30, None))
    await server.settle()
    assert not waiting.done()
    await server.dispatch()
    assert (await waiting).number == 1


async def test_a_silent_worker_is_given_up_when_the_store_can_be_written_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    worker = await server.worker()
    await server.dispatch()
    lease = await worker.take()
    failing = Failing(server.store.give_up_worker, 3)
    monkeypatch.setattr(server.store, "give_up_worker", failing)
    for _ in range(40):
        server.clock.move(0.5)
        for _ in range(10):
            await asyncio.sleep(0)
        await server.store.ping()
    assert failing.calls > failing.times
    await server.settle()
    run = await server.run(lease)
    assert (run["state"], run["losses"]) == ("queued", 1)
    assert await server.store.workers() == []


async def test_claims_that_come_together_share_a_transaction(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.register()
    leasing = server.jobs.leasing
    workers = [await pool_worker(leasing, f"p1/{n}") for n in range(3)]
    asked: list[int] = []
    claim = server.store.claim

    async def counted(claims: list[Claim], lease_seconds: float) -> Sequence[Leased | None]:
        asked.append(len(claims))
        return await claim(claims, lease_seconds)

    monkeypatch.setattr(server.store, "claim", counted)
    waiting = [asyncio.create_task(leasing.claims.claim(worker, 1, 30, None)) for worker in workers]
    await server.settle()
    assert asked == [3]
    await server.post("/v1/runs/batch", {"runs": [{"job_type": "greet", "payload": n} for n in range(3)]}, status=202)
    runs = [run for answer in await asyncio.gather(*waiting) for run in answer.runs]
    assert len({run.id for run in runs}) == 3
    assert asked == [3, 3]


# -- progress that is held back


async def said(server: Server, lease: Any) -> list[Any]:
    return [event["data"]["percent"] for event in await server.events(lease) if event["type"] == "progress"]


async def test_the_newest_progress_outlives_a_store_that_fails_at_the_last_word(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    worker = await server.worker()
    await server.dispatch()
    lease = await worker.take()
    for percent in (1, 2):
        await worker.say(lease, "progress", percent=percent)
    monkeypatch.setattr(server.store, "report", Failing(server.store.report, 1))
    answer = await server.http.post(f"/v1/workers/{worker.id}/report", json={"reports": [item(lease, "completed")]})
    assert answer.status_code == 503
    await worker.complete(lease)
    assert await said(server, lease) == [1, 2]
    assert await server.types(lease) == ["queued", "started", "progress", "progress", "completed"]


async def test_the_newest_progress_is_written_when_the_store_can_be_written_again(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    worker = await server.worker()
    await server.dispatch()
    lease = await worker.take()
    for percent in (1, 2):
        await worker.say(lease, "progress", percent=percent)
    failing = Failing(server.store.report, 2)
    monkeypatch.setattr(server.store, "report", failing)
    await server.live(1)
    assert await said(server, lease) == [1]
    await server.live(2)
    assert (failing.calls, await said(server, lease)) == (3, [1, 2])


async def test_a_newer_progress_takes_the_place_of_one_that_could_not_be_written(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    worker = await server.worker()
    await server.dispatch()
    lease = await worker.take()
    for percent in (1, 2):
        await worker.say(lease, "progress", percent=percent)
    monkeypatch.setattr(server.store, "report", Failing(server.store.report, 1))
    await server.live(0.5)
    await worker.say(lease, "progress", percent=3)
    await server.live(3)
    assert await said(server, lease) == [1, 3]


async def test_what_is_committed_while_claims_are_being_served_is_looked_for_again(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    claim = server.store.claim
    made: list[Any] = []

    async def claimed_before_the_dispatch(claims: Sequence[Claim], lease_seconds: float) -> list[list[Run] | None]:
        found = await claim(claims, lease_seconds)
        if not made:
            made.append(await server.dispatch())
        return found

    server.store.claim = claimed_before_the_dispatch  # type: ignore[method-assign]
    async with asyncio.timeout(stretched(10)):
        [lease] = await worker.claim(1, 30)
    assert lease["run"]["id"] == made[0]["id"]
