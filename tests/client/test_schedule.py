"""Schedules in code, and that the server takes what this package lets through."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from blazy_jobs import DefinitionError, Job, schedule

from app.domain.schedule import Cron, Plan
from app.engine import zones
from app.engine.fire_times import FireTimes


def handler() -> None: ...


@pytest.mark.parametrize(
    ("made", "trigger"),
    [
        (schedule.every_day_at(3, 0), {"kind": "cron", "expression": "0 3 * * *"}),
        (schedule.every_hour_at(5), {"kind": "cron", "expression": "5 * * * *"}),
        (schedule.every_week_on("monday", 8, 30), {"kind": "cron", "expression": "30 8 * * 1"}),
        (schedule.every_month_on(31, 6), {"kind": "cron", "expression": "0 6 31 * *"}),
        (schedule.every(minutes=5), {"kind": "interval", "every_seconds": 300}),
        (schedule.every(days=1, hours=1, seconds=0.5), {"kind": "interval", "every_seconds": 90_000.5}),
        (schedule.cron("@daily"), {"kind": "cron", "expression": "@daily"}),
        (schedule.cron("*/15 9-17 * jan-mar mon-fri"), {"kind": "cron", "expression": "*/15 9-17 * jan-mar mon-fri"}),
        (
            schedule.once(datetime(2027, 1, 1, 1, tzinfo=timezone(timedelta(hours=1)))),
            {"kind": "date", "at": "2027-01-01T00:00:00.000000Z"},
        ),
    ],
)
def test_a_trigger_is_what_the_server_takes(made: schedule.Schedule, trigger: Any) -> None:
    assert made.definition("name", "job") == {"name": "name", "job_type": "job", "trigger": trigger}
    if trigger["kind"] == "cron":
        FireTimes(Plan(trigger=Cron(trigger["expression"])), 0)


def test_options_have_the_servers_names() -> None:
    made = schedule.every(
        hours=1,
        timezone="Europe/Berlin",
        payload={"a": 1},
        overlap="skip",
        catch_up="none",
        jitter=timedelta(minutes=1),
        start=datetime(2026, 1, 1, tzinfo=UTC),
        end=datetime(2027, 1, 1, tzinfo=UTC),
        queue="slow",
        priority=3,
        tags=("x",),
    )
    assert made.fields == {
        "trigger": {"kind": "interval", "every_seconds": 3600},
        "timezone": "Europe/Berlin",
        "payload": {"a": 1},
        "overlap": "skip",
        "catch_up": "none",
        "jitter_seconds": 60,
        "start_at": "2026-01-01T00:00:00.000000Z",
        "end_at": "2027-01-01T00:00:00.000000Z",
        "queue": "slow",
        "priority": 3,
        "tags": ["x"],
    }


@pytest.mark.parametrize(
    "make",
    [
        lambda: schedule.every_day_at(24, 0),
        lambda: schedule.every_day_at(3, 60),
        lambda: schedule.every_day_at(True, 0),
        lambda: schedule.every_hour_at(-1),
        lambda: schedule.every_week_on("someday", 3),  # type: ignore[arg-type]
        lambda: schedule.every_month_on(32),
        lambda: schedule.every(),
        lambda: schedule.every(seconds=0.5),
        lambda: schedule.cron("* * * *"),
        lambda: schedule.cron("61 * * * *"),
        lambda: schedule.cron("* * * foo *"),
        lambda: schedule.cron("@reboot"),
        lambda: schedule.once(datetime(2027, 1, 1)),  # noqa: DTZ001
        lambda: schedule.every(hours=1, timezone="Mars"),
        lambda: schedule.every(hours=1, timezone="right/UTC"),
        lambda: schedule.every(hours=1, timezone="localtime"),
        lambda: schedule.every(hours=1, timezone="Factory"),
        lambda: schedule.every(hours=1, overlap="maybe"),  # type: ignore[arg-type]
        lambda: schedule.every(hours=1, jitter=-1),
        lambda: schedule.every(hours=1, nonsense=1),  # type: ignore[call-arg]
        lambda: Job("a", handler, schedule="@daily"),  # type: ignore[arg-type]
        lambda: Job("a", handler, schedule={"b c": schedule.every(hours=1)}),
    ],
)
def test_what_cannot_be_is_refused_where_it_is_written(make: Any) -> None:
    with pytest.raises(DefinitionError):
        make()


def test_a_job_has_one_schedule_of_its_name_or_several() -> None:
    night, noon = schedule.every_day_at(3), schedule.every_day_at(12)
    assert Job("a", handler, schedule=night).schedules == {"a": night}
    assert Job("a", handler, schedule={"night": night, "noon": noon}).schedules == {"a.night": night, "a.noon": noon}
    assert Job("a", handler).schedules == {}


def test_the_zones_are_those_of_the_server() -> None:
    for name in zones.names():
        assert schedule.every(hours=1, timezone=name).fields["timezone"] == name
