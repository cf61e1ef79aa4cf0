"""Queues of another engine share the claims that wait: `reserve` and `hand`."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.engine.claims import Waiting
from blazy_jobs_server.engine.leasing import Leasing
from blazy_jobs_server.ports import WorkerRecord
from tests.app.server import Server

NAMES = frozenset(("greet",))
Claims = asyncio.Task[list[Run]]


@pytest.fixture
async def leasing(server: Server) -> Leasing:
    await server.register()
    return server.jobs.leasing


@pytest.fixture
async def claim(server: Server, leasing: Leasing) -> AsyncIterator[Claims]:
    claim = await waits(server, leasing, "greet")
    yield claim
    claim.cancel()


async def waits(server: Server, leasing: Leasing, job_type: str) -> Claims:
    """A claim for which the store has nothing."""
    record = WorkerRecord(
        id=0, name=job_type, job_types=(job_type,), queues=None, concurrency=10, registered_at=0, pool=False, pid=1
    )
    worker = await leasing.membership.register(record)
    claim = asyncio.create_task(leasing.claims.claim(worker.id, 10, 60, None))
    await server.settle()
    return claim


def queue_up(leasing: Leasing, *queues: str) -> list[asyncio.Task[list[Waiting]]]:
    return [asyncio.create_task(leasing.sharing.reserve(queue, NAMES)) for queue in queues]


async def test_queues_take_turns_and_none_is_left_out(server: Server, leasing: Leasing, claim: Claims) -> None:
    turns = queue_up(leasing, "a", "b", "c")
    for n, turn in enumerate(turns):
        await server.settle()
        assert [other.done() for other in turns] == [True] * (n + 1) + [False] * (len(turns) - n - 1)
        [waiting] = turn.result()
        assert leasing.sharing.hand(waiting, [])
    assert not claim.done()


async def test_what_becomes_ready_in_the_store_while_a_queue_has_the_claims_is_claimed_before_the_next_one_has_them(
    server: Server, leasing: Leasing, claim: Claims
) -> None:
    first, second = queue_up(leasing, "a", "b")
    [waiting] = await first
    await server.dispatch()
    leasing.sharing.hand(waiting, [])
    assert [run.job_type for run in (await claim).runs] == ["greet"]
    assert not second.done()
    second.cancel()


async def test_a_queue_that_ends_while_it_is_given_claims_keeps_none(
    server: Server, leasing: Leasing, claim: Claims
) -> None:
    before, first, second = queue_up(leasing, "a", "b", "c")
    [waiting] = await before
    leasing.sharing.hand(waiting, [])
    await asyncio.sleep(0)  # it has its turn, and has not gone on
    first.cancel()
    assert await second == [waiting]


async def test_a_queue_waits_for_the_claim_that_serves_what_it_has(
    server: Server, leasing: Leasing, claim: Claims
) -> None:
    await server.register("other")
    other = await waits(server, leasing, "other")
    [both] = queue_up(leasing, "a")
    assert len(await both) == 2
    [again] = queue_up(leasing, "a")
    leasing.sharing.hand(next(w for w in both.result() if "other" in w.member.job_types), [])
    await server.settle()
    assert not again.done()
    leasing.sharing.hand(next(w for w in both.result() if "greet" in w.member.job_types), [])
    assert len(await again) == 2
    other.cancel()
