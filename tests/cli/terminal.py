"""The command as a person has it: a process of its own, on a terminal or in a pipe."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pty
import select
import signal
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from tests.support.speed import stretched

SECONDS = 30.0


def environment(url: str, extra: Mapping[str, str] | None = None) -> dict[str, str]:
    dropped = ("JOBS_", "NO_COLOR", "FORCE_COLOR", "COLUMNS", "LINES", "TTY_")
    known = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    return {**known, "JOBS_URL": url, "TERM": "xterm-256color", "LANG": "C.UTF-8", "TZ": "UTC", **(extra or {})}


def command(*words: str) -> list[str]:
    return [sys.executable, "-m", "blazy_jobs.cli", *words]


def piped(
    url: str, *words: str, stdin: str = "", env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(*words),
        input=stdin,
        env=environment(url, env),
        capture_output=True,
        text=True,
        timeout=stretched(SECONDS),
    )


@dataclass
class Screen:
    """A command on a pseudo-terminal. `text` is every byte that it wrote, stdout and stderr."""

    process: subprocess.Popen[bytes]
    master: int
    text: str = ""

    def read_until(self, wanted: str, seconds: float = SECONDS) -> str:
        """TimeoutError when it is not there in time; to the end of the output when `wanted` is empty."""
        deadline = time.monotonic() + stretched(seconds)
        while not wanted or wanted not in self.text:
            readable, _, _ = select.select([self.master], [], [], max(0.0, deadline - time.monotonic()))
            if not readable:
                raise TimeoutError(f"no {wanted!r} in {self.text!r}")
            try:
                chunk = os.read(self.master, 1 << 16)
            except OSError:  # how a pseudo-terminal says that the other side is closed
                chunk = b""
            if not chunk:
                if wanted:
                    raise AssertionError(f"it ended without {wanted!r}: {self.text!r}")
                return self.text
            self.text += chunk.decode(errors="replace")
        return self.text

    def interrupt(self) -> None:
        """Ctrl-C."""
        os.write(self.master, b"\x03")

    def end(self) -> int:
        """Reads the rest; the exit code."""
        self.read_until("")
        return self.process.wait(stretched(SECONDS))


@contextlib.contextmanager
def terminal(url: str, *words: str, columns: int = 120, env: Mapping[str, str] | None = None) -> Iterator[Screen]:
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    try:
        process = subprocess.Popen(
            [sys.executable, "-c", _LEADER, *command(*words)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env=environment(url, env),
            start_new_session=True,
        )
    finally:
        os.close(slave)
    try:
        yield Screen(process, master)
    finally:
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
        process.wait(stretched(SECONDS))
        os.close(master)


# Makes the terminal the session's own, so that it turns ^C into a signal.
_LEADER = "import fcntl,os,sys,termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"
