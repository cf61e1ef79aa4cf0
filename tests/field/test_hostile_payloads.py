"""A server answers others as usual, in its usual memory, while payloads and results come that take long to check."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import psutil
import pytest

from tests.field.test_schema_checks import expression, tree
from tests.support.server import Server

pytestmark = [pytest.mark.system, pytest.mark.timeout(110)]
MANY = {"items": {"allOf": [{"minimum": least} for least in range(3000)]}}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    started = Server(tmp_path_factory.mktemp("hostile") / "data", workers=0)
    try:
        started.start()
        with started.client() as client:
            for name, schema in (("expression", expression("anyOf")), ("strings", {"items": {"type": "string"}})):
                body = {"handler": {"kind": "worker"}, "payload_schema": schema}
                client.put(f"/v1/job-types/{name}", json=body).raise_for_status()
            tree_result = {"handler": {"kind": "worker"}, "result_schema": expression("anyOf")}
            client.put("/v1/job-types/tree-result", json=tree_result).raise_for_status()
            client.put("/v1/job-types/many", json={"handler": {"kind": "worker"}, "payload_schema": MANY})
            client.put("/v1/job-types/result", json={"handler": {"kind": "worker"}, "result_schema": MANY})
        yield started
    finally:
        started.close()


def post(server: Server, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    with server.client() as client:
        answer = client.post(path, json=body)
        return answer.status_code, answer.json()


def test_the_server_stays_quick_and_small(server: Server) -> None:
    worst: list[tuple[str, Any, str]] = [
        ("expression", tree(16, {"value": "x"}), "anyOf"),
        ("expression", tree(30, {"value": "x"}), "anyOf"),
        ("strings", [1] * 200_000, "type"),
        ("many", [10**6] * 100_000, "too_complex"),
    ]
    answers: list[tuple[str, int, dict[str, Any]]] = []

    def send(name: str, payload: Any, code: str) -> None:
        answers.append((code, *post(server, f"/v1/job-types/{name}/runs", {"payload": payload})))

    process = psutil.Process(server.pid)
    before = process.memory_info().rss
    senders = [threading.Thread(target=send, args=case) for case in worst * 2]
    for sender in senders:
        sender.start()
    slowest = 0.0
    with server.client() as client:
        while any(sender.is_alive() for sender in senders):
            started = time.monotonic()
            assert client.get("/healthz").status_code == 200
            slowest = max(slowest, time.monotonic() - started)
    assert slowest < 2, "usually a hundredth of that: it was tens of seconds"
    assert process.memory_info().rss - before < 150 << 20
    assert len(answers) == len(senders)
    for code, status, problem in answers:
        assert (status, problem["code"]) == (422, "invalid_payload")
        assert {error["code"] for error in problem["errors"]} == {code}


def test_a_batch_names_each_bad_item(server: Server) -> None:
    items = [{"job_type": "expression", "payload": tree(25, {"value": 1})} for _ in range(2_000)]
    status, _ = post(server, "/v1/runs/batch", {"runs": items})
    assert status == 202
    items[7]["payload"] = items[1_500]["payload"] = tree(25, {"value": "x"})
    status, problem = post(server, "/v1/runs/batch", {"runs": items})
    assert (status, problem["code"]) == (422, "invalid_batch")
    assert [error["path"] for error in problem["errors"]] == ["/runs/7/payload", "/runs/1500/payload"]


def test_a_schedule_is_checked_as_a_dispatch_is(server: Server) -> None:
    schedule = {
        "name": "deep",
        "job_type": "expression",
        "trigger": {"kind": "interval", "every_seconds": 3600},
        "payload": tree(30, {"value": "x"}),
    }
    status, problem = post(server, "/v1/schedules", schedule)
    assert (status, problem["code"]) == (422, "invalid_payload")
    assert [(error["path"], error["code"]) for error in problem["errors"]] == [("/payload", "anyOf")]
    status, _ = post(server, "/v1/schedules", {**schedule, "payload": tree(30, {"value": 3})})
    assert status == 201


@pytest.mark.parametrize(
    ("name", "result", "state"),
    [
        ("tree-result", tree(30, {"value": "x"}), "failed"),
        ("tree-result", tree(30, {"value": 1}), "completed"),
        ("result", [10**6] * 100_000, "failed"),
        ("result", [10**6] * 1_000, "completed"),
    ],
)
def test_a_result_is_checked_in_bounded_time(server: Server, name: str, result: Any, state: str) -> None:
    with server.client() as client:
        worker = client.post("/v1/workers", json={"name": "w", "job_types": [name]}).json()["id"]
        run = client.post(f"/v1/job-types/{name}/runs", json={"payload": None}).json()["id"]
        leases = client.post(f"/v1/workers/{worker}/claim", json={"max": 1000, "wait_seconds": 20}).json()["data"]
        (lease,) = [lease for lease in leases if lease["run"]["id"] == run]
        report = {"run_id": run, "attempt": lease["attempt"], "lease_token": lease["lease_token"], "type": "completed"}
        started = time.monotonic()
        client.post(f"/v1/workers/{worker}/report", json={"reports": [{**report, "result": result}]}).raise_for_status()
        assert time.monotonic() - started < 30
        found = client.get(f"/v1/runs/{run}").json()
        assert found["state"] == state
        if state == "failed":
            assert found["error"]["code"] == "invalid_result"
        client.delete(f"/v1/workers/{worker}")
