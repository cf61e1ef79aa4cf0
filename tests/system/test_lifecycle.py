"""The server as a process: how it starts, is refused, stops and comes back."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sqlite3
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from tests.support.event_stream import EventStreamDecoder
from tests.support.server import REPO, Server, ServerFailed, wait_until
from tests.support.speed import stretched
from tests.system.hostility import events_of, wait_for

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]

GOOD = "tests.system.jobs.good"
StartServer = Callable[..., Server]


def dispatch(client: httpx.Client, job: str, **payload: Any) -> str:
    answer = client.post(f"/v1/job-types/{job}/runs", json={"payload": payload})
    assert answer.status_code == 202, answer.text
    run: str = answer.json()["id"]
    return run


def begun(client: httpx.Client, run: str) -> None:
    """Until its handler has said so."""
    wait_until(lambda: client.get(f"/v1/runs/{run}").json()["progress"], f"{run} has begun")


def test_sigterm_says_so_ends_streams_lets_work_finish_and_leaves_with_0(serve: StartServer) -> None:
    server = serve(GOOD, workers=2, env={"JOBS_DRAIN_SECONDS": "10"})
    with server.client() as client:
        run = dispatch(client, "wait-async", seconds=2.5, n=1)
        begun(client, run)
        ended = threading.Event()

        def read() -> None:
            with server.client() as own, own.stream("GET", "/v1/events") as stream:
                for _ in stream.iter_raw():
                    pass
            ended.set()

        reader = threading.Thread(target=read)
        reader.start()
        wait_until(lambda: "open_streams" in client.get("/metrics").text, "metrics")
        time.sleep(0.2)
        told = time.monotonic()
        server.terminate()
        assert ended.wait(stretched(2)), "the stream did not end first"
        statuses = []
        while time.monotonic() - told < 1.5:
            with contextlib.suppress(httpx.TransportError):
                statuses.append(httpx.get(f"{server.url}/readyz", trust_env=False).status_code)
        assert server.process is not None
        assert server.process.wait(stretched(12)) == 0
        took = time.monotonic() - told
        reader.join()
    assert 503 in statuses or not statuses, f"never said that it is not ready: {set(statuses)}"
    assert 200 not in statuses[1:], "still ready while draining"
    assert took < stretched(6), f"the run ended after 2.5 s, the server after {took:.1f}"
    assert not server.processes(), "left processes behind"
    server.start()
    with server.client() as client:
        body = wait_for(client, run)
        assert body["state"] == "completed"
        kinds = [event["type"] for event in events_of(client, run) if event["type"] != "progress"]
        assert kinds == ["queued", "started", "completed"]


@pytest.mark.parametrize("job", ["wait-async", "wait-sync"])
def test_what_outlasts_the_grace_is_released_at_no_attempts_cost(serve: StartServer, job: str) -> None:
    server = serve(GOOD, workers=1, env={"JOBS_DRAIN_SECONDS": "1"})
    with server.client() as client:
        run = dispatch(client, job, seconds=60, last_words=True)
        begun(client, run)
    told = time.monotonic()
    assert server.stop(20) == 0
    assert time.monotonic() - told < stretched(1 + 2)
    assert not server.processes(), "left processes behind"
    assert not Path(f"{server.data}/jobs.db-wal").exists(), "the file is not whole without its log"
    server.workers = 0
    server.start()
    with server.client() as client:
        body = client.get(f"/v1/runs/{run}").json()
        assert (body["state"], body["attempt"], body["losses"]) == ("queued", 0, 0)
        events = [event for event in events_of(client, run) if event["type"] != "progress"]
        assert [event["type"] for event in events] == ["queued", "started", "log", "interrupted"]
        assert events[-2]["data"]["message"] == "told to stop"
        assert events[-1]["data"]["reason"] == "released"


def test_a_second_signal_ends_it_at_once(serve: StartServer) -> None:
    server = serve(GOOD, workers=1, env={"JOBS_DRAIN_SECONDS": "30"})
    with server.client() as client:
        run = dispatch(client, "wait-sync", seconds=60)
        begun(client, run)
    server.terminate()
    time.sleep(0.5)
    told = time.monotonic()
    server.terminate()
    assert server.process is not None
    server.process.wait(stretched(10))
    assert time.monotonic() - told < stretched(2)
    wait_until(lambda: not server.processes(), "its workers have ended too", 5)


def test_an_interrupt_from_the_keyboard_stops_it_as_sigterm_does(serve: StartServer) -> None:
    server = serve(GOOD, workers=1)
    assert server.process is not None
    server.process.send_signal(signal.SIGINT)
    assert server.process.wait(stretched(10)) == 0
    assert not server.processes()


@pytest.mark.parametrize(("job", "folder"), [("wait-async", "short"), ("wait-sync", "long" * 30)])
def test_a_handler_that_outlives_a_killed_server_still_reports(
    serve: StartServer, tmp_path: Path, job: str, folder: str
) -> None:
    """Also where the data folder's path is too long for a socket's address."""
    env = {"JOBS_LEASE_SECONDS": "120", "JOBS_HEARTBEAT_SECONDS": "1"}
    server = serve(GOOD, workers=2, data=tmp_path / folder / "data", env=env)
    with server.client() as client:
        run = dispatch(client, job, seconds=4, n=7)
        begun(client, run)
    before = {process.pid for process in server.controls()}
    server.restart()
    with server.client() as client:
        body = wait_for(client, run)
        assert (body["state"], body["attempt"], body["result"]) == ("completed", 1, {"n": 7})
        kinds = [event["type"] for event in events_of(client, run) if event["type"] != "progress"]
        assert kinds == ["queued", "started", "completed"], "it was run again"
    wait_until(lambda: not before & {process.pid for process in server.controls()}, "the old workers were told to stop")
    assert len(server.controls()) == 2
    sockets = (server.data / "pool.sock").resolve()
    assert sockets.is_socket()
    assert server.stop() == 0
    assert not sockets.exists()
    assert (sockets.parent == server.data) is sockets.parent.exists(), "a folder for the socket is left behind"


def test_workers_without_a_server_end_their_handlers_after_their_lease(serve: StartServer) -> None:
    server = serve(GOOD, workers=1, env={"JOBS_LEASE_SECONDS": "2", "JOBS_HEARTBEAT_SECONDS": "0.5"})
    with server.client() as client:
        begun(client, dispatch(client, "wait-sync", seconds=60))
    server.kill()
    assert server.processes()
    wait_until(lambda: not server.processes(), "all have ended", 10)


def test_a_run_whose_worker_died_with_its_server_is_released(serve: StartServer) -> None:
    """At the next start, without waiting for the lease to end."""
    server = serve(GOOD, workers=1, env={"JOBS_LEASE_SECONDS": "60"})
    with server.client() as client:
        run = dispatch(client, "wait-sync", seconds=1)
        begun(client, run)
    server.close()
    server.start()
    with server.client() as client:
        body = wait_for(client, run, 15)
        assert (body["state"], body["attempt"], body["losses"]) == ("completed", 1, 0)
        reasons = [e["data"]["reason"] for e in events_of(client, run) if e["type"] == "interrupted"]
        assert reasons == ["released"]


def test_a_file_of_a_newer_version_is_refused(serve: StartServer) -> None:
    server = serve(workers=0)
    assert server.stop() == 0
    with contextlib.closing(sqlite3.connect(server.data / "jobs.db")) as database, database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(ServerFailed, match=r"its schema \(9999\) is of a newer version") as refused:
        server.start()
    assert "Traceback" not in str(refused.value)


def test_a_second_server_on_the_same_data_is_refused(serve: StartServer) -> None:
    first = serve(workers=0)
    second = serve(workers=0, data=first.data, start=False)
    second.log = first.data.parent / "second.log"
    with pytest.raises(ServerFailed) as refused:
        second.start()
    assert second.process is not None
    assert second.process.returncode not in (0, None)
    assert str(first.data) in str(refused.value)
    assert "Traceback" not in str(refused.value)
    with first.client() as client:
        assert client.get("/readyz").status_code == 200


def test_the_lock_on_the_data_goes_with_a_killed_server(serve: StartServer) -> None:
    """Its workers live on: they must not have inherited the lock, nor the socket it listens on."""
    server = serve(GOOD, workers=2)
    for _ in range(3):
        server.restart()


def test_a_taken_port_is_a_clear_message(serve: StartServer) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        server = serve(GOOD, workers=1, start=False)
        server.port = taken.getsockname()[1]
        with pytest.raises(ServerFailed) as refused:
            server.start()
    assert str(server.port) in str(refused.value)
    assert "Traceback" not in str(refused.value)
    assert not server.processes(), "left workers behind"


def test_another_address_without_a_key_is_refused(tmp_path: Path, serve: StartServer) -> None:
    server = serve(workers=0, start=False)
    command = [*server.launcher, "--host", "0.0.0.0", "--port", "0", "--data", str(tmp_path / "open"), "--workers", "0"]
    ended = subprocess.run(
        command, env=server.env, cwd=REPO, capture_output=True, text=True, timeout=stretched(30), check=False
    )
    assert ended.returncode not in (0, None)
    said = ended.stdout + ended.stderr
    assert "JOBS_API_KEY" in said
    assert "Traceback" not in said


def test_a_module_that_does_not_import_ends_the_server_with_its_error(tmp_path: Path, serve: StartServer) -> None:
    broken = tmp_path / "broken_jobs.py"
    broken.write_text("raise RuntimeError('cannot be imported, sadly')\n")
    server = serve(str(broken), workers=1, start=False)
    with pytest.raises(ServerFailed, match="cannot be imported, sadly"):
        server.start()
    assert not server.processes()


def test_a_module_whose_declaration_is_refused_ends_the_server_with_the_reason(
    tmp_path: Path, serve: StartServer
) -> None:
    refused = tmp_path / "refused_jobs.py"
    refused.write_text(
        "from blazy_jobs import Job, Jobs\n\njobs = Jobs()\njobs.add(Job('a', len, payload_schema={'type': 'odd'}))\n"
    )
    server = serve(str(refused), workers=1, start=False)
    with pytest.raises(
        ServerFailed,
        match=r"refuses what they declare: .*: 422 invalid_schema: /declares/job_types/0/payload_sch",
    ):
        server.start()
    assert not server.processes()


def test_the_pools_socket_serves_workers_and_their_handlers_and_only_its_owner_may_use_it(serve: StartServer) -> None:
    server = serve(GOOD, workers=1)
    path = server.data / "pool.sock"
    assert path.exists()
    assert path.stat().st_mode & 0o777 == 0o600
    transport = httpx.HTTPTransport(uds=str(path))
    with httpx.Client(transport=transport, base_url="http://pool", trust_env=False) as client:
        for shown in ("/v1/workers", "/v1/runs", "/v1/job-types", "/v1/stats"):
            assert client.get(shown).status_code == 200, shown
        for hidden in ("/metrics", "/docs", "/openapi.json", "/"):
            assert client.get(hidden).status_code in (403, 404), hidden
        assert client.put("/v1/job-types/mine", json={"handler": {"kind": "worker"}}).status_code == 403
        assert client.post("/v1/queues/default/pause").status_code == 403
        assert client.delete("/v1/job-types/good").status_code == 403


def test_children_inherit_neither_socket_nor_database(serve: StartServer) -> None:
    server = serve(GOOD, workers=1)
    with server.client() as client:
        wait_for(client, dispatch(client, "good-sync", n=1))
    for process in server.processes():
        files = [entry.path for entry in process.open_files()]
        assert not [name for name in files if "jobs.db" in name], files
        listening = [c for c in process.net_connections() if c.status == psutil.CONN_LISTEN]
        assert not listening, process.cmdline()


class Sluggish:
    """A reader that takes one look and then reads nothing more, with as small a window as the kernel gives."""

    def __init__(self, server: Server, path: str) -> None:
        self.server = server
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self.socket.connect(("127.0.0.1", server.port))
        self.socket.sendall(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n".encode())
        self.socket.settimeout(10)
        self.first = self.socket.recv(1024)

    def cut_within(self, seconds: float) -> bool:
        """Whether the server has let go of the connection, which is seen at its end without reading at ours."""
        here = self.socket.getsockname()[1]

        def gone() -> bool:
            held = psutil.Process(self.server.pid).net_connections()
            return not any(connection.raddr and connection.raddr.port == here for connection in held)

        with contextlib.suppress(TimeoutError):
            return wait_until(gone, "let go", seconds, 0.2)
        return False

    def close(self) -> None:
        self.socket.close()


@pytest.mark.timeout(120)
def test_a_reader_that_stops_reading_is_cut_and_can_resume(serve: StartServer) -> None:
    server = serve(workers=0)
    filler = "x" * 20_000
    with contextlib.ExitStack() as stack, server.client() as client:
        definition = {"name": "parked", "handler": {"kind": "worker"}}
        assert client.post("/v1/job-types", json=definition).status_code == 201
        before = server.resident_bytes()
        slow = Sluggish(server, "/v1/events?from=start")
        stack.callback(slow.close)
        ids = []
        for _ in range(12):
            items = [{"job_type": "parked", "payload": None, "tags": ["t" * 100]} for _ in range(1000)]
            ids += [run["id"] for run in client.post("/v1/runs/batch", json={"runs": items}).json()["data"]]
        told = time.monotonic()
        for run in ids[:3000]:
            client.post(f"/v1/runs/{run}/cancel", json={"reason": filler[:1000]})
            if time.monotonic() - told > 15:
                break
        assert slow.cut_within(35), "the reader that does not read is still connected"
        assert server.resident_bytes() - before < 150 << 20
        decoder = EventStreamDecoder()
        seen: set[str] = set()
        with client.stream("GET", "/v1/events?from=start&type=queued") as stream:
            for chunk in stream.iter_raw():
                seen.update(m.last_event_id for m in decoder.feed(chunk))
                if len(seen) >= len(ids):
                    break
        last = decoder.last_event_id
        fresh = client.post("/v1/job-types/parked/runs", json={"payload": 1}).json()["id"]
        with client.stream("GET", "/v1/events?type=queued", headers={"Last-Event-ID": last}) as stream:
            assert fresh in next(chunk for chunk in stream.iter_text() if "data:" in chunk)


def test_many_idle_half_requests_do_not_keep_others_out(serve: StartServer) -> None:
    server = serve(workers=0)
    halves = []
    for _ in range(100):
        half = socket.create_connection(("127.0.0.1", server.port))
        half.sendall(b"POST /v1/runs/batch HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 100\r\n\r\n{")
        halves.append(half)
    with server.client() as client:
        assert client.get("/readyz").status_code == 200
    told = time.monotonic()
    assert server.stop(30) == 0
    assert time.monotonic() - told < stretched(10), "half a request kept the server from leaving"
    for half in halves:
        half.close()


def test_a_worker_that_dies_is_replaced(serve: StartServer) -> None:
    server = serve(GOOD, workers=2)
    for _ in range(3):
        victim = server.controls()[0]
        os.kill(victim.pid, signal.SIGKILL)
        wait_until(
            lambda victim=victim: victim.pid not in {p.pid for p in server.controls()} and len(server.controls()) == 2,
            "replaced",
            15,
        )
    with server.client() as client:
        assert wait_for(client, dispatch(client, "good-async", n=1))["state"] == "completed"
