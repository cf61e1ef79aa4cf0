"""The steps of docs/operating.md, taken as it shows them: keys and their rotation, backup and restore."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.pages import OPERATING
from tests.support.postgres import Postgres, binaries
from tests.support.server import Server, wait_until
from tests.support.speed import stretched

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]
JOBS = """
import asyncio
import os

from blazy_jobs import Jobs

jobs = Jobs()


@jobs.job("mail-hello")
async def hello(payload):
    return payload


@jobs.job("mail-slow")
async def slow(payload, ctx):
    while not os.path.exists(payload):
        ctx.progress(1)
        await asyncio.sleep(0.05)
    return ctx.attempt
"""


def commands(*headings: str) -> list[str]:
    """Those of these sections, in their order."""
    text = OPERATING.read_text()
    found = []
    for heading in headings:
        section = re.search(rf"^##+ {re.escape(heading)}\n(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
        assert section is not None, heading
        found += re.findall(r"^ *\$ (.*)$", section[1], re.MULTILINE)
    return found


class Shell:
    """One that goes on from command to command, in which the page's paths are the test's."""

    def __init__(self, folder: Path, *path: Path, **env: str) -> None:
        self.folder = folder
        for name in ("backup", "secrets", "home"):
            (folder / name).mkdir()
        self.data = folder / "data"
        self._places = {
            "/var/lib/jobs": str(self.data),
            "/backup/": f"{folder}/backup/",
            "/run/secrets/": f"{folder}/secrets/",
        }
        known = {name: value for name, value in os.environ.items() if not name.startswith("JOBS_")}
        places = [Path(sys.executable).parent, *path]
        self.env = known | {
            "PATH": os.pathsep.join([*map(str, places), os.environ["PATH"]]),
            "HOME": str(folder / "home"),
            "JOBS_LOG_FORMAT": "json",
            **env,
        }
        self.workers: list[subprocess.Popen[bytes]] = []

    def run(self, command: str) -> str:
        for theirs, ours in self._places.items():
            command = command.replace(theirs, ours)
        saving = f"{command}\ncode=$?; export ID; env -0 > {self.folder}/env; exit $code"
        done = subprocess.run(
            ["bash", "-c", saving],
            cwd=self.folder,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=stretched(120),
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}{done.stderr}"
        saved = (self.folder / "env").read_text().split("\0")
        self.env |= dict(line.split("=", 1) for line in saved if line.startswith(("JOBS_", "ID=")))
        return done.stdout

    def begin(self, command: str) -> subprocess.Popen[bytes]:
        for theirs, ours in self._places.items():
            command = command.replace(theirs, ours)
        with (self.folder / "worker.log").open("ab") as log:
            worker = subprocess.Popen(
                ["bash", "-c", f"exec env {command}"],
                cwd=self.folder,
                env=self.env,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        self.workers.append(worker)
        return worker

    def worker_log(self) -> str:
        return (self.folder / "worker.log").read_text()

    def close(self) -> None:
        for worker in self.workers:
            if worker.poll() is None:
                worker.send_signal(signal.SIGTERM)
                worker.wait(stretched(30))


@pytest.fixture
def shell(tmp_path: Path) -> Iterator[Shell]:
    shell = Shell(tmp_path)
    (tmp_path / "shop.py").write_text(JOBS)
    yield shell
    shell.close()


def test_keys_are_made_rotated_and_revoked_while_a_worker_works(shell: Shell) -> None:
    server = Server(shell.data, workers=0)
    works = "blazy-jobs dispatch mail-hello '1' --wait"
    rotations = 0
    try:
        for command in commands("Keys", "Rotate a key"):
            if "blazy-jobs serve" in command:
                shell.env["JOBS_URL"] = server.start().url
            elif "blazy-jobs worker" in command:
                worker = shell.begin(command)
                wait_until(lambda: '"registered"' in shell.worker_log(), "the worker is registered", 60)
                shell.run(works)
                slow = shell.run(f"blazy-jobs dispatch mail-slow '\"{shell.folder}/done\"' | jq -r .id").strip()
            else:
                shell.run(command)
            if "keys rotate" in command:
                rotations += 1
                shell.run(works)
                assert worker.poll() is None
            if rotations == 2 and "rotate" in command:
                (shell.folder / "done").touch()
                ended = json.loads(shell.run(f"blazy-jobs watch {slow} > /dev/null; blazy-jobs run {slow}"))
                assert (ended["state"], ended["result"], ended["losses"]) == ("completed", 1, 0), "held all along"
        assert rotations == 2
        assert worker.wait(stretched(60)) == 4, "without a key, it goes on for as long as its leases last"
        listed = shell.run("blazy-jobs keys list --json")
        assert '"last_used_at":"' in listed
        text = server.log_text() + shell.worker_log()
        for path in (shell.folder / "home" / ".jobs-admin-key", shell.folder / "secrets" / "jobs-worker-key"):
            assert path.stat().st_mode & 0o777 == 0o600
            assert path.read_text().strip() not in text
    finally:
        server.close()


def test_a_backup_is_made_and_restored(shell: Shell) -> None:
    server = Server(shell.data, workers=0)
    [backup] = commands("Backup")
    [restore, keys, remove] = commands("Restore")
    try:
        shell.env["JOBS_URL"] = server.start().url
        register(server, "kept")
        shell.run(backup)
        register(server, "lost")
        server.kill()  # the worse case: its last commits are in the write-ahead log
        shell.run(restore)
        shell.run(keys)
        server.start()
        with server.client() as client:
            assert [item["name"] for item in client.get("/v1/job-types").json()["data"]] == ["kept"]
        assert (shell.data / "jobs.db.replaced").exists()
        shell.run(remove)
        assert server.stop() == 0
    finally:
        server.close()


def register(server: Server, name: str) -> None:
    with server.client() as client:
        client.put(f"/v1/job-types/{name}", json={"handler": {"kind": "worker"}}).raise_for_status()


def test_postgres_is_dumped_and_restored_by_its_own_tools(tmp_path: Path, postgres: Postgres) -> None:
    name = postgres.new_database()
    url, restored = postgres.url(name), postgres.url("jobs_restored")
    shell = Shell(tmp_path, binaries(), JOBS_DATABASE_URL=url, RESTORED_URL=restored)
    shell.run("blazy-jobs keys create admin --scope admin --offline")
    listed = [shell.run(command) for command in commands("PostgreSQL")][-1]
    assert '"name":"admin"' in listed
