"""Schedules in code, and that the server takes what this package lets through."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from zoneinfo import available_timezones

import pytest
from blazy_jobs import DefinitionError, Job, Jobs, cron_text, schedule
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from blazy_jobs_server.api.requests import fit
from blazy_jobs_server.api.schedule_models import ScheduleIn
from blazy_jobs_server.api.schedules import definition_of
from blazy_jobs_server.api.strict_json import parse
from blazy_jobs_server.domain.errors import InvalidRequest, MalformedJson
from blazy_jobs_server.domain.schedule import Cron, Plan
from blazy_jobs_server.engine import cron_text as server_cron_text
from blazy_jobs_server.engine import zones
from blazy_jobs_server.engine.fire_times import FireTimes
from blazy_jobs_server.engine.plans import check_plan
from tests.support.examples import examples


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


@pytest.mark.parametrize(
    "expression",
    [
        "30 2 30 2 *",
        "60 * * * *",
        "5-1 * * * *",
        "*/0 * * * *",
        "0 3 * * sat-sun",
        "0 0 0 * *",
        "0 0 * 0 *",
        "L * * * *",
        "0\n3 * * *",
        "@reboot",
        "0 3 * * *" + " " * 256,
        5,
    ],
)
def test_cron_text_that_cannot_be_is_named_with_its_fault(expression: Any) -> None:
    with pytest.raises(DefinitionError, match=re.escape(f"{expression!r:.80}")):
        schedule.cron(expression)


@pytest.mark.parametrize(
    ("units", "said"),
    [
        ({"days": 5000}, "days=5000"),
        ({"days": 1e12}, "days=1000000000000.0"),
        ({"seconds": float("nan")}, "seconds=nan"),
        ({"seconds": float("inf")}, "seconds=inf"),
        ({"minutes": "5"}, "minutes='5'"),
        ({"minutes": True}, "minutes=True"),
        ({"weeks": 1}, "no option 'weeks'"),
    ],
)
def test_an_interval_that_cannot_be_is_named(units: dict[str, Any], said: str) -> None:
    with pytest.raises(DefinitionError, match=re.escape(said)):
        schedule.every(**units)


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("jitter", 90000, "90000"),
        ("jitter", "1", "'1'"),
        ("jitter", float("nan"), "nan"),
        ("priority", 1000, "1000"),
        ("priority", "high", "'high'"),
        ("queue", "a b", "'a b'"),
        ("tags", "night", "'night'"),
        ("tags", ["x"] * 30, "30"),
        ("tags", ["x", 5], "not 5"),
        ("tags", ["\ud800"], "surrogate"),
        ("payload", object(), "object"),
        ("payload", {(1, 2): 3}, "keys"),
        ("start", datetime.max.replace(tzinfo=timezone(timedelta(hours=-5))), "9999"),
        ("timezone", "right/UTC", "'right/UTC'"),
        ("overlap", None, "None"),
    ],
)
def test_an_option_that_cannot_be_is_named_with_its_value(option: str, value: Any, said: str) -> None:
    with pytest.raises(DefinitionError, match=f"{option}.*{said}|{said}.*{option}"):
        schedule.every(hours=1, **{option: value})  # type: ignore[misc]


def test_an_end_before_the_start_is_refused() -> None:
    start = datetime(2027, 1, 1, tzinfo=UTC)
    with pytest.raises(DefinitionError, match="end is before start"):
        schedule.every(hours=1, start=start, end=start - timedelta(days=1))
    made = schedule.every_hour_at(0, start=start, end=start)
    assert made.fields["end_at"] == "2027-01-01T00:00:00.000000Z"


def test_what_never_fires_within_its_bounds_is_refused() -> None:
    start, hour = datetime(2027, 1, 1, tzinfo=UTC), timedelta(hours=1)
    assert schedule.every(hours=1, start=start, end=start + hour)
    assert schedule.once(start, start=start, end=start)
    for make in (
        lambda: schedule.every(hours=1, start=start, end=start + hour / 2),
        lambda: schedule.once(start, start=start + hour),
        lambda: schedule.once(start, end=start - hour),
    ):
        with pytest.raises(DefinitionError, match="never fires"):
            make()


def test_a_payload_is_kept_as_it_was_written() -> None:
    payload = {"a": [1]}
    made = schedule.every(hours=1, payload=payload)
    payload["a"].append(2)
    assert made.fields["payload"] == {"a": [1]}


def test_a_payload_that_does_not_fit_the_handlers_annotation_is_refused_with_the_job() -> None:
    def typed(payload: dict[str, int]) -> None: ...

    assert Job("a", typed, schedule=schedule.every(hours=1, payload={"n": 1})).schedules
    with pytest.raises(DefinitionError, match=r"'a'.*/n"):
        Job("a", typed, schedule=schedule.every(hours=1, payload={"n": "one"}))
    with pytest.raises(DefinitionError, match=r"'a\.night'.*null as none is given"):
        Job("a", typed, schedule={"night": schedule.every(hours=1)})


def test_two_jobs_cannot_have_a_schedule_of_one_name() -> None:
    jobs = Jobs()
    jobs.add(Job("a", handler, schedule={"b": schedule.every(hours=1)}))
    with pytest.raises(DefinitionError, match=r"'a' already has a schedule named 'a\.b'"):
        jobs.add(Job("a.b", handler, schedule=schedule.every(hours=1)))
    assert "a.b" not in jobs


# -- what this package takes, the server takes, and the other way round


def taken_by_client(make: Any) -> schedule.Schedule | None:
    try:
        made: schedule.Schedule = make()
    except DefinitionError:
        return None
    return made


def taken_by_server(fields: Mapping[str, Any]) -> bool:
    """As by `POST /v1/schedules`, up to where the job type is looked up."""
    body = {"name": "name", "job_type": "job", **fields}
    try:
        check_plan(definition_of("name", fit(ScheduleIn, parse(json.dumps(body).encode()))).plan)
    except (InvalidRequest, MalformedJson):
        return False
    return True


TERMS = [
    "*",
    "0",
    "1",
    "5",
    "7",
    "12",
    "29",
    "30",
    "31",
    "59",
    "60",
    "00",
    "L",
    "LW",
    "mon",
    "SUN",
    "feb",
    "DEC",
    "W",
    "?",
    "90",
    "monday",
    "sept",
]
term = st.one_of(st.sampled_from(TERMS), st.integers(0, 70).map(str), st.text("0123456789*,-/#Lfri\n¹", max_size=4))
ranged = st.tuples(term, term).map("-".join)
piece = st.one_of(
    term,
    ranged,
    st.tuples(st.one_of(term, ranged), term).map("/".join),
    st.tuples(term, term).map("#".join),
    term.map(lambda text: f"{text}L"),
)
field = st.one_of(piece, st.lists(piece, min_size=2, max_size=3).map(",".join))
blank = st.sampled_from([" ", "  ", "\t", "\n", "\u00a0"])


@st.composite
def nearly_good(draw: st.DrawFn) -> str:
    """A good expression with a field or two replaced."""
    fields = ["0", "3", "*", "*", "*"]
    for place in draw(st.lists(st.integers(0, 4), max_size=2)):
        fields[place] = draw(field)
    return " ".join(fields)


cron_texts = st.one_of(
    nearly_good(),
    nearly_good(),
    nearly_good(),
    st.tuples(st.lists(field, min_size=4, max_size=6), blank).map(lambda both: both[1].join(both[0])),
    st.sampled_from(["@daily", " @Weekly ", "@midnight", "@every 5m", "@reboot", "", " 0 3 * * *\n", "0\t3 * * *"]),
    st.text(max_size=12),
)


@settings(max_examples=examples(500), deadline=None)
@given(cron_texts)
def test_cron_text_is_misread_in_the_same_way(expression: str) -> None:
    assert cron_text.misread(expression) == server_cron_text.misread(expression)


@settings(max_examples=examples(500), deadline=None)
@given(cron_texts)
def test_cron_text_is_judged_as_by_the_server(expression: str) -> None:
    trigger = {"kind": "cron", "expression": expression}
    made = taken_by_client(lambda: schedule.cron(expression))
    assert (made is not None) == taken_by_server({"trigger": trigger})
    assert made is None or made.fields == {"trigger": trigger}


numbers = st.one_of(st.integers(-101, 101), st.integers(), st.floats(), st.sampled_from([86_400, 86_401, 2**53]))
texts = st.one_of(st.sampled_from(["a", "a b", "", "UTC", "Europe/Berlin", "GMT0", "allow", "skip", "all"]), st.text())
plain = st.one_of(st.none(), st.booleans(), numbers, texts)
json_values = st.recursive(plain, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=5)
instants = st.datetimes(timezones=st.sampled_from([UTC, timezone(timedelta(hours=-5)), None]))
OPTIONS: dict[str, st.SearchStrategy[Any]] = {
    "timezone": st.one_of(st.sampled_from(sorted(available_timezones())), plain),
    "overlap": st.one_of(st.sampled_from(["allow", "skip", "cancel_running"]), plain),
    "catch_up": st.one_of(st.sampled_from(["none", "latest", "all"]), plain),
    "jitter": st.one_of(st.floats(0, 86_400), plain),
    "queue": st.one_of(st.from_regex(r"[a-z]{1,3}"), plain, st.text("ab", min_size=127, max_size=130)),
    "priority": plain,
    "tags": st.one_of(st.lists(st.text(min_size=1), max_size=22), st.lists(plain, max_size=2), plain),
    "payload": json_values,
    "start": st.one_of(instants, plain),
    "end": st.one_of(instants, plain),
}
SENT_AS = {"jitter": "jitter_seconds", "start": "start_at", "end": "end_at"}


def sent(option: str, value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


@settings(max_examples=examples(400), deadline=None)
@given(st.lists(st.sampled_from(sorted(OPTIONS)), max_size=2, unique=True), st.data())
def test_options_are_judged_as_by_the_server(names: list[str], data: st.DataObject) -> None:
    options = {name: data.draw(OPTIONS[name], name) for name in names}
    assume(not any(isinstance(value, datetime) and _leaves_utc(value) for value in options.values()))
    made = taken_by_client(lambda: schedule.every(hours=1, **options))
    written = {SENT_AS.get(name, name): sent(name, value) for name, value in options.items()}
    by_server = taken_by_server({"trigger": {"kind": "interval", "every_seconds": 3600}, **written})
    assert (made is not None) == by_server
    assert made is None or taken_by_server(made.fields)


def _leaves_utc(moment: datetime) -> bool:
    """The server takes it for the first or last instant that there is; in code it is refused."""
    return moment.tzinfo is not None and not 1 < moment.year < 9999


@settings(max_examples=examples(100), deadline=None)
@given(st.one_of(st.floats(), st.floats(0.9, 1.1), st.floats(3.16e8, 3.17e8), st.integers()))
def test_intervals_are_judged_as_by_the_server(seconds: float) -> None:
    made = taken_by_client(lambda: schedule.every(seconds=seconds))
    if made is not None:  # in whole microseconds
        assert taken_by_server(made.fields)
    else:
        assert not taken_by_server({"trigger": {"kind": "interval", "every_seconds": seconds}})


@pytest.mark.parametrize("levels", [59, 60])
def test_a_payload_is_as_deep_as_a_declaration_can_carry(levels: int) -> None:
    payload: Any = 1
    for _ in range(levels):
        payload = [payload]
    fields = {"trigger": {"kind": "interval", "every_seconds": 60}, "payload": payload}
    declares = [{"app": "a", "declared_at": "2026-01-01T00:00:00Z", "job_types": [], "schedules": [fields]}]
    made = taken_by_client(lambda: schedule.every(seconds=60, payload=payload))
    try:
        parse(json.dumps({"name": "w", "job_types": [], "declares": declares}).encode())
    except MalformedJson:
        assert made is None
    else:
        assert made is not None


def test_a_job_has_one_schedule_of_its_name_or_several() -> None:
    night, noon = schedule.every_day_at(3), schedule.every_day_at(12)
    assert Job("a", handler, schedule=night).schedules == {"a": night}
    assert Job("a", handler, schedule={"night": night, "noon": noon}).schedules == {"a.night": night, "a.noon": noon}
    assert Job("a", handler).schedules == {}


def test_the_zones_are_those_of_the_server() -> None:
    for name in zones.names():
        assert schedule.every(hours=1, timezone=name).fields["timezone"] == name
