"""When plans fire: the rules one by one, and an oracle that walks real instants where clocks change."""

from __future__ import annotations

import os
import random
from datetime import UTC, date, datetime, time, timedelta
from importlib.resources import files
from itertools import islice
from pathlib import Path
from zoneinfo import ZoneInfo, reset_tzpath

import pytest

from blazy_jobs_server.domain.instants import SECOND, from_datetime, rfc3339
from blazy_jobs_server.domain.schedule import Calendar, Cron, Date, Every, Interval, Plan, Trigger
from blazy_jobs_server.engine import zones
from blazy_jobs_server.engine.fire_times import BadPlan, FireTimes

MINUTE = timedelta(minutes=1)
LEAD = timedelta(hours=26)
"""So long before its start a walk begins, to know what the clock has shown already."""
ALL = os.environ.get("SCHEDULE_ORACLE") == "all"


def at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))


def times(
    trigger: Trigger, after: str, n: int, zone: str = "UTC", created: str = "2026-01-01T00:00:00+00:00"
) -> list[str]:
    """The next `n` times, short where they are whole minutes."""
    plan = FireTimes(Plan(trigger=trigger, timezone=zone), at(created))
    found, instant = [], at(after)
    for _ in range(n):
        following = plan.after(instant)
        if following is None:
            break
        assert following > instant
        found.append(rfc3339(following)[:16])
        instant = following
    return found


# -- cron


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 3 * * *", ["2026-01-02T03:00", "2026-01-03T03:00"]),
        ("*/15 * * * *", ["2026-01-01T12:15", "2026-01-01T12:30"]),
        ("5,35 9-17 * * mon-fri", ["2026-01-01T12:05", "2026-01-01T12:35"]),
        ("0 0 * * 0", ["2026-01-04T00:00", "2026-01-11T00:00"]),
        ("0 0 * * 7", ["2026-01-04T00:00", "2026-01-11T00:00"]),
        ("0 0 1 * sun", ["2026-01-04T00:00", "2026-01-11T00:00"]),
        ("0 0 29 2 *", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("0 12 13 jan-mar fri", ["2026-01-02T12:00", "2026-01-09T12:00"]),
        ("@daily", ["2026-01-02T00:00", "2026-01-03T00:00"]),
        ("@HOURLY", ["2026-01-01T13:00", "2026-01-01T14:00"]),
        ("@weekly", ["2026-01-04T00:00", "2026-01-11T00:00"]),
        ("@monthly", ["2026-02-01T00:00", "2026-03-01T00:00"]),
        ("@yearly", ["2027-01-01T00:00", "2028-01-01T00:00"]),
        ("  0\t3  1 1 * ", ["2027-01-01T03:00", "2028-01-01T03:00"]),
    ],
)
def test_cron_means_what_it_means_everywhere(expression: str, expected: list[str]) -> None:
    assert times(Cron(expression), "2026-01-01T12:00:00+00:00", 2) == expected


@pytest.mark.parametrize(
    "expression",
    [
        "",
        "* * * *",
        "* * * * * *",
        "60 * * * *",
        "* 24 * * *",
        "* * 0 * *",
        "* * * 13 *",
        "* * * * 8",
        "*/0 * * * *",
        "5-1 * * * *",
        "a * * * *",
        "1,,2 * * * *",
        "@reboot",
        "@every 5m",
        "30 2 30 2 *",
        "0 0 31 4,6 *",
        "¹ * * * *",
    ],
)
def test_what_cron_cannot_be_is_refused(expression: str) -> None:
    with pytest.raises(BadPlan) as refused:
        FireTimes(Plan(trigger=Cron(expression)), 0)
    assert refused.value.path == "/trigger/expression"


@pytest.mark.parametrize(
    ("expression", "reason"),
    [
        ("30 2 30 2 *", "names a day that never comes"),
        ("0 0 31 4,6,9,11 *", "names a day that never comes"),
        ("0 0 32 * *", "cannot be read: bad day-of-month"),
        ("0 25 * * *", "cannot be read: bad hour"),
        ("0 0 30 xyz *", "cannot be read: bad month"),
    ],
)
def test_the_reason_says_what_is_wrong(expression: str, reason: str) -> None:
    with pytest.raises(BadPlan) as refused:
        FireTimes(Plan(trigger=Cron(expression)), 0)
    assert refused.value.message == reason


NO_ZONES = ["Mars/Olympus", "", "Europe", "../etc/passwd", "UTC+1", "/etc/localtime", "europe/berlin"]
OF_SYSTEMS = ["right/UTC", "right/Europe/Berlin", "posix/UTC", "localtime", "posixrules", "Factory"]
"""Which some systems have among their zones, and others not."""


@pytest.mark.parametrize("name", NO_ZONES + OF_SYSTEMS)
def test_only_iana_zones_are_taken(name: str) -> None:
    with pytest.raises(BadPlan) as refused:
        FireTimes(Plan(trigger=Cron("@daily"), timezone=name), 0)
    assert refused.value.path == "/timezone"


def test_zones_are_those_of_tzdata_and_not_of_the_system(tmp_path: Path) -> None:
    (tmp_path / "Asia").mkdir()
    (tmp_path / "Asia" / "Aden").write_bytes(files("tzdata").joinpath("zoneinfo", "Asia", "Tokyo").read_bytes())
    reset_tzpath([tmp_path])
    try:
        assert times(Cron("0 3 * * *"), "2026-01-01T12:00:00+00:00", 1, "Asia/Aden") == ["2026-01-02T00:00"]
    finally:
        reset_tzpath()


def test_every_zone_can_be_read() -> None:
    assert {zones.zone(name).key for name in zones.names()} == zones.names()


def test_a_fixed_time_in_a_gap_fires_at_the_first_instant_after_it() -> None:
    # Berlin, 29 March 2026: 02:00 becomes 03:00, which is 01:00 in UTC.
    assert times(Cron("30 2 * * *"), "2026-03-27T12:00:00+00:00", 3, "Europe/Berlin") == [
        "2026-03-28T01:30",
        "2026-03-29T01:00",
        "2026-03-30T00:30",
    ]
    assert times(Cron("0,30 2 * * *"), "2026-03-28T12:00:00+00:00", 2, "Europe/Berlin") == [
        "2026-03-29T01:00",
        "2026-03-30T00:00",
    ]


def test_a_fixed_time_in_a_fold_fires_the_first_time_only() -> None:
    # Berlin, 25 October 2026: 03:00 becomes 02:00, which is 01:00 in UTC.
    assert times(Cron("30 2 * * *"), "2026-10-24T12:00:00+00:00", 2, "Europe/Berlin") == [
        "2026-10-25T00:30",
        "2026-10-26T01:30",
    ]
    assert times(Cron("30 2 * * *"), "2026-10-25T00:30:00+00:00", 1, "Europe/Berlin") == ["2026-10-26T01:30"]


def test_every_other_time_fires_at_each_real_instant() -> None:
    assert times(Cron("*/30 * * * *"), "2026-10-24T23:30:00+00:00", 6, "Europe/Berlin") == [
        "2026-10-25T00:00",
        "2026-10-25T00:30",
        "2026-10-25T01:00",
        "2026-10-25T01:30",
        "2026-10-25T02:00",
        "2026-10-25T02:30",
    ]
    assert times(Cron("0 */2 * * *"), "2026-03-28T22:00:00+00:00", 3, "Europe/Berlin") == [
        "2026-03-28T23:00",
        "2026-03-29T02:00",
        "2026-03-29T04:00",
    ]


def test_strange_clocks() -> None:
    # Lord Howe turns its clocks by half an hour; Apia had no 30 December 2011.
    assert times(Cron("10 2 * * *"), "2026-10-02T20:00:00+00:00", 2, "Australia/Lord_Howe") == [
        "2026-10-03T15:30",
        "2026-10-04T15:10",
    ]
    assert times(Cron("0 3 * * *"), "2011-12-29T12:00:00+00:00", 3, "Pacific/Apia") == [
        "2011-12-29T13:00",
        "2011-12-30T10:00",
        "2011-12-30T13:00",
    ]
    assert times(Cron("*/15 1 1 11 *"), "2026-11-01T05:45:00+00:00", 4, "America/New_York") == [
        "2026-11-01T06:00",
        "2026-11-01T06:15",
        "2026-11-01T06:30",
        "2026-11-01T06:45",
    ]


# -- the other kinds


def test_an_interval_counts_from_its_anchor_and_never_drifts() -> None:
    created = "2026-01-01T00:00:00.000007+00:00"
    plan = FireTimes(Plan(trigger=Interval(0.1)), at(created))
    assert plan.after(0) == at(created) + 100_000
    far = at(created) + 10**9 * 100_000
    assert plan.after(far) == far + 100_000
    assert plan.after(far - 1) == far
    assert plan.count(0, far, 10**12) == 10**9
    assert plan.count(0, far, 5) == 5
    begun = FireTimes(Plan(trigger=Interval(60), start_at=at("2026-02-01T00:00:00+00:00")), at(created))
    assert begun.after(0) == at("2026-02-01T00:01:00+00:00")


def test_a_calendar_counts_days_and_skips_months_without_that_day() -> None:
    monthly = Calendar(Every(months=1), 3, 0)
    assert times(monthly, "2026-01-31T12:00:00+00:00", 3, created="2026-01-31T00:00:00+00:00") == [
        "2026-03-31T03:00",
        "2026-05-31T03:00",
        "2026-07-31T03:00",
    ]
    assert times(Calendar(Every(weeks=2), 2, 30), "2026-03-15T12:00:00+00:00", 3, "Europe/Berlin") == [
        "2026-03-26T01:30",
        "2026-04-09T00:30",
        "2026-04-23T00:30",
    ]
    daily = Calendar(Every(days=1), 2, 30)
    assert times(daily, "2026-03-28T12:00:00+00:00", 2, "Europe/Berlin") == ["2026-03-29T01:00", "2026-03-30T00:30"]
    assert times(daily, "2026-10-24T12:00:00+00:00", 2, "Europe/Berlin") == ["2026-10-25T00:30", "2026-10-26T01:30"]
    assert times(daily, "1000-01-01T00:00:00+00:00", 1) == ["2026-01-01T02:30"]
    assert times(daily, "1000-01-01T00:00:00+00:00", 1, created="2026-01-01T12:00:00+00:00") == ["2026-01-02T02:30"]


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    ("trigger", "zone", "last"),
    [
        (Calendar(Every(months=1)), "UTC", "2169-08-31"),
        (Calendar(Every(months=12)), "Asia/Tokyo", "3026-01-30"),
        (Calendar(Every(months=1, days=1)), "UTC", "2114-04-13"),
        (Cron("0 */23 29 2 *"), "America/New_York", "4084-03-01"),
    ],
)
def test_times_are_found_without_a_walk_to_them(trigger: Trigger, zone: str, last: str) -> None:
    """From the year 1, or over years in which nothing fires: a thousand took minutes."""
    plan = FireTimes(Plan(trigger=trigger, timezone=zone, start_at=at("0001-01-31T00:00:00+00:00")), 0)
    found = list(islice(plan.between(at("2026-11-26T00:00:00+00:00"), at("9999-12-31T00:00:00+00:00")), 1000))
    assert len(found) == 1000
    assert rfc3339(found[-1])[:10] == last


@pytest.mark.timeout(20)
def test_a_calendar_ends_with_the_year_9999() -> None:
    assert times(Calendar(Every(months=10_000)), "2026-01-01T00:00:00+00:00", 1000)[-1:] == ["9526-01-01T00:00"]
    leap = Calendar(Every(months=3600))
    assert times(leap, "2027-01-01T00:00:00+00:00", 9, created="2024-02-29T00:00:00+00:00")[:2] == [
        "2324-02-29T00:00",
        "2624-02-29T00:00",
    ]


EDGE = ["0001-01-01T00:00:00+00:00", "9999-12-30T00:00:00+00:00", "9999-12-31T23:59:59+00:00"]


@pytest.mark.parametrize(
    ("trigger", "zone", "expected"),
    [
        (Calendar(Every(days=1)), "UTC", ["0001-01-02T00:00", "9999-12-31T00:00", None]),
        (Calendar(Every(days=1)), "America/New_York", ["0001-01-01T04:56", "9999-12-30T05:00", None]),
        (Calendar(Every(days=1)), "Asia/Tokyo", ["0001-01-01T14:41", "9999-12-30T15:00", None]),
        (Cron("0 3 * * *"), "America/New_York", ["0001-01-01T07:56", "9999-12-30T08:00", None]),
        (Cron("0 3 * * *"), "Asia/Tokyo", ["0001-01-01T17:41", "9999-12-30T18:00", None]),
        (Cron("*/30 * * * *"), "America/New_York", ["0001-01-01T05:26", "9999-12-30T00:30", None]),
        (Cron("*/30 * * * *"), "Asia/Tokyo", ["0001-01-01T00:11", "9999-12-30T00:30", None]),
    ],
)
def test_times_begin_and_end_with_the_years(trigger: Trigger, zone: str, expected: list[str | None]) -> None:
    """Where the local time may be of no year at all."""
    for edge, first in zip(EDGE, expected, strict=True):
        for start_at in (None, at(edge)):
            plan = FireTimes(Plan(trigger=trigger, timezone=zone, start_at=start_at), at(EDGE[0]))
            found = plan.after(at(edge))
            assert (None if found is None else rfc3339(found)[:16]) == first


def test_a_date_fires_once() -> None:
    once = FireTimes(Plan(trigger=Date(at("2026-05-01T10:00:00+00:00"))), 0)
    assert once.after(0) == at("2026-05-01T10:00:00+00:00")
    assert once.after(at("2026-05-01T10:00:00+00:00")) is None


def test_nothing_fires_before_the_start_or_after_the_end() -> None:
    start, end = at("2026-01-02T00:00:00+00:00"), at("2026-01-03T00:00:00+00:00")
    plan = FireTimes(Plan(trigger=Cron("0 */12 * * *"), start_at=start, end_at=end), 0)
    assert list(plan.between(0, end + SECOND * 10**6)) == [start, start + 43_200 * SECOND, end]
    assert plan.count(0, end, 100) == 3


# -- the oracle


def matches(field: str, value: int, low: int, high: int) -> bool:
    for part in field.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        begin = low if span == "*" else int(first)
        end = high if span == "*" or (step and not last) else int(last or first)
        if begin <= value <= end and (value - begin) % int(step or 1) == 0:
            return True
    return False


def shows(expression: str, local: datetime) -> bool:
    """Whether a wall clock that shows `local` is at a time of the expression."""
    minute, hour, day, month, weekday = expression.split()
    if not (matches(minute, local.minute, 0, 59) and matches(hour, local.hour, 0, 23)):
        return False
    if not matches(month, local.month, 1, 12):
        return False
    of_month, of_week = matches(day, local.day, 1, 31), matches(weekday, local.isoweekday() % 7, 0, 6)
    return of_month and of_week if day.startswith("*") or weekday.startswith("*") else of_month or of_week


def walk(expression: str, zone: ZoneInfo, start: datetime, end: datetime) -> list[datetime]:
    """Every instant from `start` to `end`, looked at one by one, by the rules as they are written down."""
    minute, hour, *_ = expression.split()
    fixed = not (minute.startswith("*") or hour.startswith("*"))
    found: list[datetime] = []
    shown: set[datetime] = set()
    before: datetime | None = None
    for n in range(int((end - start + LEAD) / MINUTE) + 1):
        instant = start - LEAD + n * MINUTE
        local = instant.astimezone(zone).replace(tzinfo=None)
        if fixed and before is not None and local - before > MINUTE:
            # The clock skipped these: what they would have begun begins now.
            skipped = (before + step * MINUTE for step in range(1, int((local - before) / MINUTE)))
            if any(shows(expression, time) and time not in shown for time in skipped):
                found.append(instant)
        first_time = local not in shown
        shown.add(local)
        if shows(expression, local) and (first_time or not fixed) and (not found or found[-1] != instant):
            found.append(instant)
        before = local
    return [moment for moment in found if moment > start]


def expressions(random_: random.Random, n: int) -> list[str]:
    minutes = ["0", "30", "15,45", "*/20", "*", "10-50/20", "59", "*/7"]
    hours = ["*", "2", "0", "1-3", "*/2", "23", "0,2,3", "*/5", "1"]
    days = ["*", "*", "*", "1-7", "*/2", "29", "28,29", "1"]
    months = ["*", "*", "*", "2", "2,3", "3-11", "*/2"]
    weekdays = ["*", "*", "0", "1-5", "6"]
    return [" ".join(map(random_.choice, (minutes, hours, days, months, weekdays))) for _ in range(n)]


def changes(zone: ZoneInfo, first_year: int, last_year: int) -> list[datetime]:
    """Instants near which the zone's clocks change."""
    found = []
    here = datetime(first_year, 1, 1, tzinfo=UTC)
    while here.year < last_year:
        there = here + timedelta(days=1)
        if here.astimezone(zone).utcoffset() != there.astimezone(zone).utcoffset():
            found.append(here)
        here = there
    return found


SAMPLE = [
    "Europe/Berlin",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Africa/Casablanca",
    "Asia/Kolkata",
]


def whole_minutes(zone: ZoneInfo, change: datetime) -> bool:
    """Offsets of odd seconds, as before 1990, would make the walk by minutes miss times."""
    return all(
        (offset := (change + timedelta(days=day)).astimezone(zone).utcoffset()) is not None
        and offset % MINUTE == timedelta(0)
        for day in (-2, 0, 3)
    )


LEAP = [datetime(year, 2, 28, 20, tzinfo=UTC) for year in (2000, 2024, 2027, 2028, 2096, 2100)]
"""Before a 29 February, or where there is none."""


def places_of(zone: ZoneInfo, random_: random.Random, most: int) -> list[datetime]:
    """Near changes of the zone's clocks from 1990 to 2037, and a leap day (a sample of them by default)."""
    near = [change for change in changes(zone, 1990, 2037) if whole_minutes(zone, change)]
    return [*(near if ALL and most > len(near) else random_.sample(near, min(most, len(near)))), random_.choice(LEAP)]


@pytest.mark.timeout(3600 if ALL else 60)
@pytest.mark.parametrize("name", sorted(zones.names()) if ALL else SAMPLE)
def test_the_oracle_agrees(name: str) -> None:
    random_ = random.Random(name)
    zone = zones.zone(name)
    for place in places_of(zone, random_, 1000 if ALL else 2):
        start, end = place - timedelta(hours=3), place + timedelta(hours=30)
        for expression in expressions(random_, 1 if ALL else 6):
            plan = FireTimes(Plan(trigger=Cron(expression), timezone=name), 0)
            found = list(plan.between(from_datetime(start) + 1, from_datetime(end)))
            expected = [from_datetime(instant) for instant in walk(expression, zone, start, end)]
            assert found == expected, (name, expression, place)


@pytest.mark.parametrize(("first_year", "last_year"), [(1999, 2006), (2095, 2105)])
@pytest.mark.parametrize("expression", ["*/20 */6 29 2 *", "30 0-2 29 2 *", "15 2 */31 3,10 0", "*/20 */12 1 1,7 *"])
@pytest.mark.parametrize("name", ["Europe/Berlin", "Australia/Lord_Howe", "Pacific/Apia"])
def test_the_oracle_agrees_on_days_far_apart(name: str, expression: str, first_year: int, last_year: int) -> None:
    """Whatever clocks do in between."""
    zone = zones.zone(name)
    _, _, day, month, weekday = expression.split()
    expected: set[datetime] = set()
    midnight = datetime(first_year, 1, 2, tzinfo=UTC)
    begin, end = midnight, datetime(last_year, 1, 1, tzinfo=UTC)
    while midnight <= end:
        if shows(f"* * {day} {month} {weekday}", midnight):
            around = walk(expression, zone, midnight - timedelta(days=1), midnight + timedelta(days=2))
            expected.update(instant for instant in around if begin <= instant <= end)
        midnight += timedelta(days=1)
    plan = FireTimes(Plan(trigger=Cron(expression), timezone=name), 0)
    found = list(plan.between(from_datetime(begin), from_datetime(end)))
    assert found
    assert found == sorted(map(from_datetime, expected))


# -- the oracle of calendars


def follows(every: Every, known: date, day: date) -> bool:
    """Whether `day` is so many months later than `known`, and so many days."""
    of_month = day - timedelta(weeks=every.weeks, days=every.days)
    if not every.months:
        return of_month == known
    apart = (of_month.year - known.year) * 12 + of_month.month - known.month
    return of_month.day == known.day and apart > 0 and apart % every.months == 0


def walk_days(every: Every, start: date, end: date) -> list[date]:
    """The days of a calendar, each date looked at."""
    found = [start]
    for n in range(1, (end - start).days + 1):
        if follows(every, found[-1], start + timedelta(days=n)):
            found.append(start + timedelta(days=n))
    return found


def first_shown(local: datetime, zone: ZoneInfo) -> datetime:
    """The first instant at which a wall clock shows this time or, where it skips it, a later one."""
    instant = local.replace(hour=0, minute=0, tzinfo=UTC) - timedelta(hours=15)
    while instant.astimezone(zone).replace(tzinfo=None) < local:
        instant += MINUTE
    return instant


def calendars(random_: random.Random, place: datetime, n: int) -> list[tuple[Calendar, datetime]]:
    """With the instants from which they count: any, or one whose day many months lack."""
    odd = [date(place.year - 1, 1, 31), date(place.year - 1, 10, 30), date(2024 if place.year > 2024 else 1988, 2, 29)]
    noon = time(12)
    steps = [
        Every(months=1),
        Every(months=2),
        Every(months=12),
        Every(months=5),
        Every(weeks=1),
        Every(days=1),
        Every(days=3),
        Every(weeks=1, days=2),
        Every(months=1, days=1),
        Every(months=2, weeks=1),
    ]
    found = []
    for _ in range(n):
        near = place - timedelta(minutes=random_.randrange(400 * 1440))
        calendar = Calendar(random_.choice(steps), random_.choice([0, 1, 2, 3, 23]), random_.choice([0, 30, 59]))
        counted_from = [near, near, *(datetime.combine(day, noon, UTC) for day in odd)]
        found.append((calendar, random_.choice(counted_from)))
    return found


@pytest.mark.timeout(3600 if ALL else 60)
@pytest.mark.parametrize("name", sorted(zones.names()) if ALL else SAMPLE)
def test_the_oracle_of_calendars_agrees(name: str) -> None:
    random_ = random.Random(name)
    zone = zones.zone(name)
    for place in places_of(zone, random_, 10 if ALL else 2):
        for calendar, anchor in calendars(random_, place, 4):
            start, end = place - timedelta(days=3), place + timedelta(days=400 if calendar.every.months else 8)
            shown = anchor.astimezone(zone).date()
            days = walk_days(calendar.every, shown, end.date() + timedelta(days=2))
            time_of_day = timedelta(hours=calendar.hour, minutes=calendar.minute)
            near = [day for day in days if abs(day - start.date()).days <= 3 or day > start.date()]
            instants = [first_shown(datetime.combine(day, time()) + time_of_day, zone) for day in near]
            expected = [from_datetime(at) for at in instants if max(start, anchor) <= at <= end]
            plan = FireTimes(Plan(trigger=calendar, timezone=name, start_at=from_datetime(anchor)), 0)
            found = list(plan.between(from_datetime(start), from_datetime(end)))
            assert found == expected, (name, calendar, anchor, place)
