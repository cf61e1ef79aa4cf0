"""Bulk operations: a step is made once, from where it begins, and does to each run what is done to one alone."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from blazy_jobs_server.domain.bulk import Bulk, BulkAction, BulkState
from blazy_jobs_server.domain.errors import BulkFinished, JobsError
from blazy_jobs_server.domain.run import Run, State
from blazy_jobs_server.ports.bulk import Advance
from tests.app.clock import SECOND
from tests.contract.conftest import NewPlace
from tests.contract.stage import Stage, ids
from tests.support.examples import examples


async def begun(stage: Stage, action: BulkAction, **fields: Any) -> Bulk:
    made = await stage.store.create_bulk(Bulk(action=action, **fields))
    leased = await stage.store.lease_bulk(made.id, "mine", stage.clock.now() + 15 * SECOND)
    assert leased == made
    return made


def step(bulk: Bulk, run_ids: list[int], place: int, **fields: Any) -> Advance:
    return Advance(bulk=bulk, lease="mine", lease_until=1 << 61, run_ids=run_ids, place=place, **fields)


async def test_runs_that_wait_are_cancelled_as_if_each_were_by_itself(stage: Stage) -> None:
    await stage.define("greet", retention_seconds=60.0)
    running = await stage.started()
    retrying = await stage.started()
    await stage.fail(retrying, retry_after_seconds=100)
    waiting = (
        await stage.dispatch(
            stage.order(tags='["x","y"]'),
            stage.order(delay_seconds=50),
            stage.order(),
            stage.order(priority=3),
            key="k",
        )
    ).runs
    run_ids = sorted([*ids(waiting), running.id, retrying.id], reverse=True)
    bulk = await begun(stage, BulkAction.CANCEL)
    assert bulk.id > run_ids[0]
    stage.clock.move(1)
    advanced = await stage.store.advance_bulk(step(bulk, run_ids, run_ids[-1], end=BulkState.COMPLETED))
    assert advanced is not None
    assert (advanced.bulk.done, advanced.bulk.skipped, advanced.bulk.state) == (6, 0, BulkState.COMPLETED)
    assert advanced.cancelling == {7}
    single = await stage.run_of()
    await stage.store.cancel(single.id, None)
    expected = await stage.read(single)
    for run_id in [*ids(waiting), retrying.id]:
        run = await stage.read(run_id)
        assert (run.state, run.cancel_requested, run.finished_at) == (State.CANCELLED, True, expected.finished_at)
        assert run.delete_at == (expected.delete_at if run_id == retrying.id else run.keep_until)
        [*_, last] = await stage.store.events(run_id, 0, 10)
        assert (last.data, last.seq, last.state, last.attempt) == (
            '{"reason":null}',
            run.seq,
            State.CANCELLED,
            run.attempt,
        )
    assert (await stage.read(running)).cancel_requested
    assert await stage.take() == []


async def test_a_step_is_made_once_and_by_who_has_the_lease(stage: Stage) -> None:
    runs = [await stage.run_of() for _ in range(4)]
    bulk = await begun(stage, BulkAction.REPRIORITISE, priority=9)
    first = step(bulk, [runs[3].id], runs[3].id)
    answers = await asyncio.gather(*(stage.store.advance_bulk(first) for _ in range(4)))
    [advanced] = [answer for answer in answers if answer is not None]
    assert (advanced.bulk.place, advanced.bulk.done) == (runs[3].id, 1)
    foreign = Advance(bulk=advanced.bulk, lease="other", lease_until=1 << 61, run_ids=[runs[2].id], place=runs[2].id)
    assert await stage.store.advance_bulk(foreign) is None
    assert [(await stage.read(run)).priority for run in runs] == [0, 0, 0, 9]
    assert await stage.store.running_bulks() == [advanced.bulk]


async def test_what_has_ended_is_at_an_end(stage: Stage) -> None:
    run = await stage.run_of(delay_seconds=10)
    bulk = await begun(stage, BulkAction.RUN_NOW)
    cancelled = await stage.store.cancel_bulk(bulk.id)
    assert cancelled is not None
    assert (cancelled.state, cancelled.finished_at) == (BulkState.CANCELLED, stage.clock.now())
    assert await stage.store.advance_bulk(step(bulk, [run.id], run.id)) is None
    assert await stage.store.lease_bulk(bulk.id, "mine", 1) is None
    with pytest.raises(BulkFinished):
        await stage.store.cancel_bulk(bulk.id)
    assert await stage.store.cancel_bulk(99) is None
    assert (await stage.read(run)).state is State.SCHEDULED
    assert [found.id for found in await stage.store.bulks(None, 5)] == [bulk.id]
    stage.clock.move(91 * 86_400)
    await stage.store.prune(10)
    assert await stage.store.bulk(bulk.id) is None


WAITING: dict[str, dict[str, Any]] = {
    "plain": {},
    "plain too": {},
    "tagged": {"tags": '["x","y"]'},
    "of another type": {"name": "other"},
    "in another queue": {"queue": "side"},
    "ranked": {"priority": 3},
    "later": {"delay_seconds": 50},
    "expiring": {"expires_seconds": 40},
    "deduped": {"dedupe_key": "k"},
    "kept": {"key": "k"},
    "own settings": {"overrides": '{"timeout_seconds":7}'},
}
LEASED = (
    "running",
    "retrying",
    "snoozed",
    "released",
    "dropped",
    "lost",
    "completed",
    "failed",
    "cancelled",
    "resolved",
)


async def twins(stage: Stage, life: str, number: int) -> list[Run]:
    """Two runs that have lived alike."""
    if life in WAITING:
        fields = dict(WAITING[life])
        name, key = fields.pop("name", "greet"), fields.pop("key", None)
        made = []
        for side in "ab":
            own = {"dedupe_key": f"{side}{number}"} if "dedupe_key" in fields else {}
            order = stage.order(name, **fields | own)
            made += (await stage.dispatch(order, key=None if key is None else f"{side}{number}")).runs
        return made
    name = f"leased{number}"
    await stage.define(name, retention_seconds=60.0 * (number + 1))
    runs = await stage.claim_of(2, name=name)
    for run in runs:
        await live(stage, run, life)
    return runs


async def live(stage: Stage, run: Run, life: str) -> None:
    match life:
        case "retrying":
            await stage.fail(run, retry_after_seconds=100)
        case "dropped":
            await stage.say(run, "log", data='{"level":"info","message":"m","fields":{}}')
            await stage.say(run, "snoozed", delay_seconds=50, dropped=3)
        case "snoozed" | "released" | "lost":
            await stage.say(run, life, delay_seconds=50)
        case "completed":
            await stage.complete(run)
        case "failed" | "resolved":
            await stage.fail(run, retryable=False)
            if life == "resolved":
                await stage.store.resolve(run.id)
        case "cancelled":
            await stage.store.cancel(run.id, "enough")


async def alone(stage: Stage, action: BulkAction, run: Run) -> bool:
    """What the action does to a run that is named by itself; whether it does anything."""
    if action is BulkAction.RESOLVE and (await stage.read(run)).resolved_at is not None:
        return False
    verbs: dict[BulkAction, Callable[[int], Awaitable[object]]] = {
        BulkAction.CANCEL: lambda run_id: stage.store.cancel(run_id, None),
        BulkAction.RUN_NOW: stage.store.run_now,
        BulkAction.RESOLVE: stage.store.resolve,
        BulkAction.ERASE: stage.store.erase,
    }
    try:
        await verbs[action](run.id)
    except JobsError:
        return False
    return True


async def shape(stage: Stage, run: Run) -> tuple[Any, ...] | None:
    """All of a run that its twin has too."""
    found = await stage.store.run(run.id)
    if found is None:
        return None
    events = [(e.seq, e.type, e.state, e.attempt, e.time, e.tags, e.data) for e in await stage.events(run)]
    return replace(found, id=0, dedupe_key=None), events


@settings(max_examples=examples(40), deadline=None, suppress_health_check=list(HealthCheck))
@given(
    lives=st.lists(st.sampled_from([*WAITING, *LEASED]), min_size=1, max_size=8),
    action=st.sampled_from([BulkAction.CANCEL] * 3 + [BulkAction.RUN_NOW, BulkAction.RESOLVE, BulkAction.ERASE]),
    states=st.just(frozenset[State]()) | st.frozensets(st.sampled_from(State), min_size=1),
    size=st.integers(1, 8),
    crashed=st.booleans(),
)
async def test_a_bulk_operation_makes_of_each_run_what_its_action_makes_of_one(
    tmp_path: Path,
    new_place: NewPlace,
    lives: list[str],
    action: BulkAction,
    states: frozenset[State],
    size: int,
    crashed: bool,
) -> None:
    """Of two runs that have lived alike, one is reached by it and the other by itself."""
    async with Stage(new_place(Path(tempfile.mkdtemp(dir=tmp_path)))) as stage:
        await stage.define("greet", retention_seconds=60.0)
        await stage.define("other", retention_seconds=1000.0)
        pairs = [await twins(stage, life, number) for number, life in enumerate(lives)]
        stage.clock.move(1)
        reached = {one.id for one, two in pairs if not states or (await stage.read(two)).state in states}
        expected = sum([await alone(stage, action, two) for one, two in pairs if one.id in reached])
        run_ids = sorted((one.id for one, _ in pairs), reverse=True)
        at = await begun(stage, action)
        for start in range(0, len(run_ids), size):
            some = run_ids[start : start + size]
            advanced = await stage.store.advance_bulk(step(at, some, some[-1], states=states))
            assert advanced is not None
            if crashed:
                await stage.reopen(crashed=True)
                assert await stage.store.lease_bulk(at.id, "mine", 1 << 61) == advanced.bulk
            assert await stage.store.advance_bulk(step(at, some, some[-1], states=states)) is None
            at = advanced.bulk
        assert (at.done, at.skipped, at.failed) == (expected, len(pairs) - expected, 0)
        for one, two in pairs:
            assert await shape(stage, one) == await shape(stage, two)
