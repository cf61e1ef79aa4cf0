from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import typer
from blazy_jobs.cli import describe, times
from blazy_jobs.cli.options import duration

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.2, "now"),
        (-1.5, "1.5 s ago"),
        (-59, "59 s ago"),
        (-60, "1 min ago"),
        (-7199, "1 h ago"),
        (-86400 * 3, "3 d ago"),
        (90, "in 1 min"),
    ],
)
def test_instants_are_told_from_now(seconds: float, said: str) -> None:
    assert times.relative((NOW + timedelta(seconds=seconds)).isoformat(), NOW) == said


def test_no_instant_is_nothing() -> None:
    assert (times.relative(None), times.length(None, None)) == ("", "")


@pytest.mark.parametrize(
    ("text", "seconds"), [("90", 90), ("1.5", 1.5), ("30s", 30), ("10m", 600), ("2h", 7200), ("1d", 86400)]
)
def test_durations(text: str, seconds: float) -> None:
    assert duration(text) == seconds


@pytest.mark.parametrize("text", ["", "-1", "10 min", "1e3", "inf", "h"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(typer.BadParameter, match="not a duration"):
        duration(text)


@pytest.mark.parametrize(
    ("trigger", "timezone", "said"),
    [
        ({"kind": "cron", "expression": "0 3 * * *"}, "UTC", "0 3 * * *"),
        ({"kind": "cron", "expression": "@daily"}, "Europe/Berlin", "@daily Europe/Berlin"),
        ({"kind": "interval", "every_seconds": 5400.0}, "UTC", "every 90 min"),
        ({"kind": "interval", "every_seconds": 1.5}, "Asia/Tokyo", "every 1.5 s"),
        ({"kind": "interval", "every_seconds": 172800}, "UTC", "every 2 d"),
        (
            {"kind": "calendar", "every": {"months": 1, "weeks": 0, "days": 2}, "hour": 3, "minute": 5},
            "Asia/Tokyo",
            "every 1 months, 2 days at 03:05 Asia/Tokyo",
        ),
        ({"kind": "date", "at": "2027-01-01T00:00:00.000000Z"}, "UTC", "2027-01-01T00:00:00.000000Z"),
        ({"kind": "moon", "phase": "full"}, "UTC", '{"kind":"moon","phase":"full"}'),
    ],
)
def test_a_trigger_is_told_in_words(trigger: dict[str, object], timezone: str, said: str) -> None:
    assert describe.trigger(trigger, timezone) == said
