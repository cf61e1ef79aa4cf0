"""A run from its dispatch to its end: cancel, replay, erase, retry, expiry, timeout, loss."""

from __future__ import annotations

import re
from typing import Any

import pytest

from tests.app.server import Server, Worker, paths, problem

NO_RUN = "run_0000000000000"
UNFINISHED = ["scheduled", "queued", "running", "retrying"]
FINAL = ["completed", "failed", "cancelled"]


def at(seconds: float) -> str:
    """The instant so many seconds after a test's beginning."""
    minutes, rest = divmod(seconds, 60)
    return f"2026-01-01T{int(minutes) // 60:02}:{int(minutes) % 60:02}:{rest:09.6f}Z"


async def put_into(server: Server, state: str) -> Any:
    """A run of `greet` in that state; one that runs is returned as its lease."""
    await server.register(
        retry={"initial_seconds": 100, "jitter": False, "max_attempts": 1 if state == "failed" else 4}
    )
    run = await server.dispatch(delay_seconds=100 if state == "scheduled" else None)
    if state in ("running", "retrying", "completed", "failed"):
        worker = await server.worker()
        lease = await worker.take()
        if state == "running":
            return lease
        if state == "completed":
            await worker.complete(lease)
        else:
            await worker.fail(lease)
    elif state == "cancelled":
        await server.cancel(run, status=200)
    assert (await server.run(run))["state"] == state
    return run


# -- reading


async def test_a_run_tells_of_its_latest_attempt(server: Server) -> None:
    await server.register(timeout_seconds=30)
    run = await server.dispatch(payload={"n": 1})
    worker = await server.worker()
    await server.advance(2)
    lease = await worker.take()
    assert lease["run"] == await server.run(run)
    assert (lease["attempt"], lease["alone"]) == (1, False)
    assert (lease["lease_until"], lease["deadline_at"]) == (at(17), at(47))
    running = await server.run(run)
    assert {name: running[name] for name in ("state", "attempt", "started_at", "finished_at", "worker_id")} == {
        "state": "running",
        "attempt": 1,
        "started_at": at(2),
        "finished_at": None,
        "worker_id": worker.id,
    }
    await worker.say(lease, "progress", percent=40, message="120 of 300")
    assert (await server.run(run))["progress"] == {"percent": 40, "message": "120 of 300", "data": None}
    await server.advance(1)
    await worker.complete(lease, {"greeting": ["hello", None, 1.5]})
    done = await server.run(run)
    assert (done["state"], done["result"], done["error"]) == ("completed", {"greeting": ["hello", None, 1.5]}, None)
    assert (done["started_at"], done["finished_at"], done["attempt"]) == (at(2), at(3), 1)
    assert await server.types(run) == ["queued", "started", "progress", "completed"]


async def test_the_data_of_each_event(server: Server) -> None:
    await server.register(retry={"initial_seconds": 5, "jitter": False, "max_attempts": 2})
    run = await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    await worker.say(lease, "progress", percent=12.5, data={"row": 3})
    await worker.say(lease, "log", level="error", message="oh", fields={"k": [1]})
    await worker.say(lease, "released")
    await worker.fail(await worker.take())
    await server.advance(5)
    lease = await worker.take()
    await server.cancel(lease, status=202, reason="enough")
    await worker.say(lease, "cancelled")
    error = {"code": "handler_error", "type": "ValueError", "message": "no luck", "traceback": "Traceback ..."}
    error["group"] = "99c2faa1519e5f5a"
    events = await server.events(run)
    assert [(event["type"], event["state"], event["attempt"], event["data"]) for event in events] == [
        ("queued", "queued", 0, {"due_at": at(0)}),
        ("started", "running", 1, {"worker_id": worker.id}),
        ("progress", "running", 1, {"percent": 12.5, "message": None, "data": {"row": 3}}),
        ("log", "running", 1, {"level": "error", "message": "oh", "fields": {"k": [1]}}),
        ("interrupted", "queued", 0, {"reason": "released", "due_at": at(0)}),
        ("started", "running", 1, {"worker_id": worker.id}),
        ("retrying", "retrying", 1, {"error": error, "due_at": at(5)}),
        ("started", "running", 2, {"worker_id": worker.id}),
        ("cancelling", "running", 2, {"reason": "enough"}),
        ("cancelled", "cancelled", 2, {"reason": "enough"}),
    ]
    assert [event["time"] for event in events] == [at(0)] * 7 + [at(5)] * 3
    assert [event["id"] for event in events] == sorted({event["id"] for event in events})
    assert {(event["run_id"], event["job_type"], event["queue"]) for event in events} == {
        (run["id"], "greet", "default")
    }


async def test_attempts_are_one_for_each_claim(server: Server) -> None:
    await server.register(retry={"initial_seconds": 0, "max_attempts": 3})
    run = await server.dispatch()
    worker = await server.worker()
    assert await server.attempts(run) == []
    await worker.say(await worker.take(), "released")
    await worker.say(await worker.take(), "snoozed", delay_seconds=0)
    await worker.say(await worker.take(), "lost")
    await worker.fail(await worker.take(), "first")
    lease = await worker.take()
    attempts = await server.attempts(run)
    assert [(a["number"], a["attempt"], a["outcome"]) for a in attempts] == [
        (1, 1, "released"),
        (2, 1, "snoozed"),
        (3, 1, "lost"),
        (4, 1, "failed"),
        (5, 2, None),
    ]
    assert attempts[3]["error"]["message"] == "first"
    trace_id = attempts[4].pop("trace_id")
    assert re.fullmatch("[0-9a-f]{32}", trace_id)
    assert len({trace_id, *(attempt["trace_id"] for attempt in attempts[:4])}) == 5
    assert attempts[4] == {
        "number": 5,
        "attempt": 2,
        "worker_id": worker.id,
        "started_at": at(0),
        "finished_at": None,
        "outcome": None,
        "error": None,
    }
    await server.advance(1)
    await worker.complete(lease)
    last = (await server.attempts(run))[-1]
    assert (last["outcome"], last["finished_at"]) == ("completed", at(1))


async def test_what_is_not_there_is_404(server: Server) -> None:
    problem(await server.http.get(f"/v1/runs/{NO_RUN}"), 404, "run_not_found")
    problem(await server.http.get(f"/v1/runs/{NO_RUN}/attempts"), 404, "run_not_found")
    problem(await server.http.get(f"/v1/runs/{NO_RUN}/events"), 404, "run_not_found")
    problem(await server.http.delete(f"/v1/runs/{NO_RUN}"), 404, "run_not_found")
    for verb in ("cancel", "replay"):
        problem(await server.http.post(f"/v1/runs/{NO_RUN}/{verb}"), 404, "run_not_found")


# -- cancel


@pytest.mark.parametrize("state", ["scheduled", "queued", "retrying"])
async def test_what_does_not_run_is_cancelled_at_once(server: Server, state: str) -> None:
    run = await put_into(server, state)
    cancelled = await server.cancel(run, status=200, reason="not needed")
    assert (cancelled["state"], cancelled["finished_at"], cancelled["wait_reason"]) == ("cancelled", at(0), None)
    assert await server.run(run) == cancelled
    assert (await server.events(run))[-1]["data"] == {"reason": "not needed"}
    assert "cancelling" not in await server.types(run)
    await server.advance(200)
    assert await (await server.worker()).claim() == []
    problem(await server.http.post(f"/v1/runs/{run['id']}/cancel"), 409, "run_finished")


@pytest.mark.parametrize("state", FINAL)
async def test_final_is_final(server: Server, state: str) -> None:
    run = await put_into(server, state)
    before = await server.run(run), await server.events(run)
    problem(await server.http.post(f"/v1/runs/{run['id']}/cancel", json={"reason": "late"}), 409, "run_finished")
    assert (await server.run(run), await server.events(run)) == before


async def test_a_running_handler_is_asked_and_asking_twice_writes_nothing(server: Server) -> None:
    lease = await put_into(server, "running")
    asked = await server.cancel(lease, status=202, reason="first")
    assert (asked["state"], asked["cancel_requested"]) == ("running", True)
    again = await server.cancel(lease, status=202, reason="second")
    assert again == asked
    assert await server.types(lease) == ["queued", "started", "cancelling"]
    assert (await server.events(lease))[-1]["data"] == {"reason": "first"}


async def test_a_cancel_without_a_body_has_no_reason(server: Server) -> None:
    run = await put_into(server, "queued")
    assert (await server.http.post(f"/v1/runs/{run['id']}/cancel")).status_code == 200
    assert (await server.events(run))[-1]["data"] == {"reason": None}


async def test_a_cancel_answers_what_it_did_although_the_run_ends_meanwhile(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await server.register()
    await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    cancel = server.store.cancel

    async def slow(run_id: int, reason: str | None) -> Any:
        asked = await cancel(run_id, reason)
        await worker.complete(lease)
        return asked

    monkeypatch.setattr(server.store, "cancel", slow)
    assert (await server.http.post(f"/v1/runs/{lease['run']['id']}/cancel")).status_code == 202


REPORTS: list[tuple[str, dict[str, Any], str]] = [
    ("completed", {"result": 1}, "completed"),
    ("failed", {"error": {"message": "x"}}, "cancelled"),
    ("failed", {"error": {"message": "x"}, "retryable": False}, "cancelled"),
    ("cancelled", {}, "cancelled"),
    ("released", {}, "cancelled"),
    ("snoozed", {"delay_seconds": 60}, "cancelled"),
    ("lost", {}, "cancelled"),
]


@pytest.mark.parametrize(("kind", "fields", "state"), REPORTS)
async def test_each_report_after_a_cancel_was_asked(
    server: Server, kind: str, fields: dict[str, Any], state: str
) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    await server.cancel(run, status=202, reason="enough")
    answer = await worker.say(lease, kind, **fields)
    assert answer["status"] == "accepted"
    ended = await server.run(run)
    assert (ended["state"], ended["attempt"]) == (state, 1)
    assert await server.types(run) == ["queued", "started", "cancelling", state]
    assert (await server.attempts(run))[0]["outcome"] == state
    if state == "cancelled":
        assert (await server.events(run))[-1]["data"] == {"reason": "enough"}
    await server.live(3)
    assert await worker.claim() == [], "no further attempt"
    assert (await worker.say(lease, kind, **fields))["status"] == "accepted", "sent again after a lost answer"


@pytest.mark.parametrize("end", ["timeout", "loss", "leaving"])
async def test_a_cancelled_run_that_ends_by_itself_is_cancelled(server: Server, end: str) -> None:
    await server.register(timeout_seconds=1)
    await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    await server.cancel(lease, status=202)
    if end == "timeout":
        await hold_for(server, worker, lease, 16)
    elif end == "loss":
        await server.live(15)
    else:
        await worker.leave()
    assert (await server.run(lease))["state"] == "cancelled"
    assert (await server.types(lease))[-1] == "cancelled"


# -- replay


async def test_a_replay_is_a_new_run_with_the_old_ones_own_settings(server: Server) -> None:
    await server.register(retry={"initial_seconds": 5, "jitter": False})
    own: dict[str, Any] = {"queue": "mail", "priority": 7, "timeout_seconds": 9, "tags": ["a"], "metadata": {"k": "v"}}
    first = await server.dispatch(payload={"big": 2**53 - 1, "x": 1.5}, retry={"max_attempts": 2}, **own)
    await server.cancel(first, status=200)
    await server.http.patch("/v1/job-types/greet", json={"retry": {"initial_seconds": 8}, "timeout_seconds": 100})
    await server.advance(1)
    answer = await server.http.post(f"/v1/runs/{first['id']}/replay")
    again = answer.json()
    assert (answer.status_code, answer.headers["location"]) == (202, f"/v1/runs/{again['id']}")
    assert again["id"] != first["id"]
    assert {name: again[name] for name in own} == own
    assert (again["replay_of"], again["payload"]) == (first["id"], first["payload"])
    assert (again["state"], again["attempt"], again["created_at"]) == ("queued", 0, at(1))
    assert (again["job_type_version"], again["max_attempts"]) == (2, 2)
    worker = await server.worker()
    await worker.fail(await worker.take())
    assert (await server.run(again))["due_at"] == at(1 + 8), "the rest is the type's present definition"
    assert (await server.run(first))["state"] == "cancelled"


async def test_a_replay_may_have_another_payload(server: Server) -> None:
    await server.register(payload_schema={"type": ["object", "null"]})
    run = await server.dispatch(payload={"a": 1}, tags=["x"], metadata={"b": "c"})
    path = f"/v1/runs/{run['id']}/replay"
    other = await server.post(path, {"payload": {"a": 2}}, status=202)
    assert (other["payload"], other["replay_of"], other["tags"], other["metadata"]) == (
        {"a": 2},
        run["id"],
        ["x"],
        {"b": "c"},
    )
    assert (await server.post(path, {"payload": None}, status=202))["payload"] is None
    assert (await server.post(path, {}, status=202))["payload"] == {"a": 1}
    assert paths(problem(await server.http.post(path, json={"payload": 5}), 422, "invalid_payload")) == ["/payload"]
    assert paths(problem(await server.http.post(path, json={"queue": "q"}), 422, "invalid_request")) == ["/queue"]
    once = {"idempotency-key": "k"}
    first = await server.http.post(path, json={"payload": {"a": 3}}, headers=once)
    again = await server.http.post(path, json={"payload": {"a": 3}}, headers=once)
    assert first.json()["id"] == again.json()["id"]
    for body in ({"payload": {"a": 4}}, {}):
        problem(await server.http.post(path, json=body, headers=once), 422, "idempotency_key_reused")
    assert (await server.run(run))["payload"] == {"a": 1}


@pytest.mark.parametrize("state", ["scheduled", "retrying"])
async def test_a_run_that_waits_for_its_time_can_be_run_now(server: Server, state: str) -> None:
    run = await put_into(server, state)
    await server.advance(5)
    hurried = await server.post(f"/v1/runs/{run['id']}/run-now", status=200)
    assert (hurried["state"], hurried["due_at"]) == ("queued", at(5))
    assert (await server.types(run))[-1] == "queued"
    worker = await server.worker()
    assert (await worker.take())["run"]["id"] == run["id"]


@pytest.mark.parametrize("state", ["queued", "running", *FINAL])
async def test_nothing_else_can_be_run_now(server: Server, state: str) -> None:
    run = await put_into(server, state)
    run_id = (run.get("run") or run)["id"]
    answer = await server.http.post(f"/v1/runs/{run_id}/run-now")
    problem(answer, 409, "run_finished" if state in FINAL else "run_not_waiting")
    problem(await server.http.post(f"/v1/runs/{NO_RUN}/run-now"), 404, "run_not_found")


async def test_a_replay_takes_no_dedupe_key_delay_or_expiry_along(server: Server) -> None:
    await server.register()
    first = await server.dispatch(dedupe_key="k", delay_seconds=60, expires_seconds=90)
    again = await server.post(f"/v1/runs/{first['id']}/replay", status=202)
    assert (again["dedupe_key"], again["expires_at"], again["due_at"], again["state"]) == (None, None, at(0), "queued")
    third = await server.post(f"/v1/runs/{again['id']}/replay", {}, status=202)
    assert third["replay_of"] == again["id"]


async def test_a_replay_checks_the_payload_again(server: Server) -> None:
    await server.register()
    run = await server.dispatch(payload={"userId": 5})
    schema = {"type": "object", "properties": {"userId": {"type": "string"}}}
    await server.http.patch("/v1/job-types/greet", json={"payload_schema": schema})
    refused = problem(await server.http.post(f"/v1/runs/{run['id']}/replay"), 422, "invalid_payload")
    assert paths(refused) == ["/payload/userId"]
    assert len((await server.get("/v1/runs"))["data"]) == 1


async def test_a_run_of_a_retired_type_is_readable_but_not_replayed(server: Server) -> None:
    run = await put_into(server, "cancelled")
    assert (await server.http.delete("/v1/job-types/greet")).status_code == 204
    assert (await server.run(run))["state"] == "cancelled"
    problem(await server.http.post(f"/v1/runs/{run['id']}/replay"), 404, "job_type_not_found")


# -- erase


@pytest.mark.parametrize("state", UNFINISHED)
async def test_an_unfinished_run_is_not_erased(server: Server, state: str) -> None:
    run = await put_into(server, state)
    run_id = run.get("run", run)["id"]
    problem(await server.http.delete(f"/v1/runs/{run_id}"), 409, "run_not_finished")
    assert (await server.run(run_id))["state"] == state


@pytest.mark.parametrize("state", FINAL)
async def test_a_finished_run_is_erased_with_its_events(server: Server, state: str) -> None:
    run = await put_into(server, state)
    erased = await server.http.delete(f"/v1/runs/{run['id']}")
    assert (erased.status_code, erased.content) == (204, b"")
    for path in ("", "/events", "/attempts"):
        problem(await server.http.get(f"/v1/runs/{run['id']}{path}"), 404, "run_not_found")
    problem(await server.http.delete(f"/v1/runs/{run['id']}"), 404, "run_not_found")
    assert (await server.get("/v1/stats"))["counts"][state] == 0
    assert (await server.get("/v1/runs"))["data"] == []


# -- retry


BACKOFFS: list[tuple[dict[str, Any], list[float]]] = [
    ({"backoff": "exponential", "initial_seconds": 1, "factor": 2}, [1, 2, 4, 8]),
    ({"backoff": "exponential", "initial_seconds": 2, "factor": 3, "max_seconds": 10}, [2, 6, 10, 10]),
    ({"backoff": "linear", "initial_seconds": 2}, [2, 4, 6, 8]),
    ({"backoff": "linear", "initial_seconds": 2, "max_seconds": 5}, [2, 4, 5, 5]),
    ({"backoff": "fixed", "initial_seconds": 0.5}, [0.5, 0.5, 0.5, 0.5]),
]


@pytest.mark.parametrize(("retry", "delays"), BACKOFFS)
async def test_the_delay_before_each_attempt(server: Server, retry: dict[str, Any], delays: list[float]) -> None:
    await server.register(retry=retry | {"max_attempts": len(delays) + 1, "jitter": False})
    run = await server.dispatch()
    worker = await server.worker()
    now = 0.0
    for attempt, delay in enumerate(delays, 1):
        lease = await worker.take()
        assert lease["attempt"] == attempt
        await worker.fail(lease, f"attempt {attempt}")
        waiting = await server.run(run)
        now += delay
        assert (waiting["state"], waiting["due_at"], waiting["worker_id"]) == ("retrying", at(now), None)
        assert waiting["error"]["message"] == f"attempt {attempt}"
        await server.advance(delay - 0.001)
        assert await worker.claim() == []
        assert (await server.run(run))["state"] == "retrying"
        await server.advance(0.001)
        assert (await server.run(run))["state"] == "queued"
    await worker.fail(await worker.take(), "the last")
    failed = await server.run(run)
    assert (failed["state"], failed["attempt"], failed["error"]["message"]) == ("failed", len(delays) + 1, "the last")
    assert await server.types(run) == ["queued", *["started", "retrying"] * len(delays), "started", "failed"]


async def test_jitter_draws_from_half_of_the_delay_up(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    await server.register(retry={"initial_seconds": 8})
    worker = await server.worker()
    for draw, delay in ((0.0, 4), (0.5, 6)):
        monkeypatch.setattr(server.store._session, "_draw", lambda draw=draw: draw)
        run = await server.dispatch()
        await worker.fail(await worker.take())
        assert (await server.run(run))["due_at"] == at(delay)


async def test_what_is_not_retryable_fails_at_once(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    await worker.fail(await worker.take(), retryable=False)
    assert (await server.run(run))["state"] == "failed"


async def test_a_report_may_say_when_to_try_again(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    await worker.fail(await worker.take(), retry_after_seconds=42.5)
    assert (await server.run(run))["due_at"] == at(42.5)


async def test_a_run_that_succeeds_at_last_has_no_error(server: Server) -> None:
    await server.register(retry={"initial_seconds": 0})
    run = await server.dispatch()
    worker = await server.worker()
    await worker.fail(await worker.take())
    lease = await worker.take()
    assert lease["run"]["error"]["message"] == "no luck"
    await worker.complete(lease, "ok")
    assert ((await server.run(run))["error"], (await server.run(run))["result"]) == (None, "ok")


async def test_the_shape_of_an_error(server: Server) -> None:
    await server.register(retry=0)
    worker = await server.worker()
    given: list[tuple[dict[str, Any], dict[str, Any]]] = [
        ({"message": "x"}, {"code": "handler_error", "type": None, "message": "x", "traceback": None}),
        (
            {"message": "", "code": "crashed", "type": "E", "traceback": "t"},
            {"code": "crashed", "type": "E", "message": "", "traceback": "t"},
        ),
    ]
    for error, shown in given:
        run = await server.dispatch()
        assert (await worker.say(await worker.take(), "failed", error=error))["status"] == "accepted"
        failed = (await server.run(run))["error"]
        assert failed == shown | {"group": failed["group"]}
        assert re.fullmatch("[0-9a-f]{16}", failed["group"])
        assert (await server.events(run))[-1]["data"] == {"error": failed}


async def test_a_result_that_does_not_fit_fails_and_is_not_retried(server: Server) -> None:
    await server.register(result_schema={"type": "object", "required": ["greeting"]})
    worker = await server.worker()
    for result, state in (({"greeting": 1}, "completed"), ("hello", "failed"), (None, "failed")):
        run = await server.dispatch()
        assert (await worker.say(await worker.take(), "completed", result=result))["status"] == "accepted"
        ended = await server.run(run)
        assert ended["state"] == state
        if state == "failed":
            assert (ended["error"]["code"], ended["result"]) == ("invalid_result", None)


@pytest.mark.parametrize("server", [{"max_result_bytes": 1024}], indirect=True)
async def test_a_result_that_is_too_large_fails_and_is_not_retried(server: Server) -> None:
    await server.register()
    worker = await server.worker()
    for size, state in ((1022, "completed"), (1023, "failed")):
        run = await server.dispatch()
        assert (await worker.say(await worker.take(), "completed", result="x" * size))["status"] == "accepted"
        assert (await server.run(run))["state"] == state
    assert (await server.run(run))["error"]["code"] == "invalid_result"


# -- giving back


async def test_a_snoozed_run_comes_again_at_no_cost(server: Server) -> None:
    await server.register(retry=0)
    run = await server.dispatch()
    worker = await server.worker()
    assert (await worker.say(await worker.take(), "snoozed", delay_seconds=60))["status"] == "accepted"
    snoozed = await server.run(run)
    assert (snoozed["state"], snoozed["due_at"], snoozed["attempt"]) == ("scheduled", at(60), 0)
    assert (snoozed["worker_id"], snoozed["losses"], snoozed["started_at"]) == (None, 0, at(0))
    assert (await server.events(run))[-1]["data"] == {"reason": "snoozed", "due_at": at(60)}
    await server.live(60)
    assert (await server.run(run))["state"] == "queued"
    assert await server.types(run) == ["queued", "started", "interrupted"], "its coming due is no event"
    worker = await server.worker()
    lease = await worker.take()
    assert lease["attempt"] == 1
    assert (await worker.say(lease, "snoozed", due_at="2026-01-01T00:02:00Z"))["status"] == "accepted"
    assert (await server.run(run))["due_at"] == at(120)


async def test_a_released_run_is_queued_at_once_and_keeps_its_place(server: Server) -> None:
    await server.register(retry=0)
    worker = await server.worker()
    first = await server.dispatch(priority=5)
    await server.advance(1)
    second = await server.dispatch()
    lease = (await worker.claim(1))[0]
    assert (await worker.say(lease, "released"))["status"] == "accepted"
    released = await server.run(first)
    assert (released["state"], released["attempt"], released["losses"]) == ("queued", 0, 0)
    assert [lease["run"]["id"] for lease in await worker.claim()] == [first["id"], second["id"]]
    assert [a["attempt"] for a in await server.attempts(first)] == [1, 1]


# -- timeout


async def hold_for(server: Server, worker: Worker, lease: Any, seconds: float) -> None:
    """The worker goes on naming the run for so long."""
    while seconds > 0:
        await server.live(min(4, seconds))
        seconds -= 4
        await worker.hold(lease)


async def test_at_its_deadline_a_lease_is_taken_back_whatever_its_worker_does(server: Server) -> None:
    await server.register(timeout_seconds=5, retry={"max_attempts": 2, "initial_seconds": 0})
    run = await server.dispatch()
    worker = await server.worker()
    lease = await worker.take()
    assert lease["deadline_at"] == at(20)
    await hold_for(server, worker, lease, 16)
    await server.live(3.5)
    assert (await server.run(run))["state"] == "running"
    await server.live(0.5)
    late = await server.run(run)
    assert (late["state"], late["error"]["code"], late["attempt"], late["losses"]) == ("queued", "timeout", 1, 0)
    assert (await worker.say(lease, "completed"))["status"] == "lease_lost"
    lease = await worker.take()
    await hold_for(server, worker, lease, 20)
    failed = await server.run(run)
    assert (failed["state"], failed["error"]["code"], failed["finished_at"]) == ("failed", "timeout", at(40))
    assert await server.types(run) == ["queued", "started", "retrying", "started", "failed"]
    assert [(a["outcome"], a["error"]["code"]) for a in await server.attempts(run)] == [("failed", "timeout")] * 2


async def test_a_worker_that_reports_the_timeout_is_believed(server: Server) -> None:
    await server.register(retry=0)
    run = await server.dispatch()
    worker = await server.worker()
    error = {"message": "Ran longer than 300 seconds.", "code": "timeout"}
    assert (await worker.say(await worker.take(), "failed", error=error))["status"] == "accepted"
    assert (await server.run(run))["error"]["code"] == "timeout"


# -- losses


async def lose(server: Server) -> Worker:
    """A worker takes the run and falls silent."""
    worker = await server.worker()
    await worker.take()
    await server.live(15)
    return worker


async def test_a_run_is_lost_with_its_worker_and_fails_at_the_third_loss(server: Server) -> None:
    await server.register()
    run = await server.dispatch()
    for loss in (1, 2):
        await lose(server)
        lost = await server.run(run)
        assert (lost["state"], lost["losses"], lost["attempt"], lost["error"]) == ("queued", loss, 0, None)
        assert (await server.events(run))[-1]["data"] == {"reason": "lost", "due_at": at(15 * loss)}
    await lose(server)
    failed = await server.run(run)
    assert (failed["state"], failed["losses"], failed["error"]["code"]) == ("failed", 3, "lease_lost")
    assert await server.types(run) == ["queued", *["started", "interrupted"] * 2, "started", "failed"]
    assert [a["outcome"] for a in await server.attempts(run)] == ["lost"] * 3


async def test_a_job_that_must_not_run_again_fails_at_its_first_loss(server: Server) -> None:
    await server.register(retry={"on_lost": "fail"})
    run = await server.dispatch()
    await lose(server)
    failed = await server.run(run)
    assert (failed["state"], failed["losses"], failed["error"]["code"]) == ("failed", 1, "lease_lost")
    assert await (await server.worker()).claim() == []


@pytest.mark.parametrize("end", ["failed", "completed", "snoozed", "released", "lost"])
async def test_a_lost_run_is_leased_alone_until_an_attempt_ends_otherwise(server: Server, end: str) -> None:
    await server.register(retry={"initial_seconds": 0})
    await server.dispatch()
    await lose(server)
    worker = await server.worker()
    lease = await worker.take()
    assert lease["alone"] is True
    fields = {"error": {"message": "x"}} if end == "failed" else {}
    assert (await worker.say(lease, end, **fields))["status"] == "accepted"
    again = await worker.claim()
    if end == "completed":
        assert again == []
    else:
        # Given back untouched proves nothing of it, so it stays alone.
        assert again[0]["alone"] is (end in ("released", "lost"))


@pytest.mark.parametrize("alone", [True, False, None])
async def test_a_run_that_is_given_back_as_a_suspect_is_leased_alone(server: Server, alone: bool | None) -> None:
    await server.register()
    run = await server.dispatch()
    worker = await server.worker()
    assert (await worker.say(await worker.take(), "released", alone=alone))["status"] == "accepted"
    assert (await worker.take())["alone"] is bool(alone)
    assert (await server.run(run))["losses"] == 0


async def test_losses_are_of_the_run_not_of_the_attempt(server: Server) -> None:
    await server.register(retry={"initial_seconds": 0})
    run = await server.dispatch()
    await lose(server)
    worker = await server.worker()
    await worker.fail(await worker.take())
    await worker.say(await worker.take(), "lost")
    assert (await server.run(run))["losses"] == 2
    await worker.say(await worker.take(), "lost")
    assert (await server.run(run))["error"]["code"] == "lease_lost"


# -- why it waits


async def test_why_a_run_waits(server: Server) -> None:
    await server.register(concurrency=1)
    run = await server.dispatch()
    other = await server.dispatch(queue="mail", delay_seconds=60)

    async def reason(of: Any = run) -> Any:
        return (await server.run(of))["wait_reason"]

    assert await reason() == "no_worker"
    assert await reason(other) is None, "it could not start yet"
    await server.post("/v1/job-types/greet/pause")
    assert await reason() == "paused", "the first that holds"
    await server.post("/v1/job-types/greet/resume")
    await server.post("/v1/queues/default/pause")
    assert await reason() == "paused"
    assert (await server.get("/v1/runs", state="queued"))["data"][0]["wait_reason"] == "paused"
    await server.post("/v1/queues/default/resume")
    elsewhere = await server.worker("other")
    of_mail = await server.worker("greet", queues=["mail"])
    assert await reason() == "no_worker", "none that serves this pair"
    worker = await server.worker()
    assert await reason() is None
    for idle in (elsewhere, of_mail):
        await idle.leave()
    lease = await worker.take()
    second = await server.dispatch()
    assert (await reason(), await reason(second)) == (None, "concurrency_limit")
    assert await worker.claim() == []
    await server.post("/v1/job-types/greet/pause")
    assert await reason(second) == "paused"
    await worker.leave()
    await server.post("/v1/job-types/greet/resume")
    assert await reason(second) == "no_worker"
    assert lease["run"]["wait_reason"] is None
