"""The worker of docs/workers.md, as it is printed there, against a real server."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.docs.pages import ROOT, blocks
from tests.support.programs import running
from tests.support.server import Server, serving, wait_until
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.skipif(shutil.which("node") is None, reason="Node is not installed")]

PAGE = ROOT / "docs" / "workers.md"
MORE = """
import { writeFileSync } from 'node:fs';
const hang = () => new Promise(() => setInterval(() => {}, 1000));
Object.assign(handlers, {
  'hang': async (payload) => { writeFileSync(payload.begun, String(process.pid)); await hang(); },
  'wait-for-file': async (payload) => {
    const { existsSync } = await import('node:fs');
    writeFileSync(payload.begun, String(process.pid));
    while (!existsSync(payload.file)) await new Promise((next) => setTimeout(next, 20));
    return 'seen';
  },
  'refuse': async () => { throw Object.assign(new TypeError('no such photo'), { retryable: false }); },
  'crash': async () => process.exit(3),
  'spin': async () => { for (;;); },
});
"""
JOB_TYPES = ("resize-photo", "hang", "wait-for-file", "refuse", "crash", "spin")


class NodeWorker:
    def __init__(self, folder: Path, url: str) -> None:
        handlers, worker = blocks(PAGE, "js")
        (folder / "handlers.mjs").write_text(handlers + MORE)
        (folder / "worker.mjs").write_text(worker)
        environment = {**os.environ, "JOBS_URL": url}
        self.log = folder / "worker.log"
        with self.log.open("wb") as log:
            node = running(["node", "worker.mjs"], cwd=folder, env=environment, stdout=log, stderr=log)
            self._stack = ExitStack()
            self.process = self._stack.enter_context(node)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(stretched(60))

    def close(self) -> None:
        self._stack.close()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with serving(tmp_path / "data", workers=0) as server:
        for name in JOB_TYPES:
            assert httpx.put(
                f"{server.url}/v1/job-types/{name}", json={"handler": {"kind": "worker"}, "retry": 0}
            ).is_success
        yield server


@pytest.fixture
def worker(server: Server, tmp_path: Path) -> Iterator[NodeWorker]:
    with closing(NodeWorker(tmp_path, server.url)) as worker:
        yield worker


def dispatch(server: Server, name: str, payload: Any = None, **more: Any) -> str:
    answer = httpx.post(f"{server.url}/v1/job-types/{name}/runs", json={"payload": payload, **more})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["id"])


def ended(server: Server, run_id: str) -> dict[str, Any]:
    answer = httpx.get(f"{server.url}/v1/runs/{run_id}?wait_seconds=60", timeout=70)
    run: dict[str, Any] = answer.json()
    assert run["state"] in ("completed", "failed", "cancelled"), run
    return run


def read_pid(path: Path) -> int:
    return int(wait_until(lambda: path.exists() and path.read_text(), f"{path.name} is written"))


def is_alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def test_it_runs_reports_and_leaves(server: Server, worker: NodeWorker) -> None:
    run = ended(server, dispatch(server, "resize-photo", {"widths": [100, 200, 400]}))
    assert (run["state"], run["result"]) == ("completed", {"resized": 3})
    events = httpx.get(f"{server.url}/v1/runs/{run['id']}/events", headers={"Accept": "application/json"}).json()[
        "data"
    ]
    assert [event["type"] for event in events if event["type"] != "progress"] == [
        *("queued", "started", "log", "log", "log", "completed")
    ]
    refused = ended(server, dispatch(server, "refuse"))
    assert (refused["error"]["code"], refused["error"]["type"]) == ("handler_error", "TypeError")
    assert refused["error"]["message"] == "no such photo"
    assert worker.stop() == 0, worker.log.read_text()
    assert httpx.get(f"{server.url}/v1/workers").json()["data"] == []


def test_a_crash_is_the_run_s_own(server: Server, worker: NodeWorker, tmp_path: Path) -> None:
    neighbour = dispatch(server, "wait-for-file", {"begun": str(tmp_path / "begun"), "file": str(tmp_path / "go")})
    read_pid(tmp_path / "begun")
    assert ended(server, dispatch(server, "crash"))["error"]["code"] == "crashed"
    (tmp_path / "go").touch()
    assert ended(server, neighbour)["result"] == "seen"


@pytest.mark.parametrize("job_type", ["hang", "spin"])
def test_a_timeout_stops_the_work(server: Server, worker: NodeWorker, tmp_path: Path, job_type: str) -> None:
    payload = {"begun": str(tmp_path / "begun")}
    assert ended(server, dispatch(server, job_type, payload, timeout_seconds=1))["error"]["code"] == "timeout"
    if job_type == "hang":
        assert not is_alive(read_pid(tmp_path / "begun"))


def test_a_cancel_stops_the_work(server: Server, worker: NodeWorker, tmp_path: Path) -> None:
    run_id = dispatch(server, "hang", {"begun": str(tmp_path / "begun")})
    pid = read_pid(tmp_path / "begun")
    assert httpx.post(f"{server.url}/v1/runs/{run_id}/cancel").status_code == 202
    assert ended(server, run_id)["state"] == "cancelled"
    assert not is_alive(pid)


def test_it_goes_on_over_a_killed_server(server: Server, worker: NodeWorker, tmp_path: Path) -> None:
    run_id = dispatch(server, "wait-for-file", {"begun": str(tmp_path / "begun"), "file": str(tmp_path / "go")})
    read_pid(tmp_path / "begun")
    server.kill()
    (tmp_path / "go").touch()
    server.start()
    run = ended(server, run_id)
    assert (run["state"], run["result"], run["attempt"], run["losses"]) == ("completed", "seen", 1, 0)


def test_its_handlers_end_with_it(server: Server, worker: NodeWorker, tmp_path: Path) -> None:
    dispatch(server, "hang", {"begun": str(tmp_path / "begun")})
    pid = read_pid(tmp_path / "begun")
    worker.process.kill()
    wait_until(lambda: not is_alive(pid), "the handler has ended")
