"""Two whole servers on one PostgreSQL database: what is done on the one is seen on the other.

Each test goes by hints alone, without the look that comes each second, and by that look alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec.structs import replace

from blazy_jobs_server.api import application
from blazy_jobs_server.clock import SystemClock
from blazy_jobs_server.domain.errors import Unauthorized
from blazy_jobs_server.domain.ids import worker_id
from blazy_jobs_server.domain.sessions import IDLE_SECONDS
from blazy_jobs_server.ports import WorkerRecord
from blazy_jobs_server.store.postgres import neighbours
from blazy_jobs_server.trust import access
from blazy_jobs_server.trust.sessions import LOOKS_A_SECOND
from tests.app import server as servers
from tests.app.server import Server, Worker, paths, problem
from tests.support.postgres import Postgres
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(60)]
NEVER = 3600.0
Both = tuple[Server, Server]


@pytest.fixture(params=["hints", "looking"])
async def both(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    postgres: Postgres,
    empty_postgres: str,
    monkeypatch: pytest.MonkeyPatch,
) -> AsyncIterator[Both]:
    """With one job type, `greet`."""
    monkeypatch.setattr(servers, "_application", application.build)
    url = postgres.url(postgres.borrow(empty_postgres))
    clock: Any = SystemClock()
    async with (
        Server(tmp_path / "one", clock, database_url=url) as one,
        Server(tmp_path / "other", clock, database_url=url) as other,
    ):
        await until(lambda: _know_each_other(one, other))
        if request.param == "hints":
            monkeypatch.setattr(neighbours, "POLL_SECONDS", NEVER)
        else:
            monkeypatch.setattr(neighbours.Hint, "empty", True)
        await one.register()
        yield one, other


async def _know_each_other(*found: Server) -> bool:
    return not any(server.store._others.alone for server in found)  # type: ignore[union-attr]


async def until(condition: Callable[[], Awaitable[Any]]) -> Any:
    async with asyncio.timeout(stretched(20)):
        while not (found := await condition()):  # noqa: ASYNC110  # of the other server
            await asyncio.sleep(0.01)
        return found


def at(server: Server, worker: Worker) -> Worker:
    """The same worker, speaking to that server."""
    return Worker(server, worker.id, worker.registered)


async def test_a_worker_of_a_pool_is_not_draining_at_the_other_server(both: Both) -> None:
    one, other = both
    membership = one.jobs.leasing.membership
    membership.pool_names.add("pool-1")
    record = WorkerRecord(
        id=0, name="pool-1/async", job_types=("greet",), queues=None, concurrency=3, registered_at=0, pool=True, pid=1
    )
    known = await membership.register(record)

    async def draining(server: Server) -> list[bool]:
        return [worker["draining"] for worker in (await server.get("/v1/workers"))["data"]]

    await until(lambda: draining(other))
    assert await draining(one) == await draining(other) == [False]
    async with other.stream("/v1/live") as stream, asyncio.timeout(stretched(20)):
        digest = (await stream.event()).data
        while not digest["workers"]["connected"]:
            digest = (await stream.event()).data
        assert digest["workers"]["draining"] == 0
    await other.post(f"/v1/workers/{worker_id(known.id)}/drain", status=200)
    assert await draining(other) == [True]


# -- the digest


async def test_the_digest_at_either_tells_of_what_is_done_at_the_other(both: Both) -> None:
    one, other = both
    async with other.stream("/v1/live") as stream, asyncio.timeout(stretched(20)):
        digest = (await stream.event()).data
        await one.dispatch()
        before = digest["versions"]
        while digest["counts"]["queued"] != 1:
            digest = (await stream.event()).data
        assert digest["versions"]["runs"]["queued"] > before["runs"]["queued"]
        assert digest["versions"]["runs"]["failed"] == before["runs"]["failed"]
        assert digest["queues"][0]["unserved"] == 1


async def test_a_change_at_one_server_is_another_version_at_the_other(both: Both, request: Any) -> None:
    if "hints" not in request.node.callspec.id:
        pytest.skip("where a hint is lost, the page learns of it by what has changed in numbers")
    one, other = both
    worker = await one.worker()
    await one.dispatch()
    lease = await worker.take()
    async with other.stream("/v1/live") as stream, asyncio.timeout(stretched(20)):
        digest = (await stream.event()).data
        await worker.say(lease, "progress", percent=50)
        before = digest["versions"]
        while digest["versions"]["runs"]["running"] == before["runs"]["running"]:
            digest = (await stream.event()).data
        assert digest["versions"]["runs"]["queued"] == before["runs"]["queued"]
        body = {"name": "d", "job_type": "greet", "trigger": {"kind": "interval", "every_seconds": 86_400}}
        await one.post("/v1/schedules", body)
        while digest["versions"]["schedules"] == before["schedules"]:
            digest = (await stream.event()).data


async def test_each_server_knows_the_other_and_a_worker_is_drained_at_either(both: Both) -> None:
    one, other = both
    worker = await one.worker()

    async def all_known(server: Server) -> bool:
        shown = (await server.get("/v1/servers"))["data"]
        return len(shown) == 2 and sum(entry["workers"] for entry in shown) == 1

    await until(lambda: all_known(one))
    await until(lambda: all_known(other))
    [shown] = (await other.get("/v1/workers"))["data"]
    assert shown["server"] == one.jobs.server_id
    await other.post(f"/v1/workers/{worker.id}/drain", status=200)

    async def is_told() -> Any:
        return (await worker.call())["drain"]

    await until(is_told)


async def test_statistics_count_the_last_minute_of_all_servers(both: Both) -> None:
    for server in both:
        worker = await server.worker()
        await server.dispatch()
        await worker.complete((await worker.claim(1, 10))[0])
        await server.cancel((await server.dispatch(delay_seconds=60))["id"], status=200)

    async def all_counted(server: Server) -> bool:
        stats = await server.get("/v1/stats")
        return (stats["started_last_minute"], stats["finished_last_minute"]) == (2, 4)

    for server in both:
        await until(lambda server=server: all_counted(server))  # type: ignore[misc]


async def test_each_server_writes_its_part_of_the_history_and_either_tells_the_whole(both: Both) -> None:
    one, other = both
    for server in both:
        worker = await server.worker()
        await server.dispatch()
        await worker.complete((await worker.claim(1, 10))[0])
        await server.jobs.history.write()

    async def total(server: Server, **query: Any) -> Any:
        return (await server.get("/v1/stats/series", **query))["total"]

    for server in both:
        whole, of_it = await total(server), await total(server, job_type="greet", queue="default")
        assert (whole["completed"], of_it["completed"], whole["ran"]["count"]) == (2, 2, 2)
    await asyncio.gather(one.jobs.history.roll_up(), other.jobs.history.roll_up())


# -- keys


async def test_a_key_made_or_revoked_at_one_server_is_at_the_other(both: Both, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "LOOK_SECONDS", NEVER)
    one, other = both
    made = (await one.http.post("/v1/keys", json={"name": "first", "scopes": ["admin"]})).json()
    bearer = {"authorization": f"Bearer {made['key']}"}

    async def status_is(status: int, **headers: str) -> bool:
        return (await other.http.get("/v1/keys", headers=headers)).status_code == status

    await until(lambda: status_is(401))
    await until(lambda: status_is(200, **bearer))
    assert (await one.http.delete(f"/v1/keys/{made['id']}", headers=bearer)).status_code == 204
    await until(lambda: status_is(401, **bearer))


# -- definitions


async def test_of_two_servers_what_was_started_last_at_either_holds(both: Both) -> None:
    one, other = both

    async def started(server: Server, **fields: Any) -> Worker:
        job_type = {"name": "shop", "handler": {"kind": "worker"}, **fields}
        return await server.worker("shop", declares={"app": "shop", "job_types": [job_type]})

    async def timeouts() -> list[float]:
        return [(await server.get("/v1/job-types/shop"))["timeout_seconds"] for server in both]

    await started(one, timeout_seconds=1)
    new = await started(other, timeout_seconds=2)
    assert await timeouts() == [2, 2]
    await at(one, new).leave()
    assert await timeouts() == [1, 1]
    many = [started(server, timeout_seconds=n) for n in range(3, 9) for server in both]
    await asyncio.gather(*many)
    last = (await one.store.started())[-1].id
    [definition] = (await one.store.declarations([last]))[last][1].job_types
    assert await timeouts() == [definition.timeout_seconds] * 2


async def test_a_job_type_registered_on_one_is_dispatched_on_the_other_at_once(both: Both) -> None:
    one, other = both
    await one.register("fresh")
    assert (await other.dispatch("fresh"))["job_type_version"] == 1
    batch = await other.post("/v1/runs/batch", {"runs": [{"job_type": "fresh", "payload": 1}]})
    assert len(batch["data"]) == 1
    assert (await other.get("/v1/job-types/fresh"))["name"] == "fresh"


async def test_a_payload_is_checked_by_the_definition_that_another_server_has_just_written(both: Both) -> None:
    one, other = both
    await other.dispatch(payload="text")
    await one.http.patch("/v1/job-types/greet", json={"payload_schema": {"type": "integer"}})
    answer = await other.http.post("/v1/job-types/greet/runs", json={"payload": "text"})
    assert paths(problem(answer, 422, "invalid_payload")) == ["/payload"]
    await one.http.patch("/v1/job-types/greet", json={"payload_schema": {"type": "string"}})
    assert (await other.dispatch(payload="text"))["job_type_version"] == 3
    await one.http.patch("/v1/job-types/greet", json={"payload_schema": {"type": "boolean"}})
    await other.post("/v1/runs/batch", {"runs": [{"job_type": "greet", "payload": True}]}, status=202)


async def test_a_name_retired_on_one_is_free_on_the_other(both: Both) -> None:
    one, other = both
    assert (await one.http.delete("/v1/job-types/greet")).status_code == 204
    problem(await other.http.post("/v1/job-types/greet/runs", json={"payload": 1}), 404, "job_type_not_found")
    assert (await other.register())["version"] == 2


async def test_what_is_paused_on_one_is_held_back_on_the_other_until_it_is_resumed(both: Both) -> None:
    one, other = both
    worker = await other.worker()
    for what in ("job-types/greet", "queues/default"):
        await one.post(f"/v1/{what}/pause")
        run = await other.dispatch()
        assert await worker.claim() == []
        assert (await until(lambda run=run: _reason(other, run))) == "paused"  # type: ignore[misc]
        waiting = asyncio.ensure_future(worker.claim(wait_seconds=20))
        await one.post(f"/v1/{what}/resume")
        [lease] = await waiting
        assert lease["run"]["id"] == run["id"]
        await worker.complete(lease)


async def _reason(server: Server, run: Any) -> Any:
    return (await server.run(run))["wait_reason"]


# -- runs


async def test_a_run_dispatched_on_one_is_read_listed_and_counted_on_the_other(both: Both) -> None:
    one, other = both
    run = await one.dispatch(payload={"n": 1}, tags=["mine"])
    assert await other.run(run) == await one.run(run)
    assert [found["id"] for found in (await other.get("/v1/runs", tag="mine"))["data"]] == [run["id"]]
    assert (await other.get("/v1/queues/default"))["counts"]["queued"] == 1


async def test_a_claim_that_waits_on_one_gets_what_is_dispatched_on_the_other(both: Both) -> None:
    one, other = both
    waiting = asyncio.ensure_future((await one.worker()).claim(wait_seconds=20))
    await until(lambda: _waits(one))
    run = await other.dispatch()
    [lease] = await waiting
    assert lease["run"]["id"] == run["id"]


async def _waits(server: Server) -> bool:
    return bool(server.jobs.leasing.claims.waiting) and not server.jobs.leasing.claims.serving


async def test_who_waits_for_a_run_on_one_is_answered_when_it_ends_on_the_other(both: Both) -> None:
    one, other = both
    run = await one.dispatch()
    waiting = asyncio.ensure_future(one.get(f"/v1/runs/{run['id']}", wait_seconds="30"))
    await until(lambda: _is_followed(one))
    worker = await other.worker()
    await worker.complete(await worker.take(), {"done": True})
    assert (await waiting)["result"] == {"done": True}


async def _is_followed(server: Server) -> bool:
    return bool(server.jobs.feed.followed())


async def test_a_worker_may_speak_to_either_server(both: Both) -> None:
    one, other = both
    worker = await one.worker()
    run = await one.dispatch()
    lease = await at(other, worker).take()
    [held] = await at(one, worker).hold(lease)
    assert held == {"run_id": run["id"], "held": True, "cancel_requested": False}
    await at(other, worker).say(lease, "progress", percent=50, message="half")
    await at(one, worker).complete(lease)
    assert [name for name in await other.types(run) if name != "progress"] == ["queued", "started", "completed"]
    await at(other, worker).leave()
    await until(lambda: _is_gone(one, worker))


async def test_a_worker_that_left_at_one_is_told_so_by_the_next_claim_at_the_other(both: Both) -> None:
    one, other = both
    worker = await one.worker()
    assert await at(other, worker).claim() == []
    await worker.leave()
    run = await one.dispatch()
    problem(
        await other.http.post(f"/v1/workers/{worker.id}/claim", json={"max": 1, "wait_seconds": 1}),
        404,
        "worker_not_found",
    )
    assert (await one.run(run))["state"] == "queued"


async def _is_gone(server: Server, worker: Worker) -> bool:
    answer = await server.http.post(f"/v1/workers/{worker.id}/claim", json={"max": 1, "wait_seconds": 0})
    return answer.status_code == 404


async def test_a_cancel_on_one_ends_the_waiting_claim_of_the_worker_on_the_other(both: Both) -> None:
    one, other = both
    worker = await one.worker()
    run = await other.dispatch()
    lease = await worker.take()
    waiting = asyncio.ensure_future(worker.claim(wait_seconds=50))
    await until(lambda: _waits(one))
    await other.cancel(run, status=202, reason="enough")
    assert await waiting == []
    [held] = await worker.hold(lease)
    assert held["cancel_requested"]
    assert (await worker.say(lease, "cancelled"))["status"] == "accepted"
    assert (await other.run(run))["state"] == "cancelled"


async def test_the_reason_why_a_run_waits_counts_the_workers_of_all_servers(both: Both) -> None:
    one, other = both
    run = await other.dispatch()
    assert await _reason(other, run) == "no_worker"
    worker = await one.worker()
    await until(lambda: _no_reason(other, run))
    assert [found["id"] for found in (await other.get("/v1/workers"))["data"]] == [worker.id]
    await worker.leave()
    assert await until(lambda: _reason(other, run)) == "no_worker"


async def _no_reason(server: Server, run: Any) -> bool:
    return await _reason(server, run) is None


# -- streams


async def test_a_run_stream_on_one_shows_what_happens_on_the_other(both: Both) -> None:
    one, other = both
    run = await one.dispatch()
    async with one.stream(f"/v1/runs/{run['id']}/events") as stream:
        assert (await stream.event()).event == "queued"
        worker = await other.worker()
        lease = await worker.take()
        assert (await stream.event()).event == "started"
        for server in (one, other, other, one):
            await at(server, worker).say(lease, "log", level="info", message="on", fields={})
        await at(one, worker).complete(lease)
        blocks = await stream.rest()
    assert [block.event for block in blocks] == ["log"] * 4 + ["completed"]
    assert [block.id for block in blocks] == ["3", "4", "5", "6", "7"]


async def test_the_stream_of_all_runs_has_the_events_of_both_servers_once_and_in_one_order(both: Both) -> None:
    one, other = both
    async with one.stream("/v1/events") as here, other.stream("/v1/events") as there:
        for _ in range(10):
            await asyncio.gather(one.dispatch(), other.dispatch(), other.dispatch())
        seen = [[block.data["id"] for block in await stream.events(30)] for stream in (here, there)]
    async with other.stream("/v1/events?from=start") as stream:
        stored = [block.data["id"] for block in await stream.events(30)]
    assert seen == [stored, stored]
    assert len(set(stored)) == 30


async def test_a_stream_of_all_runs_goes_on_on_the_other_server_where_it_was_cut(both: Both) -> None:
    one, other = both
    seen: list[str] = []
    place = ""
    async with one.stream("/v1/events") as stream:
        opening = await stream.block()
        while opening is not None and opening.id is None:
            opening = await stream.block()
        assert opening is not None
        place = opening.id or ""
    for n in range(6):
        await (one, other)[n % 2].dispatch()
        async with (other, one)[n % 2].stream("/v1/events", Last_Event_ID=place) as stream:
            block = await stream.event()
            seen.append(block.data["run_id"])
            place = block.id or ""
        if n == 2:
            await one.dispatch()  # while nobody reads
    listed = [run["id"] for run in (await one.get("/v1/runs"))["data"]]
    assert seen == listed[::-1][:6]


async def test_a_run_stream_goes_on_on_the_other_server_where_it_was_cut(both: Both) -> None:
    one, other = both
    run = await one.dispatch()
    worker = await one.worker()
    lease = await worker.take()
    async with one.stream(f"/v1/runs/{run['id']}/events") as stream:
        assert [block.event for block in await stream.events(2)] == ["queued", "started"]
    await worker.complete(lease)
    async with other.stream(f"/v1/runs/{run['id']}/events", Last_Event_ID="2") as stream:
        assert [(block.id, block.event) for block in await stream.rest()] == [("3", "completed")]
    async with other.stream(f"/v1/runs/{run['id']}/events", Last_Event_ID="3") as stream:
        assert stream.status == 204


# -- schedules


async def test_a_schedule_made_on_one_is_changed_triggered_and_fired_on_the_other(both: Both) -> None:
    one, other = both
    soon = datetime.now(UTC) + timedelta(seconds=stretched(2))
    body = {"name": "once", "job_type": "greet", "trigger": {"kind": "date", "at": soon.isoformat()}}
    await one.post("/v1/schedules", body, status=201)
    assert (await other.post("/v1/schedules/once/trigger", status=202))["schedule"] == "once"
    patched = await other.http.patch("/v1/schedules/once", json={"priority": 7})
    assert patched.status_code == 200, patched.text
    await until(lambda: _has_fired(one))
    runs = (await other.get("/v1/runs", schedule="once"))["data"]
    assert [run["priority"] for run in runs] == [7, 0]
    assert datetime.fromisoformat(runs[0]["due_at"]) == soon


async def _has_fired(server: Server) -> bool:
    return (await server.get("/v1/schedules/once"))["last_fire_at"] is not None


# -- configurations


async def test_configurations_applied_on_both_take_turns(both: Both) -> None:
    def document(number: int) -> Any:
        job_types = [{"name": name, "handler": {"kind": "worker"}, "priority": number} for name in ("a", "b", "greet")]
        every = {"kind": "interval", "every_seconds": 1 + number}
        schedules = [{"name": name, "job_type": "b", "trigger": every} for name in ("x", "y")]
        return {"owner": "team", "job_types": job_types[number % 2 :], "schedules": schedules, "prune": True}

    answers = await asyncio.gather(
        *(both[n % 2].http.post("/v1/config/apply", json=document(n)) for n in range(10)), return_exceptions=True
    )
    taken = [answer for answer in answers if getattr(answer, "status_code", 0) == 200]
    assert taken, answers
    found = await both[0].get("/v1/config")
    assert found == await both[1].get("/v1/config")
    [number] = {item["priority"] for item in found["job_types"]}
    assert {item["trigger"]["every_seconds"] for item in found["schedules"]} == {1 + number}
    assert len(found["job_types"]) == 3 - number % 2
    for server in both:
        again = await server.http.post("/v1/config/apply", json=document(number))
        assert again.json()["changes"] == []


# -- keys and sessions


@pytest.fixture
async def keyed(both: Both) -> tuple[Both, dict[str, str], Any]:
    """An administrator's header, known on both servers, and another key for what is to end."""
    one, other = both
    admin = await one.post("/v1/keys", {"name": "admin", "scopes": ["admin"]}, status=201)
    bearer = {"authorization": f"Bearer {admin['key']}"}
    key = await one.post("/v1/keys", {"name": "k", "scopes": ["runs:read", "workers"]}, status=201, **bearer)
    await until(lambda: _knows(other, key["id"]))
    return both, bearer, key


async def _knows(server: Server, key_id: str) -> bool:
    return server.access.key(key_id) is not None


async def _takes(server: Server, headers: dict[str, str]) -> bool:
    server.http.cookies.clear()
    return (await server.http.get("/v1/session", headers=headers)).status_code == 200


async def _refuses(server: Server, headers: dict[str, str]) -> bool:
    return not await _takes(server, headers)


class UnderWay:
    """At a server, by a key or a session: a stream of all runs, one of a run, a wait for it, and a claim that waits."""

    def __init__(self, server: Server, run_id: str, worker_id: str, headers: dict[str, str]) -> None:
        self._server = server
        self._streams = [server.stream(path, **headers) for path in ("/v1/events", f"/v1/runs/{run_id}/events")]
        post = {"sec-fetch-site": "same-origin"} | headers
        self._asking = [
            lambda: server.http.get(f"/v1/runs/{run_id}?wait_seconds=60", headers=headers),
            lambda: server.http.post(f"/v1/workers/{worker_id}/claim", json={"wait_seconds": 60}, headers=post),
        ]

    async def __aenter__(self) -> UnderWay:
        for stream in self._streams:
            await stream.__aenter__()
            assert stream.status == 200
        self._answers = [asyncio.ensure_future(ask()) for ask in self._asking]
        await until(self._waits)
        return self

    async def _waits(self) -> bool:
        assert not any(answer.done() for answer in self._answers)
        jobs = self._server.jobs
        return bool(jobs.leasing.claims.waiting) and bool(jobs.feed.followed())

    async def ends(self) -> None:
        for stream in self._streams:
            await stream.rest()
        assert [(await answer).status_code for answer in self._answers] == [200, 204]

    async def __aexit__(self, *_: object) -> None:
        for stream in self._streams:
            await stream.__aexit__()


@pytest.mark.parametrize("how", ["key", "session"])
async def test_what_is_under_way_on_either_ends_with_the_key(keyed: tuple[Both, dict[str, str], Any], how: str) -> None:
    (one, other), admin, key = keyed
    headers = {"authorization": f"Bearer {key['key']}"}
    worker = (await one.http.post("/v1/workers", json={"name": "w", "job_types": ["none"]}, headers=headers)).json()
    run = await one.post("/v1/job-types/greet/runs", {"payload": 1}, status=202, **admin)
    if how == "session":
        answer = await one.http.post("/v1/session", json={"key": key["key"]})
        headers = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
        assert await _takes(other, headers), "at once, before it has heard of it"
    async with (
        UnderWay(one, run["id"], worker["id"], headers) as here,
        UnderWay(other, run["id"], worker["id"], headers) as there,
        asyncio.timeout(stretched(10)),
    ):
        if how == "key":
            gone = await other.http.delete(f"/v1/keys/{key['id']}", headers=admin)
        else:
            other.http.cookies.clear()
            gone = await other.http.delete("/v1/session", headers=headers | {"sec-fetch-site": "same-origin"})
        assert gone.status_code == 204
        await there.ends()
        await here.ends()
    for server in (one, other):
        assert await _refuses(server, headers)
        problem(await server.http.get("/v1/events", headers=headers), 401, "unauthorized")


async def test_a_session_that_is_used_on_one_is_not_idle_on_the_other(keyed: tuple[Both, dict[str, str], Any]) -> None:
    (one, other), _, key = keyed
    answer = await one.http.post("/v1/session", json={"key": key["key"]})
    headers = {"cookie": answer.headers["set-cookie"].partition(";")[0]}
    assert await _takes(other, headers)
    [known] = (found := other.access.sessions)._known.values()
    found._used.clear()
    found._known[known.id] = replace(known, used_at=known.created_at - IDLE_SECONDS * 1_000_000)  # as if it had slept
    with pytest.raises(Unauthorized):
        found.caller(headers["cookie"].partition("=")[2])
    assert await _takes(other, headers)


async def test_who_makes_sessions_up_does_not_keep_the_database_busy(
    keyed: tuple[Both, dict[str, str], Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    (one, _), _, _ = keyed
    looks = 0
    look = one.store.sessions

    async def counted(session_id: str | None = None) -> Any:
        nonlocal looks
        looks += session_id is not None
        return await look(session_id)

    monkeypatch.setattr(one.store, "sessions", counted)
    second = one.clock.now() // 1_000_000
    for n in range(3 * LOOKS_A_SECOND):
        assert await _refuses(one, {"cookie": f"blazy_80={n}"})
    assert looks <= LOOKS_A_SECOND * (one.clock.now() // 1_000_000 - second + 1)
