"""A real PgBouncer, where the machine has one: between a test's server and its PostgreSQL."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import pytest

from tests.support.postgres import NOBODY, Postgres, _free_port
from tests.support.server import wait_until

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")
needs_pgbouncer = pytest.mark.skipif(PROGRAM is None, reason="there is no pgbouncer on this machine")


class PgBouncer:
    """Stands before that PostgreSQL in this `pool_mode`, until the end of its `with`."""

    def __init__(self, postgres: Postgres, pool_mode: str, user: str = "jobs", **settings: object) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="jobs-pgb-"))
        self._user = user
        self.port = _free_port()
        given = {
            "listen_addr": "127.0.0.1",
            "listen_port": self.port,
            "unix_socket_dir": "",
            "auth_type": "any",
            "pool_mode": pool_mode,
            "logfile": self._folder / "log",
            **settings,
        }
        lines = [f"{name} = {value}" for name, value in given.items()]
        database = f"* = host=127.0.0.1 port={postgres.port} user={user}"
        config = self._folder / "pgbouncer.ini"
        config.write_text("\n".join(["[databases]", database, "[pgbouncer]", *lines, ""]))
        as_user: dict[str, Any] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam(NOBODY)
            os.chown(self._folder, nobody.pw_uid, nobody.pw_gid)
            as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        assert PROGRAM is not None
        self._process = subprocess.Popen([PROGRAM, "-q", config], stdin=subprocess.DEVNULL, **as_user)
        wait_until(self._answers, "PgBouncer listens")

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def url(self, database: str) -> str:
        return f"postgresql://{self._user}@127.0.0.1:{self.port}/{database}"

    def __enter__(self) -> PgBouncer:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait(10)
        shutil.rmtree(self._folder, ignore_errors=True)
