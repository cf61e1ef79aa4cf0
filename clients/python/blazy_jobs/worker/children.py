"""Child processes as the control process has them: started, watched by their pid, killed with their group."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from blazy_jobs.worker.channel import Channel
from blazy_jobs.worker.frames import IMPORT_FAILED, READY, REFUSED, Frame
from blazy_jobs.worker.pulse import Page


class Child:
    """One process in a group of its own. `on_exit` comes once, after all that it has sent was heard and its whole
    group is dead."""

    def __init__(self, role: str, targets: Sequence[str], settings: Mapping[str, str]) -> None:
        self.on_frame: Callable[[Frame], None] = _ignore
        self.on_exit: Callable[[], None] = _ignore
        self.declared: dict[str, Any] | None = None
        """What its modules declare, once it is ready."""
        self.refused: str | None = None
        """Why its modules cannot be used."""
        self.exit_code: int | None = None
        self.started_at = time.monotonic()
        self._loop = asyncio.get_running_loop()
        with contextlib.ExitStack() as undone:
            self._start(undone, role, targets, settings)
            undone.pop_all()

    def _start(
        self, undone: contextlib.ExitStack, role: str, targets: Sequence[str], settings: Mapping[str, str]
    ) -> None:
        """Raises OSError, most often because descriptors or memory have run out: nothing is left then."""
        ours, theirs = socket.socketpair()
        undone.callback(ours.close)
        with theirs:
            self.page, page = Page.create()
            undone.callback(self.page.close)
            try:
                self._process = self._spawn((theirs.fileno(), page), role, targets, settings)
            finally:
                os.close(page)
        undone.callback(self._process.wait)
        undone.callback(self._process.kill)
        self.pid = self._process.pid
        self._pid_descriptor = os.pidfd_open(self.pid)
        self._loop.add_reader(self._pid_descriptor, self._exited)
        self._channel = Channel(self._loop, ours, self._heard, self.kill)

    @staticmethod
    def _spawn(
        handed: tuple[int, int], role: str, targets: Sequence[str], settings: Mapping[str, str]
    ) -> subprocess.Popen[bytes]:
        python = [sys.executable, "-P", "-m", "blazy_jobs.worker.child"]
        command = [*python, role, *map(str, handed), str(os.getpid()), *targets]
        return subprocess.Popen(
            command, pass_fds=handed, process_group=0, stdin=subprocess.DEVNULL, env={**os.environ, **settings}
        )

    @property
    def ready(self) -> bool:
        return self.declared is not None and self.alive

    @property
    def alive(self) -> bool:
        return self.exit_code is None

    def send(self, frame: bytes) -> None:
        self._channel.send(frame)

    def ask(self) -> None:
        """SIGTERM to the whole group."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """SIGKILL to the whole group; `on_exit` follows."""
        self._signal(signal.SIGKILL)

    def how_it_died(self) -> str:
        if self.exit_code is not None and self.exit_code < 0:
            with contextlib.suppress(ValueError):
                return f"killed by {signal.Signals(-self.exit_code).name}"
            return f"killed by signal {-self.exit_code}"
        return f"ended with exit code {self.exit_code}"

    def _heard(self, frame: Frame) -> None:
        if frame.kind == READY:
            self.declared = frame.header
        elif frame.kind == REFUSED:
            self.refused = str(frame.header)
        self.on_frame(frame)

    def _signal(self, number: int) -> None:
        if self.alive:
            # Until it is waited for, below, nobody else can have this number.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)

    def _exited(self) -> None:
        self._loop.remove_reader(self._pid_descriptor)
        os.close(self._pid_descriptor)
        self._channel.drain()
        self._channel.close()
        self.kill()
        self.exit_code = self._process.wait()
        if self.exit_code == IMPORT_FAILED and self.declared is None and self.refused is None:
            self.refused = "its modules could not be imported"
        self.on_exit()
        self.page.close()


def _ignore(*_: Any) -> None:
    pass
