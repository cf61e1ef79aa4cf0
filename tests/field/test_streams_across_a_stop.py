"""A server that stops loses no reader of its streams: standard clients come back while it drains, and go on with the
next server. (By the HTML standard an EventSource that is refused gives up for good.)"""

from __future__ import annotations

import json
import queue
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import httpx_sse
import pytest
from blazy_jobs import Client

from clients import node_packages
from tests.support.server import Server, wait_until

pytestmark = [pytest.mark.system, pytest.mark.timeout(120)]

FOLDER = Path(__file__).parent / "eventsource"
GOOD = "tests.system.jobs.good"
KINDS = ("queued", "started", "progress", "interrupted", "cancelling", "cancelled", "completed", "failed")


class Reader:
    """What a client has seen: `open`, `error` (it comes back), `event`, `closed` (it has given up)."""

    def __init__(self) -> None:
        self.seen: list[dict[str, Any]] = []

    def count(self, kind: str) -> int:
        return sum(line["kind"] == kind for line in self.seen)

    def events(self) -> list[str]:
        return [line["type"] for line in self.seen if line["kind"] == "event"]


class NodeReader(Reader):
    def __init__(self, library: str, url: str) -> None:
        super().__init__()
        self.process = subprocess.Popen(
            ["node", "follow.mjs", library, url, *KINDS], cwd=FOLDER, stdout=subprocess.PIPE, text=True
        )
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            for line in self.process.stdout:
                self.seen.append(json.loads(line))

    def close(self) -> None:
        self.process.kill()
        self.process.wait(10)
        self._thread.join(10)


class PythonReader(Reader):
    """httpx-sse, connecting again as its manual has it: after what is lost on the way, not after a refusal."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._url = url
        self._closed = threading.Event()
        threading.Thread(target=self._follow, daemon=True).start()

    def _follow(self) -> None:
        last_id, pause = "", 1.0
        with httpx.Client(trust_env=False, timeout=60) as client:
            while not self._closed.wait(pause if self.seen else 0):
                headers = {"last-event-id": last_id} if last_id else {}
                try:
                    with httpx_sse.connect_sse(client, "GET", self._url, headers=headers) as source:
                        if source.response.status_code == 204:
                            break
                        source.response.raise_for_status()
                        self.seen.append({"kind": "open"})
                        for event in source.iter_sse():
                            last_id = event.id
                            if event.data:
                                self.seen.append({"kind": "event", "type": event.event, "id": event.id})
                except httpx.TransportError:
                    self.seen.append({"kind": "error"})
                except httpx.HTTPStatusError as error:
                    self.seen.append({"kind": "refused", "status": error.response.status_code})
                    break
        self.seen.append({"kind": "closed"})

    def close(self) -> None:
        self._closed.set()


@pytest.fixture(scope="session")
def eventsource_packages() -> None:
    if not node_packages.node_is_there():
        pytest.skip("Node and npm are not installed")
    node_packages.install(FOLDER)


@pytest.fixture
def follow(request: pytest.FixtureRequest) -> Iterator[Callable[[str, str], Reader]]:
    readers: list[NodeReader | PythonReader] = []

    def start(client: str, url: str) -> Reader:
        if client == "httpx-sse":
            readers.append(PythonReader(url))
        else:
            request.getfixturevalue("eventsource_packages")
            readers.append(NodeReader(client, url))
        return readers[-1]

    yield start
    for reader in readers:
        reader.close()


@pytest.mark.parametrize("client", ["eventsource3", "eventsource4", "httpx-sse"])
def test_standard_clients_go_on_with_the_next_server(
    serve: Callable[..., Server], follow: Callable[[str, str], Reader], client: str
) -> None:
    server = serve(GOOD, workers=1, env={"JOBS_DRAIN_SECONDS": "60"})
    with server.client() as http:
        run = http.post("/v1/job-types/wait-async/runs", json={"payload": {"seconds": 300}}).json()["id"]
        of_run = follow(client, f"{server.url}/v1/runs/{run}/events")
        of_all = follow(client, f"{server.url}/v1/events?from=start")
        for reader in (of_run, of_all):
            wait_until(lambda r=reader: "progress" in r.events(), "the reader has the first events", 60)
        server.terminate()
        before = {reader: reader.count("open") for reader in (of_run, of_all)}
        for reader in (of_run, of_all):
            wait_until(lambda r=reader: r.count("open") >= before[r] + 2, "it comes back to the draining server", 60)
            assert reader.count("closed") == 0, reader.seen
        assert http.get("/readyz").status_code == 503
        http.post(f"/v1/runs/{run}/cancel")
    assert server.process is not None
    assert server.process.wait(60) == 0
    server.start()
    wait_until(lambda: of_run.count("closed"), "the run's reader has all, and is told so", 60)
    wait_until(lambda: "cancelled" in of_all.events(), "the other one has it too", 60)
    assert of_run.events() == ["queued", "started", "progress", "cancelling", "cancelled"]
    assert of_all.events() == of_run.events(), "each event once, in order"
    assert of_all.count("closed") == 0


def test_our_own_client_goes_on_too(serve: Callable[..., Server]) -> None:
    server = serve(GOOD, workers=1, env={"JOBS_DRAIN_SECONDS": "60"})
    seen: queue.Queue[str] = queue.Queue()
    with Client(server.url) as jobs, server.client() as http:
        run = jobs.dispatch("wait-async", {"seconds": 300})

        def read() -> None:
            for event in run.events():
                seen.put(event.type)
            seen.put("end")

        reader = threading.Thread(target=read, daemon=True)
        reader.start()
        assert [seen.get(timeout=60) for _ in range(3)] == ["queued", "started", "progress"]
        server.terminate()
        wait_until(lambda: http.get("/readyz").status_code == 503, "it drains")
        http.post(f"/v1/runs/{run.id}/cancel")
        assert server.process is not None
        assert server.process.wait(60) == 0
        server.start()
        assert [seen.get(timeout=60) for _ in range(3)] == ["cancelling", "cancelled", "end"]
        reader.join(10)
