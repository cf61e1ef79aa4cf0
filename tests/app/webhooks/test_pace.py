"""Messages yield to runs while the process is busy with these, and for no longer than a minute."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator

import pytest

from blazy_jobs_server.webhooks.pace import (
    LEAST_RATE,
    LOOK_SECONDS,
    MAX_LAG_SECONDS,
    MORE,
    NOTE_SECONDS,
    WAIT_SECONDS,
    Pace,
)
from tests.app.clock import HandClock


async def moved(clock: HandClock, seconds: float) -> None:
    """The timers that are due by then have called."""
    clock.move(seconds)
    for _ in range(3):
        await asyncio.sleep(0)


class Process:
    """So much of a core is used by it while the clock is moved."""

    def __init__(self, clock: HandClock) -> None:
        self.clock = clock
        self.share = 0.0
        self.used_seconds = 0.0
        self.turns = 0
        self.pace = Pace(used_seconds=lambda: self.used_seconds)
        self.pace.on_turn = self._turn

    def _turn(self) -> None:
        self.turns += 1

    async def live(self, seconds: float, *, commits: int = 0, lag_seconds: float = 0) -> int:
        """How many messages begin meanwhile where there is always another, as many again at each moment as may."""
        begun = 0
        for _ in range(round(seconds / LOOK_SECONDS)):
            for _ in range(commits):
                self.pace.note_commit()
            for _ in range(10):
                begun += self._begin(20, lag_seconds)
                self.used_seconds += self.share * LOOK_SECONDS / 10
                await moved(self.clock, LOOK_SECONDS / 10)
        return begun

    def _begin(self, most: int, lag_seconds: float) -> int:
        return next((n for n in range(most) if not self.pace.may_send(lag_seconds)), most)


@pytest.fixture
async def process(clock: HandClock) -> AsyncIterator[Process]:
    process = Process(clock)
    yield process
    process.pace.stop()


async def test_without_runs_nothing_is_held_back_however_busy_it_is(process: Process) -> None:
    process.share = 1.0
    assert await process.live(1) == 20 * 200
    assert process.pace.rate == math.inf


async def test_an_idle_process_holds_nothing_back_however_many_runs_there_are(process: Process) -> None:
    process.share = 0.3
    assert await process.live(1, commits=100) == 20 * 200


async def test_where_both_want_the_processor_a_message_begins_now_and_then(process: Process) -> None:
    process.share = 1.0
    await process.live(1, commits=5)
    assert process.pace.rate == LEAST_RATE
    begun = await process.live(2, commits=5)
    assert 0.8 * 2 * LEAST_RATE <= begun <= 1.1 * 2 * LEAST_RATE
    assert process.turns > 0, "it is told when another may begin"


async def test_who_is_far_behind_is_not_held_back(process: Process) -> None:
    process.share = 1.0
    await process.live(1, commits=5)
    assert await process.live(1, commits=5, lag_seconds=MAX_LAG_SECONDS) == 20 * 200


async def test_the_rate_grows_when_there_is_time_again(process: Process) -> None:
    process.share = 1.0
    await process.live(1, commits=5)
    process.share = 0.1
    await process.live(1, commits=5)
    assert process.pace.rate >= LEAST_RATE * MORE ** (0.9 / LOOK_SECONDS)


async def test_when_runs_want_nothing_more_it_is_not_bounded(process: Process) -> None:
    process.share = 1.0
    await process.live(1, commits=5)
    await process.live(1)
    assert process.pace.rate == math.inf


async def test_it_looks_only_while_it_is_asked(process: Process, clock: HandClock) -> None:
    process.share = 1.0
    await process.live(1, commits=5)
    for _ in range(3):
        await moved(clock, LOOK_SECONDS)
    assert process.pace.rate == math.inf
    assert process.pace._looking is None


async def test_one_that_waits_is_told_though_nobody_asks_again(process: Process, clock: HandClock) -> None:
    process.share = 1.0
    await process.live(1, commits=5)
    while process.pace.may_send(0):
        pass
    before = process.turns
    for _ in range(round(1 / LEAST_RATE / WAIT_SECONDS) + 1):
        await moved(clock, WAIT_SECONDS)
    assert process.turns > before


async def test_the_place_of_a_webhook_is_noted_less_often_while_messages_yield(process: Process) -> None:
    assert process.pace.pause_seconds(0) == 0
    process.share = 1.0
    await process.live(1, commits=5)
    assert process.pace.pause_seconds(0) == NOTE_SECONDS
    assert process.pace.pause_seconds(MAX_LAG_SECONDS) == 0, "it sends as fast as it can, and notes as often"
    await process.live(1)
    assert process.pace.pause_seconds(0) == 0
