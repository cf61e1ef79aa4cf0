"""Events and runs are read in bounded pieces, however long the results and payloads are that they carry."""

from __future__ import annotations

from typing import Any

import pytest

from blazy_jobs_server.domain.event import EventType
from blazy_jobs_server.ports import EventFilter
from blazy_jobs_server.store.postgres import PostgresStore
from blazy_jobs_server.store.rows import PAGE_BYTES
from tests.contract.stage import Stage, ids

LONG = '"' + "x" * 1_000_000 + '"'


@pytest.fixture
async def long(stage: Stage) -> list[int]:
    """Runs with long results, by their keys."""
    await stage.define()
    await stage.dispatch(*(stage.order() for _ in range(12)))
    leases = await stage.take()
    for lease in leases:
        await stage.complete(lease, LONG)
    return ids(leases)


@pytest.mark.parametrize("types", [frozenset[int](), frozenset({int(EventType.COMPLETED)})])
async def test_a_step_of_the_feed_is_bounded_and_none_is_passed_over(
    stage: Stage, long: list[int], types: frozenset[int]
) -> None:
    await stage._whole_feed(await stage.all_runs())
    where = EventFilter(types=types)
    found, after, steps = [], 0, 0
    while True:
        page, looked = await stage.store.feed(after, where, 500)
        assert sum(len(event.data) for event in page) <= PAGE_BYTES + len(LONG) + 100
        found += page
        if looked == after:
            break
        after, steps = looked, steps + 1
    assert steps > 2
    assert [event.id for event in found] == sorted({event.id for event in found})
    ended = [event.run_id for event in found if event.type is EventType.COMPLETED]
    assert ended == long
    assert len(found) == (12 if types else 36)


async def test_a_result_is_read_for_its_final_event_only(
    stage: Stage, long: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not once for each event of its run."""
    read: list[Any] = []

    from blazy_jobs_server.store import reading
    from blazy_jobs_server.store.postgres import reading as on_postgres

    for module in (reading, on_postgres):
        to_event = module.to_event

        def noted(row: Any, *rest: Any, to_event: Any = to_event) -> Any:
            read.append((row[3], rest[-2]))
            return to_event(row, *rest)

        monkeypatch.setattr(module, "to_event", noted)
    await stage._whole_feed(await stage.all_runs())
    assert {kind for kind, result in read if result is not None} == {int(EventType.COMPLETED)}


async def test_unfinished_runs_with_long_payloads_are_read_in_pages(stage: Stage) -> None:
    await stage.define()
    made = (await stage.dispatch(*(stage.order(payload=LONG) for _ in range(12)))).runs
    found: list[int] = []
    more, pages = True, 0
    while more:
        page, more = await stage.store.unfinished("default", found[-1] if found else 0, 50)
        assert 0 < len(page) <= 4
        found += ids(page)
        pages += 1
    assert (found, pages) == (ids(made), 3)


@pytest.mark.system
async def test_who_reads_along_on_postgres_gets_all_of_them(
    stage: Stage, long: list[int], request: pytest.FixtureRequest
) -> None:
    if not isinstance(stage.store, PostgresStore):
        pytest.skip("SQLite publishes what it commits")
    await stage._whole_feed(await stage.all_runs())
    reader, place, told = stage.store._reader, 0, []
    while True:
        events, reached, more = await reader.tail(place, 500)
        told += events
        assert more or reached >= place
        place = reached
        if not more:
            break
    assert len(told) == 36
    assert [event.run_id for event in told if event.type is EventType.COMPLETED] == long
