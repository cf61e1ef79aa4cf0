"""A server answers others as usual, in its usual memory, while payloads and results come that take long to check."""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import psutil
import pytest

from tests.field.test_schema_checks import expression, tree
from tests.support.server import Server, wait_until

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
            client.put("/v1/job-types/plain", json={"handler": {"kind": "worker"}})
            pattern = {"pattern": "[^a]{1,1000}x"}
            client.put("/v1/job-types/slow-result", json={"handler": {"kind": "worker"}, "result_schema": pattern})
            client.put("/v1/job-types/result", json={"handler": {"kind": "worker"}, "result_schema": MANY})
        yield started
    finally:
        started.close()


def post(server: Server, path: str, body: Any) -> tuple[int, dict[str, Any]]:
    """Again where the machine had no time for it."""
    while True:
        with server.client() as client:
            answer = client.post(path, json=body)
        if (answer.status_code, answer.json().get("code")) != (503, "too_busy"):
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


class Worker:
    """One over HTTP."""

    def __init__(self, server: Server, name: str) -> None:
        self.server = server
        self.name = name
        self.id = post(server, "/v1/workers", {"name": "w", "job_types": [name]})[1]["id"]

    def lease(self) -> dict[str, Any]:
        status, run = post(self.server, f"/v1/job-types/{self.name}/runs", {"payload": None})
        assert status == 202
        with self.server.client() as client:
            leases = client.post(f"/v1/workers/{self.id}/claim", json={"wait_seconds": 20}).json()["data"]
        (lease,) = [lease for lease in leases if lease["run"]["id"] == run["id"]]
        return dict(lease)

    def complete(self, lease: dict[str, Any], result: Any) -> tuple[int, dict[str, Any]]:
        said = {"run_id": lease["run"]["id"], "attempt": lease["attempt"], "lease_token": lease["lease_token"]}
        report = {**said, "type": "completed", "result": result}
        return post(self.server, f"/v1/workers/{self.id}/report", {"reports": [report]})

    def completed(self, lease: dict[str, Any], result: Any) -> dict[str, Any]:
        status, answer = self.complete(lease, result)
        assert status == 200
        assert [said["status"] for said in answer["data"]] == ["accepted"]
        return self.read(lease)

    def read(self, lease: dict[str, Any]) -> dict[str, Any]:
        with self.server.client() as client:
            return dict(client.get(f"/v1/runs/{lease['run']['id']}").json())


TEXT = "b" * 300_000


def test_results_that_are_slow_to_judge_hold_up_nobody(server: Server) -> None:
    slow, quick = Worker(server, "slow-result"), Worker(server, "plain")
    leases = [slow.lease() for _ in range(4)]
    found: list[dict[str, Any]] = []
    senders = [
        threading.Thread(target=lambda lease=lease: found.append(slow.completed(lease, TEXT))) for lease in leases
    ]
    for sender in senders:
        sender.start()
    answered = 0
    while any(sender.is_alive() for sender in senders):
        assert quick.completed(quick.lease(), 1)["state"] == "completed"
        answered += 1
    assert answered > 8, "eight would wait for one of them each, if they waited: usually hundreds are answered"
    assert [(run["state"], run["error"]["code"]) for run in found] == [("failed", "invalid_result")] * 4


def test_a_result_that_was_being_judged_when_its_server_was_killed_is_reported_again(server: Server) -> None:
    slow = Worker(server, "slow-result")
    lease = slow.lease()

    def send() -> None:
        with contextlib.suppress(httpx.HTTPError):
            slow.complete(lease, TEXT)

    before = _judged_seconds(server)
    sender = threading.Thread(target=send)
    sender.start()
    wait_until(lambda: _judged_seconds(server) > before, "the process that judges it at work")
    server.kill()
    sender.join()
    server.start()
    assert slow.read(lease)["state"] == "running"
    assert slow.completed(lease, "bx")["state"] == "completed", "what it says then counts"


def _judged_seconds(server: Server) -> float:
    """What the server's processes for slow values have used of the processor, without starting."""
    spent = 0.0
    for child in psutil.Process(server.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):
            if "blazy_jobs_server.engine.examiner" in child.cmdline():
                spent += max(0.0, child.cpu_times().user - 0.5)
    return spent


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
        status, _ = post(server, f"/v1/workers/{worker}/report", {"reports": [{**report, "result": result}]})
        assert status == 200
        found = client.get(f"/v1/runs/{run}").json()
        assert found["state"] == state
        if state == "failed":
            assert found["error"]["code"] == "invalid_result"
        client.delete(f"/v1/workers/{worker}")
