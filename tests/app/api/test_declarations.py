"""Declarations: job types that a worker announces from its code."""

from __future__ import annotations

from typing import Any

import pytest

from tests.app.server import Server, paths, problem

WORKER = {"kind": "worker"}
OLD, NEW, NEWEST = "old", "new", "newest"
"""Names of processes, in the order in which they are started here."""


def job(name: str = "greet", **fields: Any) -> dict[str, Any]:
    return {"name": name, "handler": WORKER} | fields


def declares(*job_types: Any, app: str = "shop.jobs", start: str = OLD, **fields: Any) -> dict[str, Any]:
    return {"app": app, "start": start, "job_types": list(job_types)} | fields


async def declare(server: Server, *job_types: Any, **fields: Any) -> list[Any]:
    """The conflicts."""
    worker = await server.worker("greet", declares=declares(*job_types, **fields))
    conflicts: list[Any] = worker.registered["conflicts"]
    return conflicts


async def job_type(server: Server, name: str = "greet") -> Any:
    return await server.get(f"/v1/job-types/{name}")


async def test_code_defines_job_types(server: Server) -> None:
    retry = {"max_attempts": 2, "on_lost": "fail"}
    assert await declare(server, job(retry=retry, tags=["a"]), job("bye", queue="mail")) == []
    greet = await job_type(server)
    assert (greet["source"], greet["version"], greet["tags"], greet["retry"]["on_lost"]) == ("code", 1, ["a"], "fail")
    assert (await job_type(server, "bye"))["queue"] == "mail"
    assert [queue["name"] for queue in (await server.get("/v1/queues"))["data"]] == ["mail", "default"]
    assert (await server.dispatch())["max_attempts"] == 2


async def test_what_is_unchanged_changes_nothing(server: Server) -> None:
    await declare(server, job(priority=3))
    before = await job_type(server)
    await server.advance(1)
    for at in (OLD, NEW, NEWEST):
        assert await declare(server, job(priority=3, timeout_seconds=300), start=at) == []
        assert await job_type(server) == before
    await server.restart()
    assert await declare(server, job(priority=3), start=NEWEST) == []
    assert await job_type(server) == before


async def test_what_changed_makes_a_new_version(server: Server) -> None:
    await declare(server, job())
    run = await server.dispatch()
    await server.advance(1)
    assert await declare(server, job(timeout_seconds=7), start=NEW) == []
    changed = await job_type(server)
    assert (changed["version"], changed["source"], changed["timeout_seconds"]) == (2, "code", 7)
    assert changed["updated_at"] > changed["created_at"]
    assert (await server.run(run))["job_type_version"] == 1, "with the settings of its moment"


async def test_an_older_process_that_registers_again_does_not_flip_it_back(server: Server) -> None:
    """A rolling deploy: workers of both ages lose their connections."""
    await declare(server, job(priority=1), start=OLD)
    await declare(server, job(priority=2), start=NEW)
    for _ in range(2):
        [conflict] = await declare(server, job(priority=1), start=OLD)
        assert (conflict["kind"], conflict["name"]) == ("job_type", "greet")
        assert "later" in conflict["reason"]
        assert ((await job_type(server))["priority"], (await job_type(server))["version"]) == (2, 2)
        assert await declare(server, job(priority=2), start=NEW) == []
    assert (await job_type(server))["version"] == 2


@pytest.mark.parametrize("how", ["post", "put", "patch"])
async def test_what_was_made_or_changed_over_http_is_not_overwritten(server: Server, how: str) -> None:
    if how == "post":
        await server.register(priority=9)
    else:
        await declare(server, job())
        answer = await server.http.request(how, "/v1/job-types/greet", json={"handler": WORKER, "priority": 9})
        assert answer.status_code == 200
    before = await job_type(server)
    assert (before["source"], before["priority"]) == ("api", 9)
    for at in (OLD, NEWEST):
        [conflict] = await declare(server, job(priority=1), job("bye"), start=at)
        assert (conflict["kind"], conflict["name"]) == ("job_type", "greet")
        assert "HTTP" in conflict["reason"]
    assert await job_type(server) == before
    assert (await job_type(server, "bye"))["source"] == "code", "the others are taken"


async def test_what_says_the_same_as_http_is_no_conflict(server: Server) -> None:
    await server.register(priority=9)
    assert await declare(server, job(priority=9)) == []
    assert (await job_type(server))["source"] == "api"


async def test_delete_gives_the_name_back_to_the_code(server: Server) -> None:
    await server.register(priority=9)
    assert (await server.http.delete("/v1/job-types/greet")).status_code == 204
    assert await declare(server, job(priority=1)) == []
    back = await job_type(server)
    assert (back["source"], back["priority"], back["version"]) == ("code", 1, 2)


@pytest.mark.parametrize("restart", [False, True])
async def test_of_two_apps_the_first_owns_the_name(server: Server, restart: bool) -> None:
    await declare(server, job(priority=1), app="first")
    if restart:
        await server.restart()
    [conflict] = await declare(server, job(priority=2), app="second", start=NEWEST)
    assert (conflict["kind"], conflict["name"]) == ("job_type", "greet")
    assert "first" in conflict["reason"]
    assert ((await job_type(server))["priority"], (await job_type(server))["version"]) == (1, 1)
    assert await declare(server, job(priority=3), app="first", start=NEW) == []


async def test_a_worker_serves_every_name_that_it_lists_whichever_definition_holds(server: Server) -> None:
    await server.register(priority=9)
    worker = await server.worker("greet", declares=declares(job(priority=1)))
    assert len(worker.registered["conflicts"]) == 1
    run = await server.dispatch()
    assert (run["priority"], run["wait_reason"]) == (9, None)
    await worker.complete(await worker.take())


async def test_paused_is_not_reset_by_code(server: Server) -> None:
    await declare(server, job())
    await server.post("/v1/job-types/greet/pause")
    assert (await job_type(server))["source"] == "code", "a pause changes no definition"
    await declare(server, job(priority=1), start=NEW)
    paused = await job_type(server)
    assert (paused["paused"], paused["version"], paused["source"]) == (True, 2, "code")


@pytest.mark.parametrize("how", ["put", "patch"])
async def test_a_pause_by_put_or_patch_takes_nothing_from_the_code(server: Server, how: str) -> None:
    await declare(server, job(priority=4))
    body = {"handler": WORKER, "priority": 4, "paused": True}
    answer = await server.http.request(how, "/v1/job-types/greet", json=body)
    assert (answer.json()["paused"], answer.json()["source"], answer.json()["version"]) == (True, "code", 1)
    assert await declare(server, job(priority=5), start=NEW) == []


async def test_several_apps_may_be_declared_at_once(server: Server) -> None:
    both = [declares(job(), app="a"), declares(job(priority=1), job("bye"), app="b")]
    worker = await server.worker("greet", "bye", declares=both)
    assert [conflict["name"] for conflict in worker.registered["conflicts"]] == ["greet"]
    assert ((await job_type(server))["priority"], (await job_type(server, "bye"))["source"]) == (0, "code")


NIGHTLY = {"name": "nightly", "job_type": "greet", "trigger": {"kind": "cron", "expression": "0 3 * * *"}}


async def schedule(server: Server, name: str = "nightly") -> Any:
    return await server.get(f"/v1/schedules/{name}")


async def test_code_declares_schedules_with_its_jobs(server: Server) -> None:
    assert await declare(server, job(), schedules=[NIGHTLY]) == []
    first = await schedule(server)
    assert (first["source"], first["next_fire_at"]) == ("code", "2026-01-01T03:00:00.000000Z")
    assert await declare(server, job(), schedules=[NIGHTLY]) == []
    assert await schedule(server) == first
    moved = NIGHTLY | {"trigger": {"kind": "cron", "expression": "0 4 * * *"}}
    assert await declare(server, job(), schedules=[moved], start=NEW) == []
    assert (await schedule(server))["next_fire_at"] == "2026-01-01T04:00:00.000000Z"
    [conflict] = await declare(server, job(), schedules=[NIGHTLY])
    assert (conflict["kind"], conflict["name"]) == ("schedule", "nightly")
    assert (await schedule(server))["next_fire_at"] == "2026-01-01T04:00:00.000000Z"


async def test_a_schedule_that_was_changed_over_http_is_not_overwritten(server: Server) -> None:
    await declare(server, job(), schedules=[NIGHTLY])
    await server.http.patch("/v1/schedules/nightly", json={"payload": 1})
    [conflict] = await declare(server, job(), schedules=[NIGHTLY], start=NEW)
    assert (conflict["kind"], conflict["name"]) == ("schedule", "nightly")
    assert (await schedule(server))["payload"] == 1
    await server.http.delete("/v1/schedules/nightly")
    assert await declare(server, job(), schedules=[NIGHTLY], start=NEW) == []
    assert (await schedule(server))["source"] == "code"


async def test_a_pause_of_a_declared_schedule_stays(server: Server) -> None:
    await declare(server, job(), schedules=[NIGHTLY])
    await server.post("/v1/schedules/nightly/pause", status=200)
    assert await declare(server, job(), schedules=[NIGHTLY | {"payload": 2}], start=NEW) == []
    now = await schedule(server)
    assert (now["paused"], now["payload"], now["orphaned"], now["source"]) == (True, 2, False, "code")


async def test_two_apps_do_not_share_a_schedule(server: Server) -> None:
    await declare(server, job(), schedules=[NIGHTLY])
    [conflict] = await declare(server, schedules=[NIGHTLY | {"payload": 3}], app="other", start=NEW)
    assert "shop.jobs" in conflict["reason"]
    assert (await schedule(server))["payload"] is None


async def test_what_a_newer_declaration_lacks_is_orphaned_and_comes_back(server: Server) -> None:
    await declare(server, job(), schedules=[NIGHTLY])
    await declare(server, job(), schedules=[], app="other", start=NEWEST)
    assert not (await schedule(server))["orphaned"], "another app does not take it away"
    await declare(server, job(), schedules=[], start=NEW)
    orphan = await schedule(server)
    assert (orphan["orphaned"], orphan["paused"], orphan["next_fire_at"]) == (True, True, None)
    await declare(server, job(), schedules=[NIGHTLY], start=NEWEST)
    back = await schedule(server)
    assert (back["orphaned"], back["paused"], back["next_fire_at"]) == (False, False, "2026-01-01T03:00:00.000000Z")


async def test_an_older_build_does_not_bring_back_what_a_newer_one_has_dropped(server: Server) -> None:
    """A rolling deploy: workers of the old build register for a while after the first ones of the new build."""
    noon = NIGHTLY | {"name": "noon"}
    await declare(server, job(), schedules=[NIGHTLY])
    await declare(server, job(), schedules=[], start=NEW)
    for old in ([NIGHTLY], [NIGHTLY]):
        assert {conflict["name"] for conflict in await declare(server, job(), schedules=old, start=OLD)} >= {"nightly"}
        assert (await schedule(server))["orphaned"]
    problem(await server.http.get("/v1/schedules/noon"), 404, "schedule_not_found")
    await declare(server, job(), schedules=[noon], start=NEWEST)
    assert not (await schedule(server, "noon"))["paused"]


async def test_an_orphan_that_a_person_resumes_goes_on_until_a_newer_build_lacks_it(server: Server) -> None:
    await declare(server, job(), schedules=[NIGHTLY])
    await declare(server, job(), schedules=[], start=NEW)
    await server.post("/v1/schedules/nightly/resume", status=200)
    await declare(server, job(), schedules=[], start=NEW)
    resumed = await schedule(server)
    assert (resumed["paused"], resumed["orphaned"]) == (False, False)
    await declare(server, job(), schedules=[], start=NEWEST)
    assert not (await schedule(server))["orphaned"], "it says what was said before"
    await declare(server, job(priority=1), schedules=[], start=NEWEST)
    assert (await schedule(server))["orphaned"]


async def test_an_orphan_that_is_changed_is_one_until_it_is_resumed(server: Server) -> None:
    await declare(server, job(), schedules=[NIGHTLY])
    await declare(server, job(), schedules=[], start=NEW)
    await server.http.patch("/v1/schedules/nightly", json={"tags": ["mine"]})
    changed = await schedule(server)
    assert (changed["source"], changed["paused"], changed["orphaned"]) == ("api", True, True)
    await server.post("/v1/schedules/nightly/resume", status=200)
    assert not (await schedule(server))["orphaned"]


async def test_a_schedule_may_be_declared_paused_at_first(server: Server) -> None:
    await declare(server, job(), schedules=[NIGHTLY | {"paused": True}])
    assert (await schedule(server))["paused"]
    await server.post("/v1/schedules/nightly/resume", status=200)
    await declare(server, job(), schedules=[NIGHTLY | {"paused": True}], start=NEW)
    assert not (await schedule(server))["paused"], "whoever resumed it has the last word"


async def test_a_newer_build_that_says_the_same_of_a_schedule_changes_nothing(server: Server) -> None:
    await declare(server, job(), schedules=[NIGHTLY])
    before = await schedule(server)
    await server.advance(1)
    await declare(server, job(), schedules=[NIGHTLY], start=NEW)
    assert await schedule(server) == before


async def test_a_schedule_that_cannot_be_is_refused_before_anything_is_taken(server: Server) -> None:
    bad = NIGHTLY | {"trigger": {"kind": "cron", "expression": "nonsense"}}
    body = {"name": "w", "job_types": ["greet"], "declares": declares(job(), schedules=[bad])}
    refused = problem(await server.http.post("/v1/workers", json=body), 422, "invalid_request")
    assert paths(refused) == ["/declares/schedules/0/trigger/expression"]
    problem(await server.http.get("/v1/job-types/greet"), 404, "job_type_not_found")
    [conflict] = await declare(server, schedules=[NIGHTLY | {"job_type": "nobody"}])
    assert "nobody" in conflict["reason"]
