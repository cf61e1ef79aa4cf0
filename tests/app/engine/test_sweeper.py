"""The sweeper: it steps when something is due, and goes on whatever a step does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.engine.sweeper import PRUNE_BATCH, PRUNE_IDLE_SECONDS, PRUNE_PAUSE_SECONDS, Sweeper
from blazy_jobs_server.ports import Commit, Swept
from tests.app.clock import SECOND, HandClock


class Sweeps:
    """The two verbs of the store that a sweeper uses: each step answers what the test put here."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.answers: list[int | Exception | None] = []
        self.pruned: list[int] = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def sweep(self) -> Swept:
        self.done.append("sweep")
        await self.gate.wait()
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        return Swept(answer)

    async def prune(self, limit: int) -> int:
        assert limit == PRUNE_BATCH
        self.done.append("prune")
        return self.pruned.pop(0) if self.pruned else 0

    async def give_up_silent(self) -> None:
        self.done.append("silent")

    @property
    def steps(self) -> int:
        return self.done.count("sweep")


@pytest.fixture
async def store() -> Sweeps:
    return Sweeps()


@pytest.fixture
async def sweeper(store: Sweeps, clock: HandClock) -> AsyncIterator[Sweeper]:
    sweeper = Sweeper(store, clock, store.give_up_silent)  # type: ignore[arg-type]
    yield sweeper
    store.gate.set()
    await sweeper.stop()


@pytest.fixture
async def started(sweeper: Sweeper, store: Sweeps) -> Sweeper:
    await sweeper.start()
    await turns()
    store.done.clear()
    return sweeper


def due(at: int) -> Commit:
    return Commit([], set(), {}, due_at=at)


async def turns() -> None:
    for _ in range(8):
        await asyncio.sleep(0)


async def move(clock: HandClock, seconds: float) -> None:
    clock.move(seconds)
    await turns()


async def test_it_looks_at_once_when_it_starts_and_takes_silent_workers_first(sweeper: Sweeper, store: Sweeps) -> None:
    await sweeper.start()
    await turns()
    assert [step for step in store.done if step != "prune"] == ["silent", "sweep"]


async def test_it_steps_when_the_last_step_said(started: Sweeper, store: Sweeps, clock: HandClock) -> None:
    store.answers = [clock.now() + 9 * SECOND, None]
    started.on_commit(due(clock.now() + SECOND))
    await move(clock, 1.01)
    assert store.steps == 1
    await move(clock, 7.9)
    assert store.steps == 1
    await move(clock, 0.1)
    assert store.steps == 2
    await move(clock, 1000)
    assert store.steps == 2, "nothing was due any more"


async def test_a_commit_that_is_due_earlier_comes_first(started: Sweeper, store: Sweeps, clock: HandClock) -> None:
    started.on_commit(due(clock.now() + 50 * SECOND))
    started.on_commit(due(clock.now() + 2 * SECOND))
    started.on_commit(due(clock.now() + 70 * SECOND))
    started.on_commit(Commit([], set(), {}))
    await move(clock, 2.01)
    assert store.steps == 1


async def test_what_is_told_during_a_step_is_not_lost(started: Sweeper, store: Sweeps, clock: HandClock) -> None:
    store.gate.clear()
    started.on_commit(due(clock.now()))
    await turns()
    assert store.steps == 1
    started.on_commit(due(clock.now() + SECOND))
    store.gate.set()
    await turns()
    await move(clock, 1.01)
    assert store.steps == 2


async def test_a_reader_that_must_not_see_the_past_waits_for_what_is_due(
    started: Sweeper, store: Sweeps, clock: HandClock
) -> None:
    await started.catch_up()
    assert store.steps == 0, "nothing is due"
    started.on_commit(due(clock.now() + SECOND))
    await started.catch_up()
    assert store.steps == 0
    clock.move(1)
    store.answers = [clock.now(), clock.now(), clock.now() + SECOND]
    await started.catch_up()
    assert store.steps == 3, "until a step leaves nothing that is due"


async def test_a_reader_waits_for_the_step_that_is_under_way(started: Sweeper, store: Sweeps, clock: HandClock) -> None:
    store.gate.clear()
    started.on_commit(due(clock.now()))
    await turns()
    reader = asyncio.create_task(started.catch_up())
    await turns()
    assert (store.steps, reader.done()) == (1, False)
    store.gate.set()
    await reader
    assert store.steps == 1, "it has done what the reader waited for"


async def test_a_step_that_failed_is_done_again_a_second_later(
    started: Sweeper, store: Sweeps, clock: HandClock
) -> None:
    store.answers = [StoreUnavailable("disk full"), ValueError("boom"), None]
    started.on_commit(due(clock.now()))
    await turns()
    assert store.steps == 1
    for steps in (2, 3):
        await move(clock, 1.01)
        assert store.steps == steps
    await move(clock, 1000)
    assert store.steps == 3


async def test_a_reader_is_told_of_a_step_that_fails_and_the_next_one_tries_again(
    started: Sweeper, store: Sweeps, clock: HandClock
) -> None:
    started.on_commit(due(clock.now() + SECOND))
    clock.move(1)
    store.answers = [StoreUnavailable("disk full"), None]
    with pytest.raises(StoreUnavailable):
        await started.catch_up()
    await started.catch_up()
    assert store.steps == 2


async def test_retention_goes_on_soon_after_a_full_batch_and_rests_after_the_last(
    sweeper: Sweeper, store: Sweeps, clock: HandClock
) -> None:
    store.pruned = [PRUNE_BATCH, PRUNE_BATCH, 3]
    await sweeper.start()
    await turns()
    assert store.done.count("prune") == 1
    for batches in (2, 3):
        await move(clock, PRUNE_PAUSE_SECONDS + 0.001)
        assert store.done.count("prune") == batches
    await move(clock, PRUNE_IDLE_SECONDS - 0.01)
    assert store.done.count("prune") == 3
    await move(clock, 0.02)
    assert store.done.count("prune") == 4


async def test_stopping_twice_or_before_the_start_is_harmless(sweeper: Sweeper) -> None:
    await sweeper.stop()
    await sweeper.start()
    await sweeper.stop()
    await sweeper.stop()
