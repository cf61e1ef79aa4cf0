"""docs/operating.md against real servers. What needs none is in tests/docs."""

from __future__ import annotations

import signal
import socket
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.server import Server, serving

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text()


@pytest.mark.system
def test_files_are_where_the_table_says_and_private(tmp_path: Path) -> None:
    with serving(tmp_path / "data", workers=0):
        modes = {path.name: path.stat().st_mode & 0o777 for path in (tmp_path / "data").iterdir()}
    assert {name for name in modes if f"`{name}`" in PAGE} == set(modes)
    assert modes["jobs.db"] == modes["pool.sock"] == 0o600


@pytest.mark.system
def test_exit_codes_and_reasons_of_a_start_that_fails(tmp_path: Path) -> None:
    with socket.socket() as taken, serving(tmp_path / "data", workers=0):
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        for arguments, code, reason in (
            (["--port", str(taken.getsockname()[1])], 1, "taken"),
            (["--data", str(tmp_path / "data")], 1, "in use by another server"),
            (["--host", "0.0.0.0"], 1, "JOBS_API_KEY"),
            (["--port", "70000"], 2, "JOBS_PORT"),
        ):
            start = [*Server(tmp_path).launcher, "--data", str(tmp_path / "other"), "--port", "0", *arguments]
            ended = subprocess.run(start, capture_output=True, text=True, timeout=60)
            assert ended.returncode == code, ended.stderr
            assert reason in ended.stderr
            assert code != 2 or ended.stderr.count("JOBS_") == 1


@pytest.mark.system
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals) -> None:
    with serving(tmp_path / "data", workers=0) as server:
        assert server.process is not None
        server.process.send_signal(number)
        assert server.process.wait(10) == 0
    with closing(sqlite3.connect(tmp_path / "data" / "jobs.db")) as db:
        assert db.execute("PRAGMA integrity_check").fetchone() == ("ok",)
