"""The history's rows: written over those of the same place, found by job type and queue."""

from __future__ import annotations

from typing import Any

from blazy_jobs_server.domain.history import ALL, OTHER, Durations, Row
from blazy_jobs_server.domain.keys import Within
from blazy_jobs_server.ports.history import HistoryFilter
from tests.contract.stage import Stage


def row(job_type: str, queue: str, at: int = 60, *, server: int = 1, step: int = 60, **fields: Any) -> Row:
    return Row(step=step, job_type=job_type, queue=queue, at=at, server=server, **fields)


async def found(
    stage: Stage, where: HistoryFilter, start: int = 0, end: int = 10_000
) -> set[tuple[str, str, int, int]]:
    return {(r.job_type, r.queue, r.at, r.server) for r in await stage.store.history(60, where, start, end)}


async def test_a_row_comes_back_as_it_was_and_one_of_the_same_place_takes_its_place(stage: Stage) -> None:
    await stage.run_of()
    whole = row(
        "greet",
        "default",
        server=2**61,
        counts=(1, 2, 3, 4, 5, 6),
        deepest=7,
        oldest=8_000_000_000_000,
        waited=Durations([1] * 19, 12.5),
    )
    for counts in (whole.counts, (9, 9, 9, 9, 9, 9)):
        written = row("greet", "default", server=2**61, counts=counts, deepest=7, oldest=1 << 40, waited=whole.waited)
        await stage.store.save_history([written, row(ALL, ALL)])
        both = await stage.store.history(60, HistoryFilter(job_type="greet"), 0, 100)
        assert sorted(both, key=lambda r: r.job_type) == [row(ALL, ALL), written]


async def test_what_is_asked_for_is_found_and_always_that_of_all(stage: Stage) -> None:
    await stage.define("other")
    await stage.run_of()
    await stage.run_of("other", queue="mail")
    pairs = [("greet", "default"), ("other", "mail"), (ALL, "default"), (ALL, "mail"), (OTHER, OTHER), (ALL, ALL)]
    await stage.store.save_history([row(*pair, at) for pair in pairs for at in (60, 120)])
    all_of_60 = (ALL, ALL, 60, 1)
    assert await found(stage, HistoryFilter(), 60, 120) == {all_of_60}
    assert await found(stage, HistoryFilter(job_type="greet"), 0, 61) == {all_of_60, ("greet", "default", 60, 1)}
    assert await found(stage, HistoryFilter(queue="mail"), 0, 61) == {all_of_60, (ALL, "mail", 60, 1)}
    assert await found(stage, HistoryFilter(job_type=OTHER), 0, 61) == {all_of_60, (OTHER, OTHER, 60, 1)}
    assert await found(stage, HistoryFilter(job_type="greet", queue="mail"), 0, 61) == {all_of_60}
    mine = Within(("oth*",), None)
    assert await found(stage, HistoryFilter(within=mine), 0, 61) == {all_of_60, ("other", "mail", 60, 1)}
    assert await found(stage, HistoryFilter(job_type="greet", within=mine), 0, 61) == {all_of_60}
    assert len(await stage.store.history_of_all(60, 60, 120)) == len(pairs)
    assert await stage.store.history_of_all(900, 0, 1000) == []


async def test_rows_of_a_step_are_deleted_up_to_a_time(stage: Stage) -> None:
    await stage.run_of()
    assert await stage.store.history_ends(60) is None
    times = [60 * n for n in range(1, 6)]
    await stage.store.save_history([row(*pair, at) for at in times for pair in (("greet", "default"), (ALL, ALL))])
    await stage.store.save_history([row(ALL, ALL, 0, step=900, server=0)])
    assert await stage.store.history_ends(60) == (60, 300)
    await stage.store.prune_history(60, 180)
    assert await stage.store.history_ends(60) == (180, 300)
    assert {r.at for r in await stage.store.history_of_all(60, 0, 1000)} == {180, 240, 300}
    assert await stage.store.history_ends(900) == (0, 0)
