"""Schedules where the wall clock is wrong: ahead or back at a start, or set while the server runs."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from blazy_jobs_server.clock import ScheduleTimer, SystemClock
from blazy_jobs_server.domain.instants import SECOND
from tests.app.clock import HandClock
from tests.app.server import Server

DAY = 86_400.0
HOUR = 3600.0
HALF = 1800.0
# The clock of these tests begins at 2026-01-01T00:00:00Z.


async def hourly(server: Server, catch_up: str) -> None:
    await server.register()
    body = {"job_type": "greet", "trigger": {"kind": "interval", "every_seconds": HOUR}, "catch_up": catch_up}
    assert (await server.http.put("/v1/schedules/hourly", json=body)).status_code == 201


async def due(server: Server) -> list[str]:
    """The times that have made runs, in the order in which they did."""
    page = await server.get("/v1/runs", schedule="hourly", limit=200)
    return [run["due_at"] for run in page["data"]][::-1]


async def schedule(server: Server) -> Any:
    return await server.get("/v1/schedules/hourly")


async def start_with_clock(server: Server, seconds: float) -> None:
    """Stops it, moves the wall clock, starts it, and lets it do what is due."""
    await server.__aexit__()
    server.clock.move(seconds)
    await server.__aenter__()
    await server.settle()


@pytest.mark.parametrize(("catch_up", "made", "missed"), [("none", 0, 24), ("latest", 1, 23), ("all", 24, 0)])
async def test_a_start_a_day_ahead_makes_up_for_a_day_once(
    server: Server, catch_up: str, made: int, missed: int
) -> None:
    await hourly(server, catch_up)
    await server.advance(HALF)
    await start_with_clock(server, DAY)
    times = await due(server)
    assert (len(times), (await schedule(server))["missed"]) == (made, missed)
    assert times[-1:] == ["2026-01-02T00:00:00.000000Z"] * bool(made)
    await start_with_clock(server, 0)
    assert await due(server) == times


@pytest.mark.parametrize("catch_up", ["none", "latest", "all"])
async def test_a_start_a_day_back_makes_no_run_twice(server: Server, catch_up: str) -> None:
    await hourly(server, catch_up)
    for _ in range(26):
        await server.advance(HOUR)
    times = await due(server)
    assert (len(times), times[-1]) == (26, "2026-01-02T02:00:00.000000Z")
    await start_with_clock(server, HALF - DAY)
    assert (await schedule(server))["next_fire_at"] == "2026-01-02T03:00:00.000000Z"
    await server.advance(DAY)
    assert await due(server) == times, "each of the day's times has its run already"
    await server.advance(HALF)
    assert await due(server) == [*times, "2026-01-02T03:00:00.000000Z"]
    assert (await schedule(server))["missed"] == 0


async def test_what_a_clock_far_ahead_has_put_off_begins_anew_after_a_pause(server: Server) -> None:
    """The way back for the operator. Times that have runs still make no others."""
    await hourly(server, "latest")
    await server.advance(HOUR)
    await start_with_clock(server, 3650 * DAY)
    far = (await due(server))[-1]
    await start_with_clock(server, -3650 * DAY)
    assert (await schedule(server))["next_fire_at"] > far
    await server.post("/v1/schedules/hourly/pause")
    await server.post("/v1/schedules/hourly/resume")
    await server.advance(HOUR)
    assert await due(server) == ["2026-01-01T01:00:00.000000Z", far, "2026-01-01T02:00:00.000000Z"]
    await start_with_clock(server, -HOUR)
    await server.post("/v1/schedules/hourly/pause")
    await server.post("/v1/schedules/hourly/resume")
    await server.advance(HOUR)
    assert len(await due(server)) == 3, "02:00 has had its run"
    await server.advance(HOUR)
    assert (await due(server))[-1] == "2026-01-01T03:00:00.000000Z"


@pytest.mark.parametrize("seconds", [DAY, -DAY])
def test_the_clock_of_a_running_server_follows_no_step(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    clock = SystemClock()
    real = time.time_ns
    before = clock.now()
    monkeypatch.setattr(time, "time_ns", lambda: real() + int(seconds * 1e9))
    assert 0 <= clock.now() - before < HOUR * SECOND
    assert abs(SystemClock().now() - before - seconds * SECOND) < HOUR * SECOND, "but the next start does"


async def test_a_wall_clock_that_was_set_back_holds_no_fire_up(data: Path, clock: HandClock) -> None:
    """APScheduler goes by the wall clock, which stands still here while the server's goes on: it was set back."""
    timer = ScheduleTimer(clock)
    async with Server(data, clock, schedule_timer=timer) as server:
        await hourly(server, "latest")
        worker = await server.worker()
        clock.move(HOUR)
        [lease] = await worker.claim(wait_seconds=20)
        assert lease["run"]["due_at"] == "2026-01-01T01:00:00.000000Z"
    timer.close()
