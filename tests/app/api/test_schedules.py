"""Schedules over HTTP: made, changed, fired by a clock that the test moves."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace

from blazy_jobs_server.domain.errors import StoreUnavailable
from blazy_jobs_server.domain.instants import SECOND
from blazy_jobs_server.domain.schedule import Interval, Plan, Schedule, ScheduleDefinition
from blazy_jobs_server.engine.fire_times import FireTimes
from blazy_jobs_server.ports import Fire, Fired
from tests.app.server import Server, paths, problem

DAY = 86_400.0
# The clock of these tests begins at 2026-01-01T00:00:00Z, a Thursday.


async def made(server: Server, name: str = "nightly", *, status: int = 201, **fields: Any) -> Any:
    body = {"name": name, "job_type": "greet", "trigger": {"kind": "cron", "expression": "0 3 * * *"}} | fields
    return await server.post("/v1/schedules", body, status=status)


async def every(server: Server, seconds: float = 60, name: str = "often", **fields: Any) -> Any:
    return await made(server, name, trigger={"kind": "interval", "every_seconds": seconds}, **fields)


async def runs(server: Server, name: str) -> list[Any]:
    """Those of the schedule, in the order in which they were made."""
    found: list[Any] = []
    cursor: dict[str, str] = {}
    while True:
        page = await server.get("/v1/runs", schedule=name, limit=200, **cursor)
        found += page["data"]
        if page["next_cursor"] is None:
            return found[::-1]
        cursor = {"cursor": page["next_cursor"]}


async def schedule(server: Server, name: str) -> Any:
    return await server.get(f"/v1/schedules/{name}")


# -- what is kept


@pytest.mark.parametrize(
    ("at", "told"),
    [
        ("0124-07-30T13:13:38Z", "0124-07-30T13:13:38.000000Z"),
        ("0001-01-01T00:00:00+05:00", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59-05:00", "9999-12-31T23:59:59.999999Z"),
    ],
)
async def test_any_instant_is_told_in_rfc_3339(server: Server, at: str, told: str) -> None:
    await server.register()
    bounds = {"end_at": at} if at.startswith("9") else {"start_at": at}
    odd = await made(server, **bounds)
    assert told in (odd["start_at"], odd["end_at"])


async def test_a_calendar_of_no_days_is_told_so(server: Server) -> None:
    await server.register()
    answer = await server.http.post(
        "/v1/schedules",
        json={"name": "never", "job_type": "greet", "trigger": {"kind": "calendar", "every": {}, "hour": 3}},
    )
    [error] = problem(answer, 422, "invalid_request")["errors"]
    assert error == {"path": "/trigger/every", "message": "must be at least one day", "code": "invalid_schedule"}


async def test_a_schedule_is_answered_with_all_that_holds(server: Server) -> None:
    await server.register()
    made_one = await server.http.post(
        "/v1/schedules",
        json={"name": "nightly", "job_type": "greet", "trigger": {"kind": "cron", "expression": "0 3 * * *"}},
    )
    assert made_one.status_code == 201
    assert made_one.headers["location"] == "/v1/schedules/nightly"
    body = made_one.json()
    created = body.pop("created_at")
    assert body.pop("updated_at") == created
    assert body == {
        "name": "nightly",
        "job_type": "greet",
        "payload": None,
        "timezone": "UTC",
        "trigger": {"kind": "cron", "expression": "0 3 * * *"},
        "overlap": "allow",
        "catch_up": "latest",
        "jitter_seconds": 0,
        "paused": False,
        "orphaned": False,
        "start_at": None,
        "end_at": None,
        "queue": None,
        "priority": None,
        "tags": [],
        "next_fire_at": "2026-01-01T03:00:00.000000Z",
        "last_fire_at": None,
        "last_run_id": None,
        "last_skipped_at": None,
        "missed": 0,
        "source": "api",
    }
    assert await schedule(server, "nightly") == made_one.json()
    await server.restart()
    assert await schedule(server, "nightly") == made_one.json()


async def test_names_are_taken_once_and_what_is_not_there_is_not_found(server: Server) -> None:
    await server.register()
    await made(server)
    again = {"name": "nightly", "job_type": "greet", "trigger": {"kind": "cron", "expression": "@daily"}}
    problem(await server.http.post("/v1/schedules", json=again), 409, "schedule_exists")
    for method, path in (
        ("GET", ""),
        ("PATCH", ""),
        ("DELETE", ""),
        ("POST", "/pause"),
        ("POST", "/resume"),
        ("POST", "/trigger"),
        ("GET", "/next"),
    ):
        answer = await server.http.request(method, f"/v1/schedules/none{path}")
        problem(answer, 404, "schedule_not_found")


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"trigger": {"kind": "cron", "expression": "30 2 30 2 *"}}, "/trigger/expression"),
        ({"trigger": {"kind": "cron", "expression": "* * * *"}}, "/trigger/expression"),
        ({"trigger": {"kind": "interval", "every_seconds": 0.5}}, "/trigger/every_seconds"),
        ({"trigger": {"kind": "interval", "every_seconds": 60, "at": 1}}, "/trigger/at"),
        ({"trigger": {"kind": "calendar", "every": {}}}, "/trigger/every"),
        ({"trigger": {"kind": "calendar", "every": {"days": 1}, "hour": 24}}, "/trigger/hour"),
        ({"trigger": {"kind": "date", "at": "tomorrow"}}, "/trigger/at"),
        ({"trigger": {"kind": "moon"}}, "/trigger/kind"),
        ({"timezone": "Mars/Olympus"}, "/timezone"),
        ({"timezone": "right/Europe/Berlin"}, "/timezone"),
        ({"timezone": "localtime"}, "/timezone"),
        ({"job_type": "none"}, "/job_type"),
        ({"payload": {"n": "x"}}, "/payload/n"),
        ({"overlap": "maybe"}, "/overlap"),
        ({"jitter_seconds": -1}, "/jitter_seconds"),
        ({"start_at": "2026-02-01T00:00:00Z", "end_at": "2026-01-01T00:00:00Z"}, "/end_at"),
        ({"unknown": 1}, "/unknown"),
        ({"priority": 101}, "/priority"),
    ],
)
async def test_what_cannot_be_is_refused_with_its_place(server: Server, fields: Any, path: str) -> None:
    await server.register(payload_schema={"type": ["object", "null"], "properties": {"n": {"type": "integer"}}})
    body = {"name": "bad", "job_type": "greet", "trigger": {"kind": "cron", "expression": "@daily"}} | fields
    for answer in (
        await server.http.post("/v1/schedules", json=body),
        await server.http.put("/v1/schedules/bad", json=body),
    ):
        assert answer.status_code == 422, answer.text
        assert paths(answer.json()) == [path], answer.text
    assert (await server.get("/v1/schedules"))["data"] == []


async def test_put_makes_and_replaces_and_patch_changes(server: Server) -> None:
    await server.register()
    body = {"job_type": "greet", "trigger": {"kind": "interval", "every_seconds": 60}, "payload": {"a": 1}}
    first = await server.http.put("/v1/schedules/often", json=body)
    assert (first.status_code, first.json()["next_fire_at"]) == (201, "2026-01-01T00:01:00.000000Z")
    await server.advance(30)
    same = await server.http.put("/v1/schedules/often", json=body)
    assert (same.status_code, same.json()) == (200, first.json())
    changed = await server.http.patch("/v1/schedules/often", json={"payload": [1], "tags": ["x"]})
    assert (changed.json()["payload"], changed.json()["tags"]) == ([1], ["x"])
    assert changed.json()["next_fire_at"] == first.json()["next_fire_at"], "its times stay as they are"
    moved = await server.http.patch(
        "/v1/schedules/often", json={"trigger": {"kind": "interval", "every_seconds": 3600}}
    )
    assert moved.json()["next_fire_at"] == "2026-01-01T01:00:00.000000Z"
    replaced = await server.http.put("/v1/schedules/often", json=body)
    assert (replaced.json()["payload"], replaced.json()["tags"]) == ({"a": 1}, [])
    await server.advance(60)
    assert [run["payload"] for run in await runs(server, "often")] == [{"a": 1}]


async def test_lists_are_newest_first_over_pages(server: Server) -> None:
    await server.register()
    for n in range(5):
        await made(server, f"s{n}")
    found, cursor = [], None
    while True:
        page = await server.get("/v1/schedules", limit=2, **({} if cursor is None else {"cursor": cursor}))
        found += [item["name"] for item in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert found == ["s4", "s3", "s2", "s1", "s0"]


async def test_a_job_type_that_a_schedule_names_cannot_be_retired(server: Server) -> None:
    await server.register()
    await made(server)
    problem(await server.http.delete("/v1/job-types/greet"), 409, "job_type_in_use")
    assert (await server.http.delete("/v1/schedules/nightly")).status_code == 204
    assert (await server.http.delete("/v1/job-types/greet")).status_code == 204


async def test_next_and_preview_say_when(server: Server) -> None:
    await server.register()
    await made(server, timezone="Europe/Berlin", trigger={"kind": "cron", "expression": "30 2 * * *"})
    times = (await server.get("/v1/schedules/nightly/next", count=2))["data"]
    assert times == ["2026-01-01T01:30:00.000000Z", "2026-01-02T01:30:00.000000Z"]
    asked = {
        "trigger": {"kind": "cron", "expression": "30 2 * * *"},
        "timezone": "Europe/Berlin",
        "after": "2026-03-28T12:00:00Z",
        "count": 2,
    }
    answer = await server.post("/v1/schedules/preview", asked, status=200)
    assert answer["data"] == ["2026-03-29T01:00:00.000000Z", "2026-03-30T00:30:00.000000Z"]
    bad = await server.http.post("/v1/schedules/preview", json=asked | {"timezone": "Moon"})
    assert paths(problem(bad, 422, "invalid_request")) == ["/timezone"]
    assert (await server.get("/v1/schedules"))["next_cursor"] is None


async def test_next_times_are_found_while_others_are_answered(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.register()
    plan = {"trigger": {"kind": "calendar", "every": {"months": 1}}, "start_at": "0001-01-31T00:00:00Z"}
    await made(server, **plan)
    after, may_go_on = FireTimes.after, threading.Event()

    def slow(self: FireTimes, instant: int) -> int | None:
        may_go_on.wait()
        return after(self, instant)

    monkeypatch.setattr(FireTimes, "after", slow)
    asked = [
        asyncio.create_task(server.get("/v1/schedules/nightly/next", count=1000)),
        asyncio.create_task(server.post("/v1/schedules/preview", plan | {"count": 1000}, status=200)),
    ]
    try:
        await server.get("/v1/schedules")
        assert not any(task.done() for task in asked)
    finally:
        may_go_on.set()
    for task in asked:
        times = (await task)["data"]
        assert (times[0], len(times)) == ("2026-01-31T00:00:00.000000Z", 1000)


@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Tokyo"])
async def test_a_calendar_may_begin_at_the_edge_of_time(server: Server, zone: str) -> None:
    asked = {"trigger": {"kind": "calendar", "every": {"days": 1}}, "timezone": zone, "count": 1}
    first = asked | {"start_at": "0001-01-01T00:00:00Z"}
    assert len((await server.post("/v1/schedules/preview", first, status=200))["data"]) == 1
    last = asked | {"start_at": "9999-12-31T23:59:59Z"}
    refused = problem(await server.http.post("/v1/schedules/preview", json=last), 422, "invalid_request")
    assert paths(refused) == ["/trigger"]


# -- firing


async def test_a_time_makes_one_run_that_is_due_at_it(server: Server) -> None:
    await server.register()
    await made(server, payload={"a": 1}, tags=["night"], queue="slow", priority=7)
    await server.advance(3 * 3600 - 1)
    assert await runs(server, "nightly") == []
    await server.advance(1.5)
    [run] = await runs(server, "nightly")
    assert (run["due_at"], run["schedule"]) == ("2026-01-01T03:00:00.000000Z", "nightly")
    assert (run["state"], run["payload"], run["tags"], run["queue"], run["priority"]) == (
        "queued",
        {"a": 1},
        ["night"],
        "slow",
        7,
    )
    assert await server.types(run) == ["queued"]
    now = await schedule(server, "nightly")
    assert (now["last_fire_at"], now["last_run_id"]) == (run["due_at"], run["id"])
    assert (now["next_fire_at"], now["missed"]) == ("2026-01-02T03:00:00.000000Z", 0)
    await server.advance(60)
    assert len(await runs(server, "nightly")) == 1


async def test_the_timer_wakes_for_the_earliest_and_for_what_changes(server: Server) -> None:
    await server.register()
    await made(server, "late", trigger={"kind": "interval", "every_seconds": 1000})
    await made(server, "soon", trigger={"kind": "interval", "every_seconds": 3})
    server.clock.move(3.0)
    worker = await server.worker()
    assert [lease["run"]["schedule"] for lease in await worker.claim(wait_seconds=4)] == ["soon"]


async def test_a_date_fires_once_and_is_over(server: Server) -> None:
    await server.register()
    await made(server, "once", trigger={"kind": "date", "at": "2026-01-01T01:00:00+00:00"})
    await server.advance(3600)
    await server.advance(DAY)
    assert len(await runs(server, "once")) == 1
    assert (await schedule(server, "once"))["next_fire_at"] is None


async def test_jitter_puts_the_run_off_but_not_its_time(server: Server) -> None:
    await server.register()
    for n in range(20):
        await made(server, f"s{n}", jitter_seconds=100, trigger={"kind": "interval", "every_seconds": 1000})
    await server.advance(1000)
    early = (await server.get("/v1/queues/default"))["counts"]["queued"]
    assert early < 10, "they do not fire in one moment"
    for _ in range(20):
        await server.advance(5)
    created = [run for n in range(20) for run in await runs(server, f"s{n}")]
    assert len(created) == 20, "each has fired within its jitter"
    assert {run["due_at"] for run in created} == {"2026-01-01T00:16:40.000000Z"}
    assert len({run["created_at"] for run in created}) > 5


async def test_trigger_makes_a_run_at_once_beside_the_others(server: Server) -> None:
    await server.register()
    await made(server, payload=5, overlap="skip")
    first = await server.post("/v1/schedules/nightly/trigger", status=202, idempotency_key="k")
    again = await server.http.post("/v1/schedules/nightly/trigger", headers={"idempotency-key": "k"})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert (first["schedule"], first["payload"], first["due_at"]) == ("nightly", 5, first["created_at"])
    await server.post("/v1/schedules/nightly/trigger", status=202)
    assert len(await runs(server, "nightly")) == 2
    now = await schedule(server, "nightly")
    assert (now["last_fire_at"], now["next_fire_at"]) == (None, "2026-01-01T03:00:00.000000Z")


async def test_a_trigger_under_a_used_key_is_answered_whatever_has_become_of_its_job_type(server: Server) -> None:
    await server.register()
    await made(server)
    first = await server.post("/v1/schedules/nightly/trigger", status=202, idempotency_key="k")
    await server.http.patch("/v1/job-types/greet", json={"payload_schema": {"type": "integer"}})
    problem(await server.http.post("/v1/schedules/nightly/trigger"), 422, "invalid_payload")
    again = await server.http.post("/v1/schedules/nightly/trigger", headers={"idempotency-key": "k"})
    assert (again.status_code, again.json()["id"]) == (200, first["id"])
    assert again.headers["idempotency-replayed"] == "true"


# -- pauses, downtime, overlap


async def test_what_is_not_there_is_said_before_what_is_wrong_with_the_request(server: Server) -> None:
    problem(await server.http.get("/v1/schedules/none/next?count=0"), 404, "schedule_not_found")
    for path in ("/v1/schedules/none", "/v1/job-types/none", "/v1/queues/none"):
        for verb in ("pause", "resume"):
            assert (await server.http.post(f"{path}/{verb}", json={"x": 1})).status_code == 404
    await server.register()
    await made(server)
    problem(await server.http.get("/v1/schedules/nightly/next?count=0"), 422, "invalid_request")
    for path in ("/v1/schedules/nightly", "/v1/job-types/greet", "/v1/queues/default"):
        for verb in ("pause", "resume"):
            assert paths(problem(await server.http.post(f"{path}/{verb}", json={"x": 1}), 422, "invalid_request")) == [
                "/x"
            ]
            assert (await server.http.post(f"{path}/{verb}", content="x")).status_code == 415
            assert (await server.http.post(f"{path}/{verb}", json={})).status_code == 200


async def test_a_page_of_schedules_ends_early_at_4_mib(server: Server) -> None:
    await server.register()
    names = [f"s{n}" for n in range(6)]
    for name in names:
        await made(server, name, payload="x" * 900_000)
    page = await server.get("/v1/schedules")
    assert 3 <= len(page["data"]) < 6
    rest = await server.get("/v1/schedules", cursor=page["next_cursor"])
    assert [one["name"] for one in page["data"] + rest["data"]] == names[::-1]
    assert rest["next_cursor"] is None


async def test_a_preview_of_a_plan_that_ends_before_it_starts_is_refused_as_its_schedule_would_be(
    server: Server,
) -> None:
    plan = {"trigger": {"kind": "interval", "every_seconds": 60}, "start_at": "2026-02-01T00:00:00Z"}
    refused = await server.http.post("/v1/schedules/preview", json=plan | {"end_at": "2026-01-01T00:00:00Z"})
    assert paths(problem(refused, 422, "invalid_request")) == ["/end_at"]


async def test_a_time_that_has_its_run_already_cancels_nothing(server: Server) -> None:
    """A clock that went back: the times come again."""
    await server.register()
    await every(server, overlap="cancel_running")
    await server.advance(60)
    [first] = await runs(server, "often")
    stored = await server.store.schedule("often")
    assert stored is not None
    again = replace(stored, next_fire_at=stored.next_fire_at - 60 * SECOND)
    assert await server.store.save_schedule(again, expect=stored.revision) is not None
    await server.jobs.scheduler.catch_up()
    assert [run["state"] for run in await runs(server, "often")] == ["queued"]
    await server.advance(60)
    assert [run["state"] for run in await runs(server, "often")] == ["cancelled", "queued"]
    assert first["id"] == (await runs(server, "often"))[0]["id"]


async def test_a_paused_schedule_lets_its_times_pass_and_makes_up_for_none(server: Server) -> None:
    await server.register()
    await every(server, catch_up="all")
    paused = await server.post("/v1/schedules/often/pause", status=200)
    assert (paused["paused"], paused["next_fire_at"]) == (True, None)
    await server.advance(600)
    assert await runs(server, "often") == []
    resumed = await server.post("/v1/schedules/often/resume", status=200)
    assert resumed["next_fire_at"] == "2026-01-01T00:11:00.000000Z"
    await server.advance(60)
    assert len(await runs(server, "often")) == 1
    assert (await schedule(server, "often"))["missed"] == 0


@pytest.mark.parametrize(
    ("catch_up", "due", "missed"),
    [
        ("none", [], 600),
        ("latest", ["2026-01-01T10:00:00.000000Z"], 599),
        ("all", ["2026-01-01T00:01:00.000000Z", "2026-01-01T10:00:00.000000Z"], 0),
    ],
)
async def test_downtime_is_made_up_for_as_asked(server: Server, catch_up: str, due: list[str], missed: int) -> None:
    await server.register()
    await every(server, catch_up=catch_up)
    await server.__aexit__()
    server.clock.move(10 * 3600 + 1)
    await server.__aenter__()
    await server.jobs.scheduler.catch_up()
    times = [run["due_at"] for run in await runs(server, "often")]
    assert ([times[0], times[-1]] if catch_up == "all" else times) == due
    assert len(times) == {"none": 0, "latest": 1, "all": 600}[catch_up]
    assert (await schedule(server, "often"))["missed"] == missed
    await server.advance(60)
    assert (await schedule(server, "often"))["missed"] == missed


async def test_none_makes_the_run_of_a_time_that_a_running_server_is_late_for(server: Server) -> None:
    """By up to a minute: busy is no downtime."""
    await server.register()
    await every(server, 600, catch_up="none")
    await server.advance(659)
    assert [run["due_at"] for run in await runs(server, "often")] == ["2026-01-01T00:10:00.000000Z"]
    await server.advance(541 + 61)
    now = await schedule(server, "often")
    assert (now["last_fire_at"], now["missed"]) == ("2026-01-01T00:10:00.000000Z", 1)


async def test_none_makes_the_run_that_jitter_has_put_off_beyond_a_start(server: Server) -> None:
    await server.register()
    late = await every(server, 1000, catch_up="none", jitter_seconds=100)
    known = await server.store.schedule(late["name"])
    assert known is not None
    assert known.wake_at is not None
    put_off = (known.wake_at - server.clock.now()) / 1e6 - 1000
    assert put_off > 2
    await server.advance(1000)
    await server.__aexit__()
    server.clock.move(1)
    await server.__aenter__()
    await server.advance(put_off)
    assert len(await runs(server, "often")) == 1


async def test_all_makes_up_for_a_thousand_at_most(server: Server) -> None:
    await server.register()
    await every(server, catch_up="all")
    await server.advance(60 * 1500)
    now = await schedule(server, "often")
    assert (now["missed"], now["last_fire_at"]) == (500, "2026-01-02T01:00:00.000000Z")
    assert (await server.get("/v1/queues/default"))["counts"]["queued"] == 1000


def fires_of(server: Server, monkeypatch: pytest.MonkeyPatch, *, most: int = 10**6) -> list[list[Fire]]:
    """What each transaction of the store fires, as it comes; after `most` of them the store is gone."""
    seen: list[list[Fire]] = []
    fire = server.store.fire

    async def watched(fires: Sequence[Fire]) -> list[Fired]:
        if len(seen) == most:
            raise StoreUnavailable("gone")
        seen.append(list(fires))
        return await fire(fires)

    monkeypatch.setattr(server.store, "fire", watched)
    return seen


async def test_much_to_make_up_for_is_stored_in_small_transactions(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    await every(server, 1, "many", catch_up="all")
    await every(server, 60, "large", catch_up="all", payload="x" * 900_000)
    fires = fires_of(server, monkeypatch)
    await server.advance(1500)
    for transaction in fires:
        orders = [order for fire in transaction for order in fire.orders]
        assert len(orders) <= 200
        assert sum(len(order.payload) for order in orders) <= 5_000_000
    assert len(await runs(server, "large")) == 25
    times = [run["due_at"] for run in await runs(server, "many")]
    assert len(times) == len(set(times)) == 1000
    assert times == sorted(times)
    now = await schedule(server, "many")
    assert (now["missed"], now["next_fire_at"]) == (500, "2026-01-01T00:25:01.000000Z")


async def test_what_was_made_up_for_stays_so_when_the_rest_was_not(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    await every(server, 1, catch_up="all")
    fires = fires_of(server, monkeypatch, most=2)
    server.clock.move(1500)
    with pytest.raises(StoreUnavailable):
        await server.jobs.scheduler.catch_up()
    assert len(fires) == 2
    assert (await schedule(server, "often"))["missed"] == 500
    monkeypatch.undo()
    await server.restart()
    await server.settle()
    times = [run["due_at"] for run in await runs(server, "often")]
    assert len(times) == len(set(times)) == 1000
    assert (await schedule(server, "often"))["missed"] == 500


async def test_times_that_come_now_do_not_wait_for_what_is_made_up_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    for n in range(5):
        await every(server, 1, f"behind{n}", catch_up="all")
    await every(server, 3000, "now")
    fires = fires_of(server, monkeypatch)
    await server.advance(3000)
    turn = [n for n, transaction in enumerate(fires) if any(fire.schedule.name == "now" for fire in transaction)]
    assert turn == [1], "after the first step"
    assert len(fires) >= 25
    assert (await server.get("/v1/queues/default"))["counts"]["queued"] == 5001


@pytest.mark.parametrize(("days", "missed"), [(6, 6 * 1440 - 1), (8, 10_000)])
async def test_missed_times_are_counted_by_the_day(
    server: Server, monkeypatch: pytest.MonkeyPatch, days: int, missed: int
) -> None:
    await server.register()
    await made(server, trigger={"kind": "cron", "expression": "* * * * *"}, timezone="Europe/Berlin")
    asked, after = 0, FireTimes.after

    def counted(self: FireTimes, instant: int) -> int | None:
        nonlocal asked
        asked += 1
        return after(self, instant)

    monkeypatch.setattr(FireTimes, "after", counted)
    await server.advance(days * DAY)
    assert (await schedule(server, "nightly"))["missed"] == missed
    assert asked < 100


@pytest.mark.parametrize("catch_up", ["latest", "all"])
async def test_each_time_of_a_payload_that_fits_no_more_is_counted_once(server: Server, catch_up: str) -> None:
    await server.register()
    await every(server, payload="x", catch_up=catch_up)
    await server.http.patch("/v1/job-types/greet", json={"payload_schema": {"type": "integer"}})
    await server.advance(600)
    now = await schedule(server, "often")
    assert (now["missed"], now["last_skipped_at"]) == (9, "2026-01-01T00:10:00.000000Z")
    lines = (await server.http.get("/metrics")).text.splitlines()
    counts = [float(line.split()[1]) for line in lines if line.startswith("jobs_schedule_times_total{")]
    assert (sum(counts), await runs(server, "often")) == (10, [])


async def test_none_counts_what_it_lets_go_of_a_payload_that_fits_no_more_once(server: Server) -> None:
    await server.register()
    await every(server, payload="x", catch_up="none")
    await server.http.patch("/v1/job-types/greet", json={"payload_schema": {"type": "integer"}})
    await server.__aexit__()
    server.clock.move(601)
    await server.__aenter__()
    await server.jobs.scheduler.catch_up()
    now = await schedule(server, "often")
    assert (now["missed"], now["last_skipped_at"]) == (10, None)


async def test_skip_fires_only_when_the_last_run_is_over(server: Server) -> None:
    await server.register()
    await every(server, 10, overlap="skip")
    worker = await server.worker()
    await server.advance(10)
    lease = await worker.take()
    await server.advance(10)
    assert len(await runs(server, "often")) == 1
    now = await schedule(server, "often")
    assert (now["last_skipped_at"], now["missed"]) == ("2026-01-01T00:00:20.000000Z", 0)
    assert now["last_fire_at"] == "2026-01-01T00:00:10.000000Z"
    await worker.complete(lease)
    await server.advance(10)
    assert len(await runs(server, "often")) == 2


async def test_cancel_running_ends_the_last_run_for_the_next(server: Server) -> None:
    await server.register()
    await every(server, 10, overlap="cancel_running")
    worker = await server.worker()
    await server.advance(10)
    lease = await worker.take()
    await server.advance(10)
    assert (await worker.hold(lease))[0]["cancel_requested"]
    first, second = await runs(server, "often")
    assert (first["cancel_requested"], second["state"]) == (True, "queued")
    await worker.say(lease, "cancelled")
    await server.advance(10)
    states = [run["state"] for run in await runs(server, "often")]
    assert states == ["cancelled", "cancelled", "queued"]


async def test_a_payload_that_fits_no_more_makes_no_run_and_is_seen(server: Server) -> None:
    await server.register()
    await every(server, payload="x")
    await server.http.patch("/v1/job-types/greet", json={"payload_schema": {"type": "integer"}})
    await server.advance(60)
    assert await runs(server, "often") == []
    assert (await schedule(server, "often"))["last_skipped_at"] == "2026-01-01T00:01:00.000000Z"
    await server.http.patch("/v1/job-types/greet", json={"payload_schema": None})
    await server.advance(60)
    assert len(await runs(server, "often")) == 1


async def test_what_can_make_no_run_can_be_paused_but_not_resumed(server: Server) -> None:
    await server.register()
    await every(server, payload="x")
    await unreadable(server, "bad")
    await server.http.patch("/v1/job-types/greet", json={"payload_schema": {"type": "integer"}})
    for name in ("often", "bad"):
        paused = await server.post(f"/v1/schedules/{name}/pause", status=200)
        assert (paused["paused"], paused["next_fire_at"]) == (True, None)
    problem(await server.http.post("/v1/schedules/often/resume"), 422, "invalid_payload")
    problem(await server.http.post("/v1/schedules/bad/resume"), 422, "invalid_request")
    assert (await server.get("/v1/schedules/bad/next"))["data"] == []


async def test_a_time_that_has_made_its_run_makes_no_other(server: Server) -> None:
    """Deleted and made anew, or a clock that was set back: the pair of schedule and time is there once."""
    await server.register()
    await every(server, start_at="2026-01-01T00:00:00Z")
    await server.advance(60)
    await server.http.delete("/v1/schedules/often")
    await server.__aexit__()
    server.clock.move(-45)
    await server.__aenter__()
    await every(server, start_at="2026-01-01T00:00:00Z")
    await server.advance(60)
    assert [run["due_at"] for run in await runs(server, "often")] == ["2026-01-01T00:01:00.000000Z"]


async def test_many_schedules_of_one_time_all_fire(server: Server) -> None:
    await server.register()
    for n in range(250):
        await every(server, name=f"s{n}")
    await server.advance(60)
    assert (await server.get("/v1/queues/default"))["counts"]["queued"] == 250


async def test_a_change_that_a_fire_overtook_is_begun_anew(server: Server) -> None:
    """What it had read is old: saved, it would take back what the fire noted."""
    await server.register()
    await every(server)
    read = await server.store.schedule("often")
    assert read is not None
    await server.advance(60)
    assert await server.store.save_schedule(read, expect=read.revision) is None
    changed = (await server.http.patch("/v1/schedules/often", json={"payload": 1})).json()
    assert changed["last_fire_at"] == "2026-01-01T00:01:00.000000Z"


async def unreadable(server: Server, name: str) -> None:
    """A schedule whose time has come, in a zone that the system knew when it was made."""
    plan = Plan(trigger=Interval(60), timezone="Mars/Olympus")
    now = server.clock.now()
    definition = ScheduleDefinition(name=name, job_type="greet", plan=plan)
    broken = Schedule(definition=definition, source="api", created_at=now, next_fire_at=now + 1)
    assert await server.store.save_schedule(broken, expect=None) is not None


async def test_schedules_that_cannot_fire_are_in_nobodys_way(server: Server) -> None:
    await server.register()
    for n in range(250):
        await unreadable(server, f"bad{n}")
    await every(server)
    await server.advance(60)
    assert len(await runs(server, "often")) == 1
    now = await server.store.schedule("bad0")
    assert now is not None
    assert now.next_fire_at is not None, "it goes on when the zone is there again"


async def test_a_schedule_that_cannot_fire_is_not_tried_all_the_time(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    await unreadable(server, "bad")
    reads = 0
    due_schedules = server.store.due_schedules

    async def counted(*arguments: Any) -> list[Schedule]:
        nonlocal reads
        reads += 1
        return await due_schedules(*arguments)

    monkeypatch.setattr(server.store, "due_schedules", counted)
    await server.advance(1)
    seen = reads
    for _ in range(20):
        await server.store.ping()
    assert 1 <= reads == seen, "until the next look at the table"


async def test_what_was_read_of_a_deleted_schedule_does_not_fire_its_successor(server: Server) -> None:
    await server.register()
    await every(server, payload="old", start_at="2026-01-01T00:00:00Z")
    read = await server.store.schedule("often")
    assert read is not None
    await server.http.delete("/v1/schedules/often")
    await server.advance(1)
    await every(server, payload="new", start_at="2026-01-01T00:00:00Z")
    late = Fire(schedule=read, orders=(), next_fire_at=None, last_fire_at=server.clock.now())
    [fired] = await server.store.fire([late])
    assert fired.schedule is None
    await server.advance(60)
    assert [run["payload"] for run in await runs(server, "often")] == ["new"]


async def test_one_transaction_fires_a_schedule_once(server: Server) -> None:
    await server.register()
    await every(server)
    read = await server.store.schedule("often")
    assert read is not None
    fire = Fire(schedule=read, orders=(), next_fire_at=read.next_fire_at, last_fire_at=server.clock.now())
    answers = await server.store.fire([fire, fire])
    assert [fired.schedule is None for fired in answers] == [False, True]


@pytest.mark.parametrize(
    ("overlap", "states"),
    [("allow", ["queued"] * 3), ("skip", ["queued"]), ("cancel_running", ["cancelled", "cancelled", "queued"])],
)
async def test_what_is_made_up_for_at_once_overlaps_too(server: Server, overlap: str, states: list[str]) -> None:
    await server.register()
    await every(server, overlap=overlap, catch_up="all")
    await server.advance(180)
    made_up = await runs(server, "often")
    assert [run["state"] for run in made_up] == states
    for run in made_up:
        assert await server.types(run) == ["queued"] + ["cancelled"] * (run["state"] == "cancelled")
    skipped = "2026-01-01T00:03:00.000000Z" if overlap == "skip" else None
    assert (await schedule(server, "often"))["last_skipped_at"] == skipped
