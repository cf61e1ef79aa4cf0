"""Secrets, searched for wherever something is written: the disk with the write-ahead log, a backup, the logs of the
server and of a worker, and /metrics, after all of them were used, rightly and wrongly."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.server import REPO, Server, wait_until
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(180)]

ROOT = "root-key-of-the-settings-0123456789"
HEADER = "value-of-a-handlers-header-87421"
PASSWORD = "password-in-a-login-form-5531"
TOLD = "what-a-receiver-says-of-itself-9902"
PAYLOAD = "secret-of-a-payload-4417"
MODULE = """
from blazy_jobs import Jobs

jobs = Jobs()


@jobs.job("fails", retry=0)
async def fails(payload):
    raise ValueError(payload["secret"])
"""


class Receiver(BaseHTTPRequestHandler):
    """Keeps what it is sent, and answers with what it should not be quoted by."""

    seen: list[dict[str, str]] = []
    bodies: list[Any] = []

    def do_POST(self) -> None:
        self.seen.append(dict(self.headers))
        self.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(500)
        self.send_header("X-Told", TOLD)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def receiver() -> Iterator[str]:
    with HTTPServer(("127.0.0.1", 0), Receiver) as http:
        thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        yield f"http://127.0.0.1:{http.server_port}"
        http.shutdown()
        thread.join()
    Receiver.seen.clear()
    Receiver.bodies.clear()


class Secrets:
    """By their names, and each in the forms in which it may be written."""

    def __init__(self) -> None:
        self._texts: dict[str, str] = {}

    def add(self, name: str, text: str) -> str:
        assert len(text) >= 16, f"{name} would be found by chance"
        self._texts[name] = text
        return text

    def add_key(self, name: str, key: Any) -> str:
        text = str(key["key"])
        self.add(f"{name}, its random part", text.split("_")[2][:43])
        return text

    def found_in(self, content: bytes) -> list[str]:
        return [
            name
            for name, text in self._texts.items()
            for form in (text.encode(), base64.b64encode(text.encode()).rstrip(b"="), text.encode().hex().encode())
            if form in content
        ]


def test_no_secret_is_written_anywhere(tmp_path: Path, receiver: str) -> None:
    secrets = Secrets()
    for name, text in {"root key": ROOT, "header": HEADER, "password": PASSWORD, "answer": TOLD}.items():
        secrets.add(name, text)
    env = {"JOBS_API_KEY": ROOT, "JOBS_LOG_LEVEL": "debug", "JOBS_HTTP_ALLOW": "127.0.0.0/8"}
    server = Server(tmp_path / "data", workers=0, env=env)
    worker = None
    try:
        server.start()
        with server.client(headers={"authorization": f"Bearer {ROOT}"}) as root:
            key = use_keys(root, server, secrets)
            use_browsers(root, server, secrets, key)
            use_handlers(root, receiver, secrets)
            worker = start_worker(tmp_path, server, key)
            wait_until(lambda: root.get("/v1/job-types/fails").is_success, "the worker is there", 60)
            run = must(root.post("/v1/job-types/fails/runs", json={"payload": {"secret": PAYLOAD}})).json()
            wait_until(lambda: root.get(f"/v1/runs/{run['id']}").json()["state"] == "failed", "it has failed", 60)
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(stretched(60)) == 0
            metrics = must(root.get("/metrics")).content
            backup(tmp_path)
            assert (server.data / "jobs.db-wal").stat().st_size > 0
            written = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
        server.stop()
        written |= {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    finally:
        if worker is not None:
            worker.kill()
            worker.wait()
        server.close()
    names = {path.name for path in written}
    assert {"jobs.db", "data.log", "worker.log", "backup.db"} <= names
    assert secrets.found_in(metrics) == []
    leaks = {path.name: found for path, content in written.items() if (found := secrets.found_in(content))}
    leaks.pop("worker.key", None)  # the file in which it was put
    assert leaks == {}
    assert PAYLOAD.encode() in written[tmp_path / "backup.db"], "what is searched for would be found"
    logs = written[server.log] + written[tmp_path / "worker.log"]
    assert PAYLOAD.encode() not in logs + metrics
    assert b"Bearer" not in logs


def must(answer: httpx.Response) -> httpx.Response:
    assert answer.is_success, answer.text
    return answer


def use_keys(root: httpx.Client, server: Server, secrets: Secrets) -> str:
    """Rightly, in wrong places, and those that are no more; one that goes on."""
    made = must(root.post("/v1/keys", json={"name": "worker", "scopes": ["workers", "runs:read"]})).json()
    old = secrets.add_key("old secret", made)
    key = secrets.add_key("key", must(root.post(f"/v1/keys/{made['id']}/rotate", json={"overlap_seconds": 600})).json())
    for bearer in (old, key, f"{key}x", f"{ROOT}x"):
        root.get("/v1/keys/self", headers={"authorization": f"Bearer {bearer}"})
        root.get("/v1/runs", headers={"authorization": f"Basic {bearer}"})
        root.get("/v1/runs", params={"api_key": bearer})
        root.get(f"/v1/runs/{bearer}")
        root.post("/v1/job-types", json={"name": bearer, "handler": {"kind": bearer}, bearer: bearer})
        root.post("/v1/job-types", content=f'{{"{bearer}'.encode(), headers={"content-type": "application/json"})
        root.get("/v1/events", headers={"last-event-id": bearer})
        root.post("/v1/session", json={"key": bearer, bearer: 1})
        httpx.request("GET", server.url, headers={"authorization": f"Bearer {bearer}", "cookie": f"blazy={bearer}"})
    ended = must(root.post("/v1/keys", json={"name": "ended", "scopes": ["admin"]})).json()
    must(root.delete(f"/v1/keys/{ended['id']}"))
    root.get("/v1/runs", headers={"authorization": f"Bearer {secrets.add_key('revoked key', ended)}"})
    return key


def use_browsers(root: httpx.Client, server: Server, secrets: Secrets, key: str) -> None:
    with httpx.Client(base_url=server.url, headers={"origin": server.url}) as browser:
        assert browser.post("/v1/session", json={"key": PASSWORD}).status_code == 401
        must(browser.post("/v1/session", json={"key": key}))
        for cookie in browser.cookies.jar:
            secrets.add("cookie", str(cookie.value))
        must(browser.get("/v1/session"))


def use_handlers(root: httpx.Client, receiver: str, secrets: Secrets) -> None:
    """An HTTP handler with a header, and a webhook, both of which answer 500; both secrets rotated."""
    handler = {"kind": "http", "url": f"{receiver}/jobs", "headers": {"X-Token": HEADER}}
    job_type = {"name": "posted", "handler": handler, "retry": 0}
    secrets.add("handler's secret", must(root.post("/v1/job-types", json=job_type)).json()["secret"])
    webhook = {"url": f"{receiver}/hook", "events": ["run.failed"]}
    secrets.add("webhook's secret", must(root.put("/v1/webhooks/told", json=webhook)).json()["secret"])
    for path in ("job-types/posted", "webhooks/told"):
        rotated = must(root.post(f"/v1/{path}/secret/rotate", json={"overlap_seconds": 600})).json()
        secrets.add(f"{path}, rotated", rotated["secret"])
    bad = handler | {"headers": {"X-Token": f"{HEADER}\r\nX: y"}}
    assert root.post("/v1/job-types", json=job_type | {"name": "bad", "handler": bad}).status_code == 422
    must(root.post("/v1/job-types/posted/runs", json={"payload": {"secret": PAYLOAD}}))
    wait_until(lambda: len(Receiver.seen) >= 2, "the run and the webhook have come", 60)
    assert any(headers.get("X-Token") == HEADER for headers in Receiver.seen)
    for body in list(Receiver.bodies):
        if "report" in body:
            secrets.add("report token", body["report"]["token"])


def start_worker(folder: Path, server: Server, key: str) -> subprocess.Popen[bytes]:
    (folder / "jobs_that_fail.py").write_text(MODULE)
    (folder / "worker.key").write_text(key)
    env = {name: value for name, value in os.environ.items() if not name.startswith("JOBS_")}
    env |= {"JOBS_API_KEY_FILE": str(folder / "worker.key"), "JOBS_LOG_LEVEL": "debug", "PYTHONPATH": str(REPO)}
    with (folder / "worker.log").open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-m", "blazy_jobs.worker", "jobs_that_fail.py", "--url", server.url],
            cwd=folder,
            env=env,
            stdout=log,
            stderr=log,
        )


def backup(folder: Path) -> None:
    command = [sys.executable, "-m", "blazy_jobs_server.cli", "backup", "backup.db", "--data", "data"]
    done = subprocess.run(command, cwd=folder, capture_output=True, timeout=stretched(60), check=False)
    assert done.returncode == 0, done.stderr
    (folder / "backup.log").write_bytes(done.stdout + done.stderr)
