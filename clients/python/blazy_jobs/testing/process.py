"""The server as a child process, on a folder of its own."""

from __future__ import annotations

import os
import select
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path

from blazy_jobs.errors import JobsError

COMMANDS = "blazy_jobs.commands"
START_TIMEOUT_SECONDS = 60.0
LOG_LINES = 40


class ServerNotInstalled(JobsError):
    """The server is a distribution of its own, `blazy-jobs-server`, and is not there."""

    def __init__(self) -> None:
        super().__init__("a JobsServer needs the server: pip install blazy-jobs-server")


class ServerFailed(JobsError):
    """It ended, or was not ready within a minute. The message has the end of its log."""


class ServerProcess:
    """One server process at a time, on a free port that stays its own. `env` is added to the environment, in which no
    other JOBS_* are."""

    def __init__(self, env: Mapping[str, str]) -> None:
        if not any(entry.name == "serve" for entry in entry_points(group=COMMANDS)):
            raise ServerNotInstalled
        self.folder = Path(tempfile.mkdtemp(prefix="blazy-jobs-test-"))
        self.url = ""
        self._port = 0
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("JOBS_")}
        self._env = {**inherited, **env}
        self._process: subprocess.Popen[bytes] | None = None
        self._lifeline = -1

    def start(self) -> None:
        """Returns when it is ready. Raises ServerFailed."""
        ready, told = os.pipe()
        lifeline, self._lifeline = os.pipe()
        try:
            with self._log_path.open("ab") as log:
                self._process = subprocess.Popen(
                    self._command(lifeline, told),
                    cwd=self.folder,
                    env=self._env,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=(lifeline, told),
                )
            os.close(told)
            told = -1
            self.url = self._read_url(ready)
        except BaseException:
            self.kill()
            raise
        finally:
            os.close(ready)
            os.close(lifeline)
            if told >= 0:
                os.close(told)
        self._port = int(self.url.rpartition(":")[2])

    def kill(self) -> None:
        """At once, as `kill -9` does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def close(self) -> None:
        self.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def log(self) -> str:
        return self._log_path.read_text(errors="replace") if self._log_path.exists() else ""

    @property
    def _log_path(self) -> Path:
        return self.folder / "server.log"

    def _command(self, lifeline: int, told: int) -> list[str]:
        return [
            *(sys.executable, "-P", "-m", "blazy_jobs.testing.child", str(lifeline), "serve"),
            *("--host", "127.0.0.1", "--port", str(self._port), "--data", str(self.folder / "data")),
            *("--workers", "0", "--ready-fd", str(told)),
        ]

    def _read_url(self, ready: int) -> str:
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        said = b""
        while not said.endswith(b"\n"):
            readable, _, _ = select.select([ready], [], [], max(0.0, deadline - time.monotonic()))
            if not readable:
                raise ServerFailed(f"the server was not ready within {START_TIMEOUT_SECONDS:g} s\n{self._log_end()}")
            chunk = os.read(ready, 4096)
            if not chunk:
                code = self._process.wait()
                raise ServerFailed(f"the server ended with exit code {code}\n{self._log_end()}")
            said += chunk
        return said.decode().strip().rstrip("/")

    def _log_end(self) -> str:
        return "\n".join(self.log().splitlines()[-LOG_LINES:])
