"""Messages yield to runs while the event loop is busy with these, and for no longer than a minute."""

from __future__ import annotations

import asyncio

from blazy_jobs_server.webhooks.pace import LOOK_SECONDS, MAX_LAG_SECONDS, YIELDING_SECONDS, Pace
from tests.app.clock import HandClock

ALWAYS_BUSY = -1.0


async def looks(clock: HandClock, number: int = 20) -> None:
    for _ in range(number):
        clock.move(LOOK_SECONDS)
        for _ in range(5):
            await asyncio.sleep(0)


async def asked_while(pace: Pace, clock: HandClock, *, commits: int, number: int = 20) -> None:
    for _ in range(number):
        for _ in range(commits):
            pace.note_commit()
        pace.may_send(MAX_LAG_SECONDS)
        await looks(clock, 1)


async def test_without_runs_nothing_is_held_back_however_busy_the_loop_is(clock: HandClock) -> None:
    pace = Pace(ALWAYS_BUSY)
    await asked_while(pace, clock, commits=0)
    assert all(pace.may_send(0) for _ in range(100))
    pace.stop()


async def test_an_idle_loop_holds_nothing_back_however_many_runs_there_are(clock: HandClock) -> None:
    pace = Pace(busy_turn_seconds=60)
    await asked_while(pace, clock, commits=100)
    assert all(pace.may_send(0) for _ in range(100))
    pace.stop()


async def test_where_both_want_the_loop_a_message_begins_now_and_then(clock: HandClock) -> None:
    pace = Pace(ALWAYS_BUSY)
    turns: list[None] = []
    pace.on_turn = lambda: turns.append(None)
    await asked_while(pace, clock, commits=2)
    assert pace.is_yielding
    assert [pace.may_send(0) for _ in range(3)] == [True, False, False]
    assert all(pace.may_send(MAX_LAG_SECONDS) for _ in range(3)), "who is far behind is not held back"
    clock.move(YIELDING_SECONDS)
    for _ in range(5):
        await asyncio.sleep(0)
    assert turns == [None]
    assert pace.may_send(0)
    pace.stop()


async def test_it_looks_only_while_it_is_asked(clock: HandClock) -> None:
    pace = Pace(ALWAYS_BUSY)
    await asked_while(pace, clock, commits=2)
    await looks(clock, 3)
    assert not pace.is_yielding
    assert pace._looking is None
    pace.stop()
