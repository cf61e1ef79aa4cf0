"""New rules of time zones: a time that waits means what the wall clock is to show."""

from __future__ import annotations

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import tzdata
from msgspec.structs import replace

from blazy_jobs_server.domain.instants import from_datetime
from blazy_jobs_server.engine import due_times, zones
from tests.app.server import Server
from tests.support.server import wait_until

VANCOUVER, CASABLANCA, BERLIN = "America/Vancouver", "Africa/Casablanca", "Europe/Berlin"
OLDER, NEWER, NEWEST = "2024a", "2099a", "2099b"

Rules = Callable[..., None]


@pytest.fixture
def rules(monkeypatch: pytest.MonkeyPatch) -> Iterator[Rules]:
    """Puts rules in force by their version; zones by name get those of another zone."""

    def forget() -> None:
        for cached in (zones.zone, zones.rules, due_times._fire_times):
            cached.cache_clear()

    data = zones._data

    def put(version: str, **like: str) -> None:
        others = {name.replace("__", "/").split("/")[-1]: other for name, other in like.items()}

        def found(*path: str) -> Any:
            return data("zoneinfo", *others[path[-1]].split("/")) if path[-1] in others else data(*path)

        monkeypatch.setattr(zones, "_data", found)
        monkeypatch.setattr(zones, "version", lambda: version)
        forget()

    yield put
    monkeypatch.undo()
    forget()


async def daily(server: Server, zone: str, expression: str = "0 3 * * *", **fields: Any) -> str:
    """Its next time."""
    await server.register()
    trigger = {"kind": "cron", "expression": expression}
    body = {"name": "s", "job_type": "greet", "trigger": trigger, "timezone": zone} | fields
    made: str = (await server.post("/v1/schedules", body, status=201))["next_fire_at"]
    return made


async def next_time(server: Server) -> str:
    found: str = (await server.get("/v1/schedules/s"))["next_fire_at"]
    return found


async def under(server: Server, put: Callable[[], None]) -> None:
    """The server is stopped, and started again with other rules."""
    await server.__aexit__()
    put()
    await server.__aenter__()
    await server.settle()


async def fired(server: Server) -> list[str]:
    return [run["due_at"] for run in (await server.get("/v1/runs", schedule="s"))["data"]][::-1]


async def test_a_zone_that_keeps_its_summer_time_is_not_an_hour_off(server: Server, rules: Rules) -> None:
    assert await daily(server, VANCOUVER) == "2026-01-01T11:00:00.000000Z"
    before = await server.get("/v1/schedules/s")
    await under(server, lambda: rules(NEWER, Vancouver="Etc/GMT+7"))
    assert await server.get("/v1/schedules/s") == before | {"next_fire_at": "2026-01-01T10:00:00.000000Z"}
    await server.advance(12 * 3600)
    assert await fired(server) == ["2026-01-01T10:00:00.000000Z"]
    assert await next_time(server) == "2026-01-02T10:00:00.000000Z"


@pytest.mark.parametrize(("like", "second"), [("Etc/GMT", "03"), ("Etc/GMT-2", "01"), ("Etc/GMT-3", "00")])
async def test_a_day_that_has_had_its_time_does_not_have_it_twice(
    server: Server, rules: Rules, like: str, second: str
) -> None:
    assert await daily(server, CASABLANCA) == "2026-01-01T02:00:00.000000Z"
    await server.advance(2 * 3600 + 60)
    await under(server, lambda: rules(NEWER, Casablanca=like))
    await server.live(60)
    assert await fired(server) == ["2026-01-01T02:00:00.000000Z"]
    await server.advance(28 * 3600)
    assert await fired(server) == ["2026-01-01T02:00:00.000000Z", f"2026-01-02T{second}:00:00.000000Z"]


async def test_a_time_that_is_past_by_new_rules_is_made_up_for_once(server: Server, rules: Rules) -> None:
    await daily(server, CASABLANCA)
    await server.advance(3600 + 1800)
    await under(server, lambda: rules(NEWER, Casablanca="Etc/GMT-2"))
    assert await fired(server) == ["2026-01-01T01:00:00.000000Z"]
    assert await next_time(server) == "2026-01-02T01:00:00.000000Z"


async def test_calendars_follow_too(server: Server, rules: Rules) -> None:
    trigger = {"kind": "calendar", "every": {"days": 1}, "hour": 3, "minute": 0}
    await daily(server, VANCOUVER, trigger=trigger, start_at="2026-01-01T00:00:00Z")
    await under(server, lambda: rules(NEWER, Vancouver="Etc/GMT+7"))
    assert await next_time(server) == "2026-01-01T10:00:00.000000Z"


@pytest.mark.parametrize("expression", ["*/15 * * * *", "7 * * * *"])
async def test_what_counts_real_time_goes_on(server: Server, rules: Rules, expression: str) -> None:
    before = await daily(server, VANCOUVER, expression, catch_up="all")
    await under(server, lambda: rules(NEWER, Vancouver="Etc/GMT+7"))
    await server.advance(7200)
    times = await fired(server)
    assert times[0] == before
    assert len(times) == len(set(times)) == (8 if expression.startswith("*") else 2)


async def test_a_time_that_was_put_off_over_a_gap_is_not_when_there_is_none(server: Server, rules: Rules) -> None:
    assert await daily(server, BERLIN, "30 2 29 3 *") == "2026-03-29T01:00:00.000000Z"
    await under(server, lambda: rules(NEWER, Berlin="Etc/GMT-1"))
    assert await next_time(server) == "2026-03-29T01:30:00.000000Z"


async def test_intervals_dates_and_utc_are_left_alone(server: Server, rules: Rules) -> None:
    await daily(server, "UTC")
    stored = await server.store.schedule("s")
    await under(server, lambda: rules(NEWER))
    assert await server.store.schedule("s") == stored
    assert stored is not None
    assert (stored.wall, stored.rules) == (None, None)


async def test_what_an_earlier_version_has_made_is_looked_at_too(server: Server, rules: Rules) -> None:
    await daily(server, VANCOUVER)
    await server.__aexit__()
    with closing(sqlite3.connect(server.settings.database)) as database:
        database.execute("UPDATE schedules SET wall = NULL, rules = NULL")
        database.commit()
    rules(NEWER, Vancouver="Etc/GMT+7")
    await server.__aenter__()
    await server.settle()
    assert await next_time(server) == "2026-01-01T10:00:00.000000Z"


async def test_older_rules_leave_what_newer_ones_have_made(server: Server, rules: Rules) -> None:
    rules(NEWER, Vancouver="Etc/GMT+7")
    assert await daily(server, VANCOUVER) == "2026-01-01T10:00:00.000000Z"
    await under(server, lambda: rules(OLDER, Vancouver="Etc/GMT+9"))
    assert await next_time(server) == "2026-01-01T10:00:00.000000Z"


async def test_rules_that_differ_under_one_version_are_noticed(server: Server, rules: Rules) -> None:
    rules(NEWER)
    await daily(server, VANCOUVER)
    await under(server, lambda: rules(NEWER, Vancouver="Etc/GMT+7"))
    assert await next_time(server) == "2026-01-01T10:00:00.000000Z"


async def test_a_time_that_does_not_show_what_it_is_to_show_is_mended(server: Server, rules: Rules) -> None:
    due = await daily(server, VANCOUVER)
    await server.__aexit__()
    with closing(sqlite3.connect(server.settings.database)) as database:
        database.execute(
            "UPDATE schedules SET next_fire_at = next_fire_at + 3600000000, wake_at = wake_at + 3600000000"
        )
        database.commit()
    await server.__aenter__()
    await server.settle()
    assert await next_time(server) == due


async def test_a_paused_schedule_goes_on_by_the_rules_of_then(server: Server, rules: Rules) -> None:
    await daily(server, VANCOUVER)
    await server.post("/v1/schedules/s/pause", status=200)
    await under(server, lambda: rules(NEWER, Vancouver="Etc/GMT+7"))
    await server.post("/v1/schedules/s/resume", status=200)
    assert await next_time(server) == "2026-01-01T10:00:00.000000Z"


@pytest.mark.system
async def test_of_two_servers_the_one_with_newer_rules_has_the_last_word(
    tmp_path: Path, clock: Any, postgres: Any, empty_postgres: str, rules: Rules
) -> None:
    """The other one has fired meanwhile, and made the next time by its own."""
    url = postgres.url(postgres.borrow(empty_postgres))
    async with Server(tmp_path / "one", clock, database_url=url) as server:
        rules(NEWER, Vancouver="Etc/GMT+7")
        await daily(server, VANCOUVER)
        known = await server.store.schedule("s")
        assert known is not None
        older = replace(
            known,
            next_fire_at=from_datetime(datetime.fromisoformat("2026-01-02T11:00:00Z")),
            wall="2026-01-02T03:00:00",
            rules=f"{OLDER}/00000000",
        )
        await server.store.save_schedule(older, expect=known.revision)
        server.clock.move(61)
        await server.jobs.scheduler.catch_up()
        assert await next_time(server) == "2026-01-02T10:00:00.000000Z"


@pytest.mark.system
def test_a_server_with_another_tzdata_makes_the_time_anew(serve: Callable[..., Any], tmp_path: Path) -> None:
    installed = Path(tzdata.__file__).parent
    other = shutil.copytree(installed, tmp_path / "other" / "tzdata")
    (other / "__init__.py").write_text('IANA_VERSION = "2099a"\n')
    shutil.copy(other / "zoneinfo" / "Etc" / "GMT+5", other / "zoneinfo" / "America" / "Vancouver")
    server = serve()
    with server.client() as client:
        client.post("/v1/job-types", json={"name": "greet", "handler": {"kind": "worker"}})
        trigger = {"kind": "cron", "expression": "0 3 * * *"}
        body = {"name": "s", "job_type": "greet", "trigger": trigger, "timezone": VANCOUVER}
        assert client.post("/v1/schedules", json=body).json()["next_fire_at"][11:13] in ("10", "11")
    server.stop()
    server.env["PYTHONPATH"] = os.pathsep.join([str(other.parent), server.env["PYTHONPATH"]])
    server.start()
    with server.client() as client:
        wait_until(
            lambda: client.get("/v1/schedules/s").json()["next_fire_at"][11:13] == "08", "the time is that of the rules"
        )
    server.stop()
