"""The server as a child process, started just as a person would start it."""

import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

HOST = "127.0.0.1"
DEFAULT_PORT = 8000
MODULES = [
    "examples.welcome_email",
    "examples.cleanup",
    "examples.csv_import",
    "examples.long_running",
    "examples.middleware",
]
START_SECONDS = 120
"""Of a machine with much else to do; the end of the server is seen at once."""
STOP_SECONDS = 15
ROOT = Path(__file__).resolve().parents[2]


class PortTaken(Exception):
    """Something else listens there already."""


class ServerFailed(Exception):
    """The server ended, or did not become ready; the message holds what its log says last."""


class DataInUse(ServerFailed):
    """Another server owns the data folder."""


def free_port(wanted: int | None) -> int:
    """The port asked for, or the first free one from 8000 on. Raises `PortTaken`."""
    if wanted is not None:
        if not is_free(wanted):
            raise PortTaken(f"Port {wanted} is taken. Stop what listens there, or choose another with --port.")
        return wanted
    for port in range(DEFAULT_PORT, DEFAULT_PORT + 100):
        if is_free(port):
            return port
    raise PortTaken(f"The ports {DEFAULT_PORT} to {DEFAULT_PORT + 99} are all taken. Choose one with --port.")


def is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # as the server does: TIME_WAIT is no listener
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


class Server:
    """`blazy-jobs serve` with the modules of examples/ and two workers; its log goes to `<data>/server.log`."""

    def __init__(self, *, port: int, data: Path, environment: Mapping[str, str]) -> None:
        self.data = data
        self.log_path = data / "server.log"
        self.url = ""
        self._command = ["serve", *MODULES, "--host", HOST, "--port", str(port), "--data", str(data), "--workers", "2"]
        self._environment = own_settings_only(os.environ) | dict(environment)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def command_line(self) -> str:
        return " ".join(["blazy-jobs", *self._command])

    def start(self) -> None:
        """Returns when the server is ready to take and run jobs. Raises `DataInUse` and `ServerFailed`."""
        self.data.mkdir(parents=True, exist_ok=True)
        ready, tell_ready = os.pipe()
        with self.log_path.open("wb") as log, os.fdopen(ready, "rb") as reader:
            try:
                self._process = subprocess.Popen(
                    [Path(sys.executable).with_name("blazy-jobs"), *self._command, "--ready-fd", str(tell_ready)],
                    cwd=ROOT,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    pass_fds=[tell_ready],
                    process_group=0,  # Ctrl-C is for the demo, which then stops the server in order
                )
            finally:
                os.close(tell_ready)
            came, _, _ = select.select([reader], [], [], START_SECONDS)
            self.url = reader.readline().decode().strip() if came else ""
        if not self.url:
            words = self.last_words("did not start")
            raise DataInUse(words) if "in use by another server" in words else ServerFailed(words)

    def check(self) -> None:
        """Raises `ServerFailed` when the server has ended by itself."""
        if not self.is_running():
            self.wait()

    def wait(self) -> None:
        """Never returns: raises `ServerFailed` as soon as the server ends by itself."""
        assert self._process is not None
        code = self._process.wait()
        raise ServerFailed(self.last_words(f"ended by itself with code {code}"))

    def is_running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def stop(self) -> int | None:
        """Ends the server in order; on a second Ctrl-C at once. Its exit code, None when it never started."""
        if self._process is None:
            return None
        for signum, seconds in ((signal.SIGTERM, STOP_SECONDS), (signal.SIGTERM, 3), (signal.SIGKILL, None)):
            if not self.is_running():
                break
            self._process.send_signal(signum)
            try:
                self._process.wait(seconds)
            except (subprocess.TimeoutExpired, KeyboardInterrupt):
                continue
        return self._process.wait()

    def last_words(self, what: str) -> str:
        lines = self.log_path.read_text(errors="replace").splitlines()[-10:]
        return "\n".join(
            [f"The server {what}. Its log, {self.log_path}, ends with:", *(f"    {line}" for line in lines)]
        )


def own_settings_only(environment: Mapping[str, str]) -> dict[str, str]:
    """Without the JOBS_* settings of the person's own server, and with no proxy for what is on this machine."""
    settings = {name: value for name, value in environment.items() if not name.startswith("JOBS_")}
    return settings | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"}
