"""Reports and claims that PostgreSQL is asked for in one statement, and what has to go the ordinary way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager

import pytest
from msgspec.structs import replace

from blazy_jobs_server.domain.run import Run
from blazy_jobs_server.ports import Completed, Judged, Leased
from blazy_jobs_server.store.postgres import column_statements as sql
from tests.app.store.pair import Pair, Site
from tests.contract.stage import LEASE_SECONDS, ids
from tests.support.postgres import Postgres

pytestmark = pytest.mark.system


@pytest.fixture
async def pair(postgres: Postgres, empty_postgres: str) -> AsyncIterator[Pair]:
    async with Pair(postgres, empty_postgres, columns=True) as pair:
        yield pair


@contextmanager
def sent(site: Site) -> Iterator[list[str]]:
    """What the connection that writes sends."""
    statements: list[str] = []
    connection = site.store._hot._session._connection
    assert connection is not None
    with connection.query_logger(lambda query: statements.append(query.query)):
        yield statements


async def leased(site: Site, limit: int = 100) -> Leased:
    [answer] = await site.store.claim([replace(site.asks(limit=limit), columns=True)], LEASE_SECONDS)
    assert answer is not None
    return answer


async def completed(site: Site, leased: Leased) -> Judged:
    said = [Completed(batch.token, 1, batch.run_ids) for batch in leased.batches]
    return await site.store.report(7, (), (), LEASE_SECONDS, said)


async def made(site: Site, number: int) -> list[Run]:
    return (await site.dispatch(*(site.order(payload=f"{n}") for n in range(number)))).runs


async def test_a_claim_is_one_statement_and_so_is_a_report(pair: Pair) -> None:
    runs = await made(pair.one, 3)
    with sent(pair.one) as statements:
        answer = await leased(pair.one)
        assert (await completed(pair.one, answer)).completed == [{}]
    assert statements == [sql.AT_ONCE] * 2
    assert [batch.run_ids for batch in answer.batches] == [ids(runs)]
    assert [await pair.one.state(run) for run in runs] == ["completed"] * 3


async def test_a_report_and_the_next_claim_share_a_statement(pair: Pair) -> None:
    runs = await made(pair.one, 4)
    first = await leased(pair.one, 2)
    with sent(pair.one) as statements:
        judged, second = await asyncio.gather(completed(pair.one, first), leased(pair.one))
    assert statements == [sql.AT_ONCE]
    assert judged.completed == [{}]
    assert [batch.run_ids for batch in second.batches] == [ids(runs[2:])]


async def test_what_another_server_has_changed_is_heeded(pair: Pair) -> None:
    await made(pair.one, 2)
    batch = (await leased(pair.one, 1)).batches[0]
    await pair.other.store.save_queue("default", True)
    assert (await leased(pair.one)).number == 0
    await pair.other.store.save_queue("default", False)
    assert (await leased(pair.one)).number == 1
    await pair.other.define(retention_seconds=60.0, result_schema={"type": "integer"})
    judged = await completed(pair.one, Leased([], [batch]))
    assert judged.completed == [{}], "its own definition has none"


async def test_a_worker_that_left_gets_nothing(pair: Pair) -> None:
    worker = await pair.one.worker()
    await made(pair.one, 2)
    await leased(pair.one, 1)
    await pair.other.store.give_up_worker(worker, lost=False)
    assert await pair.one.store.claim([replace(pair.one.asks(worker), columns=True)], LEASE_SECONDS) == [None]


async def test_a_run_whose_time_has_come_is_claimed_too(pair: Pair) -> None:
    await made(pair.one, 2)
    await leased(pair.one, 1)
    later = (await pair.one.dispatch(pair.one.order(delay_seconds=5))).runs[0]
    pair.clock.move(6)
    answer = await leased(pair.one)
    assert later.id in answer.batches[0].run_ids


async def test_runs_beside_a_batch_come_in_the_order_of_starts(pair: Pair) -> None:
    await pair.one.say(await pair.one.started(), "released")
    plain = await made(pair.one, 3)
    own = (await pair.one.dispatch(pair.one.order(priority=9, overrides='{"timeout_seconds":7}'))).runs[0]
    answer = await leased(pair.one, 4)
    assert (answer.runs[0].id, len(answer.runs)) == (own.id, 2)
    assert [batch.run_ids for batch in answer.batches] == [ids(plain[:2])]


async def test_what_is_left_of_a_report_is_judged_and_the_rest_is_not_undone(pair: Pair) -> None:
    await made(pair.one, 3)
    answer = await leased(pair.one)
    [batch] = answer.batches
    await pair.other.store.cancel(batch.run_ids[1], None)
    judged = await completed(pair.one, answer)
    assert {key: value.cancel_requested for key, value in judged.completed[0].items()} == {batch.run_ids[1]: True}
    assert (await completed(pair.other, answer)).completed[0].keys() <= {batch.run_ids[1]}
    assert [await pair.one.state(run_id) for run_id in batch.run_ids] == ["completed"] * 3
    assert [await pair.one.log(run_id) for run_id in batch.run_ids] == [
        ["queued", "started", "completed"],
        ["queued", "started", "cancelling", "completed"],
        ["queued", "started", "completed"],
    ]
