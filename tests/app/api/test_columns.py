"""Leases and completions by columns, as a worker sends and gets them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.app.server import Server, Worker, problem


@pytest.fixture
def store_settings() -> dict[str, Any]:
    """SQLite, which leases by columns."""
    return {}


async def claim(worker: Worker) -> Any:
    body = {"max": 10, "wait_seconds": 0, "columns": True}
    return await worker.server.post(f"/v1/workers/{worker.id}/claim", body, status=200)


async def report(worker: Worker, *completed: Any, **more: Any) -> Any:
    return await worker.server.post(f"/v1/workers/{worker.id}/report", {"completed": completed, **more}, status=200)


def done(group: Any, **fields: Any) -> Any:
    return {name: group[name] for name in ("lease_token", "attempt", "run_ids")} | fields


async def test_a_worker_is_told_that_it_may_ask_for_columns(server: Server) -> None:
    assert (await server.worker("greet")).registered["columns"] is True


async def test_runs_come_and_end_by_columns(server: Server) -> None:
    await server.register()
    worker = await server.worker("greet")
    runs = [(await server.dispatch(payload={"n": n}))["id"] for n in range(3)]
    answer = await claim(worker)
    assert answer["data"] == []
    [group] = answer["columns"]
    assert group.pop("lease_token")
    assert group.pop("lease_until") < group.pop("deadline_at")
    assert group == {
        "job_type": "greet",
        "job_type_version": 1,
        "queue": "default",
        "attempt": 1,
        "max_attempts": 4,
        "timeout_seconds": 300,
        "run_ids": runs,
        "payloads": [{"n": 0}, {"n": 1}, {"n": 2}],
    }


async def test_results_and_the_log_are_those_of_single_reports(server: Server) -> None:
    await server.register()
    worker = await server.worker("greet")
    runs = [(await server.dispatch(tags=["t"] * n))["id"] for n in range(2)]
    [group] = (await claim(worker))["columns"]
    assert (group["tags"], group["run_ids"]) == ([[], ["t"]], runs)
    answer = await report(worker, done(group, results=[{"a": 1}, None]))
    assert answer == {"data": [], "holding": [], "drain": False, "completed": [[]]}
    assert [(await server.run(run))["result"] for run in runs] == [{"a": 1}, None]
    assert [await server.types(run) for run in runs] == [["queued", "started", "completed"]] * 2
    [event] = [event for event in await server.events(runs[1]) if event["type"] == "completed"]
    assert event["data"] == {"result": None}


async def test_what_is_not_simply_accepted_is_said(server: Server) -> None:
    await server.register()
    worker = await server.worker("greet")
    runs = [(await server.dispatch())["id"] for _ in range(3)]
    [group] = (await claim(worker))["columns"]
    await server.cancel(runs[0], status=202)
    lost = done(group, run_ids=[runs[2]], lease_token="another")
    answer = await report(worker, done(group, run_ids=runs[:2]), lost, holding=[runs[2]])
    assert answer["completed"] == [
        [{"run_id": runs[0], "status": "accepted", "error": None, "cancel_requested": True}],
        [{"run_id": runs[2], "status": "lease_lost", "error": None, "cancel_requested": False}],
    ]
    assert answer["holding"] == [{"run_id": runs[2], "held": True, "cancel_requested": False}]


@pytest.mark.parametrize(
    ("completed", "path"),
    [
        (7, "/completed"),
        ([7], "/completed/0"),
        ([{}], "/completed/0"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": ["run_x"]}], "/completed/0/run_ids"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": [7]}], "/completed/0"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": [], "more": 1}], "/completed/0"),
        ([{"lease_token": "t", "attempt": -1, "run_ids": []}], "/completed/0"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": [], "results": [1]}], "/completed/0/results"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": ["run_0000000000000"] * 10_001}], "/completed"),
        (
            [{"lease_token": "t", "attempt": 1, "run_ids": ["run_0000000000000"], "results": ["x" * 2000]}],
            "/completed/0/results/0",
        ),
    ],
)
@pytest.mark.parametrize("server", [{"max_result_bytes": 1024}], indirect=True)
async def test_what_is_wrong_is_said_and_where(server: Server, completed: Any, path: str) -> None:
    await server.register()
    worker = await server.worker("greet")
    body = json.dumps({"completed": completed}).encode()
    answer = await server.raw("POST", f"/v1/workers/{worker.id}/report", body)
    document = problem(answer, 422, "invalid_request")
    assert [error["path"] for error in document["errors"]] == [path]


async def test_who_does_not_ask_gets_single_leases(server: Server) -> None:
    await server.register()
    worker = await server.worker("greet")
    await server.dispatch()
    [lease] = await worker.claim()
    assert lease["run"]["attempt"] == 1


async def test_a_late_progress_comes_before_the_end(server: Server) -> None:
    await server.register()
    worker = await server.worker("greet")
    run = (await server.dispatch())["id"]
    [group] = (await claim(worker))["columns"]
    facts = {"run_id": run, "attempt": 1, "lease_token": group["lease_token"]}
    reports = [{"type": "progress", "percent": percent, **facts} for percent in (1, 2, 3)]
    await report(worker, reports=reports)
    await report(worker, done(group))
    percents = [e["data"]["percent"] for e in await server.events(run) if e["type"] == "progress"]
    assert (percents, (await server.run(run))["state"]) == ([1, 3], "completed")


@pytest.mark.parametrize("more", [{}, {"tags": ["t"]}], ids=["alike", "one is not"])
async def test_a_batch_answers_the_same_however_it_is_made(server: Server, more: Any) -> None:
    await server.register()
    runs = [{"job_type": "greet", "payload": {"n": n}} for n in range(3)]
    runs[1] |= more
    answer = await server.post("/v1/runs/batch", {"runs": runs}, status=202, idempotency_key="k")
    assert [item["state"] for item in answer["data"]] == ["queued"] * 3
    found = [await server.run(item["id"]) for item in answer["data"]]
    assert [run["payload"]["n"] for run in found] == [0, 1, 2]
    assert [await server.types(run) for run in found] == [["queued"]] * 3
    assert await server.post("/v1/runs/batch", {"runs": runs}, status=200, idempotency_key="k") == answer


async def test_a_batch_that_is_alike_is_checked_as_any_other(server: Server) -> None:
    await server.register(payload_schema={"type": "integer"})
    runs = [{"job_type": "greet", "payload": payload} for payload in (1, "two", 3)]
    answer = await server.http.post("/v1/runs/batch", json={"runs": runs})
    assert [error["path"] for error in problem(answer, 422, "invalid_batch")["errors"]] == ["/runs/1/payload"]
    answer = await server.http.post("/v1/runs/batch", json={"runs": [{"job_type": "nobody", "payload": 1}] * 2})
    assert [e["path"] for e in problem(answer, 422, "invalid_batch")["errors"]] == [
        f"/runs/{n}/job_type" for n in (0, 1)
    ]


@pytest.mark.parametrize(("depth", "taken"), [(64, True), (65, False)])
@pytest.mark.parametrize("by_columns", [True, False])
async def test_a_result_may_be_as_deep_as_a_payload(server: Server, depth: int, taken: bool, by_columns: bool) -> None:
    await server.register()
    worker = await server.worker("greet")
    run = (await server.dispatch())["id"]
    [group] = (await claim(worker))["columns"]
    facts = {"attempt": 1, "lease_token": group["lease_token"]}
    single = {"reports": [{"run_id": run, "type": "completed", "result": "deep", **facts}]}
    columns = {"completed": [{"run_ids": [run], "results": ["deep"], **facts}]}
    body = json.dumps(columns if by_columns else single).replace('"deep"', "[" * depth + "]" * depth).encode()
    answer = await server.raw("POST", f"/v1/workers/{worker.id}/report", body)
    assert answer.status == (200 if taken else 400), answer.body
    assert (await server.run(run))["state"] == ("completed" if taken else "running")


def says(group: Any, *words: list[Any], **fields: Any) -> Any:
    return done(group) | {"words": list(words)} | fields


RUN = "run_1j1165knadp00"
LINE = {"type": "log", "level": "info", "message": "m", "fields": {"n": 1}}
HALF = {"type": "progress", "percent": 50, "message": "half", "data": [1]}


async def leased_group(server: Server, number: int = 2) -> tuple[Worker, Any]:
    await server.register()
    worker = await server.worker("greet")
    for _ in range(number):
        await server.dispatch()
    [group] = (await claim(worker))["columns"]
    return worker, group


async def test_words_by_columns_stand_before_the_end_as_if_said_singly(server: Server) -> None:
    worker, group = await leased_group(server)
    assert worker.registered["said"] is True
    one, two = group["run_ids"]
    late = LINE | {"message": "late"}
    answer = await report(worker, done(group, run_ids=[one]), said=[says(group, [LINE, HALF, late], [HALF])])
    assert (answer["said"], answer["completed"]) == ([[]], [[]])
    assert await server.types(one) == ["queued", "started", "log", "progress", "log", "completed"]
    assert await server.types(two) == ["queued", "started", "progress"]
    events = await server.events(one)
    assert [event["seq"] for event in events] == [1, 2, 3, 4, 5, 6]
    assert events[2]["data"] == {"level": "info", "message": "m", "fields": {"n": 1}}
    assert events[3]["data"] == {"percent": 50, "message": "half", "data": [1]}
    singly = {"run_id": two, "attempt": 1, "lease_token": group["lease_token"]}
    await report(worker, reports=[{**singly, **late}, {**singly, "type": "completed"}])
    assert await server.types(two) == ["queued", "started", "progress", "log", "completed"]
    assert (await server.events(two))[3]["data"] == events[4]["data"]
    assert (await server.run(one))["progress"] == (await server.run(two))["progress"] == events[3]["data"]


async def test_a_call_that_is_repeated_writes_no_word_twice(server: Server) -> None:
    worker, group = await leased_group(server)
    one, two = group["run_ids"]
    for _ in range(2):
        ends = done(group, run_ids=[one])
        answer = await report(worker, ends, said=[says(group, [LINE], [LINE, LINE], before=[0, 0])])
        assert answer["completed"] == [[]]
    await report(worker, said=[says(group, [LINE | {"message": "next"}], run_ids=[two], before=[2])])
    assert await server.types(one) == ["queued", "started", "log", "completed"]
    assert await server.types(two) == ["queued", "started", "log", "log", "log"]


async def test_a_wrong_word_is_refused_at_its_place(server: Server) -> None:
    worker, group = await leased_group(server)
    one, two = group["run_ids"]
    wrong = [LINE, {"type": "log", "message": 7}, {"type": "failed"}, LINE | {"written_at": "2026-01-01T00:00:00"}]
    wrong.append(LINE | {"dropped": -1})
    lost = says(group, [LINE], run_ids=[two], lease_token="another")
    first, second = (await report(worker, said=[says(group, wrong, [HALF]), lost]))["said"]
    assert [(item["run_id"], item["place"], item["status"]) for item in first] == [
        (one, place, "rejected") for place in (1, 2, 3, 4)
    ]
    assert all(item["error"] for item in first)
    assert second == [{"run_id": two, "status": "lease_lost", "error": None, "cancel_requested": False, "place": None}]
    assert await server.types(one) == ["queued", "started", "log"]


async def test_words_by_columns_are_cut_and_marked_as_single_ones_are(server: Server) -> None:
    worker, group = await leased_group(server)
    one, two = group["run_ids"]
    long = [
        {"type": "log", "level": "loud", "message": "é" * 9000, "fields": {"x": "y" * 20_000}},
        {"type": "progress", "percent": 500, "data": "z" * 20_000},
        {"type": "log"},
    ]
    await report(worker, said=[says(group, long, run_ids=[one])])
    singly = {"run_id": two, "attempt": 1, "lease_token": group["lease_token"]}
    await report(worker, reports=[{**singly, **word} for word in long])
    assert [e["data"] for e in await server.events(one)][2:] == [e["data"] for e in await server.events(two)][2:]


async def test_limits_of_words_hold_by_columns(server: Server) -> None:
    worker, group = await leased_group(server)
    one, two = group["run_ids"]
    flood = [LINE | {"message": str(n), "written_at": "2026-11-28T12:00:00Z"} for n in range(150)]
    quick = [HALF | {"percent": n} for n in range(5)]
    answer = await report(worker, done(group), said=[says(group, flood, quick)])
    assert (answer["said"], answer["completed"]) == ([[]], [[]])
    assert (await server.types(one)).count("log") == 101, "the last one says how many were dropped"
    assert [e["data"]["percent"] for e in await server.events(two) if e["type"] == "progress"] == [0, 4]


async def test_what_a_cancelled_run_says_by_columns_is_answered_with_the_cancel(server: Server) -> None:
    worker, group = await leased_group(server)
    one, _ = group["run_ids"]
    await server.cancel(one, status=202)
    [answers] = (await report(worker, said=[says(group, [LINE], [LINE])]))["said"]
    assert [(item["run_id"], item["status"], item["cancel_requested"]) for item in answers] == [(one, "accepted", True)]


@pytest.mark.parametrize(
    ("said", "path"),
    [
        (7, "/said"),
        ([7], "/said/0"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": ["run_x"], "words": [[]]}], "/said/0/run_ids"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": [], "words": [[]]}], "/said/0/words"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": [], "words": [], "before": [1]}], "/said/0/before"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": [], "words": [], "more": 1}], "/said/0"),
        ([{"lease_token": "t", "attempt": -1, "run_ids": [], "words": []}], "/said/0"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": [RUN], "words": [[]], "before": [-1]}], "/said/0"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": [RUN] * 10_001, "words": [[]] * 10_001}], "/said"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": [RUN] * 6_000, "words": [[]] * 6_000}] * 2, "/said"),
        ([{"lease_token": "t", "attempt": 1, "run_ids": [RUN], "words": [[LINE] * 10_001]}], "/said"),
    ],
)
async def test_a_call_with_wrong_columns_of_words_is_refused_as_a_whole(server: Server, said: Any, path: str) -> None:
    worker, _ = await leased_group(server)
    answer = await server.raw("POST", f"/v1/workers/{worker.id}/report", json.dumps({"said": said}).encode())
    assert [error["path"] for error in problem(answer, 422, "invalid_request")["errors"]] == [path]
