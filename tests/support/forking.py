"""Servers made by fork from a process that has imported the server already: importing is most of what a start costs.

What is forked is what `python -m blazy_jobs_server.cli` would be from its first line on: its own environment,
limits, descriptors and, at its end, exit. Two things differ: `/proc/PID/cmdline` and `environ` are those of the process
forked from.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import resource
import select
import selectors
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

MAX_REQUEST_BYTES = 128 * 1024
SHAPING = ("PYTHON", "LD_", "MALLOC_", "GLIBC_", "FAKETIME")
LIMITS = ("RLIMIT_NOFILE", "RLIMIT_AS", "RLIMIT_FSIZE", "RLIMIT_CORE", "RLIMIT_DATA", "RLIMIT_NPROC")


class Forked:
    """As `subprocess.Popen` of that process, as far as tests need it."""

    def __init__(self, pid: int, told: socket.socket) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._told = told

    def poll(self) -> int | None:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self.wait(0)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            if not select.select([self._told], [], [], timeout)[0]:
                raise subprocess.TimeoutExpired(f"forked server {self.pid}", timeout or 0)
            said = self._told.recv(16)
            if not said:
                raise RuntimeError(f"the process that server {self.pid} was forked from has ended before it")
            self.returncode = int(said)
            self._told.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """It is waited for only after its end is told, so that nobody else has its number before."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Forker:
    """Starts the process that is forked from, in this folder, when the first one is asked for. It ends with this
    process."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._beginning = threading.Lock()
        """Several threads may start servers at once: a second process to fork from would be the end of the first, and
        nobody would hear how its children end."""
        self._asked: socket.socket | None = None
        self._process: subprocess.Popen[bytes] | None = None

    def can(self, env: Mapping[str, str]) -> bool:
        """Not where Python or the C library read another environment as they begin."""
        usual = {**os.environ, "PYTHONPATH": str(self._folder)}
        return all(env.get(name) == usual.get(name) for name in {*env, *usual} if name.startswith(SHAPING))

    def fork(self, arguments: Sequence[str], env: Mapping[str, str], log: int, ready: int) -> Forked:
        """`blazy_jobs_server.cli` with these arguments; `ready` is open in it under the same number."""
        with self._beginning:
            if self._asked is None:
                self._asked = self._begin()
        umask = os.umask(0)
        os.umask(umask)
        limits = {name: resource.getrlimit(getattr(resource, name)) for name in LIMITS}
        request = {"arguments": arguments, "env": dict(env), "umask": umask, "limits": limits}
        ours, theirs = socket.socketpair()
        with theirs:
            message = json.dumps({**request, "ready": ready}).encode()
            if len(message) > MAX_REQUEST_BYTES:
                raise ValueError("too much to tell")
            socket.send_fds(self._asked, [message], [log, ready, theirs.fileno()])
        pid = ours.recv(16)
        if not pid:
            raise RuntimeError("the process to fork from has ended")
        return Forked(int(pid), ours)

    def close(self) -> None:
        if self._asked is not None and self._process is not None:
            self._asked.close()
            self._process.wait()

    def _begin(self) -> socket.socket:
        ours, theirs = socket.socketpair(type=socket.SOCK_SEQPACKET)
        for end in (ours, theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 4 * MAX_REQUEST_BYTES)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.support.forking", str(theirs.fileno())],
                pass_fds=(theirs.fileno(),),
                cwd=self._folder,
                env={**os.environ, "PYTHONPATH": str(self._folder)},
                stdin=subprocess.DEVNULL,
            )
        atexit.register(self.close)
        return ours


# -- in the process that is forked from


def main() -> None:
    import gc

    gc.disable()  # as `serve` does
    import alembic.command
    import alembic.context  # noqa: F401

    from blazy_jobs_server import cli, logs, main, openapi  # noqa: F401
    from blazy_jobs_server.queues import bullmq  # noqa: F401
    from blazy_jobs_server.store import postgres  # noqa: F401

    gc.freeze()
    arguments = _answer(int(sys.argv[1]))
    if arguments is not None:
        sys.argv = ["blazy_jobs_server.cli", *arguments]
        cli.main()


def _answer(descriptor: int) -> list[str] | None:
    """In each fork, its arguments; None at the end. All that it opens is closed in both."""
    with socket.socket(fileno=descriptor) as asked, selectors.DefaultSelector() as selector:
        selector.register(asked, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fileobj is not asked:
                    _tell_end(selector, key)
                    continue
                message, descriptors, *_ = socket.recv_fds(asked, MAX_REQUEST_BYTES, 3)
                if not message:
                    return None
                request = json.loads(message)
                told = socket.socket(fileno=descriptors.pop())
                pid = os.fork()
                if pid == 0:
                    told.close()
                    for other in selector.get_map().values():
                        if other.fileobj is not asked:
                            os.close(other.fd)
                            other.data[1].close()
                    selector.close()
                    asked.close()
                    return _become(request, *descriptors)
                for each in descriptors:
                    os.close(each)
                selector.register(os.pidfd_open(pid), selectors.EVENT_READ, (pid, told))
                told.send(str(pid).encode())


def _tell_end(selector: selectors.BaseSelector, key: selectors.SelectorKey) -> None:
    pid, told = key.data
    selector.unregister(key.fileobj)
    os.close(key.fd)
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    with told, contextlib.suppress(BrokenPipeError):
        told.send(str(code).encode())


def _become(request: dict[str, Any], log: int, ready: int) -> list[str]:
    nothing = os.open(os.devnull, os.O_RDONLY)
    wanted = {0: nothing, 1: log, 2: log, request["ready"]: ready}
    # Out of the way first, so that none of them is overwritten before its turn.
    kept = {number: os.dup(descriptor) for number, descriptor in wanted.items()}
    while clash := set(kept) & set(kept.values()):
        kept = {number: os.dup(each) if each in clash else each for number, each in kept.items()}
    for number, descriptor in kept.items():
        os.dup2(descriptor, number, inheritable=True)
    for each in map(int, os.listdir("/proc/self/fd")):
        if each not in wanted:
            with contextlib.suppress(OSError):
                os.close(each)
    os.environ.clear()
    os.environ.update(request["env"])
    time.tzset()
    os.umask(request["umask"])
    for name, limits in request["limits"].items():
        resource.setrlimit(getattr(resource, name), limits)
    arguments: list[str] = request["arguments"]
    return arguments


if __name__ == "__main__":
    main()
