"""Each hostile handler among hundreds of good runs: they all complete, and the hostile one ends as it must."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any

import psutil
import pytest

from tests.support.server import Server, serving, wait_until
from tests.system.hostility import GOOD, Result, endure, events_of, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]

MIB = 1 << 20
ENV = {"JOBS_STOP_GRACE_SECONDS": "0.5", "JOBS_LEASE_SECONDS": "5", "JOBS_HEARTBEAT_SECONDS": "1"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all of them: what one leaves behind is the next one's trouble."""
    with serving(tmp_path_factory.mktemp("hostile") / "data", GOOD, workers=2, env=ENV) as server:
        yield server


@pytest.fixture
def server(shared: Server, attach_logs: Callable[[Server], None]) -> Server:
    attach_logs(shared)
    assert shared.running
    return shared


def failed(result: Result, code: str, kind: str | None = None, attempts: int = 1) -> None:
    run = result.run
    assert run["state"] == "failed", run
    assert run["error"]["code"] == code, run["error"]
    if kind is not None:
        assert run["error"]["type"] == kind, run["error"]
    assert run["attempt"] == attempts
    assert result.events[-1]["data"]["error"] == run["error"]


@pytest.mark.parametrize("job", ["loops-sync", "ignores-sigterm-sync"])
def test_a_sync_handler_that_never_ends_times_out_alone(server: Server, job: str) -> None:
    result = endure(server, job)
    failed(result, "timeout")
    assert result.kinds == ["queued", "started", "failed"]
    assert result.losses() == {0: len(result.good)}


def test_an_async_handler_that_blocks_its_loop_times_out_and_its_neighbours_go_on_elsewhere(server: Server) -> None:
    before = len(server.log_text())
    result = endure(server, "loops-async")
    failed(result, "timeout")
    assert result.kinds == ["queued", "started", "failed"]
    assert result.losses() == {0: len(result.good)}
    assert "loops-async" in server.log_text()[before:], "nobody was warned of the blocked loop"


def test_an_async_handler_that_ignores_its_cancel_is_stopped_with_its_process(server: Server) -> None:
    result = endure(server, "ignores-cancel-async")
    failed(result, "timeout")
    assert result.kinds == ["queued", "started", "failed"]
    assert result.losses() == {0: len(result.good)}


@pytest.mark.parametrize("job", ["ignores-cancel-long-async", "ignores-sigterm-long-sync"])
def test_a_cancel_stops_also_what_ignores_it(server: Server, job: str) -> None:
    with server.client() as client:
        run = client.post(f"/v1/job-types/{job}/runs", json={"payload": None}).json()["id"]
        wait_until(lambda: client.get(f"/v1/runs/{run}").json()["progress"], "it has begun")
        asked = client.post(f"/v1/runs/{run}/cancel", json={"reason": "enough"})
        assert asked.status_code == 202
        assert wait_for(client, run, 10)["state"] == "cancelled"
        kinds = [event["type"] for event in events_of(client, run)]
        assert kinds == ["queued", "started", "progress", "cancelling", "cancelled"]


@pytest.mark.parametrize("job", ["exits-sync", "segfaults-sync"])
def test_a_sync_handler_that_dies_fails_that_attempt_only(server: Server, job: str) -> None:
    result = endure(server, job)
    failed(result, "crashed")
    assert result.kinds == ["queued", "started", "failed"]
    assert result.run["losses"] == 0
    assert result.losses() == {0: len(result.good)}


def test_a_crashed_attempt_is_retried(server: Server) -> None:
    result = endure(server, "exits-twice")
    assert result.run["state"] == "completed"
    assert result.run["result"] == "survived"
    assert result.kinds == ["queued", "started", "retrying", "started", "retrying", "started", "completed"]
    assert {event["data"]["error"]["code"] for event in result.events if event["type"] == "retrying"} == {"crashed"}


@pytest.mark.parametrize("job", ["exits-async", "segfaults-async"])
def test_an_async_handler_that_kills_its_process_is_found_out(server: Server, job: str) -> None:
    result = endure(server, job)
    failed(result, "crashed")
    assert result.run["losses"] <= 1
    assert result.kinds in (
        ["queued", "started", "failed"],
        ["queued", "started", "interrupted", "started", "failed"],
    )
    assert max(result.losses()) <= 1, "a neighbour was lost twice: its second lease was not alone"


def test_a_handler_that_eats_memory_up_to_its_limit_fails_by_itself(server: Server) -> None:
    result = endure(server, "eats-memory-sync")
    assert result.run["state"] == "failed"
    assert result.run["error"]["code"] in ("handler_error", "crashed")
    if result.run["error"]["code"] == "handler_error":
        assert result.run["error"]["type"] == "MemoryError"
    assert result.run["attempt"] == 1
    assert result.losses() == {0: len(result.good)}


def test_a_grandchild_that_lingers_holds_nobody_up(server: Server) -> None:
    result = endure(server, "forks-and-returns-sync")
    assert result.run["state"] == "completed"


def test_a_death_is_seen_although_a_grandchild_holds_its_descriptors(server: Server) -> None:
    result = endure(server, "forks-and-exits-sync", seconds=10)
    failed(result, "crashed")
    grandchild = next(int(event["data"]["message"]) for event in result.events if event["type"] == "progress")
    wait_until(lambda: not psutil.pid_exists(grandchild), "the whole group has been killed", 5)


def test_a_timeout_ends_the_whole_process_group(server: Server) -> None:
    result = endure(server, "forks-and-hangs-sync")
    failed(result, "timeout")
    grandchild = next(int(event["data"]["message"]) for event in result.events if event["type"] == "progress")
    wait_until(lambda: not psutil.pid_exists(grandchild), "the whole group has been killed", 5)


@pytest.mark.parametrize("job", ["floods-sync", "floods-async"])
def test_a_flood_is_coalesced_and_counted(server: Server, job: str) -> None:
    times = 100_000
    before = server.resident_bytes()
    held = {p.pid: p.memory_info().rss for p in server.controls()}
    result = endure(server, job, {"times": times}, seconds=60)
    assert result.run["state"] == "completed", result.run
    lasted = _seconds(result.events[-1]["time"]) - _seconds(result.events[1]["time"])
    progress = [event for event in result.events if event["type"] == "progress"]
    assert progress[-1]["data"]["message"] == str(times), "the newest was not kept"
    assert progress[-1]["data"]["percent"] == 100
    assert len(progress) <= 10 * lasted + 3
    lines = [event["data"] for event in result.events if event["type"] == "log"]
    dropped = lines.pop()
    assert dropped["level"] == "warning"
    assert dropped["message"].endswith("lines dropped")
    assert dropped["fields"] == {"dropped": times - len(lines)}
    assert len(lines) <= 100 * lasted + 200
    assert server.resident_bytes() - before < 100 * MIB
    for process in server.controls():
        assert process.memory_info().rss - held.get(process.pid, 0) < 100 * MIB


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()


@pytest.mark.parametrize(
    "job",
    ["returns-object-sync", "returns-object-async", "returns-nan-async", "returns-much-sync", "returns-much-async"],
)
def test_a_result_that_is_not_json_or_too_big_is_invalid(server: Server, job: str) -> None:
    before = server.resident_bytes()
    result = endure(server, job)
    failed(result, "invalid_result")
    assert result.kinds == ["queued", "started", "failed"]
    assert server.resident_bytes() - before < 100 * MIB


@pytest.mark.parametrize(
    ("job", "kind"),
    [
        ("raises-strange-sync", "StrangeError"),
        ("raises-strange-async", "StrangeError"),
        ("raises-exit-sync", "SystemExit"),
        ("raises-exit-async", "SystemExit"),
        ("raises-cancelled-async", "CancelledError"),
        ("raises-interrupt-async", "KeyboardInterrupt"),
        ("recurses-sync", "RecursionError"),
        ("raises-huge-sync", "ValueError"),
    ],
)
def test_a_strange_exception_is_a_handlers_error(server: Server, job: str, kind: str) -> None:
    result = endure(server, job)
    failed(result, "handler_error", kind)
    assert result.kinds == ["queued", "started", "failed"]
    assert len(str(result.run["error"])) < 200_000
    assert result.losses() == {0: len(result.good)}


@pytest.mark.parametrize("job", ["prints-sync", "prints-async"])
def test_printing_disturbs_nothing(server: Server, job: str) -> None:
    assert endure(server, job).run["result"] == "done"


@pytest.mark.parametrize("job", ["closes-descriptors-sync", "closes-stdio-sync", "leaves-threads-sync"])
def test_a_slot_survives_what_a_handler_closes_or_leaves_behind(server: Server, job: str) -> None:
    result = endure(server, job)
    assert result.run["state"] == "completed", result.run["error"]
    assert result.run["result"] == "done"
    if job == "closes-descriptors-sync":
        assert [event["data"]["message"] for event in result.events if event["type"] == "progress"] == ["still here"]


def test_an_async_handler_that_closes_its_loops_descriptors_harms_no_one_else(server: Server) -> None:
    result = endure(server, "closes-descriptors-async", seconds=40)
    assert result.run["state"] == "failed"
    assert result.run["error"]["code"] in ("crashed", "timeout")
    assert max(result.losses()) <= 1


def test_no_memory_and_no_process_is_left_over_after_all_of_that(server: Server) -> None:
    """Last in this file: two workers, each with a host and at most two slots, and no server that has grown."""

    def settled() -> Any:
        return len(server.controls()) == 2 and len(server.work_processes()) <= 6

    wait_until(settled, "two workers with their hosts and slots", 15)
    assert server.resident_bytes() < 400 * MIB
    for process in server.controls():
        assert process.memory_info().rss < 250 * MIB, process.cmdline()
    assert os.path.exists(f"/proc/{server.pid}")
    with server.client() as client:
        assert client.get("/readyz").status_code == 200
