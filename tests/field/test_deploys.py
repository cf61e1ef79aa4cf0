"""What holds of what code declares, in deploys, rollbacks, renames and lost connections."""

from __future__ import annotations

from typing import Any

import pytest
from structlog.testing import capture_logs

from tests.app.server import Server, Worker, problem

NIGHTLY = {"name": "nightly", "job_type": "greet", "trigger": {"kind": "cron", "expression": "0 3 * * *"}}
LEASE_SECONDS = 15


def job(name: str = "greet", **fields: Any) -> dict[str, Any]:
    return {"name": name, "handler": {"kind": "worker"}} | fields


async def started(server: Server, *job_types: Any, schedules: Any = (), app: str = "shop", **fields: Any) -> Worker:
    """A worker, newly started with this code unless `start` says of which start it is."""
    declares = {"app": app, "job_types": list(job_types), "schedules": list(schedules)} | fields
    return await server.worker("greet", declares=declares)


def refused(worker: Worker) -> dict[str, str]:
    return {conflict["name"]: conflict["reason"] for conflict in worker.registered["conflicts"]}


async def timeout(server: Server, name: str = "greet") -> float:
    return float((await server.get(f"/v1/job-types/{name}"))["timeout_seconds"])


async def orphaned(server: Server, name: str = "nightly") -> bool:
    found = await server.get(f"/v1/schedules/{name}")
    assert found["paused"] == found["orphaned"]
    return bool(found["orphaned"])


@pytest.mark.parametrize("declared_at", [{}, {"declared_at": "2001-01-01T00:00:00Z"}])
async def test_what_was_started_last_holds_whatever_its_files_say(server: Server, declared_at: Any) -> None:
    new = await started(server, job(timeout_seconds=2), declared_at="2030-01-01T00:00:00Z")
    await new.leave()
    assert refused(await started(server, job(timeout_seconds=1), schedules=[NIGHTLY], **declared_at)) == {}
    assert await timeout(server) == 1
    assert not await orphaned(server)


async def test_a_rollback_brings_back_settings_schemas_and_schedules(server: Server) -> None:
    one = (job(timeout_seconds=1, payload_schema={"type": "null"}),)
    two = (job(timeout_seconds=2, payload_schema={"type": "integer"}),)
    await (await started(server, *one, schedules=[NIGHTLY])).leave()
    await (await started(server, *two, schedules=[NIGHTLY | {"name": "noon", "payload": 1}])).leave()
    assert (await timeout(server), await orphaned(server), await orphaned(server, "noon")) == (2, True, False)
    with capture_logs() as logs:
        await started(server, *one, schedules=[NIGHTLY])
    assert (await timeout(server), await orphaned(server), await orphaned(server, "noon")) == (1, False, True)
    assert (await server.get("/v1/job-types/greet"))["payload_schema"] == {"type": "null"}
    [told] = [line for line in logs if line["event"] == "job type changed by code"]
    assert (told["was"], told["now"]) == ("version 2", "version 3")
    assert told["changed"] == "timeout_seconds 2 → 1, payload_schema"
    assert "started last" in told["why"]


async def test_a_process_that_registers_again_is_no_new_start(server: Server) -> None:
    await started(server, job(timeout_seconds=1), schedules=[NIGHTLY], start="a")
    await started(server, job(timeout_seconds=2), start="b")
    for restart in (False, True):
        if restart:
            await server.restart()
        again = await started(server, job(timeout_seconds=1), schedules=[NIGHTLY], start="a")
        assert refused(again).keys() == {"greet", "nightly"}
        assert "started later" in refused(again)["greet"]
        assert (await timeout(server), await orphaned(server)) == (2, True)


async def test_when_the_last_worker_of_what_holds_is_gone_what_is_there_holds(server: Server) -> None:
    await started(server, job(timeout_seconds=1), schedules=[NIGHTLY], start="a")
    new = await started(server, job(timeout_seconds=2), start="b")
    twin = await started(server, job(timeout_seconds=2), start="b")
    await new.leave()
    assert await timeout(server) == 2
    await twin.leave()
    assert (await timeout(server), await orphaned(server)) == (1, False)


async def test_with_no_worker_there_what_held_last_stays(server: Server) -> None:
    old = await started(server, job(timeout_seconds=1))
    new = await started(server, job(timeout_seconds=2), schedules=[NIGHTLY])
    await old.leave()
    await new.leave()
    await server.restart()
    assert (await timeout(server), await orphaned(server)) == (2, False)


async def test_a_newer_build_holds_while_a_worker_of_it_is_there(server: Server) -> None:
    await started(server, job(timeout_seconds=1), schedules=[NIGHTLY], build="v1")
    new = await started(server, job(timeout_seconds=2), build="v2")
    assert (await timeout(server), await orphaned(server)) == (2, True)
    for _ in range(2):
        old = await started(server, job(timeout_seconds=1), schedules=[NIGHTLY], build="v1")
        assert "newer build 'v2'" in refused(old)["greet"]
        assert (await timeout(server), await orphaned(server)) == (2, True)
    await new.leave()
    assert (await timeout(server), await orphaned(server)) == (1, False)
    await started(server, job(timeout_seconds=2), build="v2")
    assert await timeout(server) == 2, "as of its first appearance"


async def test_a_build_whose_workers_are_lost_is_there_until_they_are_given_up(server: Server) -> None:
    old = await started(server, job(timeout_seconds=1), build="v1")
    await started(server, job(timeout_seconds=2), build="v2")
    rollback = await started(server, job(timeout_seconds=1), build="v1")
    for _ in range(LEASE_SECONDS):
        assert await timeout(server) == 2
        await old.call(holding=[])
        await rollback.call(holding=[])
        await server.live(1)
    await server.live(1)
    for _ in range(100):  # what the older ones declare is looked up once the newer one is gone
        if await timeout(server) == 1:
            break
        await server.settle()
    assert await timeout(server) == 1


async def test_a_build_is_any_text_and_only_the_order_of_its_appearance_counts(server: Server) -> None:
    await started(server, job(timeout_seconds=1), build="z 10")
    await started(server, job(timeout_seconds=2), build="a 9")
    assert await timeout(server) == 2


async def test_a_start_without_a_build_is_newer_than_each_build_before_it(server: Server) -> None:
    await started(server, job(timeout_seconds=1), build="v1")
    await started(server, job(timeout_seconds=2))
    assert await timeout(server) == 2
    await started(server, job(timeout_seconds=3), build="v3")
    assert await timeout(server) == 3


async def test_of_a_pool_whose_code_changed_under_it_the_newest_process_holds(server: Server) -> None:
    await started(server, job(timeout_seconds=1), start="pool")
    await started(server, job(timeout_seconds=2), start="pool")
    assert await timeout(server) == 2
    await started(server, job(timeout_seconds=1), start="pool")
    assert await timeout(server) == 2, "its brother registers again"


async def test_what_is_the_same_is_written_once(server: Server) -> None:
    await started(server, job(), schedules=[NIGHTLY])
    stored = await server.store.schedule("nightly")
    with capture_logs() as logs:
        for _ in range(3):
            await started(server, job(), schedules=[NIGHTLY])
    assert await server.store.schedule("nightly") == stored
    assert [line["event"] for line in logs] == ["worker registered"] * 3


# -- parts of an app


@pytest.mark.parametrize("modules", [{}, {"modules": ["jobs.py"]}])
async def test_two_parts_of_one_app_do_not_orphan_each_other(server: Server, modules: Any) -> None:
    """`worker mail/jobs.py` and `worker billing/jobs.py`, both with no name of their own."""
    bills = NIGHTLY | {"name": "bills", "job_type": "bill"}
    for _ in range(2):
        await started(server, job(), schedules=[NIGHTLY], **modules)
        assert refused(await started(server, job("bill"), schedules=[bills], **modules)) == {}
        assert (await orphaned(server), await orphaned(server, "bills")) == (False, False)
    mail = await started(server, job(timeout_seconds=7), **modules)
    assert (await orphaned(server), await orphaned(server, "bills")) == (True, False)
    await mail.leave()
    assert (await orphaned(server), await orphaned(server, "bills")) == (False, False)


@pytest.mark.parametrize("modules", [["mail.py"], ["shop:mail"]])
async def test_a_worker_of_some_of_the_modules_orphans_nothing(server: Server, modules: list[str]) -> None:
    """`serve mail.py billing.py`, and more workers for mail alone."""
    bills = NIGHTLY | {"name": "bills", "job_type": "bill"}
    whole = await started(
        server, job(), job("bill"), schedules=[NIGHTLY, bills], modules=["shop", "mail.py", "billing.py"]
    )
    part = await started(server, job(), schedules=[NIGHTLY], modules=modules)
    assert (refused(part), await orphaned(server, "bills")) == ({}, False)
    await whole.leave()
    assert not await orphaned(server, "bills")


@pytest.mark.parametrize("modules", [{}, {"modules": ["jobs.py"]}])
async def test_a_job_that_new_code_dropped_orphans_its_schedule_at_once(server: Server, modules: Any) -> None:
    bills = NIGHTLY | {"name": "bills", "job_type": "bill"}
    await started(server, job(), job("bill"), schedules=[bills], **modules)
    await started(server, job(), **modules)
    assert await orphaned(server, "bills")


async def test_a_part_that_is_away_keeps_its_schedules(server: Server) -> None:
    mail = await started(server, job(), schedules=[NIGHTLY], modules=["mail.py"])
    await mail.leave()
    await started(server, job("bill"), modules=["billing.py"])
    assert not await orphaned(server)


@pytest.mark.parametrize("modules", [{}, {"modules": ["jobs.py"]}])
async def test_a_module_whose_only_job_was_renamed_orphans_its_schedule(server: Server, modules: Any) -> None:
    old = await started(server, job(), schedules=[NIGHTLY], **modules)
    await old.leave()
    await started(server, job("hello"), schedules=[NIGHTLY | {"name": "nights", "job_type": "hello"}], **modules)
    assert (await orphaned(server), await orphaned(server, "nights")) == (True, False)


# -- several apps


async def test_of_two_apps_that_are_there_the_second_is_told_what_to_do(server: Server) -> None:
    shop = await started(server, job(timeout_seconds=1), schedules=[NIGHTLY])
    mail = await started(server, job(timeout_seconds=2), schedules=[NIGHTLY | {"payload": 2}], app="mail")
    assert refused(mail).keys() == {"greet", "nightly"}
    for reason in refused(mail).values():
        assert "'shop'" in reason
        assert "JOBS_APP" in reason
        assert "rename" in reason
    assert await timeout(server) == 1
    await shop.leave()
    assert await timeout(server) == 2, "nobody else declares it any more"
    assert (await server.get("/v1/schedules/nightly"))["payload"] == 2
    assert refused(await started(server, job(timeout_seconds=1))).keys() == {"greet"}


async def test_an_app_takes_what_another_declares_no_more(server: Server) -> None:
    await started(server, job(timeout_seconds=1), job("bill"))
    mail = await started(server, job(timeout_seconds=2), app="mail")
    assert refused(mail).keys() == {"greet"}
    await started(server, job("bill"), start="without greet")
    assert await timeout(server) == 1, "a worker that declares it is there still"
    for old in (await server.get("/v1/workers"))["data"][1:]:
        if old["id"] != mail.id:
            assert (await server.http.delete(f"/v1/workers/{old['id']}")).status_code == 204
    assert await timeout(server) == 2


async def test_an_app_with_a_new_name_takes_over_with_its_schedules(server: Server) -> None:
    await (await started(server, job(timeout_seconds=1), schedules=[NIGHTLY, NIGHTLY | {"name": "noon"}])).leave()
    with capture_logs() as logs:
        assert refused(await started(server, job(timeout_seconds=2), schedules=[NIGHTLY], app="store")) == {}
    assert await timeout(server) == 2
    assert (await orphaned(server), await orphaned(server, "noon")) == (False, True)
    [told] = [line for line in logs if line["event"] == "job type changed by code"]
    assert "'shop'" in told["why"]
    assert "'store'" in told["why"]
    await started(server, job(timeout_seconds=2), schedules=[NIGHTLY | {"payload": 9}], app="store")
    assert (await server.get("/v1/schedules/nightly"))["payload"] == 9


async def test_what_an_earlier_version_declared_by_the_file_is_taken_over(server: Server) -> None:
    await (await started(server, job(timeout_seconds=1), schedules=[NIGHTLY, NIGHTLY | {"name": "noon"}])).leave()
    await server.__aexit__()
    _as_an_earlier_version_left_it(server)
    await server.__aenter__()
    assert refused(await started(server, job(timeout_seconds=2), schedules=[NIGHTLY], app="default")) == {}
    assert await timeout(server) == 2
    assert (await orphaned(server), await orphaned(server, "noon")) == (False, True)


def _as_an_earlier_version_left_it(server: Server) -> None:
    import sqlite3
    from contextlib import closing

    with closing(sqlite3.connect(server.settings.database)) as database:
        for table in ("job_types", "schedules"):
            database.execute(f"UPDATE {table} SET app = 'jobs', declared_at = 1, declaration = NULL")
        database.execute("DELETE FROM declarations")
        database.commit()


async def test_what_was_deleted_by_hand_is_free(server: Server) -> None:
    worker = await started(server, job(), schedules=[NIGHTLY])
    assert (await server.http.delete("/v1/schedules/nightly")).status_code == 204
    await worker.leave()
    problem(await server.http.get("/v1/schedules/nightly"), 404, "schedule_not_found")
    await started(server, job(), schedules=[NIGHTLY], app="other")
    assert not await orphaned(server)
