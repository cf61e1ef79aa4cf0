"""Schedules that can make no run any more: refused over HTTP, and no reason for a worker to end."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.server import Server, paths, problem

HOUR = 3600.0
OVER: list[tuple[dict[str, Any], str]] = [
    ({"trigger": {"kind": "date", "at": "2025-12-31T23:59:59Z"}}, "/trigger/at"),
    ({"trigger": {"kind": "date", "at": "2026-01-01T00:00:00Z"}}, "/trigger/at"),
    ({"trigger": {"kind": "date", "at": "2026-02-01T00:00:00Z"}, "end_at": "2026-01-31T00:00:00Z"}, "/trigger/at"),
    ({"trigger": {"kind": "date", "at": "2026-02-01T00:00:00Z"}, "start_at": "2026-02-02T00:00:00Z"}, "/trigger/at"),
    ({"trigger": {"kind": "cron", "expression": "0 3 * * *"}, "end_at": "2025-12-31T00:00:00Z"}, "/end_at"),
    ({"trigger": {"kind": "cron", "expression": "0 3 * * *"}, "end_at": "2026-01-01T02:00:00Z"}, "/end_at"),
    ({"trigger": {"kind": "interval", "every_seconds": 7200}, "end_at": "2026-01-01T01:00:00Z"}, "/end_at"),
    (
        {
            "trigger": {"kind": "interval", "every_seconds": 7200},
            "start_at": "2026-06-01T00:00:00Z",
            "end_at": "2026-06-01T01:00:00Z",
        },
        "/end_at",
    ),
    ({"trigger": {"kind": "calendar", "every": {"months": 1}, "hour": 3}, "end_at": "2026-01-01T02:00:00Z"}, "/end_at"),
    ({"trigger": {"kind": "cron", "expression": "0 0 31 2 *"}}, "/trigger/expression"),
]
"""At 2026-01-01T00:00:00Z, each with the field that is named."""
GOOD = {"job_type": "greet", "trigger": {"kind": "cron", "expression": "0 3 * * *"}}


@pytest.mark.parametrize(("fields", "path"), OVER)
async def test_they_are_refused_by_each_way_of_making_one(server: Server, fields: Any, path: str) -> None:
    await server.register()
    await server.post("/v1/schedules", GOOD | {"name": "there"}, status=201)
    before = await server.get("/v1/schedules/there")
    for paused in (False, True):
        body = GOOD | fields | {"paused": paused}
        for method, url, sent in (
            ("POST", "/v1/schedules", body | {"name": "s"}),
            ("PUT", "/v1/schedules/s", body),
            ("PUT", "/v1/schedules/there", body),
            ("PATCH", "/v1/schedules/there", fields | {"paused": paused}),
            ("POST", "/v1/schedules/preview", fields),
        ):
            refused = problem(await server.http.request(method, url, json=sent), 422, "invalid_request")
            assert paths(refused) == [path], (method, url)
            assert "never" in refused["errors"][0]["message"]
    assert await server.get("/v1/schedules/there") == before
    problem(await server.http.get("/v1/schedules/s"), 404, "schedule_not_found")


async def test_one_that_has_come_to_its_end_stays_as_it_is(server: Server) -> None:
    await server.register()
    once = GOOD | {"trigger": {"kind": "date", "at": "2026-01-01T01:00:00Z"}}
    await server.http.put("/v1/schedules/s", json=once)
    await server.advance(2 * HOUR)
    over = await server.get("/v1/schedules/s")
    assert (over["next_fire_at"], over["last_fire_at"]) == (None, "2026-01-01T01:00:00.000000Z")
    assert (await server.http.put("/v1/schedules/s", json=once)).json() == over
    assert (await server.http.patch("/v1/schedules/s", json={"tags": ["old"]})).status_code == 200
    for verb in ("pause", "resume"):
        await server.post(f"/v1/schedules/s/{verb}", status=200)
    again = {"trigger": {"kind": "date", "at": "2026-01-03T01:00:00Z"}}
    assert (await server.http.patch("/v1/schedules/s", json=again)).json()["next_fire_at"] is not None


async def test_a_preview_of_the_past_may_be_asked_for(server: Server) -> None:
    asked = {"trigger": {"kind": "date", "at": "2025-01-01T00:00:00Z"}, "after": "2024-01-01T00:00:00Z"}
    answer = await server.post("/v1/schedules/preview", asked, status=200)
    assert answer["data"] == ["2025-01-01T00:00:00.000000Z"]


def declares(*schedules: Any, start: str = "a") -> dict[str, Any]:
    job_types = [{"name": "greet", "handler": {"kind": "worker"}}]
    return {"app": "shop", "start": start, "job_types": job_types, "schedules": list(schedules)}


async def test_code_whose_date_has_passed_goes_on_being_served(server: Server) -> None:
    once = GOOD | {"name": "once", "trigger": {"kind": "date", "at": "2026-01-01T01:00:00Z"}}
    await server.worker("greet", declares=declares(once))
    await server.advance(2 * HOUR)
    over = await server.get("/v1/schedules/once")
    for start in ("a", "b"):
        worker = await server.worker("greet", declares=declares(once, start=start))
        assert worker.registered["conflicts"] == []
    assert await server.get("/v1/schedules/once") == over
    assert len((await server.get("/v1/runs", schedule="once"))["data"]) == 1


async def test_a_date_that_had_passed_before_its_code_was_ever_served_is_told(server: Server) -> None:
    past = GOOD | {"name": "past", "trigger": {"kind": "date", "at": "2025-01-01T01:00:00Z"}}
    night = GOOD | {"name": "night"}
    worker = await server.worker("greet", declares=declares(past, night))
    [conflict] = worker.registered["conflicts"]
    assert (conflict["kind"], conflict["name"]) == ("schedule", "past")
    assert "in the past" in conflict["reason"]
    problem(await server.http.get("/v1/schedules/past"), 404, "schedule_not_found")
    assert (await server.get("/v1/schedules/night"))["source"] == "code"


@pytest.mark.parametrize("fields", [OVER[2][0], OVER[3][0], OVER[7][0], OVER[9][0]])
async def test_what_no_date_could_mend_is_refused_in_code_too(server: Server, fields: Any) -> None:
    body = {"name": "w", "job_types": ["greet"], "declares": declares(GOOD | {"name": "s"} | fields)}
    problem(await server.http.post("/v1/workers", json=body), 422, "invalid_request")
