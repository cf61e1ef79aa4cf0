"""Background tasks and the alarm that wakes them."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs

from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.engine.loop import RESTART_SECONDS, Alarm, Tasks
from tests.app.clock import SECOND, HandClock


async def turns(n: int = 5) -> None:
    for _ in range(n):
        await asyncio.sleep(0)


async def test_a_loop_that_fails_begins_again_a_second_later(clock: HandClock) -> None:
    tasks, begun = Tasks(), []

    async def work() -> None:
        begun.append(clock.now())
        raise StoreUnavailable("disk full") if len(begun) == 1 else ValueError("boom")

    with capture_logs() as logs:
        tasks.keep("turn", work)
        await turns()
        assert len(begun) == 1
        for n in (2, 3):
            clock.move(RESTART_SECONDS - 0.01)
            await turns()
            assert len(begun) == n - 1
            clock.move(0.02)
            await turns()
            assert len(begun) == n
        await tasks.stop()
    assert [(entry["log_level"], entry["event"]) for entry in logs] == [
        ("warning", "waiting for the store"),
        ("error", "task failed, restarting it"),
        ("error", "task failed, restarting it"),
    ]
    assert logs[0]["task"] == "turn"


async def test_what_one_piece_of_work_raises_is_logged_and_harms_no_other() -> None:
    tasks = Tasks()

    async def fail() -> None:
        raise ValueError("boom")

    async def succeed() -> int:
        await turns()
        return 5

    with capture_logs() as logs:
        failing, good = tasks.spawn("bad", fail()), tasks.spawn("good", succeed())
        assert await good == 5
    assert failing.done()
    assert [(entry["event"], entry["task"]) for entry in logs] == [("task failed", "bad")]


async def test_a_stop_ends_and_awaits_all(clock: HandClock) -> None:
    tasks, ended = Tasks(), []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await turns()
            ended.append(True)

    for n in range(3):
        tasks.spawn(f"wait {n}", wait())
    await turns()
    await tasks.stop()
    assert ended == [True] * 3
    await tasks.stop()
    await Tasks().stop()


# -- the alarm


@pytest.fixture
async def alarm(clock: HandClock) -> Alarm:
    return Alarm(clock.now)


async def rings(alarm: Alarm) -> bool:
    await turns()
    waiting = asyncio.create_task(alarm.wait())
    await turns()
    rang = waiting.done()
    waiting.cancel()
    return rang


async def test_it_rings_when_its_time_has_come(alarm: Alarm, clock: HandClock) -> None:
    alarm.set(clock.now() + 5 * SECOND)
    clock.move(4.99)
    assert not await rings(alarm)
    clock.move(0.02)
    assert await rings(alarm)
    assert not await rings(alarm), "once"


async def test_a_time_that_has_passed_rings_at_once_and_stands_until_cleared(alarm: Alarm, clock: HandClock) -> None:
    alarm.set(clock.now() - SECOND)
    assert await rings(alarm)
    assert alarm.at == clock.now() - SECOND
    alarm.clear()
    assert alarm.at is None


async def test_the_earliest_time_counts(alarm: Alarm, clock: HandClock) -> None:
    alarm.set(clock.now() + 5 * SECOND)
    alarm.set(clock.now() + 9 * SECOND)
    assert alarm.at == clock.now() + 5 * SECOND
    alarm.set(clock.now() + 2 * SECOND)
    clock.move(2.01)
    assert await rings(alarm)
    clock.move(5)
    assert not await rings(alarm), "the later one was given up for the earlier"


async def test_a_cleared_alarm_does_not_ring_and_can_be_set_later(alarm: Alarm, clock: HandClock) -> None:
    alarm.set(clock.now() + SECOND)
    alarm.clear()
    clock.move(2)
    assert not await rings(alarm)
    alarm.set(clock.now() + 9 * SECOND)
    clock.move(9.01)
    assert await rings(alarm)


async def test_a_far_time_rings_once_a_day_on_the_way(alarm: Alarm, clock: HandClock) -> None:
    """So that its waiter looks at what is due and sets it anew; a timer of years would not be kept."""
    alarm.set(clock.now() + 400 * 86_400 * SECOND)
    clock.move(86_401)
    assert await rings(alarm)


async def test_a_ring_between_waits_is_not_lost(alarm: Alarm) -> None:
    alarm.ring()
    assert await rings(alarm)
