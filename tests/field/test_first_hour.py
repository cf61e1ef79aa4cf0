"""The README's first job, copied, right after the demonstration was shown in the same folder."""

from __future__ import annotations

import os
import re
import shlex
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.docs.pages import ROOT, blocks
from tests.support.programs import running
from tests.support.server import Server

pytestmark = pytest.mark.system

README = ROOT / "README.md"
COMMAND = Path(sys.executable).with_name("blazy-jobs")


def first_job() -> str:
    return next(block for block in blocks(README, "python") if block.startswith("# jobs.py\n"))


def shell_lines() -> list[str]:
    return [line for block in blocks(README, "sh") for line in block.replace("\\\n", " ").splitlines()]


def show_the_demonstration(folder: Path, port: int) -> None:
    """`make run`, and Ctrl-C once it serves."""
    command = [sys.executable, "-u", "-m", "examples.demo", "--port", str(port)]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    said = []
    with running(command, cwd=folder, env=env, stdout=subprocess.PIPE, text=True) as demo:
        for line in demo.stdout:
            said.append(line)
            if "Ctrl-C ends it" in line:
                demo.send_signal(signal.SIGINT)
        assert demo.wait() == 0, "".join(said)


def test_the_first_job_of_the_readme_runs_after_the_demonstration(tmp_path: Path, unused_tcp_port: int) -> None:
    show_the_demonstration(tmp_path, unused_tcp_port)
    (tmp_path / "jobs.py").write_text(first_job())
    serve = next(line for line in shell_lines() if "blazy-jobs serve" in line)
    assert shlex.split(serve) == [".venv/bin/blazy-jobs", "serve", "jobs.py"]
    curl = next(line for line in shell_lines() if line.startswith("curl -X POST"))
    url, payload = re.search(r"localhost:8000(\S+) .*-d '(.*)'", curl).groups()  # type: ignore[union-attr]

    launcher = [str(COMMAND), "serve", str(tmp_path / "jobs.py")]
    server = Server(tmp_path / "data", launcher=launcher)  # the folder that `serve` takes by itself
    try:
        server.start()
        answer = httpx.post(
            server.url + url,
            content=payload,
            headers={"Content-Type": "application/json", "Prefer": "wait=20"},
            timeout=30,
        )
        assert (answer.status_code, answer.json()["state"]) == (200, "completed")
        assert "conflict" not in server.log.read_text()
    finally:
        server.stop()
