"""A full disk: refused with 503, nothing half-written, and it goes on by itself once there is room."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.support.server import Server, wait_until
from tests.system.hostility import events_of

pytestmark = [pytest.mark.system, pytest.mark.timeout(90)]

BATCH = 200
PAYLOAD = "x" * 2000


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MiB. Only root may make one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    made = subprocess.run(command, capture_output=True, text=True, check=False) if os.geteuid() == 0 else None
    if made is None or made.returncode != 0:
        pytest.skip("a disk to fill takes the right to mount one")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def batch(client: httpx.Client) -> httpx.Response:
    items = [{"job_type": "parked", "payload": PAYLOAD} for _ in range(BATCH)]
    return client.post("/v1/runs/batch", json={"runs": items})


def count(client: httpx.Client) -> int:
    found, cursor = 0, None
    while True:
        query: dict[str, Any] = {"limit": 200} | ({"cursor": cursor} if cursor else {})
        page = client.get("/v1/runs", params=query).json()
        found += len(page["data"])
        cursor = page["next_cursor"]
        if cursor is None:
            return found


def test_a_full_disk_is_503_and_recovers_by_itself(small_disk: Path, serve: Callable[..., Server]) -> None:
    server = serve(workers=0, data=small_disk / "data", start=False)
    server.log = small_disk.parent / "server.log"
    server.start()
    with server.client() as client:
        assert client.post("/v1/job-types", json={"name": "parked", "handler": {"kind": "worker"}}).status_code == 201
        acknowledged: list[str] = []
        filler = small_disk / "filler"
        for _ in range(200):
            answer = batch(client)
            if answer.status_code != 202:
                break
            acknowledged += [run["id"] for run in answer.json()["data"]]
            if len(acknowledged) == 2 * BATCH:
                free = os.statvfs(small_disk).f_bavail * os.statvfs(small_disk).f_frsize
                filler.write_bytes(b"\0" * max(0, free - (2 << 20)))
        assert answer.status_code == 503, answer.text
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["code"] == "store_unavailable"
        assert int(answer.headers["retry-after"]) >= 0
        single = client.post("/v1/job-types/parked/runs", json={"payload": PAYLOAD})
        if single.status_code == 202:
            acknowledged.append(single.json()["id"])
        else:
            assert single.status_code == 503
        assert client.get(f"/v1/runs/{acknowledged[0]}").status_code == 200, "reading needs no room"
        assert count(client) == len(acknowledged), "a refused batch left something behind"

        filler.unlink(missing_ok=True)
        again = wait_until(lambda: (a := batch(client)).status_code == 202 and a, "it recovers", 15)
        acknowledged += [run["id"] for run in again.json()["data"]]
        wait_until(lambda: client.get("/readyz").status_code == 200, "ready again", 10)
        assert count(client) == len(acknowledged)
        assert [event["seq"] for event in events_of(client, acknowledged[-1])] == [1]
    server.restart()
    with server.client() as client:
        assert count(client) == len(acknowledged)
