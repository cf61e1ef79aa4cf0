"""A real server process: started as `blazy-jobs serve` starts it, killed, stopped and started again on the same data.

Everything waits on signals: the server says on a pipe (`--ready-fd`) when it is ready, and its end is that pipe's end.
Processes are found by a mark in their environment, which their children inherit, so that also what has outlived its
server can be told apart from everyone else's and ended by its own id.
"""

from __future__ import annotations

import contextlib
import os
import resource
import select
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psutil

from tests.support.forking import Forked, Forker
from tests.support.programs import MARK, end, marked
from tests.support.speed import stretched

REPO = Path(__file__).resolve().parents[2]
COMMAND = (sys.executable, "-m", "blazy_jobs_server.cli", "serve")
START_TIMEOUT_SECONDS = 60.0
T = TypeVar("T")
forker = Forker(REPO)


class ServerFailed(Exception):
    """It ended, or never became ready. The message holds the end of its log."""


def wait_until(condition: Callable[[], T], what: str, timeout: float = 30.0, every: float = 0.02) -> T:
    """The first true value of `condition`, looked at anew every `every` seconds; TimeoutError names `what`."""
    deadline = time.monotonic() + stretched(timeout)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"not within {timeout:g} s: {what} (last seen: {value!r})")
        time.sleep(every)


class Server:
    """One data folder, and one server process on it at a time. `launcher` stands in for the command."""

    def __init__(
        self,
        data: Path,
        modules: Sequence[str] = (),
        *,
        workers: int = 1,
        env: Mapping[str, str] | None = None,
        arguments: Sequence[str] = (),
        launcher: Sequence[str] = COMMAND,
    ) -> None:
        self.data = data
        self.modules = list(modules)
        self.workers = workers
        self.arguments = list(arguments)
        self.launcher = list(launcher)
        self.mark = uuid.uuid4().hex
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith("JOBS_")},
            "PYTHONPATH": str(REPO),
            "JOBS_LOG_FORMAT": "json",
            **(env or {}),
            MARK: self.mark,
        }
        self.log = data.parent / f"{data.name}.log"
        self.port = 0
        self.url = ""
        self.process: subprocess.Popen[bytes] | Forked | None = None
        self.starts = 0

    def command(self) -> list[str]:
        return [
            *self.launcher,
            *self.modules,
            *("--host", "127.0.0.1", "--port", str(self.port), "--data", str(self.data)),
            *("--workers", str(self.workers)),
            *self.arguments,
        ]

    def start(self, timeout: float = START_TIMEOUT_SECONDS) -> Server:
        """Returns when the server has said that it is ready. Raises ServerFailed."""
        if self.process is not None and self.process.poll() is None:
            raise RuntimeError("it runs already")
        self.data.parent.mkdir(parents=True, exist_ok=True)
        ready, told = os.pipe()
        try:
            with self.log.open("ab") as log:
                self.process = self._begin([*self.command(), "--ready-fd", str(told)], log.fileno(), told)
            self.starts += 1
            os.close(told)
            told = -1
            self.url = self._read_url(ready, timeout)
        finally:
            os.close(ready)
            if told >= 0:
                os.close(told)
        self.port = int(self.url.rsplit(":", 1)[1].rstrip("/"))
        return self

    def _begin(self, command: list[str], log: int, told: int) -> subprocess.Popen[bytes] | Forked:
        if tuple(self.launcher) == COMMAND and forker.can(self.env):
            return forker.fork(command[COMMAND.index("serve") :], self.env, log, told)
        return subprocess.Popen(
            command, cwd=REPO, env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log, pass_fds=(told,)
        )

    def _read_url(self, ready: int, timeout: float) -> str:
        assert self.process is not None
        deadline = time.monotonic() + stretched(timeout)
        said = b""
        while not said.endswith(b"\n"):
            readable, _, _ = select.select([ready], [], [], max(0.0, deadline - time.monotonic()))
            if not readable:
                self.kill()
                raise ServerFailed(f"not ready within {timeout:g} s\n{self.log_tail()}")
            chunk = os.read(ready, 4096)
            if not chunk:
                code = self.process.wait(10)
                raise ServerFailed(f"ended with exit code {code} before it was ready\n{self.log_tail()}")
            said += chunk
        return said.decode().strip().rstrip("/")

    @property
    def pid(self) -> int:
        assert self.process is not None
        return self.process.pid

    @property
    def running(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def kill(self) -> None:
        """SIGKILL to the server alone: its pool workers live on."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGKILL)
            self.process.wait(30)

    def terminate(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)

    def stop(self, timeout: float = 60.0) -> int:
        """SIGTERM, and the exit code."""
        self.terminate()
        assert self.process is not None
        return self.process.wait(stretched(timeout))

    def restart(self) -> None:
        """`kill -9`, and started again on the same port and data."""
        self.kill()
        self.start()

    def close(self) -> None:
        """Ends the server and all that it started, at once."""
        self.kill()
        end(self.processes())

    def processes(self) -> list[psutil.Process]:
        """All living processes that this server's starts have brought about, but the server itself."""
        own = None if self.process is None else self.process.pid
        return [process for process in marked(self.mark) if process.pid != own]

    def controls(self) -> list[psutil.Process]:
        """The pool's control processes, also those that have outlived a killed server: each leads a session."""
        found = []
        for process in self.processes():
            with contextlib.suppress(OSError, psutil.Error):
                if "blazy_jobs.worker" in process.cmdline() and os.getsid(process.pid) == process.pid:
                    found.append(process)
        return found

    def work_processes(self) -> list[psutil.Process]:
        """Hosts and slots: what runs users' code, the children of the control processes."""
        found = []
        for control in self.controls():
            with contextlib.suppress(psutil.Error):
                found.extend(control.children())
        return found

    def resident_bytes(self) -> int:
        assert self.process is not None
        return int(psutil.Process(self.process.pid).memory_info().rss)

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def log_tail(self, lines: int = 60) -> str:
        return "\n".join(self.log_text().splitlines()[-lines:])

    def client(self, timeout: float = 70.0, **options: Any) -> httpx.Client:
        return httpx.Client(base_url=self.url, timeout=timeout, trust_env=False, **options)


@contextlib.contextmanager
def serving(data: Path, modules: Sequence[str] = (), **options: Any) -> Iterator[Server]:
    """A started server, ended with all its processes afterwards."""
    server = Server(data, modules, **options)
    try:
        yield server.start()
    finally:
        server.close()


def allow_open_files(wanted: int = 8192) -> None:
    """Raises this process's own limit where it may: a thousand streams need a thousand sockets."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(wanted, hard) if hard > 0 else wanted, hard))
